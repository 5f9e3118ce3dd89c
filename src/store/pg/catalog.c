/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the catalogue: one message of several queries, one snapshot, one round trip; then the rows are put together here. What
 * the columns of views are takes a second one (views.c), if there are views. See catalog.h. Cells are libpq's text; arrays of column numbers come as "1 2 3". */
#include "store/pg/catalog.h"

#include <limits.h>
#include <stdio.h>

#include "base/mem.h"
#include "store/pg/ask.h"
#include "store/pg/port.h"
#include "store/pg/reading.h"
#include "store/pg/touched.h"
#include "store/pg/triggers.h"

#define RELATIONS \
    " pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')" \
    " AND NOT c.relispartition AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'" \
    " AND has_schema_privilege(n.oid, 'USAGE')" \
    " AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'))" \
    " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid" \
    " AND d.deptype = 'e')"
/* What COMMENT ON says. */
#define COMMENT "(SELECT d.description FROM pg_description d WHERE d.classoid = 'pg_class'::regclass"
#define TABLE_COMMENT COMMENT " AND d.objoid = c.oid AND d.objsubid = 0)"
#define COLUMN_COMMENT COMMENT " AND d.objoid = a.attrelid AND d.objsubid = a.attnum)"
#define COLUMNS \
    " pg_attribute a JOIN (SELECT c.oid FROM" RELATIONS ") r ON r.oid = a.attrelid" \
    " WHERE a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')"

/* Those of `SET`, and what they inherit from, up to the roots of partitions. */
#define WITH_PARENTS(SET) \
    "(WITH RECURSIVE r(oid) AS ((" SET \
    ") UNION SELECT h.inhparent FROM pg_inherits h JOIN r ON h.inhrelid = r.oid)" \
    " SELECT r.oid FROM r)"
/* What a write may change beside the table and those that the keys below tell of: by triggers and rules, its children's too, and by
 * foreign keys of tables that are not read here, or to its children. */
#define TRIGGERED \
    "c.oid IN " WITH_PARENTS( \
        "SELECT t.tgrelid FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgname !~ '^" PG_TRIGGERS "'" \
        " UNION SELECT w.ev_class FROM pg_rewrite w WHERE w.ev_type <> '1'" \
        " UNION SELECT k.confrelid FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0" \
        " AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))" \
        " AND (k.conrelid NOT IN (SELECT c.oid FROM" RELATIONS ")" \
        " OR k.confrelid IN (SELECT h.inhrelid FROM pg_inherits h))")
/* What is read with it that no table of the catalogue tells of: by policies of rows, from another server. */
#define READS_MORE \
    "c.relrowsecurity OR c.oid IN " WITH_PARENTS("SELECT x.oid FROM pg_class x WHERE x.relkind = 'f'")
/* What views read: tables, and views on the way to them. */
#define BASES \
    "WITH RECURSIVE direct AS (SELECT DISTINCT w.ev_class AS view, d.refobjid AS oid FROM pg_rewrite w" \
    " JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid" \
    " AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class WHERE w.ev_type = '1')," \
    " below AS (SELECT view, oid FROM direct UNION SELECT b.view, d.oid FROM below b" \
    " JOIN pg_class v ON v.oid = b.oid AND v.relkind = 'v' JOIN direct d ON d.view = b.oid)" \
    " SELECT b.view, COALESCE(pg_partition_root(b.oid)::oid, b.oid) FROM below b" \
    " JOIN pg_class v ON v.oid = b.view AND v.relkind = 'v' JOIN pg_class x ON x.oid = b.oid" \
    " WHERE x.relkind <> 'c' AND x.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace);"

