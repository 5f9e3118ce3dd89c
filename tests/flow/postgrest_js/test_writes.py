# SPDX-License-Identifier: Apache-2.0
"""insert, update, upsert and delete by the client, and what is in the database afterwards."""
import json

import pytest

from leat import Leat
from .conftest import CONFIG, ROWS, Client, opened

TABLES = ("licences", "repairs", "mills_millers", "mills", "millers", "rivers")


@pytest.fixture(scope="module")
def written(store, modules, tmp_path_factory):
    """(database, client) whose rows a test may change."""
    config = CONFIG.replace("read: anonymous", "read: anonymous, write: anonymous")
    with opened(store, tmp_path_factory.mktemp("written")) as database, Leat(database=database.url, config=config) as leat, \
            Client(leat.await_ready(), modules) as client:
        yield database, client


@pytest.fixture
def db(written):
    """The database, its rows as they were at first."""
    database, _ = written
    database.sql("BEGIN;" + "".join(f"DELETE FROM {table};" for table in TABLES) + ROWS + "COMMIT;")
    return database


@pytest.fixture
def js(written, db):
    return written[1]


def names(db):
    return db.sql("SELECT name FROM rivers ORDER BY id;").splitlines()


AT_FIRST = ["Teign", "Otter", "Dart, upper", "Exe"]


# --- insert ---

def test_a_row_is_inserted_and_nothing_is_said(js, db):
    said = js("client.from('rivers').insert({id: 5, name: 'Avon'})")
    assert (said["status"], said["data"], said["error"]) == (201, None, None)
    assert names(db) == [*AT_FIRST, "Avon"]


def test_the_inserted_row_comes_back_when_asked_for(js, db):
    said = js("client.from('mills').insert({id: 9, name: 'New', river_id: 4, info: {wheels: 1, parts: ['ä', null]}}).select()")
    assert said["status"] == 201
    assert said["data"] == [{"id": 9, "name": "New", "river_id": 4, "owner_id": None, "built": None, "working": True, "grain": "rye",
                             "info": {"wheels": 1, "parts": ["ä", None]}}]
    assert js.data("client.from('mills').select('info').eq('id', 9).single()") == {"info": {"wheels": 1, "parts": ["ä", None]}}


def test_what_comes_back_is_chosen_and_embeds(js):
    assert js.data("client.from('mills').insert({id: 9, name: 'New', river_id: 4}).select('title:name, rivers(name)').single()") == {
        "title": "New", "rivers": {"name": "Exe"}}


def test_many_rows_are_inserted_as_one(js, db):
    said = js("client.from('rivers').insert([{id: 5, name: 'Avon'}, {id: 6, name: 'Erme'}], {count: 'exact'}).select('id')")
    assert said["data"] == [{"id": 5}, {"id": 6}] and said["count"] == 2
    error = js.error("client.from('rivers').insert([{id: 7, name: 'Yealm'}, {id: 8, name: 'Exe'}])", 409)
    assert error["code"] == "23505"
    assert names(db) == [*AT_FIRST, "Avon", "Erme"]


def test_no_rows_are_inserted_by_an_empty_list(js, db):
    assert js.data("client.from('rivers').insert([]).select()") == []
    assert names(db) == AT_FIRST


def test_members_that_some_rows_lack_are_null_or_by_default(js):
    rows = "[{id: 8, name: 'A', grain: 'oats'}, {id: 9, name: 'B'}]"
    assert js.error(f"client.from('mills').insert({rows})", 400)["code"] == "23502"
    assert js.data(f"client.from('mills').insert({rows}, {{defaultToNull: false}}).select('id, grain, working')") == [
        {"id": 8, "grain": "oats", "working": True}, {"id": 9, "grain": "rye", "working": True}]


# --- what is refused, and changes nothing ---

@pytest.mark.parametrize("row,status,code,words", [
    ("{id: 9, name: 'Otterton'}", 409, "23505", ["name", "Otterton"]),
    ("{id: 1, name: 'Again'}", 409, "23505", ["id"]),
    ("{id: 9, name: 'X', river_id: 77}", 409, "23503", ["river_id"]),
    ("{id: 9, name: null}", 400, "23502", ["name"]),
    ("{id: 9, name: 'X', built: 7}", 400, "23514", ["built"]),
    ("{id: 9, name: 'X', built: 'old'}", 400, "22P02", ["old"]),
    ("{id: 9, name: 'X', colour: 'red'}", 400, "PGRST204", ["colour"]),
    ("[{id: 9, name: 'X', colour: 'red'}]", 400, "PGRST204", ["colour"]),
])
def test_a_row_that_cannot_be_is_an_error_that_names_what_is_wrong(js, db, row, status, code, words):
    before = db.sql("SELECT count(*) FROM mills;")
    error = js.error(f"client.from('mills').insert({row})", status)
    assert error["code"] == code, error
    assert all(word in json.dumps(error) for word in words), error
    assert db.sql("SELECT count(*) FROM mills;") == before


# --- update ---

def test_rows_are_updated_and_nothing_is_said(js, db):
    said = js("client.from('rivers').update({name: 'Teign, lower'}).eq('id', 1)")
    assert (said["status"], said["data"], said["error"]) == (204, None, None)
    assert names(db) == ["Teign, lower", *AT_FIRST[1:]]


