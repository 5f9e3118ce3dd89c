# SPDX-License-Identifier: Apache-2.0
"""Embedding, by example: rows of other resources within the rows of one, on both stores and in both manners."""
import re

import httpx
import pytest

from leat import Leat

SCHEMA = """
CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL, deleted_at {time});
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, secret TEXT, status TEXT NOT NULL,
    team_id INTEGER REFERENCES teams(id), boss_id INTEGER REFERENCES people(id));
CREATE TABLE desks (id INTEGER PRIMARY KEY, person_id INTEGER UNIQUE REFERENCES people(id), room TEXT NOT NULL);
CREATE TABLE notes (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES people(id), reader_id INTEGER REFERENCES people(id),
    text TEXT NOT NULL, deleted_at {time});
CREATE TABLE tags (id INTEGER PRIMARY KEY, word TEXT NOT NULL);
CREATE TABLE note_tags (note_id INTEGER NOT NULL REFERENCES notes(id), tag_id INTEGER NOT NULL REFERENCES tags(id),
    PRIMARY KEY (note_id, tag_id));
CREATE TABLE friends (one_id INTEGER NOT NULL REFERENCES people(id), other_id INTEGER NOT NULL REFERENCES people(id),
    PRIMARY KEY (one_id, other_id));
CREATE TABLE vaults (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people(id));
CREATE VIEW busy AS SELECT id, name, team_id FROM people WHERE id IN (1, 2);
INSERT INTO teams VALUES (1, 'red', NULL), (2, 'blue', NULL), (3, 'gone', '2026-01-01T00:00:00.000000Z');
INSERT INTO people VALUES (1, 'Ada', 'x', 'open', 1, NULL), (2, 'Bob', 'y', 'open', 1, 1), (3, 'Cy', 'z', 'open', 2, 1),
    (4, 'Di', 'w', 'open', NULL, 2), (5, 'Eve', 'v', 'open', 3, 2), (6, 'Moe', 'u', 'hidden', 2, 2);
INSERT INTO desks VALUES (1, 2, 'B2'), (2, 1, 'A1'), (3, NULL, 'C3');
INSERT INTO notes VALUES (1, 1, 2, 'hello', NULL), (2, 1, 3, 'again', NULL), (3, 2, 1, 'reply', NULL), (4, 3, NULL, 'alone', NULL),
    (5, 1, 2, 'gone', '2026-01-01T00:00:00.000000Z');
INSERT INTO tags VALUES (1, 'new'), (2, 'old'), (3, 'unused');
INSERT INTO note_tags VALUES (1, 1), (1, 2), (2, 1), (5, 2);
INSERT INTO friends VALUES (1, 2), (1, 3), (2, 4);
INSERT INTO vaults VALUES (1, 1);
"""
CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous}
query: {depth: 3, select: 30, conditions: 10}
resources:
  teams: {deleted: deleted_at, columns: '*,-deleted_at'}
  people: {columns: '*,-secret', rows: {anonymous: 'status=eq.open'}, any: {name: everyone}}
  desks: {}
  notes: {deleted: deleted_at, columns: '*,-deleted_at', envelope: {notes: rows, next: next, prev: prev, more: more}}
  tags: {}
  note_tags: {}
  friends: {}
  vaults: {read: none}
  busy: {key: id}
"""
OTHER_CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous}
resources:
  people: {envelope: {rows: rows, total: total, pages: pages}, page: {size: 2, by: number}}
  workers: {table: people}
  teams: {}
  desks: {}
  notes: {select: 'id,people!author_id(name)', order: text.desc}
"""
MANNERS = ["/api", "/rest/v1"]


@pytest.fixture(scope="module")
def url(store, request, tmp_path_factory):
    if store == "sqlite":
        from sqlite_file import SqliteFile
        return SqliteFile(tmp_path_factory.mktemp("embedding") / "test.db", SCHEMA.replace("{time}", "TIMESTAMP")).url
    server = request.getfixturevalue("logging_postgres")
    server.psql(SCHEMA.replace("{time}", "timestamptz"))
    return server.url


