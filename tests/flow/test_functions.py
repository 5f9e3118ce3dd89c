# SPDX-License-Identifier: Apache-2.0
"""Functions of PostgreSQL, called as /rpc/NAME: how arguments are given and which overload they mean, what comes out, and what is refused."""
import pytest

from conftest import STORES, Database
from leat import Leat
from postgres import Postgres

pytestmark = pytest.mark.skipif("postgresql" not in STORES, reason="PostgreSQL alone has functions")

SCHEMA = """
CREATE TABLE rivers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE mills (id int PRIMARY KEY, name text NOT NULL, river_id int REFERENCES rivers, secret text, gone timestamptz);
CREATE TABLE notes (id serial PRIMARY KEY, text text NOT NULL CHECK (text <> 'bad'));
CREATE TYPE point3 AS (x int, y int, z text[]);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
INSERT INTO rivers VALUES (1, 'Teign'), (2, 'Otter');
INSERT INTO mills VALUES (1, 'Town', 1, 's', NULL), (2, 'Forge', 1, 's', NULL), (3, 'Weir', 2, 's', NULL), (4, 'Drowned', 1, 's', now());

CREATE FUNCTION add_up(a int, b int DEFAULT 10) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION area(r float8) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'circle' $$;
CREATE FUNCTION area(w float8, h float8) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'box' $$;
CREATE FUNCTION twice(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'int' $$;
CREATE FUNCTION twice(n text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'text' $$;
CREATE FUNCTION total(label text, VARIADIC n int[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT label || (SELECT sum(i) FROM unnest(n) i)';
CREATE FUNCTION parts(INOUT a int, OUT b text, c int DEFAULT 1) LANGUAGE sql IMMUTABLE AS $$ SELECT a + c, 'b' || a $$;
CREATE FUNCTION kinds(i positive, n numeric, t timestamptz, u uuid, d date, f boolean, j jsonb, l text[], p point3, c char(3), v varchar, h bytea)
    RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT jsonb_build_object('i', i, 'n', n, 't', t, 'u', u, 'd', d, 'f', f, 'j', j, 'l', l, 'p', p,
    'c', c, 'v', v, 'h', h) $$;
CREATE FUNCTION nothing_known(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT NULL::int';
CREATE FUNCTION mills_on(river text) RETURNS SETOF mills LANGUAGE sql STABLE AS
    'SELECT m.* FROM mills m JOIN rivers r ON r.id = m.river_id WHERE r.name = river ORDER BY m.name';
CREATE FUNCTION figures(minimum int DEFAULT 0, page int DEFAULT 1) RETURNS TABLE (river_id int, mills bigint, ids int[]) LANGUAGE sql STABLE AS
    'SELECT river_id, count(*), array_agg(id ORDER BY id) FROM mills GROUP BY 1 HAVING count(*) >= minimum ORDER BY 2 DESC';
CREATE FUNCTION by_id(id int) RETURNS SETOF mills LANGUAGE sql STABLE AS 'SELECT * FROM mills m WHERE m.id >= $1 ORDER BY m.id';
CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE FUNCTION weigh(bytea) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length($1)';
CREATE FUNCTION shape(json) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT json_typeof($1)';
CREATE FUNCTION whole(doc jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS 'SELECT doc';
CREATE FUNCTION note(text text) RETURNS notes LANGUAGE sql AS 'INSERT INTO notes (text) VALUES (text) RETURNING *';
CREATE FUNCTION note_many(n int) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN
    FOR i IN 1..n LOOP INSERT INTO notes (text) VALUES ('many'); RETURN NEXT i; END LOOP; END $$;
CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS 'DELETE FROM notes';
CREATE FUNCTION pay(status text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes (text) VALUES ('paid');
    RAISE SQLSTATE 'PT402' USING MESSAGE = 'not enough', HINT = 'pay more', DETAIL = 'three coins'; END $$;
CREATE SEQUENCE tickets;
CREATE FUNCTION next_ticket() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT nextval('tickets') $$;
CREATE VIEW callers AS SELECT nextval('tickets') AS ticket;
CREATE FUNCTION hidden() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
"""
CALLED = "add_up area twice total parts kinds nothing_known mills_on figures by_id shout weigh shape whole note note_many forget pay next_ticket".split()
CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous}
body: {record_bytes: 100KiB}
resources:
  rivers: {}
  mills: {columns: "*,-secret", deleted: gone}
  callers: {}
