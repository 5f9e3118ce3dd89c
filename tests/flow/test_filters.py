# SPDX-License-Identifier: Apache-2.0
"""Filters answer with exactly the rows that Python finds by the same rule, on both stores, in both manners."""
import pytest

from leat import Leat

CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous}
resources: {things: {order: id}}
"""
NAMES = ["anna", "Bob", "böse", "100%", "a_b", "", "comma,name", 'quote"d', "back\\slash", "Anna", "neq.x", "null", "été"]


def things():
    for i in range(1, 53):
        yield {"id": i, "name": NAMES[i % len(NAMES)], "n": None if i % 5 == 0 else (i * 7) % 11 - 5,
               "amount": None if i % 7 == 0 else round(((i * 37) % 100) / 4, 2), "flag": [True, False, None][i % 3],
               "score": None if i % 4 == 0 else i / 8}


THINGS = list(things())


def literal(value, store):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value)) if store == "sqlite" else str(value)
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def fill(database):
    scale = (lambda amount: None if amount is None else int(amount * 100)) if database.store == "sqlite" else (lambda a: a)
    kinds = database.pick("n INTEGER, amount DECIMAL(8,2), flag BOOLEAN, score REAL",
                          "n bigint, amount numeric(8,2), flag boolean, score double precision")
    rows = ",\n".join("(" + ", ".join(literal(value, database.store) for value in (
        t["id"], t["name"], t["n"], scale(t["amount"]), t["flag"], t["score"])) + ")" for t in THINGS)
    database.sql(f"CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL, {kinds});\nINSERT INTO things VALUES {rows};")


@pytest.fixture(scope="module")
def leat(store, request, tmp_path_factory):
    from conftest import Database  # the same as the fixture `database`, for a whole module
    from postgres import Postgres
    import subprocess
    if store == "sqlite":
        path = tmp_path_factory.mktemp("filters") / "test.db"
        run = lambda sql: subprocess.run(["sqlite3", "-bail", path], input=sql, text=True, check=True, capture_output=True)
        database, server = Database(store, f"sqlite:{path}", run), None
    else:
        server = Postgres()
        database = Database(store, server.url, server.psql)
    try:
        fill(database)
        with Leat(database=database.url, config=CONFIG) as running:
            yield running
    finally:
        if server:
            server.stop()


def known(value):
    """SQL's comparison with NULL is not true, and neither is its negation."""
    return value is not None


CASES = [
    ("n=3", "n=eq.3", lambda t: t["n"] == 3),
    ("n=eq.-5", None, lambda t: t["n"] == -5),
    ("n=neq.3", None, lambda t: known(t["n"]) and t["n"] != 3),
    ("n=gt.2", None, lambda t: known(t["n"]) and t["n"] > 2),
    ("n=gte.2", None, lambda t: known(t["n"]) and t["n"] >= 2),
    ("n=lt.0", None, lambda t: known(t["n"]) and t["n"] < 0),
    ("n=lte.0", None, lambda t: known(t["n"]) and t["n"] <= 0),
    ("n=gte.-1&n=lte.1", None, lambda t: known(t["n"]) and -1 <= t["n"] <= 1),
    ("n=is.null", None, lambda t: t["n"] is None),
    ("n=not.is.null", None, lambda t: t["n"] is not None),
    ("n=not.eq.3", None, lambda t: known(t["n"]) and t["n"] != 3),
    ("n=not.gt.2", None, lambda t: known(t["n"]) and not t["n"] > 2),
    ("n=in.(1,2,3)", None, lambda t: t["n"] in (1, 2, 3)),
    ("n=in.(4)", None, lambda t: t["n"] == 4),
    ("n=not.in.(1,2,3)", None, lambda t: known(t["n"]) and t["n"] not in (1, 2, 3)),
    ("n=gt(all).{-1,2}", None, lambda t: known(t["n"]) and t["n"] > 2),
    ("n=gt(any).{-1,2}", None, lambda t: known(t["n"]) and t["n"] > -1),
    ("n=not.gt(any).{-1,2}", None, lambda t: known(t["n"]) and t["n"] <= -1),
    ("n=not.lt(all).{-1,2}", None, lambda t: known(t["n"]) and t["n"] >= -1),
    ("n=gt(all).{}", None, lambda t: True),
    ("n=gt(any).{}", None, lambda t: False),
    ("n=not.gt(any).{}", None, lambda t: True),
    ("amount=gte(all).{9.25,12}", None, lambda t: known(t["amount"]) and t["amount"] >= 12),
    ("amount=eq(any).{9.25,12.004,0}", None, lambda t: t["amount"] in (9.25, 0)),
    ("score=lte(all).{3.125,4}", None, lambda t: known(t["score"]) and t["score"] <= 3.125),
    ("name=like(all).{*a,a*}", None, lambda t: t["name"].startswith("a") and t["name"].endswith("a")),
    ("name=not.ilike(any).{A*,*B}", None, lambda t: not (t["name"].lower().startswith("a") or t["name"].lower().endswith("b"))),
    ("amount=gte.12.5", None, lambda t: known(t["amount"]) and t["amount"] >= 12.5),
    ("amount=eq.9.25", None, lambda t: t["amount"] == 9.25),
    ("amount=lt.-1", None, lambda t: False),
    ("amount=in.(9.25,0,1.50)", None, lambda t: t["amount"] in (9.25, 0, 1.5)),
    ("score=gt.3.125", None, lambda t: known(t["score"]) and t["score"] > 3.125),
    ("flag=true", "flag=eq.true", lambda t: t["flag"] is True),
    ("flag=is.true", None, lambda t: t["flag"] is True),
    ("flag=is.false", None, lambda t: t["flag"] is False),
    ("flag=not.is.true", None, lambda t: t["flag"] is not True),
    ("flag=is.null", None, lambda t: t["flag"] is None),
    ("name=anna", "name=eq.anna", lambda t: t["name"] == "anna"),
    ("name=eq.", None, lambda t: t["name"] == ""),
    ("name=eq.b%C3%B6se", None, lambda t: t["name"] == "böse"),
    ("name=eq.100%25", None, lambda t: t["name"] == "100%"),
    ("name=eq.comma,name", None, lambda t: t["name"] == "comma,name"),
    ('name=in.("comma,name",Bob)', None, lambda t: t["name"] in ("comma,name", "Bob")),
    ('name=in.("quote\\"d","back\\\\slash")', None, lambda t: t["name"] in ('quote"d', "back\\slash")),
    ("name=eq.neq.x", None, lambda t: t["name"] == "neq.x"),
    ("name=eq.null", None, lambda t: t["name"] == "null"),
    ("name=like.a*", None, lambda t: t["name"].startswith("a")),
    ("name=like.*%5C_*", None, lambda t: "_" in t["name"]),
    ("name=like.*nn*", None, lambda t: "nn" in t["name"]),
    ("name=like.%C3%A9t_", None, lambda t: t["name"] == "été"),
    ("name=ilike.ANNA", None, lambda t: t["name"].lower() == "anna"),
    ("name=ilike.a*", None, lambda t: t["name"].lower().startswith("a")),
    ("name=not.like.a*", None, lambda t: not t["name"].startswith("a")),
    ("name=gt.b&name=lt.c", None, lambda t: "b" < t["name"] < "c"),
    ("id=gte.10&id=lt.20&n=not.is.null", None, lambda t: 10 <= t["id"] < 20 and t["n"] is not None),
    ("id=in.()", None, lambda t: False),
]


