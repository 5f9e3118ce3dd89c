# SPDX-License-Identifier: Apache-2.0
"""Named queries that change something: asked for by POST, with the rights of writes, in a transaction of their own."""
import pytest

from leat import Leat

SCHEMA = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, shop TEXT NOT NULL CHECK (shop <> 'closed'), amount @decimal, paid BOOLEAN NOT NULL DEFAULT false);
INSERT INTO orders VALUES (1, 'north', @one, false), (2, 'south', @two, false), (3, 'north', @one, true);
"""
HEAD = "/* leat\nwrite: anonymous\nparams: {params}\n{more}*/\n"
QUERIES = {
    "pay": ("{id: int}", "returns: row\n", "UPDATE orders SET paid = true WHERE id = :id AND NOT paid RETURNING id, amount, paid"),
    "open": ("{id: int, shop: text, amount: numeric? }", "returns: value\n", "INSERT INTO orders (id, shop, amount) VALUES (:id, :shop, :amount) RETURNING id"),
    "close": ("{shop: text, of: 'int = 0 in 0..9'}", "", "DELETE FROM orders WHERE shop = :shop AND id > :of"),
    "raise": ("{by: int}", "", "UPDATE orders SET amount = amount + :by WHERE paid RETURNING shop, amount"),
    "nothing": ("{id: int}", "", "UPDATE orders SET shop = 'closed' WHERE id = :id"),
}
READS = {"count": "/* leat\nread: anonymous\nreturns: value\n*/\nSELECT count(*) AS n FROM orders"}


def write(folder, queries, reads=READS):
    folder.mkdir(exist_ok=True)
    for name, (params, more, sql) in queries.items():
        (folder / f"{name}.sql").write_text(HEAD.replace("{params}", params).replace("{more}", more) + sql)
    for name, text in reads.items():
        (folder / f"{name}.sql").write_text(text)


def config(tmp_path, more=""):
    path = tmp_path / "leat.yaml"
    path.write_text("leat: 1\nserve: {/api: plain, /rest/v1: postgrest}\nresources: {}\nqueries: queries/\n" + more)
    return str(path)


@pytest.fixture
def leat(database, tmp_path):
    database.sql(SCHEMA.replace("@decimal", database.pick("DECIMAL(8,2)", "numeric(8,2)")).replace("@one", database.pick("1050", "10.50")).replace(
        "@two", database.pick("20", "0.20")))
    write(tmp_path / "queries", QUERIES)
    with Leat(database=database.url, config_file=config(tmp_path)) as running:
        yield running.await_ready()


def post(leat, path, body=None, status=200, **options):
    answer = leat.client.post(f"/api/{path}", json=body, **options) if body is not None else leat.client.post(f"/api/{path}", **options)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_what_it_returns_is_the_answer(leat):
    assert post(leat, "pay", {"id": 1}) == {"id": 1, "amount": 10.5, "paid": True}
    assert post(leat, "open", {"id": 9, "shop": "east"}) == 9
    assert post(leat, "raise", {"by": 0}) == [{"shop": "north", "amount": 10.5}] * 2
    assert leat.client.post("/rest/v1/raise", json={"by": 0}).json() == [{"shop": "north", "amount": 10.5}] * 2


def test_without_columns_it_answers_how_many_rows_it_has_changed(leat):
    assert post(leat, "close", {"shop": "north"}) == {"changed": 2}
    assert post(leat, "close", {"shop": "north"}) == {"changed": 0}
    assert leat.get("/api/count").json() == 1


def test_parameters_come_in_the_query_string_a_json_object_or_a_form(leat):
    assert post(leat, "close?shop=north&of=1") == {"changed": 1}
    assert post(leat, "close?of=1", {"shop": "south"}) == {"changed": 1}
    assert post(leat, "close", data={"shop": "north"}) == {"changed": 1}


@pytest.mark.parametrize("body,code,name", [
    ({}, "missing-parameter", "shop"), ({"shop": None}, "missing-parameter", "shop"), ({"shop": "x", "of": "a"}, "wrong-type", "of"),
    ({"shop": "x", "of": 10}, "bad-value", "of"), ({"shop": "x", "of": [1]}, "wrong-type", "of"), ({"shop": "x", "off": 1}, "unknown-parameter", "off"),
])
def test_a_wrong_parameter_is_a_400_that_names_it(leat, body, code, name):
    problem = post(leat, "close", body, status=400)
    assert problem["code"] == code and problem["place"] == name
    assert leat.get("/api/count").json() == 3


def test_a_parameter_in_both_places_is_refused(leat):
    assert post(leat, "close?shop=north", {"shop": "south"}, status=400)["code"] == "repeated-parameter"
    for body in ("[]", '[{"shop": "north"}, {"shop": "south"}]', "{", "1"):
        answer = leat.client.post("/api/close", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, answer.text
    assert leat.client.post("/api/close", content="<a/>", headers={"Content-Type": "text/html"}).status_code == 415
    assert leat.get("/api/count").json() == 3


def test_a_row_that_is_none_is_a_404(leat):
    assert post(leat, "pay", {"id": 3}, status=404)["code"] == "not-found"


def test_what_a_constraint_refuses_leaves_nothing(leat, database):
    assert post(leat, "open", {"id": 1, "shop": "east"}, status=409)["code"] == "unique-violation"
    assert post(leat, "nothing", {"id": 2}, status=400)["code"] == "check-violation"
    assert database.sql("SELECT count(*) FROM orders WHERE shop = 'closed';").strip() == "0"


def test_a_key_makes_it_once(leat):
    key = {"Idempotency-Key": "k-1"}
    first = leat.client.post("/api/close", json={"shop": "north"}, headers=key)
    again = leat.client.post("/api/close", json={"shop": "north"}, headers=key)
    assert first.json() == again.json() == {"changed": 2} and again.headers["idempotency-replayed"] == "true"
    assert post(leat, "close", {"shop": "south"}, status=422, headers=key)["code"] == "idempotency-key-reused"
    refused = {"Idempotency-Key": "k-2"}
    assert post(leat, "pay", {"id": 7}, status=404, headers=refused)["code"] == "not-found"
    post(leat, "open", {"id": 7, "shop": "east", "amount": 2})
    assert post(leat, "pay", {"id": 7}, headers=refused)["paid"] is True, "what failed has left its key free"
    assert post(leat, "pay", {"id": 7}, headers=refused)["paid"] is True, "and what was done is done once"


def test_it_is_asked_for_by_post_alone_and_what_reads_by_get_alone(leat):
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
        answer = leat.client.request(method, "/api/close?shop=north")
        assert answer.status_code == 405 and answer.headers["allow"] == "POST, OPTIONS"
    assert leat.client.post("/api/count").status_code == 405 and leat.get("/api/count").json() == 3


def test_one_object_is_asked_of_one_row_or_nothing_is_done(leat):
    one = {"Accept": "application/vnd.pgrst.object+json"}
    assert post(leat, "raise", {"by": 1}, headers=one) == {"shop": "north", "amount": 11.5 if leat_is_pg(leat) else 10.51}
    post(leat, "pay", {"id": 1})
    assert post(leat, "raise", {"by": 1}, headers=one, status=406)["code"] == "not-one-row"
    assert len({row["amount"] for row in post(leat, "raise", {"by": 0})}) == 2, "the second raise was taken back"


def leat_is_pg(leat):
    return "postgresql" in leat.process.args[leat.process.args.index("--database") + 1]


def test_who_may_not_write_finds_nothing(database, tmp_path):
    database.sql("CREATE TABLE t (id INTEGER PRIMARY KEY);")
    write(tmp_path / "queries", {}, {"add.sql"[:-4]: "/* leat\nread: anonymous\nparams: {id: int}\n*/\nINSERT INTO t VALUES (:id)"})
    with Leat(database=database.url, config_file=config(tmp_path)) as leat:
        assert leat.client.post("/api/add", json={"id": 1}).status_code == 404
    with Leat(database=database.url, config_file=config(tmp_path, "defaults: {write: anonymous}\n")) as leat:
        assert post(leat, "add", {"id": 1}) == {"changed": 1}


def test_what_only_its_head_says_changes_something_is_a_write(database, tmp_path):
    database.sql("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (7);" + database.pick(
        "", "CREATE FUNCTION take(n int) RETURNS int LANGUAGE sql AS 'DELETE FROM t WHERE id = n RETURNING id';"))
    sql = database.pick("SELECT id AS taken FROM t WHERE id = :n", "SELECT take(:n) AS taken")
    write(tmp_path / "queries", {"take": ("{n: int}", "returns: value\n", sql)}, {})
    with Leat(database=database.url, config_file=config(tmp_path)) as leat:
        assert post(leat, "take", {"n": 7}) == 7 and leat.get("/api/take?n=7").status_code == 405
    assert database.sql("SELECT count(*) FROM t;").strip() == database.pick("1", "0")


def complaint(database, tmp_path, more, sql):
    write(tmp_path / "queries", {"bad": ("{n: int}", more, sql)}, {})
    leat = Leat(database=database.url, config_file=config(tmp_path), expect_up=False)
    try:
        assert leat.wait() == 2
        return leat.log()
    finally:
        leat.kill()


@pytest.mark.parametrize("more,sql,said", [
    ("order: id\n", "DELETE FROM t WHERE id = :n RETURNING id", "has no pages"),
    ("returns: row\n", "DELETE FROM t WHERE id = :n", "RETURNING"),
    ("returns: value\n", "DELETE FROM t WHERE id = :n", "wants one column"),
])
def test_what_cannot_be_is_told_at_start(database, tmp_path, more, sql, said):
    database.sql("CREATE TABLE t (id INTEGER PRIMARY KEY);")
    log = complaint(database, tmp_path, more, sql)
    assert said in log and "bad.sql:" in log


def test_arrays_that_a_change_returns_come_as_json(database, tmp_path):
    if database.store == "sqlite":
        pytest.skip("SQLite has no arrays")
    database.sql("CREATE TABLE t (id int PRIMARY KEY, tags text[]); INSERT INTO t VALUES (1, '{a}')")
    write(tmp_path / "queries", {
        "tag": ("{tag: text}", "", "UPDATE t SET tags = tags || :tag RETURNING id, tags;"),
        "move": ("{n: int}", "", "WITH gone AS (DELETE FROM t WHERE id = :n RETURNING id) SELECT id FROM gone")}, {})
    with Leat(database=database.url, config_file=config(tmp_path)) as leat:
        assert post(leat, "tag", {"tag": "b"}) == [{"id": 1, "tags": ["a", "b"]}]
        assert post(leat, "move", {"n": 1}) == [{"id": 1}] and post(leat, "move", {"n": 1}) == []
    assert "to_json" in complaint(database, tmp_path, "", "WITH gone AS (DELETE FROM t WHERE id = :n RETURNING tags) SELECT tags FROM gone")