functions:
""" + "".join(f"  {name}: {{call: anonymous}}\n" for name in CALLED) + "  hidden: {call: none}\n"


@pytest.fixture(scope="module")
def database():
    with Postgres() as server:
        server.psql(SCHEMA)
        yield Database("postgresql", server.url, server.psql)


@pytest.fixture(scope="module")
def leat(database):
    with Leat(database=database.url, config=CONFIG) as running:
        yield running.await_ready()


def call(leat, name, arguments=None, status=200, prefix="/rest/v1", **options):
    answer = leat.client.post(f"{prefix}/rpc/{name}", json={} if arguments is None else arguments, **options)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def ask(leat, path, status=200, prefix="/rest/v1", **options):
    answer = leat.get(f"{prefix}/rpc/{path}", **options)
    assert answer.status_code == status, answer.text
    return answer.json()


# --- which one is called, and with what ---

@pytest.mark.parametrize("prefix", ["/rest/v1", "/api"])
def test_arguments_come_in_the_query_string_or_the_body(leat, prefix):
    assert ask(leat, "add_up?a=2&b=3", prefix=prefix) == 5
    assert ask(leat, "add_up?a=-2", prefix=prefix) == 8
    assert call(leat, "add_up", {"a": 2, "b": 3}, prefix=prefix) == 5
    form = leat.client.post(f"{prefix}/rpc/add_up", data={"a": "2", "b": "5"})
    assert form.status_code == 200 and form.json() == 7
    assert leat.client.post(f"{prefix}/rpc/figures").json()[0]["mills"] == 3, "no body is no arguments"


def test_the_names_of_the_arguments_choose_the_overload(leat):
    assert ask(leat, "area?r=1") == "circle" and ask(leat, "area?w=1&h=2") == "box"
    assert call(leat, "area", {"h": 1, "w": 2}) == "box"
    assert call(leat, "area", {"h": 1}, status=404)["code"] == "PGRST202"
    said = call(leat, "twice", {"n": 1}, status=300)
    assert said["code"] == "PGRST203" and "public.twice(n => integer)" in said["message"]
    assert call(leat, "twice", {"n": 1}, status=400, prefix="/api")["code"] == "ambiguous-call"


@pytest.mark.parametrize("path", ["add_up", "add_up?c=1", "add_up?b=1", "total?n=1", "nothing", "hidden"])
def test_what_no_function_takes_is_a_404(leat, path):
    assert ask(leat, path, status=404)["code"] == "PGRST202"


def test_an_argument_that_nobody_has_is_told_with_what_there_is(leat):
    said = call(leat, "add_up", {"a": 1, "sum": 2}, status=404)
    assert said["message"] == "Could not find the function public.add_up(a, sum)." and "public.add_up(a, b)" in said["hint"]
    assert "a, sum" in said["details"]


def test_a_variadic_argument_is_given_once_for_each_value_or_as_an_array(leat):
    assert ask(leat, "total?label=sum:&n=1&n=2&n=39") == "sum:42"
    assert ask(leat, "total?label=sum:&n=4") == "sum:4"
    assert call(leat, "total", {"label": "sum:", "n": [1, 2, 39]}) == "sum:42"
    assert ask(leat, "add_up?a=1&a=2", status=400)["code"] == "PGRST100"


def test_arguments_of_every_kind_arrive_as_they_were_sent(leat):
    given = {"i": 5, "n": "12.50", "t": "2026-01-31T09:00:00", "u": "11111111-2222-3333-4444-555555555555", "d": "2026-01-31", "f": True,
             "j": {"a": [1, "ü\"\\"]}, "l": ["a,b", 'c"d', None], "p": {"x": 1, "y": 2, "z": ["q"]}, "c": "ab ", "v": "va'r", "h": "\\x01ff"}
    shown = given | {"n": 12.5, "t": "2026-01-31T09:00:00+00:00"}
    got = call(leat, "kinds", given)
    assert got | {"c": got["c"].rstrip()} == shown | {"c": "ab"}
    absent = call(leat, "kinds", dict.fromkeys(given))
    assert absent == dict.fromkeys(given)
    strings = call(leat, "kinds", dict.fromkeys(given) | {"j": "text", "l": "{a,b}", "p": "(1,2,{})", "v": 5, "n": 0.1})
    assert (strings["j"], strings["l"], strings["p"], strings["v"], strings["n"]) == ("text", ["a", "b"], {"x": 1, "y": 2, "z": []}, "5", 0.1)
    by_url = ask(leat, "kinds?" + "&".join(f"{name}={value}" for name, value in (given | {"f": "true", "j": "[1]", "l": "{a}", "p": "(1,2,{})"}).items()))
    assert by_url["j"] == [1] and by_url["l"] == ["a"] and by_url["f"] is True


@pytest.mark.parametrize("arguments,code,place", [({"a": "two"}, "wrong-type", "a"), ({"a": [1]}, "wrong-type", "a"), ({"a": 2.5}, "wrong-type", "a"),
                                                   ({"a": 3000000000}, "wrong-type", "a"), ({"a": True}, "wrong-type", "a")])
def test_an_argument_of_the_wrong_type_is_named(leat, arguments, code, place):
    said = call(leat, "add_up", arguments, status=400, prefix="/api")
    assert (said["code"], said["place"]) == (code, place)


@pytest.mark.parametrize("name,arguments", [("kinds", {"l": [1, {}], "p": [1]}), ("kinds", {"i": -5})])
def test_what_only_the_database_can_judge_is_a_400_too(leat, name, arguments):
    given = dict.fromkeys("intudfjlpcvh") | arguments
    assert 400 <= leat.client.post(f"/rest/v1/rpc/{name}", json=given).status_code < 500


def test_a_single_argument_without_a_name_is_the_body(leat):
    def post(name, body, content_type):
        return leat.client.post(f"/rest/v1/rpc/{name}", content=body, headers={"Content-Type": content_type})
    assert post("shout", "it's \"a\" {b}", "text/plain").json() == "IT'S \"A\" {B}"
    assert post("weigh", b"\x00\xff\x00", "application/octet-stream").json() == 3
    for body, kind in (("[1, 2]", "array"), (' {"a": {"b": 1}} ', "object"), ("12", "number"), ('"x"', "string"), ("null", "null")):
        assert post("shape", body, "application/json").json() == kind
    assert post("shape", "[1, 2", "application/json").json()["code"] == "PGRST102"
    assert post("shout", b"\xff", "text/plain").status_code == 400 and post("shout", b"a\x00b", "text/plain").status_code == 400
    assert post("add_up", "2", "text/plain").status_code == 404 and post("add_up", "[2]", "application/json").status_code == 404
    assert post("add_up", "<a/>", "text/html").status_code == 415
    assert post("shape", "[" + "1," * 60000 + "1]", "application/json").status_code == 413


def test_a_body_as_the_one_argument_is_asked_for_by_prefer(leat):
    assert call(leat, "whole", {"any": "thing"}, headers={"Prefer": "params=single-object"}) == {"any": "thing"}
    assert call(leat, "whole", {"any": "thing"}, status=404)["code"] == "PGRST202"


@pytest.mark.parametrize("body", ['{"a": 1, "a": 2}', '{"a": }', "{", '[{"a": 1}, {"a": 2}'])
def test_a_body_that_is_no_object_of_arguments_is_a_400(leat, body):
    answer = leat.client.post("/rest/v1/rpc/add_up", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 404), answer.text


# --- what comes out ---

@pytest.mark.parametrize("prefix", ["/rest/v1", "/api"])
def test_each_kind_of_result_has_its_form(leat, prefix):
    assert ask(leat, "nothing_known?a=1", prefix=prefix) is None
    assert ask(leat, "parts?a=1", prefix=prefix) == {"a": 2, "b": "b1"}
    assert ask(leat, "figures", prefix=prefix) == [{"river_id": 1, "mills": 3, "ids": [1, 2, 4]}, {"river_id": 2, "mills": 1, "ids": [3]}]
    assert call(leat, "note_many", {"n": 3}, prefix=prefix) == [1, 2, 3]
    assert ask(leat, "mills_on?river=Exe", prefix=prefix) == []


def test_rows_of_a_table_are_rows_of_its_resource(leat):
    rows = ask(leat, "mills_on?river=Teign")
    assert [row["name"] for row in rows] == ["Forge", "Town"], "in the function's order, without what is marked as deleted"
    assert set(rows[0]) == {"id", "name", "river_id", "gone"}
    assert ask(leat, "mills_on?river=Teign&select=secret", status=400)["code"] == "42703"
    assert ask(leat, "mills_on?river=Teign&select=id,rivers(name)&id=gt.1") == [{"id": 2, "rivers": {"name": "Teign"}}]
    assert ask(leat, "mills_on?river=Teign&select=id,rivers!inner(name)&rivers.name=eq.Otter") == []


def test_results_are_filtered_ordered_cut_and_grouped(leat):
    assert [row["river_id"] for row in ask(leat, "figures?order=mills")] == [2, 1]
    assert ask(leat, "figures?mills=gt.1&select=n:mills") == [{"n": 3}]
    assert ask(leat, "figures?select=mills.sum()") == [{"sum": 4}]
    assert ask(leat, "figures?or=(mills.eq.1,river_id.eq.9)&select=river_id") == [{"river_id": 2}]
    cut = leat.get("/rest/v1/rpc/figures?limit=1&offset=1")
    assert cut.json()[0]["river_id"] == 2 and cut.headers["content-range"].startswith("1-1/")
    assert call(leat, "figures?select=mills&limit=1", {"minimum": 2}) == [{"mills": 3}]
    assert ask(leat, "figures?nope=eq.1", status=400)["code"] == "42703"


def test_a_name_of_both_is_an_argument_and_with_an_operator_a_filter(leat):
    assert [row["id"] for row in ask(leat, "by_id?id=2&id=lt.3")] == [2]
    assert [row["river_id"] for row in ask(leat, "figures?page=7&minimum=2")] == [1], "page is an argument here"


@pytest.mark.parametrize("accept,begins", [("text/csv", "river_id,mills,ids\n1,3,"), ("application/x-ndjson", '{"river_id":1,'),
                                           ("application/vnd.pgrst.array+json;nulls=stripped", '[{"river_id":1,')])
def test_rows_come_in_every_form(leat, accept, begins):
    answer = leat.get("/rest/v1/rpc/figures", headers={"Accept": accept})
    assert answer.status_code == 200 and answer.text.startswith(begins), answer.text


def test_one_object_is_one_row(leat):
    one = {"Accept": "application/vnd.pgrst.object+json"}
    assert ask(leat, "figures?limit=1", headers=one)["mills"] == 3
    assert ask(leat, "figures", headers=one, status=406)["code"] == "PGRST116"
    assert ask(leat, "parts?a=1", headers=one) == {"a": 2, "b": "b1"} and ask(leat, "add_up?a=1", headers=one) == 11


# --- what changes something ---

def test_a_function_that_may_change_is_called_by_post_alone(leat, database):
    assert call(leat, "note", {"text": "by post"})["text"] == "by post"
    for prefix in ("/rest/v1", "/api"):
        refused = leat.get(f"{prefix}/rpc/note?text=by+get")
        assert refused.status_code == 405 and refused.headers["allow"] == "POST, OPTIONS"
    assert leat.client.head("/rest/v1/rpc/note?text=by+head").status_code == 405
    assert leat.client.put("/rest/v1/rpc/add_up", json={}).status_code == 405
    assert database.sql("SELECT count(*) FROM notes WHERE text LIKE 'by%'").strip() == "1"
    assert leat.client.head("/rest/v1/rpc/add_up?a=1").status_code == 200


@pytest.mark.parametrize("path,method", [("rpc/next_ticket", "GET"), ("rpc/next_ticket", "HEAD"), ("rpc/next_ticket", "POST"), ("callers", "GET")])
@pytest.mark.parametrize("prefix", ["/rest/v1", "/api"])
def test_what_says_that_it_reads_but_writes_is_a_405(leat, prefix, path, method):
    refused = leat.client.request(method, f"{prefix}/{path}", json={} if method == "POST" else None)
    assert refused.status_code == 405 and refused.headers["allow"] == "OPTIONS", refused.text
    if method != "HEAD":
        problem = refused.json()
        assert problem["code"] == ("25006" if prefix == "/rest/v1" else "method-not-allowed") and "VOLATILE" in problem["hint"]


def test_all_of_its_work_is_done_however_few_rows_are_asked_for(leat, database):
    assert call(leat, "forget", status=204) is None
    assert call(leat, "note_many?limit=1", {"n": 200}) == [1]
    assert database.sql("SELECT count(*) FROM notes").strip() == "200"


def test_what_cannot_be_told_is_not_done(leat, database):
    call(leat, "forget", status=204)
    one = {"Accept": "application/vnd.pgrst.object+json"}
    assert call(leat, "note_many", {"n": 2}, status=406, headers=one)["code"] == "PGRST116"
    assert database.sql("SELECT count(*) FROM notes").strip() == "0"
    assert call(leat, "note_many", {"n": 1}, headers=one) == 1
    csv = leat.client.post("/rest/v1/rpc/note_many", json={"n": 30000}, headers={"Accept": "text/csv"})
    assert csv.status_code == 200 and csv.text.split() == ["note_many", *map(str, range(1, 30001))]
    assert database.sql("SELECT count(*) FROM notes").strip() == "30001"


def test_rows_are_counted_where_it_can_be_done_without_calling_twice(leat, database):
    exact = {"Prefer": "count=exact"}
    cut = leat.get("/rest/v1/rpc/figures?limit=1", headers=exact)
    assert (cut.status_code, cut.headers["content-range"]) == (206, "0-0/2")
    ranged = leat.get("/rest/v1/rpc/figures", headers=exact | {"Range-Unit": "items", "Range": "1-1"})
    assert (ranged.headers["content-range"], ranged.json()[0]["river_id"]) == ("1-1/2", 2)
    call(leat, "forget", status=204)
    for limit, said in ((10, "0-2/3"), (2, "0-1/*")):
        answer = leat.client.post(f"/rest/v1/rpc/note_many?limit={limit}", json={"n": 3}, headers=exact)
        assert answer.headers["content-range"] == said
    assert database.sql("SELECT count(*) FROM notes").strip() == "6"


def test_a_key_makes_a_call_once(leat, database):
    call(leat, "forget", status=204)
    key = {"Idempotency-Key": '"call-1"'}
    assert call(leat, "note_many", {"n": 2}, headers=key) == call(leat, "note_many", {"n": 2}, headers=key) == [1, 2]
    assert database.sql("SELECT count(*) FROM notes").strip() == "2"
    assert call(leat, "forget", status=204, headers={"Idempotency-Key": "f"}) is None
    assert call(leat, "forget", status=204, headers={"Idempotency-Key": "f"}) is None
    assert call(leat, "note_many", {"n": 1}, status=422, headers=key)["code"] == "idempotency-key-reused"
    assert call(leat, "add_up", {"a": 1}, headers=key) == 11, "what only reads needs no key"


def test_what_is_too_large_to_be_told_is_not_done(database):
    with Leat(database=database.url, config=CONFIG.replace("body:", "answers: {bytes_max: 64KiB}\nbody:")) as leat:
        call(leat, "forget", status=204)
        assert call(leat, "note_many", {"n": 30000}, status=422, headers={"Accept": "text/csv"})["code"] == "answer-too-large"
        assert database.sql("SELECT count(*) FROM notes").strip() == "0"


def test_what_fails_leaves_nothing(leat, database):
    call(leat, "forget", status=204)
    said = call(leat, "note", {"text": "bad"}, status=400)
    assert said["code"] == "23514"
    assert call(leat, "pay", {"status": "x"}, status=402) == {
        "code": "PT402", "message": "not enough", "hint": "pay more", "details": "three coins"}
    assert call(leat, "pay", {"status": "x"}, status=402, prefix="/api")["hint"] == "pay more"
    assert database.sql("SELECT count(*) FROM notes").strip() == "0"


@pytest.mark.parametrize("name", ["add_up(1)", 'add_up"', "add_up;", "ADD_UP", "pg_sleep", "public.add_up", "..%2fadd_up", "%00"])
def test_no_other_function_can_be_named(leat, name):
    assert leat.client.post(f"/rest/v1/rpc/{name}", json={"a": 1}).status_code in (400, 404)


def test_a_nul_is_no_text(leat):
    assert call(leat, "total", {"label": "a\0b", "n": [1]}, status=400, prefix="/api")["place"] == "label"
    assert leat.client.post("/rest/v1/rpc/total", json={"label": "a", "n": ["1\0"]}).status_code == 400


@pytest.mark.parametrize("key", ['a" => 1); --', "a::int", "$1", "a b", ""])
def test_no_argument_is_written_into_sql(leat, key):
    assert call(leat, "add_up", {key: 1}, status=404)["code"] == "PGRST202"
