# SPDX-License-Identifier: Apache-2.0
"""What HTTP's own caches live by: a strong tag on every answer that is held whole, and 304 for who has it."""
import re

import pytest

from leat import Leat

CONFIG = "defaults: {read: anonymous, write: anonymous}\nserve: {/api: plain, /rest/v1: postgrest}\nresources: {items: {}}\n"


@pytest.fixture
def leat(database):
    database.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); "
                 "INSERT INTO items VALUES (1, 'one'), (2, 'two'), (3, 'three');")
    with Leat(database=database.url, config=CONFIG) as running:
        yield running.await_ready()


PATHS = ["/api/items", "/api/items/1", "/rest/v1/items?id=eq.1", "/openapi.json", "/docs"]


@pytest.mark.parametrize("path", PATHS)
def test_who_has_it_is_told_so_in_every_way_of_asking(leat, path):
    first = leat.get(path)
    tag = first.headers["etag"]
    assert re.fullmatch(r'"([^".]+\.)?[0-9a-f]{32}(-br|-gzip)?"', tag) and first.headers["cache-control"] == "no-cache"
    for method in ("GET", "HEAD"):
        for value in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = leat.client.request(method, path, headers={"If-None-Match": value})
            assert again.status_code == 304 and not again.content and again.headers["etag"] == tag
            assert again.headers.get("vary") == first.headers.get("vary")
            assert again.headers["cache-control"] == "no-cache" and "content-length" not in again.headers
        several = leat.client.request(method, path, headers=[("If-None-Match", '"x"'), ("If-None-Match", tag)])
        assert several.status_code == 304
        for value in ('"x"', tag[:-1], tag[1:], ""):
            assert leat.client.request(method, path, headers={"If-None-Match": value}).status_code == 200


def test_a_write_changes_the_tag_and_another_form_has_its_own(leat):
    before = leat.get("/api/items").headers["etag"]
    assert leat.get("/api/items").headers["etag"] == before
    assert leat.client.patch("/api/items/1", json={"name": "uno"}).status_code == 200
    after = leat.get("/api/items", headers={"If-None-Match": before})
    assert after.status_code == 200 and after.headers["etag"] != before
    tags = {leat.get(path, headers={"Accept": accept}).headers["etag"]
            for path, accept in (("/api/items", "*/*"), ("/rest/v1/items", "*/*"), ("/api/items", "application/vnd.pgrst.array+json;nulls=stripped;q=1"))}
    assert len(tags) >= 2


def test_each_coding_has_a_tag_of_its_own(leat):
    tags = {coding: leat.get("/openapi.json", headers={"Accept-Encoding": coding}).headers["etag"] for coding in ("identity", "gzip", "br")}
    assert len(set(tags.values())) == 3
    for coding, tag in tags.items():
        again = leat.get("/openapi.json", headers={"Accept-Encoding": coding, "If-None-Match": tag})
        assert again.status_code == 304 and again.headers["etag"] == tag
    other = leat.get("/openapi.json", headers={"Accept-Encoding": "gzip", "If-None-Match": tags["br"]})
    assert other.status_code == 200
    unpacked = leat.get("/openapi.json", headers={"Accept-Encoding": "gzip", "If-None-Match": tags["identity"]})
    assert unpacked.status_code == 304 and unpacked.headers["etag"] == tags["identity"]


def test_who_shows_who_he_is_has_it_for_himself(leat):
    for header in ({"Authorization": "Bearer x"}, {"X-API-Key": "x"}):
        answer = leat.get("/api/items", headers=header)
        if answer.status_code == 200:
            assert answer.headers["cache-control"] == "private, no-cache"


def test_what_changes_something_and_what_went_wrong_bears_no_tag(leat):
    written = leat.client.post("/api/items", json={"id": 9, "name": "nine"})
    assert written.status_code == 201 and "etag" not in written.headers and "cache-control" not in written.headers
    for path in ("/api/items/77", "/api/items?nothing=1", "/health"):
        answer = leat.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code != 304 and "etag" not in answer.headers and answer.headers["cache-control"] == "no-store"


def test_dates_are_not_heeded_where_there_are_none(leat):
    """RFC 9110, sections 13.1.3 and 13.1.4: without a modification date both are ignored."""
    for header in ("If-Modified-Since", "If-Unmodified-Since"):
        for date in ("Sat, 01 Jan 2000 00:00:00 GMT", "Sat, 01 Jan 2095 00:00:00 GMT"):
            answer = leat.get("/api/items", headers={header: date})
            assert answer.status_code == 200 and "last-modified" not in answer.headers
