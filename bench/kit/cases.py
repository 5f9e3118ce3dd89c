# SPDX-License-Identifier: Apache-2.0
"""The table of cases. To add one, add an entry to CASES: who is measured, by how many connections, what is to be
reached."""

import json
from dataclasses import dataclass, field
from typing import Optional, Union

from .bulk import LeatExport, LeatImport, PgbenchInsert, Posts, PsqlExport, PsqlImport, PsqlInsert, leat_of_readings
from .caches import Kept, Redis, before_fastapi, cached, fastapi_cached, limited, nginx_cache, uncached, varnish
from .cluster import OneQuery, OutsideServed, WriteServed
from .contender import Http, Memory, Pages, Pgbench, Start
from .mixed import Mixed
from .world import get

ONE = "/api/transactions/%d"
EMBED = "/api/transactions?user_id=%d&order=created_at.desc&limit=100&select=*,fraud_flags(*)"
EMBED_FASTAPI = "/api/transactions_with_flags?user_id=%d&limit=100"
BULK_ROWS = 20
HOT_ROW = "/api/transactions/42"
HOT_LIST = "/api/transactions?user_id=42&order=created_at.desc&limit=48"  # some 20 KB
HOT_LIST_FASTAPI = "/api/transactions?user_id=42&limit=48"
HOT_EMBED = EMBED_FASTAPI.replace("%d", "42")
GZIP = {"Accept-Encoding": "gzip"}
LIST = "/api/transactions?user_id=%d&order=created_at.desc&limit=100"


@dataclass
class Goal:
    """Leat's metric, or its ratio to another contender's, is to be at least or at most so much. Against several, whose metric
    is a rate: to what they would reach if each request went to one after the other."""

    metric: str
    against: Union[str, tuple, None] = None
    at_least: Optional[float] = None
    at_most: Optional[float] = None
    of: str = "Leat"
    stretch: bool = False  # fine to reach, no failure to miss
    paired: bool = False  # against one other: the median of the ratios of each round, with its interval

    def others(self):
        return (self.against,) if isinstance(self.against, str) else self.against or ()


@dataclass
class Case:
    name: str
    title: str
    contenders: list
    goals: list = field(default_factory=list)
    connections: int = 64


def leat(store, target, **more):
    """Leat on the sentinel example."""
    more |= {"database": store == "pg", "needs_leat": True}
    return Http("Leat", lambda world: world.leat(world.data(store)), target, **more)


def yardstick(name, program, target, *words, **more):
    return Http(name, lambda world: world.yardstick(program, *words), target, database=True, **more)


def fastapi(target, **more):
    return Http("FastAPI", lambda world: world.fastapi(), target, database=True, **more)


def nginx(target):
    return Http("nginx constant", lambda world: world.nginx(), target)


def is_row(body):
    return json.loads(body)["id"] == 42


def is_list(body):
    """A hundred rows of user 42, bare or in an envelope."""
    rows = json.loads(body)
    if isinstance(rows, dict):
        rows = rows["transactions"]
    return len(rows) == 100 and all(row["user_id"] == 42 for row in rows)


def one_row_pg(connections, goals):
    return Case(
        f"one-row-pg-{connections}",
        f"One row by key, PostgreSQL, {connections} connections",
        [
            leat("pg", ONE, right=is_row),
            yardstick("one_row", "one_row", ONE, right=is_row),
            yardstick("gathered", "gathered", ONE, right=is_row),
            Pgbench("one_row.sql"),
            fastapi(ONE, right=is_row),
        ],
        goals,
        connections,
    )


def is_embedded(body):
    """A hundred transactions of user 42 with their flags."""
    return is_list(body) and all(isinstance(row["fraud_flags"], list) for row in json.loads(body)["transactions"])


def embedded_constant(world):
    """nginx, answering as many bytes as a peer's list of transactions with their flags has."""
    return world.nginx_list(get(world.fastapi().port, EMBED_FASTAPI.replace("%d", "42")))


