# SPDX-License-Identifier: Apache-2.0
"""postgrest-js, unchanged from npm, speaks to Leat: what its users write is what these tests write. Its modules go to
build/postgrest_js; where npm's registry cannot be reached these tests are skipped, and tests/run says so."""
import contextlib
import json
import os
import pathlib
import subprocess

import pytest

from conftest import ROOT, Database
from leat import Leat
from postgres import Postgres

HERE = pathlib.Path(__file__).resolve().parent
CONFIG = """
serve: {/rest/v1: postgrest}
defaults: {read: anonymous}
resources: {rivers: {}, mills: {}, millers: {}, mills_millers: {}, repairs: {}, licences: {}}
"""
SCHEMA = """
CREATE TABLE rivers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE millers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born INTEGER);
CREATE TABLE mills (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    river_id INTEGER REFERENCES rivers (id),
    owner_id INTEGER REFERENCES millers (id),
    built INTEGER CHECK (built > 1000),
    working BOOLEAN NOT NULL DEFAULT true,
    grain TEXT NOT NULL DEFAULT 'rye',
    info @json
);
CREATE TABLE mills_millers (
    mill_id INTEGER REFERENCES mills (id) ON DELETE CASCADE,
    miller_id INTEGER REFERENCES millers (id),
    since INTEGER,
    PRIMARY KEY (mill_id, miller_id)
);
CREATE TABLE repairs (id INTEGER PRIMARY KEY, mill_id INTEGER NOT NULL REFERENCES mills (id) ON DELETE CASCADE, what TEXT NOT NULL, cost INTEGER);
CREATE TABLE licences (mill_id INTEGER PRIMARY KEY REFERENCES mills (id) ON DELETE CASCADE, number TEXT NOT NULL);
"""
ROWS = """
INSERT INTO rivers VALUES (1, 'Teign'), (2, 'Otter'), (3, 'Dart, upper'), (4, 'Exe');
INSERT INTO millers VALUES (1, 'Ann', 1801), (2, 'Bo (the elder)', 1755), (3, 'Çelik', NULL), (4, 'Dee', 1820);
INSERT INTO mills VALUES
    (1, 'Town Mill', 1, 1, 1340, true, 'wheat', '{"wheels": 2, "kind": "overshot", "stones": ["french", "peak"]}'),
    (2, 'Otterton', 2, 2, 1086, true, 'wheat', '{"wheels": 1, "kind": "breast"}'),
    (3, 'Old Forge', 1, NULL, 1690, false, 'none', NULL),
    (4, 'Weir_4 100%', NULL, 4, NULL, true, 'rye', '{"wheels": 0}'),
    (5, 'Cuckoo', 3, 1, 1805, false, 'oats', '{"wheels": 3, "kind": "breast", "stones": []}');
INSERT INTO mills_millers VALUES (1, 1, 1825), (1, 2, 1790), (2, 2, 1780), (2, 3, 1801), (5, 4, NULL);
INSERT INTO repairs VALUES (1, 1, 'wheel', 40), (2, 1, 'roof', 15), (3, 2, 'leat', 90), (4, 5, 'wheel', NULL), (5, 1, 'sluice', 8);
INSERT INTO licences VALUES (1, 'L-100'), (2, 'L-200');
"""


UNREACHABLE = 3


def install(source, target, **environment):
    """tools/npm-ci, run."""
    return subprocess.run([ROOT / "tools/npm-ci", source, target], env=os.environ | environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def modules():
    done = install(HERE, ROOT / "build/postgrest_js")
    if done.returncode == UNREACHABLE:
        pytest.skip(f"npm's registry cannot be reached, so postgrest-js is NOT tested: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return ROOT / "build/postgrest_js/node_modules"


class Client:
    """postgrest-js in a process of its own, speaking to one Leat."""

    def __init__(self, leat, modules):
        self.process = subprocess.Popen(["node", HERE / "driver.cjs", f"{leat.url}/rest/v1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=os.environ | {"NODE_PATH": str(modules)})

    def __call__(self, code):
        """What the client makes of an expression over `client`: data, error, count, status, statusText, and wire."""
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        assert "thrown" not in said, said["thrown"]
        return said

    def data(self, code):
        """The data; there must be no error."""
        said = self(code)
        assert said["error"] is None and 200 <= said["status"] < 300, said
        return said["data"]

    def ids(self, code):
        return [row["id"] for row in self.data(code)]

    def error(self, code, status):
        """The error, which has PostgREST's four members; the status must be this."""
        said = self(code)
        assert said["status"] == status and said["data"] is None, said
        assert set(said["error"]) == {"code", "message", "details", "hint"}, said["error"]
        return said["error"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


@contextlib.contextmanager
def opened(store, folder):
    """A database of either store with the mills in it."""
    with contextlib.ExitStack() as stack:
        if store == "sqlite":
            path = folder / "mills.db"
            database = Database(store, f"sqlite:{path}", lambda sql: subprocess.run(
                ["sqlite3", "-bail", "-cmd", ".timeout 10000", path, "PRAGMA foreign_keys = on; " + sql], check=True, capture_output=True, text=True).stdout)
            database.sql("PRAGMA journal_mode = WAL;")
        else:
            server = stack.enter_context(Postgres())
            database = Database(store, server.url, server.psql)
        database.sql(SCHEMA.replace("@json", database.pick("JSON", "jsonb")) + ROWS)
        yield database


@pytest.fixture(scope="session")
def mills(store, tmp_path_factory):
    """The mills: shared, only read from."""
    with opened(store, tmp_path_factory.mktemp("mills")) as database:
        yield database


@pytest.fixture(scope="session")
def js(mills, modules):
    """postgrest-js on the mills."""
    with Leat(database=mills.url, config=CONFIG) as leat, Client(leat.await_ready(), modules) as client:
        yield client