@pytest.fixture(scope="module")
def logging_postgres():
    from postgres import Postgres
    with Postgres({"log_statement": "all"}) as server:
        yield server


@pytest.fixture(scope="module")
def leat(url):
    with Leat(database=url, config=CONFIG) as running:
        yield running


@pytest.fixture(scope="module")
def other(url):
    """The same database in other words."""
    with Leat(database=url, config=OTHER_CONFIG) as running:
        yield running


@pytest.fixture(params=MANNERS)
def ask(leat, request):
    """Rows of a path, in each manner."""
    return lambda path: leat.rows(request.param + path)


# --- relations of every kind ---

def test_many_to_one_is_an_object_or_null(ask):
    assert ask("/people?select=name,teams(name)&order=id&limit=4") == [
        {"name": "Ada", "teams": {"name": "red"}}, {"name": "Bob", "teams": {"name": "red"}},
        {"name": "Cy", "teams": {"name": "blue"}}, {"name": "Di", "teams": None}]


def test_one_to_many_is_an_array_in_the_order_of_its_key(ask):
    assert ask("/teams?select=name,people(id)&order=id") == [
        {"name": "red", "people": [{"id": 1}, {"id": 2}]}, {"name": "blue", "people": [{"id": 3}]}]


def test_one_to_one_is_an_object_from_either_side(ask):
    assert ask("/people?select=desks(room)&id=lte.3&order=id") == [{"desks": {"room": "A1"}}, {"desks": {"room": "B2"}}, {"desks": None}]
    assert ask("/desks?select=id,people(name)&order=id") == [
        {"id": 1, "people": {"name": "Bob"}}, {"id": 2, "people": {"name": "Ada"}}, {"id": 3, "people": None}]
    assert ask("/desks?select=person_id(name)&id=eq.1") == [{"person_id": {"name": "Bob"}}]


def test_many_to_many_goes_by_the_table_between(ask):
    assert ask("/notes?select=id,tags(word)&order=id&limit=3") == [
        {"id": 1, "tags": [{"word": "new"}, {"word": "old"}]}, {"id": 2, "tags": [{"word": "new"}]}, {"id": 3, "tags": []}]
    assert ask("/tags?select=word,notes(id)&order=id&limit=2") == [
        {"word": "new", "notes": [{"id": 1}, {"id": 2}]}, {"word": "old", "notes": [{"id": 1}]}]


def test_a_key_to_the_same_table_leads_down_by_name_and_up_by_column(ask):
    assert ask("/people?select=name,boss_id(name),people!boss_id(name)&id=eq.2") == [
        {"name": "Bob", "boss_id": {"name": "Ada"}, "people": [{"name": "Di"}, {"name": "Eve"}]}]
    assert ask("/people?select=boss:people_boss_id_fkey(boss:people_boss_id_fkey(name))&id=eq.4") == [{"boss": {"boss": {"name": "Ada"}}}]


def test_two_keys_of_one_table_between_are_told_apart_by_the_key_that_leads_on(ask):
    assert ask("/people?select=to:people!other_id(name),from:people!one_id(name)&id=eq.2") == [
        {"to": [{"name": "Di"}], "from": [{"name": "Ada"}]}]


def test_a_view_has_the_relations_of_its_table(ask):
    assert ask("/busy?select=name,teams(name),desks(room)&order=id") == [
        {"name": "Ada", "teams": {"name": "red"}, "desks": {"room": "A1"}}, {"name": "Bob", "teams": {"name": "red"}, "desks": {"room": "B2"}}]
    assert ask("/teams?select=busy(id)&id=eq.1") == [{"busy": [{"id": 1}, {"id": 2}]}]


# --- the grammar ---