def kept(name, title, target, target_fastapi, right, constant):
    """One answer, asked for again and again, of those who keep answers; CPU by pairs of rounds."""
    return Case(
        name,
        title,
        [
            Kept("Leat", cached, target, right=right, needs_leat=True),
            Kept("nginx proxy_cache", nginx_cache, target, right=right),
            Kept("Varnish", varnish, target, right=right),
            constant,
            Redis("FastAPI with Redis", fastapi_cached, target_fastapi, right=right),
        ],
        [
            Goal("cpu_us", against="nginx proxy_cache", at_most=0.7, paired=True),
            Goal("cpu_us", against="nginx constant", at_most=1.0, paired=True, stretch=True),
            Goal("rate", against="nginx proxy_cache", at_least=1.3, paired=True),
            Goal("rate", against="Varnish", at_least=1.3, paired=True),
            Goal("rate", against="FastAPI with Redis", at_least=30, paired=True),
        ],
    )


def list_constant(world):
    """nginx, answering as many bytes as Leat's list has."""
    return world.nginx_list(get(uncached(world).port, HOT_LIST))


def is_short_list(body):
    """48 rows of user 42, in an envelope."""
    return len(json.loads(body)["transactions"]) == 48


def is_gzip(body):
    return body[:2] == b"\x1f\x8b"


def pages(store, store_name, name, order, what):
    return Case(
        f"pages-{name}-{store}",
        f"The page at row 900,000 by cursor against page 1, {store_name}, {what}",
        [Pages(store, order)],
        [Goal("deep_ratio", at_most=1.1)],
    )


TIES = "`created_at.desc` with ties, by the example's own index"
NULLS = "`fraud_score.desc,id.desc` with ties and NULLs, indexed"

