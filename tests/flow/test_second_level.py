# SPDX-License-Identifier: Apache-2.0
"""Kept answers shared by several instances through Redis: made once for all, current, sealed, and nobody's but theirs who may see them."""
import contextlib
import concurrent.futures
import re
import time

import pytest

from callers import KEYS, bearer
from conftest import STORES
from kept import told
from leat import Leat
from metrics import parse
from postgres import Postgres
from redis_server import Redis
from service import Service

pytestmark = pytest.mark.skipif("postgresql" not in STORES, reason="of servers alone")

SLOW = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, secret TEXT);
INSERT INTO notes SELECT i, 'note ' || i, 'hush' FROM generate_series(1, 100) AS i;
CREATE VIEW slow AS SELECT id, text, pg_sleep(0.3) IS NULL AS slept FROM notes WHERE id = 1;
"""
CONFIG = """
workers: 2
log: {sample: 1000000}
redis: %s
defaults: {read: anonymous, write: anonymous, cache: 10m}
resources: {notes: {columns: 'id,text'}, slow: {key: id}}
"""
CLIENTS = 50
RUNS = r"execute .*FROM \"public\"\.\"slow\""


@pytest.fixture
def server():
    with Postgres({"log_statement": "all"}) as running:
        running.psql(SLOW)
        yield running


@pytest.fixture(params=["plain", "cluster"])
def redis(request):
    with Redis(request.param) as running:
        yield running


@contextlib.contextmanager
def instances(server, redis, count=2, text=CONFIG, headers=None):
    """So many, each asking Redis."""
    with contextlib.ExitStack() as stack:
        leats = [stack.enter_context(Leat(database=server.url, config=text % redis.url)).await_ready() for _ in range(count)]
        for number, leat in enumerate(leats):
            leat.await_true(lambda one=leat, n=number: asks_redis(one, n, headers))
        yield leats


def asks_redis(leat, number, headers):
    """Whatever it asks for here, nobody has asked for before."""
    leat.get(f"/api/notes?select=id&limit=1&offset={number}&text=neq.{time.monotonic()}", headers=headers)
    return verdicts(leat)["fill"] > 0


def verdicts(leat):
    page = parse(leat.get("/metrics").text)
    return {verdict: page.value("leat_cache_redis_verdicts_total", verdict=verdict) for verdict in ("hit", "fill", "miss", "skip")}


def shared(one, others, path, **options):
    """What the one has made and all the others have of it, asked for at `path`, with a number in it that nobody has asked for before."""
    made = answers = None

    def ask():  # an instance that was slow to beat makes all stale: then once more
        nonlocal made, answers
        fresh = path % (time.monotonic_ns() // 1000 % 10**9 + 10**9)
        made = one.get(fresh, **options)
        answers = [leat.get(fresh, **options) for leat in others]
        return all(map(is_shared, answers)) and not is_shared(made)
    one.await_true(ask)
    return made, answers


def seconds_left(answer):
    return int(re.search(r"ttl=(\d+)", told(answer))[1])


def is_shared(answer):
    return "; hit" in told(answer) and "detail=redis" in told(answer)


def test_what_one_made_the_others_have(server, redis):
    with instances(server, redis, 3) as (one, *others):
        made, answers = shared(one, others, "/api/notes?limit=3&id=neq.%d")
        assert "stored" in told(made)
        assert {(answer.content, answer.headers["etag"]) for answer in answers} == {(made.content, made.headers["etag"])}
        path = str(made.url.raw_path, "ascii")
        again = others[0].get(path)
        assert "; hit" in told(again) and not is_shared(again)  # it is kept here, too
        assert others[0].get(path, headers={"If-None-Match": made.headers["etag"]}).status_code == 304
        absent, answers = shared(one, others, "/api/notes/%d")
        assert {answer.status_code for answer in (absent, *answers)} == {404}
        assert answers[0].json()["code"] == absent.json()["code"]


def test_it_is_no_older_than_when_it_was_made(server, redis):
    with instances(server, redis) as (one, other):
        def is_old():
            path = f"/api/notes?text=neq.{time.monotonic()}"
            made = one.get(path)
            one.await_true(lambda: int(one.get(path).headers.get("age", 0)) >= 2)
            answer = other.get(path)
            if not is_shared(answer):
                return False
            assert int(answer.headers["age"]) >= 1  # what its way to Redis took is not counted
            assert seconds_left(answer) < seconds_left(made)
            return True
        one.await_true(is_old)


def test_a_write_ends_it_for_all(server, redis):
    with instances(server, redis, 3) as leats:
        for text in ("first", "second", "third"):
            for writer in leats:
                assert writer.client.patch("/api/notes/1", json={"text": f"{text} {id(writer)}"}).status_code == 200
                for leat in [writer, *leats]:
                    leat.await_true(lambda one=leat, w=writer, t=text: one.get("/api/notes/1").json()["text"] == f"{t} {id(w)}",
                                    seconds_max=5)
                assert writer.get("/api/notes?id=eq.1").text.count(f"{text} {id(writer)}") == 1


def test_of_many_in_four_instances_one_asks_the_database(server, redis):
    with instances(server, redis, 4) as leats, concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        def one_asks():
            before = server.ran(RUNS)
            query = f"/api/slow?text=neq.{time.monotonic()}"
            answers = list(pool.map(lambda number: leats[number % 4].get(query), range(CLIENTS)))
            assert {answer.status_code for answer in answers} == {200} and len({answer.content for answer in answers}) == 1
            return server.ran(RUNS) == before + 1
        for _ in range(3):  # more do where the machine stands still for longer than a lease or a beat
            leats[0].await_true(one_asks)


def test_what_lies_in_redis_tells_nothing(server, redis):
    with instances(server, redis) as (one, _):
        one.client.post("/api/notes", json={"id": 7654321, "text": "a tale to tell"})
        assert "tale" in one.get("/api/notes/7654321").text
        one.await_true(lambda: stored(redis))
        everything = "".join(key + redis.nodes[node].cli("--no-raw", "GET", key) for node, key in stored(redis))
        assert "a tale" not in everything and "7654321" not in everything and "notes" not in everything


def stored(redis):
    """Which node has which answer."""
    return [(number, key) for number, node in enumerate(redis.nodes) for key in sorted(node.cli("KEYS", "leat:e:*").split())]


def test_instances_that_answer_otherwise_share_nothing(server, redis):
    other_config = CONFIG.replace("'id,text'", "'id,text,secret'")
    alike_config = CONFIG.replace("workers: 2", "workers: 1\ncache: {memory: 64MiB}").replace("1000000", "1000")
    with instances(server, redis, 1) as [one], instances(server, redis, 1, other_config) as [other], \
            instances(server, redis, 1, alike_config) as [alike]:
        made, _ = shared(one, [alike], "/api/notes?limit=3&id=neq.%d")
        answer = other.get(str(made.url.raw_path, "ascii"))
        assert "hush" in answer.text and "hush" not in made.text and not is_shared(answer)


def test_instances_that_know_another_view_share_nothing_of_it(server):
    """It was replaced after the one had begun, whose answers do not end with the table that it reads now."""
    view = "CREATE OR REPLACE VIEW seen AS SELECT id, text FROM notes WHERE id < 4 %s;"
    server.psql("CREATE TABLE others (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO others VALUES (1, 'old');" + view % "")
    text = CONFIG.replace("slow: {key: id}", "seen: {key: id}, others: {}")
    with Redis() as redis, instances(server, redis, 1, text) as [one]:
        server.psql(view % "UNION ALL SELECT id + 1000, text FROM others")
        with instances(server, redis, 1, text) as [other]:
            for number in range(3):
                path = f"/api/seen?limit={10 + number}"
                assert "stored" in told(one.get(path))
                assert other.client.patch("/api/others/1", json={"text": f"new {number}"}).status_code == 200
                fills = verdicts(other)["fill"]
                other.await_true(lambda before=fills: asks_redis(other, 0, None) and verdicts(other)["fill"] > before)  # the write has been told
                assert f"new {number}" in other.get(path).text


def test_what_names_a_local_column_stays_in_the_process(server):
    text = CONFIG.replace("'id,text'", "'id,text,secret', cache: {list: 10m, row: 10m, local: secret}")
    with Redis() as redis, instances(server, redis, text=text) as (one, other):
        shared(one, [other], "/api/notes?select=id,text&id=neq.%d")
        before = stored(redis)
        for path in ("/api/notes/1", "/api/notes?id=eq.1", "/api/notes?select=id,s:secret", "/api/notes?select=id&secret=eq.hush",
                     "/api/notes?select=id&order=secret", "/api/notes?select=secret,count()"):
            assert one.get(path).status_code == 200, path
            assert "stored" in told(other.get(path)) and "; hit" in told(other.get(path)), path
        assert stored(redis) == before


def test_callers_share_as_they_would_in_one_process(server):
    """By a secret that Leat made itself and keeps in the database."""
    server.psql("ALTER TABLE notes ADD org TEXT; UPDATE notes SET org = CASE WHEN id % 2 = 0 THEN 'a' ELSE 'b' END")
    text = CONFIG.replace("{columns: 'id,text'}", "{columns: 'id,text,org', tenant: org}") \
        .replace("read: anonymous, write: anonymous", "read: viewer") + \
        "auth: {roles: viewer, %s}\n" % KEYS
    with Redis() as redis, instances(server, redis, text=text, headers=bearer("viewer", "x")) as (one, other):
        made, [same] = shared(one, [other], "/api/notes?limit=3&id=neq.%d", headers=bearer("viewer", "a", user="another"))
        path = str(made.url.raw_path, "ascii")
        theirs = other.get(path, headers=bearer("viewer", "b"))
        assert {row["org"] for row in same.json()["notes"]} == {"a"} and {row["org"] for row in theirs.json()["notes"]} == {"b"}
        assert not is_shared(theirs) and other.get(path).status_code == 401


def test_a_large_answer_is_made_by_each_and_nobody_waits(server):
    with Redis() as redis, instances(server, redis) as leats:
        server.psql("INSERT INTO notes SELECT i, repeat('x', 10000), '' FROM generate_series(1001, 1100) AS i")
        for leat in leats:
            waits = parse(leat.get("/metrics").text).value("leat_cache_redis_waits_total")
            answer = leat.get("/api/notes?id=gt.1000&limit=100")
            assert len(answer.content) > 1000000 and not is_shared(answer) and "stored" in told(answer)
            assert parse(leat.get("/metrics").text).value("leat_cache_redis_waits_total") == waits


def test_answers_of_another_service_are_shared_too(server):
    with Service() as service, Redis() as redis:
        text = CONFIG + "upstream: {/kept/: {url: '%s/', cache: 1h, tables: [notes]}}\n" % service.url
        host = {"Host": "kept"}  # its answer may hang on that
        with instances(server, redis, text=text) as (one, other):
            made, _ = shared(one, [other], "/kept/a?%d", headers=host)
            asked = len(service.seen)
            assert other.client.patch("/api/notes/1", json={"text": "new"}).status_code == 200
            answer = other.get(str(made.url.raw_path, "ascii"), headers=host)
            assert not is_shared(answer) and len(service.seen) == asked + 1


def test_who_leaves_while_redis_is_asked_harms_nobody(server):
    with Redis() as redis, instances(server, redis) as (one, other):
        redis.pause()
        for number in range(20):
            with one.connect() as connection:
                connection.send(f"GET /api/notes/{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        redis.resume()
        one.await_true(lambda: one.get("/api/notes/3").status_code == 200)
        one.await_true(lambda: is_shared(other.get("/api/notes/3")) or "; hit" in told(other.get("/api/notes/3")))
