# SPDX-License-Identifier: Apache-2.0
"""/openapi.json: it is what the standard says it must be, and what it says of answers and parameters holds."""
import contextlib
import re
import subprocess

import jsonschema
import pytest

from leat import Leat
from openapi import Document
from postgres import Postgres

ODD = {
    "sqlite": """
        CREATE TABLE owners (id INTEGER PRIMARY KEY, "full name" TEXT NOT NULL CHECK (length("full name") BETWEEN 2 AND 40),
            status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'held')), born INTEGER CHECK (born > 1900),
            secret TEXT);
        CREATE TABLE pairs (a INTEGER NOT NULL, b TEXT NOT NULL, flag BOOLEAN, body BLOB, data JSON, at TIMESTAMP, day DATE,
            uid UUID, price DECIMAL(10,2), ratio REAL, owner INTEGER REFERENCES owners, "limit" INTEGER, PRIMARY KEY (a, b));
        CREATE VIEW totals AS SELECT status, count(*) AS n FROM owners GROUP BY status;
        INSERT INTO owners VALUES (1, 'Ada', 'open', 1985, 'x'), (2, 'Bo', 'held', NULL, 'y');
        INSERT INTO pairs VALUES (1, 'x', 1, x'00ff', '{"a":[1]}', '2026-01-31T09:05:07.500000Z', '2026-01-31',
            '0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b', 1250, 0.5, 1, 3), (2, 'y', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL);""",
    "postgresql": """
        CREATE TYPE mood AS ENUM ('happy', 'it''s "so"');
        CREATE TABLE owners (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            "full name" varchar(40) NOT NULL CHECK (length("full name") >= 2),
            status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'held')), born int CHECK (born > 1900), secret text);
        CREATE TABLE pairs (a smallint NOT NULL, b text NOT NULL, flag boolean, body bytea, data json, at timestamptz, day date,
            uid uuid, price numeric(10,2), ratio double precision, owner bigint REFERENCES owners, "limit" int,
            local timestamp, clock time, zoned timetz, span interval, tags text[], grid int[], mood mood, doc jsonb,
            range int4range, point point, address inet, words tsvector, PRIMARY KEY (a, b));
        CREATE VIEW totals AS SELECT status, count(*) AS n FROM owners GROUP BY status;
        CREATE FUNCTION born_after(year int, most int DEFAULT 10) RETURNS SETOF owners LANGUAGE sql STABLE
            AS 'SELECT * FROM public.owners WHERE born > year LIMIT most';
        CREATE FUNCTION rename(who bigint, "new name" text) RETURNS void LANGUAGE sql
            AS 'UPDATE public.owners SET "full name" = "new name" WHERE id = who';
        CREATE FUNCTION paged("limit" int DEFAULT 1, status text DEFAULT 'open', page int DEFAULT 1) RETURNS SETOF owners LANGUAGE sql STABLE
            AS 'SELECT * FROM public.owners o WHERE o.status = paged.status ORDER BY id';
        CREATE FUNCTION mixed(a int) RETURNS int LANGUAGE sql STABLE AS 'SELECT a';
        CREATE FUNCTION mixed(a int, b text) RETURNS SETOF text LANGUAGE sql VOLATILE AS 'SELECT b';
        CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
        COMMENT ON FUNCTION born_after IS 'Who was born after a year.';
        COMMENT ON TABLE owners IS 'Who owns "things".';
        INSERT INTO owners ("full name", status, born, secret) VALUES ('Ada', 'open', 1985, 'x'), ('Bo', 'held', NULL, 'y');
        INSERT INTO pairs VALUES (1, 'x', true, '\\x00ff', '{"a":[1]}', '2026-01-31T09:05:07.5Z', '2026-01-31',
            '0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b', 12.5, 0.5, 1, 3, '2026-01-31T09:05:07.5', '09:05', '09:05+02', '3 days',
            '{a,NULL}', '{{1,2},{3,4}}', 'happy', '{"b":null}', '[1,5)', '(1,2)', '192.0.2.7', 'cat');
        INSERT INTO pairs (a, b) VALUES (2, 'y');""",
}
CONFIG = """
serve: {/api: plain, /rest/v1: postgrest}
defaults: {read: anonymous}
resources:
  owners: {columns: '*,-secret', page: {by: number}, write: anonymous}
  pairs: {envelope: {"all pairs": rows, more: more}, write: anonymous}
  totals: {write: anonymous}
  inbox: {table: owners, columns: '*,-secret', read: none, write: anonymous}
  hidden: {table: owners, read: none}
"""