def test_hints_are_columns_keys_and_tables_between(ask):
    for hint in ("author_id", "notes_author_id_fkey"):
        assert ask(f"/notes?select=people!{hint}(name)&id=eq.3") == [{"people": {"name": "Bob"}}]
        assert ask(f"/people?select=notes!{hint}(id)&id=eq.2") == [{"notes": [{"id": 3}]}]
    assert ask("/notes?select=reader_id(name),notes_author_id_fkey(name)&id=eq.3") == [
        {"reader_id": {"name": "Ada"}, "notes_author_id_fkey": {"name": "Bob"}}]
    assert ask("/notes?select=tags!note_tags(id)&id=eq.2") == [{"tags": [{"id": 1}]}]


def test_braces_and_fields_do_as_parentheses_and_select(ask):
    assert ask("/notes?fields=id,tags{word,note_tags(note_id)}&id=eq.2") == ask("/notes?select=id,tags(word,note_tags{note_id})&id=eq.2")


def test_inner_leaves_out_rows_without_partners_and_left_keeps_them(ask):
    assert [row["id"] for row in ask("/people?select=id,teams!inner(name)&order=id")] == [1, 2, 3]
    assert [row["id"] for row in ask("/people?select=id,teams!left(name)&order=id")] == [1, 2, 3, 4, 5]
    assert [row["id"] for row in ask("/people?select=id,notes!author_id!inner(tags!inner())&order=id")] == [1]


def test_spread_members_stand_among_the_others(ask):
    assert ask("/people?select=name,...teams(team:name),...desks(room)&order=id&limit=3") == [
        {"name": "Ada", "team": "red", "room": "A1"}, {"name": "Bob", "team": "red", "room": "B2"}, {"name": "Cy", "team": "blue", "room": None}]
    assert ask("/desks?select=id,...people(name,...teams(team:name))&order=id&limit=3")[2] == {"id": 3, "name": None, "team": None}


def test_filters_order_limit_and_offset_within(ask):
    assert ask("/people?select=notes!author_id(text)&id=eq.1&notes.text=like.a*") == [{"notes": [{"text": "again"}]}]
    assert ask("/people?select=n:notes!author_id(id)&id=eq.1&n.order=id.desc&n.limit=1") == [{"n": [{"id": 2}]}]
    assert ask("/people?select=n:notes!author_id(id)&id=eq.1&n.order=id.desc&n.offset=1") == [{"n": [{"id": 1}]}]
    assert ask("/people?select=n:notes!author_id(id,tags(word))&id=eq.1&n.tags.word=eq.old") == [
        {"n": [{"id": 1, "tags": [{"word": "old"}]}, {"id": 2, "tags": []}]}]
    assert ask("/people?select=n:notes!author_id(id)&id=eq.1&n.or=(id.eq.2,text.eq.gone)") == [{"n": [{"id": 2}]}]
    assert ask("/people?select=n:notes!author_id(id)&id=eq.1&n.not.or=(id.eq.2,text.eq.x)") == [{"n": [{"id": 1}]}]


def test_a_parent_is_filtered_by_its_children(ask):
    assert [row["id"] for row in ask("/people?select=id,notes!author_id()&notes=is.null&order=id")] == [4, 5]
    assert [row["id"] for row in ask("/people?select=id,notes!author_id()&notes=not.is.null&notes.text=eq.reply&order=id")] == [2]
    assert [row["id"] for row in ask("/people?select=id,n:notes!author_id()&or=(n.is.null,id.eq.1)&order=id")] == [1, 4, 5]
    assert ask("/people?select=teams!inner()&id=eq.1") == [{}]


def test_a_row_may_show_nothing(leat):
    assert leat.client.get("/api/people/1?select=teams()").json() == {}


