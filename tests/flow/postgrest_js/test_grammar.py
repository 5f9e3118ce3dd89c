# SPDX-License-Identifier: Apache-2.0
"""The rest of the client's filters and of what `select` may say of one table."""
import pytest

# Filter methods and whom they find: on both stores.
FILTERS = {
    "or('id.eq.1,name.eq.Cuckoo')": [1, 5],
    "or('id.eq.2,and(grain.eq.wheat,river_id.eq.1)')": [1, 2],
    "or('not.and(id.gte.2,id.lte.4),built.is.null')": [1, 4, 5],
    "or('id.in.(1,2),name.like.*Forge')": [1, 2, 3],
    "or('name.eq.\"Weir_4 100%\",id.eq.1')": [1, 4],
    "or('id.eq.1,id.eq.2').or('river_id.eq.1,river_id.eq.3')": [1],
    "likeAllOf('name', ['%o%', '%l%'])": [1, 3],
    "likeAnyOf('name', ['Town%', '%koo'])": [1, 5],
    "ilikeAllOf('name', ['O%', '%T%'])": [2],
    "ilikeAnyOf('name', ['town%', 'OLD%'])": [1, 3],
    "filter('id', 'eq(any)', '{1,3}')": [1, 3],
    "filter('built', 'gt(all)', '{1100,1400}')": [3, 5],
    "filter('owner_id', 'isdistinct', '1')": [2, 3, 4],
    "not('owner_id', 'isdistinct', '1')": [1, 5],
    "filter('info->>kind', 'eq', 'breast')": [2, 5],
    "eq('info->>wheels', 2)": [1],
    "is('info->kind', null)": [3, 4],
    "filter('info->stones->>0', 'eq', 'french')": [1],
}


@pytest.mark.parametrize("method", FILTERS)
def test_a_filter_finds_whom_it_should(js, method):
    assert js.ids(f"client.from('mills').select('id').{method}.order('id')") == FILTERS[method]


def test_columns_have_aliases_and_casts(js):
    assert js.data("client.from('mills').select('number:id, built::text, title:name::text').eq('id', 1)") == [
        {"number": 1, "built": "1340", "title": "Town Mill"}]


def test_members_of_json_are_columns(js):
    assert js.data("client.from('mills').select('id, info->wheels, info->>kind, first:info->stones->>0, all:info->stones').eq('id', 1)") == [
        {"id": 1, "wheels": 2, "kind": "overshot", "first": "french", "all": ["french", "peak"]}]
    assert js.ids("client.from('mills').select('id').order('info->>kind', {nullsFirst: false}).order('id')") == [2, 5, 1, 3, 4]


@pytest.mark.parametrize("asked,ids", [("eq('info->wheels', 2)", [1]), ("order('info->wheels', {nullsFirst: false}).order('id')", [4, 2, 1, 5, 3])])
def test_json_itself_has_an_order_on_postgresql_alone(js, mills, asked, ids):
    code = f"client.from('mills').select('id').{asked}"
    if mills.store == "postgresql":
        assert js.ids(code) == ids
    else:
        assert js.error(code, 400)["code"] == "42883"


def test_aggregates_are_grouped_by_the_other_columns(js):
    assert js.data("client.from('mills').select('grain, count(), oldest:built.min()').order('grain')") == [
        {"grain": "none", "count": 1, "oldest": 1690}, {"grain": "oats", "count": 1, "oldest": 1805},
        {"grain": "rye", "count": 1, "oldest": None}, {"grain": "wheat", "count": 2, "oldest": 1086}]
    assert js.data("client.from('repairs').select('cost.sum(), cost.avg()::text, cost.max(), count()')")[0]["sum"] == 153


@pytest.mark.parametrize("filters", ["or('id.eq.1')", "or('id.nonsense.1,id.eq.2')", "or('id.eq.1,,id.eq.2')", "or('and(id.eq.1')", "or('')"])
def test_a_group_that_is_not_well_formed_is_an_error_or_one_condition(js, filters):
    said = js(f"client.from('mills').select('id').{filters}")
    if filters == "or('id.eq.1')":
        assert said["data"] == [{"id": 1}]
    else:
        assert said["status"] == 400 and said["error"]["code"] == "PGRST100", said


