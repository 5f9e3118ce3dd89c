/* SPDX-License-Identifier: Apache-2.0 */
/* What named queries answer: each text is prepared and described, never run. See catalog.h.
 *
 * A column that only the database can turn to JSON (an array, a composite…) makes the text
 *     SELECT c1 AS "id", pg_catalog.to_json(c2)::text AS "tags" FROM (text) AS q(c1, c2)
 * whose inner order PostgreSQL keeps: a subquery with ORDER BY is not flattened; of what changes something,
 *     WITH q(c1, c2) AS (text) SELECT … FROM q
 * Failure: complaints at the place in the .sql file, as far as the position can be carried back to it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/pg/ask.h"
#include "store/pg/catalog.h"
#include "store/pg/cells.h"
#include "store/pg/port.h"
#include "store/pg/touched.h"
#include "store/pg/types.h"

struct describing {
    struct pg_store *store;
    PGconn *conn;
    struct model *model;
    struct complaints *complaints;
    PGresult *parts; /* pg_touched_parts_sql; NULL: not asked yet */
};

/* ---- places ---- */

/* Walks over a piece of the file; false: the position, counted in characters from 1, is behind it. */
static bool walk(struct place *at, long *position, struct slice piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        unsigned char c = (unsigned char)piece.data[i];
        if ((c & 0xc0) == 0x80)
            continue; /* the rest of a character */
        if (--*position <= 0)
            return true;
        at->column++;
        if (c == '\n') {
            at->line++;
            at->column = 1;
        }
    }
    return false;
}

/* Where in the file a position of the statement is: the statement stands there in pieces, with `:name` where `$1::type` is sent. */
static struct place place_of(const struct named_query *query, long position)
{
    const struct config_sql *sql = query->sql;
    struct place at = sql->at;
    for (unsigned i = 0; i <= sql->count && !walk(&at, &position, sql->pieces[i]) && i < sql->count; i++) {
        const struct query_param *param = &query->params[sql->params[i]];
        position -= snprintf(NULL, 0, "$%u::" SLICE_FMT, sql->params[i] + 1, SLICE_ARG(param->type.name));
        if (position <= 0)
            break;
        at.column += 1 + (unsigned)param->config->name.text.len;
    }
    return at;
}

static void complain_of_result(struct describing *describing, const struct named_query *query,
                               const PGresult *result)
{
    struct failure failure;
    pg_failure_of_result(result, &failure);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    struct place at = place_of(query, position ? strtol(position, NULL, 10) : 1);
    complain(describing->complaints, at, "query " SLICE_FMT ": the database refuses it: %s",
             SLICE_ARG(query->config->path), failure.cause);
}

/* ---- asking ---- */

static int64_t silence_ms(const struct describing *describing)
{
    return pg_catalog_silence_ms(describing->store);
}

static PGresult *ask(const struct describing *describing, const char *sql)
{
    return pg_ask(describing->conn, sql, silence_ms(describing));
}

static bool begin(struct describing *describing, struct slice settings)
{
    struct buf text;
    buf_init(&text, 8192);
    buf_lit(&text, "BEGIN READ ONLY;");
    buf_add(&text, settings);
    buf_byte(&text, '\0');
    PGresult *result = text.failed ? NULL : ask(describing, text.data);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result); /* takes NULL */
    buf_done(&text);
    return good;
}

static void end(struct describing *describing)
{
    PQclear(ask(describing, "ROLLBACK"));
}

/* NULL: the database refuses it, which is complained about. */
static PGresult *prepare_and_describe(struct describing *describing, const struct named_query *query)
{
    const char *text = mem_dup(query->text.data, query->text.len);
    PGresult *prepared = pg_ask_prepare(describing->conn, text, silence_ms(describing));
    PGresult *described = NULL;
    if (PQresultStatus(prepared) == PGRES_COMMAND_OK)
        described = pg_ask_describe(describing->conn, silence_ms(describing));
    mem_free((char *)text);
    if (described != NULL && PQresultStatus(described) == PGRES_COMMAND_OK) {
        PQclear(prepared);
        return described;
    }
    complain_of_result(describing, query, described ? described : prepared);
    PQclear(described);
    PQclear(prepared);
    return NULL;
}

