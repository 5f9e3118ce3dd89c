# SPDX-License-Identifier: Apache-2.0
"""Answers in gzip and brotli: asked for by Accept-Encoding, the same when they are unpacked, and never where a coding does not belong."""
import gzip
import zlib

import brotli
import pytest

from leat import Leat

ROWS = 30000
CONFIG = "defaults: {read: anonymous, write: anonymous, page: {size: 100, max: 100000}}\n" \
         "serve: {/api: plain, /rest/v1: postgrest}\nresources: {logs: {}}\n%s"
UNPACK = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}


def fill(database):
    numbers = database.pick(f"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})", "")
    source = database.pick("FROM n", f"FROM generate_series(1, {ROWS}) AS i")
    database.sql(f"CREATE TABLE logs (id INTEGER PRIMARY KEY, text TEXT); {numbers} "
                 f"INSERT INTO logs SELECT i, i || ' failed login from ' || (i * 7919 % 104729) || ' blocked' {source};")
    return database


@pytest.fixture
def leat(database):
    with Leat(database=fill(database).url, config=CONFIG % "") as running:
        yield running.await_ready()


def ask(leat, path, coding=None, method="GET", version="1.1", more=""):
    """(status, headers, body as sent)."""
    accept = f"Accept-Encoding: {coding}\r\n" if coding is not None else ""
    with leat.connect() as wire:
        wire.send(f"{method} {path} HTTP/{version}\r\nHost: x\r\n{accept}{more}\r\n".encode())
        return wire.answer(head_only=method == "HEAD")


@pytest.mark.parametrize("limit", [10, 300, 20000])  # small; at once; on the offload pool
def test_what_is_unpacked_is_what_would_have_come(leat, limit):
    path = f"/api/logs?order=id&limit={limit}"
    status, headers, plain = ask(leat, path)
    assert status == 200 and "content-encoding" not in headers
    large = len(plain) >= 1000
    assert ("accept-encoding" in headers["vary"].lower()) == large
    for asked, given in (("gzip", "gzip"), ("br", "br"), ("gzip, deflate, br", "br"), ("br;q=0.1, gzip;q=0.2", "gzip"), ("zstd", None),
                         ("gzip;q=0", None), ("*", "br"), ("identity, gzip;q=0.5", None)):
        status, headers, body = ask(leat, path, asked)
        given = given if large else None
        assert (status, headers.get("content-encoding")) == (200, given), asked
        assert UNPACK[given](body) == plain
        assert int(headers["content-length"]) == len(body)
        if given:
            assert len(body) <= 0.3 * len(plain)
        head = ask(leat, path, asked, method="HEAD")[1]
        assert {name: head[name] for name in head if name not in ("date", "x-request-id")} == \
               {name: headers[name] for name in headers if name not in ("date", "x-request-id")}


def test_who_refuses_identity_is_given_a_coding_even_of_what_is_small(leat):
    plain = ask(leat, "/api/logs?limit=10&order=id")[2]
    for asked in ("identity;q=0, *", "gzip, *;q=0"):
        _, headers, body = ask(leat, "/api/logs?limit=10&order=id", asked)
        assert UNPACK[headers["content-encoding"]](body) == plain
    assert ask(leat, "/api/logs?limit=10&order=id", "*;q=0")[2] == plain


def test_large_answers_and_exports_are_packed_in_pieces(leat):
    for path, accept in ((f"/api/logs?order=id&limit={ROWS}", "application/json"), ("/api/logs", "text/csv"),
                         ("/rest/v1/logs", "application/x-ndjson")):
        more = f"Accept: {accept}\r\n"
        plain = ask(leat, path, more=more)
        for asked in ("gzip", "gzip, br"):
            status, headers, body = ask(leat, path, asked, more=more)
            coding = headers["content-encoding"]
            assert status == 200 and UNPACK[coding](body) == plain[2] and len(body) < 0.3 * len(plain[2])
            assert "Accept-Encoding" in headers["vary"]
            head = ask(leat, path, asked, method="HEAD", more=more)[1]
            assert head["content-encoding"] == coding
        status, headers, body = ask(leat, "/api/logs", "gzip", version="1.0", more="Accept: text/csv\r\n")
        assert status == 200


def test_an_answer_to_http_1_0_in_pieces_ends_with_the_connection(leat):
    more = "Accept: text/csv\r\n"
    plain = ask(leat, "/api/logs", more=more)[2]
    with leat.connect() as wire:
        wire.send(f"GET /api/logs HTTP/1.0\r\nHost: x\r\nAccept-Encoding: gzip\r\n{more}\r\n".encode())
        data = b""
        while True:
            piece = wire.socket.recv(65536)
            if not piece:
                break
            data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    assert b"Content-Encoding: gzip" in head and b"chunked" not in head
    assert gzip.decompress(body) == plain


