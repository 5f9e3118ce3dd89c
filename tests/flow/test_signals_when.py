# SPDX-License-Identifier: Apache-2.0
"""What raises a signal: rows that meet its condition, whichever way they are written; a login; changes whose rows nobody sees."""
import crypt
import json
import warnings

import metrics
import pytest

from leat import Leat
from service import reply

warnings.filterwarnings("ignore", category=DeprecationWarning)

SCHEMA = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE cases (id INTEGER PRIMARY KEY, level INTEGER NOT NULL DEFAULT 0 CHECK (level < 9), title TEXT DEFAULT 'none', person INTEGER REFERENCES people,
    hidden TEXT, gone @moment, seen TEXT, meta @json);
INSERT INTO people VALUES (1, 'ann');
INSERT INTO cases (id, level, person) VALUES (1, 0, 1), (2, 2, 1), (3, 0, NULL), (4, 2, NULL);
CREATE TABLE kept (id INTEGER PRIMARY KEY);
"""
CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous, write: anonymous, cache: 10m}
signals: %s
resources: {cases: {columns: '*,-hidden', select: '%s' %s}, people: {}, kept: {signals: [escalated]}}
"""
ESCALATED = "{escalated: {on: cases, when: level=gt.1}}"
MINIMAL, SHOWN = {"Prefer": "return=minimal"}, {"Prefer": "return=representation"}


def serve(database, signals=ESCALATED, select="*", of_cases="", **options):
    database.sql(SCHEMA.replace("@moment", database.pick("TIMESTAMP", "timestamptz")).replace("@json", database.pick("JSON", "jsonb")))
    return Leat(database=database.url, config=CONFIG % (signals, select, of_cases), **options)


@pytest.fixture(params=["*", "*,people(name)"])
def leat(database, request):
    with serve(database, select=request.param) as running:
        yield running.await_ready()


def raised(leat):
    return int(metrics.parse(leat.get("/metrics").text).value("leat_signals_raised_total"))


def raises(leat, method, path, body=None, statuses=(200, 201, 204), **options):
    before = raised(leat)
    answer = leat.client.request(method, path, **({} if body is None else {"json": body}), **options)
    assert answer.status_code in statuses, answer.text
    return raised(leat) - before


@pytest.mark.parametrize("headers", [{}, MINIMAL, SHOWN])
def test_a_row_that_meets_it_raises_it_however_it_is_written(leat, headers):
    def of(method, path, body=None, **more):
        return raises(leat, method, path, body, headers=headers | more)
    assert of("POST", "/api/cases", {"id": 10, "level": 1}) == 0 and of("POST", "/api/cases", {"id": 11, "level": 2}) == 1
    assert of("POST", "/api/cases", [{"id": 12}, {"id": 13, "level": 1}]) == 0
    assert of("POST", "/api/cases", [{"id": 14}, {"id": 15, "level": 5}, {"id": 16, "level": 6}]) == 1
    assert of("PATCH", "/api/cases/1", {"title": "a"}) == 0 and of("PATCH", "/api/cases/2", {"title": "a"}) == 1
    assert of("PATCH", "/api/cases/1", {"level": 2}) == 1 and of("PATCH", "/api/cases/1", {"level": 0}) == 0
    assert of("PATCH", "/api/cases?id=in.(1,3)", {"title": "b"}) == 0 and of("PATCH", "/api/cases?id=lt.4", {"title": "b"}) == 1
    assert of("PUT", "/api/cases/20", {"level": 3}) == 1 and of("PUT", "/api/cases/20", {"title": "c"}) == 0
    assert of("PUT", "/api/cases/21", {"level": 0}) == 0
    assert of("DELETE", "/api/cases/1") == 0 and of("DELETE", "/api/cases/2") == 1
    assert of("DELETE", "/api/cases?id=in.(3,12)") == 0 and of("DELETE", "/api/cases?id=gt.12") == 1
    assert of("PATCH", "/rest/v1/cases?id=eq.4", {"title": "d"}) == 1 and of("DELETE", "/rest/v1/cases?id=eq.4&order=id") == 1


def test_an_upsert_raises_by_what_stands_then(leat):
    merge, ignore = {"Prefer": "resolution=merge-duplicates"}, {"Prefer": "resolution=ignore-duplicates"}
    assert raises(leat, "POST", "/api/cases", [{"id": 1, "title": "a"}], headers=merge) == 0
    assert raises(leat, "POST", "/api/cases", [{"id": 2, "title": "a"}], headers=merge) == 1
    assert raises(leat, "POST", "/api/cases", {"id": 1, "level": 5}, headers=ignore) == 0