@pytest.mark.parametrize("query,postgrest,rule", CASES, ids=[case[0] for case in CASES])
def test_a_filter_answers_with_exactly_the_rows_that_match(leat, query, postgrest, rule):
    expected = [t["id"] for t in THINGS if rule(t)]
    assert [row["id"] for row in leat.rows(f"/api/things?{query}")] == expected
    assert [row["id"] for row in leat.rows(f"/rest/v1/things?{postgrest or query}")] == expected


@pytest.mark.parametrize("select", ["flag,count(),n.sum()", "flag,n.sum(),count", "flag,n.sum(),count(),least:n.min()::text"])
def test_groups_have_an_order(leat, select):
    rows = leat.rows(f"/rest/v1/things?select={select}&order=flag.desc.nullslast")
    assert [row["flag"] for row in rows] == [True, False, None]
    for row in rows:
        group = [t for t in THINGS if t["flag"] is row["flag"]]
        assert row["count"] == len(group) and row["sum"] == sum(t["n"] or 0 for t in group)


def test_a_cast_that_a_type_does_not_have_is_refused(leat, store):
    leat.problem("/api/things?select=n::uuid", 400, "bad-select" if store == "sqlite" else "wrong-operator")


def test_values_come_out_as_they_went_in(leat):
    assert [dict(row) for row in leat.rows("/api/things")] == THINGS


def test_the_plain_manner_takes_a_bare_value_as_equality_and_postgrests_does_not(leat):
    assert len(leat.rows("/api/things?name=Bob")) == 4
    assert leat.problem("/rest/v1/things?name=Bob", 400)["code"] == "PGRST100"


@pytest.mark.parametrize("query,code,members", [
    ("nmae=x", "unknown-column", {"column": "nmae", "nearest": "name"}),
    ("n=abc", "wrong-type", {"column": "n", "value": "abc"}),
    ("n=gt.1.5", "wrong-type", {"column": "n"}),
    ("n=99999999999999999999", "wrong-type", {"column": "n"}),
    ("flag=maybe", "wrong-type", {"column": "flag"}),
    ("amount=eq.12,5", "wrong-type", {"column": "amount"}),
    ("name=eq.%FF", None, {}),
    ("name=eq.%00", None, {}),
    ("order=nmae", "unknown-column", {"nearest": "name"}),
    ("select=id,nmae", "unknown-column", {"nearest": "name"}),
    ("limit=x", None, {}),
    ("limit=-1", None, {}),
    ("n=fts.x", "wrong-operator", {}),
    ("or=(n.eq.1,n.eq.2", "bad-group", {}),
    ("others.name=eq.x", "not-embedded", {"value": "others"}),
    ("order=others(name)", "not-embedded", {"value": "others"}),
])
def test_a_mistake_is_a_400_that_names_its_place(leat, query, code, members):
    problem = leat.problem(f"/api/things?{query}", 400, code)
    assert problem["detail"] and problem["request_id"]
    for name, value in members.items():
        assert problem[name] == value
