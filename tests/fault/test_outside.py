# SPDX-License-Identifier: Apache-2.0
"""The connection that hears what others write, by triggers or by a replication slot, is ended, or dies without a word, while they write: nothing
older than the bound is served."""
import signal
import threading
import time

import metrics
import pytest

from conftest import config, fill
from leat import Leat
from postgres import Postgres
from proxy import Proxy

SECONDS_DEAF, SECONDS_SILENT = 1, 3
SLACK = 3  # of a busy machine
CONFIG = config().replace("read: anonymous,", "read: anonymous, cache: {list: 10m, row: 10m, errors: 0s},")


def hears(leat):
    return metrics.parse(leat.get("/metrics").text).value("leat_changes_hears") == 1


@pytest.fixture(params=["triggers", "replication"])
def changes(request):
    return request.param


@pytest.fixture
def server(changes):
    with Postgres({"wal_level": "logical", "synchronous_commit": "on"} if changes == "replication" else None) as running:
        fill(running)
        running.psql("CREATE PUBLICATION leat_changes FOR ALL TABLES" if changes == "replication" else "")
        yield running


@pytest.fixture
def way(server):
    """A way to the server that can be made bad."""
    with Proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def leat(server, way, changes):
    url = server.url.replace(f":{server.port}", f":{way.port}")
    assert str(way.port) in url
    with Leat(database=url, config=f"changes: {changes}\n" + CONFIG) as running:
        running.await_true(lambda: hears(running))
        yield running.await_ready()


class Writer(threading.Thread):
    """Another program, which counts in a row, and remembers when each number was committed."""

    def __init__(self, server):
        super().__init__()
        self.connection, self.committed, self.ended = server.connect(), [(time.monotonic(), 0)], False
        with self.connection.cursor() as cursor:
            cursor.execute("UPDATE notes SET text = '0' WHERE id = 1")

    def run(self):
        with self.connection.cursor() as cursor:
            while not self.ended:
                number = len(self.committed)
                cursor.execute("UPDATE notes SET text = %s WHERE id = 1", (str(number),))
                self.committed.append((time.monotonic(), number))
                time.sleep(0.02)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.join()
        self.connection.close()

    def age_of(self, number, asked):
        """For how long it had been overtaken by the next when the question came."""
        return asked - self.committed[number + 1][0] if number + 1 < len(self.committed) else 0


def number_of(leat):
    """None: no answer that could be had."""
    answer = leat.get("/api/notes/1")
    return int(answer.json()["text"]) if answer.status_code == 200 else None


def test_a_listening_connection_that_is_ended_again_and_again_leaves_nothing_stale(leat, server):
    listening = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%leat_changes%' AND pid <> pg_backend_pid()"
    leat.await_true(lambda: number_of(leat) == 0 if server.psql("UPDATE notes SET text = '0' WHERE id = 1") == "" else False)
    ended, until, oldest = 0, time.monotonic() + 4, 0
    with Writer(server) as writer:
        while time.monotonic() < until + (60 if ended < 3 else 0):
            ended += len(server.query(listening))
            for _ in range(20):
                asked = time.monotonic()
                number = number_of(leat)
                oldest = max(oldest, writer.age_of(number, asked) if number is not None else 0)
    assert ended >= 3 and oldest < SECONDS_DEAF + SLACK
    leat.await_true(lambda: hears(leat))
    leat.await_true(lambda: number_of(leat) == len(writer.committed) - 1, seconds_max=SECONDS_DEAF + SLACK)
    assert len(leat.lines("changes are not heard")) >= 1
    server.psql("UPDATE notes SET text = '1000000' WHERE id = 1")
    leat.await_true(lambda: number_of(leat) == 1000000, seconds_max=5)


def test_a_listening_connection_that_dies_without_a_word_is_found(leat, server, way):
    assert leat.get("/api/notes/1").json()["text"] == "note 1"
    way.silent = True
    with Writer(server) as writer:
        until = time.monotonic() + SECONDS_SILENT + SECONDS_DEAF + SLACK
        bound = time.monotonic() + SECONDS_SILENT + SLACK
        while time.monotonic() < until:
            asked = time.monotonic()
            answer = leat.get("/api/notes/1")
            assert asked < bound or answer.status_code != 200
        way.silent = False
        way.cut_all()
        leat.await_true(lambda: hears(leat) and number_of(leat) is not None)
        number, asked = number_of(leat), time.monotonic()
        assert number is not None and writer.age_of(number, asked) < SECONDS_DEAF + SLACK


def test_a_replication_that_lags_is_found_and_begun_anew(server, leat, changes):
    if changes == "triggers":
        pytest.skip("of replication")
    assert leat.get("/api/notes/1").json()["text"] == "note 1"
    server.psql("UPDATE notes SET text = '0' WHERE id = 1")
    leat.await_true(lambda: leat.get("/api/notes/1").json()["text"] == "0", seconds_max=5)
    assert number_of(leat) == 0
    sender = server.query("SELECT active_pid FROM pg_replication_slots")[0][0]
    server.signal(sender, signal.SIGSTOP)
    server.psql("UPDATE notes SET text = '1' WHERE id = 1")
    leat.await_true(lambda: number_of(leat) == 1, seconds_max=SECONDS_SILENT + SLACK)
    assert "behind" in leat.lines("changes are not heard")[0]["why"]
    leat.await_true(lambda: hears(leat))
    server.signal(sender, signal.SIGCONT)
    leat.await_true(lambda: server.psql("SELECT count(*) FROM pg_replication_slots") == "1")


def test_a_server_without_a_free_slot_is_told_and_one_that_is_freed_is_used():
    settings = {"wal_level": "logical", "synchronous_commit": "on", "max_replication_slots": "1"}
    with Postgres(settings) as server:
        fill(server)
        server.psql("CREATE PUBLICATION leat_changes FOR ALL TABLES; SELECT pg_create_logical_replication_slot('other', 'pgoutput')")
        with Leat(database=server.url, config="changes: replication\n" + CONFIG) as leat:
            leat.await_ready().await_true(lambda: any("slots are in use" in line["why"] for line in leat.lines("changes are not heard")))
            server.psql("UPDATE notes SET text = '1' WHERE id = 1")
            leat.await_true(lambda: number_of(leat) == 1, seconds_max=SECONDS_DEAF + SLACK)
            assert not hears(leat)
            server.psql("SELECT pg_drop_replication_slot('other')")
            leat.await_true(lambda: hears(leat))
