# SPDX-License-Identifier: Apache-2.0
"""The planner example: what its README shows is answered, its figures agree with its rows, both stores hold the same, its indexes serve its
queries, and its parser reads sentences."""
import collections
import contextlib
import json
import re
import socket
import subprocess
import sys

import httpx
import pytest

import callers
from conftest import ROOT, STORES
from leat import BIN, Leat, command_prefix
from postgres import Postgres, free_port
from tour import Tour

EXAMPLE = ROOT / "examples/planner"
EVENTS = 5000
UNLIMITED = {"RATE": "1000000/s"}  # tests ask more than a person does
TOUR = Tour(EXAMPLE / "README.md")
SHOWN, CHANGING, PARSING = TOUR.paths(0), TOUR.commands(-2), TOUR.commands(-1)


def load(url, rows=EVENTS):
    done = subprocess.run([EXAMPLE / "load", url, str(rows)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def serve(url, **env):
    """The example; beside its own users it believes in those of callers.bearer(). What a test asks it asks as the first user."""
    leat = Leat(database=url, config_file=str(EXAMPLE / "leat.yaml"), env=env,
                args=["--set", callers.KEYS.replace("keys: ", "auth.keys=", 1)])
    leat.client.headers.update(callers.bearer("person", 1, user=1))
    return leat


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """{store: Leat serving the example}: shared, only read from."""
    with contextlib.ExitStack() as running:
        by_store = {}
        for store in STORES:
            url = (f"sqlite:{tmp_path_factory.mktemp('planner')}/planner.db" if store == "sqlite"
                   else running.enter_context(Postgres()).url)
            load(url)
            leat = running.enter_context(serve(url, **UNLIMITED))
            by_store[store] = leat.await_ready()
        yield by_store


@pytest.fixture
def planner(servers, store):
    return servers[store]


@pytest.fixture
def changed(database, parser):
    """Leat serving an example of its own, to be changed."""
    load(database.url)
    with serve(database.url, PARSER=f"{parser}/parse", **UNLIMITED) as leat:
        yield leat.await_ready()


@pytest.fixture(scope="module")
def parser():
    """The URL of the service that reads sentences."""
    port = free_port()
    with subprocess.Popen([sys.executable, EXAMPLE / "parse.py", str(port)]) as service:
        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        Leat.await_true(listens)
        yield f"http://127.0.0.1:{port}"
        service.kill()


@pytest.mark.parametrize("path", SHOWN)
def test_what_the_readme_shows_is_answered(planner, path):
    answer = planner.get(path)
    if "categry" in path:
        assert answer.status_code == 400 and answer.json()["nearest"] == "category"
        return
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body and (isinstance(body, list) or next(iter(body.values())) not in ([], None)), "it shows nothing"


def test_what_the_readme_changes_is_changed(changed):
    assert TOUR.run(changed, *TOUR.commands(0)) == [200] * (len(SHOWN) - 1) + [400]
    assert TOUR.run(changed, *CHANGING) == [201, 200, 400, 404, 401]
    assert changed.get("/api/events/42").json()["status"] == "done"
    assert TOUR.run(changed, *PARSING) == [200]


@pytest.mark.skipif(len(STORES) < 2, reason="needs both stores")
@pytest.mark.parametrize("path", [path for path in SHOWN if "/limits/" not in path] + ["/api/events?order=id&limit=500", "/api/users"])
def test_both_stores_answer_the_same(servers, path):
    def bare(text):  # times in one form, no cursors, which are of their store, nor ids of requests
        text = re.sub(r"(T\d\d:\d\d:\d\d)\.?(\d*?)0*(Z|\+00:00)", r"\1.\2", text)
        return re.sub(r'"(next_cursor|request_id)":"[^"]*"', "", text)
    one, other = (servers[store].get(path).text for store in ("sqlite", "postgresql"))
    assert json.loads(re.sub(r",\s*([,}])", r"\1", bare(one))) == json.loads(re.sub(r",\s*([,}])", r"\1", bare(other)))


def test_figures_agree_with_the_rows(planner):
    rows = []
    while more := planner.rows(f"/api/events?order=id&limit=500&id=gt.{rows[-1]['id'] if rows else 0}"):
        rows += more
    stats = planner.get("/api/stats").json()
    by_status = collections.Counter(row["status"] for row in rows)
    assert stats["events"] == len(rows) > EVENTS / 10
    assert {name: stats[name] for name in by_status} == by_status
    assert stats["minutes_done"] == sum(row["minutes"] or 0 for row in rows if row["status"] == "done")
    by_category = {row["category"]: (row["events"], row["minutes"]) for row in planner.rows("/api/stats/categories")}
    for category in {row["category"] for row in rows}:
        there = [row for row in rows if row["category"] == category and row["status"] != "cancelled"]
        assert by_category[category] == (len(there), sum(row["minutes"] or 0 for row in there)), category
    assert stats["busiest_category"] == max(by_category, key=lambda name: by_category[name][1])


def test_figures_are_kept_until_an_event_is_written(changed):
    def ask():
        answer = changed.get("/api/stats")
        return answer.headers["cache-status"].split(";")[1].strip(), answer.json()["events"]
    events = ask()[1]
    assert ask() == ("hit", events)
    assert changed.client.post("/api/events", json={"title": "x", "starts_at": "2025-03-02T15:00:00Z"}).status_code == 201
    assert ask()[1] == events + 1
    assert ask() == ("hit", events + 1)


def test_who_asks_more_than_a_hundred_times_a_minute_is_told_when_to_come_again(database):
    load(database.url)
    with serve(database.url) as leat:
        leat.await_ready()
        answers = [leat.get("/api/events?limit=1") for _ in range(101)]
        assert [answer.status_code for answer in answers] == [200] * 100 + [429]
        assert answers[0].headers["x-ratelimit-limit"] == "100" and int(answers[-1].headers["retry-after"]) in range(1, 62)
        assert leat.get("/api/events", headers=callers.bearer("person", 2, user=2)).status_code == 200, "each user has a hundred"
        assert leat.get("/health").status_code == 200


def test_fifty_sentences_a_minute_are_read(database, parser):
    load(database.url, 10)
    with serve(database.url, PARSER=f"{parser}/parse") as leat:
        leat.await_ready()
        answers = [leat.client.post("/api/events/parse", json={"text": "Yoga at 6pm"}) for _ in range(51)]
        assert [answer.status_code for answer in answers] == [200] * 50 + [429]
        assert answers[0].json()["title"] == "Yoga" and answers[0].headers["x-ratelimit-limit"] == "50"
        assert leat.get("/api/stats").status_code == 200, "that is another limit"


def test_the_fifth_wrong_password_is_the_last_for_a_minute(changed):
    def log_in(password, who="test"):
        return changed.client.post("/api/auth/login", json={"email": f"{who}@example.com", "password": password})
    assert [log_in("wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    assert log_in("password123").status_code == 429 and log_in("password123", "other").status_code == 200


def test_nobody_sees_what_somebody_else_plans(planner):
    for path in ("/api/events", "/api/users", "/api/stats", "/api/events/42"):
        assert httpx.get(planner.url + path).status_code == 401
    assert planner.get("/api/events/42").status_code == 200
    other = callers.bearer("person", 2, user=2)
    assert planner.get("/api/events/42", headers=other).status_code == 404
    assert {row["user_id"] for row in planner.rows("/api/events?limit=500", headers=other)} == {2}
    assert planner.rows("/api/users", headers=other)[0]["email"] == "other@example.com"
    assert planner.get("/api/stats", headers=other).json()["events"] < planner.get("/api/stats").json()["events"]


def test_who_is_not_known_or_asks_otherwise_never_reaches_the_parser(changed):
    def parse(body=b"{}", method="POST", **headers):
        return changed.client.request(method, "/api/events/parse", content=body, headers=headers).status_code
    assert parse(Authorization="Bearer x") == 401
    assert parse(method="GET") in (404, 405)
    assert parse(b"x" * 65537) == 413
    assert parse() == 400, "this one did"


def test_without_the_parser_all_else_is_served(database):
    load(database.url, 10)
    with serve(database.url, PARSER=f"http://127.0.0.1:{free_port()}/parse", **UNLIMITED) as leat:
        leat.await_ready()
        answer = leat.client.post("/api/events/parse", json={"text": "x"})
        assert answer.status_code == 502 and answer.json()["code"] == "upstream-unreachable"
        assert leat.get("/api/stats").status_code == 200


def test_what_is_in_effect_is_printed(tmp_path):
    load(f"sqlite:{tmp_path}/planner.db", 10)
    done = subprocess.run([*command_prefix(), BIN, "check", "-c", EXAMPLE / "leat.yaml", "--database", f"sqlite:{tmp_path}/planner.db"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "slow: 500ms" in done.stdout and "100/min" in done.stdout and "list: 1m" in done.stdout
    assert "50/min" in done.stdout and "/api/events/parse" in done.stdout and "tenant: user_id" in done.stdout


def test_a_user_without_events_has_figures_too(changed):
    stats = changed.get("/api/stats", headers=callers.bearer("person", 999, user=999)).json()
    assert (stats["as_of"], stats["events"], stats["week_minutes"], stats["busiest_category"]) == (None, 0, 0, None)


def test_indexes_are_there_before_anything_is_served_and_the_figures_need_no_table(tmp_path):
    file = tmp_path / "planner.db"
    load(f"sqlite:{file}")
    text = re.sub(r"/\*.*?\*/", "", (EXAMPLE / "queries/stats.sqlite.sql").read_text(encoding="utf-8"), count=1, flags=re.S)
    plan = subprocess.run(["sqlite3", str(file), "EXPLAIN QUERY PLAN " + text.replace(":tenant", "1")],
                          check=True, capture_output=True, text=True).stdout
    assert "SCAN events" not in plan and plan.count("USING COVERING INDEX ix_events_user") >= 2, plan


def test_hashes_of_passwords_do_not_exist_for_clients(planner):
    assert "password_hash" not in planner.rows("/api/users?limit=1")[0]


@pytest.mark.parametrize("text, title, category, starts_at, minutes", [
    ("Dentist tomorrow at 3pm for 45 min", "Dentist", "health", "2025-03-02T15:00:00Z", 45),
    ("Call with Ada at 14:30 for 1.5 hours", "Call with Ada", "work", "2025-03-01T14:30:00Z", 90),
    ("Dinner with Björn on Sunday at noon", "Dinner with Björn", "family", "2025-03-02T12:00:00Z", None),
    ("train to Zürich in 3 days at 7:05 am for an hour", "train to Zürich", "travel", "2025-03-04T07:05:00Z", 60),
    ("Water the plants next saturday", "Water the plants", "other", "2025-03-08T09:00:00Z", None),
    ("Read", "Read", "other", "2025-03-01T09:00:00Z", None),
    ("tomorrow", "Untitled", "other", "2025-03-02T09:00:00Z", None),
])
def test_the_parser_makes_events_of_sentences(parser, text, title, category, starts_at, minutes):
    answer = httpx.post(f"{parser}/parse", json={"text": text, "now": "2025-03-01T09:00:00Z"})
    assert answer.json() == {"title": title, "category": category, "starts_at": starts_at, "minutes": minutes}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"text": 5}', b'{"text": "x", "now": "soon"}'])
def test_the_parser_says_what_it_expects(parser, body):
    answer = httpx.post(f"{parser}/parse", content=body)
    assert answer.status_code == 400 and "expected" in answer.json()["error"]


def test_what_the_parser_makes_can_be_kept(changed):
    event = changed.client.post("/api/events/parse", json={"text": "Yoga tomorrow at 6pm for 1 hour"}).json()
    kept = changed.client.post("/api/events", json=event)
    assert kept.status_code == 201 and kept.json()["title"] == "Yoga" and kept.json()["minutes"] == 60
