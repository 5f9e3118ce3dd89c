# SPDX-License-Identifier: Apache-2.0
"""Several instances before one database, told by Redis of each other's writes. And Redis in the configuration and in /health."""
import contextlib
import subprocess
import time

import pytest

from kept import is_kept, told
from leat import BIN, Leat, command_prefix
from redis_server import Redis

CONFIG = """
workers: 2
redis: %s
defaults: {read: anonymous, write: anonymous, cache: 10m}
resources: {notes: {}}
"""
NOTES = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO notes VALUES (1, 'old'), (2, 'two');"


@pytest.fixture(scope="module", params=["plain", "tls", "cluster"])
def redis(request):
    with Redis(request.param) as server:
        yield server


@contextlib.contextmanager
def instances(database, url, count=2):
    """So many, each hearing what the others write."""
    with contextlib.ExitStack() as stack:
        leats = [stack.enter_context(Leat(database=database.url, config=CONFIG % url)).await_ready() for _ in range(count)]
        for leat in leats:
            leat.await_true(lambda one=leat: check(one).get("hears"))
        for leat in leats:
            leat.await_true(lambda one=leat: is_settled(one))
        yield leats


def is_settled(leat):
    """What it keeps it keeps for longer than a few beats: what makes all stale at the beginning is over."""
    until = time.monotonic() + 1
    while time.monotonic() < until:
        if not is_kept(leat, "/api/notes?id=2&limit=1"):
            return False
    return True


def check(leat):
    return leat.get("/health").json()["checks"].get("redis", {})


def text_of(leat, key=1):
    return leat.get(f"/api/notes/{key}").json()["text"]


def rows(leat):
    return leat.get("/api/notes").text.count('"id"')


def test_what_one_writes_is_fresh_in_the_others(database, redis):
    database.sql(NOTES)
    with instances(database, redis.url, 3) as leats:
        for leat in leats:
            assert text_of(leat) == "old" and rows(leat) == 2
            assert "hit" in told(leat.get("/api/notes/1"))
            assert text_of(leat, 2) == "two" and "hit" in told(leat.get("/api/notes/2"))
        assert leats[0].client.patch("/api/notes/1", json={"text": "new"}).status_code == 200
        assert text_of(leats[0]) == "new"
        for leat in leats[1:]:
            leat.await_true(lambda one=leat: text_of(one) == "new", seconds_max=5)
            leat.await_true(lambda one=leat: "new" in one.get("/api/notes").text, seconds_max=5)
            assert "hit" in told(leat.get("/api/notes/2"))  # what was not written is still kept
        assert leats[2].client.post("/api/notes", json={"id": 3, "text": "three"}).status_code == 201
        leats[1].await_true(lambda: rows(leats[1]) == 3, seconds_max=5)


def test_health_shows_redis_and_is_ready_without_it(database):
    database.sql(NOTES)
    with Redis() as server, Leat(database=database.url, config=CONFIG % server.url) as leat:
        leat.await_ready()
        leat.await_true(lambda: check(leat).get("status") == "up")
        server.kill()
        leat.await_true(lambda: check(leat).get("status") == "down")
        assert check(leat)["why"] and not check(leat)["hears"]
        assert leat.get("/health").status_code == 200 and leat.get("/health/ready").status_code == 200
        assert [line["event"] for line in leat.lines() if line.get("event", "").startswith("redis")] == ["redis up", "redis down"]
        server.start()
        leat.await_true(lambda: check(leat).get("hears"))


def test_without_redis_nothing_is_said_of_it(database):
    database.sql(NOTES)
    with Leat(database=database.url, config=CONFIG % "${REDIS_URL_THAT_IS_NOT_SET:-}") as leat:
        leat.await_ready()
        assert "redis" not in leat.get("/health").json()["checks"] and text_of(leat) == "old"


def run_check(tmp_path, database, url):
    path = tmp_path / "leat.yaml"
    path.write_text(f"leat: 1\ndatabase: {database.url}\nredis: {url}\n", encoding="utf-8")
    return subprocess.run([*command_prefix(), BIN, "check", "-c", path], capture_output=True, text=True, check=False)


def test_the_password_is_never_printed(tmp_path, database):
    database.sql(NOTES)
    done = run_check(tmp_path, database, "redis://me:geheim@127.0.0.1:1/2")
    assert "me:***@127.0.0.1:1/2" in done.stdout and "geheim" not in done.stdout + done.stderr
    done = run_check(tmp_path, database, "redis://me:geheim@127.0.0.1:x")
    assert done.returncode != 0 and "leat.yaml:3:8: `redis`: the port" in done.stderr and "geheim" not in done.stderr


def test_a_certificate_that_cannot_be_read_is_a_mistake_of_the_configuration(database):
    database.sql(NOTES)
    leat = Leat(database=database.url, config=CONFIG % "rediss://127.0.0.1?cacert=nowhere.pem", expect_up=False)
    assert leat.wait() == 2 and "`redis`: the file of `cacert=` cannot be read" in leat.log()
    leat.stop(expect=2)


def test_redis_cannot_change_while_it_runs(database):
    database.sql(NOTES)
    with Leat(database=database.url, config=CONFIG % "''") as leat:
        leat.await_ready()
        with open(leat.config_file, encoding="utf-8") as file:
            text = file.read()
        with open(leat.config_file, "w", encoding="utf-8") as file:
            file.write(text.replace("redis: ''", "redis: redis://127.0.0.1:1"))
        done = subprocess.run([*command_prefix(), BIN, "reload", "--url", leat.url], capture_output=True, text=True, check=False)
        assert done.returncode != 0 and "redis cannot change" in done.stdout + done.stderr