def test_what_is_not_written_raises_nothing(leat):
    assert raises(leat, "PATCH", "/api/cases/99", {"level": 5}, [404]) == 0
    assert raises(leat, "POST", "/api/cases", {"id": 1, "level": 5}, [409]) == 0
    assert raises(leat, "POST", "/api/cases", [{"id": 30, "level": 5}, {"id": 31, "level": 9}], [400]) == 0
    assert raises(leat, "PATCH", "/api/cases?level=eq.0", {"level": 5}, [400], headers={"Prefer": "handling=strict, max-affected=1"}) == 0
    parts = [{"method": "PATCH", "path": "/api/cases/1", "body": {"level": 5}}, {"method": "PATCH", "path": "/api/cases/99", "body": {"level": 5}}]
    assert raises(leat, "POST", "/api/batch", {"transaction": True, "requests": parts}) == 0
    assert raises(leat, "POST", "/api/batch", {"transaction": True, "requests": parts[:1]}) == 1
    parts = [{"method": "PATCH", "path": "/api/cases/3", "body": {"level": 1}}, {"method": "PATCH", "path": "/api/cases/4", "body": {"level": 7}}]
    assert raises(leat, "POST", "/api/batch", {"requests": parts}) == 1


def test_a_repeated_request_raises_it_once(leat):
    key = {"Idempotency-Key": "the-same"}
    assert [raises(leat, "PATCH", "/api/cases/1", {"level": 5}, headers=key) for _ in range(2)] == [1, 0]


def test_one_row_among_thousands_is_found(leat):
    rows = [{"id": 100 + number, "level": 0} for number in range(6000)]
    assert raises(leat, "POST", "/api/cases", rows, headers=MINIMAL) == 0
    rows = [row | {"id": row["id"] + 10000} for row in rows]
    rows[5500]["level"] = 2
    assert raises(leat, "POST", "/api/cases", rows, headers=MINIMAL) == 1


def test_what_hangs_on_it_is_stale_for_the_writer(leat):
    def is_kept():
        return "hit" in leat.get("/api/kept").headers["cache-status"]
    assert not is_kept() and is_kept()
    assert leat.client.patch("/api/cases/1", json={"level": 1}).status_code == 200 and is_kept()
    assert leat.client.patch("/api/cases/1", json={"level": 2}).status_code == 200 and not is_kept()


MET = ["level=2", "level=in.(1,2)", "level=gt(any).{1,7}", "title=like.a*", "title=ilike.A*", "hidden=is.null", "not.and=(level.eq.1,title.eq.b)",
       "or=(level.lt.0,title.neq.b)", "level=gt.1&title=not.eq.b", "meta->>kind=eq.x", "seen=lt.2020", "person=eq.1", "gone=lt.now"]
UNMET = ["level=3", "level=in.(7,8)", "level=gt(all).{1,7}", "title=like.A*", "hidden=not.is.null", "hidden=eq.x", "or=(level.lt.0,hidden.eq.x)",
         "level=gt.1&title=eq.b", "meta->>kind=eq.y", "gone=gt.now"]


@pytest.mark.parametrize("conditions,met", [(MET, len(MET)), (UNMET, 0)])
def test_conditions_are_those_of_filters(database, conditions, met):
    signals = {f"s{number}": {"on": "cases", "when": when} for number, when in enumerate(conditions)} | {"escalated": {"on": "cases"}}
    body = {"id": 50, "level": 2, "title": "abc", "meta": {"kind": "x"}, "seen": "2019", "person": 1, "gone": "2020-01-01T00:00:00Z"}
    with serve(database, json.dumps(signals), of_cases=", any: {title: all}") as leat:
        leat.await_ready()
        assert raises(leat, "POST", "/api/cases", body) == met + 1
        assert raises(leat, "PATCH", "/api/cases/50?select=id,people(name)", {"level": 2}, headers=SHOWN) == met + 1
        assert raises(leat, "DELETE", "/api/cases?id=eq.50", headers=MINIMAL) == met + 1


def test_what_only_marks_a_row_as_deleted_is_a_delete(database):
    with serve(database, "{gone: {on: cases, when: gone=not.is.null}, escalated: {on: cases, when: level=gt.1}}", of_cases=", deleted: gone") as leat:
        leat.await_ready()
        assert raises(leat, "DELETE", "/api/cases/1") == 1 and raises(leat, "DELETE", "/api/cases/2") == 2
        assert raises(leat, "DELETE", "/api/cases/2", statuses=[404]) == 0


