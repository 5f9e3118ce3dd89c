# SPDX-License-Identifier: Apache-2.0
"""What is refused, by Leat or by the database: told with column, value, record and constraint; and nothing is changed by it."""
import pytest

from leat import Leat


def test_who_may_not_write_may_not(workshop):
    for method, path in (("POST", "/api/fixed"), ("PATCH", "/api/fixed/1"), ("PUT", "/api/fixed/1"), ("DELETE", "/api/fixed/1"),
                         ("DELETE", "/rest/v1/cheap?id=eq.1"), ("POST", "/rest/v1/cheap")):
        answer = workshop.ask(method, path, {"name": "x"})
        assert answer.status_code == 405 and "GET" in answer.headers["allow"] and method not in answer.headers["allow"], path
    for method, path in (("PUT", "/api/things"), ("POST", "/api/things/1")):
        assert workshop.ask(method, path, {"name": "x"}).status_code in (404, 405)


def test_names_that_do_not_exist_are_told_with_the_nearest(workshop):
    problem = workshop.refused(400, "unknown-column", "POST", "/api/things", {"name": "x", "sise": 1})
    assert problem["nearest"] == "size" and problem["place"] == "sise"
    assert workshop.refused(400, "PGRST204", "PATCH", "/rest/v1/things?id=eq.1", {"colour": 1})["message"].count("colour")
    for parameter in ("limit=1", "offset=1", "page=1", "cursor=x", "id=eq.1", "on_conflict=name"):
        method, path = ("PATCH", "/api/things/1") if parameter == "on_conflict=name" else ("POST", "/api/things")
        workshop.refused(400, "unknown-parameter", method, f"{path}?{parameter}", {"name": "x", "size": 1})


def test_columns_that_the_database_makes_cannot_be_given(workshop):
    for method, path in (("POST", "/api/things"), ("PATCH", "/api/things/1"), ("PUT", "/api/things/1")):
        assert workshop.refused(400, "not-writable", method, path, {"name": "x", "doubled": 4})["column"] == "doubled"


@pytest.mark.parametrize("value", ["x", 1.5, True, [1], {"a": 1}, 2**63, ""])
def test_a_value_of_another_type_is_told_with_its_record(workshop, value):
    problem = workshop.refused(400, "wrong-type", "POST", "/api/things", [{"name": "a", "size": 1}, {"name": "b", "size": value}])
    assert problem["column"] == "size" and "record 2" in problem["detail"], problem
    alone = workshop.refused(400, "wrong-type", "PATCH", "/api/things/1", {"size": value})
    assert "record" not in alone["detail"]


# --- constraints ---

def test_a_key_that_is_there_already(workshop):
    problem = workshop.refused(409, "unique-violation", "POST", "/api/things", {"name": "gate"})
    assert problem["column"] == "name" and problem["value"] == "gate" and problem["constraint"]
    assert workshop.refused(409, "23505", "POST", "/rest/v1/pairs", {"a": 1, "b": "x"})["message"]
    assert workshop.refused(409, "unique-violation", "PATCH", "/api/things/1", {"name": "gate"})["value"] == "gate"
    assert workshop.refused(409, "unique-violation", "POST", "/api/chores", [{"id": 5}, {"id": 6}, {"id": 5}])["column"] == "id"


def test_references_to_nobody_and_rows_that_are_referred_to(workshop):
    problem = workshop.refused(409, "foreign-key-violation", "POST", "/api/things", {"name": "x", "maker_id": 77})
    assert "maker_id" in str(problem)
    workshop.refused(409, "foreign-key-violation", "PATCH", "/api/parts/1", {"thing_id": 77})
    assert "parts" in str(workshop.refused(409, "foreign-key-violation", "DELETE", "/api/things/1"))
    workshop.refused(409, "23503", "PATCH", "/rest/v1/things?id=eq.1", {"id": 70})


def test_values_that_must_be_there(workshop):
    for method, path, body in (("POST", "/api/things", {"size": 1}), ("POST", "/api/things", {"name": None}), ("PATCH", "/api/things/1", {"name": None}),
                               ("PUT", "/api/things/1", {"size": 1}), ("POST", "/api/things", [{"name": "a"}, {"name": None}])):
        assert workshop.refused(400, "not-null-violation", method, path, body)["column"] == "name"