FUNCTIONS = "functions: {" + ", ".join(f"{name}: {{call: anonymous}}" for name in "born_after rename paged mixed shout".split()) + "}\n"


@pytest.fixture(scope="module")
def odd(store, tmp_path_factory):
    """A database with a column of each type and odd names, served in both manners."""
    with contextlib.ExitStack() as open_:
        if store == "sqlite":
            path = tmp_path_factory.mktemp("odd") / "odd.db"
            subprocess.run(["sqlite3", "-bail", str(path)], input="PRAGMA journal_mode=WAL;\n" + ODD[store], text=True, check=True,
                           capture_output=True)
            url = f"sqlite:{path}"
        else:
            server = open_.enter_context(Postgres())
            server.psql(ODD[store])
            url = server.url
        yield open_.enter_context(Leat(database=url, config=CONFIG + (FUNCTIONS if store == "postgresql" else ""))).await_ready()


def document_of(leat):
    return Document(leat.get("/openapi.json").json())


@pytest.fixture(scope="module")
def document(odd):
    return document_of(odd)


def test_it_is_what_the_standard_asks_for(document, sentinel):
    document.check()
    document_of(sentinel).check()


def test_every_read_is_in_it_and_answers_as_it_says(odd, document):
    asked = 0
    for path, item in document.json["paths"].items():
        if "get" not in item or "/rpc/" in path:  # functions need arguments
            continue
        key = {"owners": "1", "pairs": "1,x"}.get(path.split("/")[-2])
        answer = odd.get(path.replace("{id}", key or ""))
        assert answer.status_code == 200, path
        document.validate(document.schema(path), answer.json())
        asked += 1
    assert asked == 10


def body_schema(document, path, method):
    return document.operation(path, method)["requestBody"]["content"]["application/json"]["schema"]


def test_writes_take_and_answer_what_it_says(odd, document):
    """In both manners: what the schema of a body takes is taken, what it refuses is refused."""
    ask = {"Prefer": "return=representation"}
    for number, prefix in ((11, "/api"), (12, "/rest/v1")):
        path, row = f"{prefix}/pairs", {"a": number, "b": "new", "limit": 7}
        document.validate(body_schema(document, path, "post"), row)
        made = odd.client.post(path, json=row, headers=ask)
        assert made.status_code == 201, made.text
        document.validate(document.schema(path, "201", method="post"), made.json())
        changed = odd.client.patch(f"{path}/{number},new", json={"limit": 8}, headers=ask)
        assert changed.status_code == 200, changed.text
        document.validate(document.schema(f"{prefix}/pairs/{{id}}", method="patch"), changed.json())
        for options in ({"headers": ask}, {}):
            several = odd.client.patch(f"{path}?a=eq.{number}", json={"limit": 9}, **options)
            if several.content:
                document.validate(document.schema(f"{prefix}/pairs", method="patch"), several.json())
        form = document.operation(path, "post")["requestBody"]["content"]["application/x-www-form-urlencoded"]
        assert "$ref" in form["schema"] and odd.client.post(path, data={"a": str(number), "b": "form"}).status_code == 201
        assert odd.client.delete(f"{path}/{number},form").is_success
        assert odd.client.delete(f"{path}/{number},new").status_code in (200, 204)
        for wrong in ({"b": "no key's other half"}, {"a": 13, "b": "x", "nothing": 1}, {"a": "text", "b": "x"}):
            with pytest.raises(jsonschema.ValidationError):
                document.validate(body_schema(document, path, "post"), wrong)
            assert 400 <= odd.client.post(path, json=wrong).status_code < 500, wrong


