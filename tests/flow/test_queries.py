# SPDX-License-Identifier: Apache-2.0
"""Named queries: SQL files with typed, bound parameters."""
import pytest

from leat import Leat


def test_the_dashboard_is_one_object_with_numbers(sentinel):
    stats = sentinel.get("/api/dashboard/stats").json()
    assert stats["transactions"] > 0 and 0 < stats["users"] <= stats["transactions"]
    assert isinstance(stats["volume"], float) and isinstance(stats["as_of"], str)


def test_top_users_are_ordered_by_volume_and_as_many_as_asked_for(sentinel):
    users = sentinel.rows("/api/top_users?top=7")
    volumes = [user["volume"] for user in users]
    assert len(users) == 7 and volumes == sorted(volumes, reverse=True)


def test_rules_of_an_industry_are_those_of_the_table(sentinel):
    by_query = sentinel.rows("/api/rules_by_industry?industry=lending")
    by_table = sentinel.rows("/api/rules?industry=lending&enabled=true&order=id&select=id,name,kind,threshold,enabled,config")
    assert by_query == by_table and by_query


@pytest.mark.parametrize("query,code,name", [
    ("", "missing-parameter", "industry"),
    ("industry=banking", None, "industry"),
    ("industry=lending&enabled=perhaps", "wrong-type", "enabled"),
    ("industy=lending", "unknown-parameter", "industy"),
])
def test_a_wrong_parameter_is_a_400_that_names_it(sentinel, query, code, name):
    problem = sentinel.problem(f"/api/rules_by_industry?{query}", 400, code)
    assert name in problem["detail"]


def test_a_parameter_out_of_its_range_is_refused(sentinel):
    for top in ("0", "101", "1.5", "x"):
        assert sentinel.get(f"/api/top_users?top={top}").status_code == 400


def test_parameters_with_defaults_and_optional_ones_may_be_absent(sentinel):
    assert len(sentinel.rows("/api/top_users")) == 10


def serve(database, tmp_path, files, **options):
    folder = tmp_path / "queries"
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    config = tmp_path / "leat.yaml"
    config.write_text("leat: 1\nresources: {}\nqueries: queries/\n")
    return Leat(database=database.url, config_file=str(config), **options)


HEAD = "/* leat\nread: anonymous\n"


def test_each_type_of_parameter_is_checked_and_bound(database, tmp_path):
    kinds = {"int": ("7", "x"), "text": ("a'b", None), "timestamptz": ("2026-01-31T10:00:00Z", "yesterdayish"), "date": ("2026-01-31", "2026-02-31"),
             "bool": ("true", "2x"), "uuid": ("123e4567-e89b-12d3-a456-426614174000", "123"), "double": ("1.5", "one")}
    files = {f"echo_{kind}.sql": f"{HEAD}params: {{v: {kind}}}\nreturns: value\n*/\nSELECT :v AS v" for kind in kinds}
    with serve(database, tmp_path, files) as leat:
        for kind, (good, bad) in kinds.items():
            assert leat.get(f"/api/echo_{kind}", params={"v": good}).status_code == 200, kind
            if bad:
                leat.problem(f"/api/echo_{kind}?v={bad}", 400, "wrong-type")


def test_a_row_that_is_none_is_a_404(database, tmp_path):
    with serve(database, tmp_path, {"one.sql": HEAD + "params: {n: int}\nreturns: row\n*/\nSELECT 1 AS one WHERE :n = 1"}) as leat:
        assert leat.get("/api/one?n=1").json() == {"one": 1}
        assert leat.problem("/api/one?n=2", 404, "not-found")["detail"] == "The query `one` found no row."


def test_colons_in_strings_comments_and_casts_are_no_parameters(database, tmp_path):
    text = HEAD + "params: {n: int}\nreturns: row\n*/\nSELECT ':n' AS a, 1 AS b /* :x */ -- :y\n WHERE CAST(:n AS int) = 1"
    with serve(database, tmp_path, {"one.sql": text}) as leat:
        assert leat.get("/api/one?n=1").json() == {"a": ":n", "b": 1}


def refused(database, tmp_path, text):
    leat = serve(database, tmp_path, {"bad.sql": text}, expect_up=False)
    try:
        assert leat.wait() == 2
        return leat.log()
    finally:
        leat.kill()


def test_a_query_that_the_database_refuses_is_told_with_file_and_line(database, tmp_path):
    log = refused(database, tmp_path, HEAD + "*/\nSELECT 1,\n  nonsense FROM nowhere")
    assert "bad.sql:" in log and "no" in log


def test_an_undeclared_parameter_is_told_with_its_place(database, tmp_path):
    assert "bad.sql:5:8" in refused(database, tmp_path, HEAD + "params: {n: int}\n*/\nSELECT :m, :n")


@pytest.mark.parametrize("statement", ["SELECT 1; SELECT 2", "DROP TABLE t", "CREATE TABLE u (id int)", "DELETE FROM t; DELETE FROM t", "BEGIN", "PRAGMA user_version"])
def test_a_query_that_does_more_than_read_and_change_rows_does_not_load(database, tmp_path, statement):
    database.sql("CREATE TABLE t (id int);")
    assert "bad.sql:" in refused(database, tmp_path, HEAD + "*/\n" + statement)


def test_a_query_with_an_order_over_a_unique_key_is_paged(database, tmp_path):
    database.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, n int); INSERT INTO t VALUES (1, 5), (2, NULL), (3, 5), (4, 7), (5, NULL), (6, 1);")
    text = HEAD + "order: n.desc,id\npage: {size: 2, max: 4}\n*/\nSELECT id, n FROM t"
    with serve(database, tmp_path, {"paged.sql": text, "counted.sql": text.replace("max: 4", "max: 4, by: number, total: 1m")}) as leat:
        ids, cursor = [], None
        while True:
            body = leat.get("/api/paged" + (f"?cursor={cursor}" if cursor else "")).json()
            ids += [row["id"] for row in body["paged"]]
            cursor = body["next_cursor"]
            if not cursor:
                break
        assert ids == [2, 5, 4, 1, 3, 6]
        counted = leat.get("/api/counted?page=2&page_size=4").json()
        assert [row["id"] for row in counted["counted"]] == [3, 6] and (counted["total"], counted["pages"]) == (6, 2)


def test_a_query_nobody_may_read_is_not_there(database, tmp_path):
    with serve(database, tmp_path, {"secret.sql": "/* leat */ SELECT 1 AS one", "open.sql": HEAD + "*/\nSELECT 1 AS one"}) as leat:
        assert leat.get("/api/secret").status_code == 404
        assert leat.rows("/api/open") == [{"one": 1}]
