# SPDX-License-Identifier: Apache-2.0
"""POST: one row and many, in every form a body may have; defaults; what comes back; upserts."""
import json

import pytest

from leat import Leat

SHOWN = ["id", "name", "kind", "size", "maker_id", "note", "doubled"]


# --- what comes back ---

def test_plain_answers_with_the_row_and_where_it_is(workshop):
    answer = workshop.ask("POST", "/api/things", {"name": "axle", "size": 21})
    assert answer.status_code == 201, answer.text
    row = answer.json()
    assert list(row) == SHOWN, "a column that is hidden does not exist"
    assert row == {"id": row["id"], "name": "axle", "kind": "plain", "size": 21, "maker_id": None, "note": "none yet", "doubled": 42}
    assert answer.headers["location"] == f"/api/things/{row['id']}"
    assert workshop.row(answer.headers["location"]) == row


def test_postgrest_answers_with_nothing_unless_asked(workshop):
    answer = workshop.ask("POST", "/rest/v1/things", {"name": "axle"})
    assert (answer.status_code, answer.text) == (201, "") and "location" not in answer.headers
    named = workshop.ask("POST", "/rest/v1/things", {"name": "bolt"}, prefer="return=headers-only")
    assert (named.status_code, named.text) == (201, "") and named.headers["preference-applied"] == "return=headers-only"
    assert [row["name"] for row in workshop.row(named.headers["location"])] == ["bolt"]


def test_the_address_of_a_row_whose_key_has_an_odd_name_leads_to_it(database):
    database.sql('CREATE TABLE odd ("the&key" INTEGER PRIMARY KEY);')
    config = "serve: {/api: plain, /rest/v1: postgrest}\nresources: {odd: {read: anonymous, write: anonymous}}\n"
    with Leat(database=database.url, config=config) as leat:
        leat.await_ready()
        for key, prefix in ((7, "/api"), (8, "/rest/v1")):
            made = leat.client.post(f"{prefix}/odd", json={"the&key": key}, headers={"Prefer": "return=headers-only"})
            found = leat.get(made.headers["location"])
            assert found.status_code == 200 and found.json() in ({"the&key": key}, [{"the&key": key}])


def test_minimal_says_nothing_in_either_manner(workshop):
    for number, prefix in enumerate(("/api", "/rest/v1")):
        answer = workshop.ask("POST", f"{prefix}/makers", {"id": 10 + number, "name": f"M{number}"}, prefer="return=minimal")
        assert (answer.status_code, answer.text) == (201, "") and answer.headers["preference-applied"] == "return=minimal"
    assert workshop.sql("SELECT count(*) FROM makers") == "4"


def test_of_several_plain_says_how_many_there_are(workshop):
    assert workshop.said(201, "POST", "/api/makers", [{"id": 8, "name": "Cy"}, {"id": 9, "name": "Di"}]) == {"created": 2}
    assert workshop.said(201, "POST", "/api/makers", []) == {"created": 0}
    assert workshop.said(201, "POST", "/api/makers", [{"id": 7, "name": "Ed"}]) == {"created": 1}, "a list of one is a list"


def test_rows_come_back_in_the_order_of_the_records(workshop):
    ids = [5, 900, 4, 30, 77, 6]
    for prefix in ("/api", "/rest/v1"):
        shown = workshop.said(201, "POST", f"{prefix}/chores", [{"id": i + 1000 * (prefix == "/api"), "text": str(i)} for i in ids],
                              prefer="return=representation")
        assert [row["text"] for row in shown] == [str(i) for i in ids]


def test_what_comes_back_is_chosen_renamed_and_embeds(workshop):
    select = "title:name,makers(name),parts(what),size::text"
    expected = {"title": "axle", "makers": {"name": "Bo"}, "parts": [], "size": "9"}
    body = {"name": "axle", "maker_id": 2, "size": 9}
    assert workshop.said(201, "POST", f"/api/things?select={select}", body) == expected
    body["name"] = expected["title"] = "bolt"
    assert workshop.said(201, "POST", f"/rest/v1/things?select={select}", body, prefer="return=representation") == [expected]
    assert workshop.said(201, "POST", f"/api/things?select={select}&parts.what=eq.x",
                         [body | {"name": "cog"}, body | {"name": "dog", "maker_id": None}], prefer="return=representation") == [
        expected | {"title": "cog"}, expected | {"title": "dog", "makers": None}]