def test_what_a_check_refuses_the_schema_refuses(odd, document):
    schema = body_schema(document, "/api/owners", "post")
    for wrong in ({"full name": "A"}, {"full name": "Ada", "status": "gone"}, {"full name": "Ada", "born": 1900}, {}):
        with pytest.raises(jsonschema.ValidationError):
            document.validate(schema, wrong)
        assert 400 <= odd.client.post("/api/owners", json=wrong).status_code < 500, wrong
    right = {"full name": "Eve", "status": "held", "born": 1901}
    document.validate(schema, right)
    made = odd.client.post("/api/owners", json=right)
    assert made.status_code == 201 and odd.client.delete(f"/api/owners/{made.json()['id']}").is_success


def test_named_queries_answer_as_it_says(sentinel):
    document = document_of(sentinel)
    for path, query in (("/api/dashboard/stats", ""), ("/api/rules_by_industry", "?industry=fintech"), ("/api/top_users", ""),
                        ("/rest/v1/top_users", "")):
        document.validate(document.schema(path), sentinel.get(path + query).json())
    required = [p["name"] for p in document.parameters("/api/rules_by_industry") if p.get("required")]
    assert required == ["industry"]
    sentinel.problem("/api/rules_by_industry", 400, "missing-parameter")


def test_a_query_that_is_paged_can_be_counted(database, tmp_path):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY); INSERT INTO notes VALUES (1), (2), (3);")
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/paged.sql").write_text("/* leat\nread: anonymous\norder: id\n*/\nSELECT id FROM notes")
    (tmp_path / "queries/whole.sql").write_text("/* leat\nread: anonymous\n*/\nSELECT id FROM notes")
    (tmp_path / "leat.yaml").write_text("leat: 1\nserve: {/api: plain, /rest/v1: postgrest}\nresources: {}\nqueries: queries/\n")
    with Leat(database=database.url, config_file=str(tmp_path / "leat.yaml")) as leat:
        document = document_of(leat.await_ready())
        document.check()
        for name, query, status in (("paged", "?limit=1", "206"), ("whole", "", "200")):
            assert ("Prefer" in names(document, f"/rest/v1/{name}")) is (name == "paged")
            answer = leat.get(f"/rest/v1/{name}{query}", headers={"Prefer": "count=exact"})
            assert answer.status_code == int(status) and ("content-range" in answer.headers) is (name == "paged")
            document.validate(document.schema(f"/rest/v1/{name}", status), answer.json())


def test_problems_are_of_the_schema_in_each_manner(odd, document):
    for path, content in (("/api/owners", "application/problem+json"), ("/rest/v1/owners", "application/json")):
        answer = odd.get(path + "?nothing=eq.1")
        assert answer.status_code == 400 and answer.headers["content-type"].startswith(content)
        document.validate(document.schema(path, "400", content), answer.json())
    with pytest.raises(jsonschema.ValidationError):
        document.validate(document.schema("/api/owners", "400", "application/problem+json"), {"status": "400"})


def operand(schema, operator, type_):
    """A value that the operator takes, of the column's type."""
    value = {"integer": "1", "number": "1.5", "boolean": "true", "array": "{}"}.get(type_.get("type"), "x")
    value = {"uuid": "0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b", "date": "2026-01-31", "date-time": "2026-01-31",
             "date-time-local": "2026-01-31", "time-local": "09:05"}.get(type_.get("format"), value)
    value = type_.get("enum", [value])[0]
    sql = type_.get("x-sql-type", "")
    value = {"interval": "1 day", "time with time zone": "09:05+02", "int4range": "[1,5)", "inet": "192.0.2.7", "jsonb": "{}",
             "bytea": "\\x01", "BLOB": "\\x01"}.get(sql, value)
    value = f'"{value}"'.replace("\\", "\\\\") if operator == "in" and not value.isalnum() else value
    return {"is": "null", "in": f"({value})"}.get(operator, value)


def test_it_has_the_methods_that_the_server_allows(odd, document):
    for path, item in document.json["paths"].items():
        if "/rpc/" in path:
            continue
        allowed = odd.client.options(path.replace("{id}", "1,x" if "pairs" in path else "1")).headers["allow"].split(", ")
        assert {method.upper() for method in item if method != "parameters"} == set(allowed) - {"HEAD", "OPTIONS"}, path
    assert "get" not in document.json["paths"]["/api/inbox"] and "post" in document.json["paths"]["/api/inbox"]
    assert "put" in document.json["paths"]["/rest/v1/owners"] and "put" not in document.json["paths"]["/api/owners"]


