# SPDX-License-Identifier: Apache-2.0
"""`leat cache` and `leat warm` against a running Leat."""
import os
import sqlite3
import subprocess

import pytest

from leat import BIN, Leat, command_prefix
from postgres import free_port

CONFIG = """leat: 1
listen: 127.0.0.1:%d
cache: {api: anonymous, warm: [notes]}
defaults: {cache: 1h}
resources: {notes: {read: anonymous}, secrets: {}}
"""


@pytest.fixture(scope="module")
def leat(tmp_path_factory):
    path = tmp_path_factory.mktemp("command") / "notes.db"
    with sqlite3.connect(path) as connection:
        connection.executescript("CREATE TABLE notes (id INTEGER PRIMARY KEY); CREATE TABLE secrets (id INTEGER PRIMARY KEY);")
    port = free_port()
    config = CONFIG % port + f"database: sqlite:{path}\n"
    with Leat(config=config, listen=f"127.0.0.1:{port}") as running:
        yield running


def run(leat, *words, stdin=b"", cwd="/", **environment):
    """(exit code, standard output, standard error); asked by --url unless a folder with a configuration is named."""
    where = ["--url", leat.url] if cwd == "/" else []
    done = subprocess.run([*command_prefix(), BIN, *words, *where], input=stdin, capture_output=True, cwd=cwd,
                          env=os.environ | environment, timeout=90, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


def test_what_is_set_is_what_one_gets_until_it_is_deleted(leat):
    assert run(leat, "cache", "set", "a name/with: all", "value", "--ttl", "1h") == (0, b"", "")
    assert run(leat, "cache", "get", "a name/with: all") == (0, b"value", "")
    assert run(leat, "cache", "delete", "a name/with: all") == (0, b"", "")
    code, out, err = run(leat, "cache", "get", "a name/with: all")
    assert (code, out, err) == (1, b"", "leat cache: 404: No value of this name is kept.\n")


def test_a_value_may_come_from_standard_input(leat):
    value = bytes(range(256)) * 3000
    assert run(leat, "cache", "set", "bytes", stdin=value) == (0, b"", "")
    assert run(leat, "cache", "get", "bytes") == (0, value, "")


def test_tags_users_and_patterns_delete(leat):
    for name in ("x:1", "x:2", "y:1"):
        assert run(leat, "cache", "set", name, "v", "--tags", "t,u", "--user", name[-1])[0] == 0
    assert run(leat, "cache", "delete", "--pattern", "x:*") == (0, b'{"deleted":2}', "")
    assert run(leat, "cache", "delete", "--user", "1")[0] == 0
    assert run(leat, "cache", "get", "y:1")[0] == 1
    assert b'"values":{"entries":' in run(leat, "cache", "stats")[1]


def test_what_is_asked_wrongly_is_told(leat):
    assert run(leat, "cache")[0] == 2
    assert run(leat, "cache", "got", "x")[0] == 2
    assert run(leat, "cache", "get")[0] == 2
    assert run(leat, "cache", "set", "x", "v", "--ttl", "soon")[2].startswith("leat cache: 400: A time to live is")
    assert run(leat, "warm")[0] == 2
    assert run(leat, "warm", "notes", "--rate", "0")[0] == 2


def test_paths_are_warmed_by_name_or_as_the_configuration_lists_them(leat):
    assert run(leat, "warm", "notes?limit=7", "/api/notes?limit=8", "--rate", "100") == (0, b"2 of 2 answered\n", "")
    assert "; hit" in leat.get("/api/notes?limit=7").headers["cache-status"]
    assert "; hit" in leat.get("/api/notes?limit=8").headers["cache-status"]
    assert run(leat, "warm", cwd=os.path.dirname(leat.config_file)) == (0, b"1 of 1 answered\n", "")
    assert run(leat, "warm", "secrets") == (1, b"0 of 1 answered\n", "leat warm: /api/secrets: 404\n")