def test_what_is_written_later_raises_it_when_it_is_written(database):
    signals = "{escalated: {on: cases, when: seen=eq.high}, written: {on: cases}}"
    with serve(database, signals, of_cases=", behind: {seen: 1s}") as leat:
        leat.await_ready()
        assert raises(leat, "PATCH", "/api/cases/1", {"seen": "low"}, [202]) == 0
        leat.await_true(lambda: raised(leat) == 1)
        assert database.sql("SELECT seen FROM cases WHERE id = 1").strip() == "low"
        assert raises(leat, "PATCH", "/api/cases/1", {"seen": "high"}, [202], headers=MINIMAL) == 0
        leat.await_true(lambda: raised(leat) == 3)
        assert database.sql("SELECT seen FROM cases WHERE id = 1").strip() == "high"


def test_where_nobody_sees_rows_the_tables_decide(database, service, tmp_path):
    (tmp_path / "queries").mkdir()
    for name, table, more in (("told", "cases", "changes: [cases]"), ("other", "people", "changes: [people]"), ("untold", "people", "")):
        (tmp_path / f"queries/{name}.sql").write_text(f"/* leat\nwrite: anonymous\n{more}\n*/\nDELETE FROM {table} WHERE id = -1\n")
    database.sql(SCHEMA.replace("@moment", "text").replace("@json", "text"))
    upstream = "".join(f"  /{name}: {{url: {service.url}, write: anonymous{more}}}\n"
                       for name, more in (("told", ", tables: [cases]"), ("other", ", tables: [people]"), ("untold", ""), ("fails", "")))
    service.answers["/fails"] = reply(status="400 Bad Request")
    config = CONFIG % (ESCALATED, "*", "") + f"queries: {tmp_path}/queries\nupstream:\n{upstream}"
    if database.store == "postgresql":
        database.sql("".join(f"CREATE FUNCTION f_{name}() RETURNS void LANGUAGE sql AS 'SELECT';" for name in ("told", "other", "untold")))
        config += "functions: {f_told: {call: anonymous, changes: [cases]}, f_other: {call: anonymous, changes: [people]}, f_untold: {call: anonymous}}\n"
    with Leat(database=database.url, config=config) as leat:
        leat.await_ready()
        assert [raises(leat, "POST", f"/api/{name}") for name in ("told", "other", "untold")] == [1, 0, 1]
        assert [raises(leat, "POST", f"/{name}", statuses=[200, 400]) for name in ("told", "other", "untold", "fails")] == [1, 0, 1, 0]
        if database.store == "postgresql":
            assert [raises(leat, "POST", f"/rest/v1/rpc/f_{name}") for name in ("told", "other", "untold")] == [1, 0, 1]


@pytest.mark.parametrize("sessions", ["token", "stored"])
def test_a_login_raises_what_is_on_it(database, sessions):
    hash_ = crypt.crypt("correct horse", "$2b$04$abcdefghijklmnopqrstuu")
    database.sql(f"CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password_hash TEXT, role TEXT);"
                 f"CREATE TABLE login (id INTEGER PRIMARY KEY); INSERT INTO users VALUES (1, 'a@x', '{hash_}', 'viewer');")
    config = f"""
auth: {{roles: viewer < admin, sessions: {sessions}, claims: {{user: id, role: role}}, login: {{table: users, account: email, password: password_hash}}}}
defaults: {{read: anonymous, write: anonymous, cache: 10m}}
signals: {{came: {{on: auth/login}}, written: {{on: login}}}}
resources: {{login: {{signals: [came]}}}}
"""
    with Leat(database=database.url, config=config) as leat:
        leat.await_ready()
        right, wrong = {"email": "a@x", "password": "correct horse"}, {"email": "a@x", "password": "wrong horse"}
        leat.get("/api/login")
        assert raises(leat, "POST", "/api/auth/login", wrong, [401]) == 0
        assert "hit" in leat.get("/api/login").headers["cache-status"]
        assert raises(leat, "POST", "/api/auth/login", right) == 1
        assert "hit" not in leat.get("/api/login").headers["cache-status"]
        assert raises(leat, "POST", "/api/login", {"id": 1}) == 1


@pytest.mark.parametrize("when,place,said", [
    ("levle=gt.0", "5:", "has no column `levle`. Did you mean `level`?"), ("level=gt.x", "5:", "`level`"), ("level=over.1", "5:", "`when`"),
    ("people.name=eq.x", "5:", "`when`"), ("title=all", "5:", "is met by every row"),
])
def test_a_bad_condition_is_a_mistake_at_its_place(database, when, place, said):
    leat = serve(database, f"{{escalated: {{on: cases, when: '{when}'}}}}", of_cases=", any: {title: all}", expect_up=False)
    try:
        assert leat.wait() == 2
        assert said in leat.log() and f"leat.yaml:{place}" in leat.log()
    finally:
        leat.kill()
