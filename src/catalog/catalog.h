/* SPDX-License-Identifier: Apache-2.0 */
/* What a database holds: tables, columns, types, keys, foreign keys, indexes. Read by store/pg and store/sqlite, used by
 * everyone behind. Ownership: catalog_free frees it all. Immutable after loading: any thread. */
#ifndef LEAT_CATALOG_CATALOG_H
#define LEAT_CATALOG_CATALOG_H

#include "base/arena.h"
#include "base/map.h"
#include "catalog/type.h"

struct column {
    struct slice name; /* as in the database */
    struct slice sql;  /* quoted for SQL: "name" */
    struct slice json; /* `"name":`, escaped: what an encoder writes before the value */
    struct type type;
    unsigned position; /* 0-based, in table->columns */
    bool nullable, has_default, generated;
    bool computed;      /* `sql` is an expression: a JSON path, a cast, an aggregate */
    bool aggregate;     /* of many rows: what is not is what they are grouped by */
    bool deterministic; /* equality is bytewise (no nondeterministic collation, no citext) */
    struct slice
        fallback; /* the default as SQL writes it, "now()"; empty: none, or not to be told (identity) */
    struct slice comment; /* COMMENT ON; empty: none */
    /* Of a view's column that is a base table's column as it is: which; NULL: none. Never a view's: followed down. */
    const struct table *origin;
    unsigned origin_column;
};

/* A CHECK of a table, as the database writes it: "(amount > 0)". On SQLite it may have no name, which is then empty. */
struct check_constraint {
    struct slice name, expression;
};

struct foreign_key {
    struct slice name;
    struct table *table, *target;
    unsigned *columns, *target_columns; /* positions */
    unsigned count;
    bool on_delete_acts, on_update_acts; /* CASCADE, SET NULL, SET DEFAULT */
};

struct index {
    struct slice name;
    unsigned *columns; /* positions; UINT_MAX: an expression */
    bool *descending;
    unsigned count;
    bool unique, primary, partial;
    struct slice method; /* btree, gin, brin… */
};

enum table_kind { TABLE_TABLE, TABLE_VIEW, TABLE_MATVIEW, TABLE_FOREIGN, TABLE_PARTITIONED };

struct table {
    struct slice schema; /* "public"; sqlite: "main" */
    struct slice name;
    struct slice sql; /* quoted, with schema: "public"."users" */
    enum table_kind kind;
    struct column *columns;
    unsigned column_count;
    unsigned *key; /* positions of the primary key's columns in key order */
    unsigned key_count;
    struct foreign_key **foreign_keys; /* that go out from here */
    unsigned foreign_key_count;
    struct foreign_key **references; /* that come in */
    unsigned reference_count;
    struct index *indexes;
    unsigned index_count;
    struct check_constraint *checks;
    unsigned check_count;
    struct slice comment;
    bool has_xmin; /* PostgreSQL: a table whose xmin may be read: it changes with every write of a row */
    bool insertable, updatable, deletable; /* views: as the database says; tables: all */
    bool triggered; /* a write to it may change other tables, by its triggers or rules */
    bool is_part;   /* a partition, or a child by inheritance: its rows are those of another table, too */
    /* What its rows are made of beside its own: of a view the tables below it, through views to the ground. In an order that is
     * the same for all who read this database. */
    const struct table **bases;
    unsigned base_count, base_room;
    bool
        bases_unknown; /* and of more that nobody told: functions of a view, row security, a foreign server */
    double rows_estimate; /* < 0: unknown */
};

/* A function that may be called as /rpc/NAME. PostgreSQL's alone. */
struct function_arg {
    struct slice name; /* empty: it has none */
    struct type type;
    bool optional, variadic;
};

enum volatility { FUNCTION_IMMUTABLE, FUNCTION_STABLE, FUNCTION_VOLATILE };

struct function {
    struct slice schema, name;
    struct slice sql; /* quoted, with schema */
    struct slice comment;
    struct function_arg *args; /* those that go in, in order */
    unsigned arg_count;
    const struct function_arg *tenant; /* filled with the caller's, and not among args; NULL: none (rpc.c) */
    enum volatility volatility;
    bool returns_set, returns_void;
    /* What a row consists of: a table's or composite type's columns, OUT and TABLE arguments; none (count 0): a scalar of `type`. */
    struct column *columns;
    unsigned column_count;
    const struct table *row_table; /* its rows are rows of this table; NULL: of none */
    struct type type;
};

struct catalog {
    struct arena arena;
    enum dialect dialect;
    struct slice server; /* "PostgreSQL 15.18", "SQLite 3.40.1" */
    struct table *tables;
    unsigned table_count;
    struct foreign_key *foreign_keys;
    unsigned foreign_key_count;
    struct function *functions; /* by schema and name, overloads beside each other; see store_functions */
    unsigned function_count;
    struct slice *roles; /* PostgreSQL: those that the connection's own may act as */
    unsigned role_count;
};

struct catalog *catalog_new(enum dialect dialect);
void catalog_free(struct catalog *catalog); /* takes NULL */

/* "schema.name" or "name" (found when only one schema has it, or in public/main). NULL: absent; *ret_many: several have it. */
const struct table *catalog_find(const struct catalog *catalog, struct slice name, bool *ret_many);
/* By its exact names; NULL: absent. */
const struct table *catalog_table(const struct catalog *catalog, struct slice schema, struct slice name);
const struct column *table_column(const struct table *table, struct slice name);

/* For the loaders: sets column->sql and ->json from its name; sets table->references of all tables from catalog->foreign_keys. */
void column_names_make(struct arena *arena, struct column *column);
void catalog_link_references(struct catalog *catalog);
/* A table that the view's rows are made of: noted once. */
void table_note_base(struct arena *arena, struct table *view, const struct table *base);
/* "a""b": an identifier quoted for SQL (both dialects). */
struct slice identifier_quote(struct arena *arena, struct slice name);

#endif
