# SPDX-License-Identifier: Apache-2.0
"""Exports and other large answers: whole however large, broken off visibly when they fail, and held by the spool when clients are slow."""
import concurrent.futures
import csv
import io
import json
import socket

import pytest

from leat import Leat, Wire

ROWS = 60000
NDJSON, CSV = "application/x-ndjson", "text/csv"
CONFIG = "defaults: {read: anonymous, page: {size: 100, max: 100000}}\nserve: {/api: plain, /rest/v1: postgrest}\n" \
         "resources: {logs: {}, pages: {table: logs, page: {by: number}}, turned: {table: logs, envelope: {has_more: more, rows: rows}}}\n%s"


def text_of(number):
    return f"{number} " + "xy" * 50


def fill(database, rows=ROWS):
    """Rows of about 130 bytes of JSON: 7.8 MB of them."""
    numbers = database.pick(f"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {rows})", "")
    select = database.pick("SELECT i, i || ' ' || replace(hex(zeroblob(50)), '00', 'xy') FROM n",
                           f"SELECT i, i || ' ' || repeat('xy', 50) FROM generate_series(1, {rows}) AS i")
    database.sql(f"CREATE TABLE logs (id INTEGER PRIMARY KEY, text TEXT); {numbers} INSERT INTO logs {select};")
    return database


@pytest.fixture
def logs(database):
    return fill(database)


@pytest.fixture
def leat(logs):
    with Leat(database=logs.url, config=CONFIG % "") as running:
        yield running.await_ready()


def wire(leat, request, window=None):
    end = socket.socket()
    if window:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    end.connect((leat.host, leat.port))
    end.sendall(request)
    return end


def request(path, accept=NDJSON, version="1.1", method="GET"):
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\nAccept: {accept}\r\n\r\n".encode()


def read_all(end):
    """Everything until the end or a reset."""
    data = b""
    while True:
        try:
            piece = end.recv(1 << 20)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece


def read_body(end):
    """The body of the next answer; then it is closed."""
    with Wire.over(end) as pipe:
        return pipe.answer()[2]


def alone(leat):
    def look():
        health = leat.get("/health").json()
        return health["clients"] == 1 and health["checks"]["database"]["waiting"] == 0
    leat.await_true(look)


@pytest.mark.parametrize("prefix", ["/api", "/rest/v1"])
def test_a_large_export_is_whole(leat, prefix):
    answer = leat.get(f"{prefix}/logs?order=id", headers={"Accept": NDJSON})
    assert answer.status_code == 200 and answer.headers["x-page-size"] == "1000000"
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert rows == [{"id": number, "text": text_of(number)} for number in range(1, ROWS + 1)]
    table = list(csv.reader(io.StringIO(leat.get(f"{prefix}/logs?order=id.desc", headers={"Accept": CSV}).text)))
    assert table == [["id", "text"]] + [[str(number), text_of(number)] for number in range(ROWS, 0, -1)]


def test_an_export_may_be_counted(leat):
    answer = leat.get("/rest/v1/logs?order=id", headers={"Accept": CSV, "Prefer": "count=exact"})
    assert answer.status_code in (200, 206) and answer.text.count("\n") == ROWS + 1


def test_the_connection_serves_on_behind_an_export(leat):
    with leat.connect() as pipe:
        pipe.send(request("/api/logs?limit=20000") + request("/api/logs/1", "application/json"))
        (_, _, export), (status, _, row) = pipe.answer(), pipe.answer()
        assert export.count(b"\n") == 20000 and status == 200 and json.loads(row)["id"] == 1


def test_a_client_of_http_1_0_knows_the_end_by_the_connections(leat):
    with wire(leat, request("/api/logs", version="1.0")) as end:
        head, body = read_all(end).split(b"\r\n\r\n", 1)
    assert b"transfer-encoding" not in head.lower() and b"connection: close" in head.lower()
    assert body.count(b"\n") == ROWS and json.loads(body.splitlines()[-1])["text"].startswith(f"{ROWS} ")


@pytest.mark.parametrize("accept", [NDJSON, CSV])
def test_head_of_a_large_export_has_no_body_and_the_connection_serves_on(leat, accept):
    with leat.connect() as pipe:
        for _ in range(3):
            pipe.send(request("/api/logs", accept, method="HEAD"))
            status, headers, _ = pipe.answer(head_only=True)
            assert status == 200 and headers["content-type"].startswith(accept)
        pipe.send(request("/api/logs/1", "application/json"))
        assert pipe.answer()[0] == 200


def test_a_slow_reader_gets_all_of_it_and_holds_up_nobody(leat):
    slow = [wire(leat, request("/api/logs?order=id"), window=16384) for _ in range(4)]
    assert len(leat.rows("/api/logs?limit=10")) == 10
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(read_body, slow))
    assert all(body.count(b"\n") == ROWS for body in answers) and len(set(answers)) == 1


def test_clients_that_leave_in_the_middle_leave_nothing_behind(leat):
    for number in range(16):
        end = wire(leat, request("/api/logs", CSV if number % 2 else NDJSON), window=4096)
        if number % 4:
            end.recv(number * 100)
        end.close()
    alone(leat)
    assert leat.get("/api/logs", headers={"Accept": NDJSON}).text.count("\n") == ROWS


def test_a_stop_in_the_middle_of_exports_is_clean(logs):
    with Leat(database=logs.url, config=CONFIG % "drain: {max: 1s}\n") as leat:
        slow = [wire(leat, request("/api/logs"), window=4096) for _ in range(8)]
        for end in slow:
            end.recv(100)
    for end in slow:
        end.close()


