# SPDX-License-Identifier: Apache-2.0
"""The configuration of doc/cache-patterns.md does what that page says of it."""
import concurrent.futures
import contextlib
import re

import httpx
import metrics
import pytest

from conftest import ROOT
from leat import Leat
from service import reply

PAGE = (ROOT / "doc/cache-patterns.md").read_text(encoding="utf-8")
CONFIG, SQL = (re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.S | re.M)[1] for language in ("yaml", "sql"))
QUERIES = dict(zip(*[iter(re.split(r"^-- queries/(\S+)\n", SQL, flags=re.M)[1:])] * 2))
TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, cohort TEXT);
CREATE TABLE rules (id INTEGER PRIMARY KEY, industry TEXT);
CREATE TABLE risk_scores (user_id INTEGER PRIMARY KEY, score INTEGER);
CREATE TABLE transactions (id INTEGER PRIMARY KEY, user_id INTEGER, amount INTEGER, status TEXT);
CREATE TABLE fraud_flags (id INTEGER PRIMARY KEY, user_id INTEGER);
CREATE TABLE game_results (id INTEGER PRIMARY KEY, user_id INTEGER, score INTEGER);
CREATE TABLE alerts (id INTEGER PRIMARY KEY, severity TEXT, status TEXT);
CREATE TABLE metrics_history (id INTEGER PRIMARY KEY, metric_type TEXT, minute INTEGER, value INTEGER);
INSERT INTO users VALUES (1, 'Ada', 'spring'), (7, 'Bo', 'autumn');
INSERT INTO rules VALUES (1, 'crypto'), (2, 'lending');
INSERT INTO risk_scores VALUES (1, 10), (7, 70);
INSERT INTO transactions VALUES (1, 7, 100, 'approved');
INSERT INTO fraud_flags VALUES (1, 7);
INSERT INTO game_results VALUES (1, 7, 50);
INSERT INTO alerts VALUES (1, 'high', 'triggered');
INSERT INTO metrics_history VALUES (1, 'latency', 5, 20);
"""
# A path, and the write that changes its answer.
FIGURES = {
    "/api/health": ("alerts", {"id": 2, "severity": "low", "status": "triggered"}),
    "/api/dashboards/executive": ("transactions", {"id": 2, "user_id": 1, "amount": 5, "status": "declined"}),
    "/api/dashboards/operations": ("transactions", {"id": 2, "user_id": 1, "amount": 5, "status": "declined"}),
    "/api/dashboards/security": ("fraud_flags", {"id": 2, "user_id": 1}),
    "/api/risk_scores/7": ("risk_scores?user_id=7", {"score": 71}),
    "/api/behaviour?person=7": ("game_results", {"id": 2, "user_id": 7, "score": 90}),
    "/api/cohorts": ("users", {"id": 8, "name": "Chloé", "cohort": "spring"}),
    "/api/alert_statistics": ("alerts", {"id": 2, "severity": "low", "status": "triggered"}),
    "/api/metrics?minutes=60": ("metrics_history", {"id": 2, "metric_type": "latency", "minute": 6, "value": 1}),
    "/api/segments": ("transactions", {"id": 2, "user_id": 1, "amount": 5, "status": "declined"}),
}
TTL_S = dict(zip(FIGURES, (300, 3600, 600, 1800, 600, 3600, 86400, 1800, 300, 7200)))


def outcome(answer):
    """"hit", "fwd=miss" …, and the seconds left."""
    status = answer.headers["cache-status"]
    ttl = re.search(r"ttl=(-?\d+)", status)
    return status.split(";")[1].strip(), int(ttl[1]) if ttl else None


def hears(leat, database):
    """What others write, and has made all stale once more at the beginning."""
    page = metrics.parse(leat.get("/metrics").text)
    return page.value("leat_changes_heard_total", kind="all") > 0 if database.store == "sqlite" else page.value("leat_changes_hears") == 1


@pytest.fixture
def serve(database, tmp_path):
    """Leat by the page's configuration, some words of it replaced, more queries and keys of the first level added."""
    database.sql(TABLES)

    @contextlib.contextmanager
    def start(*replaced, queries=None, more=""):
        for name, text in (QUERIES | (queries or {})).items():
            file = tmp_path / "queries" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        text = CONFIG.replace("queries/", f"{tmp_path}/queries/")
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        with Leat(database=database.url, config=text + more) as leat:
            leat.await_ready().await_true(lambda: "changes: off" in text or hears(leat, database))
            yield leat
    return start


def test_there_are_ten():
    assert len(QUERIES) == 9 and len(FIGURES) == 10


def test_each_figure_is_kept_as_long_as_said_and_ended_by_what_it_is_made_of(serve):
    with serve() as leat:
        for path, (table, row) in FIGURES.items():
            before = leat.get(path)
            again, ttl_s = outcome(leat.get(path))
            assert before.status_code == 200 and again == "hit", path
            assert TTL_S[path] * 0.85 <= ttl_s <= TTL_S[path], path
            written = leat.client.request("PATCH" if "?" in table else "POST", f"/api/{table}", json=row)
            assert written.status_code in (200, 201, 409), written.text
            if written.status_code != 409:  # one of the figures before has written the same row
                after = leat.get(path)
                assert outcome(after)[0] != "hit" and after.json() != before.json(), path


