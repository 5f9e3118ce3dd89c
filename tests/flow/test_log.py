# SPDX-License-Identifier: Apache-2.0
"""The log: a line per request, with what a client must not see."""
import json

import pytest

from leat import Leat
from postgres import free_port

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


def test_a_path_that_is_not_there_has_its_client_in_the_log(leat):
    assert line_of(leat, leat.problem("/api/nots", 404)["request_id"])["client"] == "127.0.0.1"
    with leat.connect() as wire:
        wire.send(b"nonsense\r\n\r\n")
        head = wire.answer()[1]
    assert line_of(leat, head["x-request-id"])["client"] == "127.0.0.1"


def test_a_slow_request_has_its_statement_unless_that_is_off(database, tmp_path):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY);")
    body = database.pick("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT count(*) AS c FROM n",
                         "SELECT pg_sleep(0.01)::text AS c")
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/wait.sql").write_text("/* leat\nread: anonymous\n*/ " + body)
    for shown in (True, False):
        (tmp_path / "leat.yaml").write_text(f"leat: 1\nqueries: queries/\nlog: {{slow: 1ms, sql: {'on' if shown else 'off'}}}\n")
        with Leat(database=database.url, config_file=str(tmp_path / "leat.yaml")) as leat:
            answer = leat.get("/api/wait")
            assert answer.status_code == 200, answer.text
            assert ("sql" in line_of(leat, answer.headers["x-request-id"])) == shown


def test_a_failed_statement_is_in_the_log_unless_that_is_off(database):
    for shown in (True, False):
        database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY);")
        with Leat(database=database.url, config=f"{CONFIG}log: {{sql: {'on' if shown else 'off'}}}\n") as leat:
            database.sql("DROP TABLE notes;")
            line = line_of(leat, leat.problem("/api/notes", 500, "database-error")["request_id"])
            assert "notes" in line["cause"] and "SELECT" not in line["cause"]
            assert ("SELECT" in line.get("sql", "")) == shown
            assert shown or "SELECT" not in leat.log()


def test_of_a_page_whose_total_failed_the_log_has_the_total(database):
    """The first rows of the view are good, one behind them is not: only the count comes to it."""
    database.sql(f"CREATE TABLE notes (id INTEGER PRIMARY KEY, n BIGINT); INSERT INTO notes VALUES (1, 1), (2, 2), (3, 3), (4, {-2 ** 63});"
                 "CREATE VIEW odd AS SELECT id, abs(n) AS v FROM notes;")
    with Leat(database=database.url, config="defaults: {read: anonymous, page: {by: number}}\nresources: {odd: {key: id}}\n") as leat:
        assert leat.get("/api/odd?page_size=2&select=id").json()["total"] == 4
        answer = leat.get("/api/odd?page_size=2&v=not.is.null")
        assert answer.status_code >= 400, answer.text
        line = line_of(leat, answer.json()["request_id"])
        assert "count(*)" in line["sql"] and "count(*)" not in line["cause"]


def test_the_level_says_which_lines_there_are(database, tmp_path):
    """Its log goes to a file of the test's own, for the harness waits for a line that this level drops."""
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY);")
    with open(tmp_path / "log", "wb") as log, \
            Leat(database=database.url, config=CONFIG + "log: {level: error}\n", listen=f"127.0.0.1:{free_port()}", stderr=log) as leat:
        leat.problem("/api/notes?x=1", 400)
        database.sql("ALTER TABLE notes RENAME TO gone;")
        request_id = leat.problem("/api/notes", 500)["request_id"]
        leat.await_true(lambda: request_id in (tmp_path / "log").read_text())
    levels = [json.loads(line)["level"] for line in (tmp_path / "log").read_text().splitlines()]
    assert set(levels) == {"error"}


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


def test_a_client_that_leaves_has_its_line_too(database):
    database.sql(database.pick("CREATE VIEW sleepy AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT max(i) AS i FROM n;",
                               "CREATE VIEW sleepy AS SELECT 1 AS i FROM pg_sleep(20);"))
    with Leat(database=database.url, config="defaults: {read: anonymous}\nresources: {sleepy: {}}\n") as leat:
        with leat.connect() as wire:
            wire.send(b"GET /api/sleepy?select=i HTTP/1.1\r\nHost: x\r\n\r\n")
            leat.await_true(lambda: leat.get("/health").json()["checks"]["database"]["busy"] >= 1)
        leat.await_true(lambda: [line for line in leat.lines("request") if line["status"] == 499])
        line = next(line for line in leat.lines("request") if line["status"] == 499)
        assert line["target"] == "/api/sleepy?select=i" and line["route"] == "sleepy"
