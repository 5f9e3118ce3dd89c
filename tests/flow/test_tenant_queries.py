# SPDX-License-Identifier: Apache-2.0
"""Named queries and tenants: `:tenant`, `:user` and `:role` are the caller's, and no query reads rows of all tenants unawares."""
import pathlib
import subprocess

import pytest

from callers import KEYS, bearer
from leat import BIN, Leat

SCHEMA = """
CREATE TABLE orgs (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE cases (id INTEGER PRIMARY KEY, org INTEGER NOT NULL, title TEXT NOT NULL, owner INTEGER);
CREATE TABLE colours (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE VIEW titles AS SELECT title FROM cases;
INSERT INTO orgs VALUES (1, 'A'), (2, 'B');
INSERT INTO cases VALUES (1, 1, 'A one', 7), (2, 2, 'B one', 8), (3, 1, 'A two', 8);
INSERT INTO colours VALUES (1, 'red');
"""
CONFIG = f"""
auth: {{roles: viewer < admin, tenant: org, {KEYS}}}
defaults: {{read: viewer, write: viewer}}
resources: {{orgs: {{tenant: id}}, cases: {{}}}}
queries: {{folder}}
"""
A, B = bearer("viewer", 1, 7), bearer("viewer", 2, 8)


def config(tmp_path, **queries):
    folder = tmp_path / "queries"
    folder.mkdir(exist_ok=True)
    for name, text in queries.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return CONFIG.replace("{folder}", str(folder))


GOOD = {
    "mine": "/* leat\norder: id\npage: {by: number, total: 1m}\n*/ SELECT id, title FROM cases WHERE org = :tenant",
    "of_user": "/* leat\nparams: {word: text}\n*/ SELECT id, :role AS role FROM cases WHERE org = :tenant AND CAST(owner AS TEXT) = :user AND title <> :word",
    "rename": "/* leat\nwrite: viewer\nparams: {title: text}\n*/ UPDATE cases SET title = :title WHERE org = :tenant RETURNING id",
    "all": "/* leat\nread: admin\ntenant: none  # the operators' count\nreturns: value\n*/ SELECT count(*) AS n FROM cases",
    "free": "/* leat\nread: anonymous\n*/ SELECT name FROM colours",
}


@pytest.fixture
def leat(database, tmp_path):
    database.sql(SCHEMA)
    with Leat(config=config(tmp_path, **GOOD), database=database.url) as leat:
        yield leat.await_ready()


def test_a_query_is_bound_to_the_caller(leat):
    for _ in range(2):
        mine = leat.get("/api/mine", headers=A).json()
        assert ([row["id"] for row in mine["mine"]], mine["total"]) == ([1, 3], 2)
        theirs = leat.get("/api/mine", headers=B).json()
        assert ([row["id"] for row in theirs["mine"]], theirs["total"]) == ([2], 1)
    assert leat.get("/api/of_user?word=x", headers=A).json() == [{"id": 1, "role": "viewer"}]
    assert leat.get("/api/mine", headers=bearer("viewer")).json()["mine"] == []
    assert leat.client.post("/api/rename", json={"title": "new"}, headers=B).json() == [{"id": 2}]
    assert leat.get("/api/all", headers=bearer("admin", 1)).json() == 3
    assert leat.get("/api/all", headers=A).status_code == 403
    assert leat.get("/api/free").json() == [{"name": "red"}]


@pytest.mark.parametrize("name", ["tenant", "user", "role"])
def test_the_caller_is_no_parameter(leat, name):
    for answer in (leat.get(f"/api/of_user?word=x&{name}=2", headers=A), leat.client.post("/api/rename", json={"title": "x", name: 2}, headers=A)):
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown-parameter")
    assert f'"name":"{name}"' not in leat.get("/openapi.json", headers=A).text


@pytest.mark.parametrize("text,said", [
    ("/* leat\n*/ SELECT title FROM cases", "rows of `cases` are tenants', and it does not bind `:tenant`"),
    ("/* leat\n*/ SELECT count(*) AS n FROM cases", "rows of `cases` are tenants'"),
    ("/* leat\n*/ SELECT title FROM titles", "rows of `cases` are tenants'"),
    ("/* leat\n*/ SELECT c.name FROM colours c WHERE EXISTS (SELECT 1 FROM cases WHERE id = c.id)", "rows of `cases` are tenants'"),
    ("/* leat\n*/ WITH x AS (SELECT name FROM orgs) SELECT * FROM x", "rows of `orgs` are tenants'"),
    ("/* leat\n*/ UPDATE cases SET title = 'x'", "rows of `cases` are tenants'"),
    ("/* leat\n*/ DELETE FROM cases", "rows of `cases` are tenants'"),
    ("/* leat\n*/ INSERT INTO cases VALUES (9, 1, 'x', 1)", "rows of `cases` are tenants'"),
    ("/* leat\nread: anonymous\ntenant: none\n*/ SELECT title FROM cases", "opens rows of all tenants: name a role by `read:`"),
])
def test_what_is_not_bound_is_not_served(database, tmp_path, text, said):
    database.sql(SCHEMA)
    file = tmp_path / "leat.yaml"
    file.write_text("leat: 1\n" + config(tmp_path, bad=text), encoding="utf-8")
    done = subprocess.run([BIN, "check", "-c", str(file), "--database", database.url], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and said in done.stderr, done.stderr
    assert "bad.sql:" in done.stderr


def test_answers_are_the_same_with_and_without_another_tenants_rows(database, tmp_path):
    database.sql(SCHEMA)
    with Leat(config=config(tmp_path, **GOOD), database=database.url) as leat:
        leat.await_ready()
        paths = ("/api/mine", "/api/of_user?word=x", "/api/free")
        with_both = [leat.get(path, headers=A).json() for path in paths]
        database.sql("DELETE FROM cases WHERE org = 2")
        assert [leat.get(path, headers=A).json() for path in paths] == with_both
