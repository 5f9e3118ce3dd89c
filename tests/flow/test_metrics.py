# SPDX-License-Identifier: Apache-2.0
"""/metrics: what Leat counts, in Prometheus' format, for operators."""
import shutil
import signal
import subprocess

import metrics
import pytest
from leat import Leat

SCHEMA = """CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO notes (id, text) VALUES (1, 'one'), (2, 'two');"""
CONFIG = "defaults: {read: anonymous, write: anonymous}\nresources: {notes: {}}\n"


@pytest.fixture
def notes(database):
    database.sql(SCHEMA)
    with Leat(database=database.url, config=CONFIG, args=["--workers", "2"]) as leat:
        yield leat.await_ready()


def page_of(leat):
    answer = leat.get("/metrics")
    assert answer.status_code == 200
    return metrics.parse(answer.text)


def count(leat, route, method, status_class):
    return page_of(leat).value("leat_request_seconds_count", route=route, method=method, **{"class": status_class}) or 0


def test_the_page_is_of_its_media_type_and_never_stored(notes):
    answer = notes.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert notes.client.head("/metrics").status_code == 200 and notes.client.post("/metrics").status_code == 405


def test_prometheus_own_tool_finds_nothing_to_complain_of(notes):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not here")
    notes.get("/api/notes")
    done = subprocess.run(["promtool", "check", "metrics"], input=notes.get("/metrics").text, text=True, capture_output=True, check=False)
    assert done.returncode == 0 and not done.stdout + done.stderr, done.stderr


def test_requests_are_counted_by_template_method_and_class(notes):
    for path in ("/api/notes", "/api/notes?limit=1", "/api/notes/1", "/api/notes/2", "/api/notes/3", "/api/nothing", "/a/b/c"):
        notes.get(path)
    assert notes.client.post("/api/notes", json={"id": 3, "text": "three"}).status_code == 201
    assert count(notes, "/api/notes", "GET", "2xx") == 2
    assert count(notes, "/api/notes/{id}", "GET", "2xx") == 2
    assert count(notes, "/api/notes/{id}", "GET", "4xx") == 1
    assert count(notes, "/api/notes", "POST", "2xx") == 1
    assert count(notes, "unmatched", "GET", "4xx") == 2


def test_what_is_no_request_at_all_is_counted_too(notes):
    assert notes.status_of(b"nonsense\r\n\r\n") == 400
    assert count(notes, "unmatched", "-", "4xx") == 1


def test_no_path_of_a_client_becomes_a_label(notes):
    for number in range(50):
        notes.get(f"/api/notes/{number}")
        notes.get(f"/elsewhere/{number}")
    routes = {labels["route"] for labels, _ in page_of(notes).series("leat_request_seconds_count")}
    assert routes <= {"/api/notes/{id}", "unmatched", "/metrics", "/health/live", "/health/ready"}


def test_durations_fall_into_their_buckets_and_statements_into_their_lanes(notes):
    for _ in range(10):
        notes.get("/api/notes")
    page = page_of(notes)
    labels = {"route": "/api/notes", "method": "GET", "class": "2xx"}
    assert page.value("leat_request_seconds_bucket", le="+Inf", **labels) == 10
    assert 0 < page.value("leat_request_seconds_sum", **labels) < 60
    assert sum(value for _, value in page.series("leat_statement_seconds_count")) >= 10
    assert page.value("leat_statements_total") >= 10


def test_connections_process_and_pool_are_told(notes):
    page = page_of(notes)
    assert page.value("leat_connections") >= 1 and page.value("leat_connections_accepted_total") >= 1
    assert page.value("leat_database_up") == 1 and page.value("leat_ready") == 1 and page.value("leat_workers") == 2
    assert page.value("process_resident_memory_bytes") > 1e6 and page.value("process_open_fds") > 5
    assert page.value("process_cpu_seconds_total") > 0
    assert len(page.series("leat_build_info")) == 1
    assert page.value("leat_requests_running") == 1, "itself"


def test_kept_answers_are_counted_by_route_and_save_queries(database):
    database.sql(SCHEMA)
    with Leat(database=database.url, config=CONFIG.replace("anonymous}\n", "anonymous, cache: 1h}\n")) as leat:
        leat.await_ready()
        before = page_of(leat).value("leat_statements_total")
        for _ in range(5):
            leat.get("/api/notes")
        page = page_of(leat)
        outcomes = {labels["outcome"]: value for labels, value in page.series("leat_cache_answers_total") if labels["route"] == "/api/notes"}
        assert outcomes["miss"] == 1 and outcomes["hit"] == 4
        assert page.value("leat_queries_saved_total", by="kept") == 4
        assert page.value("leat_cache_entries") == 1 and 0 < page.value("leat_cache_bytes") < page.value("leat_cache_bytes_max")
        assert page.value("leat_cache_verdicts_total", verdict="fresh") == 4 and page.value("leat_cache_verdicts_total", verdict="fill") == 1
        assert "cache" not in {labels["lane"] for labels, _ in page.series("leat_statement_seconds_count")}
        assert page.value("leat_statements_total") - before < 5
        leat.client.post("/api/notes", json={"id": 3, "text": "three"})
        leat.get("/api/notes")
        assert page_of(leat).value("leat_cache_invalidated_total") >= 1


def test_a_reload_goes_on_counting_and_is_counted(notes):
    notes.get("/api/notes")
    notes.signal(signal.SIGHUP)
    notes.await_true(lambda: page_of(notes).value("leat_reloads_total") == 1)
    notes.get("/api/notes")
    assert count(notes, "/api/notes", "GET", "2xx") == 2
    with open(notes.config_file, "a", encoding="utf-8") as file:
        file.write("nonsense: 1\n")
    notes.signal(signal.SIGHUP)
    notes.await_true(lambda: page_of(notes).value("leat_reload_refused") == 1)


def test_who_is_not_on_this_machine_is_refused_and_told(notes):
    for headers in ({"X-Forwarded-For": "192.0.2.7"}, {"Host": "api.example.com"}):
        answer = notes.client.get("/metrics", headers=headers)
        assert answer.status_code == 401 and answer.json()["code"] == "operators-only", answer.text
        assert "leat_" not in answer.text
