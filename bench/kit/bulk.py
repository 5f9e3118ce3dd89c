# SPDX-License-Identifier: Apache-2.0
"""Contenders of the cases that take rows in or give a million of them out. `seconds` is how long they are at it, but for
exports and imports, which are measured whole."""

import json
import os
import subprocess
import time

from . import readings
from .contender import Http, Pgbench
from .process import Failed, NotYet
from .world import READINGS_CONFIG, WORK, ask, run

NOT_BUILT = "not built yet"  # what Leat says of a key of its configuration that is of later work


def leat_of_readings(world):
    try:
        return world.leat(world.readings(), READINGS_CONFIG)
    except Failed as failure:
        if NOT_BUILT in str(failure):
            raise NotYet(f"it does not write yet ({str(failure).split(': ', 1)[1]})") from failure
        raise


def refuse(name, target, status, body):
    """A server that did not do what was asked: what it does not do yet, or a failure."""
    text = f"answers {target} with {status}: {body[:200].decode(errors='replace')}"
    if 400 <= status < 500 or status == 501:
        raise NotYet(f"it {text}")
    raise Failed(f"{name} {text}")


class Posts(Http):
    """A server asked by wrk to take in rows, so many a request."""

    def __init__(self, name, server, rows=1, needs_leat=False):
        super().__init__(name, server, "/api/readings", database=True, needs_leat=needs_leat)
        self.rows = rows

    def prepare(self, world):
        server = self.server(world)
        world.empty_readings()
        status, body = ask(server.port, self.target, readings.body(self.rows).replace("%d", "42").encode())
        if status not in (200, 201, 204):
            refuse(self.name, self.target, status, body)
        if world.sql("readings", "SELECT count(*) FROM readings WHERE count = 42") != str(self.rows):
            raise Failed(f"{self.name} took rows in, but they are not there")

    def body_file(self, world):
        path = os.path.join(world.scratch, f"readings-{self.rows}.json")
        with open(path, "w") as file:
            file.write(readings.body(self.rows))
        return [path]

    def measure(self, world, case, seconds, seed):
        world.empty_readings()
        measured = super().measure(world, case, seconds, seed)
        there = int(world.sql("readings", "SELECT count(*) FROM readings"))
        if there < measured["rate"] * seconds * self.rows * 0.9:
            raise Failed(f"{self.name} answered {measured['rate']:.0f} requests/s, but only {there} rows are there")
        return measured | {"rows_rate": measured["rate"] * self.rows}


class PgbenchInsert(Pgbench):
    """As many connections as Leat was seen to have write lanes: its backends whose last statement was an INSERT."""

    lanes = 0  # of all of them
    LANES_WITHOUT_LEAT = 16

    def __init__(self, name, script):
        super().__init__(script, lambda world: world.readings())
        self.name = name

    def prepare(self, world):
        super().prepare(world)
        writing = "datname = 'readings' AND pid <> pg_backend_pid() AND query ILIKE '%insert into%'"
        seen = int(world.sql("readings", f"SELECT count(*) FROM pg_stat_activity WHERE {writing}"))
        PgbenchInsert.lanes = max(seen, self.lanes)  # some go when they have nothing to do
        print(f"pgbench inserts by {self.connections(None)} connections", flush=True)

    def connections(self, case):
        return self.lanes or self.LANES_WITHOUT_LEAT

    def variables(self, world):
        return readings.TEXTS

    def measure(self, world, case, seconds, seed):
        world.empty_readings()
        return super().measure(world, case, seconds, seed)


class PsqlInsert:
    """psql, given one INSERT of several rows after the other: each is a transaction."""

    name = "psql"
    needs_leat = False
    BATCH = 20  # statements between looks at the clock

    def __init__(self, rows):
        self.rows = rows

    def prepare(self, world):
        world.readings()

    def measure(self, world, case, seconds, seed):
        world.empty_readings()
        statements = readings.insert(self.rows) * self.BATCH
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", world.readings()]
        begin, sent = time.monotonic(), 0
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as psql:
            while time.monotonic() - begin < seconds:
                psql.stdin.write(statements)
                sent += self.BATCH
            psql.stdin.close()
        took = time.monotonic() - begin
        if psql.returncode:
            raise Failed(f"psql ended with {psql.returncode}")
        return {"rate": sent / took, "rows_rate": sent * self.rows / took, "failed": 0}