def test_one_object_and_csv_may_be_asked_for(workshop):
    accept = "application/vnd.pgrst.object+json"
    assert workshop.said(201, "POST", "/rest/v1/chores", [{"id": 5, "text": "x"}], prefer="return=representation", accept=accept) == {
        "id": 5, "text": "x"}
    answer = workshop.ask("POST", "/rest/v1/chores", [{"id": 6, "text": "a,b"}, {"id": 7, "text": None}],
                          prefer="return=representation", accept="text/csv")
    assert answer.text == 'id,text\n6,"a,b"\n7,\n'
    refused = workshop.refused(406, "PGRST116", "POST", "/rest/v1/chores", [{"id": 8}, {"id": 9}], prefer="return=representation",
                               accept=accept)
    assert refused["details"] == "The result contains 2 rows"


def test_what_was_counted_stands_in_content_range(workshop):
    rows = [{"id": 8}, {"id": 9}]
    assert workshop.ask("POST", "/rest/v1/chores", rows).headers["content-range"] == "*/*"
    counted = workshop.ask("POST", "/rest/v1/chores", [{"id": 10}, {"id": 11}], prefer="count=exact")
    assert counted.headers["content-range"] == "*/2"


# --- forms of a body ---

@pytest.mark.parametrize("content_type,body", [
    ("application/json", '[{"id":8,"text":"a b"},{"id":9,"text":null}]'),
    ("application/x-ndjson", '{"id":8,"text":"a b"}\n\n{"id":9,"text":null}\n'),
    ("text/csv", 'id,text\n8,"a b"\n9,NULL\n'),
])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_many_rows_come_in_every_form_behind_a_byte_order_mark_too(workshop, content_type, body, mark):
    assert workshop.said(201, "POST", "/rest/v1/chores", mark + body, content_type) is None
    assert workshop.sql("SELECT id, coalesce(text, '-') FROM chores WHERE id > 1 ORDER BY id").split("\n") == ["8|a b", "9|-"]


def test_a_form_is_one_row(workshop):
    row = workshop.said(201, "POST", "/api/things", "name=axle+%26+co&size=7", "application/x-www-form-urlencoded")
    assert (row["name"], row["size"], row["kind"]) == ("axle & co", 7, "plain")


# --- what is not given ---

def test_plain_fills_in_defaults_row_by_row(workshop):
    rows = [{"name": "a", "kind": "odd"}, {"name": "b"}, {"name": "c", "note": None}]
    shown = workshop.said(201, "POST", "/api/things?select=name,kind,note", rows, prefer="return=representation")
    assert shown == [{"name": "a", "kind": "odd", "note": "none yet"}, {"name": "b", "kind": "plain", "note": "none yet"},
                     {"name": "c", "kind": "plain", "note": None}]


def test_postgrest_wants_the_same_names_in_every_row(workshop):
    rows = [{"name": "a", "note": "x"}, {"name": "b"}]
    for mixed in (rows, rows[::-1]):
        assert "keys must match" in workshop.refused(400, "PGRST102", "POST", "/rest/v1/things", mixed)["message"]
    select = "/rest/v1/things?select=name,note&columns=name,note"
    assert workshop.said(201, "POST", select, rows, prefer="return=representation") == [
        {"name": "a", "note": "x"}, {"name": "b", "note": None}], "columns= says what is meant: null"
    workshop.sql("DELETE FROM things WHERE name IN ('a', 'b')")
    assert workshop.said(201, "POST", select, rows, prefer="missing=default, return=representation") == [
        {"name": "a", "note": "x"}, {"name": "b", "note": "none yet"}]


def test_columns_say_what_counts(workshop):
    body = {"name": "axle", "size": 5, "whatever": [1], "secret": "s"}
    shown = workshop.said(201, "POST", "/rest/v1/things?columns=name&select=name,size", body, prefer="return=representation")
    assert shown == [{"name": "axle", "size": None}]
    for columns in ("name,colour", "secret", "name,doubled", "name.desc", ""):
        workshop.said(400, "POST", f"/rest/v1/things?columns={columns}", body)


def test_a_row_may_be_all_defaults(workshop):
    for prefix in ("/api", "/rest/v1"):
        before = int(workshop.sql("SELECT count(*) FROM keyless"))
        assert workshop.ask("POST", f"{prefix}/keyless", {}).status_code == 201
        assert workshop.ask("POST", f"{prefix}/keyless", [{}, {}]).status_code == 201
        assert workshop.sql("SELECT count(*) FROM keyless WHERE a IS NULL") == str(before - 2 + 3)


def test_what_leat_fills_in_is_filled_in_every_row(workshop):
    rows = workshop.said(201, "POST", "/api/stamped", [{"id": 5}, {"id": 6, "text": "x"}], prefer="return=representation")
    for row in rows:
        assert row["source"] == "api" and row["made_at"] == row["changed_at"] == rows[0]["made_at"] > "2026"
    for column in ("source", "made_at", "changed_at"):
        problem = workshop.refused(400, "not-writable", "POST", "/api/stamped", [{"id": 7}, {"id": 8, column: None}])
        assert problem["column"] == column and "record 2" in problem["detail"]