def test_every_operator_it_names_is_taken(odd, document):
    tried = 0
    for resource in ("owners", "pairs", "totals"):
        for name, column in document.json["components"]["schemas"][resource]["properties"].items():
            parameter = document.json["components"]["parameters"].get(f"{resource}.{re.sub(' ', '-20', name)}")
            type_ = {k: ([t for t in v if t != "null"] or v)[0] if k == "type" and isinstance(v, list) else v for k, v in column.items()}
            for operator in document.deref(parameter["schema"])["x-operators"] if parameter else []:
                answer = odd.get(f"/api/{resource}", params={name: f"{operator}.{operand(column, operator, type_)}"})
                assert answer.status_code == 200, f"{resource}.{name} {operator}: {answer.text}"
                tried += 1
    assert tried > (250 if "match" in document.json["components"]["schemas"]["filter.text"]["x-operators"] else 100)


def test_what_it_does_not_name_is_not_taken(odd, document, store):
    for column, operator in (("data", "eq.1"), ("a", "like.1"), ("day", "ilike.x")):
        named = document.deref(document.json["components"]["parameters"][f"pairs.{column}"]["schema"])["x-operators"]
        assert operator.split(".")[0] not in named
        odd.problem(f"/api/pairs?{column}={operator}", 400, "wrong-operator")


def test_checks_comments_and_defaults_are_told(document, store):
    owners = document.json["components"]["schemas"]["owners"]
    columns = owners["properties"]
    assert columns["status"]["enum"] == ["open", "held"] and columns["status"]["default"] == "open"
    assert columns["born"]["exclusiveMinimum"] == 1900 and columns["born"]["type"] == ["integer", "null"]
    assert columns["full name"]["minLength"] == 2 and columns["full name"]["maxLength"] == 40
    assert columns["id"]["x-key"] is True
    if store == "postgresql":
        assert owners["description"] == 'Who owns "things".'
        assert document.json["components"]["schemas"]["pairs"]["properties"]["mood"]["enum"] == ["happy", 'it\'s "so"', None]


def names(document, path, method="get"):
    return [parameter["name"] for parameter in document.parameters(path, method)]


