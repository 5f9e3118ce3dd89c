# SPDX-License-Identifier: Apache-2.0
"""The forms an answer can have: JSON, one object, nulls stripped, CSV, NDJSON; and what is said when none fits."""
import csv
import io
import json

import pytest

from leat import Leat

OBJECT = "application/vnd.pgrst.object+json"
NDJSON, CSV = "application/x-ndjson", "text/csv"
MANNERS = ["/api", "/rest/v1"]


def get(leat, path, accept):
    return leat.get(path, headers={"Accept": accept})


@pytest.mark.parametrize("prefix", MANNERS)
def test_ndjson_is_a_line_for_each_row_of_the_list(sentinel, prefix):
    path = f"{prefix}/transactions?order=id&limit=50"
    answer = get(sentinel, path, "application/x-ndjson")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == sentinel.rows(path)


@pytest.mark.parametrize("prefix,end", [("/api", "\r\n"), ("/rest/v1", "\n")])
def test_csv_holds_what_json_holds(sentinel, prefix, end):
    path = f"{prefix}/transactions?select=id,status,amount,fraud_score,created_at,metadata&order=id&limit=50"
    answer = get(sentinel, path, "text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith(f"id,status,amount,fraud_score,created_at,metadata{end}") and answer.text.endswith(end)
    rows = sentinel.rows(path)
    lines = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(lines) == len(rows) == 50 and any(row["fraud_score"] is None for row in rows)
    for line, row in zip(lines, rows):
        assert (int(line["id"]), line["status"], float(line["amount"]), line["created_at"]) == (
            row["id"], row["status"], row["amount"], row["created_at"])
        assert (float(line["fraud_score"]) if line["fraud_score"] else None) == row["fraud_score"]
        assert json.loads(line["metadata"]) == row["metadata"]


@pytest.mark.parametrize("accept,body", [("application/x-ndjson", ""), ("text/csv", "id,name\r\n")])
def test_an_export_without_rows(sentinel, accept, body):
    answer = get(sentinel, "/api/users?select=id,name&id=0", accept)
    assert answer.status_code == 200 and answer.text == body


@pytest.mark.parametrize("prefix", MANNERS)
def test_an_export_has_all_rows_not_a_page(sentinel, prefix):
    answer = get(sentinel, f"{prefix}/transactions?select=id&order=id", "text/csv")
    assert answer.text.split() == ["id", *map(str, range(1, 5001))]
    assert answer.headers["x-page-size"] == "1000000"


def test_an_export_takes_filters_order_limit_and_offset(sentinel):
    answer = get(sentinel, "/api/transactions?select=id&order=id.desc&id=lte.4000&limit=3&offset=2", "application/x-ndjson")
    assert [json.loads(line)["id"] for line in answer.text.splitlines()] == [3998, 3997, 3996]


def test_an_export_begins_at_a_cursor_but_does_not_go_back(sentinel):
    path = "/api/transactions?select=id&order=id"
    first = sentinel.get(f"{path}&limit=4990").json()["next_cursor"]
    second = sentinel.get(f"{path}&limit=1000&cursor={first}").json()["next_cursor"]
    rest = get(sentinel, f"{path}&cursor={second}", "text/csv").text.split()
    assert rest == ["id", *map(str, range(2001, 5001))]
    import httpx
    answer = sentinel.get(f"/rest/v1/transactions?select=id&order=id&limit=10&cursor={first}")
    back = httpx.URL(answer.links["prev"]["url"]).params["cursor"]
    assert get(sentinel, f"{path}&cursor={back}", "text/csv").json()["code"] == "bad-cursor"


def test_a_row_is_given_in_each_form(sentinel):
    row = sentinel.get("/api/users/7?select=id,email").json()
    assert get(sentinel, "/api/users/7?select=id,email", OBJECT).json() == row
    assert get(sentinel, "/api/users/7?select=id,email", "application/x-ndjson").text == json.dumps(row, separators=(",", ":")) + "\n"
    assert get(sentinel, "/api/users/7?select=id,email", "text/csv").text == f"id,email\r\n7,{row['email']}\r\n"
    assert get(sentinel, "/api/users/0", "text/csv").status_code == 404


@pytest.mark.parametrize("prefix", MANNERS)
def test_embedded_rows_stand_in_every_form(sentinel, prefix):
    path = f"{prefix}/transactions?select=id,who:users(email),fraud_flags(severity),...users(name,industry)&order=id&limit=40"
    rows = sentinel.rows(path)
    assert list(rows[0]) == ["id", "who", "fraud_flags", "name", "industry"] and any(row["fraud_flags"] for row in rows)
    assert [json.loads(line) for line in get(sentinel, path, NDJSON).text.splitlines()] == rows
    table = list(csv.DictReader(io.StringIO(get(sentinel, path, CSV).text, newline="")))
    assert [row | {name: json.loads(row[name]) for name in ("id", "who", "fraud_flags")} for row in table] == rows


@pytest.mark.parametrize("prefix", MANNERS)
def test_a_list_of_one_is_given_as_an_object(sentinel, prefix):
    answer = get(sentinel, f"{prefix}/users?id=eq.7", OBJECT)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith(OBJECT)
    assert answer.json() == sentinel.get("/api/users/7").json()
    assert get(sentinel, f"{prefix}/users?order=id&limit=1", OBJECT).json()["id"] == 1


@pytest.mark.parametrize("prefix", MANNERS)
@pytest.mark.parametrize("query,count", [("id=eq.0", 0), ("id=lte.5", 5)])
def test_a_list_of_none_or_many_is_not_given_as_an_object(sentinel, prefix, query, count):
    answer = get(sentinel, f"{prefix}/users?{query}", OBJECT)
    assert answer.status_code == 406
    if prefix == "/api":
        assert answer.json()["code"] == "not-one-row" and f"{count} rows" in answer.json()["detail"]
    else:
        assert answer.json()["code"] == "PGRST116" and answer.json()["details"] == f"The result contains {count} rows"


@pytest.mark.parametrize("prefix", MANNERS)
def test_nulls_are_stripped_on_request(sentinel, prefix):
    path = f"{prefix}/transactions?select=id,fraud_score&order=id&limit=50"
    stripped = get(sentinel, path, "application/vnd.pgrst.array+json;nulls=stripped")
    rows = sentinel.rows(path)
    body = stripped.json()
    assert (body if isinstance(body, list) else body["transactions"]) == [
        {name: value for name, value in row.items() if value is not None} for row in rows]
    assert any(row["fraud_score"] is None for row in rows)
    one = next(row["id"] for row in rows if row["fraud_score"] is None)
    assert get(sentinel, f"{prefix}/transactions?select=id,fraud_score&id=eq.{one}", OBJECT + ";nulls=stripped").json() == {"id": one}


def test_nulls_of_a_document_are_stripped_too_but_of_no_array(database):
    database.sql(f"CREATE TABLE notes (id INTEGER PRIMARY KEY, doc {database.pick('JSON', 'json')}, text TEXT);"
                 """INSERT INTO notes VALUES (1, '{"a": null, "b" : [null, {"c":null}], "d": "x: null,"}', NULL), (2, 'null', 'null');""")
    with Leat(database=database.url, config="serve: {/rest/v1: postgrest}\ndefaults: {read: anonymous}\nresources: {notes: {}}\n") as leat:
        leat.await_ready()
        answer = get(leat, "/rest/v1/notes?order=id", "application/vnd.pgrst.array+json;nulls=stripped")
        assert answer.text == '[{"id":1,"doc":{"b":[null,{}],"d":"x: null,"}},{"id":2,"text":"null"}]'


def test_named_queries_are_given_in_each_form(sentinel):
    rows = sentinel.rows("/api/top_users?top=5")
    lines = get(sentinel, "/api/top_users?top=5", "application/x-ndjson").text.splitlines()
    assert [json.loads(line) for line in lines] == rows
    table = list(csv.DictReader(io.StringIO(get(sentinel, "/api/top_users?top=5", "text/csv").text)))
    assert [line["name"] for line in table] == [row["name"] for row in rows]
    assert get(sentinel, "/api/top_users?top=1", OBJECT).json() == rows[0]
    assert get(sentinel, "/api/top_users?top=5", OBJECT).status_code == 406


@pytest.mark.parametrize("prefix", MANNERS)
def test_what_cannot_be_given_is_a_406_that_names_what_can(sentinel, prefix):
    answer = get(sentinel, f"{prefix}/users", "text/html")
    assert answer.status_code == 406 and answer.json()["code"] == ("not-acceptable" if prefix == "/api" else "PGRST107")
    assert "application/x-ndjson" in answer.json()["hint"] and "text/csv" in answer.json()["hint"]


def test_a_cache_is_told_that_the_form_depends_on_accept(sentinel):
    assert sentinel.get("/api/users?limit=1").headers["vary"] == "Accept"
    assert get(sentinel, "/api/users", "text/html").headers["vary"] == "Accept"
    assert "vary" not in sentinel.get("/health/live").headers


@pytest.mark.parametrize("accept", ["text/csv", "application/x-ndjson", OBJECT])
def test_head_answers_as_get_without_the_body(sentinel, accept):
    path = "/api/users?id=7"
    got = get(sentinel, path, accept)
    head = sentinel.client.head(path, headers={"Accept": accept})
    assert head.status_code == 200 and head.content == b""
    assert {name: head.headers[name] for name in ("content-type", "content-length", "vary")} == {
        name: got.headers[name] for name in ("content-type", "content-length", "vary")}
