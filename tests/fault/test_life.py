# SPDX-License-Identifier: Apache-2.0
"""Start, stop, reload, hand-over, sudden death: while something else is broken."""
import os
import pathlib
import signal
import subprocess

import pytest

from conftest import PATHS, config
from leat import BIN, Leat, command_prefix
from load import Load
from postgres import free_port

AWAY = (503, "database-unavailable")
NAPS = "CREATE VIEW naps AS SELECT 1 AS id, pg_sleep(60)::text AS text;"
NAPPING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%naps%' AND state = 'active' AND pid <> pg_backend_pid()"


def with_naps(**limits):
    return config(**limits).replace("{notes: {}}", "{notes: {}, naps: {key: id}}")


def health_command(url):
    return subprocess.run([*command_prefix(), BIN, "health", "--url", url], capture_output=True, text=True, timeout=60,
                          check=False).returncode


def test_health_goes_down_with_the_database_and_up_again_and_live_stays(leat, server):
    for _ in range(3):
        leat.await_ready()
        assert leat.get("/health").json()["status"] == "up" and health_command(leat.url) == 0
        server.stop_server("immediate")
        leat.await_true(lambda: leat.get("/health/ready").status_code == 503)
        down = leat.get("/health")
        database = down.json()["checks"]["database"]
        assert down.status_code == 503 and database["status"] == "down" and database["why"] and database["age_ms"] >= 0
        assert leat.get("/health/live").status_code == 200 and health_command(leat.url) == 1
        assert leat.get("/health/ready").headers["retry-after"]
        server.start()
    leat.await_ready()
    leat.await_true(lambda: len(leat.lines("database up")) == 4)
    assert len(leat.lines("database down")) == 3


def test_a_reload_while_the_database_is_down_is_refused_and_the_old_stays(leat, server):
    server.stop_server("immediate")
    leat.signal(signal.SIGHUP)
    leat.await_true(lambda: "reload refused" in leat.log())
    leat.problem("/api/notes/1", *AWAY)
    server.start()
    leat.await_true(lambda: leat.get("/api/notes/1").status_code == 200)
    leat.signal(signal.SIGHUP)
    leat.await_true(lambda: leat.lines("reloaded"))
    assert leat.get("/api/notes/1").status_code == 200


def test_a_hand_over_while_the_database_is_down_leaves_the_old_process_serving(leat, server):
    server.stop_server("immediate")
    leat.signal(signal.SIGUSR2)
    leat.await_true(lambda: leat.lines("successor started"))
    successor = leat.lines("successor started")[0]["pid"]
    leat.await_true(lambda: not alive(successor))
    assert leat.process.poll() is None and leat.get("/health/live").status_code == 200
    server.start()
    leat.await_true(lambda: leat.get("/api/notes/1").status_code == 200)


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_a_drain_while_the_database_is_away_ends(server, how):
    server.psql(NAPS)
    with Leat(database=server.url, config=with_naps(timeout="60s", wait="60s", drain="1s")) as leat:
        leat.await_ready()
        with leat.connect() as slow, leat.connect() as waiting:
            slow.send(b"GET /api/naps HTTP/1.1\r\nHost: x\r\n\r\n")
            leat.await_true(lambda: server.query(NAPPING)[0][0] == 1)
            server.stop_server("immediate") if how == "stopped" else server.pause()
            waiting.send(b"GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n")
            leat.stop()
            for wire in (slow, waiting):
                answer = wire.answer()
                assert answer is None or answer[0] in (503, 504)
        if how == "frozen":
            server.resume()


def test_a_drain_ends_by_its_maximum_though_requests_are_still_running(server):
    server.psql(NAPS)
    with Leat(database=server.url, config=with_naps(timeout="60s", drain="500ms")) as leat:
        leat.await_ready()
        with leat.connect() as slow:
            slow.send(b"GET /api/naps HTTP/1.1\r\nHost: x\r\n\r\n")
            leat.await_true(lambda: server.query(NAPPING)[0][0] == 1)
            leat.stop()
            assert slow.answer() is None
        leat.await_true(lambda: server.query(NAPPING)[0][0] == 0)


def test_a_process_killed_outright_leaves_nothing_that_hinders_the_next(server):
    port = free_port()
    for _ in range(3):
        leat = Leat(database=server.url, config=config(), listen=f"127.0.0.1:{port}")
        with Load(leat.await_ready(), PATHS) as load:
            load.good()
            leat.process.kill()
            leat.process.wait()
            load.ended.set()
        assert set(load.seen) <= {(200, None), ("closed", None)}
        leat.kill()
    leat.await_true(lambda: server.query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leat'")[0][0] == 0)


def test_a_process_killed_outright_over_a_sqlite_file_leaves_it_whole(file):
    for _ in range(3):
        leat = Leat(database=file.url, config=config())
        with Load(leat.await_ready(), PATHS) as load:
            load.good()
            leat.process.kill()
            leat.process.wait()
            load.ended.set()
        leat.kill()
    assert file.sql("PRAGMA integrity_check;").strip() == "ok"
    assert file.sql("SELECT count(*) FROM notes;").strip() == "1000"


@pytest.mark.parametrize("stores", ["postgresql", "sqlite"])
def test_reloads_under_load_while_the_schema_changes_beneath(stores, request):
    database = request.getfixturevalue("server" if stores == "postgresql" else "file")
    run = database.psql if stores == "postgresql" else database.sql
    with Leat(database=database.url, config=config()) as leat, Load(leat.await_ready(), PATHS[:4]) as load:
        for number in range(6):
            load.good(times=20)
            run(f"ALTER TABLE notes ADD COLUMN extra{number} INTEGER;")
            before = len(leat.lines("reloaded"))
            leat.signal(signal.SIGHUP)
            leat.await_true(lambda before=before: len(leat.lines("reloaded")) > before)
        leat.await_true(lambda: "extra5" in leat.get("/api/notes/1").json())
    load.check([])
