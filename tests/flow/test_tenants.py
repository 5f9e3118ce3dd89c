# SPDX-License-Identifier: Apache-2.0
"""Rows belong to tenants: what is read, written and referred to is the caller's, whichever way leads there."""
import json

import pytest

from callers import KEYS, bearer
from leat import Leat

SCHEMA = """
CREATE TABLE orgs (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE users (id INTEGER PRIMARY KEY, org INTEGER NOT NULL REFERENCES orgs (id), email TEXT NOT NULL UNIQUE, pay INTEGER);
CREATE TABLE cases (id INTEGER PRIMARY KEY, org INTEGER NOT NULL REFERENCES orgs (id), title TEXT NOT NULL, level INTEGER NOT NULL DEFAULT 1,
    user_id INTEGER REFERENCES users (id), parent INTEGER REFERENCES cases (id), UNIQUE (org, title));
CREATE TABLE tags (id INTEGER PRIMARY KEY, org INTEGER NOT NULL, word TEXT NOT NULL);
CREATE TABLE case_tags (case_id INTEGER REFERENCES cases (id), tag_id INTEGER REFERENCES tags (id), org INTEGER NOT NULL, PRIMARY KEY (case_id, tag_id));
CREATE TABLE colours (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO orgs VALUES (1, 'A'), (2, 'B');
INSERT INTO users VALUES (1, 1, 'ann@a', 10), (2, 2, 'bo@b', 777001);
INSERT INTO cases VALUES (1, 1, 'A one', 1, 1, NULL), (2, 2, 'B one', 1, 2, NULL), (3, 1, 'A two', 5, 1, 1), (4, 2, 'B two', 5, 2, 2);
INSERT INTO tags VALUES (1, 1, 'A tag'), (2, 2, 'B tag');
INSERT INTO case_tags VALUES (1, 1, 1), (2, 2, 2), (1, 2, 2), (2, 1, 2);
INSERT INTO colours VALUES (1, 'red');
"""
CONFIG = f"""
serve: {{/api: plain, /rest/v1: postgrest}}
auth: {{roles: viewer < analyst < admin, tenant: org, {KEYS}}}
defaults: {{read: viewer, write: analyst}}
resources:
  orgs: {{tenant: id, write: admin}}
  users: {{columns: {{viewer: '*,-pay', admin: '*'}}}}
  cases: {{rows: {{viewer: level=lt.3}}, write: viewer, page: {{by: number, total: 1m}}}}
  tags: {{}}
  case_tags: {{}}
  colours: {{tenant: none, read: anonymous, write: none}}
  all_cases: {{table: cases, tenant: none, read: admin, write: admin}}
  open_cases: {{table: cases, read: anonymous, write: anonymous}}
"""
A, B = bearer("analyst", 1, 1), bearer("analyst", 2, 2)
VIEWER, ADMIN = bearer("viewer", 1, 1), bearer("admin", 1, 1)


@pytest.fixture
def leat(database):
    database.sql(SCHEMA)
    with Leat(config=CONFIG, database=database.url) as leat:
        leat.sql = database.sql
        yield leat.await_ready()


def ids(answer):
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [row["id"] for row in (body if isinstance(body, list) else next(iter(body.values())))]


def test_each_reads_its_own(leat):
    assert ids(leat.get("/api/cases", headers=A)) == [1, 3]
    assert ids(leat.get("/api/cases", headers=B)) == [2, 4]
    assert ids(leat.get("/rest/v1/cases?or=(id.gt.0,org.eq.2)", headers=A)) == [1, 3]
    assert ids(leat.get("/api/cases?org=2", headers=A)) == []
    assert ids(leat.get("/api/orgs", headers=B)) == [2]
    assert leat.get("/api/cases/1", headers=A).json()["title"] == "A one"
    assert leat.get("/api/cases/2", headers=A).status_code == 404
    assert leat.get("/api/colours").json()["colours"] == [{"id": 1, "name": "red"}]


def test_totals_are_the_callers(leat):
    for headers in (A, B, A, B):
        assert leat.get("/api/cases", headers=headers).json()["total"] == 2
    leat.sql("INSERT INTO cases VALUES (9, 2, 'B nine', 1, NULL, NULL)")
    assert leat.get("/api/cases?level=gte.0", headers=A).json()["total"] == 2
    assert leat.get("/api/cases?level=gte.0", headers=B).json()["total"] == 3
    counted = leat.get("/rest/v1/tags", headers=A | {"Prefer": "count=exact"})
    assert counted.headers["content-range"] == "0-0/1"


