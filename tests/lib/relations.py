# SPDX-License-Identifier: Apache-2.0
"""Random schemas with relations of every kind, random requests for embedded rows, and the right answers to them, put together here
from the plain rows of each table. Everything follows from the seed.

    world = World(seed)                  tables, a view, rows, and the relations between them
    world.script(store)                  the SQL that makes it
    ask = make_ask(world, seed)          a request: ask.path(), and ask.answer() is what must come
"""
import random
from collections import namedtuple

NAMES = ["people", "teams", "t1", "p0", "j1", "s1", "items", "t2", "order-lines"]
WORDS = ["ada", "Bob", "böse", "", "a,b", "x(y)", "anna"]
PLAIN_COLUMNS = [("name", "text"), ("n", "int"), ("flag", "bool"), ("amount", "money")]
TYPES = {"sqlite": {"text": "TEXT", "int": "INTEGER", "bool": "BOOLEAN", "money": "DECIMAL(8,2)"},
         "postgresql": {"text": "text", "int": "integer", "bool": "boolean", "money": "numeric(8,2)"}}

Key = namedtuple("Key", "table columns target target_columns unique")
# pairs: (column here, column there); through a table between: (here, between) and then (between, there).
Relation = namedtuple("Relation", "kind source target key outgoing pairs through other pairs_on")
TO_ONE, TO_MANY, THROUGH = "to one", "to many", "through"


def quoted(name):
    return f'"{name}"'


def key_name(key):
    return f"{key.table}_{'_'.join(key.columns)}_fkey"


class Table:
    """A table, or a view of some of its columns and rows."""

    def __init__(self, name, key, columns, of=None):
        self.name, self.key, self.columns, self.of = name, key, columns, of
        self.keys, self.rows = [], []

    def column_names(self):
        return [name for name, _ in self.columns]