/* A cursor for what writes is refused when it is parsed, long before anything runs. */
static bool only_reads(struct describing *describing, const struct named_query *query)
{
    struct buf text;
    buf_init(&text, query->text.len + 64);
    buf_lit(&text, "DECLARE leat CURSOR FOR ");
    buf_add(&text, query->text);
    buf_byte(&text, '\0');
    PGresult *parsed =
        text.failed ? NULL : pg_ask_prepare(describing->conn, text.data, silence_ms(describing));
    bool reads = PQresultStatus(parsed) == PGRES_COMMAND_OK;
    if (text.failed)
        complain(describing->complaints, query->sql->at,
                 "there is no memory to ask the database about this query");
    PQclear(parsed);
    buf_done(&text);
    return reads;
}

static PGresult *ask_columns(struct describing *describing, struct named_query *query)
{
    PGresult *result = NULL;
    if (begin(describing, describing->store->describe_settings))
        result = prepare_and_describe(describing, query);
    else
        complain(describing->complaints, query->sql->at, "the database cannot be asked: %s",
                 PQerrorMessage(describing->conn));
    if (result != NULL)
        query->changes = !only_reads(describing, query) || query->changes;
    end(describing);
    return result;
}

/* Types have qualified names: asked with an empty search path. */
static bool ask_types(struct describing *describing, const PGresult *columns, struct types *ret_types)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_lit(&text, TYPES_SQL_BEGIN "VALUES (0::oid)");
    for (int i = 0; i < PQnfields(columns); i++)
        buf_format(&text, ", (%u::oid)", PQftype(columns, i));
    buf_lit(&text, TYPES_SQL_END);
    buf_byte(&text, '\0');
    bool good = !text.failed && begin(describing, describing->store->catalog_settings);
    if (good) {
        PGresult *result = ask(describing, text.data);
        good = PQresultStatus(result) == PGRES_TUPLES_OK;
        if (good)
            pg_types_take(ret_types, &describing->model->arena, result);
        PQclear(result);
    }
    end(describing);
    buf_done(&text);
    return good;
}

/* ---- columns ---- */

static void take_columns(struct describing *describing, struct named_query *query, const PGresult *columns,
                         const struct types *types)
{
    struct arena *arena = &describing->model->arena;
    unsigned count = (unsigned)PQnfields(columns);
    struct column *taken = ARENA_ARRAY(arena, struct column, count);
    for (unsigned i = 0; i < count; i++) {
        struct column *column = &taken[i];
        column->name = arena_copy(arena, slice_str(PQfname(columns, (int)i)));
        column->position = i;
        column->nullable = true;
        column->type =
            pg_types_find(types, PQftype(columns, (int)i), PQfmod(columns, (int)i), &column->deterministic);
        column_names_make(arena, column);
    }
    query->columns = taken;
    query->column_count = count;
}

/* ---- wrapping ---- */

static bool begins_with(struct slice text, const char *word)
{
    return slice_eq_nocase(slice_of(text.data, text.len < strlen(word) ? text.len : strlen(word)),
                           slice_str(word));
}

static bool needs_wrapping(const struct named_query *query)
{
    for (unsigned i = 0; i < query->column_count; i++)
        if (query->columns[i].type.kind == VALUE_OTHER)
            return true;
    return false;
}

/* Blanks and comments, nothing else. A comment that is not closed counts as one. */
static bool says_nothing(struct slice text)
{
    for (text = slice_trim(text); text.len > 0; text = slice_trim(text)) {
        const char *end;
        if (slice_starts(text, SLICE("--")))
            end = memchr(text.data, '\n', text.len);
        else if (slice_starts(text, SLICE("/*")))
            end = memmem(text.data, text.len, "*/", 2);
        else
            return false;
        if (end == NULL)
            return true;
        text = slice_skip(text, (size_t)(end - text.data) + (*end == '*' ? 2 : 1));
    }
    return true;
}

