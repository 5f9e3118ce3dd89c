# SPDX-License-Identifier: Apache-2.0
"""More is asked of a slow database than it can do: what it can is served as before, the rest is told so at once, and afterwards all is
well. Bounds are wide: the machine may be busy with other things."""
import threading
import time

import pytest

from conftest import config
from leat import Leat, client_of

LANES = 4
NAP_SECONDS = 0.1  # so 40 naps a second
BUSY = (503, "over-capacity")
SECONDS = 3


@pytest.fixture
def naps(server):
    """Beside the notes a view that takes its time."""
    server.psql(f"CREATE VIEW naps AS SELECT 1 AS id, pg_sleep({NAP_SECONDS})::text AS text;")
    return server


def with_naps(shed, size=LANES):
    return config(size=size, wait="30s", timeout="30s").replace("{notes: {}}", "{notes: {}, naps: {key: id}}") + f"shed: {shed}\n"


class Crowd:
    """Clients that each ask again as soon as they are answered, and rest as long as they are told when refused: (outcome, seconds) of all."""

    def __init__(self, leat, path, clients):
        self.leat, self.path = leat, path
        self.answers, self.ended = [], threading.Event()
        self.threads = [threading.Thread(target=self._client) for _ in range(clients)]

    def _client(self):
        with client_of(self.leat.url) as client:
            while not self.ended.is_set():
                began = time.monotonic()
                answer = client.get(self.path)
                took = time.monotonic() - began
                code = None if answer.status_code == 200 else answer.json()["code"]
                self.answers.append(((answer.status_code, code), took))
                if code:
                    assert int(answer.headers["retry-after"]) >= 1
                    self.ended.wait(0.1)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def until(self, condition):
        self.leat.await_true(condition)
        return self

    def good_each_second(self):
        """Over the next SECONDS."""
        before, began = len(self.good()), time.monotonic()
        time.sleep(SECONDS)
        return (len(self.good()) - before) / (time.monotonic() - began)

    def good(self):
        return [took for outcome, took in list(self.answers) if outcome == (200, None)]

    def busy(self):
        return [took for outcome, took in list(self.answers) if outcome == BUSY]

    def check(self):
        assert {outcome for outcome, _ in self.answers} <= {(200, None), BUSY}


def median(values):
    return sorted(values)[len(values) // 2]


def serve(naps, shed):
    return Leat(database=naps.url, config=with_naps(shed), args=("--workers", "1"))


def test_a_crowd_before_a_slow_database_leaves_it_its_work_and_is_told_at_once(naps):
    with serve(naps, f"{{least: {2 * LANES}}}") as leat:
        leat.await_ready()
        with Crowd(leat, "/api/naps", LANES) as few:
            few.until(few.good)
            usual = few.good_each_second()
        assert not few.busy(), "as many as there are lanes are never refused"
        with Crowd(leat, "/api/naps", 12 * LANES) as crowd:
            crowd.until(crowd.busy)
            assert crowd.good_each_second() >= usual / 2, "what the database can is still done"
            assert leat.get("/health").status_code == 200
        crowd.check()
        assert median(crowd.busy()) < median(crowd.good()), "who is refused is told before who is served"
        with Crowd(leat, "/api/naps", LANES) as again:
            again.until(lambda: len(again.good()) >= 20)
        assert not again.busy(), "and afterwards all is well"


def test_what_is_quick_is_served_beside_a_crowd_that_is_slow(naps):
    with serve(naps, f"{{least: {2 * LANES}}}") as leat:
        leat.await_ready()
        for _ in range(20):  # its lane is learned
            assert leat.get("/api/notes/1").status_code == 200
        with Crowd(leat, "/api/naps", 12 * LANES) as crowd:
            crowd.until(lambda: len(crowd.busy()) >= 50)
            with Crowd(leat, "/api/notes/1", 2) as quick:
                quick.until(lambda: len(quick.good()) >= 100)
        assert not quick.busy()
        crowd.check()


def test_switched_off_everybody_waits(naps):
    with serve(naps, "{target: off}") as leat:
        leat.await_ready()
        with Crowd(leat, "/api/naps", 3 * LANES) as crowd:
            crowd.until(lambda: len(crowd.good()) >= 60)
        assert {outcome for outcome, _ in crowd.answers} == {(200, None)}