def test_a_larger_answer_than_memory_is_packed_out_of_its_spool(database):
    with Leat(database=fill(database).url, config=CONFIG % "answers: {bytes_max: 100KiB}\n") as leat:
        path = f"/api/logs?order=id&limit={ROWS}"
        plain = ask(leat, path)[2]
        _, headers, body = ask(leat, path, "gzip")
        assert headers["transfer-encoding"] == "chunked" and UNPACK[headers["content-encoding"]](body) == plain


def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(leat):
    for _ in range(10):
        for path, accept in ((f"/api/logs?order=id&limit={ROWS}", "application/json"), ("/api/logs", "text/csv")):
            with leat.connect() as wire:
                wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nAccept: {accept}\r\n\r\n".encode())
    assert ask(leat, "/api/logs?limit=100", "gzip")[0] == 200


def test_parts_and_problems_go_as_they_are(leat):
    status, headers, _ = ask(leat, "/rest/v1/logs?limit=200", "gzip", more="Prefer: count=exact\r\n")
    assert status == 206 and "content-encoding" not in headers and "etag" not in headers
    long = "x" * 900
    status, headers, _ = ask(leat, f"/api/logs?nothing={long}", "gzip")
    assert status == 400 and "content-encoding" not in headers


def test_what_was_written_is_packed_too(leat):
    rows = ",".join(f'{{"id":{100000 + i},"text":"a row of many"}}' for i in range(100))
    body = f"[{rows}]"
    more = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nPrefer: return=representation\r\n"
    with leat.connect() as wire:
        wire.send(f"POST /api/logs HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n{more}\r\n{body}".encode())
        status, headers, packed = wire.answer()
    assert status == 201 and headers["content-encoding"] == "gzip" and b"100099" in gzip.decompress(packed)
    assert "etag" not in headers


def test_it_can_be_turned_off_and_begin_later(database):
    fill(database)
    with Leat(database=database.url, config=CONFIG % "compress: off") as leat:
        for path in ("/api/logs?limit=300", "/openapi.json"):
            headers = ask(leat, path, "gzip")[1]
            assert "content-encoding" not in headers and "Accept-Encoding" not in headers.get("vary", "")
    with Leat(database=database.url, config=CONFIG % "compress: 8KiB") as leat:
        assert "content-encoding" not in ask(leat, "/api/logs?limit=100", "gzip")[1]
        assert ask(leat, "/api/logs?limit=300", "gzip")[1]["content-encoding"] == "gzip"


def test_each_piece_of_an_export_can_be_read_when_it_is_there(leat):
    unpacker = zlib.decompressobj(31)
    with leat.connect() as wire:
        wire.send(b"GET /api/logs HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nAccept: text/csv\r\n\r\n")
        while wire.buffer.count(b"\r\n") < 20 and wire._more():
            pass
        body = wire.buffer.split(b"\r\n\r\n", 1)[1]
        size, rest = body.split(b"\r\n", 1)
        while len(rest) < int(size, 16):
            assert wire._more()
            rest = wire.buffer.split(b"\r\n\r\n", 1)[1].split(b"\r\n", 1)[1]
        assert len(unpacker.decompress(rest[:int(size, 16)])) > 10000


@pytest.mark.parametrize("limit", [300, 20000])  # coded at once; on the offload pool
def test_what_is_kept_is_coded_once_and_bears_the_tag_of_its_coding(database, limit):
    config = CONFIG.replace("{logs: {}}", "{logs: {cache: 1h}}") % ""
    with Leat(database=fill(database).url, config=config) as leat:
        path = f"/api/logs?order=id&limit={limit}"
        plain = ask(leat, path)
        tag = plain[1]["etag"]
        assert "fwd=miss; stored" in plain[1]["cache-status"]
        for asked, given in (("gzip", "gzip"), ("br", "br"), ("gzip", "gzip"), ("br", "br"), (None, None)):
            status, headers, body = ask(leat, path, asked)
            assert status == 200 and "Leat; hit" in headers["cache-status"] and UNPACK[given](body) == plain[2]
            assert headers.get("content-encoding") == given and headers["etag"] == tag[:-1] + (f"-{given}" if given else "") + '"'
            again = ask(leat, path, asked, more=f"If-None-Match: {headers['etag']}\r\n")
            assert again[0] == 304 and "Leat; hit" in again[1]["cache-status"] and again[1]["etag"] == headers["etag"]
        assert leat.client.patch("/api/logs?id=eq.1", json={"text": "other"}).status_code == 200
        status, headers, body = ask(leat, path, "gzip", more=f'If-None-Match: {tag[:-1]}-gzip"\r\n')
        assert status == 200 and b"other" in gzip.decompress(body)