class LeatWhole:
    """A fresh Leat, while curl moves one great body: rows a second, and how far its memory rises meanwhile."""

    name = "Leat"
    needs_leat = True

    def moved(self, server, command, rows):
        """command: curl's words."""
        try:
            server.process.forget_peak()
            idle, begin = server.process.resident_bytes(), time.monotonic()
            status = run(["curl", "-s", "-S", *command, "-w", "%{http_code}"])[-3:]
            took, peak = time.monotonic() - begin, server.process.peak_bytes()
        finally:
            server.process.stop()
        if not status.startswith("2"):
            refuse(self.name, command[-1], int(status), b"")
        return {"rows_rate": rows / took, "above_idle_mib": (peak - idle) / (1 << 20)}


class LeatExport(LeatWhole):
    TARGET = "/api/transactions?order=id"
    FORM = "application/x-ndjson"

    def prepare(self, world):
        port = world.leat(world.data_pg()).port
        status, body = ask(port, f"{self.TARGET}&limit=2", Accept=self.FORM)
        if status != 200:
            refuse(self.name, self.TARGET, status, body)
        try:
            ids = [json.loads(line)["id"] for line in body.splitlines()]
        except (ValueError, KeyError):
            raise NotYet(f"it does not answer with {self.FORM} yet: {body[:80].decode(errors='replace')}") from None
        if ids != [1, 2]:
            raise Failed(f"Leat exports {ids} for {self.TARGET}&limit=2")

    def measure(self, world, case, seconds, seed):
        server = world.start_leat(world.data_pg())
        path = os.path.join(WORK, "export.ndjson")
        words = ["-H", f"Accept: {self.FORM}", "-o", path, f"http://127.0.0.1:{server.port}{self.TARGET}"]
        measured = self.moved(server, words, world.rows)
        with open(path, "rb") as file:
            rows = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
        os.remove(path)
        if rows != world.rows:
            raise Failed(f"Leat exported {rows} rows of {world.rows}")
        return measured


class PsqlExport:
    name = "psql"
    needs_leat = False
    COLUMNS = "id, user_id, amount, status, industry, fraud_score, created_at, metadata"

    def prepare(self, world):
        world.data_pg()

    def measure(self, world, case, seconds, seed):
        path = os.path.join(WORK, "export.copy")
        query = f"SELECT {self.COLUMNS} FROM transactions ORDER BY id"
        begin = time.monotonic()
        run(["psql", "-X", "-q", world.data_pg(), "-c", f"\\copy ({query}) to '{path}'"])
        took = time.monotonic() - begin
        os.remove(path)
        return {"rows_rate": world.rows / took}


def import_file(world):
    """(path, rows) of the body to import: 500 bytes for each of the rows asked for, so 500 MB of the usual million."""
    path = os.path.join(WORK, "import.ndjson")
    return path, readings.ndjson(path, world.rows * 500)


class LeatImport(LeatWhole):
    def prepare(self, world):
        server = leat_of_readings(world)
        row = readings.ROW.replace("%d", "42").encode() + b"\n"
        status, body = ask(server.port, "/api/readings", row, **{"Content-Type": "application/x-ndjson"})
        if status not in (200, 201, 204):
            refuse(self.name, "/api/readings", status, body)

    def measure(self, world, case, seconds, seed):
        path, rows = import_file(world)
        world.empty_readings()
        server = world.start_leat(world.readings(), READINGS_CONFIG)
        words = ["-H", "Content-Type: application/x-ndjson", "-H", "Prefer: return=minimal", "-T", path, "-X", "POST"]
        measured = self.moved(server, [*words, f"http://127.0.0.1:{server.port}/api/readings"], rows)
        there = int(world.sql("readings", "SELECT count(*) FROM readings"))
        if there != rows:
            raise Failed(f"Leat took {there} rows of {rows}")
        return measured


class PsqlImport:
    """The same rows by COPY: what PostgreSQL itself can take by one connection."""

    name = "psql"
    needs_leat = False

    def prepare(self, world):
        world.readings()

    def measure(self, world, case, seconds, seed):
        _, rows = import_file(world)
        world.empty_readings()
        path = os.path.join(WORK, "import.copy")
        world.sql("readings", readings.insert(1))
        line = run(["psql", "-X", "-q", world.readings(), "-c", f"\\copy readings ({readings.NAMES}) to stdout"])
        with open(path, "w") as file:
            for _ in range(rows // readings.CHUNK_ROWS):
                file.write(line * readings.CHUNK_ROWS)
        world.empty_readings()
        begin = time.monotonic()
        run(["psql", "-X", "-q", world.readings(), "-c", f"\\copy readings ({readings.NAMES}) from '{path}'"])
        took = time.monotonic() - begin
        os.remove(path)
        return {"rows_rate": rows / took}
