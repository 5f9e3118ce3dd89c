# SPDX-License-Identifier: Apache-2.0
"""Random requests by callers of two tenants, of none, and of several roles, over every kind of route. Each value of a row bears its
tenant's mark, but for keys, which others may refer to of old; an answer that shows another's mark is a leak. Requests go out by the hundred on one connection each, so that some 10⁵ of them
take seconds.

    walk = TenantWalk(seed=1); walk.config, walk.schema, walk.rows; asked = asyncio.run(walk.run(host, port, 50000)); walk.leaks == []
"""
import asyncio
import base64
import json
import random
import re
import urllib.parse

from callers import KEYS, bearer

TENANTS = ("tnA", "tnB")
MARKS = {"tnA": b"zzA", "tnB": b"zzB"}  # in every value but keys
ENDS = {"tnA": "kA", "tnB": "kB", None: "k0"}  # of keys
OTHER = {"tnA": "tnB", "tnB": "tnA"}
ROLES = ("viewer", "analyst", "admin")
COLUMNS = {"orgs": ("name",), "users": ("org", "name", "pay", "boss"), "cases": ("org", "title", "secret", "user_id", "parent"),
           "tags": ("org", "word"), "case_tags": ("case_id", "tag_id", "org", "note")}
KEYED = ("orgs", "users", "cases", "tags")
EMBEDS = {"orgs": ("users", "cases"), "users": ("orgs", "cases", "boss"), "cases": ("users", "orgs", "tags", "case_tags", "parent"),
          "tags": ("cases", "case_tags"), "case_tags": ("cases", "tags")}
LEADS = {"boss": "users", "parent": "cases"}
SCHEMA = """
CREATE TABLE orgs (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE users (id TEXT PRIMARY KEY, org TEXT NOT NULL REFERENCES orgs (id), name TEXT, pay TEXT, boss TEXT REFERENCES users (id));
CREATE TABLE cases (id TEXT PRIMARY KEY, org TEXT NOT NULL REFERENCES orgs (id), title TEXT, secret TEXT, user_id TEXT REFERENCES users (id),
    parent TEXT REFERENCES cases (id));
CREATE TABLE tags (id TEXT PRIMARY KEY, org TEXT NOT NULL, word TEXT);
CREATE TABLE case_tags (case_id TEXT REFERENCES cases (id), tag_id TEXT REFERENCES tags (id), org TEXT NOT NULL, note TEXT,
    PRIMARY KEY (case_id, tag_id));
CREATE INDEX cases_org ON cases (org); CREATE INDEX users_org ON users (org); CREATE INDEX tags_org ON tags (org);
"""
QUERY = """/* leat
order: id
page: {by: number}
*/ SELECT c.id, c.title, u.name FROM cases c LEFT JOIN users u ON u.id = c.user_id AND u.org = :tenant WHERE c.org = :tenant
"""
BATCH, CONNECTIONS = 50, 4  # requests on their way on a connection; connections of a caller


CURSOR = re.compile(rb'(?<=_cursor":")[^"]+|(?<=[?&]cursor=)[\w-]+')  # of an answer, of its Link


def open_cursors(text):
    """A cursor is base64, which may hold any three letters: what counts is what is in it."""
    return CURSOR.sub(lambda found: base64.urlsafe_b64decode(found[0] + b"=" * (-len(found[0]) % 4)), text)


