# SPDX-License-Identifier: Apache-2.0
"""What a configuration tells of tables: what triggers, queries and functions change (`changes`), what a query reads (`tables`). And tags of
answers, for content networks."""
import pytest

from callers import KEYS, bearer
from kept import is_kept, keep
from leat import Leat

SCHEMA = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, slug TEXT UNIQUE NOT NULL, text TEXT);
CREATE TABLE log (id INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE others (id INTEGER PRIMARY KEY);
INSERT INTO notes VALUES (1, 'a', 'old'), (2, 'b', 'old');
INSERT INTO log VALUES (1, 'begun');
INSERT INTO others VALUES (1);
"""
TRIGGER = {
    "sqlite": "CREATE TRIGGER logged AFTER UPDATE ON notes BEGIN UPDATE log SET text = new.text; END;",
    "postgresql": "CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE log SET text = new.text; RETURN new; END $$;"
                  "CREATE TRIGGER logged AFTER UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION logged();",
}
CONFIG = """
leat: 1
queries: queries/
defaults: {read: anonymous, write: anonymous, cache: 10m}
resources: {notes: {%s}, log: {}, others: {}}
"""
QUERIES = {
    "set": "/* leat\nwrite: anonymous\nparams: {text: text}\nchanges: [log]\n*/\nUPDATE log SET text = :text",
    "nothing": "/* leat\nwrite: anonymous\nchanges: []\n*/\nUPDATE log SET text = text",
    "anything": "/* leat\nwrite: anonymous\n*/\nUPDATE log SET text = text",
    "texts": "/* leat\nread: anonymous\ncache: 10m\n*/\nSELECT text FROM log",
}


def serve(database, tmp_path, of_notes="", queries=QUERIES, more=""):
    folder = tmp_path / "queries"
    folder.mkdir()
    for name, text in queries.items():
        (folder / f"{name}.sql").write_text(text)
    file = tmp_path / "leat.yaml"
    file.write_text(CONFIG % of_notes + more)
    return Leat(database=database.url, config_file=str(file))


@pytest.mark.parametrize("told", [True, False])
def test_what_a_trigger_changes_ends_and_the_rest_stays_where_it_is_told(database, tmp_path, told):
    database.sql(SCHEMA + TRIGGER[database.store])
    with serve(database, tmp_path, "changes: [log]" if told else "") as leat:
        keep(leat, "/api/log", "/api/log/1", "/api/others", "/api/texts")
        assert leat.client.patch("/api/notes/1", json={"text": "new"}).status_code == 200
        assert is_kept(leat, "/api/others") == told
        assert leat.get("/api/log/1").json()["text"] == "new" and "new" in leat.get("/api/log").text and "new" in leat.get("/api/texts").text


def test_a_query_ends_what_it_says_it_changes(database, tmp_path):
    database.sql(SCHEMA)
    with serve(database, tmp_path) as leat:
        keep(leat, "/api/log", "/api/log/1", "/api/others", "/api/texts")
        assert leat.client.post("/api/set", json={"text": "new"}).status_code == 200
        assert is_kept(leat, "/api/others")
        assert leat.get("/api/log/1").json()["text"] == "new" and "new" in leat.get("/api/log").text and "new" in leat.get("/api/texts").text
        keep(leat, "/api/log")
        assert leat.client.post("/api/nothing").status_code == 200 and is_kept(leat, "/api/log")
        assert leat.client.post("/api/anything").status_code == 200 and not is_kept(leat, "/api/others")


def test_what_a_function_reads_and_changes_can_be_told(database, tmp_path):
    if database.store == "sqlite":
        pytest.skip("functions are PostgreSQL's")
    database.sql(SCHEMA + "CREATE FUNCTION begun() RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT text FROM log); END $$;"
                 "CREATE FUNCTION put(t text) RETURNS void LANGUAGE sql AS $$ UPDATE log SET text = t $$;")
    queries = {"unsaid": "/* leat\nread: anonymous\ncache: 10m\n*/\nSELECT begun() AS text FROM others",
               "said": "/* leat\nread: anonymous\ncache: 10m\ntables: [log]\n*/\nSELECT begun() AS text FROM others"}
    with serve(database, tmp_path, queries=queries, more="functions: {put: {call: anonymous, changes: [log]}}\n") as leat:
        keep(leat, "/api/said", "/api/notes")
        assert leat.client.post("/api/rpc/put", json={"t": "new"}).status_code in (200, 204)
        assert "new" in leat.get("/api/said").text and is_kept(leat, "/api/notes")
        keep(leat, "/api/unsaid")
        assert leat.client.patch("/api/log/1", json={"text": "newer"}).status_code == 200
        assert "newer" in leat.get("/api/said").text


def test_a_table_that_is_not_there_is_said_with_its_place(database, tmp_path):
    database.sql(SCHEMA)
    with pytest.raises(AssertionError, match="the database has no table `logs`: did you mean `log`?"):
        serve(database, tmp_path, "changes: [logs]")


def test_a_row_is_fresh_by_each_of_its_keys(database):
    database.sql(SCHEMA)
    config = "defaults: {read: anonymous, write: anonymous, cache: 10m}\nresources: {notes: {}, by_slug: {table: notes, key: slug}}\n"
    with Leat(database=database.url, config=config) as leat:
        keep(leat, "/api/notes/1", "/api/by_slug/a")
        for number, path in enumerate(("/api/notes/1", "/api/by_slug/a")):
            assert leat.client.patch(path, json={"text": f"new {number}"}).status_code == 200
            assert [leat.get(one).json()["text"] for one in ("/api/notes/1", "/api/by_slug/a")] == [f"new {number}"] * 2


def test_public_answers_bear_their_tags_kept_or_not_and_others_none(database):
    database.sql(SCHEMA)
    config = """
auth: {roles: reader, KEYS}
defaults: {cache: 10m}
resources:
  others: {read: anonymous, cache: {list: 1m, row: 1m, shared: 1h, tags: [front, 'shop:all']}}
  notes: {read: anonymous}
  log: {read: reader, cache: {list: 1m, tags: [front], share: role}}
""".replace("KEYS", KEYS)
    with Leat(database=database.url, config=config) as leat:
        leat.await_ready()
        for path in ("/api/others", "/api/others", "/api/others/1", "/api/others/1"):
            answer = leat.get(path)
            assert (answer.headers["surrogate-key"], answer.headers["cache-tag"]) == ("front shop:all", "front,shop:all"), path
        again = leat.get("/api/others", headers={"If-None-Match": leat.get("/api/others").headers["etag"]})
        assert again.status_code == 304 and again.headers["cache-tag"] == "front,shop:all"
        for _ in range(2):
            private = leat.get("/api/log", headers=bearer("reader"))
            assert private.status_code == 200 and "private" in private.headers["cache-control"] and "cache-tag" not in private.headers
        for path in ("/api/notes", "/api/log", "/api/others/7", "/health", "/api/others?nosuch=1"):
            assert "cache-tag" not in leat.get(path).headers, path
