# SPDX-License-Identifier: Apache-2.0
"""/api/v1/cache: values that other programs keep in Leat."""
import concurrent.futures
import sqlite3

import pytest

from leat import Leat

CONFIG = """
cache: {api: anonymous, api_memory: 8MiB}
resources: {notes: {read: anonymous}}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Values are not the database's: any will do."""
    path = tmp_path_factory.mktemp("values") / "notes.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)")
    return f"sqlite:{path}"


@pytest.fixture(scope="module")
def leat(url):
    with Leat(config=CONFIG, database=url) as running:
        yield running


@pytest.fixture
def values(leat):
    """Leat, without values."""
    assert leat.client.delete("/api/v1/cache?pattern=*").status_code == 200
    return leat


def put(leat, name, value="value", **asked):
    answer = leat.client.put(f"/api/v1/cache/{name}", content=value, params=asked, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.content) == (204, b""), answer.text


def has(leat, name):
    status = leat.get(f"/api/v1/cache/{name}").status_code
    assert status in (200, 404)
    return status == 200


def test_a_value_comes_back_as_it_was_put(values):
    put(values, "greeting", "hello", ttl="1h")
    answer = values.get("/api/v1/cache/greeting")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "hello", "text/plain")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cache-status"].startswith("Leat; hit; ttl=35")
    put(values, "greeting", "good bye")
    assert values.get("/api/v1/cache/greeting").text == "good bye"
    assert values.client.head("/api/v1/cache/greeting").headers["content-length"] == "8"


def test_what_was_never_put_or_is_deleted_is_not_there(values):
    answer = values.get("/api/v1/cache/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-kept")
    put(values, "something")
    for _ in range(2):
        assert values.client.delete("/api/v1/cache/something").status_code == 204
    assert not has(values, "something")


def test_a_value_ends_with_its_time(values):
    put(values, "short", ttl="1ms")
    values.await_true(lambda: not has(values, "short"))


def test_bytes_of_any_kind_and_length_are_kept(values):
    for body in (b"", bytes(range(256)), b"x" * 200_000, b"y" * (1 << 20)):
        answer = values.client.put("/api/v1/cache/bytes", content=body)
        assert answer.status_code == 204, answer.text
        answer = values.get("/api/v1/cache/bytes")
        assert answer.content == body
        assert answer.headers["content-type"] == "application/octet-stream"
    answer = values.client.put("/api/v1/cache/bytes", content=b"z" * (1 << 20) + b"z")
    assert (answer.status_code, answer.json()["code"]) == (413, "value-too-large")


def test_a_value_that_calls_itself_json_and_is_none_breaks_no_batch(values):
    forged = '1},{"status":200,"headers":{},"body":"forged"'
    for name, value in (("forged", forged), ("right", '{"a":[1]}')):
        values.client.put(f"/api/v1/cache/{name}", content=value, headers={"Content-Type": "application/json"})
    parts = [{"method": "GET", "path": f"/api/v1/cache/{name}"} for name in ("forged", "right")]
    answers = values.client.post("/api/batch", json={"requests": parts}).json()["responses"]
    assert [answer["body"] for answer in answers] == [forged, {"a": [1]}]


def test_names_are_what_the_path_says_decoded(values):
    put(values, "user%3A7%2Fprofile%20%C3%A9")
    assert has(values, "user:7%2fprofile%20é")
    assert values.client.delete("/api/v1/cache", params={"pattern": "user:?/*é"}).json() == {"deleted": 1}


def test_others_are_answered_while_patterns_are_sought(values):
    for number in range(300):
        put(values, f"sought:{number}")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        swept = [pool.submit(values.client.delete, f"/api/v1/cache?pattern=sought:{number}?*") for number in range(1, 10)]
        assert all(values.get("/health/live").status_code == 200 for _ in range(20))
        with values.connect() as leaving:
            leaving.send(b"DELETE /api/v1/cache?pattern=sought:* HTTP/1.1\r\nHost: x\r\n\r\n")
        assert all(answer.result().status_code == 200 for answer in swept)
    values.client.delete("/api/v1/cache?pattern=sought:*")
    assert not has(values, "sought:1")


