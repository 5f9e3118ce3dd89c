# SPDX-License-Identifier: Apache-2.0
"""PATCH, PUT and DELETE: by row and by filter; soft delete; rules that hide rows; limits on how many may be affected."""
import pytest

OBJECT = "application/vnd.pgrst.object+json"


# --- PATCH ---

def test_patch_of_a_row_answers_with_the_row(workshop):
    row = workshop.said(200, "PATCH", "/api/things/1", {"size": 12, "note": None})
    assert (row["size"], row["note"], row["doubled"], row["name"]) == (12, None, 24, "wheel") and "secret" not in row
    assert workshop.said(200, "PATCH", "/api/things/1?select=n:name,parts(what),makers(name)", {"name": "disc"}) == {
        "n": "disc", "parts": [{"what": "hub"}, {"what": "rim"}], "makers": {"name": "Ann"}}
    assert workshop.said(404, "PATCH", "/api/things/99", {"size": 1})["code"] == "not-found"
    assert workshop.said(400, "PATCH", "/api/things/x", {"size": 1})["code"] == "wrong-type"


def test_patch_of_several_says_how_many_or_shows_them(workshop):
    assert workshop.said(200, "PATCH", "/api/things?maker_id=2", {"size": 9}) == {"changed": 2}
    assert workshop.said(200, "PATCH", "/api/things?maker_id=99", {"size": 9}) == {"changed": 0}
    shown = workshop.said(200, "PATCH", "/api/things?maker_id=2&select=id,size", {"size": 8}, prefer="return=representation")
    assert sorted(row["id"] for row in shown) == [2, 3] and {row["size"] for row in shown} == {8}
    answer = workshop.ask("PATCH", "/rest/v1/things?maker_id=eq.2", {"size": 7})
    assert (answer.status_code, answer.text) == (204, "")
    assert answer.headers["content-range"] == "0-1/*"
    for filters, counted in (("maker_id=eq.2", "0-1/2"), ("maker_id=eq.99", "*/0")):
        answer = workshop.ask("PATCH", f"/rest/v1/things?{filters}", {"size": 7}, prefer="count=exact")
        assert answer.headers["content-range"] == counted
    assert workshop.sql("SELECT size FROM things ORDER BY id").split() == ["10", "7", "7"]


def test_patch_takes_every_filter_a_read_takes(workshop):
    for filters, ids in (("or=(id.eq.1,name.eq.gate)", "12"), ("name=not.like.w*", "23"), ("id=in.(1,3)", "13"), ("size=gt.3&maker_id=is.null", ""),
                         ("parts=not.is.null&select=id,parts()", "1"), ("parts.what=eq.rim&parts=not.is.null&select=id,parts()", "1"),
                         ("makers.name=eq.Bo&makers=not.is.null&select=id,makers(name)", "23")):
        shown = workshop.said(200, "PATCH", f"/rest/v1/things?{filters}", {"kind": "found"}, prefer="return=representation")
        assert sorted(str(row["id"]) for row in shown) == list(ids) if "select" in filters else True, filters
        assert workshop.sql("SELECT id FROM things WHERE kind = 'found' ORDER BY id").split() == list(ids), filters
        workshop.sql("UPDATE things SET kind = 'plain'")


def test_rows_that_were_changed_come_back_in_the_order_asked_for(workshop):
    for order, ids in (("size.desc", [1, 2, 3]), ("maker_id.desc,name", [2, 3, 1]), ("id.desc", [3, 2, 1])):
        shown = workshop.said(200, "PATCH", f"/rest/v1/things?id=gt.0&select=id&order={order}", {"note": "x"}, prefer="return=representation")
        assert [row["id"] for row in shown] == ids
        answer = workshop.ask("PATCH", f"/rest/v1/things?id=gt.0&select=id&order={order}", {"note": "x"}, prefer="return=representation")
        assert "location" not in answer.headers, "they are several, and the order's columns no key"
    assert workshop.said(200, "PATCH", "/rest/v1/things?id=eq.1&select=makers()", {"note": "x"}, prefer="return=representation") == [{}]
    for makers in ("makers()", "makers(name)"):
        shown = workshop.said(200, "PATCH", f"/rest/v1/things?id=gt.0&select=id,{makers}&makers.name=neq.x&order=makers(name),id.desc",
                              {"note": "x"}, prefer="return=representation")
        assert [row["id"] for row in shown] == [1, 3, 2]
    workshop.refused(400, "PGRST100", "PATCH", "/rest/v1/things?id=gt.0&limit=1", {"note": "x"})


def test_patch_sets_a_null_and_a_key(workshop):
    assert workshop.said(200, "PATCH", "/api/pairs/1,x", {"a": 1, "size": None}) == {"a": 1, "b": "x", "note": "first", "size": None}
    workshop.refused(400, "bad-key", "PATCH", "/api/pairs/1,x", {"a": 9})
    assert workshop.said(200, "PATCH", "/api/pairs?a=1&b=x", {"a": 9, "b": "z"}) == {"changed": 1}, "by a filter a key may change"
    assert workshop.said(200, "PATCH", "/api/pairs/1,y%2Cz", {"size": 1})["b"] == "y,z"


