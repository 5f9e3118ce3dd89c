# SPDX-License-Identifier: Apache-2.0
"""Which kept answers a write ends: those that depended on it, however far below, and no others."""
import crypt
import warnings

import pytest

from callers import KEYS, bearer
from kept import is_kept
from leat import Leat

warnings.filterwarnings("ignore", category=DeprecationWarning)

SCHEMA = """
CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, team_id INTEGER REFERENCES teams (id) ON DELETE CASCADE,
    boss_id INTEGER REFERENCES people (id) ON DELETE SET NULL);
CREATE TABLE badges (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE);
CREATE TABLE colours (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE counted (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);
CREATE TABLE watched (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE VIEW named AS SELECT p.id, p.name, t.name AS team FROM people p LEFT JOIN teams t ON t.id = p.team_id;
CREATE VIEW above AS SELECT id, name FROM named WHERE team IS NOT NULL;
CREATE VIEW numbers AS SELECT 1 AS id, count(*) AS n FROM badges;
INSERT INTO teams VALUES (1, 'one'), (2, 'two');
INSERT INTO people VALUES (1, 'Ada', 1, NULL), (2, 'Ben', 2, 1), (3, 'Cy', 1, 1);
INSERT INTO badges VALUES (1, 3);
INSERT INTO colours VALUES (1, 'red');
INSERT INTO counted VALUES (1, 0);
INSERT INTO watched VALUES (1, 'x');
"""
SQLITE = """
CREATE TRIGGER counts AFTER UPDATE ON watched BEGIN UPDATE counted SET n = n + 1; END;
"""
POSTGRESQL = """
CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE public.counted SET n = n + 1; RETURN NULL; END';
CREATE TRIGGER counts AFTER UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION counts();
CREATE FUNCTION people_now() RETURNS bigint STABLE LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM public.people); END';
CREATE FUNCTION twice(n integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT n * 2';
CREATE VIEW called AS SELECT 1 AS id, people_now() AS n;
CREATE VIEW above_called AS SELECT id, n FROM called;
CREATE VIEW editable AS SELECT id, name FROM people;
CREATE TABLE days (id INTEGER, day INTEGER NOT NULL, name TEXT, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (1) TO (10);
CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (day);
CREATE TABLE days_2a PARTITION OF days_2 FOR VALUES FROM (10) TO (20);
CREATE VIEW one_part AS SELECT id, name FROM days_2a;
INSERT INTO days VALUES (1, 2, 'a'), (2, 12, 'b');
CREATE MATERIALIZED VIEW still AS SELECT id, name FROM colours;
"""
QUERIES = {
    "names": "SELECT name, team FROM named ORDER BY id",
    "reds": "SELECT name FROM colours",
    "some": "/* leat\nparams: {low: integer}\n*/ SELECT count(*) AS n FROM people WHERE id >= :low",
}
QUERIES_PG = {
    "calls": "SELECT people_now() AS n",
    "doubles": "SELECT twice(id) AS n FROM colours",
    "as_text": "SELECT query_to_xml('SELECT name FROM public.people', false, false, '')::text AS x",
    "since": "/* leat\nparams: {low: integer}\n*/ SELECT name FROM days WHERE day >= :low ORDER BY id",
    "through": "SELECT n FROM above_called",
}
NAMES = ["teams", "people", "badges", "colours", "counted", "watched", "named", "above", "numbers"]
NAMES_PG = ["called", "above_called", "editable", "days", "one_part", "still"]
CONFIG = "defaults: {read: anonymous, write: anonymous, cache: 10m}\nqueries: %s\nresources: {%s}\n"


def configure(tmp_path, store):
    folder = tmp_path / "queries"
    folder.mkdir(exist_ok=True)
    pg = store == "postgresql"
    for name, text in (QUERIES | (QUERIES_PG if pg else {})).items():
        (folder / f"{name}.sql").write_text(text if text.startswith("/*") else f"/* leat\n*/ {text}", encoding="utf-8")
    names = NAMES + (NAMES_PG if pg else [])
    keyed = {"named", "above", "numbers", "called", "above_called", "editable", "one_part", "still"}
    return CONFIG % (folder, ", ".join(f"{name}: {{{'key: id' if name in keyed else ''}}}" for name in names))


@pytest.fixture
def leat(database, tmp_path):
    database.sql(SCHEMA + database.pick(SQLITE, POSTGRESQL))
    with Leat(config=configure(tmp_path, database.store), database=database.url) as leat:
        leat.store = database.store
        yield leat.await_ready()


def look(leat, paths):
    for path in paths:
        leat.get(path)
        assert is_kept(leat, path), path


def assert_ended(leat, write, ended, kept=()):
    """After the write those that depended on it are made anew, and the others are not."""
    look(leat, [*ended, *kept])
    assert write().status_code < 300
    assert [path for path in ended if is_kept(leat, path)] == []
    assert [path for path in kept if not is_kept(leat, path)] == []


