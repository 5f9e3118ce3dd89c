# SPDX-License-Identifier: Apache-2.0
"""`behind:`: columns whose values are written later: merged, in time, at the drain, and none lost by another's fault."""
import signal
import sqlite3

import metrics

from callers import KEYS, bearer
from leat import Leat

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, org TEXT NOT NULL, name TEXT NOT NULL, visits INTEGER NOT NULL DEFAULT 0 CHECK (visits >= 0),
    seen TEXT);
CREATE TABLE updates (n INTEGER);
INSERT INTO users (id, org, name) VALUES (1, 'a', 'ann'), (2, 'a', 'abe'), (3, 'b', 'bo');
"""
TRIGGERS = {"sqlite": "CREATE TRIGGER counted AFTER UPDATE ON users BEGIN INSERT INTO updates VALUES (1); END;",
            "postgresql": """CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO updates VALUES (1); RETURN NEW; END $$;
                CREATE TRIGGER counted AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION counts();"""}
CONFIG = f"""
workers: 1
auth: {{roles: viewer < admin, tenant: org, {KEYS}}}
defaults: {{read: viewer, write: viewer}}
resources: {{users: {{behind: {{visits: %s, seen: 1s}}, cache: 10m}}}}
"""
ANN, BO = bearer("viewer", "a", 1), bearer("viewer", "b", 3)


def serve(database, within="1s"):
    database.sql(SCHEMA)
    return Leat(config=CONFIG % within, database=database.url)


def patch(leat, id_, body, headers=None):
    return leat.client.patch(f"/api/users/{id_}", json=body, headers=ANN | (headers or {}))


def value(database, id_, column="visits"):
    return database.sql(f"SELECT {column} FROM users WHERE id = {id_}").strip()


def test_a_value_is_written_soon_and_what_was_kept_is_stale_then(database):
    with serve(database) as leat:
        leat.await_ready()
        assert leat.get("/api/users/1", headers=ANN).json()["visits"] == 0
        answer = patch(leat, 1, {"visits": 7})
        assert (answer.status_code, answer.content) == (202, b"")
        leat.await_true(lambda: leat.get("/api/users/1", headers=ANN).json()["visits"] == 7)
        assert value(database, 1) == "7"


def test_the_last_of_many_is_written_once_at_the_drain(database):
    with serve(database, "1h") as leat:
        leat.await_ready()
        database.sql(TRIGGERS[database.store])
        for number in range(30):
            assert patch(leat, 1 + number % 2, {"visits": number}).status_code == 202
        assert (value(database, 1), value(database, 2)) == ("0", "0")
        leat.stop()
    assert (value(database, 1), value(database, 2)) == ("28", "29")
    assert database.sql("SELECT count(*) FROM updates").strip() == "2"


def test_all_that_waits_is_written_at_the_drain_be_it_much(database):
    rows = 520  # more than one transaction holds
    with serve(database, "1h") as leat:
        database.sql("".join(f"INSERT INTO users (id, org, name) VALUES ({id_}, 'a', 'one of many');" for id_ in range(10, 10 + rows)))
        leat.await_ready()
        head = "PATCH /api/users/%d HTTP/1.1\r\nHost: x\r\nAuthorization: " + ANN["Authorization"] + "\r\nContent-Type: application/json\r\n"
        body = '{"visits": 5}'
        with leat.connect() as wire:
            for id_ in range(10, 10 + rows):
                wire.send((head % id_ + f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
                assert wire.answer()[0] == 202
        assert database.sql("SELECT count(*) FROM users WHERE visits = 5").strip() == "0"
        leat.stop()
    assert database.sql("SELECT count(*) FROM users WHERE visits = 5").strip() == str(rows)


def test_what_was_asked_under_the_configuration_of_before_is_written(database):
    """A reload while the body is under way: the request keeps what it began with."""
    with serve(database) as leat:
        leat.await_ready()
        assert leat.get("/api/users/1", headers=ANN).json()["visits"] == 0
        body = b'{"visits": 3}'
        with leat.connect() as wire:
            wire.send(b"PATCH /api/users/1 HTTP/1.1\r\nHost: x\r\nAuthorization: " + ANN["Authorization"].encode() +
                      b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:1])
            leat.await_true(lambda: is_under_way(leat))
            leat.reload()
            wire.send(body[1:])
            assert wire.answer()[0] == 202
        leat.await_true(lambda: leat.get("/api/users/1", headers=ANN).json()["visits"] == 3)
        assert value(database, 1) == "3"


def test_what_waits_for_a_database_that_is_no_more_the_one_is_told_lost(database, tmp_path):
    other = f"sqlite:{tmp_path / 'other.db'}"
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.executescript(SCHEMA)
    database.sql(SCHEMA)
    with Leat(config=CONFIG % "1h" + f"database: {database.url}\n") as leat:
        leat.await_ready()
        assert patch(leat, 1, {"visits": 9}).status_code == 202
        leat.reload(database.url, other)
        leat.signal(signal.SIGTERM)
        leat.wait()
        assert [line["why"] for line in leat.lines("what is written later is lost")] == ["it was for another database"]
    assert value(database, 1) == "0"


def is_under_way(leat):
    """Beside the one that asks."""
    return metrics.parse(leat.get("/metrics").text).value("leat_requests_running") == 2


def test_what_asks_for_more_is_written_at_once(database):
    with serve(database, "1h") as leat:
        leat.await_ready()
        assert patch(leat, 1, {"visits": 1, "name": "Ann"}).json()["visits"] == 1
        assert patch(leat, 1, {"visits": 2}, {"Prefer": "return=representation"}).json()["visits"] == 2
        assert patch(leat, 1, {"visits": 3}, {"Idempotency-Key": "k"}).status_code == 200
        parts = {"requests": [{"method": "PATCH", "path": "/api/users/2", "body": {"visits": 4}}]}
        assert leat.client.post("/api/batch", json=parts, headers=ANN).json()["responses"][0]["status"] == 200
        assert (value(database, 1), value(database, 2)) == ("3", "4")


def test_rights_and_values_are_looked_at_before(database):
    with serve(database, "1h") as leat:
        leat.await_ready()
        assert patch(leat, 1, {"visits": "many"}).status_code == 400
        assert leat.client.patch("/api/users/1", json={"visits": 1}).status_code == 401
        assert leat.client.patch("/api/users/1", json={"visits": 99}, headers=BO).status_code == 202  # of whom it is shows when it is written
        leat.stop()
    assert value(database, 1) == "0"


def test_what_the_database_refuses_takes_no_other_with_it(database):
    with serve(database) as leat:
        leat.await_ready()
        for id_, visits in ((1, -5), (2, 6)):
            assert patch(leat, id_, {"visits": visits}).status_code == 202
        leat.await_true(lambda: value(database, 2) == "6")
        leat.await_true(lambda: leat.lines("what is written later is lost"))
        assert value(database, 1) == "0"


def test_a_statement_that_has_become_impossible_ends_nothing(database):
    with serve(database) as leat:
        leat.await_ready()
        database.sql("ALTER TABLE users RENAME COLUMN seen TO hidden")
        assert patch(leat, 1, {"seen": "lost"}).status_code == 202
        leat.await_true(lambda: leat.lines("what is written later is lost"))
        database.sql("ALTER TABLE users RENAME COLUMN hidden TO seen")
        assert patch(leat, 1, {"visits": 8}).status_code == 202
        leat.await_true(lambda: value(database, 1) == "8")
