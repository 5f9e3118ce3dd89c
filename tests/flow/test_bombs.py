# SPDX-License-Identifier: Apache-2.0
"""Requests made to be costly: each is refused by a limit that has a name, and the server answers on."""
import pytest

from leat import Leat

SQL = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, boss_id INTEGER REFERENCES people(id), meta {json});
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
INSERT INTO people SELECT i, 'x', 1, NULL FROM n;
"""
CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous}
resources: {people: {}}
"""
WIDE = CONFIG + "http: {head_bytes: 1MiB, heads_bytes_total: 64MiB}\n"
WIDER = WIDE + "query: {value_bytes: 64KiB, conditions: 10000, params: 10000}\n"
RSS_GROWTH_MAX = 256 << 20  # beside a sanitizer's own


@pytest.fixture(scope="module")
def url(store, request, tmp_path_factory):
    sql = SQL.format(json="JSON" if store == "sqlite" else "jsonb")
    if store == "sqlite":
        from sqlite_file import SqliteFile
        return SqliteFile(tmp_path_factory.mktemp("bombs") / "test.db", sql).url
    server = request.getfixturevalue("postgres_server")
    server.psql("DROP DATABASE IF EXISTS bombs WITH (FORCE);\nCREATE DATABASE bombs;")
    server.psql(sql, database="bombs")
    return server.url_for(database="bombs")


@pytest.fixture(scope="module")
def usual(url):
    with Leat(database=url, config=CONFIG) as running:
        yield running


@pytest.fixture(scope="module")
def wide(url):
    """Heads of a megabyte are let in."""
    with Leat(database=url, config=WIDE) as running:
        yield running


@pytest.fixture(scope="module")
def wider(url):
    """And values as long as the configuration can allow."""
    with Leat(database=url, config=WIDER) as running:
        yield running


def nested(open_, inner, close, depth):
    return open_ * depth + inner + close * depth


BOMBS = {
    "conditions": "&".join(f"id=neq.{i}" for i in range(10000)),
    "a group of conditions": f"or=({','.join(f'id.eq.{i}' for i in range(10000))})",
    "groups in groups": "or=" + nested("(and", "(id.eq.1)", ")", 100),
    "a hundred thousand groups": "or=" + nested("(or", "(id.eq.1)", ")", 100000),
    "a hundred thousand open parentheses": "or=" + "(or" * 100000,
    "rows in rows": "select=" + nested("boss_id(", "id", ")", 100),
    "a hundred thousand rows in rows": "select=" + nested("boss_id(", "id", ")", 60000),
    "columns": "select=" + ",".join(f"c{i}:id" for i in range(60000)),
    "embedded rows side by side": "select=" + ",".join(f"e{i}:boss_id(id)" for i in range(40000)),
    "a list": f"id=in.({','.join(map(str, range(1000000)))})",
    "a path": "select=meta" + "->a" * 100000,
    "a path in a filter": "meta" + "->a" * 100000 + "=eq.1",
    "an order": "order=" + ",".join("id" for _ in range(100000)),
    "parameters": "&".join(f"x{i}=1" for i in range(100000)),
    "parentheses of a filter": "e." * 100000 + "id=eq.1",
    "hints": "select=people" + "!boss_id" * 50000 + "(id)",
    "a quote": 'select="' + "\\\\" * 100000,
}
LIMITS = ("query.params", "query.conditions", "query.depth", "query.select", "query.in_values", "query.order", "query.value_bytes")


def ask(leat, path):
    """(status, body): without a client of HTTP, which takes longer for such a URL than the server."""
    with leat.connect() as wire:
        wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        status, _, body = wire.answer()
    return status, body.decode()


def lives(leat):
    assert leat.get("/api/people/1?select=id").json() == {"id": 1}


@pytest.mark.parametrize("name", BOMBS)
def test_a_request_of_a_megabyte_is_refused_by_its_head(usual, name):
    for prefix in ("/api", "/rest/v1"):
        expected = (414, 431) if len(BOMBS[name]) > 16384 else (400,)
        assert ask(usual, f"{prefix}/people?{BOMBS[name]}")[0] in expected
    lives(usual)


@pytest.mark.parametrize("name", BOMBS)
def test_where_such_heads_are_let_in_a_named_limit_refuses_it(wide, name):
    query = BOMBS[name][:1000000]
    for prefix in ("/api", "/rest/v1"):
        status, body = ask(wide, f"{prefix}/people?{query}")
        assert status == 400 and len(body) < 2000, body
        assert any(limit in body for limit in LIMITS), body
    lives(wide)


CROWDS = {
    "query.conditions": f"or=({','.join('id.eq.1' for _ in range(8000))})&or=({','.join('id.eq.1' for _ in range(8000))})",
    "query.depth": "or=" + nested("(and", "(id.eq.1)", ")", 9000),
    "query.depth ": "select=" + nested("boss_id(", "id", ")", 6000),
    "query.select": "select=" + ",".join(f"c{i}:id" for i in range(5000)),
    "query.select ": "select=" + ",".join(f"e{i}:boss_id(id)" for i in range(3000)),
    "query.in_values": f"id=in.({','.join('1' for _ in range(30000))})",
    "query.in_values ": f"id=eq(any).{{{','.join('1' for _ in range(30000))}}}",
    "query.depth  ": "select=meta" + "->a" * 20000,
    "query.order": "order=" + ",".join("id" for _ in range(20000)),
    "query.value_bytes": "name=eq." + "x" * 70000,
}


@pytest.mark.parametrize("limit", CROWDS)
def test_where_values_may_be_long_each_kind_has_its_limit(wider, limit):
    status, body = ask(wider, f"/api/people?{CROWDS[limit]}")
    assert status == 400 and "too-much-asked" in body and f"`{limit.strip()}`" in body, body
    lives(wider)


def test_as_much_as_the_limits_allow_is_answered(wider):
    group = ",".join(f"id.eq.{i}" for i in range(5000))
    assert len(wider.rows(f"/rest/v1/people?select=id&or=({group})")) == 300
    many = "&".join(f"id=neq.{i}" for i in range(2, 5000))
    assert wider.rows(f"/rest/v1/people?select=id&{many}") == [{"id": 1}]
    assert len(wider.rows("/rest/v1/people?select=id&id=in.(" + ",".join(map(str, range(1000))) + ")")) == 300
    assert wider.rows("/api/people?id=eq.1&select=" + nested("boss_id(", "id", ")", 8))[0]["boss_id"]
    side_by_side = ",".join(f"e{i}:boss_id(id)" for i in range(90))
    assert len(wider.rows(f"/api/people?select={side_by_side}&limit=2")[0]) == 90


def test_rows_that_multiply_are_given_whole_or_refused_and_not_held_in_memory(usual):
    before = usual.rss_bytes()
    names = ",".join(f"c{i}:name" for i in range(10))
    answer = usual.get(f"/api/people?select=id,people!boss_id(id,boss_id(people!boss_id({names})))&id=eq.1")
    if answer.status_code == 200:
        assert answer.text.count('"c9":"x"') == 300 * 300
    else:
        assert answer.status_code == 422 and answer.json()["code"] == "answer-too-large", answer.text[:400]
    assert usual.rss_bytes() - before < RSS_GROWTH_MAX
    lives(usual)