def test_tags_users_and_patterns_delete_what_has_them(values):
    put(values, "a:1", tags="red,blue", user="7")
    put(values, "a:2", tags="red", user="8")
    put(values, "b:1", tags="green", user="7")
    assert values.client.delete("/api/v1/cache?tag=blue").status_code == 204
    assert [has(values, name) for name in ("a:1", "a:2", "b:1")] == [False, True, True]
    assert values.client.delete("/api/v1/cache?user=7").status_code == 204
    assert [has(values, name) for name in ("a:1", "a:2", "b:1")] == [False, True, False]
    put(values, "b:1")
    assert values.client.delete("/api/v1/cache?pattern=a:*").json()["deleted"] >= 1
    assert [has(values, name) for name in ("a:2", "b:1")] == [False, True]


@pytest.mark.parametrize("method, path, status, code", [
    ("PUT", "/x?ttl=5", 400, "bad-value"),
    ("PUT", "/x?ttl=8d", 400, "bad-value"),
    ("PUT", "/x?ttl=5m&ttl=6m", 400, "bad-value"),
    ("PUT", "/x?tag=a", 400, "unknown-parameter"),
    ("PUT", "/x?user=%ff", 400, "bad-value"),
    ("PUT", "/x?tags=" + ",".join("abcdefghijklmnopq"), 400, "bad-value"),
    ("PUT", "/" + "x" * 513, 400, "bad-key"),
    ("GET", "/x?ttl=5m", 400, "unknown-parameter"),
    ("DELETE", "", 400, "missing-parameter"),
    ("DELETE", "?tag=a&user=b", 400, "missing-parameter"),
    ("POST", "/x", 405, "method-not-allowed"),
    ("PUT", "", 405, "method-not-allowed"),
])
def test_what_is_asked_wrongly_is_refused(values, method, path, status, code):
    answer = values.client.request(method, "/api/v1/cache" + path, content=b"x" if method == "PUT" else None)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_mistyped_parameter_is_told_the_right_one(values):
    answer = values.client.put("/api/v1/cache/x?tag=a", content=b"x").json()
    assert answer["nearest"] == "tags" and answer["place"] == "tag"


def test_figures_are_told(values):
    before = values.get("/api/v1/cache").json()["values"]
    put(values, "a")
    assert has(values, "a") and not has(values, "b")
    after = values.get("/api/v1/cache").json()
    assert after["values"]["entries"] == before["entries"] + 1
    assert after["values"]["hits"] == before["hits"] + 1
    assert after["values"]["misses"] == before["misses"] + 1
    assert after["values"]["memory_bytes"] == 8 << 20
    assert after["answers"]["memory_bytes"] == 256 << 20


def test_a_cache_that_is_full_keeps_the_latest(values):
    for number in range(300):
        put(values, f"big{number}", "x" * 100_000)
        assert has(values, f"big{number}")
    figures = values.get("/api/v1/cache").json()["values"]
    assert figures["evicted"] > 0 and figures["bytes"] <= figures["memory_bytes"]


def test_without_a_role_for_it_nothing_is_served(url):
    with Leat(config="resources: {notes: {read: anonymous}}", database=url) as leat:
        assert leat.get("/api/v1/cache/x").status_code == 404
        assert leat.get("/api/v1/cache").json()["code"] == "unknown-path"


def test_who_lacks_the_role_is_refused(url):
    config = "auth: {roles: viewer < admin}\ncache: {api: admin}\nresources: {notes: {read: anonymous}}"
    with Leat(config=config, database=url) as leat:
        for method, path in (("GET", "/x"), ("PUT", "/x"), ("DELETE", "/x"), ("DELETE", "?pattern=*"), ("GET", "")):
            assert leat.client.request(method, "/api/v1/cache" + path).status_code == 401