/* Without the semicolon that ends it, wherever comments follow. One behind it is ended by the line break that follows. */
static struct slice statement_only(struct slice text)
{
    const char *semicolon;
    while ((semicolon = memrchr(text.data, ';', text.len)) != NULL &&
           says_nothing(slice_skip(text, (size_t)(semicolon - text.data) + 1)))
        text.len = (size_t)(semicolon - text.data);
    return text;
}

/* `c1 AS "id",pg_catalog.to_json(c2)::text AS "tags"` */
static void write_wrapped(struct buf *text, const struct named_query *query)
{
    for (unsigned i = 0; i < query->column_count; i++) {
        bool other = query->columns[i].type.kind == VALUE_OTHER;
        buf_format(text, other ? "%s pg_catalog.to_json(c%u)::text AS " : "%s c%u AS ", i ? "," : "SELECT",
                   i + 1);
        buf_add(text, query->columns[i].sql);
    }
}

static void write_names(struct buf *text, const struct named_query *query)
{
    buf_lit(text, "q(");
    for (unsigned i = 0; i < query->column_count; i++)
        buf_format(text, "%sc%u", i ? ", " : "", i + 1);
    buf_lit(text, ")");
}

/* What changes something stands in front, as PostgreSQL wants it. */
static void wrap(struct describing *describing, struct named_query *query)
{
    struct slice inner = statement_only(query->text);
    PRE(query->column_count > 0);
    struct buf text;
    buf_init(&text, inner.len + 65536 + query->column_count * 256);
    if (query->changes) {
        buf_lit(&text, "WITH ");
        write_names(&text, query);
        buf_lit(&text, " AS (");
        buf_add(&text, inner);
        buf_lit(&text, "\n)");
        write_wrapped(&text, query);
        buf_lit(&text, " FROM q");
    } else {
        write_wrapped(&text, query);
        buf_lit(&text, " FROM (");
        buf_add(&text, inner);
        buf_lit(&text, "\n) AS ");
        write_names(&text, query);
    }
    if (!text.failed)
        query->text = arena_copy(&describing->model->arena, buf_slice(&text));
    buf_done(&text);
}

/* ---- all of them ---- */

/* PostgreSQL wants a WITH that changes something outermost: it cannot be wrapped. */
static void wrap_where_needed(struct describing *describing, struct named_query *query)
{
    if (!needs_wrapping(query))
        return;
    if (query->changes && begins_with(query->text, "with")) {
        complain(describing->complaints, query->sql->at,
                 "query " SLICE_FMT
                 ": arrays and composites it answers with must be made JSON by its own SELECT: "
                 "to_json(column) AS column",
                 SLICE_ARG(query->config->path));
        return;
    }
    wrap(describing, query);
    PQclear(ask_columns(describing, query)); /* complains if it cannot be wrapped */
}

static void describe_columns(struct describing *describing, struct named_query *query,
                             const PGresult *columns)
{
    struct types types = {0};
    if (ask_types(describing, columns, &types))
        take_columns(describing, query, columns, &types);
    else
        complain(describing->complaints, query->sql->at, "the types of the query cannot be read: %s",
                 PQerrorMessage(describing->conn));
    wrap_where_needed(describing, query);
    pg_types_done(&types);
}

/* ---- tables ---- */

/* `EXECUTE leat_touched(NULL,NULL)`: under a generic plan its values are of no account. */
static void explain_text(struct buf *text, const struct named_query *query)
{
    buf_lit(text, "EXPLAIN (FORMAT JSON, VERBOSE, COSTS OFF) EXECUTE leat_touched");
    for (unsigned i = 0; i < query->param_count; i++)
        buf_add(text, i ? SLICE(",NULL") : SLICE("(NULL"));
    buf_add(text, query->param_count ? SLICE(")") : SLICE(""));
    buf_byte(text, '\0');
}

