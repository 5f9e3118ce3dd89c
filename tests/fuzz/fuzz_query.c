/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a query string, on both stores and in both manners: PLAN refuses with a problem, or its statement is well made —
 * as many binds as its text has, names from the catalogue alone — and a cursor made of its order is taken again.
 *
 * The first byte chooses: bit 0 SQLite, bit 1 the postgrest manner, bits 2 and 3 the resource, bit 4 a row (`id?query`). */
#include <stdio.h>

#include "unit/query/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const resources[] = {"transactions", "members", "totals", "things"};

/* Names and words that a statement may be made of: identifiers stand in quotes. */
static bool is_word_of_sql(struct slice word)
{
    static const char *const words[] = {"SELECT",     "FROM",         "WHERE",       "AND",       "NOT",
                                        "IS",         "NULL",         "NULLS",       "FIRST",     "LAST",
                                        "TRUE",       "FALSE",        "UNKNOWN",     "LIKE",      "ILIKE",
                                        "ESCAPE",     "IN",           "ANY",         "ORDER",     "BY",
                                        "DESC",       "LIMIT",        "OFFSET",      "UNION",     "ALL",
                                        "ROW",        "count",        "value",       "json_each", "to_json",
                                        "leat_ilike", "text",         "bigint",      "integer",   "smallint",
                                        "numeric",    "boolean",      "timestamptz", "timestamp", "date",
                                        "uuid",       "bytea",        "bpchar",      "jsonb",     "double",
                                        "precision",  "public",       "tx_status",   "point",     "WITH",
                                        "AS",         "MATERIALIZED", "leat_page"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (slice_eq(slice_str(words[i]), word))
            return true;
    return false;
}

static bool is_name(const struct catalog *catalog, struct slice quoted)
{
    for (unsigned i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        struct slice whole = table->sql; /* "schema"."table" */
        if (memmem(whole.data, whole.len, quoted.data, quoted.len))
            return true;
        for (unsigned k = 0; k < table->column_count; k++)
            if (slice_eq(table->columns[k].sql, quoted) &&
                !slice_eq(table->columns[k].name, SLICE("secret_hash")))
                return true;
    }
    return false;
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static size_t quoted_len(struct slice text)
{
    size_t n = 1;
    while (n < text.len && !(text.data[n] == '"' && (n + 1 == text.len || text.data[n + 1] != '"')))
        n += text.data[n] == '"' ? 2 : 1;
    return n + 1;
}

static size_t span(struct slice text, bool (*belongs)(char))
{
    size_t n = 1;
    while (n < text.len && belongs(text.data[n]))
        n++;
    return n;
}

static bool in_word(char c)
{
    return is_letter(c) || c == '_';
}

static bool in_number(char c)
{
    return c >= '0' && c <= '9';
}

/* Walks over the text, token by token; returns the highest number of a bind. */
static unsigned check_text(const struct catalog *catalog, struct slice text)
{
    unsigned binds = 0;
    while (text.len) {
        size_t n = 1;
        if (text.data[0] == '"') {
            n = quoted_len(text);
            PRE(is_name(catalog, slice_of(text.data, n)));
        } else if (is_letter(text.data[0])) {
            n = span(text, in_word);
            PRE(is_word_of_sql(slice_of(text.data, n)));
        } else if (text.data[0] == '$' || text.data[0] == '?') {
            n = span(text, in_number);
            unsigned number = (unsigned)strtoul(text.data + 1, NULL, 10);
            binds = number > binds ? number : binds;
        } else {
            PRE(strchr(" ,.()[]=<>:'\\*0123456789", text.data[0]));
        }
        text = slice_skip(text, n);
    }
    return binds;
}

static void check_statement(const struct catalog *catalog, const struct statement *statement)
{
    PRE(check_text(catalog, statement->text) == statement->bind_count);
    for (unsigned i = 0; i < statement->bind_count; i++) {
        const struct bind *bind = &statement->binds[i];
        PRE(bind->text.data && bind->text.data[bind->text.len] == '\0');
        PRE(bind->kind == BIND_BLOB || slice_is_utf8(bind->text));
    }
}

static void check_plan(const struct world *world, const struct plan *plan)
{
    check_statement(world->model->catalog, &plan->statement);
    if (plan->total.text.len)
        check_statement(world->model->catalog, &plan->total);
    if (plan->planned.text.len)
        check_statement(world->model->catalog, &plan->planned);
    if (plan->statement.gather)
        PRE(check_text(world->model->catalog, plan->statement.gather->text) == 1 &&
            plan->statement.gather->key_cell < plan->cell_count);
    PRE(plan->column_count > 0 && plan->column_count <= plan->cell_count);
    for (unsigned i = 0; i < plan->order_count; i++)
        PRE(plan->order[i].cell < plan->cell_count);
}

static void check_problem(enum error error, const struct problem *problem)
{
    PRE(error == ERR_PROBLEM && problem->status >= 400 && problem->status < 500);
    PRE(problem->code.len && problem->pg_code.len && problem->detail.len);
    PRE(slice_is_utf8(problem->detail) && slice_is_utf8(problem->hint) && slice_is_utf8(problem->value));
    PRE(problem->value.len <= PROBLEM_VALUE_MAX);
}

/* A cursor of this list, with any cells that the store could give, continues this list. */
static void check_cursor(struct world *world, const struct plan_context *context,
                         const struct resource *resource, struct slice query, const struct plan *plan)
{
    struct slice cells[32];
    if (!plan->keyset || plan->from_cursor || plan->by_number || plan->order_count > ARRAY_LEN(cells))
        return;
    for (unsigned i = 0; i < plan->order_count; i++)
        cells[i] = plan->order[i].term.column->nullable && (query.len + i) % 2 ? (struct slice){NULL, 0}
                                                                               : SLICE("7");
    struct slice cursor = plan_cursor(plan, &world->arena, cells, query.len % 2);
    struct slice next =
        arena_format(&world->arena, SLICE_FMT "&cursor=" SLICE_FMT, SLICE_ARG(query), SLICE_ARG(cursor));
    struct plan *page = NULL;
    struct problem problem = {0};
    enum error error = plan_list(context, resource, next, &page, &problem);
    if (error != OK) {
        PRE(slice_eq(problem.code, SLICE("too-much-asked"))); /* one parameter more than allowed */
        return;
    }
    PRE(page->from_cursor && page->shape == plan->shape && page->limit == plan->limit);
    check_plan(world, page);
}

static void run(struct world *world, uint8_t choice, struct slice text)
{
    const struct resource *resource = world_resource(world, resources[choice >> 2 & 3]);
    const struct plan_context context = {.model = world->model,
                                         .arena = &world->arena,
                                         .manner = choice & 2 ? MANNER_POSTGREST : MANNER_PLAIN,
                                         .now = {1769850307123456}};
    struct plan *plan = NULL;
    struct problem problem = {0};
    bool row = choice & 16;
    struct slice query = text, id = row ? slice_cut(&query, '?') : text;
    enum error error = row ? plan_row(&context, resource, id, query, &plan, &problem)
                           : plan_list(&context, resource, query, &plan, &problem);
    if (error != OK) {
        check_problem(error, &problem);
        return;
    }
    check_plan(world, plan);
    if (!row)
        check_cursor(world, &context, resource, query, plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world worlds[2];
    if (size == 0)
        return 0;
    struct world *world = &worlds[data[0] & 1];
    if (!world->model)
        world_open_usual(world, data[0] & 1 ? DIALECT_SQLITE : DIALECT_PG);
    run(world, data[0], slice_of((const char *)data + 1, size - 1));
    arena_reset(&world->arena);
    return 0;
}
