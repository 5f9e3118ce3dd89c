# SPDX-License-Identifier: Apache-2.0
"""What the client asks of one table: columns, comparisons, order, pages, errors."""
import pytest


def test_all_rows_and_columns_come_with_their_types(js):
    said = js("client.from('mills').select().order('id')")
    assert said["status"] == 200 and len(said["data"]) == 5 and said["count"] is None
    assert said["data"][0] == {"id": 1, "name": "Town Mill", "river_id": 1, "owner_id": 1, "built": 1340, "working": True,
                               "grain": "wheat", "info": {"wheels": 2, "kind": "overshot", "stones": ["french", "peak"]}}


def test_columns_are_chosen(js):
    assert js.data("client.from('mills').select('name, id').eq('id', 2)") == [{"name": "Otterton", "id": 2}]


# The filter methods that compare a column with a value, and whom they find.
COMPARISONS = {
    "eq('name', 'Town Mill')": [1],
    "eq('name', 'Weir_4 100%')": [4],
    "eq('working', false)": [3, 5],
    "neq('grain', 'wheat')": [3, 4, 5],
    "gt('built', 1340)": [3, 5],
    "gte('built', 1340)": [1, 3, 5],
    "lt('built', 1340)": [2],
    "lte('built', 1340)": [1, 2],
    "like('name', '%Mill')": [1],
    "like('name', '%mill')": [],
    "ilike('name', 'OTTER%')": [2],
    "is('built', null)": [4],
    "is('working', true)": [1, 2, 4],
    "in('id', [1, 3, 99])": [1, 3],
    "in('name', ['Otterton', 'Dart, upper', 'Old Forge'])": [2, 3],
    "in('id', [])": [],
    "match({grain: 'wheat', river_id: 1})": [1],
    "not('built', 'is', null)": [1, 2, 3, 5],
    "not('id', 'in', '(1,2)')": [3, 4, 5],
    "filter('grain', 'in', '(rye,oats)')": [4, 5],
    "filter('grain', 'not.eq', 'wheat')": [3, 4, 5],
    "eq('river_id', 1).eq('working', true)": [1],
    "gte('built', 1100).lt('built', 1700)": [1, 3],
}


@pytest.mark.parametrize("method", COMPARISONS)
def test_a_filter_finds_whom_it_should(js, method):
    assert js.ids(f"client.from('mills').select('id').{method}.order('id')") == COMPARISONS[method]


def test_values_with_commas_and_parentheses_are_found(js):
    assert js.ids("client.from('rivers').select('id').eq('name', 'Dart, upper')") == [3]
    assert js.ids("client.from('rivers').select('id').in('name', ['Dart, upper', 'Exe']).order('id')") == [3, 4]
    assert js.ids("client.from('millers').select('id').in('name', ['Bo (the elder)', 'Çelik']).order('id')") == [2, 3]


@pytest.mark.parametrize("order,ids", [
    ("order('name')", [5, 3, 2, 1, 4]),
    ("order('name', {ascending: false})", [4, 1, 2, 3, 5]),
    ("order('built')", [2, 1, 3, 5, 4]),
    ("order('built', {ascending: false})", [4, 5, 3, 1, 2]),
    ("order('built', {nullsFirst: true})", [4, 2, 1, 3, 5]),
    ("order('built', {ascending: false, nullsFirst: false})", [5, 3, 1, 2, 4]),
    ("order('grain').order('id', {ascending: false})", [3, 5, 4, 2, 1]),
])
def test_rows_come_in_the_order_asked_for(js, order, ids):
    assert js.ids(f"client.from('mills').select('id').{order}") == ids


def test_a_limit_and_a_range_cut_pages_out(js):
    assert js.ids("client.from('mills').select('id').order('id').limit(2)") == [1, 2]
    assert js.ids("client.from('mills').select('id').order('id').range(1, 3)") == [2, 3, 4]
    assert js.ids("client.from('mills').select('id').order('id').range(4, 10)") == [5]
    assert js.ids("client.from('mills').select('id').limit(0)") == []


def test_an_unknown_table_is_an_error_that_names_it(js):
    error = js.error("client.from('milss').select()", 404)
    assert "milss" in error["message"] and error["code"] == "PGRST205"


def test_an_unknown_column_is_an_error_that_names_it(js):
    for code in ("client.from('mills').select('nam')", "client.from('mills').select().eq('nam', 1)", "client.from('mills').select().order('nam')"):
        error = js.error(code, 400)
        assert "nam" in error["message"] and error["code"] == "42703", error


def test_a_value_of_the_wrong_type_is_an_error_that_names_it(js):
    error = js.error("client.from('mills').select().eq('built', 'old')", 400)
    assert "old" in error["message"] and error["code"] == "22P02"


def test_throw_on_error_throws(js):
    assert js("client.from('mills').select('nam').throwOnError().then(() => ({thrown_as: null}), error => ({thrown_as: error.code}))")["thrown_as"] == "42703"
