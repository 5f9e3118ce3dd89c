# SPDX-License-Identifier: Apache-2.0
"""Start, reload, drain, hand-over: nothing is lost on the way."""
import os
import pathlib
import signal
import threading

import httpx
import pytest

from leat import Leat, client_of

CONFIG = "defaults: {read: anonymous}\nresources: {notes: {}}\ndrain: {delay: %s, idle: %s, max: 20s}\n"


@pytest.fixture
def notes(database):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); CREATE TABLE extra (id INTEGER PRIMARY KEY);"
                 "INSERT INTO notes VALUES (1, 'one'), (2, 'two');")
    return database


def start(database, delay="0ms", idle="100ms", **options):
    return Leat(database=database.url, config=CONFIG % (delay, idle), **options)


def test_an_idle_process_stops_at_once_with_exit_code_0(notes):
    start(notes).stop()


def test_draining_says_unready_while_it_still_answers(notes):
    leat = start(notes, delay="2s").await_ready()
    with leat.connect() as wire:
        leat.signal(signal.SIGTERM)
        leat.await_true(lambda: leat.get("/health/ready").status_code == 503)
        wire.send(b"GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.answer()[0] == 200
        assert leat.get("/api/notes/2").status_code == 200
    leat.stop()


def test_after_the_delay_answers_say_close_and_idle_connections_go(notes):
    leat = start(notes, idle="1s").await_ready()
    with leat.connect() as busy, leat.connect() as idle:
        busy.send(b"GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert busy.answer()[0] == 200
        leat.signal(signal.SIGTERM)
        leat.await_true(lambda: leat.lines("draining"))
        assert idle.closed() == b""
        busy.closed()
    leat.stop()


def load(url, stop, failures, done):
    """Requests on connections that honour Connection: close, until told to stop; counts what failed."""
    with client_of(url, timeout=30) as client:
        while not stop.is_set():
            try:
                answer = client.get("/api/notes/1")
                if answer.status_code != 200:
                    failures.append(answer.status_code)
                done.append(1)
            except httpx.HTTPError as error:
                failures.append(repr(error))


def under_load(leat, act):
    """act() while four clients ask; returns what failed."""
    stop, failures, done = threading.Event(), [], []
    clients = [threading.Thread(target=load, args=(leat.url, stop, failures, done)) for _ in range(4)]
    for client in clients:
        client.start()
    leat.await_true(lambda: len(done) > 50)
    act()
    so_far = len(done)
    leat.await_true(lambda: len(done) > so_far + 50)
    stop.set()
    for client in clients:
        client.join()
    return failures


def test_a_reload_under_load_fails_no_request(notes):
    with start(notes) as leat:
        def reload():
            for _ in range(5):
                before = len(leat.lines("reloaded"))
                leat.signal(signal.SIGHUP)
                leat.await_true(lambda: len(leat.lines("reloaded")) > before)
        assert under_load(leat, reload) == []


def test_a_reload_serves_what_the_new_configuration_says(notes):
    with start(notes) as leat:
        assert leat.get("/api/extra").status_code == 404
        file = pathlib.Path(leat.config_file)
        file.write_text(file.read_text().replace("{notes: {}}", "{extra: {}}"), encoding="utf-8")
        leat.signal(signal.SIGHUP)
        leat.await_true(lambda: leat.get("/api/extra").status_code == 200)
        leat.await_true(lambda: leat.get("/api/notes").status_code == 404)


def test_a_bad_configuration_is_refused_and_the_old_stays(notes):
    with start(notes) as leat:
        file = pathlib.Path(leat.config_file)
        file.write_text(file.read_text().replace("notes", "nodes"), encoding="utf-8")
        leat.signal(signal.SIGHUP)
        leat.await_true(lambda: "reload refused" in leat.log())
        assert "nodes" in leat.log() and leat.get("/api/notes").status_code == 200


def test_a_reload_cannot_change_the_listen_address_and_says_so(notes):
    with start(notes) as leat:
        file = pathlib.Path(leat.config_file)
        file.write_text(file.read_text() + "workers: 7\nspool: {bytes: 1GiB}\n", encoding="utf-8")
        leat.signal(signal.SIGHUP)
        leat.await_true(lambda: "workers cannot change" in leat.log() and "the spool cannot change" in leat.log())


def test_a_reload_sees_a_changed_table(notes):
    with start(notes) as leat:
        notes.sql("ALTER TABLE notes ADD COLUMN stars INTEGER DEFAULT 5;")
        leat.signal(signal.SIGHUP)
        leat.await_true(lambda: leat.get("/api/notes/1").json().get("stars") == 5)


def test_a_successor_takes_over_the_sockets_and_no_request_fails(notes):
    leat = start(notes, idle="200ms")

    def hand_over():
        leat.signal(signal.SIGUSR2)
        leat.await_true(lambda: leat.process.poll() is not None)
    successors = []
    try:
        assert under_load(leat, hand_over) == []
        successors = [line["pid"] for line in leat.lines("successor started")]
        assert len(successors) == 1 and leat.process.returncode == 0
        assert leat.get("/api/notes/1").status_code == 200
    finally:
        for pid in successors:
            os.kill(pid, signal.SIGTERM)
            Leat.await_true(lambda pid=pid: not pathlib.Path(f"/proc/{pid}").exists() or
                            pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z")
        leat.kill()