/* A default names no column: told without its table, that one's columns are not all read for each. */
static const char catalog_sql[] =
    "SHOW server_version;"
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples,"
    " CASE c.relkind WHEN 'm' THEN 0 WHEN 'v' THEN pg_relation_is_updatable(c.oid, true)"
    " WHEN 'f' THEN pg_relation_is_updatable(c.oid, true) ELSE 28 END, " TABLE_COMMENT ","
    " " TRIGGERED ", EXISTS (SELECT 1 FROM pg_inherits h WHERE h.inhrelid = c.oid),"
    " c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT'), " READS_MORE " FROM" RELATIONS
    " ORDER BY c.oid;"
    "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull,"
    " a.atthasdef OR a.attidentity <> '', a.attgenerated <> '' OR a.attidentity = 'a',"
    " COALESCE((SELECT l.collisdeterministic FROM pg_collation l WHERE l.oid = a.attcollation), true),"
    " CASE WHEN a.atthasdef AND a.attgenerated = '' THEN (SELECT pg_get_expr(f.adbin, 0) FROM pg_attrdef f"
    " WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum) END, " COLUMN_COMMENT " FROM" COLUMNS
    " ORDER BY a.attrelid, a.attnum;" TYPES_SQL_BEGIN "SELECT a.atttypid FROM" COLUMNS TYPES_SQL_END
    "SELECT k.conrelid, k.contype, k.conname, COALESCE(array_to_string(k.conkey, ' '), ''), k.confrelid,"
    " COALESCE(array_to_string(k.confkey, ' '), ''), k.confdeltype IN ('c', 'n', 'd'), k.confupdtype IN ('c', 'n', 'd'),"
    " pg_get_expr(k.conbin, k.conrelid)"
    " FROM pg_constraint k JOIN (SELECT c.oid FROM" RELATIONS ") r ON r.oid = k.conrelid"
    " WHERE k.contype IN ('p', 'c') OR k.contype = 'f' AND k.conparentid = 0 ORDER BY k.conrelid, k.conname;"
    "SELECT i.indrelid, x.relname, i.indkey::text, i.indoption::text, i.indnkeyatts, i.indisunique, i.indisprimary,"
    " i.indpred IS NOT NULL, m.amname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
    " JOIN pg_am m ON m.oid = x.relam JOIN (SELECT c.oid FROM" RELATIONS ") r ON r.oid = i.indrelid"
    " WHERE i.indisvalid ORDER BY i.indrelid, x.relname;"
    "SELECT v.oid, v.text, COALESCE(v.relkind = 'v' AND " PG_READS_UNTOLD(
        "v.small") ", true) FROM (SELECT d.*, lower(d.text) AS small"
                   " FROM (SELECT c.oid, c.relkind, pg_get_viewdef(c.oid) AS text FROM" RELATIONS
                   " AND c.relkind IN ('v', 'm') OFFSET 0) d"
                   " OFFSET 0) v ORDER BY v.oid;"
                   "SELECT rolname FROM pg_roles WHERE pg_has_role(oid, 'MEMBER') AND rolname !~ '^pg_' ORDER BY rolname;" BASES;

static int compare_oids(const void *a, const void *b)
{
    Oid x = *(const Oid *)a, y = *(const Oid *)b;
    return x < y ? -1 : x > y;
}

struct table *reading_table(const struct reading *reading, Oid oid)
{
    const Oid *at = bsearch(&oid, reading->oids, reading->catalog->table_count, sizeof oid, compare_oids);
    return at ? &reading->catalog->tables[at - reading->oids] : NULL;
}

struct column *reading_column(const struct reading *reading, const struct table *table, int64_t attnum)
{
    const struct numbers *numbers = &reading->numbers[table - reading->catalog->tables];
    bool known = attnum > 0 && attnum < numbers->end && numbers->positions[attnum] >= 0;
    return known ? &table->columns[numbers->positions[attnum]] : NULL;
}

/* The table of the oid in a cell; NULL: one that is not read. */
static struct table *table_in(const struct reading *reading, enum answer answer, int row, int column)
{
    return reading_table(reading, (Oid)number(reading, answer, row, column));
}

/* "3 1" → positions of the columns with those numbers; 0 is an expression: UINT_MAX. False: one of them may not be read. */
static bool read_positions(const struct reading *reading, const struct table *table, struct slice list,
                           unsigned *ret_positions)
{
    for (unsigned i = 0; list.len > 0; i++) {
        int64_t attnum = 0;
        if (!slice_to_int(slice_cut(&list, ' '), &attnum))
            return false;
        const struct column *column = reading_column(reading, table, attnum);
        if (column == NULL && attnum != 0)
            return false; /* a system column, or not ours to read */
        ret_positions[i] = column ? column->position : UINT_MAX;
    }
    return true;
}

static unsigned words_in(struct slice list)
{
    unsigned count = list.len > 0;
    for (size_t i = 0; i < list.len; i++)
        count += list.data[i] == ' ';
    return count;
}