def test_many_who_miss_at_once_are_one_question(serve):
    slow = ("/* leat\nreturns: value\ncache: 10m\n*/\n"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) AS n FROM n\n")
    with serve(queries={"slow.sql": slow}) as leat, concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: httpx.get(leat.url + "/api/slow", timeout=60), range(32)))
        assert {answer.text for answer in answers} == {"300000"}
        page = leat.get("/metrics").text
        assert 'leat_cache_answers_total{route="/api/slow",outcome="miss"} 1\n' in page


def test_beyond_its_time_an_answer_is_served_while_a_new_one_is_made(serve, database):
    with serve(("row: 1h", "row: 50ms"), ("changes: triggers", "changes: off")) as leat:
        outcomes = []

        def name():
            answer = leat.get("/api/users/7")
            outcomes.append(outcome(answer)[0])
            return answer.json()["name"]
        assert name() == "Bo"
        database.sql("UPDATE users SET name = 'Björn' WHERE id = 7;")  # by another program: nothing but time ends the answer
        leat.await_true(lambda: name() == "Björn")
        assert set(outcomes[1:]) == {"hit"}, "nobody has waited"


def test_an_answer_that_is_made_anew_at_the_end_takes_the_server_nowhere(serve):
    slow = ("/* leat\nreturns: value\ncache: {list: 1s, grace: 1h}\n*/\n"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) AS n FROM n\n")
    with serve(queries={"slow.sql": slow}) as leat:

        def is_made_anew():
            assert leat.get("/api/slow").text == "300000"
            return metrics.parse(leat.get("/metrics").text).value("leat_cache_verdicts_total", verdict="refresh") > 0
        leat.await_true(is_made_anew)  # then the server ends, without a complaint


def test_what_another_program_writes_is_heard(serve, database):
    with serve() as leat:
        assert [outcome(leat.get("/api/users/7"))[0] for _ in range(2)] == ["fwd=miss", "hit"]
        database.sql("UPDATE users SET name = 'Björn' WHERE id = 7;")
        leat.await_true(lambda: leat.get("/api/users/7").json()["name"] == "Björn", seconds_max=10)


def test_a_write_leaves_alone_what_is_not_made_of_it(serve):
    with serve(("changes: triggers", "changes: off")) as leat:
        for path in FIGURES:
            leat.get(path)
        assert leat.client.post("/api/game_results", json={"id": 5, "user_id": 7, "score": 3}).status_code == 201
        assert [path for path in FIGURES if outcome(leat.get(path))[0] != "hit"] == ["/api/behaviour?person=7"]


def test_that_a_row_is_absent_is_kept_until_it_is_made(serve):
    with serve(("absent: 5s ", "absent: 1h ")) as leat:
        assert leat.get("/api/users/9").status_code == 404
        again = leat.get("/api/users/9")
        assert (again.status_code, outcome(again)[0]) == (404, "hit")
        assert leat.client.post("/api/users", json={"id": 9, "name": "Esi"}).status_code == 201
        assert leat.get("/api/users/9").json()["name"] == "Esi"


def test_what_is_to_be_warm_is_a_hit_for_the_first_who_asks(serve):
    with serve() as leat:
        leat.await_true(lambda: leat.lines("warmed"))
        assert leat.lines("warmed")[0].get("failed", 0) == 0
        for path in ("health", "dashboards/executive", "metrics?minutes=60", "rules?industry=crypto", "segments"):
            assert outcome(leat.get(f"/api/{path}"))[0] == "hit", path


def test_clients_and_content_networks_keep_rules_for_an_hour(serve):
    with serve() as leat:
        answer = leat.get("/api/rules")
        assert answer.headers["surrogate-key"] == answer.headers["cache-tag"] == "rules"
        assert {"max-age=3600", "s-maxage=3600"} <= set(re.split(", *", answer.headers["cache-control"]))
        assert leat.get("/api/rules", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_transactions_are_not_kept(serve):
    with serve() as leat:
        for _ in range(2):
            assert "cache-status" not in leat.get("/api/transactions?user_id=7").headers


def test_values_of_an_application_end_by_their_tag(serve):
    with serve() as leat:
        for name, tags in (("a", "profiles"), ("b", "profiles,other"), ("c", "other")):
            assert leat.client.put(f"/api/v1/cache/{name}?ttl=5m&tags={tags}", content=name).status_code == 204
        assert leat.client.delete("/api/v1/cache?tag=profiles").status_code == 204
        assert [leat.get(f"/api/v1/cache/{name}").status_code for name in "abc"] == [404, 404, 200]


def test_another_services_answer_is_kept_ended_by_tables_and_served_when_it_fails(serve, service):
    upstream = f"upstream:\n  /reports/: {{url: '{service.url}/', cache: {{list: 1h, errors: 1h}}, tables: [transactions], retries: 0}}\n"
    with serve(more=upstream) as leat:
        service.answers["/day"] = reply(b"one")
        assert [leat.get("/reports/day").text for _ in range(2)] == ["one", "one"]
        service.answers["/day"] = reply(b"two")
        assert leat.client.post("/api/alerts", json={"id": 3}).status_code == 201
        assert leat.get("/reports/day").text == "one", "it is not made of alerts"
        assert leat.client.post("/api/transactions", json={"id": 3}).status_code == 201
        assert leat.get("/reports/day").text == "two"
