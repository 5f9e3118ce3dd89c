# SPDX-License-Identifier: Apache-2.0
"""Paths that another service answers: what reaches it, what comes back, whose path is whose."""
import sqlite3
import threading

import pytest

import callers
from conftest import service_config
from leat import Leat
from service import Application, reply

CONFIG = """
log: {sample: 0}
http: {idle: 60s}
auth: {roles: viewer}
proxies: [127.0.0.2]
resources:
  users: {read: anonymous}
  notes: {read: anonymous, write: anonymous}
upstream:
  /api/parse: {url: URL/parse, read: anonymous, write: anonymous}
  /api/users/me: {url: URL, read: anonymous}
  /old/: {url: URL/app/, read: anonymous, write: anonymous, authorization: pass, drop: [X-Internal], add: {X-Key: 'a secret'}}
  /secret/: {url: URL/, read: viewer}
  /closed/: {url: URL/}
  /shut: {url: URL/shut}
  /gets/: {url: URL/, read: anonymous, write: anonymous, methods: [GET]}
  /twice/: {url: URL/, read: anonymous, limits: [{per: address, rate: 2/d}]}
  /small/: {url: URL/, read: anonymous, write: anonymous, body_bytes: 100KiB}
  /: {url: URL, read: anonymous, write: anonymous}
"""


@pytest.fixture(scope="module")
def leat(service, tmp_path_factory):
    config = service_config(CONFIG, service, tmp_path_factory.mktemp("upstream"), """
        CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
        INSERT INTO users VALUES (1, 'ann');""")
    with Leat(config=config) as running:
        yield running


def asked(service):
    """Its one request."""
    assert len(service.seen) == 1, service.seen
    return service.seen[0]


def headers_of(seen):
    return {name.lower(): value for name, value in seen.headers}


def test_a_path_has_the_services_own(leat, service):
    assert leat.get("/api/parse?a=%41&b").text == "GET /parse?a=%41&b "


def test_behind_a_prefix_the_path_goes_on(leat):
    assert leat.get("/old/a/b%20c/?d=e").text == "GET /app/a/b%20c/?d=e "
    assert leat.get("/old/").text == "GET /app/ "


def test_without_a_path_of_its_own_the_whole_path_goes(leat):
    assert leat.get("/api/users/me").text == "GET /api/users/me "
    assert leat.get("/anything/else?x").text == "GET /anything/else?x "
    assert leat.get("/").text == "GET / "


def test_what_leat_serves_it_answers_itself(leat, service):
    assert leat.get("/api/users").json()["users"] == [{"id": 1, "name": "ann"}]
    assert leat.get("/api/users/1").json()["name"] == "ann"
    assert leat.get("/health/live").status_code == 200
    assert leat.get("/openapi.json").status_code == 200
    assert not service.seen


def test_a_method_that_leat_does_not_serve_goes_on(leat, service):
    """Reads can be taken over while writes stay where they are."""
    assert leat.client.post("/api/users", json={"name": "bob"}).text == 'POST /api/users {"name": "bob"}'
    assert leat.client.delete("/api/users/1").text == "DELETE /api/users/1 "
    service.seen.clear()
    assert leat.client.post("/api/notes", json={"text": "x"}).status_code == 201
    assert not service.seen


def test_bodies_of_any_type_and_size_pass(leat, service):
    large = bytes(range(256)) * 20000
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        service.seen.clear()
        assert leat.client.request(method, "/api/parse", content=large, headers={"Content-Type": "x/y"}).status_code == 200
        seen = asked(service)
        assert (seen.method, seen.body == large, headers_of(seen)["content-type"]) == (method, True, "x/y")


def test_a_body_in_chunks_arrives_with_a_length(leat, service):
    assert leat.client.post("/api/parse", content=iter([b"ab", b"cd"])).status_code == 200
    seen = asked(service)
    assert seen.body == b"abcd"
    assert headers_of(seen)["content-length"] == "4"
    assert "transfer-encoding" not in headers_of(seen)


def test_a_body_that_nobody_asked_for_does_not_pass(leat, service):
    assert leat.client.request("GET", "/api/parse", content=b"GET /evil HTTP/1.1\r\n\r\n").status_code == 200
    assert asked(service).body == b""