CASES = [
    one_row_pg(
        64,
        [
            Goal("rate", against="one_row", at_least=0.9),
            Goal("rate", against="pgbench", at_least=1.0, stretch=True),
            Goal("rate", against="FastAPI", at_least=40),
            Goal("cpu_us", against="pgbench", at_most=0.85),
        ],
    ),
    one_row_pg(256, [Goal("rate", against="one_row", at_least=1.2)]),
    Case(
        "list-pg",
        "100 rows of a random user, newest first, PostgreSQL",
        [
            leat("pg", LIST, keys="users", right=is_list),
            yardstick("one_row list", "one_row", LIST, "list", keys="users", right=is_list),
            Pgbench("list.sql"),
            fastapi(LIST, keys="users", right=is_list),
        ],
        [Goal("rate", against="one_row list", at_least=0.9), Goal("rate", against="FastAPI", at_least=35)],
    ),
    Case(
        "embed-pg",
        "100 transactions of a random user with their flags embedded, PostgreSQL",
        [
            leat("pg", EMBED, keys="users", right=is_embedded, new=True),
            Pgbench("embed.sql"),
            Http("nginx constant", embedded_constant, "/list.json"),
            fastapi(EMBED_FASTAPI, keys="users", right=is_embedded),
        ],
        [
            Goal("rate", against=("pgbench", "nginx constant"), at_least=0.9),
            Goal("rate", against="FastAPI", at_least=10),
        ],
    ),
    Case(
        "insert-pg",
        "One row of 15 columns taken in a request, each a transaction on disk, PostgreSQL",
        [
            Posts("Leat", leat_of_readings, needs_leat=True),
            PgbenchInsert("pgbench", "insert_returning.sql"),
            PgbenchInsert("pgbench without RETURNING", "insert.sql"),
            nginx(ONE),
        ],
        [
            Goal("rate", against="pgbench", at_least=0.9),
            Goal("rate", against=("pgbench", "nginx constant"), at_least=0.9, stretch=True),
        ],
    ),
    Case(
        "bulk-pg",
        f"{BULK_ROWS} rows of 15 columns taken in a request, each a transaction on disk, PostgreSQL",
        [
            Posts("Leat", leat_of_readings, BULK_ROWS, needs_leat=True),
            Posts("fastify row by row", lambda world: world.fastify(), BULK_ROWS),
            PsqlInsert(BULK_ROWS),
        ],
        [Goal("rows_rate", against="fastify row by row", at_least=5), Goal("rows_rate", against="psql", at_least=0.7)],
    ),
    Case(
        "export-pg",
        "All transactions as NDJSON by curl, PostgreSQL, against psql \\copy of the same rows",
        [LeatExport(), PsqlExport()],
        [Goal("rows_rate", against="psql", at_least=0.7), Goal("above_idle_mib", at_most=32)],
    ),
    Case(
        "import-pg",
        "500 MB of NDJSON posted by curl, PostgreSQL, beside psql \\copy of the same rows",
        [LeatImport(), PsqlImport()],
        [Goal("above_idle_mib", at_most=64)],
    ),
    Case(
        "one-row-sqlite",
        "One row by key, SQLite, against nginx answering a constant of that size",
        [leat("sqlite", ONE, right=is_row), nginx(ONE)],
        [Goal("rate", against="nginx constant", at_least=0.6)],
    ),
    kept("kept-row", "A kept answer of one row", HOT_ROW, HOT_ROW, is_row, nginx(HOT_ROW)),
    kept(
        "kept-list",
        "A kept answer of 20 KB",
        HOT_LIST,
        HOT_LIST_FASTAPI,
        is_short_list,
        Http("nginx constant", list_constant, "/list.json"),
    ),
    Case(
        "kept-gzip",
        "A kept answer of 20 KB in gzip, against the same as it is",
        [
            Kept("Leat", cached, HOT_LIST, right=is_gzip, needs_leat=True, headers=GZIP),
            Kept("Leat without", cached, HOT_LIST, right=is_short_list, needs_leat=True, headers={"Accept-Encoding": "identity"}),
        ],
        [
            Goal("cpu_us", against="Leat without", at_most=1.1, paired=True),
            Goal("answer_bytes", against="Leat without", at_most=0.3, paired=True),
        ],
    ),
    Case(
        "limits",
        "One row by key, SQLite, with three rules on each request against none",
        [
            Http("Leat", limited, ONE, right=is_row, needs_leat=True),
            Http("Leat without", uncached, ONE, right=is_row, needs_leat=True),
        ],
        [Goal("cpu_us", against="Leat without", at_most=1.02, paired=True)],
    ),
    Case(
        "upstream",
        "A route of FastAPI through Leat, kept, against the route itself",
        [
            Kept("Leat", before_fastapi, HOT_EMBED, right=is_list, needs_leat=True, database=True),
            fastapi(HOT_EMBED, right=is_list),
        ],
        [Goal("rate", against="FastAPI", at_least=30, paired=True)],
        connections=16,
    ),
    Case(
        "mixed",
        "Dashboards, rules, reports, users and transactions together, SQLite, a write each second; hits at half load",
        [Mixed()],
        [Goal("hit_percent", at_least=95), Goal("hit_p99_us", at_most=1000)],
        connections=32,
    ),
    Case(
        "one-query",
        "10,000 clients miss one answer at once, four instances with Redis, PostgreSQL",
        [OneQuery()],
        [Goal("queries", at_most=1), Goal("served", at_least=OneQuery.CLIENTS)],
    ),
    Case(
        "write-served",
        "From a write's answer until another of four instances with Redis serves it, PostgreSQL",
        [WriteServed()],
        [Goal("p99_us", at_most=10000)],
    ),
    Case(
        "outside-served",
        "From the answer to a write by psql until one of four instances with Redis serves it, PostgreSQL, by triggers",
        [OutsideServed()],
        [Goal("p99_us", at_most=50000)],
    ),
    pages("pg", "PostgreSQL", "ties", "created_at.desc", TIES),
    pages("sqlite", "SQLite", "ties", "created_at.desc", TIES),
    pages("pg", "PostgreSQL", "nulls", "fraud_score.desc,id.desc", NULLS),
    pages("sqlite", "SQLite", "nulls", "fraud_score.desc,id.desc", NULLS),
    Case(
        "no-database",
        "CPU of a keep-alive request that touches no database, against nginx answering a constant",
        [leat("sqlite", "/health/live"), nginx("/health/live")],
        [Goal("cpu_us", against="nginx constant", at_most=1.1)],
    ),
    Case(
        "memory",
        "Memory: idle, each idle connection, 10,000 connections",
        [Memory()],
        [
            Goal("idle_mib", at_most=16),
            Goal("connection_bytes", at_most=512),
            Goal("served", at_least=Memory.CONNECTIONS),
        ],
    ),
    Case(
        "start-pg",
        "Start on a PostgreSQL database of 200 tables",
        [Start("pg")],
        [Goal("ready_ms", at_most=300)],
    ),
    Case(
        "start-sqlite",
        "Start on an SQLite database of 200 tables",
        [Start("sqlite")],
        [Goal("ready_ms", at_most=300)],
    ),
]