def test_views_and_queries_end_with_the_tables_below_them(leat):
    of_people = ["/api/named", "/api/named/1", "/api/above", "/api/names", "/api/some?low=1", "/api/people"]
    others = ["/api/numbers", "/api/reds", "/api/colours", "/api/people/1"]
    assert_ended(leat, lambda: leat.client.patch("/api/people/2", json={"name": "Bo"}), of_people, others)
    assert_ended(leat, lambda: leat.client.patch("/api/teams/2", json={"name": "zwei"}), ["/api/named", "/api/above", "/api/names"],
                 ["/api/some?low=1", *others])
    assert_ended(leat, lambda: leat.client.post("/api/badges", json={"id": 9, "person_id": 1}), ["/api/numbers"], of_people)
    assert leat.get("/api/names").json()[1] == {"name": "Bo", "team": "zwei"}


def test_what_follows_a_deleted_row_ends_with_it(leat):
    rows = ["/api/people/3", "/api/badges/1", "/api/badges", "/api/numbers", "/api/named"]
    assert_ended(leat, lambda: leat.client.delete("/api/teams/1"), rows, ["/api/colours"])
    assert leat.get("/api/people/3").status_code == 404 and leat.get("/api/numbers").json()["numbers"][0]["n"] == 0


def test_a_row_that_refers_to_a_deleted_one_of_its_own_table_changes_with_it(leat):
    assert_ended(leat, lambda: leat.client.delete("/api/people/1"), ["/api/people/2"])
    assert leat.get("/api/people/2").json()["boss_id"] is None


def test_a_trigger_may_have_changed_anything(leat):
    assert_ended(leat, lambda: leat.client.patch("/api/watched/1", json={"name": "y"}), ["/api/counted/1", "/api/counted", "/api/reds"])
    assert leat.get("/api/counted/1").json()["n"] == 1


@pytest.fixture
def pg(leat):
    if leat.store != "postgresql":
        pytest.skip("it is about functions, partitions and views that take writes")
    return leat


def test_who_calls_a_function_that_reads_ends_with_every_write(pg):
    untold = ["/api/called", "/api/above_called", "/api/calls", "/api/through", "/api/as_text"]
    assert_ended(pg, lambda: pg.client.patch("/api/colours/1", json={"name": "blue"}), [*untold, "/api/doubles"],
                 ["/api/names", "/api/named", "/api/still"])
    assert_ended(pg, lambda: pg.client.post("/api/people", json={"id": 4, "name": "Di"}), untold, ["/api/doubles"])
    assert pg.get("/api/calls").json()[0]["n"] == 4


def test_partitions_are_their_table(pg):
    assert_ended(pg, lambda: pg.client.patch("/api/days/2,12", json={"name": "c"}),
                 ["/api/since?low=3", "/api/days/2,12", "/api/days", "/api/one_part"], ["/api/days/1,2", "/api/names"])
    assert pg.get("/api/since?low=3").json() == [{"name": "c"}]


def test_a_write_through_a_view_is_one_to_the_table_below(pg):
    assert_ended(pg, lambda: pg.client.patch("/api/editable/3", json={"name": "Cyd"}),
                 ["/api/people/3", "/api/people", "/api/named", "/api/editable/3", "/api/names"], ["/api/colours", "/api/reds"])
    assert pg.get("/api/people/3").json()["name"] == "Cyd"


def test_operators_and_policies_may_hide_what_is_read(database, tmp_path):
    if database.store != "postgresql":
        pytest.skip("SQLite has neither")
    database.sql(SCHEMA + POSTGRESQL + """
        CREATE FUNCTION known(text, integer) RETURNS boolean STABLE LANGUAGE sql AS 'SELECT count(*) > $2 FROM public.people WHERE name = $1';
        CREATE OPERATOR ~~~ (LEFTARG = text, RIGHTARG = integer, FUNCTION = known);
        ALTER TABLE counted ENABLE ROW LEVEL SECURITY;
    """)
    config = configure(tmp_path, "postgresql")
    (tmp_path / "queries" / "hidden.sql").write_text("/* leat\n*/ SELECT name ~~~ 0 AS known FROM colours", encoding="utf-8")
    with Leat(config=config, database=database.url) as leat:
        leat.await_ready()
        assert_ended(leat, lambda: leat.client.post("/api/teams", json={"id": 7, "name": "x"}),
                     ["/api/hidden", "/api/names", "/api/counted", "/api/counted/1"], ["/api/people", "/api/colours"])


