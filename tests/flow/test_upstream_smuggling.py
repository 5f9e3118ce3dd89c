# SPDX-License-Identifier: Apache-2.0
"""The hostile requests of tests/data/http, sent through Leat to a service that records what reaches it: no request that was not meant,
and each in a form about which no two parsers can differ."""
import pytest

from conftest import service_config
from leat import Leat
from test_http import GOOD, HOSTILE, ODD


@pytest.fixture(scope="module")
def leat(service, tmp_path_factory):
    config = ("http: {head: 60s, idle: 60s}\nlog: {sample: 0}\ndefaults: {read: anonymous, write: anonymous}\n"
              "docs: off\nupstream: {/: {url: 'URL', authorization: pass}}\n")
    with Leat(config=service_config(config, service, tmp_path_factory.mktemp("smuggling"))) as running:
        yield running


def first_line(request):
    """Method and path of what the client means first."""
    line = request.lstrip(b"\r\n").partition(b"\r\n")[0].decode("latin-1").split(" ")
    return line[0], line[1] if len(line) > 1 else ""


def reached(leat, service):
    """What reached the service until now; a request of our own comes last, so that nothing is still under way."""
    leat.get("/sentinel")
    with service.lock:
        seen, odd = [one for one in service.seen if one.target != "/sentinel"], list(service.odd)
        service.seen.clear()
        service.odd.clear()
    assert not odd, f"bytes that are no request: {odd}"
    return seen


def check_form(seen):
    names = [name.lower() for name, _ in seen.headers]
    assert names.count("host") == 1
    assert "transfer-encoding" not in names and "connection" not in names and "expect" not in names and "upgrade" not in names
    assert names.count("content-length") <= 1
    assert ("content-length" in names) == (seen.method in ("POST", "PUT", "PATCH") or bool(seen.body))
    for name, value in seen.headers:
        assert name and name.strip() == name and "_" not in name and all(33 <= ord(letter) < 127 for letter in name)
        assert not any(ord(letter) < 32 and letter != "\t" for letter in value)


@pytest.mark.parametrize("file,name,status,request_bytes", HOSTILE, ids=[f"{case[0]}: {case[1]}" for case in HOSTILE])
def test_no_hostile_request_reaches_the_service(leat, service, file, name, status, request_bytes):
    """But for those whose head is good and whose body, which their method has no use for, is not: these go without it."""
    for before, behind in ((b"", b""), (b"", GOOD), (GOOD, GOOD.replace(b"/health/live", b"/smuggled"))):
        with leat.connect() as wire:
            wire.send(before + request_bytes + behind)
            if before:
                assert wire.answer()[0] == 200
            wire.answer()
            wire.closed()
        seen = reached(leat, service)
        assert len(seen) <= 1, seen
        for one in seen:
            method, target = first_line(request_bytes)
            assert file in ("chunked", "trailers") and method in ("GET", "HEAD", "OPTIONS"), one
            assert (one.method, one.target, one.body) == (method, target, b"")
            check_form(one)


@pytest.mark.parametrize("file,name,status,request_bytes", ODD, ids=[case[1] for case in ODD])
def test_an_odd_request_reaches_it_in_an_even_form(leat, service, file, name, status, request_bytes):
    with leat.connect() as wire:
        wire.send(request_bytes)
        answer = wire.answer(head_only=request_bytes.lstrip(b"\r\n").startswith(b"HEAD"))
        while answer and answer[0] == 100:
            answer = wire.answer()
    seen = reached(leat, service)
    for one in seen:
        check_form(one)
    method, _ = first_line(request_bytes)
    assert all(one.method in (method, "GET") for one in seen)


BODY = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_that_looks_like_a_request_stays_a_body(leat, service, method, framing):
    head = f"{method} /meant HTTP/1.1\r\nHost: x\r\n".encode()
    if framing == "length":
        request = head + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    else:
        request = head + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"
    with leat.connect() as wire:
        for _ in range(3):
            wire.send(request)
            assert wire.answer(head_only=method == "HEAD")[0] == 200
    seen = reached(leat, service)
    assert [one.target for one in seen] == ["/meant"] * 3
    for one in seen:
        check_form(one)
        assert one.body == (BODY if method in ("POST", "PUT", "PATCH", "DELETE") else b"")


@pytest.mark.parametrize("path", ["/a%0d%0aX-Evil:%201", "/a%0aGET%20/smuggled", "/a%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0a"])
def test_nothing_encoded_becomes_a_line(leat, service, path):
    leat.status_of(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    leat.status_of(f"GET /q?{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    for one in reached(leat, service):
        check_form(one)
        assert one.target == f"/q?{path}"
