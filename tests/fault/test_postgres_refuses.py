# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL lets nobody in, or not so many: wrong passwords, connection limits, an exhausted pool."""
import subprocess
import threading

import pytest

from conftest import PATHS, config, fill
from leat import BIN, Leat, command_prefix
from load import Load
from postgres import Postgres, free_port

AWAY = (503, "database-unavailable")
EXHAUSTED = (503, "pool-exhausted")
NAPS = "CREATE VIEW naps AS SELECT i AS id, pg_sleep(0.3)::text AS text FROM generate_series(1, 1) AS i;"


def refused_start(url):
    done = subprocess.run([*command_prefix(), BIN, "serve", url, "--listen", "127.0.0.1:0"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stderr


def test_a_wrong_password_at_the_start_is_said_in_words_without_the_password(server):
    code, text = refused_start(server.url_for(user="guarded", password="wr0ng"))
    assert code == 1 and "password authentication failed" in text and "wr0ng" not in text


def test_a_server_that_is_not_there_at_the_start_is_said_in_words():
    code, text = refused_start(f"postgresql://leat@127.0.0.1:{free_port()}/leat")
    assert code == 1 and "refused" in text.lower() and "127.0.0.1" in text


def test_a_password_changed_while_serving_takes_the_service_down_and_changed_back_up(server):
    server.psql("GRANT SELECT ON notes TO guarded;")
    url = server.url_for(user="guarded", password="right")
    with Leat(database=url, config=config()) as leat, Load(leat, PATHS) as load:
        load.good()
        server.psql("ALTER ROLE guarded PASSWORD 'other'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guarded';")
        load.see(AWAY, times=50)
        leat.await_true(lambda: "password authentication failed" in leat.get("/health").json()["checks"]["database"].get("why", ""))
        server.psql("ALTER ROLE guarded PASSWORD 'right';")
        load.good(times=200)
    load.check([AWAY, EXHAUSTED])


def test_a_right_taken_away_is_told_as_not_permitted_and_given_back_is_served(server):
    server.psql("GRANT SELECT ON notes TO guarded;")
    with Leat(database=server.url_for(user="guarded", password="right"), config=config()) as leat:
        assert leat.get("/api/notes/1").status_code == 200
        server.psql("REVOKE SELECT ON notes FROM guarded;")
        leat.problem("/api/notes/1", 403, "not-permitted")
        leat.problem("/api/notes", 403, "not-permitted")
        server.psql("GRANT SELECT ON notes TO guarded;")
        leat.await_true(lambda: leat.get("/api/notes/1").status_code == 200 and leat.get("/api/notes").status_code == 200)


@pytest.fixture
def small_server():
    """Ten connections, of which PostgreSQL keeps three for its superusers."""
    with Postgres({"max_connections": 10, "superuser_reserved_connections": 3}) as running:
        fill(running).psql(NAPS + "GRANT SELECT ON notes, naps TO guarded;")
        yield running


def test_a_server_out_of_connections_serves_by_those_there_are(small_server):
    url = small_server.url_for(user="guarded", password="right")
    resources = config(size=30, timeout="20s", wait="20s").replace("{notes: {}}", "{notes: {}, naps: {key: id}}")
    with Leat(database=url, config=resources) as leat, Load(leat, ["/api/naps", "/api/notes/1"], clients=16) as load:
        load.good(times=40)
    load.check([AWAY, EXHAUSTED])


def test_a_server_whose_connections_others_hold_is_served_again_when_they_let_go(small_server):
    url = small_server.url_for(user="guarded", password="right")
    with Leat(database=url, config=config()) as leat, Load(leat, PATHS) as load:
        load.good()
        small_server.psql("ALTER ROLE guarded CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guarded';")
        load.see(AWAY, times=50)
        leat.await_true(lambda: leat.get("/health/ready").status_code == 503)
        small_server.psql("ALTER ROLE guarded CONNECTION LIMIT -1;")
        load.good(times=200)
        leat.await_ready()
    load.check([AWAY, EXHAUSTED])


def test_more_slow_requests_than_connections_wait_then_say_pool_exhausted(server):
    server.psql("CREATE VIEW naps AS SELECT 1 AS id, pg_sleep(3)::text AS text;")
    resources = config(size=6, timeout="20s", wait="500ms").replace("{notes: {}}", "{notes: {}, naps: {key: id}}")
    with Leat(database=server.url, config=resources) as leat:
        leat.await_ready()
        answers = []
        clients = [threading.Thread(target=lambda: answers.append(leat.get("/api/naps"))) for _ in range(12)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        outcomes = {(answer.status_code, answer.json().get("code")) for answer in answers}
        assert outcomes == {(200, None), EXHAUSTED}
        assert all(answer.headers.get("retry-after") for answer in answers if answer.status_code == 503)
        assert leat.get("/api/notes/1").status_code == 200
