# SPDX-License-Identifier: Apache-2.0
"""Redis killed, frozen, slow, flushed, full, cut off, a node of its Cluster lost, while two instances are asked and written to: no
request fails or hangs, nobody misses his own write, others see it within the policy's time to live, and when Redis is back at once."""
import contextlib
import re
import threading
import time

import pytest

from conftest import PATHS, config
from leat import Leat
from load import Load
from metrics import parse
from proxy import Proxy
from redis_server import Redis

LIVE_SECONDS, HEARD_SECONDS = 3, 1.5
CONFIG = config(wait="20s").replace("read: anonymous,", "read: anonymous, write: anonymous, cache: %s,")


class Pair:
    """Two instances with one Redis: `near` speaks to it, `far` does so too, or by another way."""

    def __init__(self, near, far):
        self.near, self.far, self.count = near, far, 0

    def write(self):
        """Written to the near one, which serves it at once."""
        self.count += 1
        assert self.near.client.patch("/api/notes/1", json={"text": f"text {self.count}"}).status_code == 200
        assert self.seen(self.near)

    def seen(self, leat):
        return leat.get("/api/notes/1").json()["text"] == f"text {self.count}"

    def is_heard(self, seconds_max=HEARD_SECONDS):
        """What is written is seen by the other, although both keep it for long."""
        self.seen(self.far)  # it is kept there
        self.write()
        self.far.await_true(lambda: self.seen(self.far), seconds_max)

    def hear(self, whether=True):
        for leat in (self.near, self.far):
            leat.await_true(lambda one=leat: one.get("/health").json()["checks"]["redis"]["hears"] == whether)


@contextlib.contextmanager
def pair(server, near, far=None, live="10m"):
    text = CONFIG % live
    with Leat(database=server.url, config=text + f"redis: {near}\n") as one, \
            Leat(database=server.url, config=text + f"redis: {far or near}\n") as other:
        both = Pair(one.await_ready(), other.await_ready())
        both.hear()
        with Load(one, PATHS, clients=3) as load, Load(other, PATHS, clients=3) as other_load:
            yield both
            load.good()
            other_load.good()
        load.check([])
        other_load.check([])


@pytest.fixture
def redis():
    with Redis() as running:
        yield running


def test_a_killed_redis_fails_no_request_and_is_heard_again(server, redis):
    with pair(server, redis.url) as both:
        both.is_heard()
        redis.kill()
        both.hear(False)
        for _ in range(5):
            both.write()
        redis.start()
        both.hear()
        assert both.seen(both.far)
        both.is_heard()


def test_a_frozen_redis_fails_no_request_and_is_heard_again(server, redis):
    with pair(server, redis.url) as both:
        redis.pause()
        begun = time.monotonic()
        both.write()
        assert time.monotonic() - begun < 5
        both.hear(False)
        both.write()
        redis.resume()
        both.hear()
        both.far.await_true(lambda: both.seen(both.far), HEARD_SECONDS)
        both.is_heard()


def test_without_redis_nothing_is_older_than_its_time_to_live(server, redis):
    with pair(server, redis.url, live=f"{LIVE_SECONDS}s") as both:
        redis.kill()
        both.hear(False)
        both.is_heard(seconds_max=LIVE_SECONDS + 1)


def test_a_slow_redis_makes_messages_late_and_no_request(server, redis):
    with Proxy(redis.port) as proxy:
        with pair(server, redis.url, f"redis://127.0.0.1:{proxy.port}") as both:
            proxy.delay = 0.2
            both.is_heard(seconds_max=5)
            proxy.delay = 0
            both.is_heard(seconds_max=5)


def test_one_that_is_cut_off_is_told_everything_when_it_is_back(server, redis):
    with Proxy(redis.port) as proxy:
        with pair(server, redis.url, f"redis://127.0.0.1:{proxy.port}") as both:
            proxy.silent = True
            both.far.await_true(lambda: not both.far.get("/health").json()["checks"]["redis"]["hears"])
            both.seen(both.far)
            both.write()
            proxy.silent = False
            both.hear()
            assert both.seen(both.far)


def test_a_flushed_and_a_full_redis_still_tell(server, redis):
    with pair(server, redis.url) as both:
        redis.flush()
        both.is_heard()
        redis.cli("CONFIG", "SET", "maxmemory", "1")
        both.is_heard()


def test_a_restarted_redis_is_heard_again(server, redis):
    with pair(server, redis.url) as both:
        for _ in range(3):
            redis.restart()
            both.near.await_true(lambda: both.near.get("/health").json()["checks"]["redis"]["status"] == "up")
            both.hear()
        both.is_heard()


