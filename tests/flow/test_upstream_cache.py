# SPDX-License-Identifier: Apache-2.0
"""Answers of another service are kept as those of the database are: shared, coalesced, stale when a table they hang on is written, there
when the service is not; and never what the service keeps for one."""
import concurrent.futures
import threading

import pytest

from conftest import service_config
from leat import Leat
from service import reply

CONFIG = """
log: {sample: 0}
drain: {idle: 0s}
answers: {bytes_max: 1MiB}
defaults: {read: anonymous, write: anonymous}
resources:
  events: {cache: 1h}
  notes: {cache: 1h}
upstream:
  /kept/: {url: URL/, cache: 1h}
  /bare/: {url: URL/, cache: 1h, drop: [Cookie]}
  /user/: {url: URL/, cache: 1h, authorization: pass}
  /errors/: {url: URL/, cache: {list: 50ms, grace: 0s, errors: 1h}, retries: 0, breaker: {failures: off}}
  /grace/: {url: URL/, cache: {list: 50ms, grace: 1h}}
  /events/: {url: URL/, cache: 1h, tables: [events]}
  /none/: {url: URL/, tables: []}
  /: {url: URL}
"""


@pytest.fixture(scope="module")
def config(service, tmp_path_factory):
    return service_config(CONFIG, service, tmp_path_factory.mktemp("kept"), "CREATE TABLE events (id INTEGER PRIMARY KEY, text TEXT);"
                          "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")


@pytest.fixture
def leat(config):
    with Leat(config=config) as running:
        yield running


def counted(service, *fields, status="200 OK"):
    """An answer that tells how often it was asked for."""
    def answer(connection, seen):
        return reply(b"%d" % len([one for one in service.seen if one.target == seen.target]), status, fields)
    return answer


def test_the_second_does_not_reach_the_service(leat, service):
    service.answers["/x"] = counted(service, "Content-Type: text/plain", 'ETag: "theirs"', "X-Kept: yes")
    first, second = leat.get("/kept/x"), leat.get("/kept/x")
    assert (first.text, second.text) == ("1", "1")
    assert service.targets() == ["/x"]
    assert first.headers["cache-status"] == "Leat; fwd=miss; stored; ttl=" + first.headers["cache-status"].rpartition("=")[2]
    assert second.headers["cache-status"].startswith("Leat; hit; ttl=")
    assert (second.headers["x-kept"], second.headers["content-type"]) == ("yes", "text/plain")
    assert second.headers["etag"] != '"theirs"'
    assert leat.get("/kept/x", headers={"If-None-Match": second.headers["etag"]}).status_code == 304
    assert service.targets() == ["/x"]


def test_a_condition_does_not_reach_a_service_whose_answer_is_kept(leat, service):
    assert leat.get("/kept/x", headers={"If-None-Match": '"a"', "Range": "bytes=0-1"}).status_code == 200
    names = {name.lower() for name, _ in service.seen[0].headers}
    assert not {"if-none-match", "range"} & names


def test_what_is_asked_otherwise_is_kept_apart(leat, service):
    for options in ({}, {"params": {"a": "1"}}, {"headers": {"Accept": "text/html"}}, {"headers": {"Accept-Language": "de"}}):
        leat.get("/kept/x", **options)
    assert len(service.seen) == 4


@pytest.mark.parametrize("fields", [
    ["Cache-Control: no-store"], ["Cache-Control: private, max-age=60"], ["Cache-Control: no-cache"], ["Cache-Control: max-age=0"],
    ["Cache-Control: max-age=60, s-maxage=0"], ["Cache-Control: max-age=x"], ["Set-Cookie: a=b"], ["Vary: *"], ["Vary: Cookie"],
    ["Vary: Accept-Encoding, Origin"],
])
def test_what_is_for_one_is_given_to_one(leat, service, fields):
    service.answers["/x"] = counted(service, *fields)
    assert [leat.get("/kept/x").text for _ in range(3)] == ["1", "2", "3"]
    answer = leat.get("/kept/x")
    name, _, value = fields[0].partition(": ")
    assert answer.headers[name] == value


@pytest.mark.parametrize("status", ["201 Created", "301 Moved Permanently", "400 Bad Request", "403 Forbidden", "429 Too Many Requests",
                                    "500 Internal Server Error"])
