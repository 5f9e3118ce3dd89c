# SPDX-License-Identifier: Apache-2.0
"""The n-th allocation, read, write, accept or connect fails, for n = 1, 2, 3 … until a run in which none did.

Each run starts Leat, asks it for everything in EXCHANGES until the fault came and once more, and stops it. In the pass in which it
comes, a request may be answered by the documented status of the fault, or its connection be closed; in the next nothing is left of
it. A start that fails says why and exits with 1 or 2. As a rule of `make check` only some n are tried, under LEAT_ENDURE=1 every one."""
import os
import subprocess

import pytest

from conftest import NOTES, fill
from leat import Leat
from postgres import Postgres, free_port
from sqlite_file import SqliteFile

CONFIG = """
serve: {/api: plain, /rest: postgrest}
defaults: {read: anonymous, page: {size: 20, max: 1000}}
resources: {notes: {}, pages: {table: notes, page: {by: number}}}
queries: %s
answers: {bytes_max: 64KiB}
drain: {delay: 0s, idle: 0s, max: 5s}
workers: 1
"""
QUERY = """/* leat
summary: How many notes
params: {least: bigint = 0}
returns: row
*/
SELECT count(*) AS count FROM notes WHERE id >= :least
"""
CROWD = """/* leat
summary: More than memory may hold
*/
SELECT a.id, a.text FROM notes a, notes b WHERE b.id <= 6
"""
NONE = None  # the connection was closed


def get(path, status, more=""):
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode(), status