class TenantWalk:
    def __init__(self, seed, rows=40):
        self.random = random.Random(seed)
        self.rows_each = rows
        self.leaks, self.failures, self.statuses, self.shown = [], [], {}, {tenant: 0 for tenant in TENANTS}
        self.cursors = {tenant: [] for tenant in TENANTS}
        self.fresh = 0
        self.callers = [(role, tenant) for role in ROLES for tenant in TENANTS] + [(None, None), ("admin", None)]
        self.heads = {caller: bearer(caller[0], caller[1], "u1") for caller in self.callers}

    # --- the world ---

    def rows(self):
        """SQL that fills both tenants: half of a case's references lead to the other tenant's rows, as data of old may."""
        yield "".join(f"INSERT INTO orgs VALUES ('{tenant}', '{MARKS[tenant].decode()} org');" for tenant in TENANTS)
        for tenant in TENANTS:
            mark = MARKS[tenant].decode()
            for i in range(self.rows_each):
                yield f"INSERT INTO users VALUES ('{i}-{ENDS[tenant]}', '{tenant}', '{mark} n{i % 7}', '{mark} pay', NULL);"
                yield f"INSERT INTO tags VALUES ('{i}-{ENDS[tenant]}', '{tenant}', '{mark} w{i % 5}');"
        for tenant in TENANTS:
            mark = MARKS[tenant].decode()
            for i in range(self.rows_each):
                whose = tenant if i % 2 else OTHER[tenant]
                yield f"INSERT INTO cases VALUES ('{i}-{ENDS[tenant]}', '{tenant}', '{mark} t{i % 9}', '{mark} secret', '{i}-{ENDS[whose]}', NULL);"
        for tenant in TENANTS:
            mark = MARKS[tenant].decode()
            for i in range(self.rows_each):
                whose = tenant if i % 3 else OTHER[tenant]
                yield f"INSERT INTO case_tags VALUES ('{i}-{ENDS[tenant]}', '{i}-{ENDS[whose]}', '{tenant}', '{mark} note');"

    def config(self, queries):
        """Rights at random: who reads and writes what, which rows and columns a role sees."""
        lines = []
        for name, columns in COLUMNS.items():
            said = {"tenant": "id"} if name == "orgs" else {}
            said["read"] = self.random.choice(("anonymous", "viewer", "viewer"))
            said["write"] = self.random.choice(("viewer", "analyst", "admin"))
            if self.random.random() < 0.5:
                said["rows"] = f"{{{self.random.choice(ROLES)}: '{columns[-1]}=not.like.*3'}}"
            if name in ("users", "cases") and self.random.random() < 0.7:
                said["columns"] = f"{{anonymous: 'id,org,{columns[1]}', {self.random.choice(ROLES)}: '*'}}"
            if self.random.random() < 0.3:
                said["page"] = "{by: number, total: 1s}"
            if self.random.random() < 0.5:
                said["cache"] = "1m"
            lines.append(f"  {name}: {{{', '.join(f'{key}: {value}' for key, value in said.items())}}}")
        return (f"serve: {{/api: plain, /rest/v1: postgrest}}\nauth: {{roles: viewer < analyst < admin, tenant: org, {KEYS}}}\n"
                f"defaults: {{read: viewer, write: analyst}}\nqueries: {queries}\nresources:\n" + "\n".join(lines) + "\n")

    # --- requests ---

    def key(self, tenant):
        """Of the caller's own tenant mostly, of the other's often."""
        whose = tenant if tenant and self.random.random() < 0.6 else self.random.choice(TENANTS)
        return f"{self.random.randrange(self.rows_each)}-{ENDS[whose]}"

    def value(self, column, tenant):
        if column == "org":
            return self.random.choice(TENANTS)
        if column in ("id", "user_id", "parent", "boss", "case_id", "tag_id"):
            return self.key(tenant)
        return self.random.choice(("*", "*n1", "*t3*", "zz*", "*secret"))

    def filter(self, table, tenant, postgrest):
        column = self.random.choice(COLUMNS[table] + (("id",) if table in KEYED else ()))
        operator = self.random.choice(("eq", "neq", "gt", "lte", "like", "not.eq", "is", "in"))
        value = self.value(column, tenant)
        if operator == "is":
            value = self.random.choice(("null", "not.null")) if not postgrest else "null"
        if operator == "in":
            value = f"({value},{self.value(column, tenant)})"
        return column, f"{operator}.{value}"

    def select(self, table, depth=0):
        items = [self.random.choice(("*", COLUMNS[table][0], COLUMNS[table][-1]))]
        if depth < 3 and self.random.random() < 0.6 - 0.15 * depth:
            name = self.random.choice(EMBEDS[table])
            target = LEADS.get(name, name)
            inner = self.random.choice(("", "", "!inner"))
            items.append(f"{name}{inner}({self.select(target, depth + 1)})")
        return ",".join(items)

    def query(self, table, tenant, postgrest):
        params = []
        if self.random.random() < 0.6:
            params.append(("select", self.select(table)))
        for _ in range(self.random.choice((0, 0, 1, 1, 2))):
            params.append(self.filter(table, tenant, postgrest))
        if self.random.random() < 0.2:
            inner = ",".join(f"{c}.{v}" for c, v in (self.filter(table, tenant, True) for _ in range(2)))
            params.append(("or", f"({inner})"))
        if self.random.random() < 0.3:
            params.append(("order", self.random.choice(COLUMNS[table]) + self.random.choice(("", ".desc", ".desc.nullslast"))))
        if self.random.random() < 0.5:
            params.append(("limit", str(self.random.choice((1, 2, 3, 50)))))
        whose = tenant if tenant and self.random.random() < 0.7 else self.random.choice(TENANTS)
        if self.random.random() < 0.2 and self.cursors[whose]:
            return self.random.choice(self.cursors[whose])
        if self.random.random() < 0.1:
            params.append(("offset", "1"))
        return table + ("?" + urllib.parse.urlencode(params, safe="(),.*!-") if params else "")

    def body(self, table, tenant):
        """Mostly a good one: its values bear the caller's mark, its references lead anywhere."""
        mark = MARKS.get(tenant, b"zz0").decode()
        row = {}
        if table in KEYED:
            self.fresh += 1
            row["id"] = f"new{self.fresh}-{ENDS[tenant]}" if self.random.random() < 0.8 else self.key(tenant)
        for column in COLUMNS[table]:
            if column == "org":
                if self.random.random() < 0.2:
                    row[column] = self.value(column, tenant)
            elif column in ("user_id", "parent", "boss", "case_id", "tag_id"):
                if column.endswith("_id") or self.random.random() < 0.3:
                    row[column] = self.key(tenant)
            else:
                row[column] = f"{mark} {column}"
        return row

    def request(self, caller):
        role, tenant = caller
        postgrest = self.random.random() < 0.4
        prefix = "/rest/v1/" if postgrest else "/api/"
        table = self.random.choice(tuple(COLUMNS))
        head, what, method, text = "", self.random.random(), "GET", b""
        if what < 0.55:
            path = prefix + self.query(table, tenant, postgrest)
            if postgrest:
                head = self.random.choice(("", "Prefer: count=exact\r\n", "Accept: text/csv\r\n"))
        elif what < 0.75 and table in KEYED:
            path = f"/api/{table}/{self.key(tenant) if table != 'orgs' else self.random.choice(TENANTS)}"
            if self.random.random() < 0.4:
                path += f"?select={self.select(table)}"
        elif what < 0.82:
            path = f"/api/of_tenant?page={self.random.choice((1, 2))}&page_size=5"
        else:
            method, path, head, text = self.write(table, tenant)
        credentials = "".join(f"{name}: {value}\r\n" for name, value in self.heads[caller].items())
        return (f"{method} {path} HTTP/1.1\r\nHost: x\r\n{credentials}{head}"
                + (f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n" if text else "") + "\r\n").encode() + text

    def write(self, table, tenant):
        method = self.random.choice(("POST", "POST", "PATCH", "PUT", "DELETE"))
        head = self.random.choice(("", "Prefer: return=representation\r\n", "Prefer: return=minimal\r\n",
                                   "Prefer: resolution=merge-duplicates\r\n"))
        row = self.body(table, tenant)
        if method == "POST":
            rows = [row, self.body(table, tenant)] if self.random.random() < 0.3 else row
            path = f"/api/{table}" + (f"?select={self.select(table)}" if self.random.random() < 0.3 else "")
            return method, path, head, json.dumps(rows).encode()
        if table not in KEYED:
            return "DELETE", f"/api/{table}?case_id=eq.{self.key(tenant)}", head, b""
        key = self.key(tenant)
        if method == "DELETE":  # of what was made: the first rows stay
            return method, f"/api/{table}?id=like.new{self.random.randrange(self.fresh + 1)}-*", head, b""
        row.pop("id", None)
        many = method == "PATCH" and self.random.random() < 0.2
        return method, f"/api/{table}" + (f"?id=like.*{key}" if many else f"/{key}"), head, json.dumps(row).encode()

    # --- answers ---

    def judge(self, caller, asked, status, head, body):
        tenant = caller[1]
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status >= 500 and status not in (503, 504):  # a machine with more to do may refuse some
            self.failures.append((caller, asked, status, body[:500]))
        seen, head = open_cursors(body), open_cursors(head)
        if status >= 400:  # a problem says what was asked for
            for word in set(re.findall(rb"tn[AB]", urllib.parse.unquote_to_bytes(asked))):
                seen = seen.replace(word, b"")
        for whose in TENANTS:
            if whose == tenant:
                self.shown[whose] += status < 300 and MARKS[whose] in seen
            elif MARKS[whose] in seen or whose.encode() in seen or MARKS[whose] in head:
                self.leaks.append((caller, asked, status, body[:1000]))
        if tenant and status == 200 and b'"next_cursor":"' in body and len(self.cursors[tenant]) < 300:
            cursor = body.rsplit(b'"next_cursor":"', 1)[1].split(b'"', 1)[0].decode()
            target = asked.split(b" ", 2)[1].decode().split("/", 2)[2]
            target = re.sub(r"[&?]cursor=[^&]*", "", target)
            self.cursors[tenant].append(target + ("&" if "?" in target else "?") + "cursor=" + cursor)

    async def read_answer(self, reader):
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if length:
            return status, head, await reader.readexactly(int(length[1]))
        body = b""
        while b"transfer-encoding" in head.lower():
            size = int(await reader.readline(), 16)
            body += (await reader.readexactly(size + 2))[:-2]
            if size == 0:
                break
        return status, head, body

    async def speak(self, caller, host, port, count):
        reader, writer = await asyncio.open_connection(host, port, limit=1 << 22)
        while count > 0:
            asked = [self.request(caller) for _ in range(min(count, BATCH))]
            count -= len(asked)
            writer.write(b"".join(asked))
            for one in asked:
                self.judge(caller, one, *await self.read_answer(reader))
        writer.close()

    async def run(self, host, port, count):
        each = count // (len(self.callers) * CONNECTIONS) + 1
        await asyncio.gather(*(self.speak(caller, host, port, each) for caller in self.callers for _ in range(CONNECTIONS)))
        return each * len(self.callers) * CONNECTIONS
