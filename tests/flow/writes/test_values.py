# SPDX-License-Identifier: Apache-2.0
"""Values of every kind go in as JSON and come out as they went: of one row, of bundles, from CSV; digits are kept."""
import json

import pytest

from leat import Leat
from .conftest import opened

CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous, write: anonymous}
resources: {kinds: {}}
"""
COLUMNS = {
    "sqlite": {"flag": "BOOLEAN", "whole": "INTEGER", "price": "DECIMAL(12,2)", "loose": "DECIMAL", "real": "REAL", "words": "TEXT", "uid": "UUID",
               "day": "DATE", "moment": "TIMESTAMP", "bytes": "BLOB", "doc": "JSON"},
    "postgresql": {"flag": "boolean", "small": "smallint", "whole": "bigint", "price": "numeric(12,2)", "loose": "numeric", "real": "double precision",
                   "words": "text", "short": "varchar(5)", "uid": "uuid", "day": "date", "local": "timestamp", "moment": "timestamptz", "clock": "time",
                   "span": "interval", "bytes": "bytea", "mood": "mood", "doc": "jsonb", "plain_doc": "json", "numbers": "int[]", "names": "text[]",
                   "docs": "jsonb[]", "grid": "int[]", "moods": "mood[]", "days": "date[]", "prices": "numeric[]", "during": "int4range", "address": "inet",
                   "place": "place", "even": "even"},
}
EXTRA = {"sqlite": "", "postgresql": """CREATE TYPE mood AS ENUM ('sad', 'so, so', 'happy');
    CREATE TYPE place AS (street text, no int); CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0);"""}
SAME = None  # what comes out is what went in
BOTH = [
    ("flag", "true", SAME), ("flag", "false", SAME), ("flag", '"true"', "true"), ("flag", "null", SAME),
    ("whole", "0", SAME), ("whole", "-7", SAME), ("whole", "9007199254740993", SAME), ("whole", "9223372036854775807", SAME),
    ("whole", "-9223372036854775808", SAME), ("whole", '"42"', "42"),
    ("price", "12.5", "12.50"), ("price", "0.01", SAME), ("price", "-9999999999.99", SAME), ("price", "7", "7.00"), ("price", '"3.10"', "3.10"),
    ("loose", "0.5", SAME), ("real", "0.1", SAME), ("real", "1e300", "1e+300"), ("real", "-2.5", SAME),
    ("words", '""', SAME), ("words", '"a"', SAME), ("words", '"NULL"', SAME), ("words", '"null"', SAME), ("words", '"{a,\\"b\\"}"', SAME),
    ("words", '"quote \\" back \\\\ slash / tab \\t line \\n"', SAME), ("words", '"ünï — 🎡"', SAME), ("words", '"\\ud83c\\udfa1"', '"🎡"'),
    ("words", '"\'; DROP TABLE kinds; --"', SAME), ("words", '"$1 ?1 :x"', SAME), ("words", '"' + "x" * 100000 + '"', SAME), ("words", "true", '"true"'),
    ("words", "12.50", '"12.50"'), ("uid", '"0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b"', SAME),
    ("uid", '"0B6F2E1C-6A8E-4F5B-9D3A-2F1E4C5D6A7B"', '"0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b"'),
    ("day", '"2026-02-28"', SAME), ("day", '"0001-01-01"', SAME), ("bytes", '"\\\\x00ff27"', SAME), ("bytes", '"\\\\x"', SAME),
    ("doc", "{}", SAME), ("doc", "[]", SAME), ("doc", "null", SAME), ("doc", "15", SAME), ("doc", '"text"', SAME), ("doc", "true", SAME),
    ("doc", '{"a": [1, {"b": null}], "ü": "x\\n\\"y\\""}', SAME), ("doc", '{"n": 123456789012345678901234567890.50}', SAME),
]
OF_POSTGRESQL = [
    ("doc", "1.50", SAME), ("doc", "123456789012345678901234567890.5", SAME), ("small", "-32768", SAME), ("loose", "123456789012345678901234567890.12345678901234567890", SAME), ("loose", '"NaN"', SAME), ("loose", "1e-20", "0.00000000000000000001"),
    ("real", '"Infinity"', SAME), ("short", '"abcde"', SAME), ("local", '"2026-01-31T09:05:07.5"', SAME), ("moment", '"2026-01-31T09:05:07.123456Z"', '"2026-01-31T09:05:07.123456+00:00"'),
    ("moment", '"2026-01-31T09:05:07+02:00"', '"2026-01-31T07:05:07+00:00"'), ("moment", '"infinity"', SAME), ("clock", '"09:05:07.5"', SAME), ("span", '"1 day 02:00:00"', SAME), ("mood", '"so, so"', SAME),
    ("plain_doc", '{"b":1,  "a":2}', SAME), ("numbers", "[]", SAME), ("numbers", "[1,null,-3]", SAME), ("numbers", '"{4,5}"', "[4,5]"), ("grid", "[[1,2],[3,4]]", SAME),
    ("names", '["a","","NULL",null,"b,c","{d}","e\\"f","g\\\\h","ü"," i "]', SAME), ("docs", '[{"a": [1, 2]}, null, "x", 3]', SAME),
    ("moods", '["happy","so, so",null]', SAME), ("days", '["2026-01-31"]', SAME), ("prices", "[12345678901234567890.10,0.5]", SAME), ("during", '"[1,5)"', SAME), ("address", '"192.0.2.7"', SAME),
    ("place", '"(\\"Elm, 5\\",7)"', '{"street":"Elm, 5","no":7}'), ("even", "4", SAME),
]
OF_SQLITE = [
    ("moment", '"2026-01-31T09:05:07.5+02:00"', '"2026-01-31T07:05:07.500000Z"'), ("moment", '"2026-01-31T09:05:07.123456Z"', SAME), ("moment", '"2026-01-31"', '"2026-01-31T00:00:00.000000Z"'),
]
WRONG = [
    ("flag", "2"), ("flag", '"maybe"'), ("whole", "9223372036854775808"), ("whole", "1.5"), ("whole", "1e2"), ("whole", '"x"'), ("whole", "true"), ("price", '"12,5"'),
    ("real", '"x"'), ("words", "[1]"), ("words", '{"a":1}'), ("uid", '"0b6f2e1c"'), ("day", '"2026-02-30"'), ("day", '"31.01.2026"'), ("moment", '"yesterdayish"'),
    ("moment", "12"), ("bytes", '"\\\\x0"'), ("bytes", '"00ff"'),
]
WRONG_OF_POSTGRESQL = [
    ("small", "32768"), ("mood", '"glad"'), ("numbers", "[1,[2]]"), ("numbers", '["x"]'), ("numbers", "1"), ("numbers", '{"a":1}'), ("numbers", "[[[[[[[1]]]]]]]"), ("names", '["\\u0000"]'),
    ("moods", '["glad"]'), ("address", '"300.1.1.1"'), ("clock", '"25:00"'), ("even", "3"), ("short", '"abcdef"'), ("during", '"[5,1)"'), ("days", '["2026-02-30"]'),
]


def digits(text):
    """Parsed, but numbers as they are written."""
    return json.loads(text, parse_int=lambda word: ("number", word), parse_float=lambda word: ("number", word))


@pytest.fixture(scope="session")
def kinds(store, tmp_path_factory):
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS[store].items())
    with opened(store, tmp_path_factory.mktemp("kinds"), f"{EXTRA[store]} CREATE TABLE kinds (id INTEGER PRIMARY KEY, {columns});") as database, \
            Leat(database=database.url, config=CONFIG) as leat:
        leat.await_ready().store = store
        leat.row = 0
        yield leat


def of(store, both, sqlite, postgresql):
    return both + (sqlite if store == "sqlite" else postgresql)


def post(leat, body, status=201, path="/api/kinds", **headers):
    answer = leat.client.post(path, content=body.encode(), headers={"Content-Type": "application/json", "Prefer": "return=representation"} | headers)
    assert answer.status_code == status, f"{body[:200]} → {answer.status_code}: {answer.text[:500]} {leat.log()[-600:] if answer.status_code > 499 else ''}"
    return answer


def test_a_value_comes_out_as_it_went_in(kinds):
    for column, given, expected in of(kinds.store, BOTH, OF_SQLITE, OF_POSTGRESQL):
        kinds.row += 1
        expected = digits(given if expected is SAME else expected)
        shown = digits(post(kinds, f'{{"id":{kinds.row},"{column}":{given}}}').text)
        assert shown[column] == expected, (column, given[:100])
        assert digits(kinds.get(f"/api/kinds/{kinds.row}").text)[column] == expected, (column, given[:100])


def test_so_it_does_in_bundles_and_by_patch(kinds):
    values = of(kinds.store, BOTH, OF_SQLITE, OF_POSTGRESQL)
    first = kinds.row + 1
    kinds.row += len(values)
    body = ",".join(f'{{"id":{first + number},"{column}":{given}}}' for number, (column, given, _) in enumerate(values))
    for shown in digits(post(kinds, f"[{body}]").text), digits(kinds.get(f"/rest/v1/kinds?id=gte.{first}&order=id").text):
        for row, (column, given, expected) in zip(shown, values, strict=True):
            assert row[column] == digits(given if expected is SAME else expected), (column, given[:100])
    for column, given, expected in values:
        answer = kinds.client.patch(f"/api/kinds/{first}", content=f'{{"{column}":{given}}}'.encode())
        assert answer.status_code == 200 and digits(answer.text)[column] == digits(given if expected is SAME else expected), (column, given[:100])


def test_texts_of_csv_are_taken_by_their_column(kinds):
    kinds.row += 2
    rows = f"id,flag,whole,price,words,doc\n{kinds.row - 1},true,7,1.5,\"a,\"\"b\"\"\",\"{{\"\"a\"\":1}}\"\n{kinds.row},false,NULL,NULL,NULL,NULL\n"
    shown = json.loads(post(kinds, rows, **{"Content-Type": "text/csv"}, path="/rest/v1/kinds?select=flag,whole,price,words,doc").text)
    assert shown == [{"flag": True, "whole": 7, "price": 1.5, "words": 'a,"b"', "doc": {"a": 1}},
                     {"flag": False, "whole": None, "price": None, "words": None, "doc": None}]


def test_what_does_not_fit_is_a_400_that_names_the_column(kinds):
    for column, given in of(kinds.store, WRONG, [], WRONG_OF_POSTGRESQL):
        for body in (f'{{"id":100000,"{column}":{given}}}', f'[{{"id":100000}},{{"id":100001,"{column}":{given}}}]'):
            problem = post(kinds, body, 400).json()
            assert problem["code"] in ("wrong-type", "invalid-value", "check-violation"), problem
    assert kinds.rows("/rest/v1/kinds?id=gte.100000") == []


def test_more_digits_than_the_column_has_are_rounded(kinds):
    for given, expected in (("1.005", "1.01"), ("-1.005", "-1.01"), ("1.0049", "1.00"), ("0.30000000000000004", "0.30")):
        kinds.row += 1
        assert digits(post(kinds, f'{{"id":{kinds.row},"price":{given}}}').text)["price"] == ("number", expected)