def test_updated_rows_come_back_when_asked_for(js):
    said = js("client.from('mills').update({grain: 'barley', built: null, info: {a: [1]}}, {count: 'exact'}).eq('grain', 'wheat')"
              ".select('id, grain, built, info').order('id')")
    assert said["status"] == 200 and said["count"] == 2
    assert said["data"] == [{"id": 1, "grain": "barley", "built": None, "info": {"a": [1]}}, {"id": 2, "grain": "barley", "built": None, "info": {"a": [1]}}]


def test_updating_nobody_is_no_error_unless_one_was_asked_for(js):
    assert js.data("client.from('mills').update({grain: 'oats'}).eq('id', 99).select()") == []
    assert js.error("client.from('mills').update({grain: 'oats'}).eq('id', 99).select().single()", 406)["code"] == "PGRST116"
    assert js.data("client.from('mills').update({grain: 'oats'}).eq('id', 99).select().maybeSingle()") is None


def test_one_object_asked_for_and_several_updated_changes_nothing(js, db):
    assert js.error("client.from('mills').update({grain: 'oats'}).eq('grain', 'wheat').select().single()", 406)["code"] == "PGRST116"
    assert db.sql("SELECT count(*) FROM mills WHERE grain = 'wheat';").strip() == "2"


def test_more_rows_than_allowed_are_not_changed(js, db):
    assert js.error("client.from('mills').update({grain: 'oats'}).eq('grain', 'wheat').maxAffected(1)", 400)["code"] == "PGRST124"
    assert js.error("client.from('repairs').delete().eq('mill_id', 1).maxAffected(2)", 400)["code"] == "PGRST124"
    assert db.sql("SELECT count(*) FROM mills WHERE grain = 'wheat';").strip() == "2"
    assert js.data("client.from('mills').update({grain: 'oats'}).eq('grain', 'wheat').maxAffected(2).select('id')")


@pytest.mark.parametrize("code", ["client.from('rivers').update({name: 'All'})", "client.from('repairs').delete()"])
def test_a_change_of_every_row_is_refused(js, db, code):
    js.error(code, 400)
    assert names(db) == AT_FIRST and db.sql("SELECT count(*) FROM repairs;").strip() == "5"


# --- upsert ---

def test_upsert_inserts_or_changes_by_the_key(js, db):
    said = js("client.from('rivers').upsert([{id: 4, name: 'Exe, upper'}, {id: 5, name: 'Avon'}]).select('id, name')")
    assert said["status"] in (200, 201)
    assert sorted(said["data"], key=lambda row: row["id"]) == [{"id": 4, "name": "Exe, upper"}, {"id": 5, "name": "Avon"}]
    assert names(db) == [*AT_FIRST[:3], "Exe, upper", "Avon"]


def test_upsert_leaves_columns_alone_that_it_was_not_given(js):
    assert js.data("client.from('mills').upsert({id: 1, name: 'Town Mill', grain: 'oats'}).select('id, grain, built').single()") == {
        "id": 1, "grain": "oats", "built": 1340}


def test_upsert_goes_by_the_columns_named(js, db):
    assert js.data("client.from('mills').upsert({id: 77, name: 'Old Forge', grain: 'maize'}, {onConflict: 'name'}).select('id, name, grain')") == [
        {"id": 77, "name": "Old Forge", "grain": "maize"}], "all that is given is set, the key, too"
    assert js.error("client.from('mills').upsert({id: 78, name: 'Cuckoo'}, {onConflict: 'name'})", 409)["code"] == "23503", "others refer to it"
    assert db.sql("SELECT count(*) FROM mills;").strip() == "5"


def test_upsert_may_ignore_rows_that_are_there(js, db):
    assert js.data("client.from('rivers').upsert([{id: 4, name: 'Other'}, {id: 5, name: 'Avon'}], {ignoreDuplicates: true}).select('id')") == [{"id": 5}]
    assert names(db) == [*AT_FIRST, "Avon"]


def test_upsert_by_a_key_of_two_columns(js, db):
    js.data("client.from('mills_millers').upsert([{mill_id: 5, miller_id: 4, since: 1850}, {mill_id: 5, miller_id: 1, since: 1851}])")
    assert db.sql("SELECT miller_id, since FROM mills_millers WHERE mill_id = 5 ORDER BY 1;").split() == ["1|1851", "4|1850"]


# --- delete ---

def test_rows_are_deleted_and_nothing_is_said(js, db):
    said = js("client.from('repairs').delete().eq('mill_id', 1).gt('cost', 10)")
    assert (said["status"], said["data"], said["error"]) == (204, None, None)
    assert db.sql("SELECT id FROM repairs ORDER BY id;").split() == ["3", "4", "5"]


def test_deleted_rows_come_back_when_asked_for(js, db):
    said = js("client.from('repairs').delete({count: 'exact'}).in('id', [1, 2, 99]).select('id, what')")
    assert said["status"] == 200 and said["count"] == 2
    assert sorted(row["what"] for row in said["data"]) == ["roof", "wheel"]


def test_a_row_that_others_point_at_stays(js, db):
    assert js.error("client.from('rivers').delete().eq('id', 1)", 409)["code"] == "23503"
    assert names(db) == AT_FIRST
    assert js.data("client.from('mills').delete().eq('id', 1).select('id')") == [{"id": 1}], "what cascades goes"
    assert db.sql("SELECT count(*) FROM repairs WHERE mill_id = 1;").strip() == "0"
