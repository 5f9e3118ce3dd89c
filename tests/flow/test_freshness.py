# SPDX-License-Identifier: Apache-2.0
"""Nothing stale is served: random reads and writes by several clients at once, of one instance and of four that hear of each other by
Redis, and their histories (tests/lib/history.py). LEAT_FRESH_SECONDS says for how long; LEAT_FRESH_SEED which."""
import contextlib
import os
import random
import threading
import time

import httpx
import pytest

from history import History, Read
from leat import Leat, client_of
from redis_server import Redis

SECONDS = float(os.environ.get("LEAT_FRESH_SECONDS", "5"))
CLIENTS, PER_CLIENT = 6, 2  # of each client so many pairs of items, solos, and groups with a note
BOUND_S = 2  # across instances: a message takes milliseconds, and sanitizers' builds on busy machines are slow

SCHEMA = """
CREATE TABLE teams (id INTEGER PRIMARY KEY, v INTEGER NOT NULL);
CREATE TABLE items (id INTEGER PRIMARY KEY, pair INTEGER NOT NULL, team_id INTEGER NOT NULL REFERENCES teams (id), v INTEGER NOT NULL);
CREATE TABLE solos (id INTEGER PRIMARY KEY, v INTEGER NOT NULL);
CREATE TABLE groups (id INTEGER PRIMARY KEY);
CREATE TABLE notes (id INTEGER PRIMARY KEY REFERENCES groups (id) ON DELETE CASCADE, v INTEGER NOT NULL);
CREATE VIEW shown_items AS SELECT i.id, i.v FROM items i JOIN teams t ON t.id = i.team_id;
CREATE VIEW shown_notes AS SELECT n.id, n.v FROM groups g JOIN notes n ON n.id = g.id;
INSERT INTO teams VALUES (1, 0);
"""
CONFIG = """
workers: 2
%s
defaults: {read: anonymous, write: anonymous, cache: 10m, page: {size: 1000}}
resources:
  teams: {}
  items: {}
  solos: {cache: {list: 10m, row: 10m, writes: through}}
  groups: {}
  notes: {}
  shown_items: {key: id}
  shown_notes: {key: id}
queries: %s
"""
QUERIES = {"all_items": "SELECT id, v FROM items", "all_notes": "SELECT id, v FROM shown_notes"}

ITEM_LISTS = ["/api/items", "/api/items?order=v,id", "/api/items?select=id,v,pair", "/api/shown_items", "/api/all_items", "/api/items?limit=500"]
NOTE_LISTS = ["/api/notes", "/api/shown_notes", "/api/all_notes", "/api/notes?v=gte.0"]


def rows_of(answer):
    body = answer.json()
    return body if isinstance(body, list) else next(value for value in body.values() if isinstance(value, list))


