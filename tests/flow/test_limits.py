# SPDX-License-Identifier: Apache-2.0
"""Limits: what is let through and what is refused, what heads say of it, and what a caller can ask about it. Rates are so low that no
test lasts until a request comes back, or so high that none is refused."""
import random
import re
import socket
import subprocess

import pytest

from conftest import STORES
from leat import BIN, Leat, command_prefix
from postgres import Postgres

FEW = "{per: address, rate: 5/d}"


@pytest.fixture
def serve(sentinel_url):
    """serve(limits, rest="") → a running Leat that believes this machine's X-Forwarded-For."""
    running = []

    def start(limits, rest="", resources="{users: {read: anonymous, write: none}, rules: {read: anonymous}}", args=()):
        config = f"proxies: [127.0.0.1]\nlimits: [{limits}]\n{rest}resources: {resources}\n"
        running.append(Leat(database=sentinel_url, config=config, args=args))
        return running[-1].await_ready()
    yield start
    for leat in running:
        leat.stop()


def ask(leat, address="192.0.2.1", path="/api/users?limit=1", **more):
    return leat.get(path, headers={"X-Forwarded-For": address}, **more)


def told(answer):
    """limit, remaining, reset; and the same by the draft's fields, which must agree."""
    headers = answer.headers
    limit, remaining, reset = (int(headers["x-ratelimit-" + name]) for name in ("limit", "remaining", "reset"))
    policy = re.fullmatch(r'"([^"]+)";q=(\d+);w=(\d+)', headers["ratelimit-policy"])
    now = re.fullmatch(r'"([^"]+)";r=(\d+);t=(\d+)', headers["ratelimit"])
    assert policy[1] == now[1] and int(policy[2]) == limit
    assert (int(now[2]), int(now[3])) == (remaining, reset)
    return policy[1], limit, remaining, reset, int(policy[3])


def test_what_is_used_up_is_a_429_that_says_until_when(serve):
    leat = serve(FEW)
    for left in (4, 3, 2, 1, 0):
        answer = ask(leat)
        assert answer.status_code == 200
        name, limit, remaining, reset, window = told(answer)
        assert (name, limit, remaining, window) == ("address", 5, left, 86400)
        assert (5 - left) * 17280 - 60 <= reset <= (5 - left) * 17280
        assert "retry-after" not in answer.headers
    for _ in range(3):
        answer = ask(leat)
        problem = answer.json()
        assert answer.status_code == 429 and answer.headers["content-type"] == "application/problem+json"
        assert problem["code"] == "rate-limited" and "`address`" in problem["detail"]
        assert 17280 - 60 <= int(answer.headers["retry-after"]) <= 17280
        assert told(answer)[2] == 0
        assert answer.headers["cache-control"] == "no-store"


def test_postgrests_manner_says_the_same_in_its_own_words(serve):
    leat = serve("{per: address, rate: 1/d}", "serve: {/rest/v1: postgrest}\n")
    assert ask(leat, path="/rest/v1/users?limit=1").status_code == 200
    answer = ask(leat, path="/rest/v1/users?limit=1")
    assert answer.status_code == 429 and answer.json()["code"] == "rate-limited"
    assert "retry-after" in answer.headers and "ratelimit" in answer.headers


def test_each_address_has_its_own_and_an_ipv6_network_is_one(serve):
    leat = serve("{per: address, rate: 2/d}")
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8:0:1::1"):
        assert [ask(leat, address).status_code for _ in range(3)] == [200, 200, 429]
    assert ask(leat, "2001:db8:0:1:ffff::9").status_code == 429
    assert ask(leat, "2001:db8:0:2::1").status_code == 200


def test_a_header_that_nobody_vouches_for_changes_nothing(sentinel_url):
    with Leat(database=sentinel_url, config="limits: [{per: address, rate: 2/d}]\nresources: {users: {read: anonymous}}\n") as leat:
        leat.await_ready()
        assert [ask(leat, f"198.51.100.{i}").status_code for i in range(4)] == [200, 200, 429, 429]


