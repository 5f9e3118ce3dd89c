# SPDX-License-Identifier: Apache-2.0
"""Selection, order, pages, envelopes and cursors of lists, on the sentinel example."""
import base64

import pytest


def test_select_gives_the_columns_asked_for_in_their_order(sentinel):
    rows = sentinel.rows("/api/transactions?select=amount,id&limit=3")
    assert [list(row) for row in rows] == [["amount", "id"]] * 3


def test_fields_is_another_name_for_select(sentinel):
    assert sentinel.rows("/api/users?fields=id,email&limit=2") == sentinel.rows("/api/users?select=id,email&limit=2")


def test_a_star_selects_all_columns(sentinel):
    assert sentinel.rows("/api/users?select=*&limit=2") == sentinel.rows("/api/users?limit=2")


def test_the_envelope_is_as_declared_in_its_order(sentinel):
    body = sentinel.get("/api/transactions?limit=2").json()
    assert list(body) == ["transactions", "next_cursor", "has_more"]
    assert len(body["transactions"]) == 2 and body["has_more"] is True and isinstance(body["next_cursor"], str)


def test_the_last_page_says_that_nothing_follows(sentinel):
    body = sentinel.get("/api/transactions?id=1").json()
    assert body["has_more"] is False and body["next_cursor"] is None


def test_an_empty_list_is_an_empty_array(sentinel):
    assert sentinel.get("/api/transactions?id=0").json() == {"transactions": [], "next_cursor": None, "has_more": False}


def test_postgrests_manner_gives_a_bare_array_with_content_range(sentinel):
    answer = sentinel.get("/rest/v1/transactions?limit=5")
    assert isinstance(answer.json(), list) and answer.headers["content-range"] == "0-4/*"


def test_order_by_several_columns_holds_for_every_pair_of_rows(sentinel):
    rows = sentinel.rows("/api/transactions?order=status.asc,amount.desc,id&limit=500")
    keys = [(row["status"], -row["amount"], row["id"]) for row in rows]
    assert keys == sorted(keys)


@pytest.mark.parametrize("order,nulls_first", [
    ("fraud_score", False), ("fraud_score.desc", True), ("fraud_score.nullsfirst", True), ("fraud_score.desc.nullslast", False)])
def test_nulls_stand_where_postgresql_puts_them_on_both_stores(sentinel, order, nulls_first):
    rows = sentinel.rows(f"/api/transactions?order={order}&limit=1000&id=lte.900")
    assert len(rows) == 900
    nulls = [row["fraud_score"] is None for row in rows]
    assert nulls == sorted(nulls, reverse=nulls_first) and any(nulls) and not all(nulls)
    scores = [row["fraud_score"] for row in rows if row["fraud_score"] is not None]
    assert scores == sorted(scores, reverse="desc" in order)


def test_a_page_larger_than_allowed_is_capped_and_says_the_size_it_used(sentinel):
    answer = sentinel.get("/api/transactions?limit=100000")
    assert len(answer.json()["transactions"]) == 1000 and answer.headers["x-page-size"] == "1000"
    assert "x-page-size" not in sentinel.get("/api/transactions?limit=10").headers


def walk(leat, path, member="transactions"):
    """All rows, by following next_cursor."""
    rows, cursor = [], None
    while True:
        body = leat.get(path + (f"&cursor={cursor}" if cursor else "")).json()
        rows += body[member]
        cursor = body["next_cursor"]
        assert body["has_more"] == (cursor is not None)
        if not cursor:
            return rows


@pytest.mark.parametrize("order", ["created_at.desc", "created_at", "fraud_score.desc,created_at", "status,fraud_score.desc.nullslast",
                                   "industry.desc,fraud_score.nullsfirst,amount", "id.desc"])
def test_following_cursors_gives_every_row_once_in_order(sentinel, order):
    path = f"/api/transactions?select=id,{','.join(term.split('.')[0] for term in order.split(',') if not term.startswith('id'))}"
    path = path.rstrip(",") + f"&order={order}&id=lte.1500"
    once = sentinel.rows(path + "&limit=1000")
    rows = walk(sentinel, path + "&limit=97")
    assert len(rows) == 1500 and len({row["id"] for row in rows}) == 1500
    assert rows[:1000] == once


def test_links_lead_forward_and_back_to_the_same_rows(sentinel):
    import httpx
    path = "/rest/v1/transactions?order=fraud_score.desc&limit=50&status=eq.approved"
    pages, url = [], path
    for _ in range(5):
        answer = sentinel.get(url)
        pages.append(answer.json())
        url = str(httpx.URL(sentinel.url + path).join(answer.links["next"]["url"]))
    back = []
    for _ in range(5):
        answer = sentinel.get(url)
        back.append(answer.json())
        if "prev" not in answer.links:
            break
        url = str(httpx.URL(sentinel.url + path).join(answer.links["prev"]["url"]))
    assert back[1:] == pages[:0:-1]