def test_what_is_neither_there_nor_absent_is_not_kept(leat, service, status):
    service.answers["/x"] = counted(service, status=status)
    assert [leat.get("/kept/x").text for _ in range(2)] == ["1", "2"]
    assert leat.get("/kept/x").status_code == int(status[:3])


@pytest.mark.parametrize("fields", [["Cache-Control: max-age=7"], ["Cache-Control: max-age=600, s-maxage=7"]])
def test_the_service_may_shorten_the_time(leat, service, fields):
    service.answers["/x"] = counted(service, *fields)
    told = leat.get("/kept/x").headers["cache-status"]
    assert int(told.rpartition("=")[2]) <= 8
    assert leat.get("/kept/x").text == "1"


def test_who_shows_who_he_is_has_answers_of_his_own(leat, service):
    service.answers["/x"] = counted(service)
    assert leat.get("/kept/x").text == "1"
    assert leat.get("/kept/x", headers={"Cookie": "session=1"}).text == "2"
    assert leat.get("/user/x", headers={"Authorization": "Bearer a"}).text == "3"
    assert leat.get("/user/x", headers={"Authorization": "Bearer b"}).text == "4"
    assert leat.get("/kept/x").text == "1"


def test_what_does_not_reach_the_service_parts_nobody(leat, service):
    service.answers["/x"] = counted(service)
    assert leat.get("/bare/x", headers={"Cookie": "a=1"}).text == "1"
    assert leat.get("/bare/x", headers={"Cookie": "a=2", "Authorization": "Bearer a"}).text == "1"


def test_writes_are_never_kept(leat, service):
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for _ in range(2):
            leat.client.request(method, "/kept/x")
    assert len(service.seen) == 10


def test_head_and_get_share_an_answer(leat, service):
    service.answers["/x"] = counted(service, "Content-Type: text/plain")
    answer = leat.client.head("/kept/x")
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "1", b"")
    assert leat.get("/kept/x").text == "1"
    assert [seen.method for seen in service.seen] == ["GET"]


def test_head_of_what_is_not_kept_has_no_body(leat, service):
    service.answers["/x"] = reply(b"x" * 300000, headers=["Cache-Control: no-store"])
    with leat.connect() as wire:
        for _ in range(3):
            wire.send(b"HEAD /kept/x HTTP/1.1\r\nHost: x\r\n\r\n")
            status, headers, _ = wire.answer(head_only=True)
            assert (status, headers["content-length"]) == (200, "300000")


def test_many_at_once_are_one_to_the_service(leat, service):
    release = threading.Event()

    def answer(connection, _):
        release.wait(60)
        return reply(b"once")
    service.answers["/x"] = answer
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(leat.get, "/kept/x") for _ in range(20)]
        leat.await_true(lambda: service.targets() == ["/x"])
        release.set()
        assert {one.result().text for one in asked} == {"once"}
    assert service.targets() == ["/x"]


def test_one_who_leaves_does_not_take_the_answer_along(leat, service):
    release = threading.Event()

    def answer(connection, _):
        release.wait(60)
        return reply(b"all the same")
    service.answers["/x"] = answer
    with leat.connect() as wire:
        wire.send(b"GET /kept/x HTTP/1.1\r\nHost: x\r\n\r\n")
        leat.await_true(lambda: service.targets() == ["/x"])
    release.set()
    headers = {"Accept": "text/html"}  # another's: the first one's key has no Accept
    leat.get("/kept/y", headers=headers)

    def kept():
        with leat.connect() as wire:
            wire.send(b"GET /kept/x HTTP/1.1\r\nHost: x\r\n\r\n")
            status, told, body = wire.answer()
            assert (status, body) == (200, b"all the same")
            return "hit" in told["cache-status"]
    leat.await_true(kept)
    assert service.targets().count("/x") == 1


def test_a_stop_does_not_wait_for_an_answer_nobody_waits_for(leat, service):
    release = threading.Event()
    service.answers["/x"] = lambda connection, _: release.wait(60) and None
    with leat.connect() as wire:
        wire.send(b"GET /kept/x HTTP/1.1\r\nHost: x\r\n\r\n")
        leat.await_true(lambda: service.targets() == ["/x"])
    leat.stop()
    release.set()


