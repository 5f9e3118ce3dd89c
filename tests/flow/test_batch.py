# SPDX-License-Identifier: Apache-2.0
"""Several requests in one: each is what it would be alone; in a transaction all of them are done, or none."""
import concurrent.futures
import json
import socket

import pytest

from leat import Leat, client_of

CONFIG = """
defaults: {read: anonymous, write: anonymous}
serve: {/api: plain, /rest/v1: postgrest}
resources:
  items: {version: revision, select: '*,notes(text)', page: {by: number}}
  notes: {cache: 1h}
  secrets: {write: none}
  hidden: {read: none}
%s"""
SCHEMA = """
CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, revision INTEGER NOT NULL DEFAULT 1);
CREATE TABLE notes (id INTEGER PRIMARY KEY, item INTEGER REFERENCES items (id) DEFERRABLE INITIALLY DEFERRED, text TEXT);
CREATE TABLE secrets (id INTEGER PRIMARY KEY); CREATE TABLE hidden (id INTEGER PRIMARY KEY);
INSERT INTO items (id, name) VALUES (1, 'one'), (2, 'two');
INSERT INTO notes VALUES (1, 1, 'a note');
"""


@pytest.fixture
def leat(database):
    database.sql(SCHEMA)
    with Leat(database=database.url, config=CONFIG % "") as running:
        yield running.await_ready()


def get(path, **headers):
    return {"method": "GET", "path": path} | ({"headers": headers} if headers else {})


def post(path, body, **headers):
    return {"method": "POST", "path": path, "body": body} | ({"headers": headers} if headers else {})


def patch(path, body, **headers):
    return {"method": "PATCH", "path": path, "body": body, "headers": headers}


def send(leat, *parts, transaction=None):
    body = {"requests": list(parts)} | ({} if transaction is None else {"transaction": transaction})
    answer = leat.client.post("/api/batch", json=body)
    assert answer.status_code == 200, answer.text
    responses = answer.json()["responses"]
    assert len(responses) == len(parts)
    return responses


def statuses(responses):
    return [response["status"] for response in responses]