def test_patch_without_anything_to_change_is_refused(workshop):
    for body in ({}, [], [{"size": 1}, {"size": 2}], {"id": 1}):
        workshop.refused(400, "bad-body", "PATCH", "/api/things/1", body)
    workshop.refused(400, "bad-body", "PATCH", "/api/stamped/1", {})
    row = workshop.said(200, "PATCH", "/api/stamped/1", {"text": "new"})
    assert row["changed_at"] > "2026" and row["made_at"].startswith("2020") and row["source"] == "hand"


@pytest.mark.parametrize("method,body", [("PATCH", {"size": 1}), ("DELETE", None)])
def test_a_change_of_every_row_needs_a_word(workshop, method, body):
    problem = workshop.refused(400, "unfiltered", method, "/api/things", body)
    assert "unfiltered: allowed" in problem["hint"]
    workshop.refused(400, "21000", method, "/rest/v1/things?select=id", body)
    workshop.refused(400, "21000", method, "/rest/v1/things?select=id,parts(what)&parts.what=eq.rim", body)
    if method == "PATCH":
        assert workshop.said(200, method, "/api/open_things", body) == {"changed": 2}, "what the rules hide stays"
    else:
        workshop.sql("DELETE FROM parts")
        assert workshop.said(200, method, "/api/open_things") == {"deleted": 2}
        assert workshop.sql("SELECT name FROM things") == "lock"


def test_more_than_allowed_changes_nothing(workshop):
    strict = "handling=strict, max-affected=1"
    problem = workshop.refused(400, "too-many-affected", "PATCH", "/api/things?maker_id=2", {"size": 1}, prefer=strict)
    assert problem["hint"] == "Nothing was changed."
    workshop.refused(400, "PGRST124", "DELETE", "/rest/v1/parts?id=gt.0", prefer=strict)
    workshop.refused(400, "PGRST124", "POST", "/rest/v1/chores", [{"id": 8}, {"id": 9}], prefer=strict)
    assert workshop.said(200, "PATCH", "/api/things?id=2", {"size": 1}, prefer=strict) == {"changed": 1}
    assert workshop.said(200, "PATCH", "/api/things?maker_id=2", {"size": 2}, prefer="max-affected=1") == {"changed": 2}, "lenient"


def test_one_object_of_a_change_of_several_changes_nothing(workshop):
    shown = {"prefer": "return=representation", "accept": OBJECT}
    workshop.refused(406, "PGRST116", "PATCH", "/rest/v1/things?maker_id=eq.2", {"size": 1}, **shown)
    workshop.refused(406, "PGRST116", "DELETE", "/rest/v1/parts?thing_id=eq.1", **shown)
    workshop.refused(406, "PGRST116", "PATCH", "/rest/v1/things?id=eq.99", {"size": 1}, **shown)
    assert workshop.said(200, "PATCH", "/rest/v1/things?id=eq.2&select=size", {"size": 1}, **shown) == {"size": 1}


# --- PUT ---

def test_put_replaces_what_is_there(workshop):
    row = workshop.said(200, "PUT", "/api/things/1", {"name": "disc"})
    assert row == {"id": 1, "name": "disc", "kind": "plain", "size": None, "maker_id": None, "note": "none yet", "doubled": None}
    assert workshop.sql("SELECT secret FROM things WHERE id = 1") == "a", "what is hidden stays"


def test_put_creates_what_is_not_there(workshop):
    answer = workshop.ask("PUT", "/api/things/50", {"name": "disc", "size": 3})
    assert answer.status_code == 201 and answer.json()["id"] == 50 and answer.json()["doubled"] == 6
    assert workshop.ask("PUT", "/rest/v1/makers?id=eq.50", {"id": 50, "name": "Cy"}).status_code == 201
    assert workshop.ask("PUT", "/rest/v1/makers?id=eq.50", {"id": 50, "name": "Di"}).status_code == 204
    assert workshop.said(200, "PUT", "/rest/v1/makers?id=eq.50", {"id": 50, "name": "Ed"}, prefer="return=representation") == [{"id": 50, "name": "Ed"}]
    assert workshop.said(201, "PUT", "/api/pairs/7,new%2Ckey", {"size": 1}) == {"a": 7, "b": "new,key", "note": "new", "size": 1}


def test_put_merges_where_it_is_declared(workshop):
    assert workshop.said(200, "PUT", "/api/merged/1,x", {"size": 70}) == {"a": 1, "b": "x", "note": "first", "size": 70}
    assert workshop.said(404, "PUT", "/api/merged/5,x", {"size": 70})["code"] == "not-found"
    assert workshop.said(200, "PUT", "/api/merged/1,x", {}) == {"a": 1, "b": "x", "note": "first", "size": 70}