def test_health_preflights_and_the_pages_about_limits_are_not_counted(serve):
    leat = serve("{per: address, rate: 1/d}")
    assert ask(leat).status_code == 200
    assert ask(leat).status_code == 429
    for path in ("/health", "/health/live", "/health/ready", "/api/v1/limits/me"):
        for _ in range(3):
            answer = ask(leat, path=path)
            assert answer.status_code == 200 and "ratelimit" not in answer.headers
    assert leat.client.options("/api/users", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 204
    assert ask(leat, path="/docs").status_code == 429


def test_all_rules_must_agree_and_the_tightest_is_told(serve):
    leat = serve("{per: address, rate: 100/d}, {per: route, rate: 3/d, name: each.path}")
    assert told(ask(leat))[:3] == ("each.path", 3, 2)
    assert told(ask(leat, "192.0.2.9"))[2] == 1
    assert told(ask(leat, "192.0.2.9"))[2] == 0
    for _ in range(5):  # what is refused is given back to the rule before it
        assert ask(leat).status_code == 429
    standing = {rule["name"]: rule for rule in ask(leat, path="/api/v1/limits/me").json()["limits"]}
    assert standing["address"]["remaining"] == 99
    assert told(ask(leat, path="/api/rules?limit=1"))[:3] == ("each.path", 3, 2)


def test_a_resource_has_rules_of_its_own(serve):
    leat = serve("{per: address, rate: 1000/d}", resources="{users: {read: anonymous, limits: [{per: address, rate: 2/d}]},"
                                                           " rules: {read: anonymous}}")
    assert [told(ask(leat))[0] for _ in range(2)] == ["users.address"] * 2
    assert ask(leat).status_code == 429
    assert ask(leat, path="/api/users/1").status_code == 429
    answer = ask(leat, path="/api/rules?limit=1")
    assert answer.status_code == 200 and told(answer)[0] == "address"


def test_a_query_has_rules_in_its_head(sentinel_url, tmp_path):
    (tmp_path / "one.sql").write_text("/* leat\nread: anonymous\nlimits: [{per: address, rate: 2/d, window: sliding}]\n*/\nSELECT 1 AS one\n")
    with Leat(database=sentinel_url, config=f"queries: {tmp_path}\nresources: {{users: {{read: anonymous}}}}\n") as leat:
        leat.await_ready()
        assert [leat.get("/api/one").status_code for _ in range(3)] == [200, 200, 429]
        assert "ratelimit" not in leat.get("/api/users?limit=1").headers


def test_windows_count_like_buckets_at_their_beginning(serve):
    for window in ("fixed", "sliding"):
        leat = serve("{per: address, rate: 4/d, window: %s}" % window)
        assert [ask(leat).status_code for _ in range(6)] == [200] * 4 + [429] * 2
        assert 0 < int(ask(leat).headers["retry-after"]) <= 2 * 86400


def test_weights_bursts_and_the_rules_words(serve):
    leat = serve("{per: address, rate: 1/d, burst: 10, weight: 4}")
    assert [told(ask(leat))[2] for _ in range(2)] == [6, 2]
    assert ask(leat).status_code == 429
    leat = serve("{per: address, rate: 1/d, when: write}, {per: role, rate: 1000/d, when: anonymous}")
    assert [told(ask(leat))[0] for _ in range(3)] == ["role"] * 3
    leat = serve("{per: user, rate: 1/d}, {per: tenant, rate: 1/d}, {per: key, rate: 1/d}")
    for _ in range(3):  # nobody is known: none of them counts
        answer = ask(leat)
        assert answer.status_code == 200 and "ratelimit" not in answer.headers


def test_a_rule_in_shadow_refuses_nothing_and_is_not_told(serve):
    leat = serve("{per: address, rate: 1/d, shadow: on}")
    for _ in range(4):
        answer = ask(leat)
        assert answer.status_code == 200 and "ratelimit" not in answer.headers
    rule, = ask(leat, path="/api/v1/limits/me").json()["limits"]
    assert rule == {"name": "address", "rate": "1/d", "window": "bucket", "limit": 1, "remaining": 0, "reset": rule["reset"], "shadow": True}


def test_a_caller_sees_how_it_stands_and_an_operator_how_another_does(serve):
    leat = serve(FEW + ", {per: user, rate: 7/d}", resources="{users: {read: anonymous, limits: [{per: address, rate: 9/d}]}}")
    assert ask(leat).status_code == 200
    answer = ask(leat, path="/api/v1/limits/me")
    assert answer.headers["cache-control"] == "no-store"
    assert [(rule["name"], rule["limit"], rule["remaining"], rule.get("of")) for rule in answer.json()["limits"]] == [
        ("address", 5, 4, None), ("users.address", 9, 8, "users")]
    assert ask(leat, path="/api/v1/limits/7").status_code == 403
    other = leat.get("/api/v1/limits/7").json()["limits"]  # from this machine itself
    assert ("user", 7, 7) in [(rule["name"], rule["limit"], rule["remaining"]) for rule in other]
    assert leat.client.post("/api/v1/limits/me", content=b"{}").status_code == 405


def standings(answer):
    return [(rule["name"], rule.get("of"), rule["remaining"]) for rule in answer.json()["limits"]]


def test_what_is_counted_by_route_is_told_of_the_routes_that_were_asked_for(serve):
    leat = serve("{per: [address, route], rate: 9/d}, {per: address, rate: 90/d}")
    path = "/api/v1/limits/me"
    assert standings(ask(leat, path=path)) == [("address", None, 90)]
    for route in ("users", "users", "rules", "nothing"):
        ask(leat, path=f"/api/{route}?limit=1")
    assert standings(ask(leat, path=path)) == [
        ("address-route", "users", 7), ("address-route", "rules", 8), ("address", None, 87)]
    assert standings(ask(leat, "192.0.2.7", path)) == [("address", None, 90)]


def test_a_key_is_counted_by_itself(database, tmp_path):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY); INSERT INTO notes VALUES (1);")
    config = tmp_path / "leat.yaml"
    config.write_text(f"database: {database.url}\nauth: {{roles: viewer}}\nresources: {{notes: {{read: anonymous}}}}\n"
                      "limits: [{per: key, rate: 5/d}]\n", encoding="utf-8")
    keys = [subprocess.run([*command_prefix(), BIN, "key", "add", name, "--role", "viewer", "-c", config], check=True, capture_output=True,
                           text=True).stdout.strip() for name in ("one", "other")]
    with Leat(config_file=config) as leat:
        leat.await_ready()
        by = [{"Authorization": f"Bearer {key}"} for key in keys]
        assert [leat.get("/api/notes", headers=by[0]).status_code for _ in range(6)] == [200] * 5 + [429]
        assert [told(leat.get("/api/notes", headers=by[1]))[2] for _ in range(2)] == [4, 3]
        assert standings(leat.get("/api/v1/limits/me", headers=by[0])) == [("key", None, 0)]
        assert "ratelimit" not in leat.get("/api/notes").headers


