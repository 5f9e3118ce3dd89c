# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1, byte by byte: what is malformed is refused and the connection closed; what is odd but right is answered."""
import pathlib
import re

import pytest

from leat import Leat

DATA = pathlib.Path(__file__).resolve().parent.parent / "data/http"
GOOD = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
SPLITS_MAX = 160  # of one request; the unit tests cut at every byte of all
BODY_FAULTS = ("chunked", "trailers")  # the head is good: it may be answered before its body is looked at


def unescape(text):
    text = re.sub(r"\\\*(\d+)\{([^}]*)\}", lambda m: m[2] * int(m[1]), text)
    simple = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}
    return re.sub(r"\\(x[0-9a-fA-F]{2}|.)", lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" else simple[m[1]], text).encode("latin-1")


def cases(folder):
    """(file, name, status or None, bytes) of each."""
    for file in sorted((DATA / folder).glob("*.txt")):
        name = status = None
        lines = []
        for line in [*file.read_text(encoding="utf-8").splitlines(), "== end"]:
            if line.startswith("== "):
                if name:
                    yield file.stem, name, status, unescape("".join(lines))
                name, _, number = line[3:].partition(" | ")
                status, lines = int(number) if number else None, []
            elif line and not line.startswith(("#", "->")):
                lines.append(line)


HOSTILE = list(cases("hostile"))
ODD = list(cases("odd"))


@pytest.fixture(scope="module")
def leat(sentinel_url):
    """Deadlines are long: what is refused is refused for what it says."""
    with Leat(database=sentinel_url, config="http: {head: 60s, idle: 60s}\nlog: {sample: 0}\n") as running:
        yield running


def refused(wire, file, status):
    """Exactly one answer, of this status, and the end: what follows is never taken for a request."""
    answer = wire.answer()
    assert answer is not None, "closed without an answer"
    if file in BODY_FAULTS:
        assert answer[0] in (400, 404, 405, 413, 431)
    else:
        assert answer[0] == status
        assert answer[1]["connection"] == "close"
    assert wire.closed() == b""


def test_there_are_enough_of_them():
    assert len(HOSTILE) >= 150 and len(ODD) >= 20


@pytest.mark.parametrize("file,name,status,request_bytes", HOSTILE, ids=[f"{case[0]}: {case[1]}" for case in HOSTILE])
def test_a_hostile_request_is_refused_and_closed(leat, file, name, status, request_bytes):
    with leat.connect() as alone:
        alone.send(request_bytes)
        refused(alone, file, status)
    with leat.connect() as behind:
        behind.send(GOOD + request_bytes + GOOD)
        assert behind.answer()[0] == 200
        refused(behind, file, status)


@pytest.mark.parametrize("file", sorted({case[0] for case in HOSTILE}))
def test_hostile_requests_cut_at_any_byte_are_refused_the_same(leat, file):
    for _, name, status, request_bytes in (case for case in HOSTILE if case[0] == file):
        cuts = range(1, min(len(request_bytes), SPLITS_MAX))
        wires = [leat.connect() for _ in cuts]
        for wire, cut in zip(wires, cuts):
            wire.send(request_bytes[:cut])
        for wire, cut in zip(wires, cuts):
            wire.send(request_bytes[cut:])
        for wire, cut in zip(wires, cuts):
            try:
                refused(wire, file, status)
            except AssertionError as wrong:
                raise AssertionError(f"{name}, cut at {cut}: {wrong}") from wrong
            wire.close()


@pytest.mark.parametrize("file,name,status,request_bytes", ODD, ids=[case[1] for case in ODD])
def test_an_odd_request_is_answered(leat, file, name, status, request_bytes):
    with leat.connect() as wire:
        wire.send(request_bytes)
        answer = wire.answer(head_only=request_bytes.lstrip(b"\r\n").startswith(b"HEAD"))
        while answer and answer[0] == 100:
            answer = wire.answer()
        assert answer is not None and answer[0] in (200, 204, 400, 404, 405)
        if answer[0] == 400:  # the framing is right, the path is not
            assert b"bad-path" in answer[2]


def test_pipelined_requests_are_answered_in_order(leat):
    with leat.connect() as wire:
        wire.send(b"".join(b"GET /p%d HTTP/1.1\r\nHost: x\r\n\r\n" % i for i in range(500)))
        for i in range(500):
            assert b"/p%d`" % i in wire.answer()[2]


def test_a_connection_is_kept_alive_until_it_is_asked_to_close(leat):
    with leat.connect() as wire:
        for _ in range(3):
            wire.send(GOOD)
            assert wire.answer()[0] == 200
        wire.send(GOOD.replace(b"Host", b"Connection: close\r\nHost"))
        status, headers, _ = wire.answer()
        assert status == 200 and headers["connection"] == "close" and wire.closed() == b""


def test_http_1_0_is_closed_unless_it_asks_to_be_kept(leat):
    with leat.connect() as wire:
        wire.send(b"GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        status, headers, _ = wire.answer()
        assert status == 200 and headers["connection"] == "keep-alive"
        wire.send(b"GET /health/live HTTP/1.0\r\n\r\n")
        assert wire.answer()[1]["connection"] == "close" and wire.closed() == b""


def test_a_body_nobody_wants_is_dropped_and_the_connection_goes_on(leat):
    with leat.connect() as wire:
        wire.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000 + GOOD)
        assert wire.answer()[0] == 200
        assert wire.answer()[0] == 200


def test_a_slow_head_is_answered_408(sentinel_url):
    with Leat(database=sentinel_url, config="http: {head: 100ms}\n") as leat, leat.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\nHo")
        assert wire.answer()[0] == 408 and wire.closed() == b""


def test_an_idle_connection_is_closed_without_a_word(sentinel_url):
    with Leat(database=sentinel_url, config="http: {idle: 100ms}\n") as leat, leat.connect() as wire:
        wire.send(GOOD)
        assert wire.answer()[0] == 200
        assert wire.closed() == b""


def test_more_connections_of_an_address_than_allowed_are_refused_with_503(sentinel_url):
    with Leat(database=sentinel_url, config="http: {per_address: 10}\n") as leat:
        leat.client.close()
        wires = []
        leat.await_true(lambda: _ten_open(leat, wires))
        with leat.connect() as one_more:
            status, headers, _ = one_more.answer()
            assert status == 503 and headers["retry-after"] and one_more.closed() == b""
        wires.pop().close()

        def open_again():
            with leat.connect() as wire:
                wire.send(GOOD)
                return wire.answer()[0] == 200
        leat.await_true(open_again)
        for wire in wires:
            wire.close()


def _ten_open(leat, wires):
    while len(wires) < 10:
        wire = leat.connect()
        wire.send(GOOD)
        answer = wire.answer()
        if answer is None or answer[0] != 200:
            wire.close()
            return False
        wires.append(wire)
    return True


def test_no_answer_bears_a_header_a_client_injected(leat):
    answer = leat.get("/api/x%0d%0aSet-Cookie:%20a=b?y=%0d%0aX-Bad:%201")
    assert "set-cookie" not in answer.headers and "x-bad" not in answer.headers
