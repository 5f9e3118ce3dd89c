# SPDX-License-Identifier: Apache-2.0
"""Functions of PostgreSQL, called by the client; and schemas."""
import pytest

from leat import Leat
from .conftest import CONFIG, Client, opened

FUNCTIONS = """
CREATE FUNCTION add_up(a int, b int DEFAULT 10) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION longest(words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT w FROM unnest(words) w ORDER BY length(w) DESC LIMIT 1';
CREATE FUNCTION mills_on(river text) RETURNS SETOF mills LANGUAGE sql STABLE AS
    'SELECT m.* FROM mills m JOIN rivers r ON r.id = m.river_id WHERE r.name = river';
CREATE FUNCTION first_mill() RETURNS mills LANGUAGE sql STABLE AS 'SELECT * FROM mills ORDER BY id LIMIT 1';
CREATE FUNCTION figures() RETURNS TABLE (grain text, mills bigint) LANGUAGE sql STABLE AS
    'SELECT grain, count(*) FROM mills GROUP BY grain ORDER BY grain';
CREATE FUNCTION ids() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT id FROM mills ORDER BY id';
CREATE FUNCTION echo(json) RETURNS json LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION build_river(id int, name text) RETURNS void LANGUAGE sql AS 'INSERT INTO rivers VALUES ($1, $2)';
CREATE FUNCTION refuse(why text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', why USING HINT = 'ask again'; END $$;
CREATE SCHEMA mines; CREATE TABLE mines.shafts (id int PRIMARY KEY, depth int); INSERT INTO mines.shafts VALUES (1, 400);
"""
NAMES = ("add_up", "longest", "mills_on", "first_mill", "figures", "ids", "echo", "build_river", "refuse")


@pytest.fixture(scope="module")
def called(modules, store, tmp_path_factory):
    if store != "postgresql":
        pytest.skip("PostgreSQL alone has functions and schemas")
    config = CONFIG.replace("licences: {}}", "licences: {}, mines.shafts: {}}") + "functions: {" + ", ".join(
        f"{name}: {{call: anonymous}}" for name in NAMES) + "}\n"
    with opened(store, tmp_path_factory.mktemp("called")) as database:
        database.sql(FUNCTIONS)
        with Leat(database=database.url, config=config) as leat, Client(leat.await_ready(), modules) as client:
            yield database, client


@pytest.fixture
def js(called):
    return called[1]


@pytest.mark.parametrize("options", ["", ", {get: true}"])
def test_a_function_of_a_value_answers_with_it(js, options):
    assert js.data(f"client.rpc('add_up', {{a: 2, b: 3}}{options})") == 5
    assert js.data(f"client.rpc('add_up', {{a: 2}}{options})") == 12
    assert js.data(f"client.rpc('longest', {{words: ['mill', 'sluice', 'leat']}}{options})") == "sluice"


@pytest.mark.parametrize("options", ["{}", "{get: true}"])
def test_rows_of_a_function_are_filtered_chosen_and_cut_like_a_tables(js, options):
    call = f"client.rpc('mills_on', {{river: 'Teign'}}, {options})"
    assert [row["id"] for row in js.data(f"{call}.order('id')")] == [1, 3]
    assert js.data(f"{call}.select('id, name').eq('working', true)") == [{"id": 1, "name": "Town Mill"}]
    assert js.data(f"{call}.select('id').order('id', {{ascending: false}}).limit(1).single()") == {"id": 3}
    assert js.data(f"{call}.select('id, rivers(name)').eq('id', 1)") == [{"id": 1, "rivers": {"name": "Teign"}}]


def test_rows_of_a_function_are_counted(js):
    assert js("client.rpc('mills_on', {river: 'Teign'}, {count: 'exact', get: true}).limit(1)")["count"] == 2
    said = js("client.rpc('mills_on', {river: 'Teign'}, {count: 'exact', head: true})")
    assert said["count"] == 2 and said["data"] is None and said["error"] is None


def test_one_row_a_table_and_a_column_of_values_have_their_forms(js):
    assert js.data("client.rpc('first_mill')")["name"] == "Town Mill"
    assert js.data("client.rpc('figures')")[-1] == {"grain": "wheat", "mills": 2}
    assert js.data("client.rpc('ids')") == [1, 2, 3, 4, 5]


def test_a_single_parameter_without_a_name_is_the_whole_body(js):
    assert js.data("client.rpc('echo', {any: ['thing', {at: 'all'}]})") == {"any": ["thing", {"at": "all"}]}


def test_a_function_that_changes_is_called_by_post_alone(js, called):
    said = js("client.rpc('build_river', {id: 50, name: 'Tavy'})")
    assert said["error"] is None and said["data"] is None and said["status"] == 204
    assert called[0].sql("SELECT name FROM rivers WHERE id = 50").strip() == "Tavy"
    assert js("client.rpc('build_river', {id: 51, name: 'Lyd'}, {get: true})")["status"] == 405
    assert called[0].sql("SELECT count(*) FROM rivers WHERE id = 51").strip() == "0"


def test_what_a_function_raises_is_an_error_with_its_hint(js):
    error = js.error("client.rpc('refuse', {why: 'no water today'})", 400)
    assert (error["code"], error["message"], error["hint"]) == ("P0001", "no water today", "ask again")


@pytest.mark.parametrize("call", ["rpc('nothing')", "rpc('add_up', {c: 1})", "rpc('add_up')"])
def test_a_function_that_is_not_there_is_an_error(js, call):
    assert js.error(f"client.{call}", 404)["code"] == "PGRST202"


def test_an_argument_of_the_wrong_type_is_an_error(js):
    assert js.error("client.rpc('add_up', {a: 'two'})", 400)["code"] == "22P02"


def test_a_schema_is_chosen(js):
    assert js.data("client.schema('mines').from('shafts').select()") == [{"id": 1, "depth": 400}]
    assert js.ids("client.schema('public').from('mills').select('id').eq('id', 1)") == [1]
    assert js.error("client.schema('mines').from('mills').select()", 404)["code"] == "PGRST205"
    assert js.error("client.schema('secret').from('mills').select()", 406)["code"] == "PGRST106"