# --- upserts ---

MERGE, IGNORE = "resolution=merge-duplicates", "resolution=ignore-duplicates"


def test_an_upsert_changes_what_is_there_and_makes_what_is_not(workshop):
    body = [{"a": 1, "b": "x", "note": "changed"}, {"a": 2, "b": "x", "note": "made"}]
    shown = workshop.said(201, "POST", "/api/pairs", body, prefer=f"{MERGE}, return=representation")
    assert shown == [{"a": 1, "b": "x", "note": "changed", "size": 7}, {"a": 2, "b": "x", "note": "made", "size": None}]


def test_an_upsert_of_one_row_and_of_the_key_alone(workshop):
    assert workshop.said(201, "POST", "/api/pairs", {"a": 1, "b": "x"}, prefer=MERGE) == {"a": 1, "b": "x", "note": "first", "size": 7}


def test_an_upsert_may_leave_alone_what_is_there(workshop):
    body = [{"a": 1, "b": "x", "note": "changed"}, {"a": 2, "b": "x", "note": "made"}]
    shown = workshop.said(201, "POST", "/rest/v1/pairs?select=a", body, prefer=f"{IGNORE}, return=representation")
    assert shown == [{"a": 2}]
    assert workshop.sql("SELECT note FROM pairs WHERE a = 1 AND b = 'x'") == "first"


def test_an_upsert_goes_by_the_unique_columns_named(workshop):
    body = {"name": "lock", "size": 77}
    shown = workshop.said(201, "POST", "/api/things?on_conflict=name", body, prefer=MERGE)
    assert (shown["id"], shown["size"], shown["kind"], shown["doubled"]) == (3, 77, "locked", 154)
    for columns, code in (("size", "bad-select"), ("name,size", "bad-select"), ("colour", "unknown-column")):
        workshop.refused(400, code, "POST", f"/api/things?on_conflict={columns}", body, prefer=MERGE)


def test_an_upsert_keeps_the_moment_of_creation(workshop):
    row = workshop.said(201, "POST", "/api/stamped", {"id": 1, "text": "new"}, prefer=MERGE)
    assert row["made_at"].startswith("2020") and row["source"] == "hand" and row["changed_at"] > "2026"


def test_an_upsert_cannot_change_a_row_that_is_hidden(workshop):
    hidden, seen = {"id": 3, "name": "lock", "kind": "opened"}, {"id": 2, "name": "gate", "kind": "opened"}
    for path, body in (("/api/open_things", hidden), ("/api/open_things?select=id", [seen, hidden]), ("/api/notes", {"id": 2, "text": "mine"}),
                       ("/api/open_things?select=id,parts(id)", hidden)):
        problem = workshop.refused(409, "unique-violation", "POST", path, body, prefer=f"{MERGE}, return=representation")
        assert "may not be changed" in problem["detail"]
    assert workshop.said(201, "POST", "/api/open_things", seen, prefer=MERGE)["kind"] == "opened"


def test_two_records_for_one_row_are_refused_or_the_later_counts(workshop):
    body = [{"a": 5, "b": "x", "note": "one"}, {"a": 5, "b": "x", "note": "two"}]
    answer = workshop.ask("POST", "/api/pairs", body, prefer=MERGE)
    if workshop.store == "postgresql":
        assert (answer.status_code, answer.json()["code"]) == (400, "repeated-row")
    else:
        assert answer.status_code == 201 and workshop.sql("SELECT note FROM pairs WHERE a = 5") == "two"


def test_answers_are_json_that_a_parser_takes(workshop):
    answer = workshop.ask("POST", "/api/chores", {"id": 5, "text": 'quote " and \\ and \u2028 and ü and \x01'})
    assert json.loads(answer.text)["text"] == 'quote " and \\ and \u2028 and ü and \x01'


def test_a_key_that_only_some_rows_give_is_made_for_the_others(workshop):
    shown = workshop.said(201, "POST", "/api/things?select=id,name", [{"name": "a"}, {"id": 5000, "name": "b"}], prefer="return=representation")
    assert shown[1] == {"id": 5000, "name": "b"} and shown[0]["id"] > 0


def test_an_upsert_of_one_row_that_is_there_and_ignored_says_nothing(workshop):
    answer = workshop.ask("POST", "/api/pairs", {"a": 1, "b": "x", "note": "other"}, prefer=IGNORE)
    assert (answer.status_code, answer.text) == (204, "") and "location" not in answer.headers
    assert workshop.said(201, "POST", "/rest/v1/pairs", {"a": 1, "b": "x"}, prefer=f"{IGNORE}, return=representation") == []
