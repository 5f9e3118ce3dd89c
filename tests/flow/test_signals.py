# SPDX-License-Identifier: Apache-2.0
"""Signals: raised by name or by a write they end what is said to hang on them, and tell a content network to forget."""
import http.server
import threading

import metrics
import pytest

from callers import KEYS, bearer
from kept import is_kept, keep
from leat import Leat
from redis_server import Redis

SCHEMA = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE scores (id INTEGER PRIMARY KEY, points INTEGER);
CREATE TABLE others (id INTEGER PRIMARY KEY);
INSERT INTO notes VALUES (1, 'old'); INSERT INTO scores VALUES (1, 1); INSERT INTO others VALUES (1);
"""
CONFIG = """
auth: {roles: reader < scorer, %s}
defaults: {read: anonymous, write: anonymous, cache: 10m}
signals:
  scored: {raise: scorer}
  cleared: {raise: anonymous, tables: [scores]}
  noted: {on: notes%s}
  silent: {}
resources: {notes: {}, scores: {signals: [scored, noted]}, others: {}}
"""


class Network:
    """A content network that counts what it is told, and answers with these statuses in turn, then with 200."""

    def __init__(self, *statuses):
        self.statuses, self.told = list(statuses), []
        network = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                network.told.append((self.command, self.path, self.headers.get("Api-Key"), body))
                self.send_response(network.statuses.pop(0) if network.statuses else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")
            do_PUT = do_POST

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def serve(database, of_noted=""):
    database.sql(SCHEMA)
    return Leat(database=database.url, config=CONFIG % (KEYS, of_noted))


@pytest.fixture
def leat(database):
    with serve(database) as running:
        yield running.await_ready()


def raise_signal(leat, name, role=None, **options):
    return leat.client.post(f"/api/v1/signals/{name}", headers=bearer(role), **options)


def purges(leat):
    page = metrics.parse(leat.get("/metrics").text)
    return {labels["outcome"]: value for labels, value in page.series("leat_purges_total")}


def test_a_signal_ends_what_hangs_on_it_and_nothing_else(leat):
    keep(leat, "/api/scores", "/api/scores/1", "/api/scores/7", "/api/others")
    answer = raise_signal(leat, "scored", "scorer")
    assert answer.status_code == 204 and not answer.content and answer.headers["cache-control"] == "no-store"
    assert not is_kept(leat, "/api/scores") and not is_kept(leat, "/api/scores/1") and not is_kept(leat, "/api/scores/7")
    assert is_kept(leat, "/api/others")


def test_a_signal_ends_what_reads_its_tables(leat, database):
    keep(leat, "/api/scores/1", "/api/others")
    database.sql("UPDATE scores SET points = 2;")
    assert leat.get("/api/scores/1").json()["points"] == 1
    assert raise_signal(leat, "cleared").status_code == 204
    assert leat.get("/api/scores/1").json()["points"] == 2 and is_kept(leat, "/api/others")


def test_a_write_raises_the_signals_that_are_on_its_resource(leat):
    keep(leat, "/api/scores")
    assert leat.client.post("/api/others", json={"id": 2}).status_code == 201 and is_kept(leat, "/api/scores")
    assert leat.client.post("/api/notes", json={"id": 1, "text": "refused"}).status_code == 409 and is_kept(leat, "/api/scores")
    assert leat.client.patch("/api/notes/1", json={"text": "new"}).status_code == 200 and not is_kept(leat, "/api/scores")


def test_only_who_may_raises_a_signal_and_only_by_post(leat):
    keep(leat, "/api/scores")
    assert raise_signal(leat, "scored").status_code == 401 and raise_signal(leat, "scored", "reader").status_code == 403
    for name in ("silent", "noted", "nothing", "scored/more"):
        assert raise_signal(leat, name, "scorer").status_code == 404
    got = leat.get("/api/v1/signals/cleared")
    assert got.status_code == 405 and "POST" in got.headers["allow"]
    assert is_kept(leat, "/api/scores")


def test_a_signal_is_a_part_of_a_batch(leat):
    keep(leat, "/api/scores")
    answer = leat.client.post("/api/batch", json={"requests": [{"method": "POST", "path": "/api/v1/signals/cleared"}]})
    assert answer.status_code == 200 and answer.json()["responses"][0]["status"] == 204 and not is_kept(leat, "/api/scores")


def test_other_instances_hear_of_a_signal(database):
    database.sql(SCHEMA)
    with Redis() as redis, Leat(database=database.url, config=f"redis: {redis.url}\n" + CONFIG % (KEYS, "")) as near, \
            Leat(database=database.url, config=f"redis: {redis.url}\n" + CONFIG % (KEYS, "")) as far:
        for leat in (near, far):
            leat.await_ready()
            leat.await_true(lambda at=leat: at.get("/health").json()["checks"]["redis"]["hears"])
        far.await_true(lambda: is_kept(far, "/api/scores"))  # what makes all stale at the beginning is over
        assert raise_signal(near, "scored", "scorer").status_code == 204
        far.await_true(lambda: not is_kept(far, "/api/scores"), seconds_max=5)


def purge_to(network, more=""):
    return f", raise: anonymous, purge: {{url: '{network.url}/zones/1/purge', add: {{Api-Key: secret, Content-Type: application/json}}, " \
           f"body: '{{\"tags\":[\"notes\"]}}'{more}}}"


def test_a_network_is_told_what_was_declared(database):
    with Network() as network, serve(database, purge_to(network, ", method: PUT")) as leat:
        leat.await_ready()
        assert leat.client.patch("/api/notes/1", json={"text": "new"}).status_code == 200
        leat.await_true(lambda: purges(leat) == {"done": 1, "retried": 0, "failed": 0})
        assert network.told == [("PUT", "/zones/1/purge", "secret", '{"tags":["notes"]}')]


def test_a_network_that_fails_is_told_again_and_one_that_refuses_is_not(database):
    with Network(503, 429, 200, 403) as network, serve(database, purge_to(network)) as leat:
        leat.await_ready()
        raise_signal(leat, "noted")
        leat.await_true(lambda: purges(leat)["done"] == 1)
        assert purges(leat)["retried"] == 2 and len(network.told) == 3
        raise_signal(leat, "noted")
        leat.await_true(lambda: purges(leat)["failed"] == 1)
        assert [(line["signal"], line["status"]) for line in leat.lines("purge failed")] == [("noted", 403)]


def test_a_storm_of_signals_is_few_calls_and_none_is_lost(database):
    with Network() as network, serve(database, purge_to(network)) as leat:
        leat.await_ready()
        for _ in range(300):
            assert raise_signal(leat, "noted").status_code == 204
        last = len(network.told)
        leat.await_true(lambda: purges(leat)["done"] == len(network.told) and purges(leat)["done"] >= last > 0)
        assert len(network.told) <= 300


def test_one_that_is_away_when_leat_stops_is_told_in_the_log(database):
    with Network() as network:
        leat = serve(database, purge_to(network))
    with leat:
        leat.await_ready()
        raise_signal(leat, "noted")
        leat.await_true(lambda: purges(leat)["retried"] >= 1)
