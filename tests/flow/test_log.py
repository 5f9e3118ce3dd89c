# SPDX-License-Identifier: Apache-2.0
"""The log: a line per request, with what a client must not see."""
import json

import pytest

from leat import Leat

CONFIG = "defaults: {read: anonymous}\nresources: {notes: {}}\n"


@pytest.fixture
def leat(database):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO notes VALUES (1, 'one'), (2, 'two');")
    with Leat(database=database.url, config=CONFIG) as running:
        yield running


def line_of(leat, request_id):
    leat.await_true(lambda: any(line.get("id") == request_id for line in leat.lines("request")))
    return next(line for line in leat.lines("request") if line["id"] == request_id)


def test_each_request_has_a_line_under_its_id(leat):
    answer = leat.get("/api/notes?id=1")
    line = line_of(leat, answer.headers["x-request-id"])
    assert (line["method"], line["target"], line["status"], line["rows"], line["route"]) == ("GET", "/api/notes?id=1", 200, 1, "notes")
    assert line["bytes"] > len(answer.content) and line["took_us"] > 0 and line["client"] == "127.0.0.1"


def test_ids_are_unique(leat):
    ids = {leat.get("/health/live").headers["x-request-id"] for _ in range(50)}
    assert len(ids) == 50


def test_what_the_database_said_is_in_the_log_and_not_in_the_answer(leat, database):
    database.sql("ALTER TABLE notes RENAME TO gone;")
    answer = leat.get("/api/notes")
    assert answer.status_code == 500 and answer.json()["code"] == "database-error"
    line = line_of(leat, answer.json()["request_id"])
    assert "notes" in line["cause"] and "SELECT" in line["sql"]
    for secret in ("SELECT", "FROM", "no such table", "does not exist", "relation"):
        assert secret not in answer.text


def test_fast_good_requests_are_sampled_and_problems_are_all_there(database):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY);")
    with Leat(database=database.url, config=CONFIG + "log: {sample: 10}\n", args=["--workers", "1"]) as leat:
        for _ in range(40):
            assert leat.get("/api/notes").status_code == 200
        ids = [leat.problem("/api/notes?x=1", 400)["request_id"] for _ in range(5)]
        for request_id in ids:
            line_of(leat, request_id)
        good = [line for line in leat.lines("request") if line["target"] == "/api/notes"]
        assert 3 <= len(good) <= 6


def test_every_line_is_json(leat):
    leat.get("/api/notes?text=eq.%22%5C%0A")
    leat.get("/api/n%C3%B6tes")
    for line in leat.log().splitlines():
        json.loads(line)
