# SPDX-License-Identifier: Apache-2.0
"""Slow readers, gone clients, many connections: held by back-pressure, never by growing memory."""
import os
import socket

import pytest

from leat import BIN, Leat

CONFIG = "defaults: {read: anonymous, page: {size: 100, max: 1000}}\nresources: {blobs: {}}\n%s"
MIB = 1024 * 1024


@pytest.fixture
def blobs(database):
    """A page of them is 2 MB."""
    text = database.pick("WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000)", "")
    rows = database.pick("SELECT i, replace(hex(zeroblob(1000)), '00', 'xy') FROM n", "SELECT i, repeat('xy', 1000) FROM generate_series(1, 1000) AS i")
    database.sql(f"CREATE TABLE blobs (id INTEGER PRIMARY KEY, text TEXT); {text} INSERT INTO blobs {rows};")
    return database


def slow_wire(leat):
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.connect((leat.host, leat.port))
    wire.sendall(b"GET /api/blobs?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
    return wire


def test_slow_readers_by_the_hundred_do_not_grow_memory_beyond_the_total_allowed(blobs):
    freed_at_once = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"}
    with Leat(database=blobs.url, config=CONFIG % "answers: {bytes_total: 64MiB}\n", args=["--workers", "1"], env=freed_at_once) as leat:
        for _ in range(20):
            assert leat.get("/api/blobs?limit=1000").status_code == 200
        before = leat.rss_bytes()
        wires = [slow_wire(leat) for _ in range(100)]
        leat.await_true(lambda: any(line.get("problem") == "answers-full" for line in leat.lines("request")))
        assert leat.get("/health/live").status_code == 200
        most = 64 * MIB * (10 if "tsan" in BIN else 3)  # TSan keeps shadows of every byte
        assert leat.rss_bytes() - before < most, "an answer is held once, allocators and sanitizers aside"
        for wire in wires:
            wire.close()
        leat.await_true(lambda: leat.get("/api/blobs?limit=1000").status_code == 200)


def test_a_reader_that_takes_nothing_is_cut(blobs):
    with Leat(database=blobs.url, config=CONFIG % "http: {read_rate: 1MiB/s}\n") as leat:
        wire = slow_wire(leat)
        leat.await_true(lambda: leat.get("/health").json()["clients"] == 1)
        wire.close()


def test_clients_that_leave_in_mid_answer_leave_nothing_behind(blobs):
    with Leat(database=blobs.url, config=CONFIG % "") as leat:
        for _ in range(100):
            slow_wire(leat).close()
        leat.await_true(lambda: leat.get("/health").json()["clients"] == 1)
        assert leat.get("/health").json()["checks"]["database"]["waiting"] == 0
        assert leat.get("/api/blobs?limit=1000").status_code == 200


def test_a_thousand_idle_connections_do_not_hinder_one(blobs):
    with Leat(database=blobs.url, config=CONFIG % "") as leat:
        wires = [leat.connect() for _ in range(1000)]
        leat.await_true(lambda: leat.get("/health").json()["clients"] == 1001)
        assert len(leat.rows("/api/blobs?limit=10")) == 10
        for wire in wires:
            wire.close()


def test_an_answer_larger_than_allowed_is_refused_in_words(blobs):
    with Leat(database=blobs.url, config=CONFIG % "answers: {bytes_max: 100KiB, spool_bytes: 1MiB}\n") as leat:
        assert "limit" in leat.problem("/api/blobs?limit=1000", 422, "answer-too-large")["hint"]
        assert len(leat.rows("/api/blobs?limit=10")) == 10