class World:
    def __init__(self, seed):
        self.random = random.Random(f"world {seed}")
        self.tables = {}
        names = self.random.sample(NAMES, self.random.randint(3, 5))
        for name in names:
            self._add_table(name)
        for name in names:
            self._add_keys(self.tables[name])
        if len(names) > 1 and self.random.random() < 0.8:
            self._add_between("between", *(self.tables[self.random.choice(names)] for _ in range(2)))
        for table in self.tables.values():
            self._fill(table)
        for table in self.tables.values():
            self._refer_all(table)
        self._add_view(self.tables[self.random.choice(names)])
        self.relations = [*self._relations()]

    # --- tables ---

    def _add_table(self, name):
        key = ["id"] if self.random.random() < 0.7 else ["a", "b"]
        self.tables[name] = Table(name, key, [(column, "int") for column in key] + PLAIN_COLUMNS)

    def _add_key(self, table, target, prefix, unique=False):
        columns = [f"{prefix}_{column}" for column in target.key]
        table.columns = table.columns + [(column, "int") for column in columns]
        key = Key(table.name, columns, target.name, target.key, unique)
        table.keys.append(key)
        return key

    def _add_keys(self, table):
        """Two to the same table, now and then, or to itself; some of them unique."""
        for i in range(self.random.choice([0, 1, 1, 2, 2])):
            target = self.tables[self.random.choice([*self.tables])]
            self._add_key(table, target, f"{'ref' if i else 'main'}", unique=self.random.random() < 0.25)

    def _add_between(self, name, one, other):
        table = self.tables[name] = Table(name, [], [])
        keys = [self._add_key(table, one, "one"), self._add_key(table, other, "other")]
        table.key = keys[0].columns + keys[1].columns
        table.columns = table.columns + [("n", "int")]

    def _add_view(self, table):
        columns = [column for column in table.columns if column[0] not in ("amount", "flag")]
        view = self.tables["seen"] = Table("seen", table.key, columns, of=table)
        view.rows = [{name: row[name] for name, _ in columns} for row in table.rows if row["name"] != ""]

    # --- rows ---

    def _value(self, kind):
        if self.random.random() < 0.2:
            return None
        return {"text": lambda: self.random.choice(WORDS), "int": lambda: self.random.randint(-3, 6),
                "bool": lambda: self.random.random() < 0.5,
                "money": lambda: self.random.randint(-500, 900) / 100}[kind]()

    def _fill(self, table):
        between = table.name == "between"
        table.rows = self._pairs(table) if between else [self._row(table, i) for i in range(self.random.choice([0, 3, 12, 18]))]

    def _row(self, table, i):
        row = {name: self._value(kind) for name, kind in table.columns}
        row["name"] = row["name"] or ""
        row.update({"id": i + 1} if table.key == ["id"] else {"a": i % 3, "b": i // 3})
        return row

    def _pairs(self, table):
        one, other = (self.tables[key.target] for key in table.keys)
        every = [(x, y) for x in one.rows for y in other.rows]
        rows = []
        for x, y in self.random.sample(every, min(len(every), 25)):
            row = {"n": self._value("int")}
            for key, to in zip(table.keys, (x, y)):
                row.update({column: to[there] for column, there in zip(key.columns, key.target_columns)})
            rows.append(row)
        return rows

    def _refer_all(self, table):
        for key in [] if table.name == "between" else table.keys:
            self._refer(table, key)

    def _refer(self, table, key):
        """Each row to one of the target's, or to none; of a composite key perhaps by half."""
        free = [*self.tables[key.target].rows]
        self.random.shuffle(free)
        for row in table.rows:
            to = (free.pop() if key.unique else self.random.choice(free)) if free else None
            gone = self.random.random() < 0.25
            for i, (column, there) in enumerate(zip(key.columns, key.target_columns)):
                row[column] = None if not to or (gone and (i == 0 or self.random.random() < 0.5)) else to[there]

    # --- SQL ---

    def _literal(self, value, kind, store):
        if value is None:
            return "NULL"
        if kind == "bool":
            return str(int(value)) if store == "sqlite" else str(value)
        if kind == "money":
            return str(round(value * 100)) if store == "sqlite" else str(value)
        return "'" + value.replace("'", "''") + "'" if kind == "text" else str(value)

    def _create(self, table, store):
        if table.of:
            what = ",".join(map(quoted, table.column_names()))
            return f"CREATE VIEW {quoted(table.name)} AS SELECT {what} FROM {quoted(table.of.name)} WHERE name <> '';"
        parts = [f"{quoted(name)} {TYPES[store][kind]}{' NOT NULL' if name in ('name', *table.key) else ''}"
                 for name, kind in table.columns]
        parts.append(f"PRIMARY KEY ({','.join(map(quoted, table.key))})")
        parts += [f"UNIQUE ({','.join(map(quoted, key.columns))})" for key in table.keys if key.unique]
        if store == "sqlite":
            parts += [f"FOREIGN KEY {self._reference(key)}" for key in table.keys]
        return f"CREATE TABLE {quoted(table.name)} ({', '.join(parts)});"

    @staticmethod
    def _reference(key):
        return (f"({','.join(map(quoted, key.columns))}) REFERENCES {quoted(key.target)} "
                f"({','.join(map(quoted, key.target_columns))})")

    def script(self, store):
        lines = [self._create(table, store) for table in self.tables.values()]
        for table in self.tables.values():
            for row in [] if table.of else table.rows:
                values = ",".join(self._literal(row[name], kind, store) for name, kind in table.columns)
                lines.append(f"INSERT INTO {quoted(table.name)} ({','.join(map(quoted, table.column_names()))}) VALUES ({values});")
        if store == "postgresql":
            lines += [f"ALTER TABLE {quoted(table.name)} ADD FOREIGN KEY {self._reference(key)};"
                      for table in self.tables.values() for key in table.keys]
        return "\n".join(lines)

    def config(self):
        resources = "".join(f"  {name}: {{{'key: ' + chr(39) + ','.join(table.key) + chr(39) if table.of else ''}}}\n"
                            for name, table in self.tables.items())
        return f"serve: {{/api: plain, /rest/v1: postgrest}}\ndefaults: {{read: anonymous}}\nresources:\n{resources}"

    # --- relations ---

    def _shows(self, name, columns):
        """The table itself, and its views that have these columns."""
        return [table.name for table in self.tables.values()
                if (table.name == name or (table.of and table.of.name == name)) and set(columns) <= set(table.column_names())]

    def _is_unique(self, key):
        return key.unique or set(self.tables[key.table].key) <= set(key.columns)

    def _relations(self):
        for key in [key for table in self.tables.values() for key in table.keys]:
            for source in self._shows(key.table, key.columns):
                for target in self._shows(key.target, key.target_columns):
                    pairs = [*zip(key.columns, key.target_columns)]
                    back = [(there, here) for here, there in pairs]
                    yield Relation(TO_ONE, source, target, key, True, pairs, None, None, None)
                    yield Relation(TO_ONE if self._is_unique(key) else TO_MANY, target, source, key, False, back, None, None, None)
            table = self.tables[key.table]
            for other in table.keys:
                if other is not key and set(key.columns + other.columns) <= set(table.key):
                    yield from self._through(key, other)

    def _through(self, key, other):
        for source in self._shows(key.target, key.target_columns):
            for target in self._shows(other.target, other.target_columns):
                yield Relation(THROUGH, source, target, key, False, [*zip(key.target_columns, key.columns)], key.table, other,
                               [*zip(other.columns, other.target_columns)])

    def matches(self, relation, row):
        """The rows that belong to this one, in no order."""
        def equal(here, there, pairs):
            return all(here[a] is not None and here[a] == there[b] for a, b in pairs)
        if relation.kind != THROUGH:
            return [there for there in self.tables[relation.target].rows if equal(row, there, relation.pairs)]
        return [there for link in self.tables[relation.through].rows if equal(row, link, relation.pairs)
                for there in self.tables[relation.target].rows if equal(link, there, relation.pairs_on)]

    # --- how a relation can be called ---

    @staticmethod
    def names_of(relation):
        """Words that may stand for it, most natural first."""
        itself = relation.kind != THROUGH and relation.key.table == relation.key.target
        by_key = [key_name(relation.key)] if relation.kind != THROUGH else []
        if relation.outgoing and len(relation.key.columns) == 1:
            by_key.insert(0, relation.key.columns[0])
        if itself:
            return by_key if relation.outgoing else [relation.target]
        return [relation.target, *by_key]

    @staticmethod
    def hints_of(relation):
        """None first."""
        if relation.kind == THROUGH:
            columns = relation.other.columns if len(relation.other.columns) == 1 else []
            return [[], [relation.through], *([column] for column in columns), [key_name(relation.other)]]
        columns = relation.key.columns if len(relation.key.columns) == 1 else []
        return [[], *([column] for column in columns), [key_name(relation.key)]]

    def calls(self, relation):
        """(name, hints) that mean this relation alone. What is named by its key leads to the table, not to its views."""
        for name in self.names_of(relation):
            for hints in self.hints_of(relation):
                found = [other for other in self.relations if other.source == relation.source and name in self.names_of(other)
                         and all([hint] in self.hints_of(other) for hint in hints)]
                tables = [other for other in found if name == other.target or not self.tables[other.target].of]
                if (tables or found) == [relation]:
                    yield name, hints


# --- requests ---

class Node:
    """What is asked of one resource: fields, filters, order, and what is embedded."""

    def __init__(self, table):
        self.table = table
        self.fields = []    # ("column", shown name, column) | ("child", node) | ("aggregate", name, function, column)
        self.filters = []   # (text behind the `=`, column, rule)
        self.child_filters = []  # (node, whether there must be some)
        self.order = []     # (column, descending, nulls first) | (node, column, descending, nulls first)
        self.order_given = False
        self.limit = self.offset = None
        self.relation = self.alias = self.name = None
        self.hints, self.children = [], []
        self.inner = self.spread = False


class Ask:
    def __init__(self, world, seed):
        self.world = world
        self.random = random.Random(f"ask {seed}")
        self.names = 0
        sources = sorted({relation.source for relation in world.relations if world.tables[relation.source].rows}) or \
            sorted(world.tables)
        self.root = self._node(world.tables[self.random.choice(sources)], self.random.randint(1, 4))
        self._page(self.root, 30)

    # --- making one ---

    def _node(self, table, depth):
        node = Node(table)
        columns = table.column_names()
        if depth <= 1 and self.random.random() < 0.1:
            self._aggregate(node)
        else:
            for column in self.random.sample(columns, self.random.randint(1, len(columns))):
                shown = f"c{self._number()}" if self.random.random() < 0.15 else column
                node.fields.append(("column", shown, column))
        for _ in range(self.random.choice([0, 0, 1, 2]) if table.rows else 0):
            node.filters.append(self._filter(table))
        if depth > 1:
            for _ in range(self.random.choice([1, 1, 2])):
                self._embed(node, depth - 1)
        self._order(node)
        self.random.shuffle(node.fields)
        return node

    def _number(self):
        self.names += 1
        return self.names

    def _aggregate(self, node):
        if self.random.random() < 0.6:
            node.fields.append(("column", "n", "n"))
        node.fields.append(("aggregate", "count", "count", None))
        node.fields.append(("aggregate", "max", "max", "n"))

    def _embed(self, node, depth):
        possible = [relation for relation in self.world.relations if relation.source == node.table.name]
        relation = self.random.choice(possible) if possible else None
        calls = [*self.world.calls(relation)] if relation else []
        if not calls:
            return
        child = self._node(self.world.tables[relation.target], depth)
        child.relation = relation
        child.name, child.hints = self.random.choice(calls)
        taken = {field[1] for field in node.fields if field[0] != "child"} | {other.alias for other in node.children} | \
            set(node.table.column_names())
        child.alias = child.name if child.name not in taken and self.random.random() < 0.5 else f"e{self._number()}"
        child.inner = self.random.random() < 0.25
        child.spread = relation.kind == TO_ONE and child.name not in node.table.column_names() and self.random.random() < 0.25
        if relation.kind != TO_ONE:
            self._page(child, 4)
        if child.spread:
            self._rename(child)
        node.children.append(child)
        node.fields.append(("child", child))
        if self.random.random() < 0.3:
            node.child_filters.append((child, self.random.random() < 0.5))

    def _rename(self, child):
        """Members that are spread must not be named as others."""
        child.fields = [field if field[0] == "child" else (field[0], f"{field[1]}{self._number()}", *field[2:]) for field in child.fields]
        for other in child.children:
            other.alias = f"e{self._number()}"

    def _page(self, node, most):
        if self.random.random() < 0.4:
            node.limit = self.random.randint(1, most)
        if self.random.random() < 0.15:
            node.offset = self.random.randint(0, 2)

    def _filter(self, table):
        column, kind = self.random.choice(table.columns)
        if self.random.random() < 0.25:
            null = self.random.random() < 0.3
            return f"{'' if null else 'not.'}is.null", column, lambda value: (value is None) == null
        values = [row[column] for row in table.rows if row[column] is not None] or [self.world._value(kind) or 0]
        value = self.random.choice(values)
        text = value if kind == "text" else str(value).lower()
        if kind in ("int", "money") and self.random.random() < 0.7:
            return self.random.choice([(f"gte.{text}", column, lambda v: v is not None and v >= value),
                                       (f"lt.{text}", column, lambda v: v is not None and v < value),
                                       (f"not.gt.{text}", column, lambda v: v is not None and not v > value)])
        return self.random.choice([(f"eq.{text}", column, lambda v: v is not None and v == value),
                                   (f"neq.{text}", column, lambda v: v is not None and v != value)])

    def _order(self, node):
        """A total one: the key ends it."""
        node.order_given = self.random.random() < 0.6
        if any(field[0] == "aggregate" for field in node.fields):
            grouped = [field for field in node.fields if field[0] == "column"]
            node.order_given = bool(grouped)
            node.order = [("n", False, False)] if grouped else []
            return
        if node.order_given:
            for column in self.random.sample(node.table.column_names(), self.random.choice([0, 1, 2])):
                node.order.append((column, *self._direction()))
            ones = [child for child in node.children if child.relation.kind == TO_ONE]
            if ones and self.random.random() < 0.4:
                child = self.random.choice(ones)
                node.order.insert(0, (child, self.random.choice(child.table.column_names()), *self._direction()))
        for column in node.table.key:
            if column not in [term[0] for term in node.order]:
                node.order.append((column, False, False))

    def _direction(self):
        descending = self.random.random() < 0.5
        return descending, descending if self.random.random() < 0.7 else not descending

    # --- as a URL ---

    def _select(self, node):
        parts = []
        for field in node.fields:
            if field[0] == "column":
                parts.append(field[2] if field[1] == field[2] else f"{field[1]}:{field[2]}")
            elif field[0] == "aggregate":
                call = f"{field[3]}.{field[2]}()" if field[3] else f"{field[2]}()"
                parts.append(call if field[1] == field[2] else f"{field[1]}:{call}")
            else:
                child = field[1]
                alias = "..." if child.spread else "" if child.alias == child.name else f"{child.alias}:"
                hints = "".join(f"!{hint}" for hint in child.hints) + ("!inner" if child.inner else "")
                parts.append(f"{alias}{child.name}{hints}({self._select(child)})")
        return ",".join(parts)

    def _term(self, term):
        column, descending, nulls_first = term[-3:]
        text = f"{self._called(term[0])}({column})" if isinstance(term[0], Node) else column
        text += ".desc" if descending else ""
        return text + ("" if descending == nulls_first else ".nullsfirst" if nulls_first else ".nullslast")

    @staticmethod
    def _called(child):
        return child.name if child.spread else child.alias

    def _params(self, node, prefix):
        for text, column, _ in node.filters:
            yield prefix + column, text
        for child, some in node.child_filters:
            yield prefix + self._called(child), "not.is.null" if some else "is.null"
        if node.order_given and node.order:
            yield f"{prefix}order", ",".join(self._term(term) for term in node.order)
        if node.limit is not None:
            yield f"{prefix}limit", str(node.limit)
        if node.offset is not None:
            yield f"{prefix}offset", str(node.offset)
        for child in node.children:
            yield from self._params(child, f"{prefix}{self._called(child)}.")

    def path(self):
        return f"/{self.root.table.name}", [("select", self._select(self.root)), *self._params(self.root, "")]

    def clashes(self):
        """Two children of one name, as a spread one has no other: such a request is refused."""
        def within(node):
            names = [self._called(child) for child in node.children]
            return len(set(names)) < len(names) or any(within(child) for child in node.children)
        return within(self.root)

    # --- the right answer ---

    def answer(self):
        return self._rows(self.root, self.root.table.rows)

    def _passes(self, node, row):
        return all(rule(row[column]) for _, column, rule in node.filters) and \
            all(bool(self._kept(child, row)) == some for child, some in node.child_filters) and \
            all(self._kept(child, row) for child in node.children if child.inner)

    def _kept(self, child, row):
        return [there for there in self.world.matches(child.relation, row) if self._passes(child, there)]

    def _sorted(self, node, rows):
        for term in reversed(node.order):
            column, descending, nulls_first = term[-3:]

            def value(row):
                if isinstance(term[0], Node):
                    kept = self._kept(term[0], row)
                    return kept[0][column] if kept else None
                return row[column]
            known = sorted((row for row in rows if value(row) is not None), reverse=descending,
                           key=lambda row: value(row).encode() if isinstance(value(row), str) else value(row))
            unknown = [row for row in rows if value(row) is None]
            rows = unknown + known if nulls_first else known + unknown
        return rows

    def _rows(self, node, rows):
        rows = [row for row in rows if self._passes(node, row)]
        if any(field[0] == "aggregate" for field in node.fields):
            rows = self._grouped(node, rows)
        else:
            rows = [self._shown(node, row) for row in self._sorted(node, rows)]
        rows = rows[node.offset or 0:]
        return rows if node.limit is None else rows[:node.limit]

    def _grouped(self, node, rows):
        by = [field for field in node.fields if field[0] == "column"]
        groups = {}
        for row in rows:
            groups.setdefault(row["n"] if by else None, []).append(row)
        if not by:
            groups.setdefault(None, [])
        out = []
        for value in sorted(groups, key=lambda n: (n is None, n)):
            known = [row["n"] for row in groups[value] if row["n"] is not None]
            made = {"count": len(groups[value]), "max": max(known) if known else None}
            out.append({field[1]: value if field[0] == "column" else made[field[2]] for field in node.fields})
        return out

    def _shown(self, node, row):
        """row None: of what is spread and not there."""
        out = {}
        for field in node.fields:
            if field[0] != "child":
                out[field[1]] = row and row[field[2]]
                continue
            child = field[1]
            there = self._rows(child, self.world.matches(child.relation, row)) if row else []
            if child.spread:
                out.update(there[0] if there else self._absent(child))
            elif child.relation.kind == TO_ONE:
                out[child.alias] = there[0] if there else None
            else:
                out[child.alias] = there
        return out

    def _absent(self, child):
        out = {}
        for field in child.fields:
            if field[0] == "child" and field[1].spread:
                out.update(self._absent(field[1]))
            else:
                out[field[1].alias if field[0] == "child" else field[1]] = None
        return out


def make_ask(world, seed):
    """The first that can be asked."""
    for attempt in range(100):
        ask = Ask(world, f"{seed}.{attempt}")
        if not ask.clashes():
            return ask
    raise AssertionError("no request comes of this seed")
