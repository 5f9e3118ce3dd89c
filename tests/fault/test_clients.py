# SPDX-License-Identifier: Apache-2.0
"""Clients that leave, dawdle, speak half, or come in crowds, on both stores."""
import json
import resource
import socket
import struct

import pytest

from conftest import NOTES, PATHS, config
from leat import Leat
from load import Load
from sqlite_file import SqliteFile

ONE = b"GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b"GET /api/notes?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n"
OVERLOADED = (503, "overloaded")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """A database whose page of a thousand notes is 2 MB."""
    if request.param == "postgresql":
        server = request.getfixturevalue("server")
        server.psql("UPDATE notes SET text = repeat('xy', 1000);")
        return server.url
    path = request.getfixturevalue("tmp_path") / "notes.db"
    return SqliteFile(path, NOTES + "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO "
                      "notes SELECT i, replace(hex(zeroblob(1000)), '00', 'xy') FROM n;").url


@pytest.fixture
def leat(database):
    with Leat(database=database, config=config()) as running:
        yield running.await_ready()


def alone(leat):
    """Waits until only the connection that asks is left, and nothing waits for the database."""
    def look():
        health = leat.get("/health").json()
        return health["clients"] == 1 and health["checks"]["database"]["waiting"] == 0
    leat.await_true(look)


def small_window(leat):
    """A connection into which the kernel takes little."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.connect((leat.host, leat.port))
    return wire


def reset(wire):
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


def test_clients_that_reset_at_any_moment_leave_nothing_behind(leat):
    with Load(leat, PATHS, clients=2) as load:
        load.good()
        for number in range(150):
            wire = small_window(leat)
            wire.sendall((ONE, LARGE, LARGE[:20], ONE * 5 + LARGE, LARGE * 3)[number % 5])
            if number % 5 != 2 and number % 3 == 0:
                wire.recv(1000)
            reset(wire)
        leat.await_true(lambda: leat.get("/health").json()["clients"] <= 3)
        load.good()
    load.check([])
    alone(leat)


def test_clients_that_shut_their_side_after_asking_are_taken_for_gone_or_answered_whole(leat):
    for number in range(50):
        with leat.connect() as wire:
            wire.send((ONE, LARGE)[number % 2])
            wire.socket.shutdown(socket.SHUT_WR)
            answer = wire.answer()
            assert answer is None or answer[0] == 200
            wire.closed()
    alone(leat)


def test_clients_that_shut_their_side_in_mid_head_are_closed(leat):
    for _ in range(20):
        with leat.connect() as wire:
            wire.send(ONE[:-2])
            wire.socket.shutdown(socket.SHUT_WR)
            wire.closed()
    alone(leat)


def test_slow_readers_by_the_hundred_are_cut_and_others_served(database):
    limits = "http: {read_rate: 1MiB/s}\nanswers: {bytes_total: 64MiB}\n"
    with Leat(database=database, config=config(limits, timeout="20s", wait="20s")) as leat:
        wires = [small_window(leat) for _ in range(150)]
        for wire in wires:
            wire.sendall(LARGE.replace(b"1000", b"150") * 10)
        assert leat.get("/health/live").status_code == 200
        alone(leat)
        leat.await_true(lambda: leat.get("/api/notes?limit=1000").status_code == 200)
        for wire in wires:
            wire.close()


def test_heads_that_never_end_are_told_408_and_closed(database):
    with Leat(database=database, config=config("http: {head: 300ms}\n")) as leat:
        wires = [leat.connect() for _ in range(50)]
        for wire in wires:
            wire.send(b"GET /api/notes/1 HTTP/1.1\r\nHost: x\r\nX: ")
        assert {wire.answer()[0] for wire in wires} == {408}
        assert all(wire.closed() == b"" for wire in wires)
        alone(leat)


def test_more_connections_than_allowed_are_told_503_and_when_to_come_again(database):
    with Leat(database=database, config=config("http: {connections: 10}\n")) as leat:
        leat.await_ready()
        wires = [leat.connect() for _ in range(9)]
        for wire in wires:
            wire.send(ONE)
            assert wire.answer()[0] == 200
        with leat.connect() as refused:
            status, headers, body = refused.answer()
            assert status == 503 and json.loads(body)["code"] == "overloaded" and headers["retry-after"] and headers["connection"] == "close"
            refused.closed()
        for wire in wires:
            wire.send(ONE)
            assert wire.answer()[0] == 200, "those that were in stay in"
            wire.close()
        leat.await_true(lambda: leat.status_of(ONE) == 200)


def test_more_connections_of_an_address_than_allowed_are_told_503(database):
    with Leat(database=database, config=config("http: {per_address: 5}\n")) as leat:
        wires = [leat.connect() for _ in range(4)]
        for wire in wires:
            wire.send(ONE)
            assert wire.answer()[0] == 200
        with leat.connect() as refused:
            assert refused.answer()[0] == 503
        with socket.create_connection((leat.host, leat.port), source_address=("127.0.0.2", 0)) as other:
            other.sendall(ONE)
            assert other.recv(12) == b"HTTP/1.1 200"
        for wire in wires:
            wire.close()


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def test_a_process_out_of_descriptors_serves_those_it_has_and_recovers(database):
    with Leat(database=database, config=config(), preexec=few_descriptors) as leat:
        leat.await_ready()
        wires = []
        for _ in range(100):
            wires.append(leat.connect())
            wires[-1].send(ONE)
        assert leat.process.poll() is None
        outcomes = []
        for wire in wires[:30]:
            answer = wire.answer()
            outcomes.append(answer and answer[0])
        assert outcomes.count(200) >= 10 and set(outcomes) <= {200, 503, None}
        for wire in wires:
            wire.close()
        leat.await_true(lambda: leat.get("/api/notes/1").status_code == 200)
        with Load(leat, PATHS, clients=4) as load:
            load.good(times=200)
        leat.await_ready()
    load.check([])
