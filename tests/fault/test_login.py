# SPDX-License-Identifier: Apache-2.0
"""The database goes while people log in: each is told so, none hangs, and when it is back they log in again."""
import concurrent.futures
import crypt

import pytest

from conftest import config
from leat import Leat, client_of

PASSWORD = "correct horse battery staple"
AUTH = """
auth:
  roles: viewer
  claims: {user: id, role: role}
  login: {table: users, account: email, password: password_hash, seen: last_login}
  sessions: %s
"""
USERS = "CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, password_hash text, role text, last_login timestamptz);"
CLIENTS = 8


def log_in(leat, who):
    """The status and the problem's code of one login; each has an account of its own, so that none is verified for another."""
    with client_of(leat.url, timeout=20) as client:
        answer = client.post("/api/auth/login", json={"email": f"u{who}@x", "password": PASSWORD})
        return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize("sessions", ["token", "stored"])
@pytest.mark.parametrize("end", ["fast", "immediate", "kill -9"])
def test_a_login_while_the_database_goes_is_told_so(server, sessions, end):
    server.psql(USERS + f"INSERT INTO users SELECT i, 'u' || i || '@x', '{crypt.crypt(PASSWORD, '$2b$06$abcdefghijklmnopqrstuu')}', 'viewer' "
                f"FROM generate_series(0, {CLIENTS - 1}) i; CHECKPOINT;")
    with Leat(database=server.url, config=config(AUTH % sessions)) as leat, concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        leat.await_ready()
        assert set(pool.map(lambda who: log_in(leat, who), range(CLIENTS))) == {(200, None)}
        under_way = [pool.submit(log_in, leat, number % CLIENTS) for number in range(5 * CLIENTS)]
        server.kill() if end == "kill -9" else server.stop_server(end)
        told = {each.result() for each in under_way} | {log_in(leat, 0)}
        assert told <= {(200, None), (503, "database-unavailable"), (503, "pool-exhausted"), (503, "outcome-unknown")}, told
        leat.await_true(lambda: log_in(leat, 1) == (503, "database-unavailable"))
        server.start()
        leat.await_true(lambda: set(pool.map(lambda who: log_in(leat, who), range(CLIENTS))) == {(200, None)})  # each worker finds it itself
        leat.await_true(lambda: server.query("SELECT count(*) FROM users WHERE last_login IS NULL")[0][0] == 0)