#: Requests, each with its status: those of a line are pipelined on one connection.
EXCHANGES = [
    [get("/api/notes/1", 200), get("/api/notes/2", 200), get("/api/notes/none", 400), get("/api/notes/5000", 404)],
    [get("/api/notes?order=text.desc&limit=5", 200), get("/rest/notes?id=in.(1,2,3)&select=text", 200)],
    [get("/api/pages?page=2&page_size=10", 200), get("/api/count?least=10", 200)],
    [get("/api/notes?limit=1000", 200), get("/api/notes?limit=1000", 200)],
    [get("/api/crowd", 200), get("/api/crowd", 200, "Accept: text/csv\r\n"), get("/api/notes/4", 200)],
    [get("/api/notes?nope=1", 400), get("/api/nope", 404), get("/rest/notes?id=eq.x", 400)],
    [get("/api/notes/3", 200, f"X-Long: {'y' * 6000}\r\n")],
    [(b"POST /api/notes HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 405), get("/health/live", 200)],
    [(b"GET /api/notes HTTP/1.1\r\nHost : x\r\n\r\n", 400)],
]
#: Rows of one table, asked for at the same time.
ROWS = [get(f"/api/notes/{key}", 200) for key in range(100, 140)]
READY = get("/health/ready", 200)[0]
FAULTS = {"LEAT_FAULT_ALLOC": {503, NONE}, "LEAT_FAULT_READ": {NONE}, "LEAT_FAULT_WRITE": {NONE},
          "LEAT_FAULT_ACCEPT": {503, NONE}, "LEAT_FAULT_CONNECT": {503}}


def spread(stripe, stripes):
    """Which n are tried: all, or the first forty and then ever fewer; every `stripes`-th of them."""
    n, index = 1, 0
    while True:
        if index % stripes == stripe:
            yield n
        index += 1
        n = n + 1 if os.environ.get("LEAT_ENDURE") or n < 40 else n * 9 // 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """With the queries."""
    path = tmp_path_factory.mktemp("queries")
    (path / "count.sql").write_text(QUERY)
    (path / "crowd.sql").write_text(CROWD)
    return path


@pytest.fixture(scope="module")
def urls(tmp_path_factory):
    """A database of each store, shared: it is only read from."""
    path = tmp_path_factory.mktemp("nth") / "notes.db"
    file = SqliteFile(path, NOTES + "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO "
                      "notes SELECT i, 'note ' || i FROM n;")
    with Postgres() as server:
        yield {"sqlite": file.url, "postgresql": fill(server).url}


def statuses(leat, exchange):
    """Of the answers to one pipeline; None for those that were not given."""
    with leat.connect() as wire:
        wire.send(b"".join(request for request, _ in exchange))
        answers = []
        for _ in exchange:
            answer = None if None in answers else wire.whole_answer()
            answers.append(answer and answer[0])
        return answers


def statuses_if_accepted(leat, exchange, name):
    """The same; when accepting fails for good a connection only waits in the queue."""
    if name != "LEAT_FAULT_ACCEPT":
        return statuses(leat, exchange)
    with leat.connect() as wire:
        wire.socket.settimeout(0.5)
        wire.send(exchange[0][0])
        try:
            answer = wire.whole_answer()
        except TimeoutError:
            answer = None
        return [answer and answer[0]]


def at_once(leat, exchanges):
    """Each on a connection of its own, all asked before any is read: as statements that are gathered."""
    wires = [leat.connect() for _ in exchanges]
    for wire, (request, _) in zip(wires, exchanges):
        wire.send(request)
    answers = [wire.whole_answer() for wire in wires]
    for wire in wires:
        wire.close()
    return [[answer and answer[0]] for answer in answers]


def came(leat, name):
    return f"{name}:" in leat.log()


def check_pass(leat, name, first=False):
    before = came(leat, name) and not first
    seen = [statuses(leat, exchange) for exchange in EXCHANGES]
    seen += at_once(leat, ROWS)
    forgiven = FAULTS[name] if came(leat, name) and not before else set()
    for exchange, answers in zip(EXCHANGES + [[row] for row in ROWS], seen):
        for (request, expected), status in zip(exchange, answers):
            assert status == expected or status in forgiven, f"{status} for {request[:60]}"


def check_failed_start(leat, name):
    code = leat.wait()
    said = [line for line in leat.log().splitlines() if f"{name}:" not in line]
    assert code in (1, 2) and said and came(leat, name) and "Sanitizer" not in leat.log(), f"exit code {code}:\n{leat.log()}"


def run(name, n, url, folder):
    """False: nothing failed, n is beyond the last."""
    port = free_port()
    leat = Leat(database=url, config=CONFIG % folder, env={name: str(n)}, expect_up=False, listen=f"127.0.0.1:{port}")
    try:
        if not leat.came_up(port):
            check_failed_start(leat, name)
            return True
        check_pass(leat, name, first=True)
        if not came(leat, name):
            check_pass(leat, name)
        fell = came(leat, name)
        leat.await_true(lambda: leat.status_of(READY) == 200)
        check_pass(leat, name)
        leat.stop()
        return fell
    except AssertionError as error:
        raise AssertionError(f"{name}={n}: {error}\n{leat.log()[-6000:] if os.path.exists(leat.log_path) else ''}") from None
    finally:
        leat.kill()


CASES = [(name, store) for name in FAULTS for store in ("sqlite", "postgresql") if name != "LEAT_FAULT_CONNECT" or store == "postgresql"]


@pytest.mark.parametrize("stripe", range(4))
@pytest.mark.parametrize("name,store", CASES)
def test_any_call_may_fail(name, store, stripe, urls, folder):
    for n in spread(stripe, 4):
        if not run(name, n, urls[store], folder):
            assert n > 1, "the fault never came"
            return


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name,n", [("LEAT_FAULT_ALLOC", 400), ("LEAT_FAULT_READ", 20), ("LEAT_FAULT_WRITE", 20), ("LEAT_FAULT_ACCEPT", 20)])
def test_calls_that_fail_from_some_time_on_end_nobody(name, n, store, urls, folder):
    """One client at a time: what is answered is right, or 503; the rest is closed. And it still stops as it should."""
    with Leat(database=urls[store], config=CONFIG % folder, env={name: f"{n}+"}) as leat:
        closed = 0
        while closed < 10:
            for exchange in EXCHANGES:
                answers = statuses_if_accepted(leat, exchange, name)
                closed += None in answers or 503 in answers
                for (request, expected), status in zip(exchange, answers):
                    assert status in (expected, 503, None), f"{status} for {request[:60]}"
        assert came(leat, name) and leat.process.poll() is None
