# SPDX-License-Identifier: Apache-2.0
"""Related rows within rows, as the client asks for them."""
import pytest


def test_rows_that_point_here_come_as_a_list(js):
    assert js.data("client.from('rivers').select('name, mills(id)').order('id').order('id', {referencedTable: 'mills'})") == [
        {"name": "Teign", "mills": [{"id": 1}, {"id": 3}]}, {"name": "Otter", "mills": [{"id": 2}]},
        {"name": "Dart, upper", "mills": [{"id": 5}]}, {"name": "Exe", "mills": []}]


def test_the_row_pointed_at_comes_as_an_object_or_null(js):
    assert js.data("client.from('mills').select('id, rivers(name)').order('id')") == [
        {"id": 1, "rivers": {"name": "Teign"}}, {"id": 2, "rivers": {"name": "Otter"}}, {"id": 3, "rivers": {"name": "Teign"}},
        {"id": 4, "rivers": None}, {"id": 5, "rivers": {"name": "Dart, upper"}}]


def test_a_row_that_there_is_but_one_of_comes_as_an_object_or_null(js):
    assert js.data("client.from('mills').select('id, licences(number)').lte('id', 3).order('id')") == [
        {"id": 1, "licences": {"number": "L-100"}}, {"id": 2, "licences": {"number": "L-200"}}, {"id": 3, "licences": None}]


def test_rows_joined_by_a_table_between_come_as_a_list(js):
    assert js.data("client.from('mills').select('id, millers!mills_millers(name)').in('id', [1, 3, 5]).order('id')"
                   ".order('name', {referencedTable: 'millers'})") == [
        {"id": 1, "millers": [{"name": "Ann"}, {"name": "Bo (the elder)"}]}, {"id": 3, "millers": []}, {"id": 5, "millers": [{"name": "Dee"}]}]
    assert js.data("client.from('millers').select('name, mills!mills_millers(id)').eq('id', 2).order('id', {referencedTable: 'mills'})") == [
        {"name": "Bo (the elder)", "mills": [{"id": 1}, {"id": 2}]}]


def test_two_ways_to_a_table_need_a_hint(js):
    error = js("client.from('mills').select('id, millers(name)')")
    assert error["status"] == 300 and error["error"]["code"] == "PGRST201"
    ways = {way["cardinality"]: way for way in error["error"]["details"]}
    assert len(error["error"]["details"]) == 2 and {way["embedding"] for way in ways.values()} == {"mills with millers"}
    assert ways["many-to-one"]["relationship"].endswith(" using mills(owner_id) and millers(id)")
    assert ways["many-to-many"]["relationship"].startswith("mills_millers using ")
    assert js.data("client.from('mills').select('id, owner:millers!owner_id(name)').lte('id', 3).order('id')") == [
        {"id": 1, "owner": {"name": "Ann"}}, {"id": 2, "owner": {"name": "Bo (the elder)"}}, {"id": 3, "owner": None}]
    assert js.data("client.from('millers').select('id, owned:mills!owner_id(id)').eq('id', 1).order('id', {referencedTable: 'owned'})") == [
        {"id": 1, "owned": [{"id": 1}, {"id": 5}]}]


def test_the_name_of_a_constraint_is_a_hint(js, mills):
    if mills.store == "postgresql":
        assert js.data("client.from('mills').select('id, millers!mills_owner_id_fkey(id)').eq('id', 1)") == [{"id": 1, "millers": {"id": 1}}]


def test_embedding_goes_to_any_depth(js):
    assert js.data("client.from('rivers').select('id, mills(id, repairs(what), licences(number))').eq('id', 1)"
                   ".order('id', {referencedTable: 'mills'}).order('what', {referencedTable: 'mills.repairs'})") == [
        {"id": 1, "mills": [
            {"id": 1, "repairs": [{"what": "roof"}, {"what": "sluice"}, {"what": "wheel"}], "licences": {"number": "L-100"}},
            {"id": 3, "repairs": [], "licences": None}]}]
    assert js.data("client.from('licences').select('number, mills(name, rivers(name, mills(id)))').eq('number', 'L-200')") == [
        {"number": "L-200", "mills": {"name": "Otterton", "rivers": {"name": "Otter", "mills": [{"id": 2}]}}}]


def test_the_table_between_can_be_asked_for(js):
    assert js.data("client.from('mills').select('id, mills_millers(since, millers(name))').eq('id', 2)"
                   ".order('since', {referencedTable: 'mills_millers'})") == [
        {"id": 2, "mills_millers": [{"since": 1780, "millers": {"name": "Bo (the elder)"}}, {"since": 1801, "millers": {"name": "Çelik"}}]}]


