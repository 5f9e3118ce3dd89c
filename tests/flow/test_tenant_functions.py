# SPDX-License-Identifier: Apache-2.0
"""Functions and tenants: the argument that is declared is the caller's, whatever is asked, and a function that says nothing of it is refused."""
import subprocess

import pytest

from callers import KEYS, bearer
from conftest import STORES
from leat import BIN, Leat

pytestmark = pytest.mark.skipif("postgresql" not in STORES, reason="PostgreSQL alone has functions")

SCHEMA = """
CREATE TABLE cases (id int PRIMARY KEY, org int NOT NULL, level int NOT NULL, title text NOT NULL);
INSERT INTO cases SELECT i, 1 + i % 2, i % 3, 'case ' || i FROM generate_series(1, 12) i;
CREATE FUNCTION titles(org int, low int DEFAULT 0) RETURNS SETOF text LANGUAGE sql STABLE AS
    $$ SELECT title FROM cases c WHERE c.org = titles.org AND level >= low ORDER BY id $$;
CREATE FUNCTION add_case(id int, org int, title text) RETURNS cases LANGUAGE sql AS
    $$ INSERT INTO cases VALUES (id, org, 9, title) RETURNING * $$;
CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM cases $$;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 2 * n $$;
"""
CONFIG = f"""
serve: {{/api: plain, /rest/v1: postgrest}}
auth: {{roles: viewer < admin, tenant: org, {KEYS}}}
resources: {{cases: {{read: viewer, write: viewer}}}}
functions:
  titles: {{call: anonymous, tenant: org}}
  add_case: {{call: viewer, tenant: org}}
  how_many: {{call: admin, tenant: none}}
  twice: {{call: anonymous}}
"""
A, B, ADMIN = bearer("viewer", 1), bearer("viewer", 2), bearer("admin", 1)


@pytest.fixture
def leat(postgres):
    postgres.sql(SCHEMA)
    with Leat(config=CONFIG, database=postgres.url) as leat:
        leat.sql = postgres.sql
        yield leat.await_ready()


@pytest.fixture
def postgres(database):
    if database.store == "sqlite":
        pytest.skip("PostgreSQL alone has functions")
    return database


def test_the_argument_is_the_callers_tenant(leat):
    assert leat.get("/rest/v1/rpc/titles", headers=A).json() == [f"case {i}" for i in (2, 4, 6, 8, 10, 12)]
    assert leat.get("/rest/v1/rpc/titles?low=2", headers=B).json() == ["case 5", "case 11"]
    assert leat.client.post("/rest/v1/rpc/titles", json={"low": 2}, headers=A).json() == ["case 2", "case 8"]
    assert leat.get("/rest/v1/rpc/titles").json() == []
    assert leat.get("/rest/v1/rpc/titles", headers=bearer("viewer", "no number")).json() == []


def test_nobody_gives_the_argument_himself(leat):
    assert leat.client.post("/rest/v1/rpc/titles", json={"org": 2}, headers=A).status_code == 404
    assert leat.get("/rest/v1/rpc/titles?org=2", headers=A).status_code in (400, 404)
    made = leat.client.post("/rest/v1/rpc/add_case", json={"id": 50, "title": "mine"}, headers=B)
    assert (made.status_code, made.json()["org"]) == (200, 2)
    assert leat.client.post("/rest/v1/rpc/add_case", json={"id": 51, "org": 1, "title": "theirs"}, headers=B).status_code == 404
    assert leat.sql("SELECT count(*) FROM cases WHERE id = 51").strip() == "0"


def test_who_says_that_it_is_of_no_tenant_is_trusted(leat):
    assert leat.get("/rest/v1/rpc/how_many", headers=ADMIN).json() == 12
    assert leat.get("/rest/v1/rpc/how_many", headers=A).status_code == 403
    assert leat.get("/rest/v1/rpc/twice?n=4").json() == 8


def test_the_argument_is_not_told_to_clients(leat):
    document = leat.get("/openapi.json", headers=ADMIN).json()
    paths = {path: item for path, item in document["paths"].items() if path.endswith("/rpc/titles")}
    assert paths and "low" in str(paths) and "'org'" not in str(paths)


def test_a_function_that_says_nothing_of_tenants_is_refused(postgres, tmp_path):
    postgres.sql(SCHEMA)
    file = tmp_path / "leat.yaml"
    file.write_text("leat: 1\n" + CONFIG.replace(", tenant: none", ""))
    done = subprocess.run([BIN, "check", "-c", str(file), "--database", postgres.url], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and f"{file}:9:3: function `how_many`: the database does not tell" in done.stdout + done.stderr
