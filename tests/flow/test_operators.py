# SPDX-License-Identifier: Apache-2.0
"""Every operator, on every type, on both stores: what is taken gives the rows that plain SQL gives, what is not is a 400 that says why.
doc/operators.md is made here: LEAT_TEST_WRITE_DOCS=1 writes it, otherwise it must be as it would be written."""
import itertools
import os
import pathlib
import sqlite3
from collections import namedtuple

import pytest

from conftest import ROOT, STORES
from leat import Leat

DOC = ROOT / "doc/operators.md"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
# values: as a URL writes them, the first of them is what columns are compared with. raw: as SQLite holds one, in SQL.
Kind = namedtuple("Kind", "name postgresql sqlite values raw", defaults=[None, None])


def text_literal(value):
    return "'" + value.replace("'", "''") + "'"


KINDS = [
    Kind("smallint", "smallint", None, ["3", "-5", "7"]),
    Kind("integer", "integer", "INTEGER", ["3", "-5", "7"], str),
    Kind("bigint", "bigint", "BIGINT", ["3000000000", "-5", "7"], str),
    Kind("numeric", "numeric(8,2)", "DECIMAL(8,2)", ["12.50", "0.25", "-3.00"], lambda v: str(round(float(v) * 100))),
    Kind("real", "double precision", "REAL", ["0.5", "-2.25", "100"], str),
    Kind("text", "text", "TEXT", ["anna", "Bob", "the cat sat", "", "Ann"], text_literal),
    Kind("enum", "public.mood", None, ["happy", "sad", "angry"]),
    Kind("boolean", "boolean", "BOOLEAN", ["true", "false"], lambda v: str(int(v == "true"))),
    Kind("uuid", "uuid", "UUID", ["0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b", "ffffffff-6a8e-4f5b-9d3a-2f1e4c5d6a7b"], text_literal),
    Kind("date", "date", "DATE", ["2026-01-31", "2025-12-24"], text_literal),
    Kind("time", "time", None, ["09:05:07", "23:00:00"]),
    Kind("timestamp", "timestamp", None, ["2026-01-31T09:05:07", "2025-12-24T00:00:00"]),
    Kind("timestamptz", "timestamptz", "TIMESTAMP", ["2026-01-31T09:05:07Z", "2025-12-24T00:00:00Z"],
         lambda v: text_literal(v.replace("Z", ".000000Z"))),
    Kind("interval", "interval", None, ["1 day", "02:00:00"]),
    Kind("bytea", "bytea", "BLOB", ["\\x01ff", "\\x02"], lambda v: f"x'{v[2:]}'"),
    Kind("json", "json", "JSON", ['{"a":1}', "[1,2]"], text_literal),
    Kind("jsonb", "jsonb", "JSONB", ['{"a":1}', '{"a":1,"b":"cat"}', "[1,2]"], text_literal),
    Kind("array", "text[]", None, ["{a,b}", "{b}", "{a,b,c}", "{}"]),
    Kind("range", "int4range", None, ["[5,9)", "[1,5)", "[6,8)", "[20,30)", "empty"]),
    Kind("inet", "inet", None, ["192.0.2.0/24", "192.0.2.7", "2001:db8::1"]),
    Kind("tsvector", "tsvector", None, ["'cat':1 'sat':2", "'dog':1"]),
    Kind("point", "point", None, ["(1.5,-2)", "(0,0)"]),
    Kind("untyped", None, "", ["7", "x"], text_literal),
]

SIGNS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "cs": "@>", "cd": "<@", "ov": "&&",
         "sl": "<<", "sr": ">>", "nxr": "&<", "nxl": "&>", "adj": "-|-"}
PATTERNS = {"like": ("an*", "LIKE", "an%"), "ilike": ("AN*", "ILIKE", "AN%"), "match": ("^a.*a$", "~", "^a.*a$"),
            "imatch": ("^A.*A$", "~*", "^A.*A$")}
SEARCHES = {"fts": ("cat|dog", "to_tsquery"), "plfts": ("cat sat", "plainto_tsquery"), "phfts": ("cat sat", "phraseto_tsquery"),
            "wfts": ("cat -mat", "websearch_to_tsquery")}
