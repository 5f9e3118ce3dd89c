# SPDX-License-Identifier: Apache-2.0
"""`writes: through`: what PATCH and PUT of a row answer is kept as the answer of that row, and is never older than a later write."""
import concurrent.futures
import itertools

import pytest

from callers import KEYS, bearer
from leat import Leat, client_of

SCHEMA = """
CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL, level INTEGER NOT NULL DEFAULT 1, at %s);
CREATE TABLE marked (id INTEGER PRIMARY KEY, name TEXT NOT NULL, gone %s);
CREATE TABLE watched (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE versions (id INTEGER PRIMARY KEY, name TEXT NOT NULL, number INTEGER NOT NULL);
INSERT INTO things VALUES (1, 'a', 1, NULL), (2, 'b', 1, NULL);
INSERT INTO marked VALUES (1, 'a', NULL);
INSERT INTO watched VALUES (1, 'a');
INSERT INTO versions VALUES (1, 'a', 1);
"""
SQLITE = "CREATE TRIGGER later AFTER UPDATE OF name ON watched WHEN NEW.name NOT LIKE '%!' BEGIN UPDATE watched SET name = NEW.name || '!' WHERE id = NEW.id; END;"
POSTGRESQL = """
CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN UPDATE public.watched SET name = NEW.name || ''!'' WHERE id = NEW.id AND name NOT LIKE ''%!''; RETURN NULL; END';
CREATE TRIGGER later AFTER UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION later();
"""
CONFIG = f"""
workers: 2
auth: {{roles: viewer < analyst, {KEYS}}}
defaults: {{read: anonymous, write: anonymous, cache: {{list: 10m, row: 10m, writes: through, client: 5s}}}}
resources:
  things: {{}}
  marked: {{deleted: gone}}
  watched: {{}}
  versions: {{version: number}}
  some_things: {{table: things, columns: 'id,name', put: merge, read: viewer, write: viewer, rows: {{viewer: level=lt.9}}}}
"""


@pytest.fixture
def leat(database):
    when = database.pick("TIMESTAMP", "timestamptz")
    database.sql(SCHEMA % (when, when) + database.pick(SQLITE, POSTGRESQL))
    with Leat(database=database.url, config=CONFIG) as running:
        running.sql, running.url_of_database = database.sql, database.url
        yield running.await_ready()


def is_kept(answer):
    return "hit" in answer.headers["cache-status"]


CHANGING = {"date", "age", "cache-status", "x-request-id"}


def heads(answer):
    return {name: value for name, value in answer.headers.items() if name not in CHANGING}


@pytest.mark.parametrize("path, caller", [("/api/things/1", {}), ("/api/versions/1", {}), ("/api/some_things/1", bearer("viewer"))])
@pytest.mark.parametrize("write", ["patch", "put"])
def test_the_row_is_kept_as_it_was_written_and_is_what_a_read_would_say(leat, path, caller, write):
    body = {"name": "neu"} | ({"number": 2} if "versions" in path else {})
    leat.get(path, headers=caller)
    written = getattr(leat.client, write)(path, json=body, headers=caller)
    kept = leat.get(path, headers=caller)
    assert written.status_code == 200 and is_kept(kept) and kept.content == written.content and kept.json()["name"] == "neu"
    assert leat.get(path, headers=caller | {"If-None-Match": kept.headers["etag"]}).status_code == 304
    with Leat(database=leat.url_of_database, config=CONFIG) as other:
        read = other.await_ready().get(path, headers=caller)
    assert (read.content, heads(read)) == (kept.content, heads(kept))


def test_its_tag_lets_one_change_it(leat):
    assert leat.client.patch("/api/versions/1", json={"name": "b", "number": 2}).status_code == 200
    tag = leat.get("/api/versions/1").headers["etag"]
    assert leat.client.patch("/api/versions/1", json={"name": "c", "number": 3}, headers={"If-Match": tag}).status_code == 200
    assert leat.client.patch("/api/versions/1", json={"name": "d", "number": 4}, headers={"If-Match": tag}).status_code == 412
    kept = leat.get("/api/versions/1")
    assert is_kept(kept) and kept.json()["name"] == "c"


def test_what_the_answer_does_not_show_as_a_read_does_is_not_kept(leat):
    for path, options in (("/api/things/1?select=name", {}), ("/api/things/1", {"headers": {"Prefer": "return=minimal"}}),
                          ("/api/marked/1", {}), ("/api/watched/1", {}), ("/api/things/1", {"headers": {"Accept": "text/csv"}})):
        row = path.split("?")[0]
        leat.get(row)
        assert leat.client.patch(path, json={"name": "x"}, **options).status_code < 300
        fresh = leat.get(row)
        assert not is_kept(fresh) and fresh.json()["name"] == ("x!" if "watched" in row else "x")


def test_others_rights_have_answers_of_their_own(leat):
    leat.get("/api/some_things/1", headers=bearer("analyst"))
    assert leat.client.patch("/api/some_things/1", json={"name": "y"}, headers=bearer("viewer")).status_code == 200
    assert is_kept(leat.get("/api/some_things/1", headers=bearer("viewer")))
    fresh = leat.get("/api/some_things/1", headers=bearer("analyst"))
    assert not is_kept(fresh) and fresh.json()["name"] == "y"


def test_of_several_writers_the_last_one_is_kept_or_none(leat):
    """Whoever is answered last need not be who wrote last."""
    numbers = itertools.count()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        clients = [client_of(leat.url) for _ in range(4)]

        def write(client):
            path = "/api/things?id=eq.1" if client is clients[3] else "/api/things/1"
            assert client.patch(path, json={"name": f"n{next(numbers)}"}).status_code == 200
        for _ in range(60):
            list(pool.map(write, clients))
            answers = [client.get("/api/things/1") for client in clients]
            stands = leat.sql("SELECT name FROM things WHERE id = 1").strip()
            assert {answer.json()["name"] for answer in answers} == {stands}
        for client in clients:
            client.close()