def test_embedded_rows_and_those_between_are_the_callers(leat):
    shown = leat.get("/api/cases?select=id,users(email),tags(word),cases!parent(id)&order=id", headers=A).json()["cases"]
    assert [row["tags"] for row in shown] == [[{"word": "A tag"}], []]
    assert "B" not in json.dumps(shown)
    shown = leat.get("/api/orgs?select=name,cases(title,tags(word)),users(email)", headers=B).json()["orgs"]
    assert len(shown) == 1 and "A" not in json.dumps(shown) and "a" not in shown[0]["users"][0]["email"]
    assert ids(leat.get("/api/cases?select=id,tags!inner()&tags.word=like.*tag", headers=A)) == [1]
    assert ids(leat.get("/api/cases?select=id,users()&order=users(email)", headers=A)) == [1, 3]


def test_who_is_of_no_tenant_sees_nothing_of_tenants(leat):
    nobody = bearer("admin")
    assert ids(leat.get("/api/open_cases")) == []
    assert leat.get("/api/open_cases/1").status_code == 404
    assert ids(leat.get("/api/cases", headers=nobody)) == []
    assert ids(leat.get("/api/cases", headers=bearer("admin", "no number"))) == []
    assert ids(leat.get("/api/all_cases", headers=nobody)) == [1, 2, 3, 4]
    refused = leat.client.post("/api/open_cases", json={"title": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "no-tenant")
    assert leat.client.patch("/api/open_cases/1", json={"title": "x"}).status_code == 404
    assert leat.sql("SELECT count(*) FROM cases WHERE title = 'x'").strip() == "0"


def test_what_is_written_is_the_callers(leat):
    assert leat.client.post("/api/cases", json={"id": 10, "title": "new"}, headers=A).json()["org"] == 1
    assert leat.client.post("/api/cases", json={"id": 11, "title": "new", "org": 1}, headers=A).status_code == 409  # (org, title)
    assert leat.client.post("/api/cases", json={"id": 11, "title": "new"}, headers=B).json()["org"] == 2
    assert leat.client.post("/api/cases", json=[{"id": 12, "title": "t"}, {"id": 13, "title": "u", "org": 1}], headers=A).status_code == 201
    assert leat.client.put("/api/cases/14", json={"title": "put"}, headers=B).json()["org"] == 2
    assert leat.client.put("/api/cases/14", json={"title": "again"}, headers=B).json()["org"] == 2
    assert leat.sql("SELECT count(*) FROM cases WHERE org = 1").strip() == "5"


@pytest.mark.parametrize("method,path,body", [
    ("POST", "/api/cases", {"title": "x", "org": 2}), ("POST", "/api/cases", [{"title": "x"}, {"title": "y", "org": 2}]),
    ("POST", "/api/cases", {"title": "x", "org": None}),
    ("PATCH", "/api/cases/1", {"org": 2}), ("PATCH", "/api/cases?id=gt.0", {"title": "x", "org": 2}),
    ("PUT", "/api/cases/1", {"title": "x", "org": 2}), ("PUT", "/api/cases/77", {"title": "x", "org": 2}),
])
def test_another_tenant_cannot_be_named(leat, method, path, body):
    refused = leat.client.request(method, path, json=body, headers=A)
    assert (refused.status_code, refused.json()["code"]) == (403, "other-tenant")
    assert "org" in refused.json()["detail"]
    assert leat.sql("SELECT count(*) FROM cases WHERE org = 2").strip() == "2"


def test_rows_of_others_are_neither_changed_nor_deleted(leat):
    assert leat.client.patch("/api/cases/2", json={"title": "x"}, headers=A).status_code == 404
    assert leat.client.patch("/api/cases?id=gt.0", json={"level": 2}, headers=A).json() == {"changed": 2}
    assert leat.client.delete("/api/cases/4", headers=A).status_code == 404
    assert leat.client.delete("/rest/v1/case_tags?case_id=gt.0", headers=A | {"Prefer": "count=exact"}).headers["content-range"] == "*/1"
    hindered = leat.client.post("/api/cases", json={"id": 2, "title": "x"}, headers=A | {"Prefer": "resolution=merge-duplicates"})
    assert hindered.status_code == 409 and "B" not in hindered.text
    assert leat.client.put("/api/cases/2", json={"title": "x"}, headers=A).status_code == 409
    assert leat.sql("SELECT title, level FROM cases WHERE org = 2 ORDER BY id").split() == ["B", "one|1", "B", "two|5"]


def test_what_is_taken_is_told_without_whose_it_is(leat):
    taken = leat.client.post("/api/users", json={"id": 7, "email": "bo@b"}, headers=A)
    assert taken.status_code == 409 and "777001" not in taken.text and '"org"' not in taken.text


REFERENCES = [
    ("POST", "/api/cases", {"id": 20, "title": "x", "user_id": "?"}), ("POST", "/api/cases", [{"id": 24, "title": "x"}, {"id": 25, "title": "y", "user_id": "?"}]),
    ("PATCH", "/api/cases/1", {"user_id": "?"}), ("PATCH", "/api/cases?id=gt.0", {"user_id": "?"}),
    ("PUT", "/api/cases/1", {"title": "x", "user_id": "?"}), ("PUT", "/api/cases/21", {"title": "x", "user_id": "?"}),
    ("POST", "/api/cases", {"id": 22, "title": "x", "parent": "?"}), ("POST", "/api/case_tags", {"case_id": 3, "tag_id": "?"}),
    ("POST", "/api/cases?select=id,users(email)", {"id": 23, "title": "x", "user_id": "?"}),
]


def with_value(body, value):
    return json.loads(json.dumps(body).replace('"?"', str(value)))


@pytest.mark.parametrize("method,path,body", REFERENCES)
@pytest.mark.parametrize("prefer", ["return=representation", "return=minimal"])
def test_a_row_of_another_is_as_one_that_is_not_there(leat, method, path, body, prefer):
    answers = [leat.client.request(method, path, json=with_value(body, value), headers=A | {"Prefer": prefer}) for value in (2, 999)]
    assert [answer.status_code for answer in answers] == [409, 409], answers[0].text
    told = [json.dumps(answer.json(), sort_keys=True).replace("999", "2") for answer in answers]
    drop = [json.loads(text) for text in told]
    for one in drop:
        for name in ("request_id", "instance"):
            one.pop(name, None)
    assert drop[0] == drop[1]
    assert drop[0]["code"] == "foreign-key-violation"
    assert leat.sql("SELECT count(*) FROM cases").strip() == "4"
    own = leat.client.request(method, path, json=with_value(body, 1), headers=A | {"Prefer": prefer})
    assert own.status_code < 300, own.text


def test_rows_of_one_body_may_refer_to_each_other(leat):
    both = [{"id": 30, "title": "p"}, {"id": 31, "title": "c", "parent": 30}]
    assert leat.client.post("/api/cases", json=both, headers=A).status_code == 201


def test_a_role_writes_no_row_that_it_would_not_see(leat):
    for method, path, body in (("POST", "/api/cases", {"id": 40, "title": "x", "level": 3}), ("PATCH", "/api/cases/1", {"level": 9}),
                               ("PUT", "/api/cases/1", {"title": "x", "level": 9}), ("PUT", "/api/cases/40", {"title": "x", "level": 9}),
                               ("POST", "/api/cases", [{"id": 41, "title": "x", "level": 2}, {"id": 42, "title": "y", "level": 4}])):
        for prefer in ("return=representation", "return=minimal"):
            refused = leat.client.request(method, path, json=body, headers=VIEWER | {"Prefer": prefer})
            assert (refused.status_code, refused.json()["code"]) == (403, "hidden-row"), refused.text
    assert leat.client.post("/api/cases", json={"id": 43, "title": "x", "level": 2}, headers=VIEWER).status_code == 201
    assert leat.client.patch("/api/cases/1", json={"level": 2}, headers=VIEWER).status_code == 200
    assert leat.client.post("/api/cases", json={"id": 44, "title": "y", "level": 9}, headers=A).status_code == 201
    assert leat.client.patch("/api/cases/3", json={"level": 1}, headers=VIEWER).status_code == 404


def test_columns_are_the_roles(leat):
    assert "pay" not in leat.get("/api/users", headers=A).text
    assert leat.get("/api/users", headers=ADMIN).json()["users"][0]["pay"] == 10
    for path in ("/api/users?select=pay", "/api/users?pay=gt.1", "/api/users?order=pay", "/api/cases?select=users(pay)", "/api/users/1?select=pay"):
        assert leat.get(path, headers=A).json()["code"] == "unknown-column", path
        assert leat.get(path, headers=ADMIN).status_code == 200, path
    assert leat.client.patch("/api/users/1", json={"pay": 99}, headers=A).json()["code"] == "unknown-column"
    assert "pay" not in leat.client.patch("/api/users/1", json={"email": "z"}, headers=A).text
    assert leat.client.patch("/api/users/1", json={"pay": 99}, headers=ADMIN).json()["pay"] == 99
    assert '"pay"' not in leat.get("/openapi.json", headers=A).text
    assert '"pay"' in leat.get("/openapi.json", headers=ADMIN).text


def test_cursors_of_another_are_refused(leat):
    for i in range(5):
        leat.client.post("/api/tags", json={"id": 100 + i, "word": f"w{i}"}, headers=A)
    page = leat.get("/api/tags?limit=2", headers=A).json()
    refused = leat.get(f"/api/tags?limit=2&cursor={page['next_cursor']}", headers=B)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad-cursor")
    assert ids(leat.get(f"/api/tags?limit=2&cursor={page['next_cursor']}", headers=A)) == [101, 102]


def test_exports_are_the_callers(leat):
    csv = leat.get("/api/cases", headers=A | {"Accept": "text/csv"}).text
    assert "A one" in csv and "B" not in csv


def test_a_key_used_by_another_gives_nothing_of_it(leat):
    key = {"Idempotency-Key": "same"}
    first = leat.client.post("/api/tags", json={"id": 50, "word": "secret of A"}, headers=A | key)
    second = leat.client.post("/api/tags", json={"id": 51, "word": "secret of B"}, headers=B | key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json()["org"] == 2
