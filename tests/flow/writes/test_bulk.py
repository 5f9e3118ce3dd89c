# SPDX-License-Identifier: Apache-2.0
"""Many rows in one body: one transaction, in bundles, streamed; a bad one at the end undoes all."""
import json

import pytest

NDJSON = "application/x-ndjson"


def lines(count, **changed):
    rows = ({"id": i, "text": f"line {i}"} for i in range(10, 10 + count))
    return "".join(json.dumps(row) + "\n" for row in rows) + (json.dumps(changed) + "\n" if changed else "")


@pytest.mark.parametrize("bad,status,code", [
    ({"id": 10}, 409, "unique-violation"), ({"id": "x"}, 400, "wrong-type"), ({"id": 99999, "text": "never"}, 400, "raised"),
    ({"id": 99999, "colour": 1}, 400, "unknown-column"),
])
def test_a_bad_row_at_the_end_of_thousands_undoes_all(workshop, bad, status, code):
    problem = workshop.refused(status, code, "POST", "/api/chores", lines(10000, **bad), NDJSON)
    assert code not in ("wrong-type", "unknown-column") or "record 10001" in problem["detail"]


def test_a_body_that_breaks_off_undoes_all(workshop):
    workshop.refused(400, "malformed-body", "POST", "/api/chores", lines(10000) + '{"id":', NDJSON)


def test_thousands_of_rows_come_back_in_their_order(workshop):
    shown = workshop.said(201, "POST", "/api/chores?select=id", lines(12000), NDJSON, prefer="return=representation")
    assert [row["id"] for row in shown] == list(range(10, 12010))


def test_a_hundred_thousand_rows_are_imported(workshop):
    assert workshop.said(201, "POST", "/api/chores", lines(100000), NDJSON) == {"created": 100000}
    assert workshop.sql("SELECT count(*), min(id), max(id) FROM chores WHERE id > 1") == "100000|10|100009"
    assert workshop.said(200, "DELETE", "/api/chores?id=gt.1") == {"deleted": 100000}


def test_rows_of_many_shapes_are_one_body(workshop):
    rows = [{"name": f"n{i}"} | ({"kind": "odd"} if i % 2 else {}) | ({"size": i % 100} if i % 3 else {}) for i in range(6000)]
    assert workshop.said(201, "POST", "/api/things", rows) == {"created": 6000}
    assert workshop.sql("SELECT count(*), sum(CASE WHEN kind = 'odd' THEN 1 ELSE 0 END), count(size) FROM things WHERE name LIKE 'n%'") == "6000|3000|4000"


def test_an_upsert_of_thousands(workshop):
    assert workshop.said(201, "POST", "/api/chores", lines(6000), NDJSON) == {"created": 6000}
    merge = {"prefer": "resolution=merge-duplicates"}
    assert workshop.said(201, "POST", "/api/chores", lines(7000).replace("line", "again"), NDJSON, **merge) == {"created": 7000}
    assert workshop.sql("SELECT count(*) FROM chores WHERE text LIKE 'again%'") == "7000"
    ignored = workshop.said(201, "POST", "/api/chores", lines(7100), NDJSON, prefer="resolution=ignore-duplicates")
    assert ignored == {"created": 100}


def test_an_answer_too_large_undoes_all(workshop):
    body = "".join(json.dumps({"id": i, "text": "x" * 1000}) + "\n" for i in range(10, 6010))
    workshop.refused(422, "answer-too-large", "POST", "/api/chores", body, NDJSON, prefer="return=representation")
    assert workshop.said(201, "POST", "/api/chores", body, NDJSON) == {"created": 6000}


def test_embedded_rows_of_thousands(workshop):
    rows = [{"name": f"n{i}", "maker_id": 1 + i % 2} for i in range(6000)]
    shown = workshop.said(201, "POST", "/rest/v1/things?select=name,makers(name)", rows, prefer="return=representation")
    assert shown == [{"name": row["name"], "makers": {"name": "Bo" if row["maker_id"] == 2 else "Ann"}} for row in rows]