def test_a_lost_node_of_a_cluster_is_got_over(server):
    with Redis("cluster") as cluster:
        with pair(server, cluster.url) as both:
            both.is_heard()
            cluster.kill(0)
            both.hear()
            both.write()
            cluster.start_node(0)
            both.far.await_true(lambda: both.seen(both.far), seconds_max=20)
            both.is_heard(seconds_max=5)


def test_one_that_dies_makes_the_others_ask_anew(server, redis):
    with pair(server, redis.url) as both:
        dying = Leat(database=server.url, config=CONFIG % "10m" + f"redis: {redis.url}\n")
        dying.await_ready()
        dying.await_true(lambda: dying.get("/health").json()["checks"]["redis"]["hears"])
        time.sleep(0.5)  # it was heard
        both.seen(both.far)
        server.psql("UPDATE notes SET text = 'by the dead' WHERE id = 1")  # as if between its COMMIT and its message
        dying.kill()
        both.far.await_true(lambda: both.far.get("/api/notes/1").json()["text"] == "by the dead", seconds_max=5)


class Writer:
    """Writes a row to the one instance and looks at it in both: the one never misses its own write, the other sees it in time."""

    def __init__(self, both, bound_seconds):
        self.both, self.bound = both, bound_seconds
        self.written = []  # (when it was answered, text)
        self.ended, self.fault = threading.Event(), None
        self.thread = threading.Thread(target=self._run)

    def _look(self):
        both = self.both
        both.write()
        self.written.append((time.monotonic(), f"text {both.count}"))
        asked = time.monotonic()
        answer = both.far.get("/api/notes/1")
        assert answer.status_code == 200
        must = [text for when, text in self.written if when < asked - self.bound]
        if must:
            seen = answer.json()["text"]
            assert int(seen.split()[1]) >= int(must[-1].split()[1]), f"{seen}, although {must[-1]} was written {self.bound} s before"

    def _run(self):
        try:
            while not self.ended.is_set():
                self._look()
        except AssertionError as fault:
            self.fault = fault

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.ended.set()
        self.thread.join()
        assert kind or not self.fault, self.fault


def verdicts(leat):
    page = parse(leat.get("/metrics").text)
    return {verdict: page.value("leat_cache_redis_verdicts_total", verdict=verdict) for verdict in ("hit", "fill", "miss", "skip")}


def is_shared_again(both):
    """What the one has made the other has from Redis."""
    def ask():
        path = f"/api/notes?id=neq.{time.monotonic_ns() % 10**9}&limit=1"
        both.near.get(path)
        return "detail=redis" in both.far.get(path).headers["cache-status"]
    both.far.await_true(ask)


def befall(redis, what):
    if what == "killed":
        redis.kill()
    elif what == "frozen":
        redis.pause()
    elif what == "flushed":
        for _ in range(20):
            redis.flush()
            time.sleep(0.02)
    elif what == "restarted":
        redis.restart()
    elif what == "evicting":  # each answer pushes out others, and generations
        redis.cli("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        redis.cli("CONFIG", "SET", "maxmemory", str(int(re.search(r"used_memory:(\d+)", redis.cli("INFO", "memory"))[1]) + 20000))
    elif what == "full":
        redis.cli("CONFIG", "SET", "maxmemory", "1")


def mend(redis, what):
    if what == "killed":
        redis.start()
    elif what == "frozen":
        redis.resume()
    elif what in ("evicting", "full"):
        redis.cli("CONFIG", "SET", "maxmemory", "0")


@pytest.mark.parametrize("what", ["killed", "frozen", "flushed", "restarted", "evicting", "full"])
def test_shared_answers_are_in_time_whatever_befalls_redis(server, redis, what):
    """Two instances under load and written to. While Redis is away the bound is the time to live; the load forgives no 5xx."""
    with pair(server, redis.url, live=f"{LIVE_SECONDS}s") as both:
        is_shared_again(both)
        with Writer(both, LIVE_SECONDS + 1) as writer:
            befall(redis, what)
            before = len(writer.written)
            both.far.await_true(lambda: len(writer.written) > before + 20)
            if what in ("killed", "frozen"):
                both.hear(False)
                asked = verdicts(both.far)
                both.far.await_true(lambda: verdicts(both.far)["skip"] > asked["skip"])  # the database is asked at once
            mend(redis, what)
            is_shared_again(both)
        both.hear()
        both.is_heard()
