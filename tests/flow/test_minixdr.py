# SPDX-License-Identifier: Apache-2.0
"""The MiniXDR example: what its README shows is answered, to whom it says, its queries agree with its rows, both stores hold the same, and
its loader makes the same rows in however many steps."""
import collections
import contextlib
import json
import re
import subprocess

import httpx
import pytest

import callers
from conftest import ROOT, STORES
from leat import Leat
from postgres import Postgres
from tour import Tour

EXAMPLE = ROOT / "examples/minixdr"
EVENTS = 5000
ORGANIZATIONS = range(1, 21)
TABLES = {"organizations": 20, "users": 46, "events": EVENTS, "incidents": 100, "action_logs": 200, "audit_logs": 250}
TOUR = Tour(EXAMPLE / "README.md")
SHOWN, CHANGING, PATHS = TOUR.commands(0), TOUR.commands(1), TOUR.paths(0)


def load(url, rows=EVENTS):
    return subprocess.run([EXAMPLE / "load", url, str(rows)], check=False, capture_output=True, text=True)


def serve(url):
    """The example; beside its own users it believes in those of callers.bearer(). What a test asks it asks as the first organization's admin."""
    leat = Leat(database=url, config_file=str(EXAMPLE / "leat.yaml"), args=["--set", callers.KEYS.replace("keys: ", "auth.keys=", 1)])
    leat.client.headers.update(callers.bearer("admin", 1, user=1))
    return leat


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """{store: Leat serving the example}: shared, only read from."""
    with contextlib.ExitStack() as running:
        by_store = {}
        for store in STORES:
            url = (f"sqlite:{tmp_path_factory.mktemp('minixdr')}/minixdr.db" if store == "sqlite"
                   else running.enter_context(Postgres()).url)
            assert load(url).returncode == 0
            leat = running.enter_context(serve(url))
            by_store[store] = leat.await_ready()
        yield by_store


@pytest.fixture
def changed(database):
    """Leat serving an example of its own, to be changed."""
    assert load(database.url).returncode == 0
    with serve(database.url) as leat:
        yield leat.await_ready()


@pytest.fixture
def minixdr(servers, store):
    return servers[store]


