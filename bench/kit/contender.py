# SPDX-License-Identifier: Apache-2.0
"""Who is measured and how. A contender has a name and

    prepare(world)                        starts what it needs and checks that it answers rightly
    measure(world, case, seconds, seed)   -> {metric: number}, the metrics being those of report.METRICS

and says in needs_leat whether it can be measured without Leat.
"""

import glob
import http.client
import json
import os
import re
import resource
import shutil
import time
from statistics import median
from urllib.parse import quote

from .crowd import ask_all, connect
from .process import Failed, NotYet
from .world import BENCH, ask, get, run


class Http:
    """A server asked by wrk.

    server   world -> Server
    target   path and query; %d becomes a random number
    keys     whose number %d is: "rows" or "users"
    right    body -> whether it is what was asked for with %d = 42
    new      as long as it answers 4xx it is left out, and that is said
    headers  of each request
    """

    def __init__(
        self, name, server, target, keys="rows", right=lambda body: True, database=False, needs_leat=False, new=False,
        headers=None,
    ):
        self.name = name
        self.server = server
        self.target = target
        self.keys = keys
        self.right = right
        self.needs_leat = needs_leat
        self.new = new
        self.headers = headers or {}
        self.database = database  # PostgreSQL works for it: its CPU time counts too

    def prepare(self, world):
        server = self.server(world)
        target = self.target.replace("%d", "42")
        status, body = ask(server.port, target, **self.headers)
        if self.new and 400 <= status < 500:
            raise NotYet(f"it answers {target} with {status}: {body[:200].decode(errors='replace')}")
        if status != 200 or not self.right(body):
            raise Failed(f"{self.name} does not answer {target} rightly: {status} {body[:300]!r}")

    def body_file(self, world):
        """[the file with the JSON that is posted], [] when nothing is."""
        return []

    def processes(self, world):
        """Those whose CPU time it costs."""
        return [self.server(world).process] + ([world.postgresql().process] if self.database else [])

    def measure(self, world, case, seconds, seed):
        server, processes = self.server(world), self.processes(world)
        count = getattr(world, self.keys)
        before = sum(process.cpu_seconds() for process in processes)
        out = run(
            ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "10s",
             *[word for name, value in self.headers.items() for word in ("-H", f"{name}: {value}")],
             "-s", f"{BENCH}/peers/wrk/request.lua", f"http://127.0.0.1:{server.port}",
             "--", self.target, str(count), str(seed), *self.body_file(world)]
        )  # fmt: skip
        cpu_seconds = sum(process.cpu_seconds() for process in processes) - before
        told = json.loads(out.strip().split("\n")[-1])
        if not told["requests"]:
            raise Failed(f"{self.name} answered nothing in {seconds} s")
        return {
            "rate": told["requests"] / told["us"] * 1e6,
            "cpu_us": cpu_seconds / told["requests"] * 1e6,
            "p50_us": told["p50_us"],
            "p99_us": told["p99_us"],
            "failed": told["failed"],
            **({"answer_bytes": told["bytes"] / told["requests"]} if self.headers else {}),
        }


class Pgbench:
    """pgbench itself is the client: its CPU time stands where a server's would."""

    name = "pgbench"
    needs_leat = False

    def __init__(self, script, database=lambda world: world.data_pg()):
        self.script = os.path.join(BENCH, "peers", "pgbench", script)
        self.database = database

    def prepare(self, world):
        if not self.program():
            raise Failed("pgbench is needed; on Debian: apt-get install postgresql-15")
        self.database(world)

    def connections(self, case):
        return case.connections

    @staticmethod
    def program():
        return shutil.which("pgbench") or next(iter(glob.glob("/usr/lib/postgresql/*/bin/pgbench")), None)

    def variables(self, world):
        """What stands as :name in the script: each is a bound value."""
        return {"rows": world.rows, "users": world.users}

    CONNECTING_SECONDS = 2  # hundreds of backends are forked within the time given

    def measure(self, world, case, seconds, seed):
        server = world.postgresql().process
        url = self.database(world)
        seconds = max(seconds, self.CONNECTING_SECONDS + 1)
        before, mine_before = server.cpu_seconds(), resource.getrusage(resource.RUSAGE_CHILDREN)
        out = run(
            [self.program(), "-n", "-M", "prepared", "-c", str(self.connections(case)), "-j", "1", "-T", str(seconds),
             *(f"--define={name}={value}" for name, value in self.variables(world).items()), "--random-seed", str(seed),
             "-f", self.script, url]
        )  # fmt: skip
        mine = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_seconds = server.cpu_seconds() - before
        cpu_seconds += mine.ru_utime + mine.ru_stime - mine_before.ru_utime - mine_before.ru_stime
        done = int(re.search(r"transactions actually processed: (\d+)", out)[1])
        latency_ms = float(re.search(r"latency average = ([\d.]+) ms", out)[1])
        return {
            "rate": float(re.search(r"tps = ([\d.]+)", out)[1]),
            "cpu_us": cpu_seconds / done * 1e6,
            "mean_us": latency_ms * 1000,
            "failed": int(re.search(r"failed transactions: (\d+)", out)[1]),
        }


