# SPDX-License-Identifier: Apache-2.0
"""Kept answers in gzip and brotli: every asker gets bytes that unpack to the same, with the tag of their coding, many at once or one by one."""
import concurrent.futures
import gzip

import brotli
import pytest

from leat import Leat

CONFIG = "defaults: {read: anonymous, cache: 1m, page: {size: 100, max: 100000}}\nresources: {logs: {write: anonymous}}\n"
UNPACK = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}


@pytest.fixture
def leat(database):
    numbers = database.pick("(WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9000) SELECT i FROM n) AS n",
                            "generate_series(1, 9000) AS i")
    database.sql("CREATE TABLE logs (id INTEGER PRIMARY KEY, text TEXT);"
                 f"INSERT INTO logs SELECT i, 'failed login number ' || i FROM {numbers};")
    with Leat(database=database.url, config=CONFIG) as running:
        yield running.await_ready()


def ask(leat, path, coding):
    """(what is said of the cache, ETag, the body as it is unpacked, the coding)."""
    accept = f"Accept-Encoding: {coding}\r\n" if coding else ""
    with leat.connect() as wire:
        wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n{accept}\r\n".encode())
        status, headers, body = wire.answer()
    assert status == 200
    used = headers.get("content-encoding")
    assert used in (None, coding)
    return headers["cache-status"], headers["etag"], UNPACK[used](body), used


@pytest.mark.parametrize("limit", [100, 8000])  # at once; on the offload pool
def test_each_coding_of_a_kept_answer_is_the_same_for_all(leat, limit):
    path = f"/api/logs?limit={limit}"
    _, _, expected, _ = ask(leat, path, None)
    tags = {}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [None, "gzip", "br"] * 16
        for said, tag, body, used in pool.map(lambda coding: ask(leat, path, coding), asked):
            assert "hit" in said and body == expected
            assert tags.setdefault(used, tag) == tag  # as it is, too, while another makes the form
    leat.await_true(lambda: ask(leat, path, "gzip")[3] == "gzip" and ask(leat, path, "br")[3] == "br")
    assert len({ask(leat, path, coding)[1] for coding in (None, "gzip", "br")}) == 3


def test_a_form_ends_with_its_answer(leat):
    before = ask(leat, "/api/logs?limit=100", "gzip")
    assert leat.client.patch("/api/logs/1", json={"text": "changed"}).status_code == 200
    said, tag, body, used = ask(leat, "/api/logs?limit=100", "gzip")
    assert "miss" in said and b"changed" in body and used == "gzip" and tag != before[1]
