# SPDX-License-Identifier: Apache-2.0
"""An OpenAPI 3.1 document held against the standard: what its own objects require, and its schemas by JSON Schema 2020-12.
check(document) raises AssertionError with the place; Document answers for paths what their answers must look like."""
import re

import jsonschema

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
COMPONENT = re.compile(r"^[a-zA-Z0-9._-]+$")
PARTS = {"schemas", "responses", "parameters", "headers"}


def only(where, thing, required, optional):
    names = {name for name in thing if not name.startswith("x-")}
    assert required <= names <= required | optional, f"{where}: {names}"


class Document:
    def __init__(self, json):
        self.json = json
        self.resolver = jsonschema.RefResolver("", json)

    def deref(self, thing):
        """What a {"$ref": …} leads to, or the thing itself."""
        if set(thing) == {"$ref"}:
            assert thing["$ref"].startswith("#/components/"), thing
            return self.resolver.resolve(thing["$ref"])[1]
        return thing

    def operation(self, path, method="get"):
        return self.json["paths"][path][method]

    def schema(self, path, status="200", content="application/json", method="get"):
        return self.deref(self.operation(path, method)["responses"][status])["content"][content]["schema"]

    def parameters(self, path, method="get"):
        item = self.json["paths"][path]
        return [self.deref(p) for p in item.get("parameters", []) + item[method].get("parameters", [])]

    def validate(self, schema, value):
        jsonschema.Draft202012Validator(schema, resolver=self.resolver).validate(value)

    # --- the standard ---

    def check(self):
        only("document", self.json, {"openapi", "info", "paths", "components"}, {"tags", "servers", "security"})
        assert self.json["openapi"] == "3.1.0"
        only("info", self.json["info"], {"title", "version"}, {"description"})
        only("components", self.json["components"], set(), PARTS)
        for part in self.json["components"].values():
            for name in part:
                assert COMPONENT.match(name), name
        self.check_references(self.json)
        for name, schema in self.json["components"]["schemas"].items():
            self.check_schema(name, schema)
        for part in ("responses", "headers", "parameters"):
            for name, thing in self.json["components"][part].items():
                getattr(self, f"check_{part[:-1]}")(name, thing)
        tags = [tag["name"] for tag in self.json["tags"]]
        assert len(set(tags)) == len(tags)
        self.check_paths(set(tags))

    def check_references(self, thing):
        for value in thing.values() if isinstance(thing, dict) else thing:
            if isinstance(value, dict) and "$ref" in value:
                self.resolver.resolve(value["$ref"])
            if isinstance(value, (dict, list)):
                self.check_references(value)

    def check_schema(self, where, schema):
        jsonschema.Draft202012Validator.check_schema(schema)
        for name, property_ in schema.get("properties", {}).items():
            for example in [*property_.get("examples", []), *([property_["default"]] if "default" in property_ else [])]:
                self.validate(property_, example)
            assert "$ref" in property_ or property_.get("type") != "array" or "items" in property_ or "x-sql-type" in property_, \
                f"{where}.{name}"

    def check_header(self, where, header):
        only(where, header, {"schema"}, {"description", "required"})
        self.check_schema(where, header["schema"])

    def check_parameter(self, where, parameter):
        only(where, parameter, {"name", "in", "schema"}, {"description", "required"})
        assert parameter["in"] in ("query", "header", "path"), where
        assert parameter["in"] != "path" or parameter["required"] is True, where
        self.check_schema(where, parameter["schema"])
        if "default" in parameter["schema"]:
            self.validate(parameter["schema"], parameter["schema"]["default"])

    def check_response(self, where, response):
        only(where, response, {"description"}, {"headers", "content"})
        for name, header in response.get("headers", {}).items():
            self.check_header(name, self.deref(header))
        self.check_content(where, response.get("content", {}))

    def check_content(self, where, content):
        for kind, media in content.items():
            assert "/" in kind, where
            only(where, media, {"schema"}, set())
            self.check_schema(where, media["schema"])

    def check_paths(self, tags):
        seen = set()
        for path, item in self.json["paths"].items():
            assert path.startswith("/"), path
            only(path, item, set(), METHODS | {"parameters"})
            for method in METHODS & set(item):
                self.check_operation(f"{method} {path}", path, method, item[method], tags)
                assert item[method]["operationId"] not in seen, item[method]["operationId"]
                seen.add(item[method]["operationId"])

    def check_operation(self, where, path, method, operation, tags):
        only(where, operation, {"operationId", "responses", "tags"}, {"summary", "description", "parameters", "requestBody"})
        assert set(operation["tags"]) <= tags and operation["responses"], where
        parameters = self.parameters(path, method)
        for parameter in parameters:
            self.check_parameter(where, parameter)
        keys = [(p["in"], p["name"].lower() if p["in"] == "header" else p["name"]) for p in parameters]
        assert len(set(keys)) == len(keys), f"{where}: {keys}"
        assert {name for kind, name in keys if kind == "path"} == set(re.findall(r"{(\w+)}", path)), where
        for status, response in operation["responses"].items():
            assert re.match(r"^[1-5](\d\d|XX)$", status), where
            self.check_response(f"{where} {status}", self.deref(response))
        if "requestBody" in operation:
            only(where, operation["requestBody"], {"content"}, {"required", "description"})
            self.check_content(where, operation["requestBody"]["content"])