def test_an_order_by_a_column_of_one_embedded_row(ask):
    assert [row["name"] for row in ask("/people?select=name,teams(name)&order=teams(name).desc.nullslast,id")] == ["Ada", "Bob", "Cy", "Di", "Eve"]
    assert [row["name"] for row in ask("/people?select=name,teams(name)&order=teams(name),id.desc")] == ["Cy", "Bob", "Ada", "Eve", "Di"]
    both = ask("/people?select=name,teams(),boss:boss_id()&order=boss(name),teams(name)")
    assert [row["name"] for row in both] == ["Cy", "Bob", "Di", "Eve", "Ada"]
    assert [row["id"] for row in ask("/people?select=id,teams()&order=id.desc,teams(name)&teams.name=eq.red")] == [5, 4, 3, 2, 1]


def test_an_order_by_embedded_rows_within_others(leat, ask):
    within = "select=people(name,boss:boss_id(name))&people.order=boss(name)"
    assert [row["name"] for row in ask(f"/teams?{within}&id=eq.1")[0]["people"]] == ["Bob", "Ada"]
    assert [row["name"] for row in leat.client.get(f"/api/teams/1?{within}").json()["people"]] == ["Bob", "Ada"]
    assert ask("/teams?select=id,p:people(boss_id())&p.order=boss_id(name)&p.boss_id.name=eq.x&order=id") == [{"id": 1}, {"id": 2}]


def test_aggregates_within(ask):
    assert ask("/teams?select=name,people(count())&order=id") == [
        {"name": "red", "people": [{"count": 2}]}, {"name": "blue", "people": [{"count": 1}]}]
    assert ask("/people?select=notes!author_id(reader_id,count())&id=eq.1&notes.order=reader_id") == [
        {"notes": [{"reader_id": 2, "count": 1}, {"reader_id": 3, "count": 1}]}]


# --- rules ---

def test_rows_that_a_role_may_not_see_are_not_embedded(ask):
    assert ask("/teams?select=people(name)&id=eq.2") == [{"people": [{"name": "Cy"}]}]
    assert ask("/people?select=people!boss_id(id)&id=eq.2") == [{"people": [{"id": 4}, {"id": 5}]}]


def test_deleted_rows_are_not_embedded_nor_do_they_count_as_partners(ask):
    assert ask("/people?select=teams(name)&id=eq.5") == [{"teams": None}]
    assert ask("/people?select=id,teams!inner()&id=eq.5") == []
    assert ask("/tags?select=notes(id)&id=eq.2") == [{"notes": [{"id": 1}]}]


def test_hidden_columns_and_resources_are_unknown_where_they_would_be_embedded(leat):
    assert leat.problem("/api/teams?select=people(secret)", 400, "unknown-column")["column"] == "secret"
    assert leat.problem("/api/teams?select=people(id)&people.secret=eq.x", 400, "unknown-column")["column"] == "secret"
    assert "secret" not in leat.rows("/api/teams?select=people(*)&id=eq.1")[0]["people"][0]
    problem = leat.problem("/api/people?select=vaults(id)", 400, "unknown-relation")
    assert "vaults" not in problem.get("hint", "")


def test_a_default_select_may_embed(other):
    assert other.rows("/api/notes?id=lte.2") == [{"id": 1, "people": {"name": "Ada"}}, {"id": 2, "people": {"name": "Ada"}}]


def test_words_that_filter_nothing_hold_within(leat):
    assert leat.rows("/api/teams?select=people(id)&id=eq.1&people.name=everyone") == [{"people": [{"id": 1}, {"id": 2}]}]


# --- mistakes ---

@pytest.mark.parametrize("path,ways", [
    ("notes?select=people(id)", ["people!author_id", "people!reader_id"]),
    ("people?select=notes(id)", ["notes!author_id", "notes!reader_id"]),
    ("people?select=people(id)", ["people!boss_id", "people!one_id", "people!other_id"]),
])
def test_an_ambiguous_relation_is_refused_with_its_ways(leat, path, ways):
    hint = leat.problem(f"/api/{path}", 400, "ambiguous-relation")["hint"]
    assert sorted(re.findall(r"`([^`]+)`", hint)) == sorted(ways)


