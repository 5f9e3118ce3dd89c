# SPDX-License-Identifier: Apache-2.0
"""Reloads that change the database: each answer is of the old one or of the new one, none fails, and the old one is let go."""
import os
import pathlib
import signal
import threading

import httpx
import pytest

from conftest import STORES
from leat import Leat, client_of
from postgres import Postgres
from sqlite_file import SqliteFile

CONFIG = """leat: 1
database: {url: "%s", pool: {size: 4}}
defaults: {read: anonymous}
resources:
  notes: {page: {by: number, size: 1000, max: 1000}, envelope: {rows: rows, total: total}}
  naps: {key: id}
"""
ROWS = {"old": 100, "new": 250}
TABLE = """CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO notes SELECT i, '%s' FROM n;
CREATE VIEW naps AS """
NAP = {"sqlite": "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT max(i) AS id, '%s' AS text FROM n;",
       "postgresql": "SELECT 1 AS id, '%s'::text AS text, pg_sleep(%s)::text AS slept;"}


class OfSqlite:
    def __init__(self, folder, name, long):
        table = TABLE % (ROWS[name], name) + NAP["sqlite"] % (200_000_000 if long else 2_000_000, name)
        self.url = SqliteFile(folder / f"{name}.db", table).url

    def connections(self, leat):
        """How many descriptors of the process lead to the file."""
        folder, path = pathlib.Path(f"/proc/{leat.pid}/fd"), self.url.removeprefix("sqlite:")
        targets = []
        for entry in folder.iterdir():
            try:
                targets.append(os.readlink(entry))
            except OSError:
                pass  # closed meanwhile
        return targets.count(path)


class OfPostgres:
    def __init__(self, server, name, long):
        self.server, self.name = server, name
        self.url = server.url.rsplit("/", 1)[0] + "/" + name
        server.psql(f"CREATE DATABASE {name};")
        server.psql(TABLE % (ROWS[name], name) + NAP["postgresql"] % (name, 60 if long else 1), database=name)

    def connections(self, _leat):
        return self.server.query("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND application_name = 'leat'", self.name)[0][0]


@pytest.fixture(params=["same store", "another store"])
def worlds(request, store, tmp_path):
    """world(name, long): makes the database "old", then "new": of `store`, or the new one of the other store."""
    if request.param == "another store" and len(STORES) < 2:
        pytest.skip("one store only")
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[store] if request.param == "another store" else store
    kinds = {"old": store, "new": other}
    server = Postgres() if "postgresql" in kinds.values() else None

    def make(name, long=False):
        return OfPostgres(server, name, long) if kinds[name] == "postgresql" else OfSqlite(tmp_path, name, long)
    try:
        if server:
            server.__enter__()
        yield make
    finally:
        if server:
            server.stop()


def serve(database):
    return Leat(config=CONFIG % database.url, args=["--workers", "2"]).await_ready()


def reload(leat, config=None):
    """Writes a configuration, reloads, waits for the end: the log line's `database`, or None when it was refused."""
    if config:
        pathlib.Path(leat.config_file).write_text(config, encoding="utf-8")
    before = leat.get("/health").json()["reloads"]["ended"]
    leat.signal(signal.SIGHUP)
    leat.await_true(lambda: leat.get("/health").json()["reloads"]["ended"] > before)
    if leat.get("/health").json()["reloads"]["last"] == "refused":
        return None
    return leat.lines("reloaded")[-1]["database"]


class Clients:
    """Four that ask for the list until the end; `seen` has which database each answer was of, or what was wrong with it."""

    def __init__(self, leat):
        self.url, self.seen, self.ended = leat.url, [], threading.Event()
        self.threads = [threading.Thread(target=self._ask) for _ in range(4)]

    def _ask(self):
        with client_of(self.url) as client:
            while not self.ended.is_set():
                try:
                    answer = client.get("/api/notes")
                    self.seen.append(whole(answer) if answer.status_code == 200 else answer.text)
                except httpx.HTTPError as error:
                    self.seen.append(repr(error))

    def saw(self, what, times=20):
        Leat.await_true(lambda: self.seen.count(what) >= times)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def whole(answer):
    """The one database that rows and total of an answer are of."""
    body = answer.json()
    texts = {row["text"] for row in body["rows"]}
    name = texts.pop()
    return name if not texts and len(body["rows"]) == body["total"] == ROWS[name] else f"mixed: {answer.text[:200]}"


def in_background(leat, path):
    """Asks on a connection of its own; the wire to read the answer from."""
    wire = leat.connect()
    wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return wire