# --- what only PostgreSQL has ---

@pytest.fixture(scope="module")
def archive(mills):
    """Columns of PostgreSQL's own types; None on SQLite."""
    mills.sql(mills.pick("CREATE TABLE archive (id INTEGER PRIMARY KEY, tags TEXT, open TEXT, words TEXT, doc JSON);", """
        CREATE TABLE archive (id integer PRIMARY KEY, tags text[], open int4range, words tsvector, doc jsonb);
        INSERT INTO archive VALUES
            (1, '{mill,river}', '[10,20)', to_tsvector('english', 'The old mill grinds slowly'), '{"a": 1, "b": {"c": true}}'),
            (2, '{mill,"two words"}', '[20,30)', to_tsvector('english', 'A weir and a leat'), '{"a": 2}'),
            (3, '{}', '[5,8)', to_tsvector('english', 'Mills along the river'), '{"b": {"c": true, "d": 0}}');"""))
    return mills.store == "postgresql"


@pytest.fixture(scope="module")
def archivist(archive, mills, modules):
    from leat import Leat
    from .conftest import Client
    with Leat(database=mills.url, config="serve: {/rest/v1: postgrest}\ndefaults: {read: anonymous}\nresources: {archive: {}}") as leat, \
            Client(leat.await_ready(), modules) as client:
        yield client


POSTGRESQL_FILTERS = {
    "contains('tags', ['mill'])": [1, 2],
    "contains('tags', '{\"two words\"}')": [2],
    "containedBy('tags', ['mill', 'river', 'weir'])": [1, 3],
    "overlaps('tags', ['river', 'weir'])": [1],
    "contains('doc', {b: {c: true}})": [1, 3],
    "containedBy('doc', {a: 2, z: 0})": [2],
    "contains('open', '[12,13]')": [1],
    "containedBy('open', '[0,25)')": [1, 3],
    "overlaps('open', '[7,11)')": [1, 3],
    "rangeGt('open', '[8,12)')": [2],
    "rangeGte('open', '[10,12)')": [1, 2],
    "rangeLt('open', '[15,40)')": [3],
    "rangeLte('open', '[15,20)')": [1, 3],
    "rangeAdjacent('open', '[20,22)')": [1],
    "textSearch('words', 'mill & !river', {config: 'english'})": [1],
    "textSearch('words', \"'leat' | 'grind'\")": [1, 2],
    "textSearch('words', 'mills rivers', {type: 'plain', config: 'english'})": [3],
    "textSearch('words', 'old mill', {type: 'phrase', config: 'english'})": [1],
    "textSearch('words', 'mill -river', {type: 'websearch', config: 'english'})": [1],
    "filter('doc->>a', 'match', '^[12]$')": [1, 2],
    "filter('tags', 'eq', '{}')": [3],
}


@pytest.mark.parametrize("method", POSTGRESQL_FILTERS)
def test_a_filter_of_postgresqls_types_finds_whom_it_should_or_names_the_store(archivist, archive, method):
    code = f"client.from('archive').select('id').{method}.order('id')"
    if archive:
        assert archivist.ids(code) == POSTGRESQL_FILTERS[method]
    elif not method.startswith("filter"):
        assert "SQLite" in archivist.error(code, 400)["message"]


@pytest.mark.parametrize("operator,pattern,ids", [("match", "^(Town|Old)", [1, 3]), ("imatch", "^o", [2, 3])])
def test_regular_expressions_are_postgresqls(js, mills, operator, pattern, ids):
    code = f"client.from('mills').select('id').filter('name', '{operator}', '{pattern}').order('id')"
    if mills.store == "postgresql":
        assert js.ids(code) == ids
    else:
        assert "SQLite" in js.error(code, 400)["message"]
