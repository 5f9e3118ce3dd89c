# SPDX-License-Identifier: Apache-2.0
"""The forms an answer may take: one object, at most one, CSV, a count, nothing but its head."""
import csv
import io

import pytest


def test_single_is_an_object(js):
    said = js("client.from('mills').select('id,name').eq('id', 1).single()")
    assert said["status"] == 200 and said["data"] == {"id": 1, "name": "Town Mill"}
    assert said["wire"]["answered"]["content-type"].startswith("application/vnd.pgrst.object+json")


@pytest.mark.parametrize("filters,rows", [("eq('id', 99)", 0), ("lt('id', 4)", 3)])
def test_single_is_an_error_when_there_is_not_one_row(js, filters, rows):
    error = js.error(f"client.from('mills').select('id').{filters}.single()", 406)
    assert error["code"] == "PGRST116" and f"{rows} rows" in error["details"], error


def test_maybe_single_is_an_object_or_null(js):
    assert js.data("client.from('mills').select('id').eq('id', 1).maybeSingle()") == {"id": 1}
    said = js("client.from('mills').select('id').eq('id', 99).maybeSingle()")
    assert said["error"] is None and said["data"] is None and said["status"] == 200
    assert js.error("client.from('mills').select('id').maybeSingle()", 406)["code"] == "PGRST116"


def test_csv_has_a_header_line_and_a_line_a_row(js):
    text = js.data("client.from('mills').select('id,name,built,working').order('id').csv()")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == ["id", "name", "built", "working"] and len(lines) == 6
    assert lines[1][:3] == ["1", "Town Mill", "1340"] and lines[1][3] in ("t", "true")
    assert lines[4][2] == "", "NULL is empty"
    assert list(csv.reader(io.StringIO(js.data("client.from('rivers').select('name').eq('id', 3).csv()")))) == [["name"], ["Dart, upper"]]


def test_an_exact_count_is_of_all_rows_that_match(js):
    said = js("client.from('mills').select('id', {count: 'exact'}).order('id').range(1, 2)")
    assert [row["id"] for row in said["data"]] == [2, 3] and said["count"] == 5
    assert said["wire"]["answered"]["content-range"] == "1-2/5" and said["status"] == 206
    said = js("client.from('mills').select('id', {count: 'exact'}).eq('grain', 'wheat')")
    assert said["count"] == 2 and said["status"] == 200
    said = js("client.from('mills').select('id', {count: 'exact'}).eq('id', 99)")
    assert said["data"] == [] and said["count"] == 0 and said["error"] is None


def test_a_count_alone_has_no_rows(js):
    said = js("client.from('mills').select('*', {count: 'exact', head: true}).eq('working', true)")
    assert said["wire"]["method"] == "HEAD" and said["error"] is None
    assert said["data"] is None and said["count"] == 3


@pytest.mark.parametrize("kind", ["planned", "estimated"])
def test_other_counts_are_numbers_too(js, kind):
    said = js(f"client.from('mills').select('id', {{count: '{kind}'}}).order('id')")
    assert [row["id"] for row in said["data"]] == [1, 2, 3, 4, 5]
    assert isinstance(said["count"], int) and said["count"] >= 0
    if kind == "estimated":
        assert said["count"] >= 5, "what came is known to be there"


def test_a_range_beyond_the_end_is_an_error_when_it_was_counted(js):
    assert js.data("client.from('mills').select('id').range(90, 99)") == []
    error = js.error("client.from('mills').select('id', {count: 'exact'}).range(90, 99)", 416)
    assert error["code"] == "PGRST103"


@pytest.mark.parametrize("form", ["geojson()", "explain()", "explain({format: 'json', analyze: true})"])
def test_forms_that_leat_does_not_have_are_refused(js, form):
    assert js.error(f"client.from('mills').select('id').{form}", 406)["code"] == "PGRST107"
