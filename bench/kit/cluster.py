# SPDX-License-Identifier: Apache-2.0
"""Four instances of Leat before one PostgreSQL, with a Redis between them: how often a cluster asks its database for what all miss at once, and
how soon what one has written is served by another."""

import http.client
import json
import os
import re
import subprocess
import time

from .caches import redis
from .crowd import ask_all, connect
from .process import Failed
from .world import BENCH, get

CONFIG = os.path.join(BENCH, "cluster", "leat.yaml")
INSTANCES = 4
SCHEMA = """
DROP TABLE IF EXISTS notes CASCADE;
CREATE TABLE notes (id integer PRIMARY KEY, text text);
INSERT INTO notes SELECT i, 'note ' || i FROM generate_series(1, 100) AS i;
CREATE VIEW slow AS SELECT id, text, pg_sleep(0.5) IS NULL AS slept FROM notes WHERE id = 1;
"""


def instances(world, changes="off"):
    """Their servers; each asks Redis. changes: how they hear what others write."""
    url = world.once("cluster-url", lambda: _Made(world)).url
    servers = [world.once(("cluster", changes, i), lambda: world.start_leat(
        url, CONFIG, REDIS=f"redis://127.0.0.1:{redis(world).port}", CHANGES=changes)) for i in range(INSTANCES)]  # fmt: skip
    end = time.monotonic() + 30
    for number, server in enumerate(servers):
        while verdicts(server)["fill"] == 0:  # until it is settled Redis is not asked
            if time.monotonic() > end:
                raise Failed("an instance does not ask Redis")
            get(server.port, f"/api/notes?id=neq.{number}{time.monotonic_ns() % 10**6}&limit=1")
    return servers


class _Made:
    """The database, made once; what a world has started it stops."""

    def __init__(self, world):
        if not world.sql("postgres", "SELECT 1 FROM pg_database WHERE datname = 'cluster'"):
            world.sql("postgres", "CREATE DATABASE cluster")
        world.sql("cluster", SCHEMA)
        self.url, self.process = world.pg_url("cluster"), self

    def stop(self):
        """There is nothing to stop."""


def verdicts(server):
    """What became of the questions that were missed in the process: all but a hit asked the database."""
    page = (get(server.port, "/metrics") or b"").decode()
    return {name: int(count) for name, count in re.findall(r'leat_cache_redis_verdicts_total\{verdict="(\w+)"\} (\d+)', page)}


class OneQuery:
    """Clients who ask all instances at once for what nobody has asked for before, and the database takes half a second to answer."""

    name = "Leat"
    needs_leat = True
    CLIENTS = 10000

    def prepare(self, world):
        instances(world)

    def measure(self, world, case, seconds, seed):
        servers = instances(world)
        sockets = [connect(servers[i % INSTANCES].port, i) for i in range(self.CLIENTS)]
        before = [verdicts(server) for server in servers]
        begin = time.monotonic()
        try:
            served = ask_all(sockets, f"/api/slow?id=neq.{time.monotonic_ns() % 10**9 + 10**9}")
        finally:
            for one in sockets:
                one.close()
        took_ms = (time.monotonic() - begin) * 1000
        after = [verdicts(server) for server in servers]
        asked = sum(new[name] - old[name] for old, new in zip(before, after) for name in ("fill", "miss", "skip"))
        return {"served": served, "queries": asked, "all_ms": took_ms}


class WriteServed:
    """A row is kept by all; one writes it, and another is asked until it has the new one: from the write's answer on."""

    name = "Leat"
    needs_leat = True
    CHANGES = "off"

    def prepare(self, world):
        instances(world, self.CHANGES)

    def measure(self, world, case, seconds, seed):
        connections = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
                       for server in instances(world, self.CHANGES)]  # fmt: skip
        times, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            number = len(times)
            writer, reader = connections[number % INSTANCES], connections[(number + 1) % INSTANCES]
            times.append(self._served_after(world, writer, reader, f"text {seed} {number} {time.monotonic_ns()}"))
        for one in connections:
            one.close()
        times.sort()
        return {"p50_us": times[len(times) // 2], "p99_us": times[len(times) * 99 // 100]}

    def _write(self, world, writer, text):
        self._ask(writer, "PATCH", json.dumps({"text": text}))

    def _served_after(self, world, writer, reader, text):
        for _ in range(2):
            self._ask(reader, "GET")  # it is kept there
        self._write(world, writer, text)
        written = time.perf_counter()
        while self._ask(reader, "GET")["text"] != text:
            if time.perf_counter() - written > 10:
                raise Failed("a write is not served by the others")
        return (time.perf_counter() - written) * 1e6

    @staticmethod
    def _ask(connection, method, body=None):
        connection.request(method, "/api/notes/1", body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise Failed(f"{method} /api/notes/1: {answer.status} {content[:200]}")
        return json.loads(content)


class OutsideServed(WriteServed):
    """The same for what psql writes, from its answer on: the instances hear of it by triggers."""

    CHANGES = "triggers"

    def prepare(self, world):
        super().prepare(world)
        self._write(world, None, "what psql writes")

    def _write(self, world, writer, text):
        psql = world.once("psql", lambda: _Psql(world.pg_url("cluster")))
        psql.run(f"UPDATE notes SET text = '{text}' WHERE id = 1;")


class _Psql:
    """A psql that waits for statements."""

    def __init__(self, url):
        self.pipes = subprocess.Popen(["psql", "-X", "-A", "-t", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process = self

    def run(self, statement):
        """Until it has said what became of it."""
        self.pipes.stdin.write(statement + "\n")
        self.pipes.stdin.flush()
        if not self.pipes.stdout.readline():
            raise Failed(f"psql ended at {statement}")

    def stop(self):
        self.pipes.stdin.close()
        self.pipes.wait(10)
