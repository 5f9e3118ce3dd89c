# SPDX-License-Identifier: Apache-2.0
"""A kept row is stale when any row was written that its answer shows, be it of the same table."""
import os
import re

import pytest

from leat import Leat

PEOPLE = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, manager_id INTEGER REFERENCES people(id));
INSERT INTO people VALUES (1, 'Ada', NULL), (5, 'Ben', 1);
"""
CONFIG = "defaults: {read: anonymous, write: anonymous, cache: 5m}\nresources: {people: {}}\n"


@pytest.fixture
def leat(database):
    database.sql(PEOPLE)
    with Leat(database=database.url, config=CONFIG) as running:
        yield running


def test_a_row_that_shows_another_of_its_table_changes_with_that_one(leat):
    path = "/api/people/5?select=name,manager_id(name)"
    for _ in range(2):
        assert leat.get(path).json() == {"name": "Ben", "manager_id": {"name": "Ada"}}
    leat.client.patch("/api/people/1", json={"name": "Eve"})
    assert leat.get(path).json() == {"name": "Ben", "manager_id": {"name": "Eve"}}


def test_a_row_alone_stays_kept_when_another_is_written(leat):
    leat.get("/api/people/5")
    leat.client.patch("/api/people/1", json={"name": "Eve"})
    assert "hit" in leat.get("/api/people/5").headers["cache-status"]
    leat.client.patch("/api/people/5", json={"name": "Bo"})
    answer = leat.get("/api/people/5")
    assert "hit" not in answer.headers["cache-status"] and answer.json()["name"] == "Bo"


@pytest.mark.parametrize("memory, least, most", [("auto", 0.01, 0.4), ("0", 0, 0), ("3MiB", None, None)])
def test_memory_is_a_part_of_the_machines_or_as_it_is_said(database, memory, least, most):
    database.sql(PEOPLE)
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with Leat(database=database.url, config=f"cache: {{memory: {memory}}}\n" + CONFIG) as leat:
        leat.await_ready()
        allowed = float(re.search(r"^leat_cache_bytes_max (\S+)$", leat.get("/metrics").text, re.M)[1])
        assert allowed == 3 << 20 if least is None else least * machine <= allowed <= most * machine
        for _ in range(2):
            kept = "hit" in leat.get("/api/people/5").headers["cache-status"]
        assert kept == (memory != "0")