class Client:
    """One thread. It alone writes its keys: pairs of items, which change together, solos, and notes, which come and go with their groups."""

    def __init__(self, number, walk):
        self.number, self.walk = number, walk
        self.random = random.Random(walk.seed * 1000 + number)
        self.pairs = [number * PER_CLIENT + i for i in range(PER_CLIENT)]
        self.states = {}
        self.failure = None
        self.https = [client_of(leat.url) for leat in walk.leats]

    def run(self):
        try:
            while time.monotonic() < self.walk.until and not self.walk.failed:
                self.random.choices([self.write_pair, self.write_note, self.write_solo, self.read], [1, 1, 1, 15])[0]()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure, self.walk.failed = failure, True
        for http in self.https:
            http.close()

    # --- writes ---

    def change(self, key, act):
        """act(http, state) writes the key's next state."""
        instance = self.random.randrange(len(self.https))
        state = self.states.get(key, 0) + 1
        names = [f"item {item}" for item in items_of(key[1])] if key[0] == "pair" else [f"{key[0]} {key[1]}"]
        with self.walk.lock:
            for name in names:
                self.walk.history.send(name, state, time.monotonic())
        act(self.https[instance], state)
        now = time.monotonic()
        with self.walk.lock:
            for name in names:
                self.walk.history.acknowledge(name, state, now, instance)
        self.states[key] = state

    def write_pair(self):
        pair = self.random.choice(self.pairs)

        def write(http, state):
            if self.random.random() < 0.5:
                good(http.patch(f"/api/items?pair=eq.{pair}", json={"v": state}))
                return
            parts = [{"method": "PATCH", "path": f"/api/items/{item}", "body": {"v": state}} for item in items_of(pair)]
            answer = good(http.post("/api/batch", json={"requests": parts, "transaction": True})).json()
            assert [part["status"] for part in answer["responses"]] == [200, 200], answer
        self.change(("pair", pair), write)

    def write_note(self):
        """Even states are there, and say so; odd ones are not: the group was deleted, and the note with it."""
        number = self.random.choice(self.pairs)

        def write(http, state):
            if state % 2:
                good(http.delete(f"/api/groups/{number}"))
                return
            parts = [{"method": "POST", "path": "/api/groups", "body": {"id": number}},
                     {"method": "POST", "path": "/api/notes", "body": {"id": number, "v": state}}]
            answer = good(http.post("/api/batch", json={"requests": parts, "transaction": True})).json()
            assert [part["status"] for part in answer["responses"]] == [201, 201], answer
        self.change(("note", number), write)

    def write_solo(self):
        number = self.random.choice(self.pairs)
        self.change(("solo", number), lambda http, state: good(http.patch(f"/api/solos/{number}", json={"v": state})))

    # --- reads ---

    def read(self):
        instance = self.random.randrange(len(self.https))
        path, states_of = self.random.choice([self.item, self.items, self.embedded_items, self.note, self.notes, self.embedded_notes, self.solo, self.solos])()
        asked = time.monotonic()
        answer = self.https[instance].get(path)
        answered = time.monotonic()
        assert answer.status_code in (200, 404), answer.text
        states, together = states_of(answer)
        states = {key: self.absent(key, instance, asked, answered) if state is None else state for key, state in states.items()}
        self.walk.history.reads.append(Read(self.number, instance, path, asked, answered, states, together))
        self.walk.hits += "hit" in answer.headers.get("cache-status", "")

    def absent(self, key, instance, asked, answered):
        """No state is shown: the newest odd one that it may be, which is the kindest reading."""
        with self.walk.lock:
            newest = self.walk.history.newest(key, answered)
        return newest if newest % 2 else newest - 1

    def item(self):
        item = self.random.randrange(2 * CLIENTS * PER_CLIENT)
        where = self.random.choice(["items", "shown_items"])
        return f"/api/{where}/{item}", lambda answer: ({f"item {item}": answer.json()["v"]}, ())

    def items(self):
        return self.random.choice(ITEM_LISTS), lambda answer: show_items(rows_of(answer))

    def embedded_items(self):
        return "/api/teams?select=id,items(id,v)", lambda answer: show_items(rows_of(answer)[0]["items"])

    def solo(self):
        number = self.random.randrange(CLIENTS * PER_CLIENT)
        return f"/api/solos/{number}", lambda answer: ({f"solo {number}": answer.json()["v"]}, ())

    def solos(self):
        return "/api/solos", lambda answer: ({f"solo {row['id']}": row["v"] for row in rows_of(answer)}, ())

    def note(self):
        number = self.random.randrange(CLIENTS * PER_CLIENT)
        where = self.random.choice(["notes", "shown_notes"])
        return f"/api/{where}/{number}", lambda answer: ({f"note {number}": answer.json()["v"] if answer.status_code == 200 else None}, ())

    def notes(self):
        return self.random.choice(NOTE_LISTS), lambda answer: (show_notes(rows_of(answer)), ())

    def embedded_notes(self):
        def states(answer):
            return show_notes([group["notes"] for group in rows_of(answer) if group["notes"]])
        return "/api/groups?select=id,notes(id,v)", lambda answer: (states(answer), ())


def good(answer):
    assert answer.status_code < 300, answer.text
    return answer


def items_of(pair):
    return 2 * pair, 2 * pair + 1


def show_items(rows):
    """All there are, and each pair at once."""
    states = {f"item {row['id']}": row["v"] for row in rows}
    assert len(states) == 2 * CLIENTS * PER_CLIENT
    return states, tuple(tuple(f"item {item}" for item in items_of(pair)) for pair in range(CLIENTS * PER_CLIENT))


def show_notes(rows):
    there = {row["id"]: row["v"] for row in rows}
    return {f"note {number}": there.get(number) for number in range(CLIENTS * PER_CLIENT)}


class Walk:
    def __init__(self, leats, bound_s):
        self.seed = int(os.environ.get("LEAT_FRESH_SEED", random.randrange(1 << 30)))
        print("LEAT_FRESH_SEED", self.seed)
        self.leats, self.lock, self.failed, self.hits = leats, threading.Lock(), False, 0
        self.history = History(bound_s)
        self.until = 0

    def run(self):
        clients = [Client(number, self) for number in range(CLIENTS)]
        threads = [threading.Thread(target=client.run) for client in clients]
        self.until = time.monotonic() + SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for client in clients:
            if client.failure:
                raise client.failure
        print(len(self.history.reads), 'reads', self.hits, 'kept', self.history.writes(), 'writes')
        complaints = self.history.complaints()
        assert not complaints, f"seed {self.seed}: {len(complaints)} of {len(self.history.reads)} reads, such as {complaints[:3]}"
        assert len(self.history.reads) > 50 and self.hits > 10 and self.history.writes() > 20


@contextlib.contextmanager
def serving(database, tmp_path, count, redis=""):
    folder = tmp_path / "queries"
    folder.mkdir()
    for name, text in QUERIES.items():
        (folder / f"{name}.sql").write_text(f"/* leat\n*/ {text}", encoding="utf-8")
    numbers = range(CLIENTS * PER_CLIENT)
    database.sql(SCHEMA + "".join(
        f"INSERT INTO items VALUES ({item}, {pair}, 1, 0);" for pair in numbers for item in items_of(pair)) + "".join(
        f"INSERT INTO solos VALUES ({number}, 0); INSERT INTO groups VALUES ({number}); INSERT INTO notes VALUES ({number}, 0);" for number in numbers))
    with contextlib.ExitStack() as stack:
        leats = [stack.enter_context(Leat(database=database.url, config=CONFIG % (redis, folder))).await_ready() for _ in range(count)]
        yield leats


