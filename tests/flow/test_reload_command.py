# SPDX-License-Identifier: Apache-2.0
"""`leat reload`: checks, sends, and tells what became of it."""
import os
import pathlib
import subprocess

import pytest

from leat import BIN, Leat, command_prefix
from postgres import free_port

CONFIG = """leat: 1
listen: 127.0.0.1:%d
database: {url: "%s"}
workers: 2
defaults: {read: anonymous}
resources: {notes: {}}
"""


def reload(*args, cwd=None):
    return subprocess.run([*command_prefix(), BIN, "reload", *args], capture_output=True, text=True, cwd=cwd, env=os.environ, timeout=90,
                          check=False)


@pytest.fixture
def leat(database):
    """Serves notes by a configuration that says where; `leat.change(old, new)` writes another."""
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY); CREATE TABLE extra (id INTEGER PRIMARY KEY);")
    port = free_port()
    with Leat(config=CONFIG % (port, database.url), listen=f"127.0.0.1:{port}") as running:
        file = pathlib.Path(running.config_file)
        running.change = lambda old, new: file.write_text(file.read_text().replace(old, new), encoding="utf-8")
        yield running


def test_a_reload_that_is_taken_is_over_when_the_command_ends(leat):
    for _ in range(5):
        for there, gone in (("extra", "notes"), ("notes", "extra")):
            leat.change(f"{{{gone}: {{}}}}", f"{{{there}: {{}}}}")
            done = reload("-c", leat.config_file)
            assert (done.returncode, done.stdout, done.stderr) == (0, f"process {leat.pid} has reloaded\n", "")
            with leat.connect() as one, leat.connect() as two:  # of different workers, it may be
                for wire in (one, two):
                    wire.send(f"GET /api/{there} HTTP/1.1\r\nHost: x\r\n\r\nGET /api/{gone} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    assert (wire.answer()[0], wire.answer()[0]) == (200, 404)


def test_a_file_of_the_folder_and_a_url_will_do_too(leat):
    assert reload(cwd=os.path.dirname(leat.config_file)).returncode == 0
    assert reload("--url", leat.url, cwd="/").returncode == 0
    assert reload("-c", leat.config_file, "--url", leat.url).returncode == 0
    assert len(leat.lines("reloaded")) == 3


def test_by_the_number_of_the_process_it_is_sent_and_not_waited_for(leat):
    done = reload("--pid", str(leat.pid))
    assert (done.returncode, done.stderr) == (0, "")
    leat.await_true(lambda: leat.lines("reloaded"))


def test_a_wrong_configuration_is_told_with_its_place_and_nothing_is_sent(leat):
    leat.change("notes", "nodes")
    done = reload("-c", leat.config_file)
    assert done.returncode == 2 and "leat.yaml:6:13" in done.stderr and "did you mean" in done.stderr, done
    assert leat.get("/health").json()["reloads"] == {"begun": 0, "ended": 0}


def test_a_database_that_is_not_there_is_told_and_nothing_is_sent(leat):
    done = reload("-c", leat.config_file, "--database", "postgresql://leat@127.0.0.1:1/leat")
    assert done.returncode == 1 and "127.0.0.1" in done.stderr, done
    assert leat.get("/health").json()["reloads"] == {"begun": 0, "ended": 0}


def test_what_the_server_refuses_is_told_in_its_words(leat):
    leat.change("workers: 2", "workers: 3")
    done = reload("-c", leat.config_file)
    assert done.returncode == 1 and "workers cannot change" in done.stderr and f"process {leat.pid} refused" in done.stderr, done
    leat.change("workers: 3", "workers: 2")
    assert reload("-c", leat.config_file).returncode == 0


def test_nobody_there_is_told(leat):
    config = pathlib.Path(leat.config_file).read_text().replace(f":{leat.port}", f":{free_port()}")
    other = pathlib.Path(leat.folder.name, "other.yaml")
    other.write_text(config, encoding="utf-8")
    done = reload("-c", str(other))
    assert done.returncode == 1 and "nothing answers at 127.0.0.1:" in done.stderr, done


def test_who_comes_by_a_proxy_is_not_told_the_process(leat):
    health = leat.get("/health", headers={"X-Forwarded-For": "192.0.2.1"}).json()
    assert "pid" not in health and health["reloads"] == {"begun": 0, "ended": 0}
    assert leat.get("/health").json()["pid"] == leat.pid