QUANTIFIED = ["eq", "neq", "gt", "gte", "lt", "lte", *PATTERNS]
OPERATORS = [*list(SIGNS)[:6], "isdistinct", "in", "is.null", "is.true", *PATTERNS, *SEARCHES, *list(SIGNS)[6:], "(any)"]


def kinds_of(store):
    return [kind for kind in KINDS if getattr(kind, store) is not None]


# --- databases ---

def column_of(kind):
    return f"c_{kind.name}"


def literal(store, kind, value):
    return kind.raw(value) if store == "sqlite" else f"{text_literal(value)}::{kind.postgresql}"


def script(store):
    """A row for each value, by turns, and one of NULLs."""
    kinds = kinds_of(store)
    lines = ["CREATE TYPE mood AS ENUM ('sad', 'angry', 'happy');"] if store == "postgresql" else []
    columns = ", ".join(f"{column_of(kind)} {getattr(kind, store)}" for kind in kinds)
    lines.append(f"CREATE TABLE things (id INTEGER PRIMARY KEY, {columns});")
    for i in range(5):
        row = ", ".join(literal(store, kind, kind.values[i % len(kind.values)]) for kind in kinds)
        lines.append(f"INSERT INTO things VALUES ({i + 1}, {row});")
    lines.append("INSERT INTO things (id) VALUES (6);")
    return "\n".join(lines)


class Truth:
    """A database, Leat before it, and what plain SQL finds in it."""

    def __init__(self, store, url, find):
        self.store, self.find = store, find
        self.leat = Leat(database=url, config="serve: {/api: plain, /rest/v1: postgrest}\ndefaults: {read: anonymous}\n"
                                              "resources: {things: {order: id}}\n")

    def ask(self, column, words, prefix="/rest/v1"):
        return self.leat.get(f"{prefix}/things", params={"select": "id", column: words})

    def ids(self, condition):
        """None: the database knows no such operator."""
        return self.find(f"SELECT id FROM things WHERE {condition} ORDER BY id")

    def takes(self, kind, operator):
        answer = self.ask(column_of(kind), url_words(kind, operator))
        assert answer.status_code in (200, 400), answer.text
        return answer.status_code == 200


def make_sqlite(path):
    from sqlite_file import SqliteFile
    file = SqliteFile(path, script("sqlite"))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA case_sensitive_like=ON")
    return Truth("sqlite", file.url, lambda sql: [row[0] for row in connection.execute(sql)])


def make_postgresql(server):
    import psycopg2
    server.psql("DROP DATABASE IF EXISTS operators WITH (FORCE);\nCREATE DATABASE operators;")
    server.psql(script("postgresql"), database="operators")
    connection = server.connect("operators")

    def find(sql):
        with connection.cursor() as cursor:
            try:
                cursor.execute(sql)
            except psycopg2.errors.UndefinedFunction:
                return None
            return [row[0] for row in cursor.fetchall()]
    return Truth("postgresql", server.url_for(database="operators"), find)


@pytest.fixture(scope="module")
def truths(request, tmp_path_factory):
    """Of each store that is tested."""
    made = {}
    try:
        for store in STORES:
            made[store] = make_sqlite(tmp_path_factory.mktemp("operators") / "test.db") if store == "sqlite" else \
                make_postgresql(request.getfixturevalue("postgres_server"))
        yield made
    finally:
        for truth in made.values():
            truth.leat.stop()


@pytest.fixture
def truth(truths, store):
    return truths[store]


# --- an operator as a URL says it, and as SQL does ---