/* ---- tables and columns ---- */

static enum table_kind kind_of(char relkind)
{
    switch (relkind) {
    case 'v':
        return TABLE_VIEW;
    case 'm':
        return TABLE_MATVIEW;
    case 'f':
        return TABLE_FOREIGN;
    case 'p':
        return TABLE_PARTITIONED;
    default:
        return TABLE_TABLE;
    }
}

/* A bit for each kind of statement, by the number of its CmdType: UPDATE 2, INSERT 3, DELETE 4. */
static void take_events(struct table *table, long events)
{
    table->updatable = events & 1 << 2;
    table->insertable = events & 1 << 3;
    table->deletable = events & 1 << 4;
}

static void take_tables(struct reading *reading)
{
    struct catalog *catalog = reading->catalog;
    unsigned count = (unsigned)rows_of(reading, ANSWER_TABLES);
    catalog->tables = ARENA_ARRAY(reading->arena, struct table, count);
    catalog->table_count = count;
    reading->oids = mem_must((count + 1) * sizeof *reading->oids);
    reading->numbers = mem_must((count + 1) * sizeof *reading->numbers);
    for (unsigned i = 0; i < count; i++) {
        struct table *table = &catalog->tables[i];
        int row = (int)i;
        reading->oids[i] = (Oid)number(reading, ANSWER_TABLES, row, 0);
        table->schema = kept(reading, ANSWER_TABLES, row, 1);
        table->name = kept(reading, ANSWER_TABLES, row, 2);
        table->kind = kind_of(PQgetvalue(reading->answers[ANSWER_TABLES], row, 3)[0]);
        table->rows_estimate = strtod(PQgetvalue(reading->answers[ANSWER_TABLES], row, 4), NULL);
        take_events(table, number(reading, ANSWER_TABLES, row, 5));
        table->comment = kept(reading, ANSWER_TABLES, row, 6);
        table->triggered = truth(reading, ANSWER_TABLES, row, 7);
        table->is_part = truth(reading, ANSWER_TABLES, row, 8);
        table->has_xmin = truth(reading, ANSWER_TABLES, row, 9);
        table->bases_unknown = truth(reading, ANSWER_TABLES, row, 10);
        struct slice schema = identifier_quote(reading->arena, table->schema);
        struct slice name = identifier_quote(reading->arena, table->name);
        table->sql =
            arena_format(reading->arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(schema), SLICE_ARG(name));
    }
}

static void take_column(struct reading *reading, int row, struct column *column)
{
    bool deterministic;
    column->name = kept(reading, ANSWER_COLUMNS, row, 2);
    column->type = pg_types_find(&reading->types, (Oid)number(reading, ANSWER_COLUMNS, row, 3),
                                 (int)number(reading, ANSWER_COLUMNS, row, 4), &deterministic);
    column->nullable = !truth(reading, ANSWER_COLUMNS, row, 5);
    column->has_default = truth(reading, ANSWER_COLUMNS, row, 6);
    column->generated = truth(reading, ANSWER_COLUMNS, row, 7);
    column->deterministic = deterministic && truth(reading, ANSWER_COLUMNS, row, 8);
    column->fallback = kept(reading, ANSWER_COLUMNS, row, 9);
    column->comment = kept(reading, ANSWER_COLUMNS, row, 10);
    column_names_make(reading->arena, column);
}

/* The rows [begin, end) are those of one table. */
static void take_columns_of(struct reading *reading, struct table *table, int begin, int end)
{
    PRE(begin < end && table->columns == NULL);
    long attnum_max = number(reading, ANSWER_COLUMNS, end - 1, 1);
    int *positions = ARENA_ARRAY(reading->arena, int, attnum_max + 1);
    for (long i = 0; i <= attnum_max; i++)
        positions[i] = -1;
    table->column_count = (unsigned)(end - begin);
    table->columns = ARENA_ARRAY(reading->arena, struct column, table->column_count);
    for (int row = begin; row < end; row++) {
        struct column *column = &table->columns[row - begin];
        column->position = (unsigned)(row - begin);
        positions[number(reading, ANSWER_COLUMNS, row, 1)] = row - begin;
        take_column(reading, row, column);
    }
    reading->numbers[table - reading->catalog->tables] = (struct numbers){positions, attnum_max + 1};
}

