/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of the database, read when some are to be served: one message of several queries, one snapshot. See catalog.h.
 *
 * pg_proc tells of each argument its type, mode and name, in three arrays beside each other; where all are IN the modes are not
 * there, and only the types of those that go in. Modes: i IN, o OUT, b INOUT, v VARIADIC, t a column of RETURNS TABLE. The last
 * pronargdefaults of those that go in have a default. What comes out is a row when there is any o, b or t, or when the return type
 * is composite; else a scalar.
 * Failure: ret_why in one sentence; the catalogue is as it was, or has some of them. */
#include <stdio.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "store/pg/catalog.h"
#include "store/pg/cells.h"
#include "store/pg/port.h"
#include "store/pg/types.h"

/* Types without a value of their own cannot be bound (anyelement, internal, …), nor come out, but for void and record. */
#define FUNCTIONS \
    " pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_type t ON t.oid = p.prorettype" \
    " WHERE p.prokind = 'f' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'" \
    " AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')" \
    " AND (t.typtype <> 'p' OR t.typname IN ('void', 'record'))" \
    " AND NOT EXISTS (SELECT FROM pg_type a WHERE a.oid = ANY (p.proargtypes) AND a.typtype = 'p')"
#define ALL_TYPES "COALESCE(p.proallargtypes, p.proargtypes::oid[])"
#define MEMBERS \
    " pg_attribute a JOIN (SELECT t.typrelid FROM" FUNCTIONS \
    " AND t.typrelid <> 0 GROUP BY 1) r ON r.typrelid = a.attrelid" \
    " WHERE a.attnum > 0 AND NOT a.attisdropped"

static const char functions_sql[] =
    "SELECT n.nspname, p.proname, p.provolatile, p.proretset, p.prorettype, p.pronargs, p.pronargdefaults,"
    " array_to_string(" ALL_TYPES
    ", ' '), array_to_string(p.proargmodes, ''), p.proargnames::text, t.typrelid,"
    " (SELECT d.description FROM pg_description d WHERE d.classoid = 'pg_proc'::regclass AND d.objoid = p.oid),"
    " (SELECT m.nspname FROM pg_class c JOIN pg_namespace m ON m.oid = c.relnamespace WHERE c.oid = t.typrelid),"
    " (SELECT c.relname FROM pg_class c WHERE c.oid = t.typrelid), t.typname = 'void' FROM" FUNCTIONS
    " ORDER BY n.nspname, p.proname, p.oid;"
    "SELECT a.attrelid, a.attname, a.atttypid, a.atttypmod, a.attnotnull FROM" MEMBERS
    " ORDER BY a.attrelid, a.attnum;" TYPES_SQL_BEGIN "SELECT unnest(" ALL_TYPES ") FROM" FUNCTIONS
    " UNION SELECT p.prorettype FROM" FUNCTIONS " UNION SELECT a.atttypid FROM" MEMBERS TYPES_SQL_END;

enum answer {
    ANSWER_BEGIN,
    ANSWER_SETTINGS,
    ANSWER_FUNCTIONS,
    ANSWER_MEMBERS,
    ANSWER_TYPES,
    ANSWER_COMMIT,
    ANSWERS
};

enum field {
    FIELD_SCHEMA,
    FIELD_NAME,
    FIELD_VOLATILE,
    FIELD_SET,
    FIELD_TYPE,
    FIELD_ARGS,
    FIELD_DEFAULTS,
    FIELD_TYPES,
    FIELD_MODES,
    FIELD_NAMES,
    FIELD_RELATION,
    FIELD_COMMENT,
    FIELD_ROW_SCHEMA,
    FIELD_ROW_TABLE,
    FIELD_VOID
};

struct reading {
    struct catalog *catalog;
    struct arena *arena;
    PGresult *answers[ANSWERS];
    struct types types;
};

static struct slice kept(const struct reading *reading, int row, enum field field)
{
    return arena_copy(reading->arena, cell_text(reading->answers[ANSWER_FUNCTIONS], row, (int)field));
}

/* ---- columns ---- */

static void make_column(struct reading *reading, struct column *column, struct slice name, Oid type,
                        int typmod)
{
    column->name = name;
    column->type = pg_types_find(&reading->types, type, typmod, &column->deterministic);
    column_names_make(reading->arena, column);
}

/* The members of the composite type or table. */
static void take_members(struct reading *reading, struct function *function, Oid relation)
{
    const PGresult *members = reading->answers[ANSWER_MEMBERS];
    int begin = 0, end, rows = PQntuples(members);
    while (begin < rows && cell_oid(members, begin, 0) != relation)
        begin++;
    for (end = begin; end < rows && cell_oid(members, end, 0) == relation;)
        end++;
    function->columns = ARENA_ARRAY(reading->arena, struct column, end - begin);
    for (int row = begin; row < end; row++) {
        struct column *column = &function->columns[function->column_count];
        column->position = function->column_count++;
        column->nullable = !cell_true(members, row, 4);
        make_column(reading, column, arena_copy(reading->arena, cell_text(members, row, 1)),
                    cell_oid(members, row, 2), (int)cell_number(members, row, 3));
    }
}

/* ---- arguments ---- */

