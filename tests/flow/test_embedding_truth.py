# SPDX-License-Identifier: Apache-2.0
"""Embedding against truth: random schemas, rows and requests (tests/lib/relations.py), whose answers are put together in Python from
the plain rows. LEAT_TEST_SEED moves the seeds; a failure names its own."""
import json
import os
import sqlite3

import pytest

from leat import Leat
from relations import World, make_ask

WORLDS, ASKS = 12, 17
BASE = int(os.environ.get("LEAT_TEST_SEED", "0")) * WORLDS


def members_once(pairs):
    """A member given twice would be lost in a dict."""
    assert len({name for name, _ in pairs}) == len(pairs), f"a member twice: {pairs}"
    return dict(pairs)


def make_sqlite(world, path):
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode=WAL;\n" + world.script("sqlite"))
    connection.close()
    return f"sqlite:{path}"


def make_postgresql(world, server, name):
    server.psql(f"CREATE DATABASE {name};")
    server.psql(world.script("postgresql"), database=name)
    return server.url_for(database=name)


@pytest.fixture
def make(store, request, tmp_path):
    """Makes a world's database; its URL."""
    if store == "sqlite":
        return lambda world, name: make_sqlite(world, tmp_path / f"{name}.db")
    server = request.getfixturevalue("postgres_server")
    return lambda world, name: make_postgresql(world, server, name)


def rows_of(answer):
    body = json.loads(answer.text, object_pairs_hook=members_once)
    return body if isinstance(body, list) else next(value for value in body.values() if isinstance(value, list))


@pytest.mark.parametrize("seed", range(BASE, BASE + WORLDS))
def test_embedded_rows_are_those_that_python_finds(make, seed):
    world = World(seed)
    with Leat(database=make(world, f"world_{seed}"), config=world.config()) as leat:
        for number in range(ASKS):
            ask = make_ask(world, f"{seed}.{number}")
            path, params = ask.path()
            expected = json.dumps(ask.answer())
            for prefix in ("/api", "/rest/v1"):
                answer = leat.get(prefix + path, params=params)
                assert answer.status_code == 200, f"world {seed}, ask {number}: {path} {params}\n{answer.text}"
                assert json.dumps(rows_of(answer)) == expected, f"world {seed}, ask {number}: {answer.request.url}\n{params}"