def test_a_reader_so_slow_that_the_spool_is_full_is_cut(logs):
    with Leat(database=logs.url, config=CONFIG % "answers: {bytes_max: 1MiB, spool_bytes: 1MiB}\n") as leat:
        with wire(leat, request("/api/logs"), window=4096) as end:
            leat.await_true(lambda: any(line.get("problem") == "answer-too-large" for line in leat.lines("request")))
            data = read_all(end)
        # The reset may take with it what had come.
        assert b"HTTP/1.1 200 OK".startswith(data[:15]) and not data.endswith(b"0\r\n\r\n")
        alone(leat)


def test_when_all_spools_are_full_a_slow_reader_is_cut(logs):
    with Leat(database=logs.url, config=CONFIG % "spool: {bytes: 1MiB}\n") as leat:
        with wire(leat, request("/api/logs"), window=4096) as end:
            leat.await_true(lambda: any(line.get("problem") == "spool-full" for line in leat.lines("request")))
            assert not read_all(end).endswith(b"0\r\n\r\n")


def test_a_failure_of_the_database_after_the_head_breaks_the_answer_off(database, tmp_path):
    fill(database)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/late.sql").write_text(
        "/* leat\nread: anonymous\n*/\n" + database.pick("SELECT id, abs(CASE WHEN id = 50000 THEN -9223372036854775807 - 1 ELSE id END) AS n, text FROM logs",
                                                         "SELECT id, 1 / (id - 50000) AS n, text FROM logs ORDER BY id"))
    (tmp_path / "leat.yaml").write_text("leat: 1\nqueries: queries/\n")
    with Leat(database=database.url, config_file=str(tmp_path / "leat.yaml")) as leat:
        with wire(leat, request("/api/late")) as end:
            data = read_all(end)
        assert data.startswith(b"HTTP/1.1 200 OK") and data.count(b'{"id":') > 1000 and not data.endswith(b"0\r\n\r\n")
        leat.await_true(lambda: any(line["target"] == "/api/late" for line in leat.lines("request")))
        line = next(line for line in leat.lines("request") if line["target"] == "/api/late")
        assert line["status"] >= 400 and line["problem"] and line["cause"], line
        alone(leat)


def test_a_failure_before_the_first_piece_is_a_problem(database, tmp_path):
    fill(database, rows=100)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/early.sql").write_text(
        "/* leat\nread: anonymous\n*/\n" + database.pick("SELECT id, abs(CASE WHEN id = 90 THEN -9223372036854775807 - 1 ELSE id END) AS n FROM logs",
                                                         "SELECT id, 1 / (id - 90) AS n FROM logs ORDER BY id"))
    (tmp_path / "leat.yaml").write_text("leat: 1\nqueries: queries/\n")
    with Leat(database=database.url, config_file=str(tmp_path / "leat.yaml")) as leat:
        answer = leat.get("/api/early", headers={"Accept": CSV})
        assert answer.status_code >= 400 and answer.headers["content-type"] == "application/problem+json"
        assert "x-page-size" not in answer.headers


@pytest.mark.parametrize("prefix", ["/api", "/rest/v1"])
def test_an_answer_larger_than_memory_is_whole_and_has_its_length(logs, prefix):
    with Leat(database=logs.url, config=CONFIG % "answers: {bytes_max: 100KiB}\n") as leat:
        path = f"{prefix}/logs?order=id&limit={ROWS}"
        as_it_is = {"Accept-Encoding": "identity"}
        answer = leat.get(path, headers=as_it_is)
        body = answer.json()
        rows = body if isinstance(body, list) else body["logs"]
        assert rows == [{"id": number, "text": text_of(number)} for number in range(1, ROWS + 1)]
        assert int(answer.headers["content-length"]) == len(answer.content)
        if prefix == "/api":
            assert list(body) == ["logs", "next_cursor", "prev_cursor", "has_more"] and body["has_more"] is False
        else:
            assert answer.headers["content-range"] == f"0-{ROWS - 1}/*"
        head = leat.client.head(path, headers=as_it_is)
        assert head.headers["content-length"] == answer.headers["content-length"] and head.content == b""


def test_an_answer_larger_than_the_spool_may_hold_is_refused_in_words(logs):
    with Leat(database=logs.url, config=CONFIG % "answers: {bytes_max: 100KiB, spool_bytes: 1MiB}\n") as leat:
        assert "limit" in leat.problem(f"/api/logs?limit={ROWS}", 422, "answer-too-large")["hint"]
        assert len(leat.rows("/api/logs?limit=5000")) == 5000


def test_a_page_that_cannot_go_on_is_refused_in_words_when_it_is_larger_than_memory(logs):
    with Leat(database=logs.url, config=CONFIG % "answers: {bytes_max: 100KiB}\n") as leat:
        leat.problem("/api/turned?limit=5000", 422, "answer-too-large")
        cursor = leat.get("/api/logs?limit=10000&order=id").json()["next_cursor"]
        second = leat.get(f"/api/logs?limit=10&order=id&cursor={cursor}").json()["prev_cursor"]
        leat.problem(f"/api/logs?limit=5000&order=id&cursor={second}", 422, "answer-too-large")
        assert len(leat.rows(f"/api/logs?limit=100&order=id&cursor={second}")) == 100


def test_readers_of_large_answers_that_leave_leave_nothing_behind(logs):
    with Leat(database=logs.url, config=CONFIG % "answers: {bytes_max: 100KiB}\n") as leat:
        for number in range(10):
            end = wire(leat, request(f"/api/logs?limit={ROWS}", "application/json"), window=4096)
            if number % 2:
                end.recv(1000)
            end.close()
        alone(leat)