def refused(leat, body, status=400, code="bad-batch"):
    answer = leat.client.post("/api/batch", content=body if isinstance(body, bytes) else json.dumps(body).encode(),
                              headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code, answer.text
    return answer.json()


# --- one by one ---

def test_each_part_is_answered_as_it_would_be_alone(leat):
    paths = ["/api/items?page=1&page_size=1", "/api/items/1", "/api/items/77", "/rest/v1/items?id=eq.1", "/api/items?nothing=1", "/api/none",
             "/api/hidden", "/api/items/1?select=name", "/health/live", "/openapi.json"]
    for response, path in zip(send(leat, *(get(path) for path in paths)), paths):
        alone = leat.get(path)
        assert response["status"] == alone.status_code
        theirs, ours = response.get("body"), alone.json()
        for body in (theirs, ours):
            if isinstance(body, dict):
                body.pop("request_id", None)
        assert theirs == ours
        for name in ("Content-Type", "Content-Range", "Link"):
            assert response["headers"].get(name) == alone.headers.get(name)


def test_answers_stand_in_the_order_of_the_requests_and_writes_are_done(leat):
    responses = send(leat, post("/api/items", {"id": 3, "name": "three"}), post("/api/items", [{"id": 4, "name": "four"}]),
                     {"method": "DELETE", "path": "/api/items/2"}, get("/api/secrets"), post("/api/secrets", {"id": 1}),
                     patch("/api/items/1", {"name": "uno"}, Prefer="return=minimal"), {"method": "HEAD", "path": "/api/items/1"})
    assert statuses(responses) == [201, 201, 204, 200, 405, 204, 200]
    assert responses[0]["headers"]["Location"] == "/api/items/3" and responses[0]["body"]["name"] == "three"
    assert "body" not in responses[2] and "body" not in responses[5] and "body" not in responses[6]
    assert "POST" not in responses[4]["headers"]["Allow"]
    assert sorted(row["name"] for row in leat.rows("/api/items")) == ["four", "three", "uno"]


def test_other_forms_than_json_stand_as_a_text(leat):
    responses = send(leat, get("/api/items?select=id,name&order=id", Accept="text/csv"))
    responses += send(leat, post("/api/items", 'id,name\r\n7,"a ""b"""\r\n', **{"Content-Type": "text/csv"}), get("/docs"))
    assert responses[0]["body"] == "id,name\r\n1,one\r\n2,two\r\n"
    assert responses[1]["status"] == 201 and leat.get("/api/items/7").json()["name"] == 'a "b"'
    assert responses[2]["body"].startswith("<!doctype html>") or "<html" in responses[2]["body"]


def test_conditions_and_keys_hold_for_each_part(leat):
    first = send(leat, get("/api/items/1"))[0]
    tag = first["headers"]["ETag"]
    responses = send(leat, get("/api/items/1", **{"If-None-Match": tag}), patch("/api/items/1", {"revision": 2}, **{"If-Match": tag}))
    assert statuses(responses) == [304, 200] and "body" not in responses[0]
    assert statuses(send(leat, patch("/api/items/1", {"revision": 3}, **{"If-Match": tag}))) == [412]
    key = {"Idempotency-Key": "k"}
    for replayed in (None, "true"):
        response = send(leat, post("/api/items", {"id": 9, "name": "nine"}, **key))[0]
        assert response["status"] == 201 and response["headers"].get("Idempotency-Replayed") == replayed


def test_what_is_kept_is_given_and_a_write_makes_it_stale(leat):
    for _ in range(3):
        assert send(leat, get("/api/notes"), get("/api/notes"))[0]["body"]["notes"][0]["text"] == "a note"
    assert statuses(send(leat, patch("/api/notes/1", {"text": "new"}))) == [200]
    assert leat.get("/api/notes").json()["notes"][0]["text"] == "new"
    assert statuses(send(leat, patch("/api/notes/1", {"text": "newer"}), get("/api/notes"), transaction=True)) == [200, 200]
    assert send(leat, get("/api/notes"))[0]["body"]["notes"][0]["text"] == "newer"


def test_a_hundred_parts_and_not_one_more(leat):
    responses = send(leat, *(get(f"/api/items/{number % 3}") for number in range(100)))
    assert [response["status"] for response in responses] == [(404, 200, 200)[number % 3] for number in range(100)]
    assert "100" in refused(leat, {"requests": [get("/api/items")] * 101})["detail"]
    assert send(leat) == [] and send(leat, transaction=True) == []


# --- what is no batch ---

def test_what_is_no_batch_is_refused_and_nothing_is_done(leat):
    good = post("/api/items", {"id": 50, "name": "never"})
    for bad in ({}, [], [good], {"requests": {}}, {"requests": [good, 5]}, {"requests": [good], "transaction": 1}, {"requests": [good], "more": 1},
                {"requests": [good, {"method": "GET"}]}, {"requests": [good, {"path": "/api/items"}]}, {"requests": [good, get("api/items")]},
                {"requests": [good, get("/api/items\r\nX: y")]}, {"requests": [good, get("/api/items HTTP/1.1")]}, {"requests": [good, get("/api/\u00fc")]},
                {"requests": [good, {"method": "get", "path": "/api/items"}]}, {"requests": [good, {"method": "OPTIONS", "path": "/"}]},
                {"requests": [good, get("/api/items") | {"url": "x"}]}, {"requests": [good, get("/api/items", Authorization="Bearer x")]},
                {"requests": [good, get("/api/items", Host="x")]}, {"requests": [good, get("/api/items", Prefer="a\r\nX-Forwarded-For: 1.2.3.4")]},
                {"requests": [good, get("/api/items") | {"headers": {"Prefer": 1}}]}, {"requests": [good, get("/api/items") | {"headers": []}]},
                {"requests": [good, get("/api/items", **{"Content-Length": "5"})]}):
        assert refused(leat, bad, code="malformed-body" if bad == {"requests": [good, 5]} else "bad-batch")
    assert refused(leat, {"requests": [good, get("x")]})["place"] == "requests[1].path"
    refused(leat, b"", code="malformed-body")
    refused(leat, b'{"requests":[', code="malformed-body")
    assert leat.get("/api/items/50").status_code == 404
    assert leat.client.post("/api/batch", content=b"a,b", headers={"Content-Type": "text/csv"}).status_code == 415
    keyed = leat.client.post("/api/batch", json={"requests": [good]}, headers={"Idempotency-Key": "k"})
    assert keyed.status_code == 400 and keyed.json()["code"] == "bad-idempotency-key"
    assert leat.get("/api/batch").status_code == 405
    assert leat.client.post("/rest/v1/batch", json={"requests": []}).status_code == 404


def test_a_batch_is_no_part_of_a_batch_and_a_bad_part_harms_no_other(leat):
    responses = send(leat, post("/api/batch", {"requests": []}), get("/api/items?a=" + "x" * 20000), get("/api/../items"), get("/api/items/1"))
    assert statuses(responses) == [400, 414, 400, 200]
    assert responses[0]["body"]["code"] == "not-in-batch"


def test_all_answers_together_have_a_limit(database):
    database.sql(SCHEMA)
    with Leat(database=database.url, config=CONFIG % "answers: {bytes_max: 64KiB}\n") as leat:
        long = "x" * 30000
        assert statuses(send(leat, post("/api/items", {"id": 10, "name": long}))) == [201]
        responses = send(leat, get("/api/items/10"), get("/api/items/10"), get("/api/items/10"), get("/api/items/1"))
        assert sorted(statuses(responses)[:3]) == [200, 200, 422] and statuses(responses)[3:] == [200]
        refused_one = next(response for response in responses if response["status"] == 422)
        assert refused_one["body"]["code"] == "answer-too-large"
        written = send(leat, *(post("/api/items", {"id": number, "name": long}) for number in range(20, 23)))
        assert statuses(written) == [201, 201, 201]
        assert [response["headers"].get("Idempotency-Body") for response in written if "body" not in response] == ["not-kept"]
        failed = send(leat, post("/api/items", {"id": 12, "name": long}), get("/api/items/10"), get("/api/items/10"), transaction=True)
        assert statuses(failed) == [424, 424, 422] and leat.get("/api/items/12").status_code == 404


def test_it_can_be_limited_and_turned_off(database):
    database.sql(SCHEMA)
    with Leat(database=database.url, config=CONFIG % "batch: 2\n") as leat:
        assert statuses(send(leat, get("/api/items"), get("/api/items"))) == [200, 200]
        refused(leat, {"requests": [get("/api/items")] * 3})
        assert "/api/batch" in leat.get("/openapi.json").json()["paths"]
    with Leat(database=database.url, config=CONFIG % "batch: off\n") as leat:
        assert leat.client.post("/api/batch", json={"requests": []}).status_code == 404
        assert "/api/batch" not in leat.get("/openapi.json").json()["paths"]


# --- in a transaction ---

def test_in_a_transaction_parts_see_what_those_before_them_wrote(leat):
    responses = send(leat, post("/api/notes", {"id": 5, "item": 3, "text": "before its item"}), post("/api/items", {"id": 3, "name": "three"}),
                     get("/api/items/3"), patch("/api/items/3", {"name": "drei"}), get("/api/items?id=eq.3"), {"method": "DELETE", "path": "/api/items/2"},
                     get("/api/items?order=id&page_size=1"), get("/rest/v1/items?select=id", Prefer="count=exact"),
                     {"method": "PUT", "path": "/api/items/8", "body": {"name": "put"}},
                     post("/api/items", [{"id": 20 + number, "name": "many"} for number in range(10)]), transaction=True)
    assert statuses(responses) == [201, 201, 200, 200, 200, 204, 200, 200, 201, 201]
    assert responses[2]["body"]["notes"] == [{"text": "before its item"}]
    assert responses[4]["body"]["items"][0]["name"] == "drei" and responses[4]["body"]["total"] == 1
    assert responses[6]["body"]["total"] == 2
    assert responses[7]["headers"]["Content-Range"] == "0-1/2"
    assert [row["id"] for row in leat.rows("/api/items?order=id&page_size=100")] == [1, 3, 8, *range(20, 30)]


@pytest.mark.parametrize("culprit, status", [
    (post("/api/items", {"id": 1, "name": "again"}), 409), (post("/api/items", {"id": 60}), 400), (post("/api/items", {"id": "x", "name": "x"}), 400),
    (patch("/api/items/77", {"name": "x"}), 404), (get("/api/items/77"), 404), (get("/api/none"), 404), (get("/api/items?nothing=1"), 400),
    (patch("/api/items/1", {"name": "x"}, **{"If-Match": '"9.x"'}), 412), (post("/api/secrets", {"id": 1}), 405), (get("/health"), 400),
    (get("/rest/v1/items", Accept="application/vnd.pgrst.object+json"), 406), (post("/api/batch", {"requests": []}), 400),
    (post("/api/items", {"id": 61, "name": "x"}, **{"Idempotency-Key": "k"}), 400), (get("/api/items?a=" + "x" * 20000), 414)])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_that_fails_undoes_all(leat, culprit, status, place):
    others = [post("/api/items", {"id": 51, "name": "never"}), patch("/api/items/1", {"name": "never"})]
    responses = send(leat, *others[:place], culprit, *others[place:], transaction=True)
    expected = [424, 424]
    expected.insert(place, status)
    assert statuses(responses) == expected, responses
    for response in responses:
        assert (response["status"] == 424) == (response["body"].get("code") == "failed-dependency")
    assert [(row["id"], row["name"]) for row in leat.rows("/api/items?order=id")] == [(1, "one"), (2, "two")]


def test_what_needed_no_statement_is_taken_back_too(leat):
    responses = send(leat, post("/api/items", []), post("/api/items", {"id": 1, "name": "again"}), transaction=True)
    assert statuses(responses) == [424, 409]
    assert statuses(send(leat, post("/api/items", []), get("/api/items/1"), transaction=True)) == [201, 200]


def test_a_constraint_that_fails_at_the_commit_is_the_batchs_own(leat):
    answer = leat.client.post("/api/batch", json={"transaction": True, "requests": [
        post("/api/items", {"id": 51, "name": "never"}), post("/api/notes", {"id": 9, "item": 999, "text": "of nothing"})]})
    assert answer.status_code == 409 and answer.json()["code"] == "foreign-key-violation", answer.text
    assert leat.get("/api/items/51").status_code == 404 and leat.get("/api/notes/9").status_code == 404


def test_two_transactions_on_the_same_rows_do_not_mix(leat):
    """Each moves one from a row to the other, guarded by the version it has read."""
    def move(_):
        with client_of(leat.url) as client:
            done = 0
            while done < 5:
                now = client.get("/api/items/1")
                number = now.json()["revision"]
                answer = client.post("/api/batch", json={"transaction": True, "requests": [
                    patch("/api/items/1", {"revision": number + 1}, **{"If-Match": now.headers["etag"]}),
                    patch("/api/items/2", {"revision": number + 1})]})
                done += statuses(answer.json()["responses"]) == [200, 200]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(move, range(4)))
    assert [row["revision"] for row in leat.rows("/api/items?order=id")] == [21, 21]


# --- clients that leave ---

@pytest.mark.parametrize("transaction", [True, False])
def test_a_client_that_leaves_leaves_nothing_behind(leat, transaction):
    for number in range(20):
        parts = [post("/api/items", {"id": 1000 + number * 10 + part, "name": "x" * 1000}) for part in range(10)] + [get("/api/items")] * 20
        body = json.dumps({"requests": parts, "transaction": transaction}).encode()
        with socket.create_connection((leat.host, leat.port)) as end:
            end.sendall(b"POST /api/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    leat.await_true(lambda: leat.get("/api/items/1").status_code == 200)
    rows = leat.rows("/api/items?id=gte.1000&select=id&page_size=1000")
    if transaction:
        done = {}
        for row in rows:
            done[row["id"] // 10] = done.get(row["id"] // 10, 0) + 1
        assert all(count == 10 for count in done.values())
