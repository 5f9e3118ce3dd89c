# SPDX-License-Identifier: Apache-2.0
"""Start, stop, reload, hand-over, sudden death: while something else is broken."""
import os
import pathlib
import shutil
import signal
import socket
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
    leat.await_true(lambda: [line["pid"] for line in leat.lines("successor ended")] == [successor])
    assert not alive(successor) and leat.process.poll() is None and leat.get("/health/live").status_code == 200
    server.start()
    leat.await_true(lambda: leat.get("/api/notes/1").status_code == 200)


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_hand_overs_that_fail_again_and_again_cost_no_request(file):
    """Between fork and exec a successor holds the descriptors of connections that end meanwhile."""
    with Leat(database=file.url, config=config()) as leat:
        pathlib.Path(leat.config_file).write_text("leat: 1\nresources: {nodes: {}}\n", encoding="utf-8")
        with Load(leat.await_ready(), PATHS, closing=True) as load:
            for number in range(15):
                load.good(times=20)
                leat.signal(signal.SIGUSR2)
                leat.await_true(lambda number=number: len(leat.lines("successor ended")) == number + 1)
            load.good()
    load.check([])


def test_a_hand_over_after_the_program_was_replaced_runs_the_new_one(file, tmp_path):
    program = tmp_path / "leat"
    shutil.copy(BIN, program)
    leat = Leat(database=file.url, config=config(), prefix=["bash", "-c", f'while [ "$1" != serve ]; do shift; done; exec {program} "$@"', "bash"])
    shutil.copy(BIN, tmp_path / "new")
    os.rename(tmp_path / "new", program)
    leat.signal(signal.SIGUSR2)
    leat.await_true(lambda: leat.process.poll() is not None)
    successor = leat.lines("successor started")[0]["pid"]
    try:
        assert leat.process.returncode == 0 and os.readlink(f"/proc/{successor}/exe") == str(program)
        assert leat.get("/api/notes/1").status_code == 200
    finally:
        os.kill(successor, signal.SIGTERM)
        leat.await_true(lambda: not alive(successor))
        leat.kill()


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


def with_socket(socket_held, file):
    """Leat as systemd starts it: the socket is descriptor 3, and LISTEN_PID its own process."""
    number = socket_held.fileno()
    shell = f'exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
    return Leat(database=file.url, config=config(), listen="127.0.0.1:1", prefix=["bash", "-c", shell, "bash"], pass_fds=(number,))


def test_connections_made_while_nobody_serves_wait_at_a_socket_that_was_handed_over(file):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as held:
        for _ in range(3):
            with socket.create_connection(held.getsockname(), timeout=60) as early:
                early.sendall(b"GET /api/notes/1 HTTP/1.1\r\nHost: x\r\n\r\n")
                with with_socket(held, file) as leat:
                    assert leat.port == held.getsockname()[1]
                    assert early.recv(12) == b"HTTP/1.1 200"
