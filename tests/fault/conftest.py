# SPDX-License-Identifier: Apache-2.0
"""What fault tests share: databases that a test may break, and Leat before them with limits short enough to be seen.

Rule of these tests: nothing hangs (each request is answered or its connection closed, within load.PATIENCE_SECONDS), nothing crashes
or leaks (Leat.stop looks), each fault has its documented status, and when it ends the service recovers by itself."""
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))

from leat import Leat  # noqa: E402
from postgres import Postgres  # noqa: E402
from sqlite_file import SqliteFile  # noqa: E402

CONFIG = """
defaults: {read: anonymous, page: {size: 20, max: 1000}}
resources: {notes: {}}
database: {timeout: %(timeout)s, pool: {size: %(size)s, overflow: 0, wait: %(wait)s}, prepared: %(prepared)s}
drain: {delay: 0s, idle: 20ms, max: %(drain)s}
workers: 2
"""
NOTES = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);"
#: What clients ask for: a row by its key, a page, a page that sorts, a count.
PATHS = ["/api/notes/1", "/api/notes/2", "/api/notes?limit=5", "/api/notes?order=text.desc&limit=5", "/api/notes?text=like.*9*"]


def config(more="", timeout="2s", size=8, wait="2s", prepared="on", drain="20s"):
    """A configuration with these limits; `more`: further lines, which may name further resources as `resources` cannot."""
    return CONFIG % {"timeout": timeout, "size": size, "wait": wait, "prepared": prepared, "drain": drain} + more


def fill(server):
    """The checkpoint is for tests that crash the server: it commits asynchronously."""
    server.psql(NOTES + "INSERT INTO notes SELECT i, 'note ' || i FROM generate_series(1, 1000) AS i; CHECKPOINT;")
    return server


@pytest.fixture
def server():
    """A PostgreSQL with a table of notes, for this test alone."""
    with Postgres() as running:
        yield fill(running)


@pytest.fixture
def file(tmp_path):
    """A SQLite file with a table of notes, for this test alone."""
    return SqliteFile(tmp_path / "notes.db", NOTES + "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
                      "WHERE i < 1000) INSERT INTO notes SELECT i, 'note ' || i FROM n;")


@pytest.fixture
def leat(server):
    """Leat before that PostgreSQL."""
    with Leat(database=server.url, config=config()) as running:
        yield running.await_ready()
