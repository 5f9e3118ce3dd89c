# SPDX-License-Identifier: Apache-2.0
"""Warming: answers that are kept before anybody asked."""
import pathlib

import pytest

from leat import Leat

CONFIG = """
auth: {roles: viewer < admin}
cache: {warm: [notes, 'notes?limit=2', /api/notes/1, nothing, secrets], warm_rate: 1000}
defaults: {cache: 1h}
resources: {notes: {read: anonymous}, secrets: {read: admin}}
"""
HOT = """
cache: {warm_rate: 1000}
state: %s
defaults: {cache: 1h}
resources: {notes: {read: anonymous, write: anonymous}}
"""


@pytest.fixture
def notes(database):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); CREATE TABLE secrets (id INTEGER PRIMARY KEY);"
                 "INSERT INTO notes VALUES (1, 'one'), (2, 'two'), (3, 'three');")
    return database.url


def said(leat, path):
    """What Cache-Status says of it."""
    return leat.get(path).headers["cache-status"]


def warmed(leat, times=1):
    leat.await_true(lambda: len(leat.lines("warmed")) >= times)
    return leat.lines("warmed")[times - 1]


def test_what_is_listed_is_there_when_the_first_asks(notes):
    with Leat(config=CONFIG, database=notes) as leat:
        line = warmed(leat)
        # Five paths by three roles. What is not served fails three times, what is an admin's for the two others.
        assert (line["questions"], line["failed"]) == (15, 5)
        for path in ("/api/notes", "/api/notes?limit=2", "/api/notes/1"):
            assert "; hit" in said(leat, path)
        assert "miss" in said(leat, "/api/notes?limit=1")
        assert leat.get("/api/secrets").status_code == 401


def test_another_configuration_is_warmed_again(notes):
    with Leat(config=CONFIG, database=notes) as leat:
        warmed(leat)
        file = pathlib.Path(leat.config_file)
        file.write_text(file.read_text().replace("notes?limit=2", "notes?limit=1"))
        leat.signal(1)
        warmed(leat, 2)
        assert "; hit" in said(leat, "/api/notes?limit=1")
        assert "miss" in said(leat, "/api/notes?limit=2")


def test_what_was_hot_is_there_after_a_start(notes, tmp_path):
    config = HOT % (tmp_path / "state")
    with Leat(config=config, database=notes) as leat:
        for _ in range(5):
            said(leat, "/api/notes?order=text.desc")
        said(leat, "/api/notes/2")
        leat.get("/api/notes", headers={"Prefer": "count=exact"})
    saved = (tmp_path / "state/cache-hot").read_text()
    assert "anonymous /api/notes?order=text.desc\tlast:" in saved
    assert "/api/notes/2" not in saved  # nobody asked twice
    with Leat(config=config, database=notes) as leat:
        warmed(leat)
        assert "; hit" in said(leat, "/api/notes?order=text.desc")


def test_a_file_of_nonsense_keeps_nobody_from_starting(notes, tmp_path):
    (tmp_path / "cache-hot").write_text("anonymous /api/none\t1:5\nnobody /api/notes\t1:4\nx\t1:3\n" + "a" * 100000 + "\t1:1\n" +
                                        "anonymous /api/notes HTTP/1.1\t2:2\nanonymous /docs\t1:1\nanonymous /api/notes\t1:1\n")
    with Leat(config=HOT % tmp_path, database=notes) as leat:
        line = warmed(leat)
        assert (line["questions"], line["failed"]) == (7, 6)
        assert "; hit" in said(leat, "/api/notes")


def test_no_more_is_asked_in_a_second_than_is_said(notes):
    config = CONFIG.replace("1000", "10").replace("secrets]", "secrets, 'notes?limit=3']")
    with Leat(config=config, database=notes) as leat:
        assert warmed(leat)["ms"] >= 1600  # 18 questions