def test_functions_are_called_as_they_were_made(document, store):
    if store == "sqlite":
        assert not [path for path in document.json["paths"] if "/rpc/" in path]
        return
    read, write = document.json["paths"]["/rest/v1/rpc/born_after"], document.json["paths"]["/rest/v1/rpc/rename"]
    arguments = {p["name"]: p.get("required", False) for p in document.parameters("/rest/v1/rpc/born_after") if "$ref" not in p["schema"]}
    assert arguments.pop("year") is True and arguments.pop("most") is False and not any(arguments.values())
    assert read["get"]["description"] == "Who was born after a year." and set(write) == {"post"}
    body = write["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["who", "new name"] and "204" in write["post"]["responses"]
    assert write["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"] == body
    rows = document.schema("/rest/v1/rpc/born_after")
    assert rows == {"type": "array", "items": {"$ref": "#/components/schemas/owners"}}
    plain = document.json["paths"]["/api/rpc/born_after"]
    assert document.schema("/api/rpc/born_after") == rows and plain["get"]["operationId"] == "call_born_after"
    assert names(document, "/api/rpc/rename", "post") == ["Idempotency-Key"]
    assert "Idempotency-Key" not in names(document, "/api/rpc/born_after", "post")


def test_results_of_functions_have_filters_where_they_are_no_arguments(odd, document, store):
    if store == "sqlite":
        pytest.skip("PostgreSQL alone has functions")
    by_get, by_post = names(document, "/rest/v1/rpc/paged"), names(document, "/rest/v1/rpc/paged", "post")
    assert {"select", "order", "limit", "offset", "full name", "Prefer", "Range"} <= set(by_get) and "secret" not in by_get
    assert "Range" not in by_post and "page" not in by_post and {"select", "limit", "status", "full name"} <= set(by_post)
    for name, query in (("limit", "limit=0"), ("status", "status=held"), ("page", "page=2"), ("full name", "full name=eq.Ada")):
        assert by_get.count(name) == 1 and odd.get(f"/rest/v1/rpc/paged?{query}").status_code == 200
    part = odd.get("/rest/v1/rpc/paged?limit=0", headers={"Prefer": "count=exact"})
    assert part.status_code == 206
    document.validate(document.schema("/rest/v1/rpc/paged", "206"), part.json())


def test_overloads_and_bodies_that_are_the_argument_are_told(odd, document, store):
    if store == "sqlite":
        pytest.skip("PostgreSQL alone has functions")
    assert names(document, "/api/rpc/mixed") == ["a"], "GET calls what only reads"
    assert "Idempotency-Key" in names(document, "/api/rpc/mixed", "post")
    for body in ({"a": 1}, {"a": 1, "b": "x"}):
        document.validate(body_schema(document, "/api/rpc/mixed", "post"), body)
        answer = odd.client.post("/api/rpc/mixed", json=body)
        assert answer.status_code == 200
        document.validate(document.schema("/api/rpc/mixed", method="post"), answer.json())
    assert odd.get("/api/rpc/mixed?a=1").json() == 1
    assert list(document.operation("/api/rpc/shout", "post")["requestBody"]["content"]) == ["text/plain"]
    shouted = odd.client.post("/api/rpc/shout", content="a", headers={"Content-Type": "text/plain"})
    assert shouted.json() == "A"


def test_a_function_tells_no_more_of_a_table_than_its_resource(database):
    if database.store == "sqlite":
        pytest.skip("PostgreSQL alone has functions")
    database.sql(ODD["postgresql"])
    config = "resources: {owners: {columns: '*,-secret', read: none}}\nfunctions: {born_after: {call: anonymous}}\n"
    with Leat(database=database.url, config=config) as leat:
        told = document_of(leat.await_ready())
        told.check()
        rows = leat.get("/api/rpc/born_after?year=1900").json()
        told.validate(told.schema("/api/rpc/born_after"), rows)
        assert set(told.schema("/api/rpc/born_after")["items"]["properties"]) == set(rows[0]) and "secret" not in rows[0]


def test_a_part_of_a_known_whole_and_what_is_behind_it_are_told(odd, document):
    assert "206" not in document.operation("/api/owners")["responses"]
    for headers, status, content in (({"Range": "0-0"}, 206, "206"), ({"Range": "7-9"}, 416, "416"), ({"Range": "x"}, 416, "416")):
        answer = odd.get("/rest/v1/owners", headers={"Prefer": "count=exact"} | headers)
        assert answer.status_code == status
        document.validate(document.schema("/rest/v1/owners", content), answer.json())


def test_keys_are_told_where_they_are_kept(database):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY);")
    for keep, told in (("", True), ("idempotency: {keep: off}\n", False)):
        with Leat(database=database.url, config=keep + "resources: {notes: {read: anonymous, write: anonymous}}\n") as leat:
            document = document_of(leat.await_ready())
            for path, method in (("/api/notes", "post"), ("/api/notes", "delete"), ("/api/notes/{id}", "patch"), ("/api/notes/{id}", "put")):
                assert ("Idempotency-Key" in names(document, path, method)) is told
            assert "Idempotency-Key" not in names(document, "/api/notes")


def test_schemas_are_chosen_where_there_are_several(database):
    if database.store == "sqlite":
        pytest.skip("SQLite has one schema")
    database.sql("CREATE TABLE notes (id int PRIMARY KEY); CREATE SCHEMA audit; CREATE TABLE audit.log (id int PRIMARY KEY);")
    config = "serve: {{/api: plain, /rest/v1: postgrest}}\ndefaults: {{read: anonymous, write: anonymous}}\nresources: {{notes: {{}}{}}}\n"
    for more, told in ((", audit.log: {}", True), (", audit.log: {read: none, write: none}", False)):
        with Leat(database=database.url, config=config.format(more)) as leat:
            document = document_of(leat.await_ready())
            document.check()
            for path in ("/rest/v1/notes", "/rest/v1/notes/{id}"):
                assert ("Accept-Profile" in names(document, path)) is told and "Content-Profile" not in names(document, path)
                assert ("Content-Profile" in names(document, path, "patch")) is told
            assert not {"Accept-Profile", "Content-Profile"} & set(names(document, "/api/notes") + names(document, "/api/notes", "post"))