static void take_columns(struct reading *reading)
{
    int rows = rows_of(reading, ANSWER_COLUMNS);
    for (int begin = 0, end; begin < rows; begin = end) {
        struct slice oid = cell(reading, ANSWER_COLUMNS, begin, 0);
        for (end = begin + 1; end < rows && slice_eq(cell(reading, ANSWER_COLUMNS, end, 0), oid); end++)
            ;
        struct table *table = table_in(reading, ANSWER_COLUMNS, begin, 0);
        if (table != NULL)
            take_columns_of(reading, table, begin, end);
    }
}

/* ---- keys ---- */

static void take_primary_key(struct reading *reading, int row, struct table *table)
{
    struct slice columns = cell(reading, ANSWER_KEYS, row, 3);
    unsigned count = words_in(columns);
    unsigned *positions = ARENA_ARRAY(reading->arena, unsigned, count);
    if (!read_positions(reading, table, columns, positions))
        return;
    table->key = positions;
    table->key_count = count;
}

static void take_foreign_key(struct reading *reading, int row, struct table *table)
{
    struct table *target = table_in(reading, ANSWER_KEYS, row, 4);
    struct slice columns = cell(reading, ANSWER_KEYS, row, 3), targets = cell(reading, ANSWER_KEYS, row, 5);
    unsigned count = words_in(columns);
    struct foreign_key key = {.table = table, .target = target, .count = count};
    key.on_delete_acts = truth(reading, ANSWER_KEYS, row, 6);
    key.on_update_acts = truth(reading, ANSWER_KEYS, row, 7);
    key.columns = ARENA_ARRAY(reading->arena, unsigned, count);
    key.target_columns = ARENA_ARRAY(reading->arena, unsigned, count);
    if (target == NULL || !read_positions(reading, table, columns, key.columns) ||
        !read_positions(reading, target, targets, key.target_columns)) {
        if (target != NULL) /* it acts all the same */
            target->triggered = target->triggered || key.on_delete_acts || key.on_update_acts;
        return;
    }
    key.name = kept(reading, ANSWER_KEYS, row, 2);
    reading->catalog->foreign_keys[reading->catalog->foreign_key_count++] = key;
    table->foreign_key_count++;
}

/* They came in the order of their tables: each table's lie side by side. */
static void link_foreign_keys(struct reading *reading)
{
    struct catalog *catalog = reading->catalog;
    struct foreign_key **links =
        ARENA_ARRAY(reading->arena, struct foreign_key *, catalog->foreign_key_count + 1);
    for (unsigned i = 0; i < catalog->foreign_key_count; i++) {
        struct table *table = catalog->foreign_keys[i].table;
        links[i] = &catalog->foreign_keys[i];
        if (table->foreign_keys == NULL)
            table->foreign_keys = &links[i];
    }
}

/* They, too, come in the order of their tables: each table's lie side by side. */
static void take_check(struct reading *reading, int row, struct table *table, struct check_constraint *check)
{
    check->name = kept(reading, ANSWER_KEYS, row, 2);
    check->expression = kept(reading, ANSWER_KEYS, row, 8);
    if (table->check_count++ == 0)
        table->checks = check;
}

static void take_keys(struct reading *reading)
{
    int rows = rows_of(reading, ANSWER_KEYS);
    struct check_constraint *check = ARENA_ARRAY(reading->arena, struct check_constraint, rows + 1);
    reading->catalog->foreign_keys = ARENA_ARRAY(reading->arena, struct foreign_key, rows + 1);
    for (int row = 0; row < rows; row++) {
        struct table *table = table_in(reading, ANSWER_KEYS, row, 0);
        char kind = PQgetvalue(reading->answers[ANSWER_KEYS], row, 1)[0];
        if (table == NULL)
            continue;
        if (kind == 'p')
            take_primary_key(reading, row, table);
        else if (kind == 'f')
            take_foreign_key(reading, row, table);
        else
            take_check(reading, row, table, check++);
    }
    link_foreign_keys(reading);
}

/* ---- indexes ---- */