def test_when_the_service_is_gone_the_old_answer_is_there(leat, service):
    service.answers["/x"] = reply(b"old")
    assert leat.get("/errors/x").text == "old"
    for failing in (None, reply(b"oh", "500 Internal Server Error"), reply(b"", "503 Service Unavailable")):
        service.answers["/x"] = failing
        before = len(service.seen)

        def failed():
            answer = leat.get("/errors/x")
            assert (answer.status_code, answer.text) == (200, "old")
            return len(service.seen) > before
        leat.await_true(failed)
    service.answers["/x"] = reply(b"new")
    leat.await_true(lambda: leat.get("/errors/x").text == "new")


def test_an_old_answer_is_given_while_a_new_one_is_made(leat, service):
    release = threading.Event()
    service.answers["/x"] = reply(b"old")
    assert leat.get("/grace/x?a=b", headers={"X-Passed": "yes"}).text == "old"

    def slow(connection, _):
        release.wait(60)
        return reply(b"new")
    service.answers["/x"] = slow

    def refreshing():
        assert leat.get("/grace/x?a=b", headers={"X-Passed": "yes"}).text == "old"
        return len(service.seen) == 2
    leat.await_true(refreshing)
    release.set()
    leat.await_true(lambda: leat.get("/grace/x?a=b").text == "new")
    seen = service.seen[1]
    assert seen.target == "/x?a=b"
    assert ("X-Passed", "yes") in [(name.title(), value) for name, value in seen.headers]


def test_a_write_to_a_table_ends_what_hangs_on_it(leat, service):
    service.answers["/x"] = counted(service)
    assert leat.get("/events/x").text == "1"
    assert leat.client.post("/api/notes", json={"text": "n"}).status_code == 201
    assert leat.get("/events/x").text == "1"
    assert leat.client.post("/api/events", json={"text": "e"}).status_code == 201
    assert leat.get("/events/x").text == "2"
    assert leat.get("/events/x").text == "2"


def rows_in(leat, table):
    answer = leat.get(f"/api/{table}")
    return "hit" in answer.headers["cache-status"]


def fill(leat):
    for table in ("events", "notes"):
        leat.await_true(lambda: rows_in(leat, table))


@pytest.mark.parametrize("path, events, notes", [("/events/x", False, True), ("/none/x", True, True), ("/x", False, False)])
def test_a_write_through_leat_ends_what_hangs_on_its_tables(leat, service, path, events, notes):
    """Of a service that does not say which tables it writes, all that is kept."""
    fill(leat)
    assert leat.client.post(path).status_code == 200
    assert (rows_in(leat, "events"), rows_in(leat, "notes")) == (events, notes)


@pytest.mark.parametrize("answer, stays", [(reply(b"", "422 Unprocessable Entity"), True), (reply(b"", "500 Internal Server Error"), False),
                                           (None, False)])
def test_a_write_of_unknown_outcome_ends_it_a_refused_one_does_not(leat, service, answer, stays):
    fill(leat)
    service.answers["/x"] = answer
    leat.client.post("/events/x")
    assert rows_in(leat, "events") == stays
    assert rows_in(leat, "notes")


def test_what_is_large_passes_and_is_not_kept(leat, service):
    service.answers["/x"] = reply(b"x" * (3 << 20))
    for _ in range(2):
        assert leat.get("/kept/x").content == b"x" * (3 << 20)
    assert len(service.seen) == 2


def test_what_comes_in_chunks_is_kept_whole(leat, service):
    def answer(connection, _):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(50):
            connection.sendall(b"2710\r\n" + b"y" * 10000 + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        return True
    service.answers["/x"] = answer
    for _ in range(2):
        answer = leat.get("/kept/x")
        assert answer.content == b"y" * 500000
        assert answer.headers["content-length"] == "500000"
    assert len(service.seen) == 1


def test_what_breaks_off_is_not_kept(leat, service):
    service.answers["/x"] = lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + b"y" * 400000)
    assert leat.problem("/kept/x", 502, "upstream-broken")
    service.answers["/x"] = reply(b"whole")
    assert leat.get("/kept/x").text == "whole"


def test_a_table_that_is_not_there_is_told_with_its_place(config):
    leat = Leat(config=config.replace("tables: [events]", "tables: [evnets]"), expect_up=False)
    assert leat.wait() == 2
    line = 1 + config[:config.index("tables: [events]")].count("\n") + 1
    assert f"leat.yaml:{line}:" in leat.log()
    assert "the database has no table `evnets`: did you mean `events`?" in leat.log()
    leat.kill()
