# SPDX-License-Identifier: Apache-2.0
"""What flow tests share: a server of each store with the sentinel example, and databases to be filled by a test itself.
Which stores: LEAT_TEST_STORES (default sqlite,postgresql). Servers that several tests only read from live for the session."""
import functools
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))

from leat import Leat  # noqa: E402
from postgres import Postgres  # noqa: E402
from service import Service  # noqa: E402

STORES = os.environ.get("LEAT_TEST_STORES", "sqlite,postgresql").split(",")
ROWS = 5000


@pytest.fixture(scope="session", params=STORES)
def store(request):
    """"sqlite" or "postgresql": a test that uses it runs on each."""
    return request.param


@pytest.fixture(scope="session")
def postgres_server():
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sentinel_url(store, request):
    """The sentinel example with ROWS transactions."""
    with tempfile.TemporaryDirectory(prefix="leat-sentinel-") as folder:
        url = f"sqlite:{folder}/sentinel.db" if store == "sqlite" else request.getfixturevalue("postgres_server").url
        subprocess.run([ROOT / "examples/sentinel/load", url, str(ROWS)], check=True, capture_output=True)
        yield url


@pytest.fixture(scope="session")
def sentinel(sentinel_url):
    """Leat serving the sentinel example: shared, only read from."""
    with Leat(database=sentinel_url, config_file=str(ROOT / "examples/sentinel/leat.yaml")) as leat:
        yield leat.await_ready()


class Database:
    """An empty database of either store. sql(text) runs statements; `text` may hold {sqlite: …} alternatives by pick()."""

    def __init__(self, store, url, run):
        self.store, self.url, self.sql = store, url, run

    def pick(self, sqlite, postgresql):
        return sqlite if self.store == "sqlite" else postgresql


@pytest.fixture(scope="session")
def databases_server():
    """Where tests have databases of their own, one after the other: a server for each costs ten times as much."""
    with Postgres() as server:
        yield server


@pytest.fixture
def database(store, request, tmp_path):
    """An empty database for this test alone."""
    if store == "sqlite":
        path = tmp_path / "test.db"

        def run(sql):
            done = subprocess.run(["sqlite3", "-bail", "-cmd", ".timeout 10000", str(path)], input=sql, text=True, capture_output=True,
                                  check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout
        run("PRAGMA journal_mode=WAL;")
        yield Database(store, f"sqlite:{path}", run)
    else:
        server = request.getfixturevalue("databases_server")
        with server.own_database() as name:
            yield Database(store, server.url_for(database=name), functools.partial(server.psql, database=name))


@pytest.fixture(scope="module")
def service():
    """Another HTTP service for Leat to stand before; each test finds it as if nobody had asked it."""
    with Service() as running:
        yield running


@pytest.fixture(autouse=True)
def forget(request):
    if "service" in request.fixturenames:
        service = request.getfixturevalue("service")
        service.seen.clear()
        service.answers.clear()


def service_config(text, service, folder, tables="CREATE TABLE t (id INTEGER PRIMARY KEY)"):
    """A configuration in which URL is the service's, with a database of these tables."""
    file = folder / "x.db"
    with sqlite3.connect(file) as database:
        database.executescript(tables)
    return text.replace("URL", service.url) + f"database: sqlite:{file}\n"