TENANTS = """
CREATE TABLE cases (id INTEGER PRIMARY KEY, org INTEGER NOT NULL, title TEXT NOT NULL);
CREATE TABLE notes (id INTEGER PRIMARY KEY, org INTEGER NOT NULL, case_id INTEGER REFERENCES cases (id) ON DELETE CASCADE);
CREATE VIEW titles AS SELECT id, org, title FROM cases;
INSERT INTO cases VALUES (1, 1, 'A one'), (2, 2, 'B one'), (3, 2, 'B two');
INSERT INTO notes VALUES (1, 1, 1), (2, 2, 2);
"""
TENANTS_CONFIG = f"""
auth: {{roles: viewer < admin, tenant: org, {KEYS}}}
defaults: {{read: viewer, write: viewer, cache: 10m}}
resources:
  cases: {{}}
  notes: {{}}
  titles: {{key: id}}
  all_cases: {{table: cases, tenant: none, read: admin, write: admin}}
"""
A, B, ADMIN = bearer("viewer", 1), bearer("viewer", 2), bearer("admin", 1)
LISTS = ["/api/cases", "/api/cases?select=id,notes(id)", "/api/cases?title=like.*o*"]


@pytest.fixture
def tenants(database):
    database.sql(TENANTS)
    with Leat(config=TENANTS_CONFIG, database=database.url) as leat:
        yield leat.await_ready()


def kept_of(leat, caller, paths):
    return [path for path in paths if is_kept(leat, path, headers=caller)]


def look_all(leat):
    for caller, paths in ((A, [*LISTS, "/api/cases/1", "/api/titles"]), (B, [*LISTS, "/api/cases/2", "/api/titles"]), (ADMIN, ["/api/all_cases"])):
        for path in paths:
            leat.get(path, headers=caller)
            assert is_kept(leat, path, headers=caller), path


@pytest.mark.parametrize("write", [
    lambda client: client.post("/api/cases", json={"id": 9, "title": "B nine"}, headers=B),
    lambda client: client.patch("/api/cases/2", json={"title": "B too"}, headers=B),
    lambda client: client.patch("/api/cases?title=like.B*", json={"title": "B all"}, headers=B),
], ids=["post", "patch", "patch many"])
def test_a_tenants_writes_end_its_own_lists_and_those_of_all(tenants, write):
    look_all(tenants)
    assert write(tenants.client).status_code < 300
    assert kept_of(tenants, A, [*LISTS, "/api/cases/1"]) == [*LISTS, "/api/cases/1"]
    assert kept_of(tenants, B, LISTS) == []
    assert kept_of(tenants, ADMIN, ["/api/all_cases"]) == [] and kept_of(tenants, A, ["/api/titles"]) == []


def test_what_is_written_for_all_tenants_ends_the_lists_of_each(tenants):
    look_all(tenants)
    assert tenants.client.patch("/api/all_cases/2", json={"title": "moved", "org": 1}, headers=ADMIN).status_code == 200
    assert kept_of(tenants, A, LISTS) == [] and kept_of(tenants, B, [*LISTS, "/api/cases/2"]) == []
    assert tenants.get("/api/cases/2", headers=B).status_code == 404
    assert "moved" in tenants.get("/api/cases", headers=A).text and kept_of(tenants, A, ["/api/cases/1"])


def test_rows_that_follow_a_tenants_row_count_as_anybodys(tenants):
    tenants.get("/api/notes", headers=A)
    assert is_kept(tenants, "/api/notes", headers=A)
    assert tenants.client.delete("/api/cases/2", headers=B).status_code == 204
    assert not is_kept(tenants, "/api/notes", headers=A)


LOGINS = """
auth:
  {roles: viewer < admin, claims: {user: id, role: role},
   login: {table: users, account: email, password: password_hash, seen: last_login}}
defaults: {read: anonymous, cache: 10m}
resources: {users: {columns: 'id,email,last_login'}, colours: {}}
"""


def test_when_a_user_was_last_seen_is_fresh_once_it_is_written(database):
    password = crypt.crypt("correct horse", "$2b$04$abcdefghijklmnopqrstuu")
    database.sql(f"""
        CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password_hash TEXT, role TEXT, last_login {database.pick("TIMESTAMP", "timestamptz")});
        CREATE TABLE colours (id INTEGER PRIMARY KEY);
        INSERT INTO users VALUES (1, 'ann@x.example', '{password}', 'viewer', NULL);
    """)
    with Leat(config=LOGINS, database=database.url) as leat:
        leat.await_ready()
        look(leat, ["/api/users/1", "/api/users", "/api/colours"])
        assert leat.client.post("/api/auth/login", json={"email": "ann@x.example", "password": "correct horse"}).status_code == 200
        leat.await_true(lambda: leat.get("/api/users/1").json()["last_login"], seconds_max=10)
        assert leat.get("/api/users").json()["users"][0]["last_login"] and is_kept(leat, "/api/colours")