def test_what_changes_something_takes_its_parameters_as_a_body(database, tmp_path):
    database.sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, said TEXT, day DATE);")
    (tmp_path / "queries").mkdir()
    head = "/* leat\nwrite: anonymous\nparams: {id: int, said: 'text? in [a, b]', of: 'int = 0 in 0..9', day: 'date = 2026-01-31'}\n"
    (tmp_path / "queries/say.sql").write_text(head + "*/\nINSERT INTO notes SELECT :id, :said, :day WHERE :of < 9")
    (tmp_path / "queries/tell.sql").write_text(head + "*/\nINSERT INTO notes SELECT :id, :said, :day WHERE :of < 9 RETURNING id, said")
    (tmp_path / "leat.yaml").write_text("leat: 1\nserve: {/api: plain, /rest/v1: postgrest}\nresources: {}\nqueries: queries/\n")
    with Leat(database=database.url, config_file=str(tmp_path / "leat.yaml")) as leat:
        document = document_of(leat.await_ready())
        document.check()
        assert names(document, "/api/say", "post") == ["Idempotency-Key"]
        schema = body_schema(document, "/api/say", "post")
        assert document.operation("/api/say", "post")["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"] == schema
        right = ({"id": 1}, {"id": 2, "said": None}, {"id": 3, "said": "a", "of": 9, "day": "2026-02-01"})
        for at, path in enumerate(("/api/say", "/rest/v1/say", "/api/tell", "/rest/v1/tell")):
            for body in right:
                document.validate(schema, body)
                answer = leat.client.post(path, json=body | {"id": 10 * at + body["id"]})
                assert answer.status_code == 200, answer.text
                document.validate(document.schema(path, method="post"), answer.json())
        for wrong in ({}, {"id": "x"}, {"id": None}, {"id": 99, "said": "c"}, {"id": 99, "of": 10}, {"id": 99, "nothing": 1}, {"id": 99, "of": None}):
            with pytest.raises(jsonschema.ValidationError):
                document.validate(schema, wrong)
            assert leat.client.post("/api/say", json=wrong).status_code == 400, wrong


def test_what_may_not_be_read_is_not_in_it(odd):
    text = odd.get("/openapi.json").text
    assert "hidden" not in text and "secret" not in text and "full name" in text


def test_it_is_sent_once_to_who_keeps_it(odd):
    first = odd.get("/openapi.json")
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}(-br|-gzip)?"', tag)
    for value in (tag, f'"x", W/{tag}', "*"):
        again = odd.get("/openapi.json", headers={"If-None-Match": value})
        assert again.status_code == 304 and not again.content and again.headers["etag"] == tag
    assert odd.get("/openapi.json", headers={"If-None-Match": '"x"'}).status_code == 200
    head = odd.client.head("/openapi.json")
    assert head.headers["content-length"] == first.headers["content-length"] and not head.content


def test_the_page_is_sent_once_to_who_keeps_it(odd):
    for path, kind in (("/docs", "text/html"), ("/docs/page.css", "text/css"), ("/docs/page.js", "text/javascript")):
        first = odd.get(path)
        assert first.headers["content-type"].startswith(kind) and len(first.content) > 500
        assert odd.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    odd.problem("/docs/none.js", 404, "unknown-path")


def test_it_can_be_turned_off(sentinel_url):
    with Leat(database=sentinel_url, config="docs: off\nresources: {users: {read: anonymous}}") as leat:
        leat.await_ready().problem("/openapi.json", 404, "unknown-path")
        leat.problem("/docs", 404, "unknown-path")


def test_without_a_file_it_is_for_this_machine_alone(sentinel_url):
    with Leat(database=sentinel_url) as leat:
        leat.await_ready()
        assert "/api/users" in leat.get("/openapi.json").json()["paths"]
        for path in ("/openapi.json", "/docs", "/docs/page.js"):
            assert leat.get(path).status_code == 200
            leat.problem(path, 403, "local-only", headers={"Host": "console.example.com"})