def test_a_filter_on_the_embedded_cuts_the_list_and_with_inner_the_rows(js):
    idle = ".eq('mills.working', false).order('id')"
    assert js.data(f"client.from('rivers').select('id, mills(id)'){idle}") == [
        {"id": 1, "mills": [{"id": 3}]}, {"id": 2, "mills": []}, {"id": 3, "mills": [{"id": 5}]}, {"id": 4, "mills": []}]
    assert js.data(f"client.from('rivers').select('id, mills!inner(id)'){idle}") == [
        {"id": 1, "mills": [{"id": 3}]}, {"id": 3, "mills": [{"id": 5}]}]
    assert js.data(f"client.from('rivers').select('id, mills!inner()'){idle}") == [{"id": 1}, {"id": 3}]
    assert js.data("client.from('rivers').select('id, mills!left(id)').eq('id', 4)") == [{"id": 4, "mills": []}]
    assert js.ids("client.from('mills').select('id, rivers!inner(name)').eq('rivers.name', 'Teign').order('id')") == [1, 3]
    assert js.ids("client.from('rivers').select('id, mills!inner(repairs!inner())').eq('mills.repairs.what', 'leat')") == [2]


def test_rows_without_related_ones_are_found(js):
    assert js.ids("client.from('mills').select('id, rivers()').is('rivers', null)") == [4]
    assert js.ids("client.from('mills').select('id, repairs()').is('repairs', null).order('id')") == [3, 4]
    assert js.ids("client.from('mills').select('id, repairs()').not('repairs', 'is', null).order('id')") == [1, 2, 5]


def test_order_limit_and_groups_hold_within(js):
    assert js.data("client.from('rivers').select('id, mills(id)').eq('id', 1).order('id', {referencedTable: 'mills', ascending: false})"
                   ".limit(1, {referencedTable: 'mills'})") == [{"id": 1, "mills": [{"id": 3}]}]
    assert js.data("client.from('mills').select('id, repairs(id)').eq('id', 1).order('id', {referencedTable: 'repairs'})"
                   ".range(1, 2, {referencedTable: 'repairs'})") == [{"id": 1, "repairs": [{"id": 2}, {"id": 5}]}]
    assert js.data("client.from('rivers').select('id, mills(id)').lte('id', 2).order('id')"
                   ".or('working.is.false,built.lt.1100', {referencedTable: 'mills'})") == [
        {"id": 1, "mills": [{"id": 3}]}, {"id": 2, "mills": [{"id": 2}]}]


def test_a_limit_within_holds_for_each_row_of_its_own(js):
    assert js.data("client.from('mills').select('id, repairs(id)').in('id', [1, 2]).order('id')"
                   ".order('id', {referencedTable: 'repairs'}).limit(1, {referencedTable: 'repairs'})") == [
        {"id": 1, "repairs": [{"id": 1}]}, {"id": 2, "repairs": [{"id": 3}]}]


def test_rows_are_ordered_by_the_one_they_point_at(js):
    assert js.ids("client.from('mills').select('id, rivers(name)').order('rivers(name)').order('id')") == [5, 2, 1, 3, 4]
    assert js.ids("client.from('mills').select('id, rivers(name)').order('rivers(name)', {ascending: false, nullsFirst: false}).order('id')") == [
        1, 3, 2, 5, 4]


def test_an_alias_is_the_name_to_filter_by(js):
    assert js.data("client.from('rivers').select('id, idle:mills(id), busy:mills(id)').eq('id', 1)"
                   ".eq('idle.working', false).eq('busy.working', true)") == [{"id": 1, "idle": [{"id": 3}], "busy": [{"id": 1}]}]


def test_columns_of_the_row_pointed_at_are_spread(js):
    assert js.data("client.from('mills').select('id, ...rivers(river:name)').in('id', [1, 4]).order('id')") == [
        {"id": 1, "river": "Teign"}, {"id": 4, "river": None}]


def test_related_rows_are_counted_and_added_up(js):
    assert js.data("client.from('rivers').select('name, mills(count)').lte('id', 2).order('id')") == [
        {"name": "Teign", "mills": [{"count": 2}]}, {"name": "Otter", "mills": [{"count": 1}]}]
    assert js.data("client.from('mills').select('id, repairs(cost.sum())').eq('id', 1)") == [{"id": 1, "repairs": [{"sum": 63}]}]


def test_rows_are_counted_after_inner(js):
    said = js("client.from('rivers').select('id, mills!inner(id)', {count: 'exact'}).eq('mills.working', true).order('id').limit(1)")
    assert [row["id"] for row in said["data"]] == [1] and said["count"] == 2


def test_one_object_embeds_too(js):
    assert js.data("client.from('mills').select('name, rivers(name), repairs(id)').eq('id', 2).single()") == {
        "name": "Otterton", "rivers": {"name": "Otter"}, "repairs": [{"id": 3}]}


@pytest.mark.parametrize("select", ["id, weirs(id)", "id, rivers!owner_id(id)", "id, mills(id)"])
def test_what_is_not_related_is_an_error(js, select):
    assert js.error(f"client.from('mills').select('{select}')", 400)["code"] == "PGRST200"


def test_a_filter_on_what_is_not_embedded_is_an_error(js):
    assert js.error("client.from('mills').select('id').eq('rivers.name', 'Teign')", 400)["code"] == "PGRST108"


def test_an_unknown_column_of_the_embedded_is_an_error(js):
    assert js.error("client.from('mills').select('id, rivers(nam)')", 400)["code"] == "42703"
