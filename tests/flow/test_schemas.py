# SPDX-License-Identifier: Apache-2.0
"""Schemas in the manner of PostgREST: `Accept-Profile` and `Content-Profile`."""
import pytest

from leat import Leat

CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous}
"""
TWO = CONFIG + """
resources:
  notes: {write: anonymous}
  audit.log: {}
  old_notes: {table: audit.notes}
queries: queries/
"""
SCHEMA = """
CREATE TABLE notes (id int PRIMARY KEY, said text); INSERT INTO notes VALUES (1, 'new');
CREATE SCHEMA audit;
CREATE TABLE audit.log (id int PRIMARY KEY); INSERT INTO audit.log VALUES (7);
CREATE TABLE audit.notes (id int PRIMARY KEY, said text); INSERT INTO audit.notes VALUES (1, 'old'), (2, 'older');
"""


@pytest.fixture
def two(store, database, tmp_path):
    if store == "sqlite":
        pytest.skip("SQLite has one schema")
    database.sql(SCHEMA)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/one.sql").write_text("/* leat\nread: anonymous\nreturns: value\n*/\nSELECT 1 AS one\n")
    (tmp_path / "leat.yaml").write_text("leat: 1\n" + TWO)
    with Leat(database=database.url, config_file=str(tmp_path / "leat.yaml")) as leat:
        yield leat.await_ready()


def ask(leat, path, schema, method="GET", header="Accept-Profile"):
    return leat.client.request(method, path, headers={header: schema})


def test_a_table_is_found_in_the_schema_that_is_asked_for(two):
    for schema, said in (("public", ["new"]), ("audit", ["old", "older"])):
        answer = ask(two, "/rest/v1/notes?order=id", schema)
        assert [row["said"] for row in answer.json()] == said and answer.headers["content-profile"] == schema
    assert ask(two, "/rest/v1/notes/2", "audit").json()["said"] == "older"
    assert ask(two, "/rest/v1/not%65s/2", "audit").json()["said"] == "older"
    assert ask(two, "/rest/v1/old_notes?id=eq.1", "audit").json()[0]["said"] == "old"
    assert ask(two, "/rest/v1/log", "audit").json() == [{"id": 7}]


def test_without_the_header_names_lead_where_they_always_did_and_the_schema_is_told(two):
    for path, schema in (("notes", "public"), ("log", "audit"), ("old_notes/1", "audit")):
        answer = two.get(f"/rest/v1/{path}")
        assert answer.status_code == 200 and answer.headers["content-profile"] == schema
    assert "content-profile" not in two.get("/api/notes").headers


@pytest.mark.parametrize("path", ["log", "old_notes", "nothing", "notes/1/2", "notes/", ""])
def test_what_is_not_in_the_schema_is_a_404(two, path):
    answer = ask(two, f"/rest/v1/{path}", "public")
    assert answer.status_code == 404 and answer.json()["code"] == "PGRST205" and "content-profile" not in answer.headers


def test_a_path_that_is_none_is_refused_as_ever(two):
    assert ask(two, "/rest/v1//notes", "public").json()["code"] == "PGRST125"


def test_an_unknown_schema_is_a_406_that_names_those_there_are(two):
    for path in ("notes", "nothing", "one"):
        answer = ask(two, f"/rest/v1/{path}", "secret")
        assert answer.status_code == 406
        assert answer.json() == {"code": "PGRST106", "details": None, "hint": None, "message": "The schema must be one of the following: public, audit"}


def test_the_schema_of_a_function_that_nobody_may_call_is_not_known(two, database):
    database.sql("CREATE SCHEMA secret; CREATE FUNCTION secret.f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'")
    with Leat(database=database.url, config=CONFIG + "resources: {notes: {}}\nfunctions: {f: {function: secret.f}}\n") as leat:
        leat.await_ready()
        assert ask(leat, "/rest/v1/notes", "secret").json()["message"] == "The schema must be one of the following: public"
        assert "content-profile" not in leat.get("/rest/v1/notes").headers


def test_a_write_names_its_schema_by_content_profile(two):
    assert ask(two, "/rest/v1/notes?id=eq.1", "secret", "DELETE", "Content-Profile").status_code == 406
    answer = ask(two, "/rest/v1/notes?id=eq.1", "audit", "DELETE", "Content-Profile")
    assert answer.status_code == 405, "the table of that schema is read alone"
    assert ask(two, "/rest/v1/notes", "secret", header="Content-Profile").status_code == 200, "of reads it says nothing"


def test_a_query_belongs_to_no_schema(two):
    assert ask(two, "/rest/v1/one", "audit").json() == 1


def test_the_plain_manner_does_not_know_schemas(two):
    assert ask(two, "/api/notes", "secret").status_code == 200


def test_of_one_schema_nothing_is_told_unless_it_is_asked_for(database):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY); INSERT INTO notes VALUES (1);")
    name = database.pick("main", "public")
    with Leat(database=database.url, config=CONFIG + "resources: {notes: {}}\n") as leat:
        leat.await_ready()
        assert "content-profile" not in leat.get("/rest/v1/notes").headers
        answer = ask(leat, "/rest/v1/notes", name)
        assert answer.json() == [{"id": 1}] and answer.headers["content-profile"] == name
        assert ask(leat, "/rest/v1/notes", "other").json()["message"] == f"The schema must be one of the following: {name}"


def test_the_one_schema_of_sqlite_goes_by_public_too(store, database):
    if store != "sqlite":
        pytest.skip("PostgreSQL's is called so")
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY); INSERT INTO notes VALUES (1);")
    with Leat(database=database.url, config=CONFIG + "resources: {notes: {write: anonymous}}\n") as leat:
        leat.await_ready()
        answer = ask(leat, "/rest/v1/notes", "public")
        assert answer.json() == [{"id": 1}] and answer.headers["content-profile"] == "main"
        assert ask(leat, "/rest/v1/notes/1", "public").json() == {"id": 1}
        assert ask(leat, "/rest/v1/notes?id=eq.1", "public", "DELETE", "Content-Profile").status_code == 204
        assert ask(leat, "/rest/v1/other", "public").status_code == 404
