# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL goes and comes back, in every manner it can."""
import pytest

from conftest import PATHS, config
from leat import Leat
from load import Load

AWAY = (503, "database-unavailable")
CUT = [AWAY, (503, "pool-exhausted")]


def crash_one_backend(server):
    """kill -9 of a backend: the server ends all others and recovers."""
    victim = server.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'leat' LIMIT 1")[0][0]
    server.signal(victim, 9)


@pytest.mark.parametrize("end", ["fast", "immediate", "kill -9"])
def test_a_server_that_ends_under_load_and_starts_again(leat, server, end):
    with Load(leat, PATHS) as load:
        load.good()
        server.kill() if end == "kill -9" else server.stop_server(end)
        load.see(AWAY, times=50)
        assert leat.get("/health/live").status_code == 200
        leat.await_true(lambda: leat.get("/health/ready").status_code == 503)
        server.start()
        load.good(times=200)
        leat.await_ready()
    load.check(CUT)


def test_once_ready_again_no_request_fails(leat, server):
    for _ in range(3):
        with Load(leat, PATHS) as load:
            load.good()
            server.stop_server("immediate")
            leat.await_true(lambda: leat.get("/health/ready").status_code == 503)
            load.see(AWAY, times=100)
        server.start()
        leat.await_ready()
        with Load(leat, PATHS) as after:
            after.good(times=200)
        after.check([])


def test_a_server_restarted_five_times_under_load(leat, server):
    with Load(leat, PATHS) as load:
        for _ in range(5):
            load.good()
            server.restart()
        load.good(times=200)
    load.check(CUT)
    leat.await_ready()


def test_a_backend_killed_makes_the_server_recover_and_leat_with_it(leat, server):
    with Load(leat, PATHS) as load:
        load.good()
        crash_one_backend(server)
        leat.await_true(lambda: "database system is ready" in server.log.split("terminating any other")[-1])
        load.good(times=200)
    load.check(CUT)
    leat.await_ready()


def test_backends_terminated_again_and_again_cost_no_answer_that_could_be_had(leat, server):
    with Load(leat, PATHS) as load:
        for _ in range(20):
            load.good(times=20)
            server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'leat'")
        load.good(times=200)
    load.check(CUT)
    leat.await_ready()


def test_a_statement_cancelled_from_outside_is_told_as_a_timeout(leat, server):
    server.psql("CREATE VIEW naps AS SELECT 1 AS id, pg_sleep(30)::text AS text;")
    with Leat(database=server.url, config=config(timeout="20s").replace("notes: {}", "naps: {key: id}")) as naps:
        import threading
        answers = []
        client = threading.Thread(target=lambda: answers.append(naps.get("/api/naps")))
        client.start()
        running = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%naps%' AND state = 'active' AND pid <> pg_backend_pid()"
        naps.await_true(lambda: server.query(running))
        client.join()
        assert answers[0].status_code == 504 and answers[0].json()["code"] == "query-timeout"


def test_a_database_that_is_dropped_and_made_again(leat, server):
    away = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'leat'; ALTER DATABASE leat RENAME TO hidden;"
    with Load(leat, PATHS) as load:
        load.good()
        server.psql("ALTER DATABASE leat ALLOW_CONNECTIONS false;", database="template1")
        server.psql(away, database="template1")
        load.see(AWAY, times=50)
        server.psql("ALTER DATABASE hidden RENAME TO leat; ALTER DATABASE leat ALLOW_CONNECTIONS true;", database="template1")
        load.good(times=200)
    load.check(CUT)
    leat.await_ready()