def test_a_body_is_bounded_by_its_length_and_by_what_comes(leat, service):
    for body in (b"x" * 102401, iter([b"x" * 60000, b"x" * 60000])):
        answer = leat.client.post("/small/a", content=body)
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert not service.seen
    assert leat.client.post("/small/a", content=b"x" * 102400).status_code == 200


def test_heads_pass_but_for_what_is_of_the_connection_or_leats(leat, service):
    with leat.connect() as wire:
        wire.send(b"GET /api/parse HTTP/1.1\r\nHost: shop.example\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
                  b"TE: trailers\r\nX-Forwarded-For: 10.9.8.7\r\nX-Forwarded-Proto: https\r\n"
                  b"X-Real-IP: 10.9.8.7\r\nForwarded: for=10.9.8.7\r\nAccept-Encoding: gzip\r\nX-Kept: yes\r\nCookie: a=b\r\n\r\n")
        assert wire.answer()[0] == 200
    headers = headers_of(asked(service))
    assert set(headers) == {"host", "x-kept", "cookie", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id",
                            "traceparent"}
    assert headers["host"] == service.url[7:]
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert headers["x-forwarded-host"] == "shop.example"


def test_the_request_has_one_id_everywhere(leat, service):
    answer = leat.get("/api/parse", headers={"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
    headers = headers_of(asked(service))
    assert headers["x-request-id"] == answer.headers["x-request-id"]
    assert headers["traceparent"] == f"00-4bf92f3577b34da6a3ce929d0e0e4736-{answer.headers['x-request-id']}-01"


def test_fields_are_passed_dropped_and_added_as_declared(leat, service):
    leat.get("/old/x", headers={"Authorization": "Bearer theirs", "X-Internal": "1", "x-key": "forged"})
    headers = headers_of(asked(service))
    assert headers["authorization"] == "Bearer theirs"
    assert headers["x-key"] == "a secret"
    assert "x-internal" not in headers


def test_a_good_credential_is_leats_to_check_and_stays_with_it(service, tmp_path):
    config = f"auth: {{roles: viewer, {callers.KEYS}}}\nupstream: {{/stays/: {{url: URL/, read: viewer}}, " \
             "/passes/: {url: URL/, read: viewer, authorization: pass}}\n"
    with Leat(config=service_config(config, service, tmp_path)) as leat:
        leat.await_ready()
        for path in ("/stays/x", "/passes/x"):
            assert leat.get(path).status_code == 401
            assert leat.get(path, headers={"Authorization": "Bearer x"}).status_code == 401
        assert not service.seen
        viewer = callers.bearer("viewer")
        assert leat.get("/stays/x", headers=viewer).status_code == leat.get("/passes/x", headers=viewer).status_code == 200
        stays, passes = (headers_of(seen) for seen in service.seen)
        assert "authorization" not in stays and viewer["Authorization"] not in str(stays)
        assert passes["authorization"] == viewer["Authorization"]


def test_requests_are_counted_by_path_or_prefix(leat):
    for path in ("/api/parse", "/old/a", "/old/b/c", "/elsewhere"):
        leat.get(path)
    page = leat.get("/metrics").text
    for route in ("/api/parse", "/old/{path}", "/{path}"):
        assert f'leat_request_seconds_count{{route="{route}",method="GET",class="2xx"}}' in page, route


def test_whole_paths_are_in_the_document(leat):
    paths = leat.get("/openapi.json").json()["paths"]
    assert set(paths["/api/parse"]) == {"get", "post", "put", "patch", "delete"} and set(paths["/api/users/me"]) == {"get"}
    assert not [path for path in paths if path.startswith(("/old", "/secret", "/shut", "/closed"))]


def test_an_answer_passes_with_status_and_fields(leat, service):
    service.answers["/parse"] = reply(b"<p>", "418 I'm a teapot", ["Content-Type: text/html", "Set-Cookie: a=b; Path=/", "Set-Cookie: c=d",
                                                              "Cache-Control: max-age=5", "ETag: W/\"x\"", "Connection: x-hop", "X-Hop: 1",
                                                              "Keep-Alive: timeout=5", "X-Empty:"])
    answer = leat.get("/api/parse")
    assert (answer.status_code, answer.content) == (418, b"<p>")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers.get_list("set-cookie") == ["a=b; Path=/", "c=d"]
    assert (answer.headers["etag"], answer.headers["cache-control"]) == ('W/"x"', "max-age=5")
    assert answer.headers["x-empty"] == ""
    assert not {"x-hop", "keep-alive"} & set(answer.headers)
    assert len(answer.headers.get_list("date")) == 1


def test_nothing_is_said_that_the_service_did_not_say(leat, service):
    service.answers["/parse"] = reply(b"?", "401 Unauthorized")
    answer = leat.get("/api/parse")
    assert "content-type" not in answer.headers
    assert "www-authenticate" not in answer.headers
    assert "cache-control" not in answer.headers


@pytest.mark.parametrize("answer", [reply(b"", "204 No Content"), reply(b"", "304 Not Modified", ['ETag: "a"'])])
def test_an_answer_without_body_has_none(leat, service, answer):
    service.answers["/parse"] = answer
    with leat.connect() as wire:
        for _ in range(2):
            wire.send(b"GET /api/parse HTTP/1.1\r\nHost: x\r\n\r\n")
            status, headers, body = wire.answer()
            assert status in (204, 304)
            assert body == b""
            assert "content-length" not in headers


def test_head_says_what_get_would(leat, service):
    service.answers["/parse"] = reply(b"x" * 1000000)
    with leat.connect() as wire:
        for _ in range(2):
            wire.send(b"HEAD /api/parse HTTP/1.1\r\nHost: x\r\n\r\n")
            status, headers, _ = wire.answer(head_only=True)
            assert (status, headers["content-length"]) == (200, "1000000")
        wire.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.answer()[0] == 200
    assert {seen.method for seen in service.seen} == {"HEAD"}


@pytest.mark.parametrize("location, told", [
    ("URL/app/x?y", "/old/x?y"), ("/app/x", "/old/x"), ("/other/x", "/other/x"), ("URL/other", "URL/other"),
    ("http://elsewhere.example/app/x", "http://elsewhere.example/app/x"), ("URL1/app/x", "URL1/app/x"), ("next", "next"),
])
def test_a_redirect_leads_to_where_leat_serves_it(leat, service, location, told):
    service.answers["/app/go"] = reply(b"", "302 Found", [f"Location: {location.replace('URL', service.url)}"])
    answer = leat.get("/old/go")
    assert (answer.status_code, answer.headers["location"]) == (302, told.replace("URL", service.url))
    assert len(service.seen) == 1


def test_rights_hold(leat, service):
    assert leat.problem("/secret/x", 401, "not-allowed")
    assert leat.client.post("/secret/x").status_code == 405
    assert not service.seen


@pytest.mark.parametrize("path", ["/%73ecret/x", "/secret/%78", "/s%65cret/"])
def test_rights_hold_however_a_path_is_written(leat, service, path):
    assert leat.status_of(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) == 401
    assert not service.seen


@pytest.mark.parametrize("path", ["/secret%2fx", "/secret%2Fx", "/a%5cb", "/a/../secret/x", "/a/%2e%2e/secret/x", "/a/.%2E/secret",
                                  "//secret/x", "/a//b", "/a%00b", "/a%0d%0ab", "/a%7fb", "/a%0", "/a%ff"])
def test_a_path_that_may_mean_another_is_refused(leat, service, path):
    assert leat.status_of(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) == 400
    assert not service.seen


@pytest.mark.parametrize("path", ["/closed/x", "/closed/", "/%63losed/x", "/shut", "/sh%75t"])
def test_what_nobody_may_is_not_there(leat, service, path):
    """A shorter prefix does not open it."""
    assert leat.status_of(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) == 404
    assert not service.seen


def test_methods_are_those_declared(leat, service):
    answer = leat.client.post("/gets/x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert leat.status_of(b"TRACE /old/x HTTP/1.1\r\nHost: x\r\n\r\n") == 405
    assert leat.status_of(b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n") == 501
    assert not service.seen


def test_options_goes_to_a_service_that_leat_says_nothing_of_cors_for(leat, service):
    service.answers["/parse"] = reply(b"", "204 No Content", ["Access-Control-Allow-Origin: https://a.example"])
    answer = leat.client.options("/api/parse", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"})
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert asked(service).method == "OPTIONS"


def test_connections_to_the_service_are_kept(leat, service):
    leat.get("/api/parse")
    before = service.connections
    for _ in range(50):
        assert leat.get("/api/parse").status_code == 200
    assert service.connections - before <= 1


def test_many_at_once_each_have_their_own(leat):
    answers = {}

    def ask(number):
        for turn in range(20):
            answers[number, turn] = leat.get(f"/old/{number}/{turn}").text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {(number, turn): f"GET /app/{number}/{turn} " for number in range(16) for turn in range(20)}


def test_the_log_has_the_route(leat, service):
    service.answers["/parse"] = reply(b"", "500 Internal Server Error")
    answer = leat.get("/api/parse")
    leat.await_true(lambda: any(line.get("id") == answer.headers["x-request-id"] for line in leat.lines()))
    line = next(line for line in leat.lines() if line.get("id") == answer.headers["x-request-id"])
    assert (line["route"], line["status"]) == ("/api/parse", 500)


APPLICATION = """
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
app = FastAPI()
class Item(BaseModel):
    name: str
@app.get("/items/{number}")
async def read(number: int, q: str = ""): return {"number": number, "q": q}
@app.post("/items", status_code=201)
async def create(item: Item): return {"made": item.name}
@app.get("/scheme")
async def scheme(request: Request): return request.url.scheme
@app.get("/stream")
async def stream():
    async def pieces():
        for i in range(1000): yield f"{i}\\n" * 100
    return StreamingResponse(pieces(), media_type="text/plain")
"""


def test_a_running_application_is_as_it_was(tmp_path):
    """Its own validation, statuses, documents, redirects and streams, through Leat."""
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("CREATE TABLE items (id INTEGER PRIMARY KEY)")
    with Application(APPLICATION) as app, \
            Leat(database=f"sqlite:{tmp_path}/x.db", config=f"docs: off\ndefaults: {{read: anonymous, write: anonymous}}\n"
                 f"upstream: {{/: '{app.url}'}}\n") as leat:
        assert leat.get("/items/3?q=a b").json() == {"number": 3, "q": "a b"}
        assert leat.get("/items/x").status_code == 422
        assert leat.client.post("/items", json={"name": "pen"}).json() == {"made": "pen"}
        assert leat.client.post("/items", json={}).status_code == 422
        assert leat.get("/nothing").json() == {"detail": "Not Found"}
        assert leat.client.put("/items", json={}).status_code == 405
        assert leat.get("/scheme").json() == "http"
        assert "swagger" in leat.get("/docs").text
        assert leat.get("/items/").headers["location"] == "/items"
        assert leat.get("/stream").text == "".join(f"{i}\n" * 100 for i in range(1000))


TEXT = b"the same words again and again " * 200


@pytest.mark.parametrize("fields, coded", [
    (["Content-Type: text/plain"], True), (["Content-Type: image/png"], False), ([], False),
    (["Content-Type: text/plain", 'ETag: "a"'], False), (["Content-Type: text/plain", "Cache-Control: public, no-transform"], False),
    (["Content-Type: text/plain", "Content-Encoding: identity"], False),
])
def test_an_answer_is_coded_where_its_bytes_may_change(leat, service, fields, coded):
    service.answers["/parse"] = reply(TEXT, headers=fields)
    answer = leat.get("/api/parse", headers={"Accept-Encoding": "gzip"})
    assert answer.content == TEXT
    assert (answer.headers.get("content-encoding") == "gzip") == coded
    assert answer.headers.get("etag") == ('"a"' if any(field.startswith("ETag") for field in fields) else None)


def test_limits_hold_before_the_service_is_asked(leat, service):
    for left in ("1", "0"):
        answer = leat.get("/twice/x")
        assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (200, left)
    assert leat.problem("/twice/y", 429, "rate-limited")
    assert service.targets() == ["/x", "/x"]