def test_put_has_one_key_in_path_and_body(workshop):
    problem = workshop.refused(400, "bad-key", "PUT", "/api/things/1", {"id": 2, "name": "disc"})
    assert problem["column"] == "id"
    assert workshop.said(200, "PUT", "/api/things/1", {"id": 1, "name": "disc"})["id"] == 1
    for filters in ("", "?name=eq.wheel", "?id=gt.1", "?id=eq.1&name=eq.wheel"):
        workshop.refused(400, "PGRST105", "PUT", f"/rest/v1/things{filters}", {"id": 1, "name": "disc"})


def test_put_sets_what_is_of_every_write_and_what_is_of_creation(workshop):
    row = workshop.said(200, "PUT", "/api/stamped/1", {"text": "new"})
    assert row["made_at"].startswith("2020") and row["source"] == "hand" and row["changed_at"] > "2026"
    row = workshop.said(201, "PUT", "/api/stamped/2", {"text": "new"})
    assert row["source"] == "api" and row["made_at"] == row["changed_at"] > "2026"


def test_put_cannot_take_a_row_that_is_hidden(workshop):
    workshop.refused(409, "unique-violation", "PUT", "/api/open_things/3", {"name": "mine"})
    workshop.refused(409, "unique-violation", "PUT", "/api/notes/2", {"text": "mine"})


# --- DELETE ---

def test_delete_of_a_row_says_nothing(workshop):
    answer = workshop.ask("DELETE", "/api/parts/1")
    assert (answer.status_code, answer.text) == (204, "")
    assert workshop.said(404, "DELETE", "/api/parts/1")["code"] == "not-found"
    assert workshop.said(200, "DELETE", "/api/parts/2", prefer="return=representation") in ({"id": 2, "thing_id": 1, "what": "rim"},)


def test_delete_of_several_says_how_many_or_shows_them(workshop):
    assert workshop.said(200, "DELETE", "/api/parts?what=hub") == {"deleted": 1}
    shown = workshop.said(200, "DELETE", "/rest/v1/parts?thing_id=eq.1&select=what,things(name)", prefer="return=representation")
    assert shown == [{"what": "rim", "things": {"name": "wheel"}}]
    assert workshop.sql("SELECT count(*) FROM parts") == "0"


def test_delete_by_rows_that_are_embedded(workshop):
    workshop.sql("INSERT INTO parts VALUES (3, 2, 'hinge')")
    assert workshop.ask("DELETE", "/rest/v1/parts?things.name=eq.gate&select=id,things!inner(name)").status_code == 204
    assert workshop.sql("SELECT id FROM parts ORDER BY id").split() == ["1", "2"]


def test_a_body_of_a_delete_is_passed_over(workshop):
    assert workshop.ask("DELETE", "/api/parts/1", {"id": 2}).status_code == 204
    assert workshop.sql("SELECT id FROM parts") == "2"


def test_a_soft_delete_marks_and_what_is_marked_is_gone(workshop):
    assert workshop.ask("DELETE", "/api/notes/1").status_code == 204
    assert workshop.sql("SELECT count(*) FROM notes WHERE deleted_at > '2026-01-01'") == "1"
    assert workshop.sql("SELECT count(*) FROM notes WHERE deleted_at < '2026-01-01'") == "1", "what was marked before keeps its moment"
    for method, body in (("GET", None), ("PATCH", {"text": "x"}), ("DELETE", None)):
        assert workshop.said(404, method, "/api/notes/1", body)["code"] == "not-found"
    assert workshop.said(200, "DELETE", "/api/notes?id=gt.0") == {"deleted": 0}


# --- what rules hide ---

def test_a_hidden_row_is_neither_changed_nor_deleted(workshop):
    for method, body in (("PATCH", {"size": 1}), ("DELETE", None)):
        assert workshop.said(404, method, "/api/open_things/3", body)["code"] == "not-found"
        assert workshop.said(200, method, "/api/open_things?id=3", body) in ({"changed": 0}, {"deleted": 0})
    assert workshop.sql("SELECT size FROM things WHERE id = 3") == "3"


def test_no_row_is_written_that_would_not_be_seen(workshop):
    workshop.refused(403, "hidden-row", "POST", "/api/open_things", {"name": "vault", "kind": "locked"})
    workshop.refused(403, "hidden-row", "PATCH", "/api/open_things/1", {"kind": "locked"})
    workshop.refused(403, "hidden-row", "PATCH", "/api/open_things", {"kind": "locked"}, prefer="return=minimal")
    assert workshop.sql("SELECT count(*) FROM things WHERE kind = 'locked'") == "1"


def test_a_hidden_column_can_be_neither_written_nor_asked_by(workshop):
    workshop.refused(400, "unknown-column", "PATCH", "/api/things/1", {"secret": "x"})
    workshop.refused(400, "unknown-column", "PATCH", "/api/things?secret=a", {"size": 1})
    workshop.refused(400, "unknown-column", "DELETE", "/api/things?secret=a")
    workshop.refused(400, "42703", "PATCH", "/rest/v1/things?id=eq.1&select=secret", {"size": 1}, prefer="return=representation")