@pytest.mark.parametrize("query,headers", [
    ("&limit=7&offset=3", {}), ("", {"Range": "3-9"}), ("&page_size=7&offset=3", {}), ("&limit=7&offset=3", {"Prefer": "count=exact"})])
def test_links_of_an_offset_miss_no_row_and_show_none_twice(sentinel, query, headers):
    import httpx
    path = "/rest/v1/transactions?select=id&order=id" + query
    ids = [row["id"] for row in sentinel.get("/rest/v1/transactions?select=id&order=id&limit=24").json()]
    answer = sentinel.get(path, headers=headers)
    seen, first = [row["id"] for row in answer.json()], answer
    for _ in range(2):
        answer = sentinel.get(str(httpx.URL(sentinel.url + path).join(answer.links["next"]["url"])))
        seen += [row["id"] for row in answer.json()]
    assert seen == ids[3:24]
    before = sentinel.get(str(httpx.URL(sentinel.url + path).join(first.links["prev"]["url"])))
    assert [row["id"] for row in before.json()] == ids[:3] and "prev" not in before.links


def test_another_querys_cursor_is_refused_in_words(sentinel):
    cursor = sentinel.get("/api/transactions?limit=2").json()["next_cursor"]
    for other in ("/api/transactions?order=amount&limit=2", "/api/transactions?status=approved&limit=2", "/api/users?limit=2"):
        problem = sentinel.problem(f"{other}&cursor={cursor}", 400, "bad-cursor")
        assert "cursor" in problem["detail"]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "%00", "a" * 5000, base64.urlsafe_b64encode(b"\x01" * 40).decode().rstrip("=")])
def test_a_cursor_that_is_none_is_a_400(sentinel, cursor):
    assert sentinel.get(f"/api/transactions?cursor={cursor}").status_code == 400


def test_pages_by_number_cut_the_same_list(sentinel):
    all_rows = sentinel.rows("/api/users?order=id&limit=40")
    pages = [sentinel.rows(f"/api/users?order=id&page={page}&page_size=10") for page in (1, 2, 3, 4)]
    assert [row for page in pages for row in page] == all_rows


def test_limit_and_offset_cut_the_same_list(sentinel):
    all_rows = sentinel.rows("/api/users?order=id&limit=40")
    assert sentinel.rows("/api/users?order=id&limit=15&offset=20") == all_rows[20:35]


def test_a_row_is_one_object_without_envelope(sentinel):
    row = sentinel.get("/api/transactions/42").json()
    assert row["id"] == 42 and list(row) == ["id", "user_id", "amount", "status", "industry", "fraud_score", "created_at", "metadata"]
    assert isinstance(row["metadata"], dict) and isinstance(row["amount"], float)


def test_a_row_takes_a_selection(sentinel):
    assert list(sentinel.get("/api/transactions/42?select=status,id").json()) == ["status", "id"]


def test_a_row_that_is_not_there_is_a_404(sentinel):
    problem = sentinel.problem("/api/transactions/123456789", 404, "not-found")
    assert (problem["place"], problem["column"], problem["value"]) == ("id", "id", "123456789")
    assert problem["detail"] == "`transactions` has no row whose `id` is `123456789`."


@pytest.mark.parametrize("key", ["abc", "1.5", "1e3", "99999999999999999999", "%20", "1%2F2", "-"])
def test_a_key_of_the_wrong_type_is_a_400(sentinel, key):
    assert sentinel.problem(f"/api/transactions/{key}", 400, "wrong-type")["column"] == "id"


def test_head_answers_as_get_without_the_body(sentinel):
    got, head = sentinel.get("/api/transactions/42"), sentinel.client.head("/api/transactions/42")
    assert head.status_code == 200 and head.content == b"" and head.headers["content-length"] == got.headers["content-length"]


def test_options_says_what_is_possible(sentinel):
    answer = sentinel.client.options("/api/transactions")
    assert answer.status_code == 204 and answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_writing_is_a_405_that_says_what_is_possible(sentinel, method):
    answer = sentinel.client.request(method, "/api/transactions", json={"id": 1})
    assert answer.status_code == 405 and answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_an_unknown_path_is_a_404_with_the_nearest_one(sentinel):
    assert sentinel.problem("/api/transactionz", 404, "unknown-path")["nearest"] == "/api/transactions"


def test_rows_are_the_same_in_both_manners(sentinel):
    assert sentinel.rows("/api/rules?order=id") == sentinel.rows("/rest/v1/rules?order=id")