static void add_arg(struct reading *reading, struct function *function, struct slice name, Oid type,
                    char mode)
{
    bool ignored;
    function->args[function->arg_count++] =
        (struct function_arg){.name = name,
                              .type = pg_types_find(&reading->types, type, -1, &ignored),
                              .variadic = mode == 'v'};
}

/* One that comes out; one without a name is called as PostgreSQL calls it. */
static void add_out(struct reading *reading, struct function *function, struct slice name, Oid type)
{
    struct column *column = &function->columns[function->column_count];
    column->position = function->column_count++;
    column->nullable = true;
    if (name.len == 0)
        name = arena_format(reading->arena, "column%u", function->column_count);
    make_column(reading, column, name, type, -1);
}

static void take_args(struct reading *reading, struct function *function, int row)
{
    struct slice types = kept(reading, row, FIELD_TYPES), modes = kept(reading, row, FIELD_MODES);
    unsigned named, unnamed = 0, most = (unsigned)types.len + 1;
    const struct slice *names = pg_array_read(reading->arena, kept(reading, row, FIELD_NAMES), &named);
    function->args = ARENA_ARRAY(reading->arena, struct function_arg, most);
    function->columns = ARENA_ARRAY(reading->arena, struct column, most);
    for (unsigned i = 0; types.len > 0; i++) {
        int64_t oid = 0;
        char mode = i < modes.len ? modes.data[i] : 'i';
        struct slice name = i < named ? names[i] : SLICE("");
        bool number = slice_to_int(slice_cut(&types, ' '), &oid);
        POST(number && i < most);
        if (strchr("ibv", mode))
            add_arg(reading, function, name, (Oid)oid, mode);
        if (strchr("obt", mode)) {
            add_out(reading, function, name, (Oid)oid);
            unnamed += name.len == 0;
        }
    }
    POST((long)function->arg_count == cell_number(reading->answers[ANSWER_FUNCTIONS], row, FIELD_ARGS));
    if (function->column_count == 1 && unnamed == 1)
        function->column_count = 0; /* a scalar, for nothing tells it from one */
    long defaults = cell_number(reading->answers[ANSWER_FUNCTIONS], row, FIELD_DEFAULTS);
    for (unsigned i = 0; i < function->arg_count; i++)
        function->args[i].optional = (long)(function->arg_count - i) <= defaults;
}

/* ---- functions ---- */

static enum volatility volatility_of(char letter)
{
    return letter == 'i' ? FUNCTION_IMMUTABLE : letter == 's' ? FUNCTION_STABLE : FUNCTION_VOLATILE;
}

static void take_function(struct reading *reading, int row, struct function *function)
{
    const PGresult *functions = reading->answers[ANSWER_FUNCTIONS];
    Oid relation = cell_oid(functions, row, FIELD_RELATION);
    bool ignored;
    function->schema = kept(reading, row, FIELD_SCHEMA);
    function->name = kept(reading, row, FIELD_NAME);
    function->sql = arena_format(reading->arena, SLICE_FMT "." SLICE_FMT,
                                 SLICE_ARG(identifier_quote(reading->arena, function->schema)),
                                 SLICE_ARG(identifier_quote(reading->arena, function->name)));
    function->comment = kept(reading, row, FIELD_COMMENT);
    function->volatility = volatility_of(PQgetvalue(functions, row, FIELD_VOLATILE)[0]);
    function->returns_set = cell_true(functions, row, FIELD_SET);
    function->returns_void = cell_true(functions, row, FIELD_VOID);
    function->type = pg_types_find(&reading->types, cell_oid(functions, row, FIELD_TYPE), -1, &ignored);
    take_args(reading, function, row);
    if (relation == 0 || function->column_count > 0)
        return;
    take_members(reading, function, relation);
    function->row_table = catalog_table(reading->catalog, cell_text(functions, row, FIELD_ROW_SCHEMA),
                                        cell_text(functions, row, FIELD_ROW_TABLE));
}

static void take_functions(struct reading *reading)
{
    struct catalog *catalog = reading->catalog;
    int rows = PQntuples(reading->answers[ANSWER_FUNCTIONS]);
    catalog->functions = ARENA_ARRAY(reading->arena, struct function, rows + 1);
    pg_types_take(&reading->types, reading->arena, reading->answers[ANSWER_TYPES]);
    for (int row = 0; row < rows; row++)
        take_function(reading, row, &catalog->functions[catalog->function_count++]);
    pg_types_done(&reading->types);
}

enum error pg_catalog_functions(struct store *base, struct catalog *catalog, char ret_why[512])
{
    PRE(catalog->dialect == DIALECT_PG);
    struct pg_store *store = container_of(base, struct pg_store, base);
    struct reading reading = {.catalog = catalog, .arena = &catalog->arena};
    PGconn *conn = pg_catalog_connect(store, ret_why);
    if (conn == NULL)
        return ERR_SYSTEM;
    bool good = pg_catalog_ask(conn, store, functions_sql, reading.answers, ANSWERS, ret_why);
    if (good)
        take_functions(&reading);
    for (unsigned i = 0; i < ANSWERS; i++)
        PQclear(reading.answers[i]);
    PQfinish(conn);
    return good ? OK : ERR_SYSTEM;
}
