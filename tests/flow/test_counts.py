# SPDX-License-Identifier: Apache-2.0
"""Counts of lists, ranges in the head, and what else `Prefer` asks of a read, in both manners on both stores."""
import contextlib
import subprocess

import pytest

from conftest import Database
from leat import Leat
from postgres import Postgres

CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous}
resources:
  authors: {envelope: {authors: rows, has_more: more}}
  books: {page: {size: 3, max: 5, by: number}, deleted: gone_at}
  big: {page: {size: 5, max: 5}}
"""
SCHEMA = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors (id), genre TEXT NOT NULL, gone_at @time);
CREATE TABLE big (n INTEGER PRIMARY KEY);
INSERT INTO authors VALUES (1, 'Ann'), (2, 'Bo'), (3, 'Cy');
INSERT INTO books VALUES (1, 1, 'law', NULL), (2, 1, 'art', NULL), (3, 2, 'law', NULL), (4, 2, 'law', '2026-01-01T00:00:00Z'),
    (5, NULL, 'art', NULL), (6, 1, 'sea', NULL), (7, 1, 'law', NULL), (8, 1, 'law', NULL);
WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 1000) INSERT INTO big SELECT n FROM up;
"""


@contextlib.contextmanager
def opened(store, folder):
    """A database of either store, filled, its statistics gathered."""
    with contextlib.ExitStack() as stack:
        if store == "sqlite":
            database = Database(store, f"sqlite:{folder}/test.db", lambda sql: subprocess.run(
                ["sqlite3", "-bail", f"{folder}/test.db"], input=sql, text=True, check=True, capture_output=True))
            database.sql("PRAGMA journal_mode = WAL;")
        else:
            server = stack.enter_context(Postgres())
            database = Database(store, server.url, server.psql)
        database.sql(SCHEMA.replace("@time", database.pick("TIMESTAMP", "timestamptz")) + "ANALYZE;")
        yield database


@pytest.fixture(scope="module")
def leat(store, tmp_path_factory):
    """Only read from."""
    with opened(store, tmp_path_factory.mktemp("counts")) as database, Leat(database=database.url, config=CONFIG) as leat:
        yield leat.await_ready()


def counted(leat, path, prefer="count=exact", status=None, **headers):
    """(status, Content-Range) of a list that is counted."""
    answer = leat.client.get(path, headers={"Prefer": prefer} | {name.replace("_", "-"): value for name, value in headers.items()})
    assert status in (None, answer.status_code), answer.text
    return answer.status_code, answer.headers.get("content-range")


def test_an_exact_count_is_of_what_the_filters_and_rules_let_through(leat):
    assert counted(leat, "/rest/v1/authors") == (200, "0-2/3")
    assert counted(leat, "/rest/v1/authors?name=gt.Ann") == (200, "0-1/2")
    assert counted(leat, "/rest/v1/books?limit=2") == (206, "0-1/7"), "what is marked as deleted is not there"
    assert counted(leat, "/rest/v1/books?limit=2&offset=6") == (206, "6-6/7")
    assert counted(leat, "/rest/v1/books?id=eq.99") == (200, "*/0")
    assert counted(leat, "/rest/v1/books?limit=0") == (206, "*/7")


def test_a_count_minds_what_is_embedded(leat):
    assert counted(leat, "/rest/v1/authors?select=id,books!inner(id)") == (200, "0-1/2")
    assert counted(leat, "/rest/v1/authors?select=id,books!inner(id)&books.genre=eq.sea&limit=1") == (200, "0-0/1")
    assert counted(leat, "/rest/v1/authors?select=id,books(id)&books=is.null") == (200, "0-0/1")
    assert counted(leat, "/rest/v1/books?select=id,authors(name)&authors.name=eq.Bo&limit=1") == (206, "0-0/7")


@pytest.mark.parametrize("select,groups", [("genre,count()", 3), ("count()", 1), ("genre,author_id,id.max()", 5), ("id.sum(),author:authors(name)", 3)])
def test_of_groups_the_groups_are_counted(leat, select, groups):
    status, said = counted(leat, f"/rest/v1/books?select={select}&limit=1")
    assert said == f"0-0/{groups}" and status == (206 if groups > 1 else 200)
    assert counted(leat, f"/rest/v1/books?select={select}&limit=1&id=eq.6") == (200, "0-0/1")


def test_without_a_count_there_is_none(leat):
    answer = leat.get("/rest/v1/books?limit=2")
    assert answer.status_code == 200 and answer.headers["content-range"] == "0-1/*" and "preference-applied" not in answer.headers