def quote(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def braces(values):
    return "{" + ",".join(map(quote, values)) + "}"


def url_words(kind, operator):
    if operator in PATTERNS:
        return f"{operator}.{PATTERNS[operator][0]}"
    if operator in SEARCHES:
        return f"{operator}.{SEARCHES[operator][0]}"
    if operator == "in":
        return f"in.({','.join(map(quote, kind.values[:2]))})"
    if operator == "(any)":
        return f"eq(any).{braces(kind.values[:2])}"
    return operator if operator.startswith("is.") else f"{operator}.{kind.values[0]}"


def compared(store, kind, operator, value):
    """The column by an operator with one value."""
    column = column_of(kind)
    if operator in PATTERNS:
        sign, pattern = PATTERNS[operator][1:]
        if store == "sqlite":
            return f"lower({column}) LIKE lower('{pattern}')" if operator == "ilike" else f"{column} {sign} '{pattern}'"
        return f"{column} {sign} '{pattern}'"
    return f"{column} {SIGNS[operator]} {literal(store, kind, value)}"


def sql(store, kind, operator):
    column = column_of(kind)
    if operator in SEARCHES:
        words, function = SEARCHES[operator]
        vector = column if kind.name == "tsvector" else f"to_tsvector({column})"
        return f"{vector} @@ {function}('{words}')"
    if operator in ("in", "(any)"):
        return f"{column} IN ({','.join(literal(store, kind, value) for value in kind.values[:2])})"
    if operator == "isdistinct":
        return f"{column} {'IS NOT' if store == 'sqlite' else 'IS DISTINCT FROM'} {literal(store, kind, kind.values[0])}"
    if operator.startswith("is."):
        return f"{column} {'IS NULL' if operator == 'is.null' else 'IS TRUE'}"
    return compared(store, kind, operator, kind.values[0])


# --- the document ---

HEAD = """# Operators

Which operator can be used on which type: a table that `tests/flow/test_operators.py` makes by asking both stores, and holds to be true. What
each means is told in [reading](reading.md). `not.` can stand before all of them; `(any)` and `(all)` behind `eq neq gt gte lt lte like ilike
match imatch`, where they are listed here. Everything else is a 400, `wrong-operator`, which says so; on SQLite it names the store where PostgreSQL
could.

| type | on PostgreSQL | operators | on SQLite | operators |
|---|---|---|---|---|
"""
TAIL = """
Other types of PostgreSQL (geometry, `xml`, composites …) are compared if they have an order; ranges' and arrays' operators are handed on to
PostgreSQL for types that Leat does not know, which takes or refuses them.
"""


def shown(operators):
    return " ".join(f"`{word}`" for word in operators)


def document(truths):
    lines = []
    for kind in KINDS:
        cells = [kind.name]
        for store in ("postgresql", "sqlite"):
            declared = getattr(kind, store)
            taken = [] if declared is None else [operator for operator in OPERATORS if truths[store].takes(kind, operator)]
            cells += ["" if declared is None else f"`{declared}`" if declared else "no type", shown(taken)]
        lines.append("| " + " | ".join(cells) + " |\n")
    return HEAD + "".join(lines) + TAIL


def documented(store):
    """{kind: operators} as the document tells."""
    out = {}
    for line in DOC.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 5 and cells[0] != "type":
            out[cells[0]] = cells[2 if store == "postgresql" else 4].replace("`", "").split()
    return out


@pytest.mark.skipif(len(STORES) < 2, reason="needs both stores")
def test_the_document_is_what_both_stores_take(truths):
    made = document(truths)
    if os.environ.get("LEAT_TEST_WRITE_DOCS"):
        pathlib.Path(DOC).write_text(made, encoding="utf-8")
    assert DOC.read_text(encoding="utf-8") == made, "LEAT_TEST_WRITE_DOCS=1 writes it anew"


# --- the tests ---

def pairs(store, among=OPERATORS):
    table = documented(store)
    return [(kind, operator) for kind in kinds_of(store) for operator in among if operator in table[kind.name]]


def rows_of(answer):
    assert answer.status_code == 200, f"{answer.request.url}\n{answer.text}"
    body = answer.json()
    return [row["id"] for row in (body if isinstance(body, list) else body["things"])]


def test_what_is_taken_finds_what_sql_finds(truth):
    for kind, operator in pairs(truth.store):
        expected = truth.ids(sql(truth.store, kind, operator))
        for prefix in ("/api", "/rest/v1"):
            found = rows_of(truth.ask(column_of(kind), url_words(kind, operator), prefix))
            assert found == expected, f"{kind.name} {operator}: {found}, not {expected}"


def test_what_is_negated_finds_what_not_finds(truth):
    for kind, operator in pairs(truth.store):
        found = rows_of(truth.ask(column_of(kind), f"not.{url_words(kind, operator)}"))
        assert found == truth.ids(f"NOT ({sql(truth.store, kind, operator)})"), f"{kind.name} not.{operator}"


def in_group(kind, operator):
    """As a member of a group: a value of more than letters and digits stands in quotes."""
    words = url_words(kind, operator)
    if operator in ("in", "(any)") or operator.startswith("is."):
        return f"{column_of(kind)}.{words}"
    head, value = words.split(".", 1)
    return f"{column_of(kind)}.{head}.{quote(value)}"


def test_groups_join_what_their_members_find(truth):
    for kind, operator in pairs(truth.store):
        member, condition = in_group(kind, operator), sql(truth.store, kind, operator)
        asked = {"or": f"({member},id.eq.6)", "and": f"(id.lte.4,not.or({member},id.eq.1))"}
        expected = {"or": f"({condition}) OR id = 6", "and": f"id <= 4 AND NOT (({condition}) OR id = 1)"}
        for word, text in asked.items():
            assert rows_of(truth.ask(word, text)) == truth.ids(expected[word]), f"{word}={text}"


def test_any_and_all_of_a_list(truth):
    for kind, operator in pairs(truth.store, QUANTIFIED):
        if "(any)" not in documented(truth.store)[kind.name]:
            continue
        values = kind.values[:2]
        texts = [PATTERNS[operator][0], "*b*" if "like" in operator else "o"] if operator in PATTERNS else values
        tests = [compared(truth.store, kind, operator, value) for value in values]
        if operator in PATTERNS:
            tests[1] = tests[0].replace(PATTERNS[operator][2], "%b%" if "like" in operator else "o")
        for word, join in (("any", " OR "), ("all", " AND ")):
            found = rows_of(truth.ask(column_of(kind), f"{operator}({word}).{braces(texts)}"))
            assert found == truth.ids(join.join(f"({test})" for test in tests)), f"{kind.name} {operator}({word})"


def test_what_is_not_taken_is_a_400_that_names_column_and_type(truth):
    taken = documented(truth.store)
    could = documented("postgresql")
    for kind, operator in itertools.product(kinds_of(truth.store), OPERATORS):
        if operator in taken[kind.name]:
            continue
        problem = truth.leat.problem("/api/things", 400, params={column_of(kind): url_words(kind, operator)})
        assert problem["code"] == "wrong-operator", problem
        by_database = "The database has no such comparison" in problem["detail"]
        assert by_database or problem["column"] == column_of(kind), problem
        if truth.store == "sqlite" and operator in could[kind.name]:
            assert "SQLite" in problem["detail"], problem


def test_operators_of_postgresql_alone_name_sqlite(truths):
    if "sqlite" not in truths:
        pytest.skip("of SQLite")
    for operator in ("match", "imatch", *SEARCHES, *list(SIGNS)[6:]):
        problem = truths["sqlite"].leat.problem(f"/api/things?c_text={operator}.x", 400, "wrong-operator")
        assert "SQLite" in problem["detail"] and operator in problem["detail"]


@pytest.mark.parametrize("words,condition", [
    ("fts(english).sitting", "to_tsvector('english', c_text) @@ to_tsquery('english', 'sitting')"),
    ("fts(simple).sat", "to_tsvector('simple', c_text) @@ to_tsquery('simple', 'sat')"),
    ("plfts(english).the cats", "to_tsvector('english', c_text) @@ plainto_tsquery('english', 'the cats')"),
    ("phfts(simple).the cat", "to_tsvector('simple', c_text) @@ phraseto_tsquery('simple', 'the cat')"),
    ("not.wfts(simple).cat or bob", "NOT to_tsvector('simple', c_text) @@ websearch_to_tsquery('simple', 'cat or bob')"),
])
def test_a_text_search_in_a_language(truths, words, condition):
    if "postgresql" not in truths:
        pytest.skip("of PostgreSQL")
    truth = truths["postgresql"]
    assert rows_of(truth.ask("c_text", words)) == truth.ids(condition)


def test_a_language_that_is_not_there_is_a_400(truths):
    if "postgresql" not in truths:
        pytest.skip("of PostgreSQL")
    for words in ("fts(klingon).x", "fts(a b).x", "fts().x", "fts(english,x).x"):
        assert truths["postgresql"].ask("c_text", words).status_code == 400, words
    assert truths["postgresql"].ask("c_text", "fts.(((").status_code == 400


PATHS = [
    ("c_jsonb->a", "eq.1", "c_jsonb->'a' = '1'", None),
    ("c_jsonb->>a", "eq.1", "c_jsonb->>'a' = '1'", "c_jsonb->>'$.a' = 1"),
    ("c_jsonb->>b", "like.c*", "c_jsonb->>'b' LIKE 'c%'", "c_jsonb->>'$.b' LIKE 'c%'"),
    ("c_jsonb->>b", "is.null", "c_jsonb->>'b' IS NULL", "c_jsonb->>'$.b' IS NULL"),
    ("c_jsonb->>b", "in.(cat,dog)", "c_jsonb->>'b' IN ('cat','dog')", "c_jsonb->>'$.b' IN ('cat','dog')"),
    ("c_jsonb->>0", "eq.1", "c_jsonb->>0 = '1'", "c_jsonb->>'$[0]' = 1"),
    ("c_jsonb->>-1", "eq.2", "c_jsonb->>-1 = '2'", "c_jsonb->>'$[#-1]' = 2"),
    ("c_json->>a", "gte.1", "c_json->>'a' >= '1'", "CAST(c_json->>'$.a' AS TEXT) >= '1'"),
    ('c_jsonb->>"b"', "not.eq.dog", "NOT c_jsonb->>'b' = 'dog'", "NOT c_jsonb->>'$.b' = 'dog'"),
    ("c_jsonb->>b", "ilike(any).{C*,D*}", "c_jsonb->>'b' ILIKE 'C%'", "lower(c_jsonb->>'$.b') LIKE 'c%'"),
]


@pytest.mark.parametrize("column,words,postgresql,sqlite", PATHS)
def test_a_path_into_json_is_filtered_as_a_column(truth, column, words, postgresql, sqlite):
    condition = sqlite if truth.store == "sqlite" else postgresql
    if condition is None:
        assert truth.ask(column, words).status_code == 400
        return
    expected = truth.ids(condition)
    assert rows_of(truth.ask(column, words)) == expected
    negated, value = words.split(".", 1) if not words.startswith("not.") else (words[:words.index(".", 4)], words.split(".", 2)[2])
    assert rows_of(truth.ask("or", f"({column}.{negated}.{value},id.eq.0)")) == expected


def test_a_path_into_what_is_no_json_leads_nowhere(store, database):
    if store != "sqlite":
        pytest.skip("PostgreSQL stores no such thing")
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, doc JSON);"
                 """INSERT INTO notes VALUES (1, '{"a": {"b": true}}'), (2, '{"a": '), (3, ''), (4, x'ff'), (5, 7), (6, NULL);""")
    with Leat(database=database.url, config="serve: {/rest/v1: postgrest}\ndefaults: {read: anonymous}\nresources: {notes: {}}\n") as leat:
        leat.await_ready()
        nowhere = [{"id": n, "a": None, "b": None} for n in range(2, 7)]
        assert leat.rows("/rest/v1/notes?select=id,a:doc->a,b:doc->a->>b&order=id") == [{"id": 1, "a": {"b": True}, "b": "true"}, *nowhere]
        assert leat.rows("/rest/v1/notes?select=id&doc->a->>b=eq.true") == [{"id": 1}]
        assert leat.rows("/rest/v1/notes?select=id&order=doc->>a.nullslast,id&limit=2") == [{"id": 1}, {"id": 2}]