static bool take_index(struct reading *reading, int row, const struct table *table, struct index *index)
{
    struct slice columns = cell(reading, ANSWER_INDEXES, row, 2),
                 options = cell(reading, ANSWER_INDEXES, row, 3);
    unsigned all = words_in(columns); /* those of INCLUDE come last, and have no options */
    index->columns = ARENA_ARRAY(reading->arena, unsigned, all);
    index->descending = ARENA_ARRAY(reading->arena, bool, all);
    if (!read_positions(reading, table, columns, index->columns))
        return false;
    index->count = (unsigned)number(reading, ANSWER_INDEXES, row, 4);
    for (unsigned i = 0; i < index->count && options.len > 0; i++) {
        int64_t bits = 0;
        if (slice_to_int(slice_cut(&options, ' '), &bits))
            index->descending[i] = bits & 1;
    }
    index->name = kept(reading, ANSWER_INDEXES, row, 1);
    index->unique = truth(reading, ANSWER_INDEXES, row, 5);
    index->primary = truth(reading, ANSWER_INDEXES, row, 6);
    index->partial = truth(reading, ANSWER_INDEXES, row, 7);
    index->method = kept(reading, ANSWER_INDEXES, row, 8);
    return true;
}

static void take_indexes(struct reading *reading)
{
    int rows = rows_of(reading, ANSWER_INDEXES);
    struct index *all = ARENA_ARRAY(reading->arena, struct index, rows + 1), *next = all;
    for (int row = 0; row < rows; row++) {
        struct table *table = table_in(reading, ANSWER_INDEXES, row, 0);
        if (table == NULL || !take_index(reading, row, table, next))
            continue;
        if (table->index_count++ == 0)
            table->indexes = next;
        next++;
    }
}

/* ---- what views are made of ---- */

static void take_bases(struct reading *reading)
{
    for (int row = 0; row < rows_of(reading, ANSWER_VIEWS); row++)
        if (truth(reading, ANSWER_VIEWS, row, 2))
            table_in(reading, ANSWER_VIEWS, row, 0)->bases_unknown = true;
    for (int row = 0; row < rows_of(reading, ANSWER_BASES); row++) {
        struct table *view = table_in(reading, ANSWER_BASES, row, 0);
        struct table *base = table_in(reading, ANSWER_BASES, row, 1);
        if (view && base && base->kind != TABLE_VIEW)
            table_note_base(reading->arena, view, base);
        else if (view)
            view->bases_unknown = view->bases_unknown || !base || base->bases_unknown;
    }
}

/* ---- all of it ---- */

/* By schema and name, so that all that is made of the catalogue is in an order people expect. Done last: positions of tables
 * in the array are used until then, and foreign keys point to tables. */
static int compare_tables(const void *a, const void *b)
{
    const struct table *x = *(const struct table *const *)a, *y = *(const struct table *const *)b;
    int schemas = slice_cmp(x->schema, y->schema);
    return schemas != 0 ? schemas : slice_cmp(x->name, y->name);
}

/* tables: where each is now, by its old place. */
static void move_origins(const struct catalog *catalog, struct table *const *tables)
{
    for (unsigned i = 0; i < catalog->table_count; i++)
        for (unsigned j = 0; j < catalog->tables[i].column_count; j++) {
            struct column *column = &catalog->tables[i].columns[j];
            if (column->origin)
                column->origin = tables[column->origin - catalog->tables];
        }
}

static int compare_places(const void *a, const void *b)
{
    const struct table *x = *(const struct table *const *)a, *y = *(const struct table *const *)b;
    return (x > y) - (x < y);
}

/* In the order of the tables, which is the same wherever this database is read: PostgreSQL tells them in any. */
static void move_bases(const struct catalog *catalog, struct table *const *tables)
{
    for (unsigned i = 0; i < catalog->table_count; i++) {
        struct table *view = &catalog->tables[i];
        for (unsigned j = 0; j < view->base_count; j++)
            view->bases[j] = tables[view->bases[j] - catalog->tables];
        if (view->base_count > 0)
            qsort(view->bases, view->base_count, sizeof *view->bases, compare_places);
    }
}