def all_of(minixdr, table, organization=None):
    """Its rows by their key, an organization's or everybody's: each organization is asked for its own."""
    if organization is None:
        return sorted((row for each in ORGANIZATIONS for row in all_of(minixdr, table, each)), key=lambda row: row["id"])
    answer = minixdr.get(f"/rest/v1/{table}?order=id",
                         headers=callers.bearer("admin", organization) | {"Accept": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def events_of(minixdr, organization):
    """All there are, in time order."""
    return sorted(all_of(minixdr, "events", organization), key=lambda row: (instant(row["ts"]), row["id"]))


def instant(text):
    """A timestamp's value, whichever store wrote it; texts of one form compare as times do."""
    date, fraction = re.fullmatch(r"(\S{10}T\S{8})(?:\.(\d+))?(?:Z|\+00:00)", text).groups()
    return f"{date}.{(fraction or '').ljust(6, '0')}"


def same_times(value):
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", lambda match: instant(match[0]), json.dumps(value))


@pytest.mark.parametrize("path", PATHS)
def test_what_the_readme_shows_is_answered(minixdr, path):
    answer = minixdr.get(path)
    if "severity=worst" in path:
        assert answer.status_code == 400 and "severity" in answer.text
        return
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body and (isinstance(body, list) or next(iter(body.values())) not in ([], None)), "it shows nothing"


def test_the_readme_has_a_tour():
    assert len(SHOWN) >= 12 and len(CHANGING) >= 6 and len(TOUR.tables[2]) >= 6


def test_the_readmes_commands_work_in_a_shell(minixdr):
    assert TOUR.run(minixdr, *SHOWN) == [200] * (len(SHOWN) - 1) + [400]


def test_who_may_what_is_as_the_readme_says(minixdr):
    for command, says in TOUR.tables[2]:
        status = re.search(r": (4\d\d)$", says)
        assert TOUR.run(minixdr, command)[-1] == (int(status[1]) if status else 200), command


@pytest.mark.skipif(len(STORES) < 2, reason="needs both stores")
@pytest.mark.parametrize("path", [path for path in PATHS if "/limits/" not in path])
def test_both_stores_answer_the_same(servers, path):
    one, other = (servers[store].get(path) for store in ("sqlite", "postgresql"))
    assert one.status_code == other.status_code
    one, other = one.json(), other.json()
    if isinstance(one, dict):  # a cursor is of its store, an id of its request
        for name in ("next_cursor", "prev_cursor", "request_id"):
            assert bool(one.pop(name, None)) == bool(other.pop(name, None))
    assert same_times(one) == same_times(other)


@pytest.mark.skipif(len(STORES) < 2, reason="needs both stores")
@pytest.mark.parametrize("table", TABLES)
def test_both_stores_hold_the_same(servers, table):
    assert same_times(all_of(servers["sqlite"], table)) == same_times(all_of(servers["postgresql"], table))


def test_tables_have_as_many_rows_as_said(minixdr):
    deleted = EVENTS // 50
    for table, rows in TABLES.items():
        assert len(all_of(minixdr, table)) in range(rows - 2 * deleted * (table == "events"), rows + 1), table


def test_rows_that_belong_together_are_of_one_organization(minixdr):
    users = {row["id"]: row["organization_id"] for row in all_of(minixdr, "users")}
    incidents = {row["id"]: row for row in all_of(minixdr, "incidents")}
    actions, audits = all_of(minixdr, "action_logs"), all_of(minixdr, "audit_logs")
    assert all(users[row["assigned_user_id"]] == row["organization_id"] for row in incidents.values() if row["assigned_user_id"])
    assert all(incidents[row["incident_id"]]["organization_id"] == row["organization_id"] for row in actions)
    assert all(instant(incidents[row["incident_id"]]["created_at"]) < instant(row["created_at"]) for row in actions)
    assert all(users[row["user_id"]] == row["organization_id"] for row in actions + audits if row["user_id"])
    assert {row["incident_id"] for row in actions} < set(incidents), "some incidents have no actions"


def test_hashes_of_passwords_do_not_exist_for_clients(minixdr):
    assert "password_hash" not in minixdr.rows("/rest/v1/users?limit=1")[0]
    minixdr.problem("/api/users?password_hash=is.null", 400, "unknown-column")


# --- what leat.yaml says ---

def test_incidents_come_with_what_was_done_and_who_has_them(minixdr):
    actions, users = minixdr.rows("/rest/v1/action_logs?order=id"), {row["id"]: row for row in minixdr.rows("/rest/v1/users")}
    for incident in minixdr.rows("/api/incidents?limit=100"):
        assert sorted(incident["action_logs"], key=lambda row: row["id"]) == [
            row for row in actions if row["incident_id"] == incident["id"]]
        owner = users.get(incident["assigned_user_id"])
        assert incident["assigned_user"] == (owner and {"id": owner["id"], "email": owner["email"]})


def test_deleted_events_are_nowhere(minixdr):
    there = {row["id"] for row in all_of(minixdr, "events", 1)}
    assert minixdr.get("/api/events?page_size=1").json()["total"] == len(there)
    gone = next(number for number in range(1, EVENTS) if number not in there)
    assert minixdr.get(f"/api/events/{gone}").status_code == 404
    assert minixdr.rows("/api/events?deleted_at=not.is.null") == []
    embedded = minixdr.rows("/rest/v1/organizations?select=id,events(count)")
    assert embedded == [{"id": 1, "events": [{"count": len(there)}]}]
    assert EVENTS * 0.9 < len(all_of(minixdr, "events")) < EVENTS


# --- who may ---

def test_nobody_known_is_served_nothing(minixdr):
    for path in [f"/api/{table}" for table in TABLES] + ["/api/dashboard", "/rest/v1/incidents", "/api/analytics/workload"]:
        assert httpx.get(minixdr.url + path).status_code == 401, path


def test_an_organization_sees_itself_alone(minixdr):
    for organization in (1, 2):
        for table in TABLES:
            rows = all_of(minixdr, table, organization)
            assert rows and {row["id" if table == "organizations" else "organization_id"] for row in rows} == {organization}, table
    one, other = (minixdr.get("/api/dashboard", headers=callers.bearer("viewer", organization)).json() for organization in (1, 2))
    assert one["events"] > other["events"] > 0


def test_a_viewer_sees_no_escalated_incidents_and_writes_none(minixdr):
    viewer = callers.bearer("viewer", 1)
    seen = minixdr.rows("/api/incidents?limit=1000", headers=viewer)
    assert [row["id"] for row in seen] == [row["id"] for row in minixdr.rows("/api/incidents?limit=1000") if row["escalation_level"] < 3]
    assert seen and minixdr.client.put(f"/api/incidents/{seen[0]['id']}", json={"status": "open"}, headers=viewer).status_code == 403
    assert minixdr.get("/api/analytics/workload", headers=viewer).status_code == 403
    assert minixdr.get("/api/audit_logs", headers=callers.bearer("analyst", 1)).status_code == 403


def test_the_fifth_wrong_password_is_the_last_for_a_minute(changed):
    def log_in(password):
        return changed.client.post("/api/auth/login", json={"email": "test@example.com", "password": password}).status_code
    assert [log_in("wrong") for _ in range(6)] == [401] * 5 + [429]
    assert log_in("password123") == 429


def test_a_login_and_a_write_leave_a_trace(changed, database):
    statuses = TOUR.run(changed, "ask /api/incidents --json '{\"src_ip\": \"192.168.1.100\", \"reason\": \"x\"}'")
    assert statuses == [201]
    found = database.sql("SELECT event, account, tenant FROM leat_audit ORDER BY at;")
    assert "login" in found and "test@example.com" in found
    Leat.await_true(lambda: database.sql("SELECT last_login FROM users WHERE id = 1;") >= "2026")


# --- what changes ---

def test_what_the_readme_changes_is_changed(changed, database):
    assert TOUR.run(changed, *CHANGING) == [201, 200, 200, 201, 204, 200, 400, 400]

    def one(sql):
        return database.sql(sql + ";").strip()
    assert one("SELECT organization_id, severity, status, escalation_level, created_by FROM incidents WHERE id = 101") == "1|high|open|0|1"
    assert one("SELECT escalation_level, status, assigned_user_id FROM incidents WHERE id = 17") == "1|open|21"
    assert one("SELECT count(*) FROM incidents WHERE organization_id = 1 AND status = 'new'") == "0"
    assert one("SELECT count(*) FROM incidents WHERE organization_id <> 1 AND status = 'new'") != "0"
    assert one("SELECT count(*) FROM action_logs WHERE id > 200 AND organization_id = 1") == "3"
    assert one("SELECT count(*) FROM events WHERE id = 7 AND deleted_at IS NOT NULL") == "1"
    assert one("SELECT count(*) FROM incidents") == "101"
    assert changed.get("/api/events/7").status_code == 404


def test_what_leat_fills_in_is_nobody_elses_to_say(changed):
    body = {"src_ip": "192.168.1.100", "reason": "Port scan"}
    made = changed.client.post("/api/incidents", json=body).json()
    assert (made["created_by"], made["organization_id"]) == ("1", 1) and instant(made["created_at"]) == instant(made["updated_at"]) > "2026"
    merged = changed.client.put(f"/api/incidents/{made['id']}", json={"severity": "low"}).json()
    assert merged["created_at"] == made["created_at"] and instant(merged["updated_at"]) > instant(made["updated_at"])
    for column in ("created_by", "created_at", "updated_at"):
        refused = changed.client.post("/api/incidents", json=body | {column: "2020-01-01T00:00:00Z"})
        assert refused.status_code == 400 and column in refused.text
    assert changed.client.post("/api/incidents", json=body | {"organization_id": 2}).status_code == 403


def test_what_makes_no_sense_is_refused_by_name(changed, database):
    for member, value in (("severity", "worst"), ("reason", ""), ("escalation_level", 9), ("assigned_user_id", 999),
                          ("reason", None), ("escalation_level", "high"), ("colour", "red")):
        body = {"src_ip": "192.168.1.100", "reason": "Port scan", member: value}
        refused = changed.client.post("/api/incidents", json=body)
        assert refused.status_code in (400, 409) and member in refused.text, refused.text
    assert database.sql("SELECT count(*) FROM incidents;").strip() == "100"
    for resource in ("organizations", "audit_logs"):
        assert changed.client.post(f"/api/{resource}", json={"name": "x"}).status_code == 405


# --- queries against rows ---

def test_top_sources_are_those_with_the_most_events(minixdr):
    since = "2025-01-01T12:00:00"
    events = [row for row in events_of(minixdr, 1) if row["ts"] >= since]
    for filters, chosen in (("", events), ("&severity=high", [row for row in events if row["severity"] == "high"])):
        count, last = collections.Counter(row["src_ip"] for row in chosen), {row["src_ip"]: row["ts"] for row in chosen}
        best = sorted(count, key=lambda source: (-count[source], source))[:7]
        assert minixdr.rows(f"/api/analytics/top_sources?since={since}Z&top=7{filters}") == [
            {"src_ip": source, "events": count[source], "last_seen": last[source]} for source in best]


def test_severities_are_counted_worst_first_and_without_what_was_deleted(minixdr):
    events = events_of(minixdr, 2)
    assert minixdr.rows("/api/analytics/severity_counts", headers=callers.bearer("viewer", 2)) == [
        {"severity": severity, "events": len(chosen), "sources": len({row["src_ip"] for row in chosen})}
        for severity in ("critical", "high", "medium", "low")
        for chosen in [[row for row in events if row["severity"] == severity]]]


@pytest.mark.parametrize("every,length", [("hour", 13), ("day", 10)])
def test_the_timeline_has_each_hour_or_day_once(minixdr, every, length):
    until = "2025-01-02T02:30:00"
    events = [row for row in events_of(minixdr, 1) if row["ts"] < until]
    buckets = collections.Counter(row["ts"][:length] for row in events)
    severe = collections.Counter(row["ts"][:length] for row in events if row["severity"] in ("high", "critical"))
    shown = minixdr.rows(f"/api/analytics/timeline?every={every}&until={until}Z")
    assert [(row["at"][:length], row["events"], row["severe"]) for row in shown] == [
        (at, buckets[at], severe[at]) for at in sorted(buckets)]
    assert all(instant(row["at"])[length:] == "T00:00:00.000000"[length - 10:] for row in shown)


def test_incidents_are_counted_by_status(minixdr):
    incidents = minixdr.rows("/rest/v1/incidents")
    shown = minixdr.rows("/api/analytics/incidents_by_status")
    assert [row["status"] for row in shown] == ["new", "open", "contained", "resolved", "dismissed"]
    for row in shown:
        chosen = [one for one in incidents if one["status"] == row["status"]]
        assert row == {"status": row["status"], "incidents": len(chosen),
                       "unassigned": sum(one["assigned_user_id"] is None for one in chosen),
                       "highest_escalation": max(one["escalation_level"] for one in chosen),
                       "oldest": min((one["created_at"] for one in chosen), key=instant)}


def test_who_has_most_to_do_comes_first(minixdr):
    waiting = [row for row in minixdr.rows("/rest/v1/incidents?status=in.(open,contained)") if row["assigned_user_id"]]
    count = collections.Counter(row["assigned_user_id"] for row in waiting)
    shown = minixdr.rows("/api/analytics/workload")
    assert [(row["id"], row["incidents"]) for row in shown] == sorted(count.items(), key=lambda one: (-one[1], one[0]))
    owner = {row["id"]: row["assigned_user_id"] for row in minixdr.rows("/rest/v1/incidents")}
    done = collections.Counter(row["user_id"] for row in minixdr.rows("/rest/v1/action_logs")
                               if row["user_id"] and owner[row["incident_id"]] == row["user_id"])
    assert [row["actions"] for row in shown] == [done[row["id"]] for row in shown]


def test_the_dashboard_is_of_the_day_before_the_newest_event(minixdr):
    events = events_of(minixdr, 1)
    newest = events[-1]["ts"]
    assert newest.startswith("2025-01-02")
    day = [row for row in events if instant(row["ts"]) > instant(newest.replace("2025-01-02", "2025-01-01"))]
    waiting = minixdr.rows("/rest/v1/incidents?status=in.(new,open,contained)")
    assert minixdr.get("/api/dashboard").json() == {
        "as_of": newest, "events": len(day), "sources": len({row["src_ip"] for row in day}),
        "critical": sum(row["severity"] == "critical" for row in day), "open_incidents": len(waiting),
        "escalated_incidents": sum(row["escalation_level"] >= 3 for row in waiting)}
    assert minixdr.get("/api/dashboard", headers=callers.bearer("viewer", 99)).json()["as_of"] is None


# --- schema and loader ---

def test_the_indexes_are_the_applications_six(database):
    assert load(database.url, 100).returncode == 0
    indexes = database.sql(database.pick("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL;",
                                         "SELECT indexdef || ';' FROM pg_indexes WHERE schemaname = 'public'"))
    indexes = re.sub(r"\s+", " ", indexes.replace("public.", "").replace("USING btree ", "").replace("IF NOT EXISTS ", ""))
    for index in ("ix_events_org_ts_severity ON events (organization_id, ts, severity)",
                  "ix_events_org_src_ip ON events (organization_id, src_ip)",
                  "ix_incidents_org_status_severity ON incidents (organization_id, status, escalation_level)",
                  "ix_incidents_created_at_desc ON incidents (created_at DESC)",
                  "ix_audit_logs_org_created ON audit_logs " + database.pick("(", "USING brin (") + "organization_id, created_at)"):
        assert index in indexes
    assert re.search(r"ix_events_source_type_ts ON events \(source_type, ts\) WHERE \(?deleted_at IS NULL", indexes)


def test_the_schema_refuses_what_makes_no_sense(database):
    assert load(database.url, 500).returncode == 0
    for change in ("events SET severity = 'worst'", "events SET source_type = 'rumour'", "events SET organization_id = 0",
                   "incidents SET escalation_level = 6", "incidents SET status = 'new', escalation_level = 1", "incidents SET reason = ''",
                   "incidents SET assigned_user_id = 999", "users SET role = 'owner'", "users SET email = 'nobody'",
                   "users SET email = (SELECT email FROM users WHERE id = 2)", "action_logs SET incident_id = 0",
                   "organizations SET plan = NULL"):
        with pytest.raises((AssertionError, RuntimeError), match="(?i)constraint|enum"):
            database.sql(f"{database.pick('PRAGMA foreign_keys = on;', '')} UPDATE {change} WHERE id = 1;")


def test_loading_in_steps_gives_what_loading_at_once_gives(database):
    def contents():
        return [database.sql(f"SELECT * FROM {table} ORDER BY id;") for table in TABLES]

    for rows in (49, 120, 120, 500):  # 49: not even one incident
        assert load(database.url, rows).returncode == 0
    in_steps = contents()
    database.sql("".join(f"DROP TABLE {table};" for table in reversed(TABLES)))
    assert load(database.url, 500).returncode == 0
    assert contents() == in_steps
    assert "500 events (0 new)" in load(database.url, 20).stdout, "it never takes rows away"
    assert contents() == in_steps


def test_wrong_words_to_the_loader_are_told(tmp_path):
    for words in ([], ["sqlite:x"], ["sqlite:", "5"], ["mysql:x", "5"], [f"sqlite:{tmp_path}/x.db", "0"], [f"sqlite:{tmp_path}/x.db", "many"]):
        told = subprocess.run([EXAMPLE / "load", *words], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert told.returncode == 2 and "usage: load URL ROWS" in told.stderr, words
    absent = load(f"sqlite:{tmp_path}/no/such/folder.db")
    assert absent.returncode == 1 and "cannot read" in absent.stderr