def test_an_estimate_is_exact_up_to_a_page_and_a_guess_beyond(leat):
    assert counted(leat, "/rest/v1/authors", "count=estimated") == (200, "0-2/3")
    assert counted(leat, "/rest/v1/books?genre=eq.law&limit=1", "count=estimated") == (206, "0-0/4")
    assert counted(leat, "/rest/v1/big", "count=estimated") == (206, "0-4/1000")
    status, said = counted(leat, "/rest/v1/big?n=gt.500", "count=estimated")
    assert status == 206 and 400 <= int(said.removeprefix("0-4/")) <= 600


def test_a_plan_says_how_many_it_expects(leat):
    said = counted(leat, "/rest/v1/big?n=lte.500&order=n.desc&offset=7", "count=planned", 206)[1]
    assert said.startswith("7-11/") and 450 <= int(said.split("/")[1]) <= 550
    said = counted(leat, "/rest/v1/books?select=genre,count()", "count=planned")[1]
    assert said.startswith("0-2/") and int(said.split("/")[1]) >= 3, "never less than came"


def test_a_plan_does_not_look_at_the_rows(store, tmp_path):
    with opened(store, tmp_path) as database, Leat(database=database.url, config=CONFIG) as leat:
        leat.await_ready()
        database.sql("DELETE FROM big WHERE n > 990; INSERT INTO authors VALUES (4, 'Di'), (5, 'Ed');")
        assert counted(leat, "/rest/v1/big", "count=exact") == (206, "0-4/990")
        assert counted(leat, "/rest/v1/big", "count=planned") == (206, "0-4/1000")
        assert counted(leat, "/rest/v1/big", "count=estimated") == (206, "0-4/1000")
        answer = leat.client.get("/api/authors?limit=2", headers={"Prefer": "count=planned"})
        assert answer.headers["content-range"] == "0-1/3" and answer.headers["preference-applied"] == "count=planned"
        assert counted(leat, "/api/authors", "count=planned") == (200, "0-4/5"), "what came is there"


def test_a_count_without_rows_of_its_own_is_asked_by_head(leat):
    answer = leat.client.head("/rest/v1/books?genre=eq.law&limit=1", headers={"Prefer": "count=exact"})
    assert answer.status_code == 206 and answer.headers["content-range"] == "0-0/4" and not answer.content


def test_a_page_behind_the_end_is_a_416_where_the_end_is_known(leat):
    answer = leat.client.get("/rest/v1/books?offset=8", headers={"Prefer": "count=exact"})
    assert answer.status_code == 416 and answer.headers["content-range"] == "*/7"
    assert answer.json() == {"code": "PGRST103", "details": "An offset of 8 was requested, but there are only 7 rows.", "hint": None,
                             "message": "Requested range not satisfiable"}
    assert counted(leat, "/rest/v1/books?offset=7") == (206, "*/7")
    assert counted(leat, "/rest/v1/books?id=eq.99&offset=0") == (200, "*/0")
    assert leat.get("/rest/v1/books?offset=8").json() == []
    assert counted(leat, "/api/books?offset=8")[0] == 200, "the plain manner says so by its total"


def test_a_limit_below_0_is_a_416_and_an_offset_below_0_is_none(leat):
    answer = leat.get("/rest/v1/books?limit=-1")
    assert answer.status_code == 416 and "content-range" not in answer.headers
    assert answer.json() == {"code": "PGRST103", "details": "Limit should be greater than or equal to zero.", "hint": None,
                             "message": "Requested range not satisfiable"}
    assert leat.get("/rest/v1/books?order=id&offset=-4").json() == leat.get("/rest/v1/books?order=id").json()
    assert leat.get("/rest/v1/books?limit=x").status_code == leat.get("/rest/v1/books?offset=x").status_code == 400
    for query in ("limit=-1", "offset=-4"):
        assert leat.get(f"/api/books?{query}").json()["code"] == "bad-page"


@pytest.mark.parametrize("value,ids", [("0-1", [1, 2]), ("2-3", [3, 5]), ("5-", [7, 8]), ("items=0-0", [1]), ("0-99", [1, 2, 3, 5, 6]), ("90-", [])])
def test_a_range_of_the_head_places_the_page(leat, value, ids):
    answer = leat.client.get("/rest/v1/books?order=id", headers={"Range": value, "Range-Unit": "items"})
    assert answer.status_code == 200 and [row["id"] for row in answer.json()] == ids
    assert answer.json() == leat.client.get("/rest/v1/books?order=id", headers={"Range": value}).json()


