# SPDX-License-Identifier: Apache-2.0
"""The planner example: what its README shows is answered, its figures agree with its rows, both stores hold the same, its indexes serve its
queries, and its parser reads sentences."""
import collections
import contextlib
import json
import re
import shlex
import socket
import subprocess
import sys

import httpx
import pytest

from conftest import ROOT, STORES
from leat import BIN, Leat, command_prefix
from postgres import Postgres, free_port

EXAMPLE = ROOT / "examples/planner"
EVENTS = 5000
UNLIMITED = {"RATE": "1000000/s"}  # tests ask more than a person does
COMMANDS = [shlex.split(command) for command in re.findall(r"^\| `(curl [^`]*)`", (EXAMPLE / "README.md").read_text(encoding="utf-8"), re.M)]
SHOWN = [words[-1].removeprefix("localhost:8080") for words in COMMANDS if "--json" not in words]
CHANGING = [words for words in COMMANDS if "--json" in words]


def load(url, rows=EVENTS):
    done = subprocess.run([EXAMPLE / "load", url, str(rows)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """{store: Leat serving the example}: shared, only read from."""
    with contextlib.ExitStack() as running:
        by_store = {}
        for store in STORES:
            url = (f"sqlite:{tmp_path_factory.mktemp('planner')}/planner.db" if store == "sqlite"
                   else running.enter_context(Postgres()).url)
            load(url)
            leat = running.enter_context(Leat(database=url, config_file=str(EXAMPLE / "leat.yaml"), env=UNLIMITED))
            by_store[store] = leat.await_ready()
        yield by_store


@pytest.fixture
def planner(servers, store):
    return servers[store]


@pytest.fixture
def changed(database):
    """Leat serving an example of its own, to be changed."""
    load(database.url)
    with Leat(database=database.url, config_file=str(EXAMPLE / "leat.yaml"), env=UNLIMITED) as leat:
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
    def send(words):
        method = words[words.index("-X") + 1] if "-X" in words else "POST"
        path = next(word for word in words if word.startswith("localhost:8080")).removeprefix("localhost:8080")
        return changed.client.request(method, path, json=json.loads(words[words.index("--json") + 1]))
    assert [send(words).status_code for words in CHANGING] == [201, 200, 400]
    assert changed.get("/api/events/42").json()["status"] == "done"


@pytest.mark.skipif(len(STORES) < 2, reason="needs both stores")
@pytest.mark.parametrize("path", SHOWN + ["/api/events?order=id&limit=500", "/api/users?order=id"])
def test_both_stores_answer_the_same(servers, path):
    def bare(text):  # times in one form, no cursors, which are of their store, nor ids of requests
        text = re.sub(r"(T\d\d:\d\d:\d\d)\.?(\d*?)0*(Z|\+00:00)", r"\1.\2", text)
        return re.sub(r'"(next_cursor|request_id)":"[^"]*"', "", text)
    one, other = (servers[store].get(path).text for store in ("sqlite", "postgresql"))
    assert json.loads(re.sub(r",\s*([,}])", r"\1", bare(one))) == json.loads(re.sub(r",\s*([,}])", r"\1", bare(other)))


def test_figures_agree_with_the_rows(planner):
    rows = []
    while more := planner.rows(f"/api/events?user_id=1&order=id&limit=500&id=gt.{rows[-1]['id'] if rows else 0}"):
        rows += more
    stats = planner.get("/api/stats?person=1").json()
    by_status = collections.Counter(row["status"] for row in rows)
    assert stats["events"] == len(rows) > EVENTS / 10
    assert {name: stats[name] for name in by_status} == by_status
    assert stats["minutes_done"] == sum(row["minutes"] or 0 for row in rows if row["status"] == "done")
    by_category = {row["category"]: (row["events"], row["minutes"]) for row in planner.rows("/api/stats/categories?person=1")}
    for category in {row["category"] for row in rows}:
        there = [row for row in rows if row["category"] == category and row["status"] != "cancelled"]
        assert by_category[category] == (len(there), sum(row["minutes"] or 0 for row in there)), category
    assert stats["busiest_category"] == max(by_category, key=lambda name: by_category[name][1])


def test_figures_are_kept_until_an_event_is_written(changed):
    def ask():
        answer = changed.get("/api/stats?person=1")
        return answer.headers["cache-status"].split(";")[1].strip(), answer.json()["events"]
    events = ask()[1]
    assert ask() == ("hit", events)
    assert changed.client.post("/api/events", json={"user_id": 1, "title": "x", "starts_at": "2025-03-02T15:00:00Z"}).status_code == 201
    assert ask()[1] == events + 1
    assert ask() == ("hit", events + 1)


def test_who_asks_more_than_a_hundred_times_a_minute_is_told_when_to_come_again(database):
    load(database.url)
    with Leat(database=database.url, config_file=str(EXAMPLE / "leat.yaml")) as leat:
        leat.await_ready()
        answers = [leat.get("/api/events?limit=1") for _ in range(101)]
        assert [answer.status_code for answer in answers] == [200] * 100 + [429]
        assert answers[0].headers["x-ratelimit-limit"] == "100" and int(answers[-1].headers["retry-after"]) in range(1, 61)
        assert leat.get("/health").status_code == 200


def test_what_is_in_effect_is_printed(tmp_path):
    load(f"sqlite:{tmp_path}/planner.db", 10)
    done = subprocess.run([*command_prefix(), BIN, "check", "-c", EXAMPLE / "leat.yaml", "--database", f"sqlite:{tmp_path}/planner.db"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "slow: 500ms" in done.stdout and "100/min" in done.stdout and "list: 1m" in done.stdout


def test_a_user_without_events_has_figures_too(changed):
    stats = changed.get("/api/stats?person=999").json()
    assert (stats["as_of"], stats["events"], stats["week_minutes"], stats["busiest_category"]) == (None, 0, 0, None)


def test_indexes_are_there_before_anything_is_served_and_the_figures_need_no_table(tmp_path):
    file = tmp_path / "planner.db"
    load(f"sqlite:{file}")
    text = re.sub(r"/\*.*?\*/", "", (EXAMPLE / "queries/stats.sqlite.sql").read_text(encoding="utf-8"), count=1, flags=re.S)
    plan = subprocess.run(["sqlite3", str(file), "EXPLAIN QUERY PLAN " + text.replace(":person", "1")],
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


def test_what_the_parser_makes_can_be_kept(changed, parser):
    event = httpx.post(f"{parser}/parse", json={"text": "Yoga tomorrow at 6pm for 1 hour"}).json()
    kept = changed.client.post("/api/events", json={"user_id": 1, **event})
    assert kept.status_code == 201 and kept.json()["title"] == "Yoga" and kept.json()["minutes"] == 60