def test_each_way_that_an_ambiguous_relation_is_refused_with_leads_to_one(leat, other):
    asked = [(leat, ["notes/people", "people/notes", "people/people", "busy/notes", "busy/people"]),
             (other, ["people/boss_id", "workers/boss_id", "desks/person_id", "notes/people", "people/notes", "notes/author_id"])]
    for server, pairs in asked:
        for resource, name in (pair.split("/") for pair in pairs):
            problem = server.problem(f"/api/{resource}?select={name}(id)", 400, "ambiguous-relation")
            ways = re.findall(r"`([^`]+)`", problem["hint"])
            assert len(ways) == len(set(ways)) > 1
            for way in ways:
                assert server.get(f"/api/{resource}?select=it:{way}(id)").status_code == 200, way


@pytest.mark.parametrize("path,code,said", [
    ("people?select=teems(name)", "unknown-relation", "teams"),
    ("people?select=id,planets(name)", "unknown-relation", "Its relations"),
    ("people?select=teams!nonsense(name)", "unknown-relation", ""),
    ("teams?select=...people(name)", "not-to-one", "people"),
    ("teams?select=people(id)&order=people(name)", "not-to-one", "people"),
    ("people?select=id&order=teams(name)", "not-embedded", "teams"),
    ("people?select=id,teams(name)&teams.nmae=eq.x", "unknown-column", "name"),
    ("people?select=id,teams(name)&temas.name=eq.x", "not-embedded", "temas"),
    ("people?select=id,teams(name)&teams=eq.1", "wrong-operator", "teams.column"),
    ("people?select=id,teams(name", "bad-select", "character 14"),
    ("people?select=id,teams(name))", "bad-select", "character 15"),
    ("people?select=teams(id),teams(name)", "bad-select", "teams"),
    ("people?select=id,...teams(id)", "bad-select", "`id`"),
    ("people?select=...teams(id),...desks(id)", "bad-select", "`id`"),
    ("desks?select=room,...people(id,...teams(room:name))", "bad-select", "`room`"),
    ("people?select=id,teams(name)&teams.limit=x", "bad-page", "teams.limit"),
    ("people?select=id,notes!author_id(id)&notes.order=id&notes.order=text", "repeated-parameter", "notes.order"),
    ("people?select=a:people!boss_id(b:people!boss_id(c:people!boss_id(d:people!boss_id(id))))", "too-much-asked", "query.depth"),
    ("people?select=" + ",".join(f"c{i}:id" for i in range(20)) + ",teams(" + ",".join(f"c{i}:id" for i in range(20)) + ")",
     "too-much-asked", "query.select"),
    ("people?select=teams(id)&" + "&".join("teams.id=eq.1" for _ in range(11)), "too-much-asked", "query.conditions"),
])
def test_a_mistake_is_a_400_that_says_what_to_write(leat, path, code, said):
    for prefix in MANNERS:
        answer = leat.get(f"{prefix}/{path}")
        assert answer.status_code == 400, answer.text
        assert said in answer.text
    assert leat.get(f"/api/{path}").json()["code"] == code


# --- pages, totals, statements ---

def walk(leat, path, first=None):
    """All pages by `next`, then back by `prev`."""
    pages, cursor = [], first
    while True:
        body = leat.get(path + (f"&cursor={cursor}" if cursor else "")).json()
        pages.append(body["notes"])
        if not body["more"]:
            break
        cursor = body["next"]
    back = [pages[-1]]
    while body["prev"]:
        body = leat.get(f"{path}&cursor={body['prev']}").json()
        back.append(body["notes"])
    return pages, back[::-1]


