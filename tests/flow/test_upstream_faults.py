# SPDX-License-Identifier: Apache-2.0
"""Services that hang, die in the midst of an answer, lie about lengths, send too much or too slowly: each as doc/upstream.md says."""
import os
import pathlib
import threading

import pytest

from conftest import service_config
from leat import Leat
from service import reply, reset

MIB = 1 << 20
CONFIG = """
log: {sample: 0}
drain: {idle: 0s}
defaults: {read: anonymous, write: anonymous}
upstream:
  /: {url: URL, breaker: {failures: off}}
  /fast/: {url: URL/, timeout: 300ms, breaker: {failures: off}}
  /whole/: {url: URL/, whole: 500ms, breaker: {failures: off}}
  /small/: {url: URL/, answer_bytes: 1MiB, breaker: {failures: off}}
  /once/: {url: URL/, retries: 0, breaker: {failures: off}}
  /two/: {url: URL/, concurrent: 2}
  /breaks/: {url: URL/, retries: 0, breaker: {failures: 3, window: 1m, open: 500ms}}
  /nobody/: {url: 'http://127.0.0.1:1/', breaker: {failures: off}}
  /unknown/: {url: 'http://nobody.invalid/', retries: 0, breaker: {failures: off}}
"""


@pytest.fixture(scope="module")
def config(service, tmp_path_factory):
    return service_config(CONFIG, service, tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def leat(config):
    with Leat(config=config) as running:
        yield running


def raw(*pieces):
    """Sends these bytes, then the connection's end."""
    def answer(connection, _):
        for piece in pieces:
            connection.sendall(piece)
    return answer


def hang(release):
    def answer(connection, _):
        release.wait(60)
        return reply(b"late")
    return answer


HEAD = b"HTTP/1.1 200 OK\r\n"


# --- nothing comes ---

def test_a_service_that_hangs_is_a_504(leat, service):
    release = threading.Event()
    service.answers["/x"] = hang(release)
    answer = leat.get("/fast/x")
    release.set()
    assert (answer.status_code, answer.json()["code"]) == (504, "upstream-timeout")
    assert service.targets() == ["/x"]


def test_nobody_at_the_other_end_is_a_502(leat):
    for path in ("/nobody/x", "/unknown/x"):
        assert leat.problem(path, 502, "upstream-unreachable")
        assert leat.client.post(path, json={}).json()["code"] == "upstream-unreachable"


def test_the_cause_is_in_the_log_alone(leat):
    answer = leat.get("/nobody/x")
    assert "127.0.0.1" not in answer.text

    def causes():
        return [line["cause"] for line in leat.lines() if line.get("id") == answer.json()["request_id"]]
    leat.await_true(causes)  # it is written after the answer
    assert "127.0.0.1" in causes()[0]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_what_is_idempotent_is_sent_again_once(leat, service, method):
    service.answers["/x"] = None
    assert leat.client.request(method, "/x", content=b"body" if method == "PUT" else b"").status_code == 502
    assert service.targets() == ["/x", "/x"]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_is_not_idempotent_reaches_the_service_once(leat, service, method):
    """On a new connection, and on one that was kept and dies."""
    service.answers["/x"] = None
    for _ in range(5):
        leat.get("/warm")
        answer = leat.client.request(method, "/x", content=b"body")
        assert (answer.status_code, answer.json()["code"]) == (502, "upstream-broken")
    assert service.targets().count("/x") == 5


def test_a_second_try_may_go_well(leat, service):
    service.answers["/x"] = lambda connection, seen: None if service.targets().count("/x") == 1 else reply(seen.body)
    assert leat.client.put("/x", content=b"b" * MIB).content == b"b" * MIB
    assert service.targets() == ["/x", "/x"]


# --- it breaks off, or lies ---

@pytest.mark.parametrize("bytes_sent", [
    b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200", HEAD + b"X: y\r\n", HEAD + b"Content-Length: 10\r\n\r\nhello",
    HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", HEAD + b"Content-Length: 5, 6\r\n\r\nhello!",
    HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n", HEAD + b"X: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
    HEAD + b"X: \0\r\nContent-Length: 0\r\n\r\n", HEAD + b"X y: z\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", b"HTTP/2 200\r\n\r\n", HEAD + b"X: y\r\n" * 101 + b"\r\n",
    HEAD + b"X: " + b"y" * 70000 + b"\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
])
def test_what_is_no_proper_answer_is_a_502(leat, service, bytes_sent):
    service.answers["/x"] = raw(bytes_sent)
    answer = leat.get("/once/x")
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream-broken")
    assert "set-cookie" not in answer.headers


def is_cut(leat, path):
    """The beginning of a good answer, and the connection's end before its own."""
    with leat.connect() as wire:
        wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        status, headers, _ = wire.answer(head_only=True)
        assert status == 200
        body = wire.closed()
        if "content-length" in headers:
            return len(body) < int(headers["content-length"])
        return not body.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("answer", [
    raw(HEAD + b"Content-Length: 1000000\r\n\r\n", b"x" * 300000),
    raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n" % 300000 + b"x" * 300000 + b"\r\n"),
    raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n" % 300000 + b"x" * 300000 + b"\r\nzz\r\n"),
])
def test_what_breaks_off_within_a_large_answer_is_cut(leat, service, answer):
    service.answers["/x"] = answer
    assert is_cut(leat, "/x")


def test_a_reset_within_an_answer_that_only_the_connection_ends_is_cut(leat, service):
    begun = threading.Event()

    def answer(connection, _):
        connection.sendall(HEAD + b"\r\n" + b"x" * 1000)
        begun.wait(60)
        reset(connection)
    service.answers["/x"] = answer
    with leat.connect() as wire:
        wire.send(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.answer(head_only=True)[0] == 200
        begun.set()
        assert not wire.closed().endswith(b"0\r\n\r\n")


def test_the_log_says_why_an_answer_was_cut(leat, service):
    service.answers["/x"] = raw(HEAD + b"Content-Length: 1000000\r\n\r\n", b"x" * 300000)
    before = len(leat.lines())
    assert is_cut(leat, "/x")
    leat.await_true(lambda: any(line.get("problem") == "upstream-broken" for line in leat.lines()[before:]))


def test_what_comes_behind_an_answer_is_nobodys(leat, service):
    """Neither the one who asked nor the next one gets it."""
    service.answers["/x"] = lambda connection, _: connection.sendall(reply(b"hello") + reply(b"forged")) or True
    for _ in range(10):
        assert leat.get("/x").text == "hello"
        assert leat.get("/y").text == "GET /y "


def test_an_answer_to_head_with_a_body_does_no_harm(leat, service):
    service.answers["/x"] = lambda connection, _: connection.sendall(reply(b"HTTP/1.1 200 OK\r\n\r\nforged")) or True
    for _ in range(10):
        assert leat.client.head("/x").status_code == 200
        assert leat.get("/y").text == "GET /y "


# --- too much, too slowly ---

def test_an_answer_that_says_it_is_too_large_is_a_502(leat, service):
    service.answers["/x"] = raw(HEAD + b"Content-Length: %d\r\n\r\n" % (MIB + 1), b"x" * MIB)
    assert leat.problem("/small/x", 502, "upstream-too-large")


def test_an_answer_that_is_too_large_is_cut(leat, service):
    def endless(connection, _):
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:  # until the other side has had enough
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    service.answers["/x"] = endless
    assert is_cut(leat, "/small/x")


def test_an_answer_that_does_not_end_is_a_504_or_cut(leat, service):
    release = threading.Event()

    def drip(head):
        def answer(connection, _):
            connection.sendall(head + b"x")
            release.wait(60)
        return answer
    service.answers["/small"] = drip(HEAD + b"Content-Length: 100\r\n\r\n")
    service.answers["/large"] = drip(HEAD + b"Content-Length: 1000000\r\n\r\n")
    assert leat.problem("/whole/small", 504, "upstream-timeout")
    assert is_cut(leat, "/whole/large")
    release.set()


def test_more_at_once_than_allowed_are_refused(leat, service):
    release, answers = threading.Event(), []
    service.answers["/x"] = hang(release)
    threads = [threading.Thread(target=lambda: answers.append(leat.get("/two/x").text)) for _ in range(2)]
    for thread in threads:
        thread.start()
    leat.await_true(lambda: service.targets() == ["/x", "/x"])
    problem = leat.get("/two/x")
    assert (problem.status_code, problem.json()["code"], problem.headers["retry-after"]) == (503, "upstream-full", "1")
    release.set()
    for thread in threads:
        thread.join()
    assert answers == ["late", "late"]
    assert leat.get("/two/y").status_code == 200


def test_a_service_that_fails_is_left_alone_and_tried_again(leat, service):
    service.answers["/x"] = None
    for _ in range(3):
        assert leat.problem("/breaks/x", 502, "upstream-broken")
    problem = leat.get("/breaks/x")
    assert (problem.status_code, problem.json()["code"]) == (503, "upstream-open")
    assert int(problem.headers["retry-after"]) == 1
    assert len(service.seen) == 3
    service.answers["/x"] = reply(b"well again")
    leat.await_true(lambda: leat.get("/breaks/x").text == "well again")
    assert leat.get("/breaks/y").status_code == 200
    assert leat.get("/fast/y").status_code == 200


# --- clients, reload, stop ---

def test_a_client_that_leaves_takes_its_call_along(leat, service):
    gone = threading.Event()

    def wait(connection, _):
        while connection.recv(65536):
            pass
        gone.set()
    service.answers["/x"] = wait
    with leat.connect() as wire:
        wire.send(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        leat.await_true(lambda: service.targets() == ["/x"])
    assert gone.wait(60)


def test_pieces_reach_the_client_as_they_come(leat, service):
    steps = [threading.Event() for _ in range(3)]

    def answer(connection, _):
        connection.sendall(HEAD + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for step, event in enumerate(steps):
            connection.sendall(b"8\r\ndata: %d\n\r\n" % step)
            assert event.wait(60)
        connection.sendall(b"0\r\n\r\n")
        return True
    service.answers["/x"] = answer
    with leat.client.stream("GET", "/x") as stream:
        pieces = stream.iter_text()
        for step, event in enumerate(steps):
            assert next(pieces) == f"data: {step}\n"
            event.set()
        assert "".join(pieces) == ""


def test_a_client_of_http_1_0_gets_what_comes_in_chunks_until_the_end(leat, service):
    service.answers["/x"] = lambda connection, _: connection.sendall(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" + b"%x\r\n" % 200000 + b"x" * 200000 + b"\r\n0\r\n\r\n") or True
    with leat.connect() as wire:
        wire.send(b"GET /x HTTP/1.0\r\n\r\n")
        status, headers, _ = wire.answer(head_only=True)
        assert (status, headers.get("transfer-encoding"), headers["connection"]) == (200, None, "close")
        assert wire.closed() == b"hello" + b"x" * 200000


def test_memory_is_bounded_both_ways(config, service):
    """200 MiB up, 200 MiB down to clients that wait before they read."""
    freed_at_once = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"}
    with Leat(config=config, env=freed_at_once) as leat:
        flood_both_ways(leat, service)


def flood_both_ways(leat, service):
    sent = [0]

    def flood(connection, seen):
        assert len(seen.body) == 50 * MIB
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (50 * MIB))
        for _ in range(50):
            connection.sendall(b"y" * MIB)
            sent[0] += MIB
        return True
    service.answers["/x"] = flood
    leat.get("/warm")
    before = leat.rss_bytes()
    wires = [leat.connect() for _ in range(4)]
    for wire in wires:
        wire.send(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (50 * MIB))
        for _ in range(50):
            wire.send(b"z" * MIB)
    for wire in wires:
        assert wire.answer(head_only=True)[0] == 200
    assert leat.rss_bytes() - before < 32 * MIB
    assert sent[0] < 4 * 20 * MIB  # the service waits for the readers: what is under way lies in sockets
    for wire in wires:
        received = len(wire.buffer)
        while received < 50 * MIB:
            piece = wire.socket.recv(MIB)
            assert piece
            received += len(piece)
        wire.close()
    assert leat.rss_bytes() - before < 32 * MIB


def test_a_reload_leaves_calls_alone_and_a_stop_waits_for_them(config, service):
    release, answers = threading.Event(), []
    service.answers["/x"] = hang(release)
    with Leat(config=config) as leat:
        def ask():
            answers.append(leat.get("/x").text)
        first = threading.Thread(target=ask)
        first.start()
        leat.await_true(lambda: len(service.targets()) == 1)
        file = pathlib.Path(leat.config_file)
        file.write_text(file.read_text().replace("  /fast/:", f"  /moved: '{service.url}/moved/to'\n  /fast/:"))
        leat.signal(1)
        leat.await_true(lambda: leat.get("/moved").text == "GET /moved/to ")
        second = threading.Thread(target=ask)
        second.start()
        leat.await_true(lambda: service.targets().count("/x") == 2)
        leat.signal(15)
        release.set()
        first.join()
        second.join()
    assert answers == ["late", "late"]


def test_a_reload_that_leaves_a_service_alone_leaves_its_breaker_open(config, service):
    service.answers["/x"] = None
    with Leat(config=config.replace("open: 500ms", "open: 1h")) as leat:
        file, opened = pathlib.Path(leat.config_file), 'leat_upstream_opened_total{path="/breaks/"} 1'
        for _ in range(3):
            leat.problem("/breaks/x", 502, "upstream-broken")
        leat.problem("/breaks/x", 503, "upstream-open")

        def reload_with(name, old="", new=""):
            text = file.read_text().replace(old, new)
            file.write_text(text.replace("upstream:\n", f"upstream:\n  /{name}: '{service.url}/{name}/to'\n"))
            leat.signal(1)
            leat.await_true(lambda: leat.get(f"/{name}").text == f"GET /{name}/to ")
        reload_with("one")
        leat.problem("/breaks/x", 503, "upstream-open")
        assert opened in leat.get("/metrics").text
        reload_with("another", "failures: 3", "failures: 2")
        assert opened not in leat.get("/metrics").text
        leat.problem("/breaks/x", 502, "upstream-broken")


def test_a_stop_ends_calls_that_do_not(config, service):
    release = threading.Event()
    service.answers["/x"] = hang(release)
    with Leat(config=config.replace("drain: {idle: 0s}", "drain: {idle: 0s, max: 200ms}")) as leat, leat.connect() as wire:
        wire.send(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        leat.await_true(lambda: service.targets() == ["/x"])
        leat.signal(15)
        leat.wait()
    release.set()