/* Says it, and forgets the answer. */
static bool say(struct describing *describing, const char *what, struct slice rest)
{
    struct buf text;
    buf_init(&text, rest.len + 256);
    buf_add(&text, slice_str(what));
    buf_add(&text, rest);
    buf_byte(&text, '\0');
    PGresult *result = text.failed ? NULL : ask(describing, text.data);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    buf_done(&text);
    return good;
}

/* Whether functions that the text may call read what they like; true, too, when that cannot be asked. */
static bool reads_untold(struct describing *describing, const struct named_query *query)
{
    char *literal = PQescapeLiteral(describing->conn, query->text.data, query->text.len);
    struct buf text;
    buf_init(&text, 2 * query->text.len + 16384);
    buf_lit(&text, "SELECT " PG_PARTS_MISSING " OR " PG_READS_UNTOLD("q.text") " FROM (SELECT lower(");
    buf_add(&text, slice_str(literal ? literal : "NULL"));
    buf_lit(&text, "::text)) AS q(text)");
    buf_byte(&text, '\0');
    PQfreemem(literal);
    PGresult *result = text.failed ? NULL : ask(describing, text.data);
    bool told = PQresultStatus(result) == PGRES_TUPLES_OK && cell_text(result, 0, 0).len == 1 &&
                !cell_true(result, 0, 0);
    PQclear(result);
    buf_done(&text);
    return !told;
}

static void explain(struct describing *describing, struct named_query *query)
{
    struct buf text;
    buf_init(&text, 4096);
    explain_text(&text, query);
    PGresult *result = text.failed ? NULL : ask(describing, text.data);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        query->tables_known =
            pg_touched_read(describing->model, query, slice_str(PQgetvalue(result, 0, 0)), describing->parts);
    PQclear(result);
    buf_done(&text);
}

static bool ask_parts(struct describing *describing)
{
    if (describing->parts == NULL)
        describing->parts = ask(describing, pg_touched_parts_sql);
    return PQresultStatus(describing->parts) == PGRES_TUPLES_OK;
}

/* What the statement touches, views and all, is what its plan does, and functions that it calls. */
static void find_tables(struct describing *describing, struct named_query *query)
{
    if (begin(describing, describing->store->describe_settings) && ask_parts(describing) &&
        say(describing, "SET LOCAL plan_cache_mode = force_generic_plan", SLICE("")) &&
        say(describing, "SET LOCAL enable_partition_pruning = off", SLICE("")) &&
        say(describing, "SET LOCAL constraint_exclusion = off", SLICE("")) &&
        say(describing, "PREPARE leat_touched AS ", query->text))
        explain(describing, query);
    query->tables_untold =
        pg_touched_names_untold(describing->model->catalog, query->text) || reads_untold(describing, query);
    end(describing);
    (void)say(describing, "DEALLOCATE ALL", SLICE(""));
}

static void describe_one(struct describing *describing, struct named_query *query)
{
    PRE(query->sql != NULL && query->text.len > 0);
    PGresult *columns = ask_columns(describing, query);
    if (columns != NULL)
        find_tables(describing, query);
    if (columns != NULL && PQnfields(columns) > 0)
        describe_columns(describing, query, columns);
    else if (columns != NULL && (!query->changes || begins_with(query->text, "select")))
        complain(describing->complaints, query->sql->at,
                 "query " SLICE_FMT ": it answers no columns, and changes no rows",
                 SLICE_ARG(query->config->path));
    PQclear(columns);
}

enum error pg_catalog_describe(struct store *base, struct model *model, struct complaints *complaints)
{
    struct pg_store *store = container_of(base, struct pg_store, base);
    char why[512];
    unsigned before = complaints_errors(complaints);
    if (model->query_count == 0)
        return OK;
    struct describing describing = {store, pg_catalog_connect(store, why), model, complaints, NULL};
    if (describing.conn == NULL) {
        complain(complaints, model->queries[0].sql->at, "%s", why);
        return ERR_SYSTEM;
    }
    for (unsigned i = 0; i < model->query_count; i++)
        describe_one(&describing, &model->queries[i]);
    PQclear(describing.parts);
    PQfinish(describing.conn);
    return complaints_errors(complaints) == before ? OK : ERR_INVALID;
}