static void sort_tables(struct reading *reading)
{
    struct catalog *catalog = reading->catalog;
    unsigned count = catalog->table_count;
    struct table **order = mem_must((count + 1) * sizeof *order);
    struct table **moved = mem_must((count + 1) * sizeof *moved); /* by old position */
    struct table *sorted = ARENA_ARRAY(reading->arena, struct table, count);
    for (unsigned i = 0; i < count; i++)
        order[i] = &catalog->tables[i];
    qsort(order, count, sizeof *order, compare_tables);
    for (unsigned i = 0; i < count; i++) {
        sorted[i] = *order[i];
        moved[order[i] - catalog->tables] = &sorted[i];
    }
    for (unsigned i = 0; i < catalog->foreign_key_count; i++) {
        struct foreign_key *key = &catalog->foreign_keys[i];
        key->table = moved[key->table - catalog->tables];
        key->target = moved[key->target - catalog->tables];
    }
    move_origins(catalog, moved);
    move_bases(catalog, moved);
    catalog->tables = sorted;
    mem_free(order);
    mem_free(moved);
}

static void take_roles(struct reading *reading)
{
    struct catalog *catalog = reading->catalog;
    catalog->role_count = (unsigned)rows_of(reading, ANSWER_ROLES);
    catalog->roles = ARENA_ARRAY(reading->arena, struct slice, catalog->role_count + 1);
    for (unsigned i = 0; i < catalog->role_count; i++)
        catalog->roles[i] = kept(reading, ANSWER_ROLES, (int)i, 0);
}

static struct catalog *build(struct reading *reading, PGconn *conn, const struct pg_store *store)
{
    struct catalog *catalog = reading->catalog = catalog_new(DIALECT_PG);
    reading->arena = &catalog->arena;
    catalog->server =
        arena_format(reading->arena, "PostgreSQL %s", PQgetvalue(reading->answers[ANSWER_VERSION], 0, 0));
    pg_types_take(&reading->types, reading->arena, reading->answers[ANSWER_TYPES]);
    take_tables(reading);
    take_columns(reading);
    take_keys(reading);
    take_indexes(reading);
    take_roles(reading);
    take_bases(reading);
    pg_views_read(reading, conn, pg_catalog_silence_ms(store));
    sort_tables(reading);
    catalog_link_references(catalog);
    pg_types_done(&reading->types);
    mem_free(reading->oids);
    mem_free(reading->numbers);
    return catalog;
}

bool pg_catalog_ask(PGconn *conn, const struct pg_store *store, const char *sql, PGresult **answers,
                    unsigned count, char ret_why[512])
{
    struct buf text;
    buf_init(&text, 64 * 1024);
    buf_lit(&text, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;");
    buf_add(&text, store->catalog_settings);
    buf_format(&text, ";%sCOMMIT", sql);
    buf_byte(&text, '\0');
    bool good = !text.failed && PQsendQuery(conn, text.data) == 1;
    buf_done(&text);
    unsigned got = 0;
    PGresult *result;
    struct failure failure;
    pg_failure_of_connection(conn, &failure);
    while ((result = pg_ask_next(conn, pg_catalog_silence_ms(store))) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_FATAL_ERROR || got >= count) {
            good = false;
            pg_failure_of_result(result, &failure);
            PQclear(result);
        } else {
            answers[got++] = result;
        }
    }
    if (good && got == count)
        return true;
    snprintf(ret_why, 512, "the catalogue of the database cannot be read: %.400s", failure.cause);
    return false;
}

int64_t pg_catalog_silence_ms(const struct pg_store *store)
{
    return store->options.timeout_ms + 10000;
}

PGconn *pg_catalog_connect(struct pg_store *store, char ret_why[512])
{
    struct failure failure;
    PGconn *conn = pg_ask_target(&store->target, &failure);
    if (conn == NULL)
        snprintf(ret_why, 512, "the database cannot be reached: %.320s; %s", failure.cause,
                 pg_failure_advice(&failure));
    return conn;
}

enum error pg_catalog_read(struct store *base, struct catalog **ret_catalog, char ret_why[512])
{
    struct pg_store *store = container_of(base, struct pg_store, base);
    struct reading reading = {0};
    PGconn *conn = pg_catalog_connect(store, ret_why);
    if (conn == NULL)
        return ERR_SYSTEM;
    bool good = pg_catalog_ask(conn, store, catalog_sql, reading.answers, ANSWERS, ret_why);
    if (good)
        *ret_catalog = build(&reading, conn, store);
    for (unsigned i = 0; i < ANSWERS; i++)
        PQclear(reading.answers[i]);
    PQfinish(conn);
    return good ? OK : ERR_SYSTEM;
}
