# SPDX-License-Identifier: Apache-2.0
"""CORS: what a page of another origin may ask and read, as a browser finds out."""
import pytest

from leat import Leat

CONSOLE = "https://console.example.com"
CONFIG = f"cors: [{CONSOLE}]\nresources: {{users: {{read: anonymous}}}}\n"


@pytest.fixture(scope="module")
def leat(sentinel_url):
    with Leat(database=sentinel_url, config=CONFIG) as running:
        yield running.await_ready()


def preflight(leat, path, origin=CONSOLE, **headers):
    return leat.client.options(path, headers={"Origin": origin, "Access-Control-Request-Method": "GET"} | headers)


def test_a_preflight_says_what_the_path_can_do(leat):
    answer = preflight(leat, "/api/users", **{"Access-Control-Request-Headers": "authorization,x-evil,Prefer"})
    assert answer.status_code == 204 and not answer.content
    assert answer.headers["access-control-allow-origin"] == CONSOLE
    assert answer.headers["access-control-allow-methods"] == answer.headers["allow"]
    assert answer.headers["access-control-allow-headers"] == "authorization, prefer"
    assert int(answer.headers["access-control-max-age"]) > 0


def test_an_answer_and_a_problem_can_be_read_by_the_page(leat):
    for path, status in (("/api/users", 200), ("/api/users/1", 200), ("/api/users/0", 404), ("/api/users?x=1", 400),
                         ("/api/none", 404), ("/health/live", 200)):
        answer = leat.get(path, headers={"Origin": CONSOLE})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == CONSOLE
        assert "Content-Range" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]


def test_nobody_else_is_let_in(leat):
    for origin in ("https://evil.example", CONSOLE + ".evil.example", "null", CONSOLE.replace("https", "http")):
        for answer in (leat.get("/api/users", headers={"Origin": origin}), preflight(leat, "/api/users", origin)):
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert "Origin" in answer.headers["vary"]  # no cache may give this answer to the console


def test_a_private_network_is_not_opened(leat):
    answer = preflight(leat, "/api/users", **{"Access-Control-Request-Private-Network": "true"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_credentials_are_never_allowed(leat):
    for answer in (leat.get("/api/users", headers={"Origin": CONSOLE}), preflight(leat, "/api/users")):
        assert "access-control-allow-credentials" not in answer.headers


def test_where_nothing_is_configured_nothing_is_said(sentinel):
    for answer in (sentinel.get("/api/users", headers={"Origin": CONSOLE}), preflight(sentinel, "/api/users")):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "Origin" not in answer.headers.get("vary", "")