@pytest.mark.parametrize("order", ["id", "id.desc", "text", "people(name),id", "people(name).desc,text", "reader_id.nullsfirst", "reader_id.desc"])
def test_cursors_walk_all_pages_both_ways_with_embedded_rows(leat, order):
    path = f"/api/notes?select=id,people!author_id(name),tags(word)&order={order}&limit=1"
    whole = leat.rows(path.replace("limit=1", "limit=100"))
    pages, back = walk(leat, path)
    assert [row for page in pages for row in page] == whole and len(whole) == 4
    assert [row for page in back for row in page] == whole


def test_postgrests_links_walk_too(leat):
    answer, seen = leat.get("/rest/v1/notes?select=id,tags!inner(word)&order=id&limit=1"), []
    while answer.json():
        seen += answer.json()
        if "next" not in answer.links:
            break
        cursor = httpx.URL(answer.links["next"]["url"]).params["cursor"]
        answer = leat.get(f"/rest/v1/notes?select=id,tags!inner(word)&order=id&limit=1&cursor={cursor}")
    assert [row["id"] for row in seen] == [1, 2]


def test_a_total_counts_what_inner_leaves(other):
    body = other.get("/api/people?select=id,teams!inner(name)").json()
    assert (body["total"], body["pages"], [row["teams"]["name"] for row in body["rows"]]) == (5, 3, ["red", "red"])
    assert other.get("/api/people?select=id,desks!inner()&desks.room=eq.B2").json() == {"rows": [{"id": 2}], "total": 1, "pages": 1}


DEEP = "/api/people?select=*,teams!inner(name,people(desks(room))),n:notes!author_id(text,tags(word),...reader_id(reader:name))" \
       "&n.tags.word=neq.x&n=not.is.null&order=teams(name),id&limit=2"


def test_one_row_takes_embedded_ones_too(leat):
    for prefix in MANNERS:
        assert leat.get(f"{prefix}/people/1?select=name,teams(name),notes!author_id(id)").json() == {
            "name": "Ada", "teams": {"name": "red"}, "notes": [{"id": 1}, {"id": 2}]}
        assert leat.get(f"{prefix}/people/4?select=name,teams!inner(name)").status_code == 404
        assert leat.get(f"{prefix}/people/6?select=name").status_code == 404


def test_an_answer_comes_from_one_statement(leat, store, request):
    if store != "postgresql":
        pytest.skip("SQLite keeps no log of statements")
    server = request.getfixturevalue("logging_postgres")
    for _ in range(3):
        before = len(server.log)
        assert len(leat.rows(DEEP)) == 2
        said = [line for line in server.log[before:].splitlines() if re.search(r"LOG: +(execute|statement)", line)]
        assert len([line for line in said if '"people"' in line]) == 1, said
        assert not [line for line in said if '"notes"' in line and '"people"' not in line]


def test_stripped_nulls_are_stripped_of_what_is_spread_too(leat):
    accept = {"Accept": "application/vnd.pgrst.array+json;nulls=stripped"}
    assert leat.get("/rest/v1/people?select=...desks(room),id,boss_id&order=id&id=in.(1,3)", headers=accept).text == \
        '[{"room":"A1","id":1},{"id":3,"boss_id":1}]'
    assert leat.get("/rest/v1/people?select=...desks(room,d:id),...teams(team:name)&id=eq.4", headers=accept).text == "[{}]"


def test_stripped_nulls_are_stripped_of_embedded_rows_too(leat):
    accept = {"Accept": "application/vnd.pgrst.array+json;nulls=stripped"}
    path = "/rest/v1/people?select=id,teams(name),reports:people!boss_id(id,team_id,desks(room))&id=in.(2,4)&order=id&reports.order=id"
    assert leat.get(path, headers=accept).text == '[{"id":2,"teams":{"name":"red"},"reports":[{"id":4},{"id":5,"team_id":3}]},{"id":4,"reports":[]}]'


def test_a_csv_holds_embedded_rows_as_json(leat):
    answer = leat.get("/api/people?select=id,teams(name)&id=eq.1", headers={"Accept": "text/csv"})
    assert answer.text == 'id,teams\r\n1,"{""name"":""red""}"\r\n'
