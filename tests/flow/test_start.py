# SPDX-License-Identifier: Apache-2.0
"""The mistakes people make at the start: one clear sentence each, that says what to do, and the right exit code."""
import os
import socket
import subprocess

import pytest

from leat import BIN, Leat, command_prefix

GOOD = "leat: 1\ndefaults: {read: anonymous}\nresources: {notes: {}}\n"


def leat(*args, cwd=None):
    return subprocess.run([*command_prefix(), BIN, *args], capture_output=True, text=True, cwd=cwd, env=os.environ, timeout=60, check=False)


@pytest.fixture
def notes(database):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, password_hash TEXT);"
                 "INSERT INTO notes VALUES (1, 'one', 'secret');")
    return database


def one_sentence(done, exit_code, *words):
    text = done.stderr.strip()
    assert done.returncode == exit_code, done
    assert text and len(text.splitlines()) <= 3, text
    for word in words:
        assert word in text, text


def test_a_port_in_use_is_said(notes, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        one_sentence(leat("serve", notes.url, "--listen", address), 1, address, "in use")


def test_an_address_that_is_none_is_said(notes):
    assert leat("serve", notes.url, "--listen", "nonsense").returncode == 2


def test_an_unreachable_postgresql_is_said():
    one_sentence(leat("serve", "postgresql://leat@127.0.0.1:1/leat"), 1, "127.0.0.1")


def test_an_absent_sqlite_file_is_said(tmp_path):
    one_sentence(leat("serve", f"sqlite:{tmp_path}/absent.db"), 2, "absent.db")


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "x.db").write_text("this is no database, whatever its name says " * 50)
    one_sentence(leat("serve", f"sqlite:{tmp_path}/x.db"), 2, "x.db")


def test_a_url_of_no_known_database_is_said():
    one_sentence(leat("serve", "mysql://localhost/x"), 2, "sqlite:", "postgresql://")


def test_an_unknown_table_is_said_with_its_place_and_the_nearest(notes, tmp_path):
    file = tmp_path / "leat.yaml"
    file.write_text(GOOD.replace("notes", "nodes"))
    one_sentence(leat("serve", "-c", file, "--database", notes.url), 2, "leat.yaml:3:", "nodes", "notes")


def test_an_unknown_key_is_said_with_its_place_and_the_nearest(notes, tmp_path):
    file = tmp_path / "leat.yaml"
    file.write_text(GOOD.replace("resources", "resorces"))
    one_sentence(leat("serve", "-c", file, "--database", notes.url), 2, "leat.yaml:3:1", "resorces", "resources")


def test_a_key_of_later_work_is_said_to_be_not_yet_there(notes, tmp_path):
    file = tmp_path / "leat.yaml"
    file.write_text(GOOD + "jobs: {}\n")
    one_sentence(leat("serve", "-c", file, "--database", notes.url), 2, "leat.yaml:4:1", "jobs", "not")


def test_an_absent_configuration_is_said(tmp_path):
    one_sentence(leat("serve", cwd=tmp_path), 2, "leat.yaml")


def test_a_mistyped_command_and_option_have_their_nearest(notes):
    one_sentence(leat("sevre"), 2, "serve")
    one_sentence(leat("serve", notes.url, "--lisen", "x"), 2, "--listen")


def test_serve_without_anything_says_what_can_be_named(tmp_path):
    one_sentence(leat("serve", cwd=tmp_path), 2, "leat.yaml", "leat serve sqlite:data.db", "-c FILE")


def test_an_empty_database_is_served_with_a_word_about_it(database):
    with Leat(database=database.url) as running:
        assert "no tables" in running.log()
        running.problem("/api/notes", 404, "unknown-path")


def test_a_row_of_a_table_without_a_key_is_said_to_have_no_address(database):
    database.sql("CREATE TABLE nokey (a INTEGER);")
    with Leat(database=database.url) as running:
        running.problem("/api/nokey/1", 404, "no-key")


def test_a_slash_too_many_is_said(notes):
    with Leat(database=notes.url) as running:
        assert running.problem("/api/notes/", 404)["nearest"] == "/api/notes"
        assert running.problem("/api/notes/1/", 404)["nearest"] == "/api/notes/1"


def test_help_and_version_work(notes):
    assert "serve" in leat("help").stdout and leat("help").returncode == 0
    assert "--listen" in leat("help", "serve").stdout
    assert leat("--version").stdout.startswith("leat ")


