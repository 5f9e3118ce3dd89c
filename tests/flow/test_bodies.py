# SPDX-License-Identifier: Apache-2.0
"""Bodies of writes on their way in: what may bring one, of which type, how large; what is wrong with one is told with its place.
Every body here is refused, so nothing is written."""
import pytest

from leat import Leat

CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous}
http: {body_bytes: 8MiB}
spool: {bytes: 4MiB}
resources:
  notes: {write: anonymous}
  fixed: {}
  dropbox: {read: none, write: anonymous}
"""
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def leat(database):
    database.sql("".join(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, text TEXT);" for name in ("notes", "fixed", "dropbox")))
    with Leat(database=database.url, config=CONFIG) as running:
        yield running.await_ready()


def post(leat, body, headers=None, path="/api/notes"):
    return leat.client.post(path, content=body, headers=headers or {})


def refused(leat, body, status, code, headers=None, path="/api/notes"):
    answer = post(leat, body, headers, path)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert problem["code"] == code, problem
    return problem


def long_body(bytes_min):
    """NDJSON of so many bytes whose last line is none."""
    line = b'{"id":1,"text":"%s"}\n' % (b"x" * 1000)
    lines = bytes_min // len(line) + 1
    return line * lines + b"[]\n", lines + 1


def test_options_and_405_say_what_may_be_done(leat):
    for path, allow in (("/api/notes", "GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
                        ("/api/notes/1", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
                        ("/rest/v1/notes", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
                        ("/api/fixed", "GET, HEAD, OPTIONS"),
                        ("/api/dropbox", "POST, PATCH, DELETE, OPTIONS"),
                        ("/health", "GET, HEAD, OPTIONS")):
        assert leat.client.options(path).headers["allow"] == allow
        answer = leat.client.request("BREW", path, content=b"x")
        assert answer.status_code == 405 and answer.headers["allow"] == allow
    assert post(leat, b"{}", path="/api/notes/1").status_code == 405
    assert post(leat, b"{}", path="/api/fixed").status_code == 405
    assert leat.get("/api/dropbox").status_code == 405


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Type": "application/json; charset=latin1"}])
def test_a_type_nobody_reads_is_a_415_that_names_those_that_are(leat, headers):
    problem = refused(leat, b"{}", 415, "unknown-body-type", headers)
    assert "text/csv" in problem["hint"] and problem["value"] == headers["Content-Type"]


def test_a_compressed_body_is_a_415(leat):
    assert refused(leat, b"{}", 415, "unknown-body-coding", {"Content-Encoding": "gzip"})["value"] == "gzip"


def test_a_client_that_waits_for_100_is_refused_before_it_sends(leat):
    with leat.connect() as wire:
        wire.send(b"POST /api/notes HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\n"
                  b"Content-Length: 5\r\n\r\n")
        assert wire.answer()[0] == 415


def test_a_client_that_waits_for_100_gets_it_and_then_its_answer(leat):
    with leat.connect() as wire:
        wire.send(b"POST /api/notes HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert wire.answer()[0] == 100
        wire.send(b"[1,2]")
        assert wire.answer()[0] == 400


@pytest.mark.parametrize("headers,body,place", [
    (JSON, b'[{"id":1},\n 2]', "(Record 2; line 2, byte 13 of the body.)"),
    (JSON, b'{"id":01}', "(Record 1; line 1, byte 7 of the body.)"),
    (JSON, b"12", "(Record 1; line 1, byte 1 of the body.)"),
    (JSON, b"", "(Record 1; line 1, byte 1 of the body.)"),
    (NDJSON, b'{"id":1}\n{"id":2\n', "(Record 2; line 2, byte "),
    ({"Content-Type": "text/csv"}, b"id,text\n1,a\n2\n", "(Record 2; line 3, byte 13 of the body.)"),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"id=1&text=%", "(Record 1; line 1, byte 6 of the body.)"),
])
def test_what_is_malformed_is_a_400_with_its_place(leat, headers, body, place):
    assert place in refused(leat, body, 400, "malformed-body", headers)["detail"]
    assert place in refused(leat, body, 400, "PGRST102", headers, "/rest/v1/notes")["message"]


def test_a_large_body_waits_on_the_disk_and_is_read_to_its_end(leat):
    body, records = long_body(3 << 20)
    assert f"(Record {records}; line {records}, " in refused(leat, body, 400, "malformed-body", NDJSON)["detail"]


def test_a_chunked_body_is_read_as_one_with_a_length(leat):
    body, records = long_body(300000)
    pieces = (body[at:at + 777] for at in range(0, len(body), 777))
    assert f"(Record {records}; " in refused(leat, pieces, 400, "malformed-body", NDJSON)["detail"]


def test_a_body_longer_than_allowed_is_a_413_before_it_is_sent(leat):
    with leat.connect() as wire:
        wire.send(b"POST /api/notes HTTP/1.1\r\nHost: x\r\nContent-Length: 8388609\r\n\r\n")
        assert wire.answer()[0] == 413


def test_a_record_longer_than_allowed_is_a_413(leat):
    refused(leat, b'{"text":"' + b"x" * (1 << 20) + b'"}', 413, "record-too-large")


def test_more_than_the_spool_holds_is_a_503_and_room_comes_back(leat):
    body, _ = long_body(6 << 20)
    assert refused(leat, body, 503, "spool-full", NDJSON)["code"] == "spool-full"
    body, _ = long_body(3 << 20)
    refused(leat, body, 400, "malformed-body", NDJSON)


def test_a_client_that_leaves_in_mid_body_leaves_nothing_behind(leat):
    for _ in range(3):
        with leat.connect() as wire:
            wire.send(b"POST /api/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
                      b"Content-Length: 3000000\r\n\r\n" + long_body(2 << 20)[0])
    body, _ = long_body(3 << 20)
    leat.await_true(lambda: post(leat, body, NDJSON).status_code == 400)


def test_what_is_malformed_as_http_is_told_in_mid_body(leat):
    with leat.connect() as wire:
        wire.send(b"POST /api/notes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\nnonsense\r\n")
        assert wire.answer()[0] == 400
        assert wire.closed() == b""
