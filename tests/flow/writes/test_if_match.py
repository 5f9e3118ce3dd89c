# SPDX-License-Identifier: Apache-2.0
"""If-Match: a row is changed only as the one that the client knows, so that of several who change it at once no update is lost."""
import concurrent.futures

import pytest

from leat import Leat, client_of

CONFIG = """
defaults: {read: anonymous, write: anonymous}
serve: {/api: plain, /rest/v1: postgrest}
resources:
  items: {version: revision, select: 'id,name,notes(text)'}
  pairs: {version: revision}
  notes: {}
  soft: {deleted: gone, version: revision}
"""
SCHEMA = """
CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, count INTEGER DEFAULT 0, revision INTEGER NOT NULL DEFAULT 1);
CREATE TABLE pairs (a INTEGER, b TEXT, name TEXT, revision TEXT NOT NULL DEFAULT 'first', PRIMARY KEY (a, b));
CREATE TABLE notes (id INTEGER PRIMARY KEY, item INTEGER REFERENCES items (id) ON DELETE CASCADE, text TEXT);
CREATE TABLE soft (id INTEGER PRIMARY KEY, name TEXT, gone TIMESTAMP, revision INTEGER NOT NULL DEFAULT 1);
INSERT INTO items (id, name) VALUES (1, 'one'), (2, 'two two two two two two two two two two two two two two two two');
INSERT INTO pairs (a, b, name, revision) VALUES (1, 'x,y', 'odd', '"a.b" \\ü');
INSERT INTO notes VALUES (1, 1, 'a note');
INSERT INTO soft (id, name, gone) VALUES (1, 'here', NULL), (2, 'gone', '2026-01-01T00:00:00Z');
"""
SQLITE = """
CREATE TRIGGER items_revised AFTER UPDATE ON items WHEN NEW.revision <> OLD.revision + 1
BEGIN UPDATE items SET revision = OLD.revision + 1 WHERE id = NEW.id; END;
"""
POSTGRESQL = """
CREATE FUNCTION revise() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.revision := OLD.revision + 1; RETURN NEW; END';
CREATE TRIGGER items_revised BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION revise();
"""


@pytest.fixture
def leat(database):
    database.sql(SCHEMA + database.pick(SQLITE, POSTGRESQL))
    with Leat(database=database.url, config=CONFIG) as running:
        yield running.await_ready()


def tag_of(leat, path, **options):
    answer = leat.get(path, **options)
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def send(leat, method, path, tag, json=None, **headers):
    return leat.client.request(method, path, json=json, headers={"If-Match": tag} | headers)


def refused(answer, status=412, code="if-match-failed"):
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code
    return answer.json()


def test_the_row_that_is_known_is_changed_and_another_is_not(leat):
    known = tag_of(leat, "/api/items/1")
    assert known.startswith('"1.')
    assert send(leat, "PATCH", "/api/items/1", known, {"name": "uno"}).status_code == 200
    refused(send(leat, "PATCH", "/api/items/1", known, {"name": "never"}))
    refused(send(leat, "PUT", "/api/items/1", known, {"name": "never"}))
    refused(send(leat, "DELETE", "/api/items/1", known))
    assert leat.get("/api/items/1").json()["name"] == "uno"
    assert tag_of(leat, "/api/items/1").startswith('"2.')
    assert send(leat, "PUT", "/api/items/1", tag_of(leat, "/api/items/1"), {"name": "put"}).status_code == 200
    assert send(leat, "DELETE", "/api/items/1", tag_of(leat, "/api/items/1")).status_code == 204
    assert leat.get("/api/items/1").status_code == 404


def test_the_version_alone_is_compared_whatever_form_the_tag_is_of(leat):
    forms = [tag_of(leat, "/api/items/2"),
             tag_of(leat, "/api/items/2?select=id"), tag_of(leat, "/api/items/2?select=name,notes(id)"),
             tag_of(leat, "/api/items/2", headers={"Accept-Encoding": "identity;q=0, gzip"})]
    assert len(set(forms)) == 4
    for number, tag in enumerate(forms):
        assert send(leat, "PATCH", "/api/items/2", tag, {"name": f"n{number}"}).status_code == 200
        refused(send(leat, "PATCH", "/api/items/2", tag, {"name": "never"}))
        forms[number + 1:] = [tag.replace(f'"{number + 1}.', f'"{number + 2}.') for tag in forms[number + 1:]]


def test_a_note_beside_the_row_changes_what_is_shown_and_not_the_row(leat):
    before = tag_of(leat, "/api/items/1")
    assert leat.client.post("/api/notes", json={"id": 2, "item": 1, "text": "another"}).status_code == 201
    after = tag_of(leat, "/api/items/1")
    assert before != after
    assert leat.get("/api/items/1", headers={"If-None-Match": before}).status_code == 200
    assert send(leat, "PATCH", "/api/items/1", before, {"name": "uno"}).status_code == 200