def test_another_database_is_served_after_a_reload_and_no_request_fails(worlds):
    old, new = worlds("old"), worlds("new")
    with serve(old) as leat:
        with Clients(leat) as clients:
            clients.saw("old")
            for database, name in ((new, "new"), (old, "old"), (new, "new")):
                assert reload(leat, CONFIG % database.url) == "another"
                assert {whole(leat.get("/api/notes")) for _ in range(20)} == {name}
                clients.saw(name)
        assert set(clients.seen) == {"old", "new"}
        leat.await_true(lambda: old.connections(leat) == 0)
        assert new.connections(leat) > 0 and leat.get("/health/ready").status_code == 200


def test_a_request_under_way_is_answered_by_the_database_it_began_with(worlds):
    old, new = worlds("old"), worlds("new")
    with serve(old) as leat, in_background(leat, "/api/naps") as nap:
        leat.await_true(lambda: leat.get("/health").json()["checks"]["database"]["busy"] > 0)
        assert reload(leat, CONFIG % new.url) == "another"
        assert whole(leat.get("/api/notes")) == "new"
        status, _, body = nap.answer()
        assert status == 200 and b'"old"' in body
        leat.await_true(lambda: old.connections(leat) == 0)


def test_the_old_database_is_let_go_when_its_last_client_has_left(worlds):
    old, new = worlds("old", long=True), worlds("new", long=True)
    with serve(old) as leat:
        with in_background(leat, "/api/naps"):
            leat.await_true(lambda: leat.get("/health").json()["checks"]["database"]["busy"] > 0)
            for database in (new, old, new):
                assert reload(leat, CONFIG % database.url) == "another"
            assert old.connections(leat) > 0
        leat.await_true(lambda: old.connections(leat) == 0)
        assert whole(leat.get("/api/notes")) == "new"


def test_a_process_told_to_stop_while_an_old_database_is_busy_stops(worlds):
    old, new = worlds("old", long=True), worlds("new", long=True)
    leat = Leat(config=CONFIG % old.url + "drain: {delay: 0ms, max: 100ms}\n").await_ready()
    with in_background(leat, "/api/naps"):
        leat.await_true(lambda: leat.get("/health").json()["checks"]["database"]["busy"] > 0)
        assert reload(leat, CONFIG % new.url + "drain: {delay: 0ms, max: 100ms}\n") == "another"
        leat.stop()


def test_a_database_that_cannot_be_had_is_refused_and_the_old_stays(worlds):
    old = worlds("old")
    with serve(old) as leat:
        with Clients(leat) as clients:
            clients.saw("old")
            for url in ("postgresql://leat@127.0.0.1:1/leat", "sqlite:/nowhere/absent.db", "mysql://x/y"):
                assert reload(leat, CONFIG % url) is None
                assert leat.get("/health").json()["reloads"]["why"].startswith(leat.config_file)
            clients.saw("old", len(clients.seen) + 20)
        assert set(clients.seen) == {"old"}


def test_a_reload_that_fails_after_the_new_database_was_opened_leaves_nothing_of_it(worlds):
    old, new = worlds("old"), worlds("new")
    with serve(old) as leat:
        assert reload(leat, CONFIG % new.url + "  absent: {}\n") is None
        leat.await_true(lambda: new.connections(leat) == 0)  # a backend takes its time to end
        assert whole(leat.get("/api/notes")) == "old"
        assert "absent" in leat.get("/health").json()["reloads"]["why"]
        assert reload(leat, CONFIG % new.url) == "another"
        assert whole(leat.get("/api/notes")) == "new" and "why" not in leat.get("/health").json()["reloads"]


def test_a_hand_over_after_a_reload_serves_the_database_of_the_reload(worlds):
    old, new = worlds("old"), worlds("new")
    leat = serve(old)
    try:
        assert reload(leat, CONFIG % new.url) == "another"
        leat.signal(signal.SIGUSR2)
        assert leat.wait() == 0
        successor = leat.lines("successor started")[0]["pid"]
        with client_of(leat.url) as client:
            assert whole(client.get("/api/notes")) == "new" and client.get("/health").json()["pid"] == successor
        os.kill(successor, signal.SIGTERM)
        leat.await_true(lambda: not pathlib.Path(f"/proc/{successor}/exe").exists())
    finally:
        leat.kill()


def test_other_options_of_the_same_database_take_effect(notes_long):
    """database.timeout is the store's: a shorter one ends what the longer one let run."""
    with serve(notes_long) as leat:
        assert reload(leat) == "kept"
        assert reload(leat, (CONFIG % notes_long.url).replace("pool: {size: 4}", "timeout: 300ms")) == "another"
        leat.problem("/api/naps", 504, "query-timeout")
        assert reload(leat) == "kept"


@pytest.fixture
def notes_long(store, tmp_path):
    if store == "sqlite":
        yield OfSqlite(tmp_path, "old", long=True)
        return
    with Postgres() as server:
        yield OfPostgres(server, "old", long=True)