class Pages:
    """Page 1 and a page nine tenths down, asked for by turns on one connection: both meet the same machine."""

    name = "Leat"
    needs_leat = True
    DEPTH = 0.9

    def __init__(self, store, order):
        self.store = store
        self.first = f"/api/transactions?order={order}&limit=100"
        self.walking = f"/api/transactions?order={order}&limit=1000"
        self.deep = None

    def prepare(self, world):
        """Walks down in pages of 1,000: a cursor is good for any limit."""
        port, target, cursor = world.leat(world.data(self.store)).port, self.walking, None
        for _ in range(max(1, int(world.rows * self.DEPTH) // 1000)):
            body = get(port, target)
            cursor = json.loads(body)["next_cursor"] if body else None
            if not cursor:
                raise Failed(f"Leat gives no next page for {target}")
            target = f"{self.walking}&cursor={quote(cursor)}"
        self.deep = f"{self.first}&cursor={quote(cursor)}"
        for page in (self.first, self.deep):
            body = get(port, page)
            if body is None or len(json.loads(body)["transactions"]) != 100:
                raise Failed(f"Leat does not answer {page} with 100 rows")

    def measure(self, world, case, seconds, seed):
        took = {self.first: [], self.deep: []}
        connection = http.client.HTTPConnection("127.0.0.1", world.leat(world.data(self.store)).port, timeout=10)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for target, times in took.items():
                begin = time.perf_counter()
                connection.request("GET", target)
                connection.getresponse().read()
                times.append((time.perf_counter() - begin) * 1e6)
        connection.close()
        first_us, deep_us = median(took[self.first]), median(took[self.deep])
        return {"first_us": first_us, "deep_us": deep_us, "deep_ratio": deep_us / first_us}


class Memory:
    """A fresh Leat: its memory idle, with 10,000 connections that are idle, and whether it then serves them all."""

    name = "Leat"
    needs_leat = True
    CONNECTIONS = 10000

    def prepare(self, world):
        world.data_pg()

    def measure(self, world, case, seconds, seed):
        server = world.start_leat(world.data_pg())
        try:
            return self._measure(server)
        finally:
            server.process.stop()

    def _measure(self, server):
        time.sleep(1)
        idle = server.process.resident_bytes()
        sockets = [connect(server.port, i) for i in range(self.CONNECTIONS)]
        try:
            ask_all(sockets, "/health/live")
            time.sleep(1)
            with_connections = server.process.resident_bytes()
            served = ask_all(sockets, "/api/transactions/42")
            after = server.process.resident_bytes()
        finally:
            for one in sockets:
                one.close()
        return {
            "idle_mib": idle / (1 << 20),
            "connection_bytes": (with_connections - idle) / self.CONNECTIONS,
            "served": served,
            "served_mib": after / (1 << 20),
        }


class Start:
    """From exec to the first ready answer, on a database of 200 tables, without a configuration file."""

    TABLES = 200
    COLUMNS = "name text NOT NULL, amount numeric(12,2), note text, flag boolean, created_at timestamp, code integer"

    name = "Leat"
    needs_leat = True

    def __init__(self, store):
        self.store = store
        self.url = None

    def prepare(self, world):
        if self.store == "pg":
            self.url = world.pg_url("tables_200")
            if not world.sql("postgres", "SELECT 1 FROM pg_database WHERE datname = 'tables_200'"):
                world.sql("postgres", "CREATE DATABASE tables_200")
                world.sql("tables_200", self._schema("bigint PRIMARY KEY"))
        else:
            path = os.path.join(world.scratch, "tables_200.db")
            if not os.path.exists(path):
                run(["sqlite3", path, self._schema("INTEGER PRIMARY KEY")])
            self.url = f"sqlite:{path}"

    def _schema(self, key):
        return "".join(
            f"CREATE TABLE t{i} (id {key}, parent_id bigint REFERENCES t{max(0, i - 1)} (id), {self.COLUMNS});"
            f"CREATE INDEX t{i}_parent ON t{i} (parent_id); CREATE INDEX t{i}_code ON t{i} (code, created_at);"
            for i in range(self.TABLES)
        )

    def measure(self, world, case, seconds, seed):
        begin = time.monotonic()
        server = world.start_leat(self.url, config=None)
        ready_ms = (time.monotonic() - begin) * 1000
        server.process.stop()
        return {"ready_ms": ready_ms}
