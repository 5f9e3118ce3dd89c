# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL answers late, or not at all: slow views, locks, a frozen server, a proxy that says nothing, a lack of room."""
import threading

import pytest

from conftest import PATHS, config
from leat import Leat
from load import Load

AWAY = (503, "database-unavailable")
EXHAUSTED = (503, "pool-exhausted")
LATE = (504, "query-timeout")


def all_at_once(act, count):
    """What `count` calls of act() return, made by as many threads."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(act())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def naps(server):
    """Beside the notes a view that takes 30 s."""
    server.psql("CREATE VIEW naps AS SELECT 1 AS id, pg_sleep(30)::text AS text;")
    return server


def with_naps(**limits):
    return config(**limits).replace("{notes: {}}", "{notes: {}, naps: {key: id}}")


def test_a_slow_view_ends_at_the_time_allowed_and_hinders_nobody(naps):
    with Leat(database=naps.url, config=with_naps(timeout="1s")) as leat, Load(leat, PATHS, clients=4) as load:
        load.good()
        answers = all_at_once(lambda: leat.get("/api/naps"), 4)
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} <= {LATE, EXHAUSTED}
        assert any(answer.status_code == 504 for answer in answers)
        load.good()
    load.check([])


def test_what_a_client_that_left_was_waiting_for_is_cancelled_at_the_server(naps):
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%naps%' AND state = 'active' AND pid <> pg_backend_pid()"
    with Leat(database=naps.url, config=with_naps(timeout="60s")) as leat:
        wires = [leat.connect() for _ in range(3)]
        for wire in wires:
            wire.send(b"GET /api/naps HTTP/1.1\r\nHost: x\r\n\r\n")
        leat.await_true(lambda: naps.query(running)[0][0] >= 1)
        for wire in wires:
            wire.close()
        leat.await_true(lambda: naps.query(running)[0][0] == 0)
        assert leat.get("/api/notes/1").status_code == 200


def test_a_table_locked_by_another_is_waited_for_then_told_as_a_timeout_then_served(server):
    with Leat(database=server.url, config=config(timeout="500ms", wait="500ms")) as leat, Load(leat, PATHS) as load:
        load.good()
        connection = server.connect()
        connection.autocommit = False
        connection.cursor().execute("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE")
        load.see(LATE, EXHAUSTED, times=10)
        assert leat.get("/health/ready").status_code == 200, "the database itself is well"
        connection.rollback()
        connection.close()
        load.good(times=200)
    load.check([LATE, EXHAUSTED])


def test_a_frozen_server_is_unready_and_served_again_when_it_thaws(leat, server):
    with Load(leat, PATHS) as load:
        load.good()
        server.pause()
        leat.await_true(lambda: leat.get("/health/ready").status_code == 503)
        assert leat.get("/health/live").status_code == 200
        load.see(LATE, EXHAUSTED, AWAY, times=8)
        server.resume()
        load.good(times=200)
        leat.await_ready()
    load.check([LATE, EXHAUSTED, AWAY])


def test_a_server_frozen_for_a_moment_fails_no_request(leat, server):
    with Load(leat, PATHS) as load:
        for _ in range(5):
            load.good()
            server.pause()
            server.resume()
        load.good()
    load.check([])


def test_a_sort_that_finds_no_room_at_the_server_is_told_as_unavailable(server):
    server.psql("INSERT INTO notes SELECT i, repeat('x', 500) || i FROM generate_series(1001, 20000) AS i;"
                "ALTER SYSTEM SET temp_file_limit = '100kB'; ALTER SYSTEM SET work_mem = '64kB'; SELECT pg_reload_conf();")
    with Leat(database=server.url, config=config()) as leat:
        leat.problem("/api/notes?order=text&limit=1000", *AWAY)
        assert leat.get("/api/notes/1").status_code == 200 and leat.await_ready()
        server.psql("ALTER SYSTEM RESET temp_file_limit; SELECT pg_reload_conf();")
        leat.await_true(lambda: leat.get("/api/notes?order=text&limit=1000").status_code == 200)