def test_a_range_and_a_count_go_together(leat):
    assert counted(leat, "/rest/v1/books?order=id", Range="2-3") == (206, "2-3/7")
    assert counted(leat, "/rest/v1/books?order=id", Range="90-")[0] == 416


def test_the_url_goes_before_the_range(leat):
    for query, ids in (("limit=1", [1]), ("offset=5", [7, 8]), ("limit=2&offset=1", [2, 3])):
        answer = leat.client.get(f"/rest/v1/books?select=id&order=id&{query}", headers={"Range": "3-4"})
        assert [row["id"] for row in answer.json()] == ids


@pytest.mark.parametrize("headers", [{"Range": "bytes=0-0"}, {"Range": "0-0", "Range-Unit": "bytes"}])
def test_a_range_of_other_units_is_none(leat, headers):
    assert len(leat.client.get("/rest/v1/authors", headers=headers).json()) == 3


def test_a_range_has_no_place_in_the_plain_manner_nor_at_a_row(leat):
    assert len(leat.client.get("/api/authors", headers={"Range": "0-0"}).json()["authors"]) == 3
    assert leat.client.get("/rest/v1/authors/1", headers={"Range": "7-8"}).json()["id"] == 1


@pytest.mark.parametrize("value", ["5-2", "x", "-", "-5", "1", "0-1,3-4", "0-x", "+1-2", "99999999999999999999-"])
def test_a_range_that_is_none_is_a_416(leat, value):
    answer = leat.client.get("/rest/v1/authors", headers={"Range": value})
    assert answer.status_code == 416 and answer.json()["code"] == "PGRST103" and answer.json()["details"]


def test_in_the_plain_manner_a_count_stands_where_the_total_does_or_in_the_head(leat):
    answer = leat.client.get("/api/authors?limit=2", headers={"Prefer": "count=exact"})
    assert answer.status_code == 200 and answer.headers["content-range"] == "0-1/3"
    assert answer.headers["preference-applied"] == "count=exact"
    assert list(answer.json()) == ["authors", "has_more"]
    assert "content-range" not in leat.get("/api/authors?limit=2").headers
    answer = leat.client.get("/api/books", headers={"Prefer": "count=exact"})
    assert answer.json()["total"] == 7 and answer.json()["pages"] == 3 and "content-range" not in answer.headers
    assert leat.get("/api/books?select=genre,count()&page_size=2").json()["total"] == 3


def test_preferences_come_in_several_headers_and_what_was_heeded_is_said(leat):
    answer = leat.client.get("/rest/v1/authors", headers=[("Prefer", "handling=strict , count=exact"), ("Prefer", 'return=minimal'),
                                                          ("Prefer", "count=planned")])
    assert answer.headers["content-range"] == "0-2/3" and answer.headers["preference-applied"] == "count=exact, handling=strict"
    answer = leat.client.get("/rest/v1/authors/1", headers={"Prefer": "count=exact"})
    assert "preference-applied" not in answer.headers and "content-range" not in answer.headers
    answer = leat.client.get("/rest/v1/authors", headers={"Prefer": "count=exact", "Accept": "text/csv"})
    assert answer.status_code == 200 and "preference-applied" not in answer.headers, "exports are not counted"


def test_unknown_preferences_are_refused_under_strict_handling_alone(leat):
    prefer = {"Prefer": "handling=strict, sugar=two, count=all"}
    problem = leat.client.get("/rest/v1/authors", headers=prefer)
    assert problem.status_code == 400 and problem.json()["code"] == "PGRST122"
    assert problem.json()["details"] == "Invalid preferences: sugar=two, count=all" and "preference-applied" not in problem.headers
    assert leat.client.get("/api/authors", headers=prefer).json()["code"] == "unknown-preference"
    assert leat.client.get("/rest/v1/authors", headers={"Prefer": "sugar=two"}).status_code == 200


def test_a_paged_query_is_counted_too(store, tmp_path):
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/numbers.sql").write_text("/* leat\nread: anonymous\norder: n\nparams: {low: int}\n*/\nSELECT n FROM big WHERE n > :low\n")
    (tmp_path / "leat.yaml").write_text("leat: 1\n" + CONFIG + "queries: queries/\n")
    with opened(store, tmp_path) as database, Leat(database=database.url, config_file=str(tmp_path / "leat.yaml")) as leat:
        leat.await_ready()
        assert counted(leat, "/rest/v1/numbers?low=10&limit=3") == (206, "0-2/990")
        assert counted(leat, "/api/numbers?low=10&limit=3") == (200, "0-2/990")
        assert 800 < int(counted(leat, "/rest/v1/numbers?low=10&limit=3", "count=planned", 206)[1].split("/")[1]) < 1100