def test_without_a_file_a_database_is_served_read_only_without_its_secrets(notes):
    with Leat(database=notes.url) as running:
        assert running.rows("/api/notes") == [{"id": 1, "text": "one"}]
        assert running.get("/api/notes?password_hash=secret").status_code == 400
        assert running.client.post("/api/notes", json={}).status_code == 405


def test_without_a_file_only_loopback_is_listened_on(notes):
    one_sentence(leat("serve", notes.url, "--listen", "0.0.0.0:0"), 2, "loopback")


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": "evil.example:8080"}, {"X-Forwarded-For": "192.0.2.1"}, {"Via": "1.1 proxy"}])
def test_without_a_file_only_this_machine_is_answered_and_only_by_its_name(notes, headers):
    with Leat(database=notes.url) as running:
        running.await_ready()
        answer = running.get("/api/notes", headers=headers)
        assert answer.status_code == 403 and answer.json()["code"] == "local-only" and "leat init" in answer.json()["hint"]
        assert running.get("/api/note", headers=headers).json()["code"] == "local-only"
        assert running.get("/health/ready", headers=headers).status_code == 200
        assert "pid" not in running.get("/health", headers=headers).json()
        assert running.get("/api/notes", headers={"Host": "localhost"}).status_code == 200


def test_what_init_writes_serves_and_checks(notes, tmp_path):
    file = tmp_path / "leat.yaml"
    done = leat("init", notes.url, "-o", file)
    assert done.returncode == 0, done.stderr
    assert "password_hash" in file.read_text()
    checked = leat("check", "-c", file)
    assert checked.returncode == 0, checked.stderr
    assert "notes" in checked.stdout
    with Leat(config_file=str(file)) as running:
        assert running.rows("/api/notes") == [{"id": 1, "text": "one"}]


WRITES = """
defaults: {{read: anonymous, write: anonymous}}
cors: [https://console.example.com]
resources:
  posts:
    {{set: {{made: ':now on create', source: web}}, deleted: gone, put: merge, rows: {{anonymous: 'id=lt.9'}}, page: {{export: 7}}}}
{functions}
"""
FUNCTIONS = "functions: {twice: {call: anonymous}}"


def test_what_check_prints_of_writes_checks_again(database, tmp_path):
    file, printed = tmp_path / "leat.yaml", tmp_path / "printed.yaml"
    database.sql("CREATE TABLE posts (id int PRIMARY KEY, made timestamp, gone timestamp, source text);")
    functions = ""
    if database.store == "postgresql":
        database.sql("CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n'")
        functions = FUNCTIONS
    file.write_text(f"database: {database.url}\n" + WRITES.format(functions=functions))
    once = leat("check", "-c", file)
    assert once.returncode == 0, once.stderr
    printed.write_text(once.stdout)
    again = leat("check", "-c", printed)
    assert again.returncode == 0, again.stderr
    assert again.stdout == once.stdout
    for words in ("write: anonymous", "put: merge", "deleted: gone", "export: 7", "cors: [https://console.example.com]"):
        assert words in once.stdout


def test_check_looks_for_functions_and_columns_that_are_written(database, tmp_path):
    file = tmp_path / "leat.yaml"
    database.sql("CREATE TABLE posts (id int PRIMARY KEY, made timestamp, gone timestamp, source text);")
    file.write_text(f"database: {database.url}\n" + WRITES.format(functions=FUNCTIONS).replace("made:", "mead:"))
    done = leat("check", "-c", file)
    assert done.returncode == 2
    assert "`posts` has no column `mead`: did you mean `made`?" in done.stderr
    expected = {"sqlite": "only PostgreSQL has functions", "postgresql": "the database has no function `twice`"}
    assert expected[database.store] in done.stderr


def test_check_tells_all_mistakes_at_once(notes, tmp_path):
    file = tmp_path / "leat.yaml"
    file.write_text(f"leat: 1\ndatabase: {notes.url}\nresources:\n  notes: {{order: txet, colums: '*'}}\ndrain: {{max: 5}}\n")
    done = leat("check", "-c", file)
    assert done.returncode == 2
    for word in ("colums", "columns", "max", "30s"):
        assert word in done.stderr + done.stdout, done


def test_nothing_is_readable_unless_it_is_granted(notes):
    with Leat(database=notes.url, config="resources: {notes: {}}\n") as running:
        assert running.get("/api/notes").status_code == 404