def test_lists_of_tags_and_a_star(leat):
    tag = tag_of(leat, "/api/items/1")
    refused(send(leat, "PATCH", "/api/items/1", f"W/{tag}", {"name": "never"}))
    for bad in ('"x"', '"0.abc"', "1", '"1"', '"1', "", '"1x.y", "2.z"'):
        refused(send(leat, "PATCH", "/api/items/1", bad, {"name": "never"}))
    assert send(leat, "PATCH", "/api/items/1", f'"x", {tag}', {"name": "a"}).status_code == 200
    assert send(leat, "PATCH", "/api/items/1", "*", {"name": "b"}).status_code == 200
    several = leat.client.patch("/api/items/1", json={"name": "c"}, headers=[("If-Match", '"x"'), ("If-Match", tag_of(leat, "/api/items/1"))])
    assert several.status_code == 200


def test_a_row_that_is_not_there(leat):
    for tag in ("*", '"1.x"'):
        refused(send(leat, "PATCH", "/api/items/77", tag, {"name": "x"}), 404, "not-found")
        refused(send(leat, "DELETE", "/api/items/77", tag), 404, "not-found")
        refused(send(leat, "PUT", "/api/items/77", tag, {"name": "x"}))
        refused(send(leat, "PATCH", "/api/soft/2", tag, {"name": "x"}), 404, "not-found")
    assert leat.get("/api/items/77").status_code == 404
    assert send(leat, "PATCH", "/api/soft/1", tag_of(leat, "/api/soft/1"), {"name": "x"}).status_code == 200


def test_a_version_of_any_letters_and_a_key_of_several_columns(leat):
    path = "/api/pairs/1,x%2Cy"
    tag = tag_of(leat, path)
    assert tag.startswith('"%22a.b%22%20%5C%C3%BC.')
    assert send(leat, "PATCH", path, tag, {"name": "even", "revision": "second"}).status_code == 200
    refused(send(leat, "PATCH", path, tag, {"name": "never"}))


def test_without_a_version_it_is_refused_in_words_but_for_postgresqls_tables(leat, store):
    tag = tag_of(leat, "/api/notes/1")
    answer = send(leat, "PATCH", "/api/notes/1", tag, {"text": "other"})
    if store == "sqlite":
        assert "version:" in refused(answer, 400, "no-version")["hint"]
        assert leat.get("/api/notes/1").json()["text"] == "a note"
        return
    assert answer.status_code == 200
    refused(send(leat, "PATCH", "/api/notes/1", tag, {"text": "never"}))
    assert send(leat, "PATCH", "/api/notes/1", tag_of(leat, "/api/notes/1?select=id,items(name)"), {"text": "third"}).status_code == 200


def test_where_it_does_not_belong_it_is_refused_and_nothing_is_done(leat):
    for method, path in (("PATCH", "/api/items?id=eq.1"), ("DELETE", "/api/items?id=eq.1"), ("POST", "/api/items"),
                         ("PATCH", "/rest/v1/items?id=eq.1")):
        refused(send(leat, method, path, "*", {"name": "never"}), 400, "misplaced-condition")
    answer = leat.client.put("/api/items/9", json={"name": "never"}, headers={"If-None-Match": "*"})
    refused(answer, 400, "misplaced-condition")
    assert [row["name"] for row in leat.rows("/api/items?order=id")] == ["one", "two" + " two" * 15]


def test_with_a_key_a_condition_is_looked_at_once(leat):
    tag = tag_of(leat, "/api/items/1")
    headers = {"Idempotency-Key": "k1"}
    first = send(leat, "PATCH", "/api/items/1", tag, {"name": "uno"}, **headers)
    again = send(leat, "PATCH", "/api/items/1", tag, {"name": "uno"}, **headers)
    assert first.status_code == again.status_code == 200 and again.headers["idempotency-replayed"] == "true"
    refused(send(leat, "PATCH", "/api/items/1", '"9.x"', {"name": "uno"}, **headers), 422, "idempotency-key-reused")
    refused(send(leat, "PATCH", "/api/items/1", tag, {"name": "dos"}, **{"Idempotency-Key": "k2"}))


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_of_many_who_count_at_once_no_update_is_lost(leat, method):
    """Read, add one, write if nobody else has; else again. What was told done is counted."""
    workers, rounds = 6, 15

    def count(_):
        with client_of(leat.url) as client:
            done = 0
            while done < rounds:
                now = client.get("/api/items/2?select=id,name,count")
                body = now.json() | {"count": now.json()["count"] + 1}
                answer = client.request(method, "/api/items/2", json=body, headers={"If-Match": now.headers["etag"]})
                assert answer.status_code in (200, 412), answer.text
                done += answer.status_code == 200
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(count, range(workers)))
    assert leat.get("/api/items/2?select=count").json()["count"] == workers * rounds


def test_xmin_loses_no_update_either(leat, store):
    if store == "sqlite":
        pytest.skip("PostgreSQL's alone")
    workers, rounds = 6, 10

    def add(number):
        with client_of(leat.url) as client:
            done = 0
            while done < rounds:
                now = client.get("/api/notes/1")
                answer = client.patch("/api/notes/1", json={"text": now.json()["text"] + str(number)},
                                      headers={"If-Match": now.headers["etag"]})
                assert answer.status_code in (200, 412), answer.text
                done += answer.status_code == 200
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(add, range(workers)))
    text = leat.get("/api/notes/1").json()["text"]
    assert len(text) == len("a note") + workers * rounds