def test_checks(workshop):
    for method, path, body in (("POST", "/api/things", {"name": "x", "size": 1001}), ("PATCH", "/api/things?id=gt.0", {"size": -1})):
        problem = workshop.refused(400, "check-violation", method, path, body)
        assert problem["constraint"] == "size_is_sane"


def test_what_a_trigger_raises(workshop):
    problem = workshop.refused(400, "raised", "POST", "/api/chores", [{"id": 5, "text": "soon"}, {"id": 6, "text": "never"}])
    assert problem["detail"].startswith("this chore is never done")
    assert workshop.store == "sqlite" or problem["hint"] == "do another"


def test_constraints_that_wait_for_the_commit(workshop):
    workshop.refused(409, "foreign-key-violation", "POST", "/api/later", {"id": 5, "next": 6})
    workshop.refused(409, "foreign-key-violation", "POST", "/api/later", [{"id": 5, "next": 6}, {"id": 6, "next": 7}])
    workshop.refused(409, "foreign-key-violation", "PATCH", "/api/later/1", {"next": 9})
    assert workshop.ask("POST", "/api/later", [{"id": 5, "next": 6}, {"id": 6, "next": 5}]).status_code == 201, "it is there at the end"


def test_the_next_write_is_untouched_by_what_was_refused(workshop):
    for number in range(10, 16):
        workshop.refused(409, "unique-violation", "POST", "/api/things", {"name": "gate"})
        assert workshop.ask("POST", "/api/chores", {"id": number}).status_code == 201


def test_exclusions_of_postgresql(database):
    if database.store == "sqlite":
        pytest.skip("SQLite has no EXCLUDE")
    database.sql("CREATE TABLE stays (id int PRIMARY KEY, room int, nights int4range, EXCLUDE USING gist (nights WITH &&));"
                 "INSERT INTO stays VALUES (1, 1, '[1,5)')")
    with Leat(database=database.url, config="defaults: {read: anonymous, write: anonymous}\nresources: {stays: {}}\nserve: {/api: plain}") as leat:
        refused = leat.await_ready().client.post("/api/stays", json={"id": 2, "room": 1, "nights": "[4,9)"})
        assert refused.status_code == 409 and refused.json()["code"] == "exclusion-violation" and refused.json()["constraint"]
        assert leat.client.post("/api/stays", json={"id": 2, "room": 1, "nights": "[5,9)"}).json()["nights"] == "[5,9)"


def test_what_a_hidden_column_holds_is_not_told(database):
    database.sql("CREATE TABLE members (id INTEGER PRIMARY KEY, team INTEGER, code TEXT UNIQUE, UNIQUE (team, code));"
                 "CREATE TABLE badges (code TEXT REFERENCES members (code));"
                 "INSERT INTO members VALUES (1, 1, 'sesame'), (2, 2, 'poppy'); INSERT INTO badges VALUES ('sesame');"
                 "CREATE TABLE seats (id INTEGER PRIMARY KEY, team INTEGER, code TEXT, UNIQUE (team, code));"
                 "INSERT INTO seats VALUES (1, 1, 'sesame'), (2, 2, 'sesame')")
    config = """defaults: {read: anonymous, write: anonymous}
resources: {members: {columns: '*,-code', set: {code: sesame on create}}, seats: {columns: '*,-code'}}
serve: {/api: plain, /rest/v1: postgrest}"""
    with Leat(database=database.url, config=config) as leat:
        client = leat.await_ready().client
        for method, path, body in (("PATCH", "seats?id=eq.2", {"team": 1}), ("DELETE", "members?id=eq.1", None), ("POST", "members", {"id": 3})):
            for base in ("/api", "/rest/v1"):
                refused = client.request(method, f"{base}/{path}", json=body)
                assert refused.status_code == 409 and "sesame" not in refused.text, refused.text


# --- bodies that are no records ---

@pytest.mark.parametrize("body", ["", "12", "[1]", '{"name":', '{"name":"a","name":"b"}', '{"name":"a"} {}', "null", '[{"name":"a"},]', '{"name":"\\u0000"}'])
def test_what_is_no_record_is_refused(workshop, body):
    assert workshop.said(400, "POST", "/api/things", body)["code"] in ("malformed-body", "wrong-type", "invalid-value")
    assert workshop.sql("SELECT count(*) FROM things") == "3"