def test_one_instance_serves_nothing_stale(database, tmp_path):
    with serving(database, tmp_path, 1) as leats:
        Walk(leats, 0).run()


def test_four_instances_serve_nothing_older_than_the_bound(database, tmp_path):
    with Redis("plain") as redis, serving(database, tmp_path, 4, f"redis: {redis.url}") as leats:
        for leat in leats:
            leat.await_true(lambda one=leat: one.get("/health").json()["checks"]["redis"]["hears"])
        Walk(leats, BOUND_S).run()


# --- the orders of send, commit, bump and store ---

SLOW = """
CREATE TABLE items (id INTEGER PRIMARY KEY, v INTEGER NOT NULL);
CREATE TABLE waits (id INTEGER PRIMARY KEY);
INSERT INTO items VALUES (1, 0);
CREATE VIEW slow AS SELECT id, v, pg_sleep(0.7)::text AS slept FROM items;
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON waits DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
"""


@pytest.fixture
def slow(database):
    if database.store != "postgresql":
        pytest.skip("the statements that wait are PostgreSQL's")
    database.sql(SLOW)
    config = "defaults: {read: anonymous, write: anonymous, cache: 10m}\nresources: {items: {}, waits: {}, slow: {key: id}}\n"
    with Leat(database=database.url, config=config) as leat:
        leat.running = lambda: int(database.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND wait_event = 'PgSleep'"))
        yield leat.await_ready()


def begun(leat, act):
    """A thread that does it, once its statement waits in the database."""
    thread = threading.Thread(target=act)
    thread.start()
    leat.await_true(lambda: leat.running() > 0)
    return thread


def state(leat, path="/api/slow"):
    return rows_of(leat.get(path))[0]["v"]


def test_what_was_read_before_a_write_and_came_after_it_is_not_kept(slow):
    """send, commit, bump, store."""
    reading = begun(slow, lambda: httpx.get(slow.url + "/api/slow", timeout=60))
    assert slow.client.patch("/api/items/1", json={"v": 1}).status_code == 200
    assert reading.is_alive()
    reading.join()
    assert state(slow) == 1


def test_who_asks_after_a_write_does_not_share_an_answer_begun_before(slow):
    """The fill that another began before the write is waited for, and not believed."""
    reading = begun(slow, lambda: httpx.get(slow.url + "/api/slow", timeout=60))
    assert slow.client.patch("/api/items/1", json={"v": 1}).status_code == 200
    assert reading.is_alive() and state(slow) == 1
    reading.join()


def test_what_is_stored_while_a_write_commits_ends_with_it(slow):
    """send, store, commit, bump: the old state is served, rightly, until the writer has its answer."""
    parts = [{"method": "PATCH", "path": "/api/items/1", "body": {"v": 1}}, {"method": "POST", "path": "/api/waits", "body": {"id": 1}}]
    writing = begun(slow, lambda: httpx.post(slow.url + "/api/batch", json={"requests": parts, "transaction": True}, timeout=60))
    assert state(slow, "/api/items") == 0 and "hit" in slow.get("/api/items").headers["cache-status"]
    assert writing.is_alive()
    writing.join()
    assert state(slow, "/api/items") == 1


# --- the checker itself ---

def history(*reads):
    """Of one key, whose state 1 was sent at 1 and answered at 2 by instance 0, and state 2 sent at 3 and answered at 4."""
    made = History(bound_s=10)
    for number in (1, 2):
        made.send("k", number, 2 * number - 1)
        made.acknowledge("k", number, 2 * number, instance=0)
    made.reads = [Read(1, *read) for read in reads]
    return made.complaints()


@pytest.mark.parametrize("read, said", [
    ((0, "/a", 1.5, 1.6, {"k": 0}), None),
    ((0, "/a", 1.5, 1.6, {"k": 1}), None),
    ((0, "/a", 2.5, 2.6, {"k": 0}), "stale"),
    ((1, "/a", 2.5, 2.6, {"k": 0}), None),
    ((1, "/a", 12.5, 12.6, {"k": 0}), "stale"),
    ((0, "/a", 2.5, 2.6, {"k": 2}), "never written"),
    ((0, "/a", 2.5, 3.5, {"k": 2}), None),
    ((0, "/a", 4.5, 4.6, {"k": 1}), "stale"),
    ((0, "/a", 3.5, 3.6, {"k": 1, "l": 0}, (("k", "l"),)), "a half"),
])
def test_the_checker_tells_what_is_wrong(read, said):
    complaints = history(read)
    assert said in complaints[0] if said else not complaints


def test_the_checker_wants_states_in_order():
    first, second = (1, "/a", 3.1, 3.2, {"k": 2}), (1, "/a", 3.3, 3.4, {"k": 1})
    assert not history(second, (1, "/b", 3.5, 3.6, {"k": 2})) and "out of order" in history(first, second)[0]
