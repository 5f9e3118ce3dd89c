# SPDX-License-Identifier: Apache-2.0
"""Writes while something breaks: what was answered is what is in the database."""
import os
import resource
import signal

import pytest

from conftest import config, fill
from leat import Leat
from postgres import Postgres
from proxy import Proxy
from writers import Writers

WRITABLE = config(timeout="5s").replace("read: anonymous", "read: anonymous, write: anonymous")
NDJSON = "application/x-ndjson"


@pytest.fixture
def durable():
    """A PostgreSQL that loses nothing when its processes are killed."""
    with Postgres({"synchronous_commit": "on"}) as running:
        yield fill(running)


def ids_in(server):
    return [row[0] for row in server.query("SELECT id FROM notes WHERE text = 'written'")]


def ids_of_file(file):
    return [int(word) for word in file.sql("SELECT id FROM notes WHERE text = 'written';").split()]


def line(number):
    return f'{{"id":{number},"text":"written"}}\n'


# --- PostgreSQL ---

@pytest.mark.parametrize("end", ["fast", "immediate", "kill -9"])
def test_a_server_that_ends_under_writes_has_what_was_answered(durable, end):
    with Leat(database=durable.url, config=WRITABLE) as leat:
        with Writers(leat.await_ready()) as writers:
            for _ in range(2):
                writers.good()
                durable.kill() if end == "kill -9" else durable.stop_server(end)
                writers.see(503)
                durable.start()
            writers.good()
        writers.check(ids_in(durable))


def test_backends_that_are_terminated_under_writes(durable):
    with Leat(database=durable.url, config=WRITABLE) as leat:
        with Writers(leat.await_ready()) as writers:
            for _ in range(20):
                writers.good(times=1)
                durable.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'leat'")
            writers.good()
        writers.check(ids_in(durable))


def test_connections_cut_at_any_moment_of_a_write(durable):
    with Proxy(durable.port) as proxy, Leat(database=f"postgresql://leat@127.0.0.1:{proxy.port}/leat", config=WRITABLE) as leat:
        with Writers(leat.await_ready()) as writers:
            for after in (*range(400, 1000, 60), None):
                proxy.cut_after = after
                proxy.cut_all()
                writers.see(503, times=1) if after else writers.good()
        leat.await_true(lambda: durable.query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND application_name = 'leat'") == [(0,)])
        writers.check(ids_in(durable))


def test_a_commit_whose_answer_is_lost_is_of_unknown_outcome(durable):
    signals = "signals: {met: {on: notes, when: text=eq.never}}\n"
    with Proxy(durable.port) as proxy, Leat(database=f"postgresql://leat@127.0.0.1:{proxy.port}/leat", config=WRITABLE + signals) as leat:
        leat.await_ready()
        assert leat.client.post("/api/notes", json={"id": 5000, "text": "written"}).status_code == 201
        assert "\nleat_signals_raised_total 0\n" in leat.get("/metrics").text
        durable.psql("CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END';"
                     "CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION nap()")
        with leat.connect() as wire:
            body = line(5001)
            wire.send(f"POST /api/notes HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            leat.await_true(lambda: durable.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
            proxy.cut_all()
            status, headers, answer = wire.answer()
        assert status == 503 and b"outcome-unknown" in answer and b"Idempotency-Key" in answer and "retry-after" not in headers
        assert "\nleat_signals_raised_total 1\n" in leat.get("/metrics").text  # a row may have met it
        leat.await_true(lambda: ids_in(durable) == [5000, 5001])


def test_a_row_that_another_has_locked_is_told_as_a_timeout_and_nothing_is_written(durable):
    with Leat(database=durable.url, config=WRITABLE.replace("timeout: 5s", "timeout: 500ms")) as leat:
        leat.await_ready()
        connection = durable.connect()
        connection.autocommit = False
        connection.cursor().execute("UPDATE notes SET text = 'held' WHERE id = 1")
        answer = leat.client.patch("/api/notes/1", json={"text": "written"})
        assert answer.status_code == 504 and answer.json()["code"] == "query-timeout"
        connection.rollback()
        connection.close()
        assert ids_in(durable) == []
        assert leat.client.patch("/api/notes/1", json={"text": "written"}).json() == {"id": 1, "text": "written"}


# --- SQLite ---

def test_a_file_that_another_process_holds_is_waited_for_then_told_then_written(file):
    with Leat(database=file.url, config=WRITABLE.replace("timeout: 5s", "timeout: 1s")) as leat:
        with Writers(leat.await_ready()) as writers:
            writers.good()
            locker = file.begin()
            writers.see(503)
            locker.execute("ROLLBACK")
            locker.close()
            writers.good()
        writers.check(ids_of_file(file))


def small_files():
    """No file may grow beyond a MiB, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


def test_a_full_disk_is_told_and_what_was_answered_is_there(file):
    with Leat(database=file.url, config=WRITABLE, preexec=small_files) as leat:
        leat.await_ready()
        with Writers(leat, kinds=(3, 200)) as writers:
            writers.see(503, times=20)
        assert leat.get("/api/notes/1").status_code == 200
        writers.check(ids_of_file(file))
        assert file.sql("PRAGMA integrity_check;").strip() == "ok"


# --- both ---

@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request):
    """(url, ids): a database that keeps what is committed."""
    if request.param == "sqlite":
        file = request.getfixturevalue("file")
        return file.url, lambda: ids_of_file(file)
    server = request.getfixturevalue("durable")
    return server.url, lambda: ids_in(server)


def test_a_process_killed_while_it_writes_has_what_was_answered(kept):
    url, ids = kept
    for _ in range(3):
        leat = Leat(database=url, config=WRITABLE)
        with Writers(leat.await_ready(), above=max(ids(), default=0)) as writers:
            writers.good()
            os.kill(leat.pid, signal.SIGKILL)
            leat.process.wait()
            writers.see(0)
        leat.kill()
        writers.check(ids())


def test_a_process_told_to_stop_while_it_writes_answers_what_it_wrote(kept):
    url, ids = kept
    with Leat(database=url, config=WRITABLE) as leat:
        with Writers(leat.await_ready()) as writers:
            writers.good()
            leat.signal(signal.SIGTERM)
            writers.see(0)
        leat.wait()
        writers.check(ids())


def test_clients_that_leave_before_the_answer_or_in_the_middle_of_a_body(kept):
    url, ids = kept
    with Leat(database=url, config=WRITABLE) as leat:
        leat.await_ready()
        whole, half = set(), set()
        for number in range(0, 40, 2):
            body = "".join(line(number * 1000 + i) for i in range(1, 500))
            head = f"POST /api/notes HTTP/1.1\r\nHost: x\r\nContent-Type: {NDJSON}\r\nContent-Length: {len(body)}\r\n\r\n"
            with leat.connect() as wire:
                cut = number % 4 == 0
                wire.send((head + body)[:len(head) + len(body) // (2 if cut else 1)].encode())
            (half if cut else whole).update(range(number * 1000 + 1, number * 1000 + 500))
        assert leat.client.post("/api/notes", json={"id": 999999, "text": "written"}).status_code == 201
        leat.await_true(lambda: len(set(ids()) & whole) % 499 == 0)
        assert not set(ids()) & half, "half a body is none"
        assert leat.client.post("/api/notes", json={"id": 999998, "text": "written"}).status_code == 201
