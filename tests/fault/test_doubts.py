# SPDX-License-Identifier: Apache-2.0
"""Writes of unknown outcome: the server commits when the connection is long lost, and what was kept meanwhile is not served for long."""
import json
import signal
import time

import pytest

from conftest import config, fill
from leat import Leat
from postgres import Pgbouncer, Postgres
from proxy import Proxy

KEEPS = {"read: anonymous": "read: anonymous, write: anonymous, cache: 10m"}
#: How old what is kept may be once the commit is there: a second, and what a busy machine adds.
SECONDS_OLD, SLACK = 1, 4
PARTS = {"transaction": True, "requests": [{"method": "PATCH", "path": "/api/notes/2", "body": {"text": "new"}},
                                           {"method": "PATCH", "path": "/api/notes/1", "body": {"text": "new"}}]}
WRITES = {"row": ("PATCH", "/api/notes/1", {"text": "new"}), "batch": ("POST", "/api/batch", PARTS)}


def keeping(**limits):
    text = config(**limits)
    for old, new in KEEPS.items():
        text = text.replace(old, new)
    return text


@pytest.fixture
def slow_commit():
    """A PostgreSQL whose commits of changed notes take long: slow_commit(seconds)."""
    with Postgres({"synchronous_commit": "on"}) as server:
        fill(server)

        def make(seconds):
            server.psql(f"CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END';"
                        "CREATE CONSTRAINT TRIGGER nap AFTER UPDATE ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION nap()")
            return server
        yield make


def begin(leat, server, write):
    """The write on its way, and the backend that is about to commit it."""
    method, path, body = WRITES[write]
    text, napping = json.dumps(body), []
    wire = leat.connect()
    wire.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())

    def naps():
        napping[:] = server.query("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        return napping
    leat.await_true(naps)
    return wire, napping[0][0]


def is_kept_as(leat, text):
    answer = leat.get("/api/notes/1")
    return answer.status_code == 200 and answer.json()["text"] == text and "hit" in answer.headers["cache-status"]


def is_new_within_bound(leat, server):
    leat.await_true(lambda: server.query("SELECT text FROM notes WHERE id = 1") == [("new",)])
    until = time.monotonic() + SECONDS_OLD + SLACK
    while time.monotonic() < until:
        if leat.get("/api/notes/1").json()["text"] == "new":
            return True
    return False


def is_kept_on(leat):
    """What is read when the outcome is settled stays."""
    return leat.await_true(lambda: is_kept_as(leat, "new") and int(leat.get("/api/notes/1").headers["age"]) > SECONDS_OLD)


@pytest.mark.parametrize("write", WRITES)
def test_a_backend_that_is_frozen_while_it_commits_and_goes_on_later(slow_commit, write):
    server = slow_commit(0.2)
    with Proxy(server.port) as proxy, Leat(database=f"postgresql://leat@127.0.0.1:{proxy.port}/leat", config=keeping(timeout="1s")) as leat:
        leat.await_ready()
        wire, backend = begin(leat, server, write)
        server.signal(backend, signal.SIGSTOP)
        proxy.cut_all()
        assert b"outcome-unknown" in wire.answer()[2]
        thawed = time.monotonic() + 3  # beyond the time that a statement may take
        while time.monotonic() < thawed:
            leat.await_true(lambda: is_kept_as(leat, "note 1"))
        server.signal(backend, signal.SIGCONT)
        assert is_new_within_bound(leat, server)
        leat.await_true(lambda: leat.lines("no outcome is in doubt any more"))
        is_kept_on(leat)


def test_a_commit_behind_a_pooler_that_was_killed(slow_commit):
    server = slow_commit(2)
    with Pgbouncer(server) as bouncer, Leat(database=bouncer.url, config=keeping(timeout="5s", prepared="off")) as leat:
        leat.await_ready()
        wire, _ = begin(leat, server, "row")
        bouncer.end()
        assert b"outcome-unknown" in wire.answer()[2]
        bouncer.start()
        leat.await_true(lambda: is_kept_as(leat, "note 1"))
        assert is_new_within_bound(leat, server)
        leat.await_true(lambda: leat.lines("no outcome is in doubt any more"))
        is_kept_on(leat)