@pytest.mark.skipif("postgresql" not in STORES, reason="PostgreSQL alone has functions")
def test_a_function_has_rules_of_its_own():
    with Postgres() as server:
        server.psql("CREATE FUNCTION one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE TABLE other (id int PRIMARY KEY)")
        look_at_function(server)


def look_at_function(server):
    config = ("defaults: {read: anonymous}\nlimits: [{per: route, rate: 8/d}]\nresources: {other: {as: one}}\n"
              "functions: {one: {call: anonymous, limits: [{per: address, rate: 3/d}]}}\n")
    with Leat(database=server.url, config=config) as leat:
        leat.await_ready()
        assert [leat.get("/api/rpc/one").status_code for _ in range(4)] == [200] * 3 + [429]
        assert told(leat.get("/api/one"))[:3] == ("route", 8, 7)
        assert standings(leat.get("/api/v1/limits/me")) == [("route", "one", 7), ("route", "rpc/one", 5), ("rpc/one.address", "rpc/one", 0)]


def test_what_answers_say_is_always_true(serve):
    """Whatever is asked, by whom and in which order: what an answer says remains is what still passes, and not one more."""
    limits = ", ".join(f"{{per: {per}, rate: {rate}/d, window: {window}, weight: {weight}, name: {window}-{weight}}}" for per, rate, window, weight in (
        ("[address, route]", 23, "bucket", 1), ("address", 60, "fixed", 2), ("[address, route]", 31, "sliding", 1), ("route", 300, "bucket", 1)))
    leat, chance = serve(limits), random.Random(5)
    asked = [(f"192.0.2.{number}", f"/api/{route}?limit=1") for number in range(4) for route in ("users", "rules")]
    for _ in range(60):
        address, path = chance.choice(asked)
        answer = ask(leat, address, path)
        remaining = told(answer)[2]
        standing = {(rule["name"], rule.get("of")): rule["remaining"] for rule in ask(leat, address, "/api/v1/limits/me").json()["limits"]}
        route = path[5:10]
        counted = [left // 2 if name == "fixed-2" else left for (name, of), left in standing.items() if of in (None, route)]
        assert answer.status_code == 200 or remaining == 0
        assert answer.status_code == 429 or remaining == min(left for (_, of), left in standing.items() if of in (None, route))
        if chance.random() < 0.2:  # as many as all rules together say, and not one more
            assert [ask(leat, address, path).status_code for _ in range(min(counted) + 1)] == [200] * min(counted) + [429]


def test_a_reload_keeps_what_was_counted_by_rules_it_leaves(serve):
    leat = serve(FEW)
    for _ in range(3):
        ask(leat)
    leat.reload("limits: [", "limits: [{per: route, rate: 50/d}, ")
    standing = {rule["name"]: rule["remaining"] for rule in ask(leat, path="/api/v1/limits/me").json()["limits"]}
    assert standing["address"] == 2


def test_nothing_is_refused_below_the_rate_and_all_workers_count_together(serve):
    leat = serve("{per: address, rate: 1000000/s}, {per: address, rate: 60/d, name: few}", args=("--workers", "2"))
    request = b"GET /api/users?limit=1 HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
    statuses = []
    for _ in range(10):  # connections are spread over the workers
        with socket.create_connection((leat.host, leat.port)) as connection:
            connection.sendall(request * 9 + request.replace(b"Host", b"Connection: close\r\nHost"))
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        statuses += re.findall(rb"HTTP/1.1 (\d+)", answer)
    assert sorted(statuses) == [b"200"] * 60 + [b"429"] * 40


def test_a_kept_answer_is_counted_and_tells_each_caller_its_own(serve):
    leat = serve(FEW, "cache: {memory: 8MiB}\n", resources="{users: {read: anonymous, cache: 1h}}")
    for left in (4, 3, 2):
        answer = ask(leat)
        assert answer.status_code == 200 and told(answer)[2] == left
    assert told(ask(leat, "192.0.2.2"))[2] == 4
    assert "hit" in ask(leat).headers["cache-status"]
    assert [ask(leat).status_code for _ in range(2)] == [200, 429]


def test_pages_of_other_origins_may_read_the_fields(serve):
    leat = serve(FEW, "cors: [https://console.example.com]\n")
    answer = leat.get("/api/users", headers={"Origin": "https://console.example.com"})
    exposed = answer.headers["access-control-expose-headers"]
    assert all(name in exposed for name in ("RateLimit,", "RateLimit-Policy", "X-RateLimit-Remaining", "Retry-After"))
