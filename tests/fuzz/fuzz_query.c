/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a query string, on both stores and in both manners: PLAN refuses with a problem, or its statement is well made —
 * as many binds as its text has, names from the catalogue alone — and a cursor made of its order is taken again.
 *
 * The first byte chooses: bit 0 SQLite, bit 1 the postgrest manner, bits 2 and 3 the resource, bit 4 a row (`id?query`), bit 5 the world of
 * resources with relations.
 *
 * In a statement stand names from the catalogue, words of SQL, numbers, and of the request alone what is tame: names of members in
 * double quotes, keys of JSON and languages in single ones. */
#include <stdio.h>

#include "query/build.h"
#include "unit/query/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const resources[2][4] = {{"transactions", "members", "totals", "things"},
                                            {"users", "flags", "words", "teams"}};

/* Identifiers stand in quotes. */
static bool is_word_of_sql(struct slice word)
{
    static const char words[] =
        " SELECT FROM WHERE AND OR NOT IS NULL NULLS FIRST LAST TRUE FALSE UNKNOWN DISTINCT LIKE ILIKE ESCAPE IN ANY ALL ORDER GROUP BY "
        "DESC LIMIT OFFSET UNION ROW WITH AS MATERIALIZED LEFT JOIN LATERAL ON true false EXISTS CASE WHEN THEN ELSE END CAST "
        "OPERATOR count sum avg min max value json_each json_type json_valid printf to_json to_jsonb row_to_json array_to_json array_agg coalesce "
        "json leat_ilike leat_page leat_value leat_tuple leat_tuples leat_tuple_ leat_t to_tsvector to_tsquery plainto_tsquery "
        "phraseto_tsquery websearch_to_tsquery regconfig text bigint integer smallint numeric boolean timestamptz timestamp date uuid "
        "bytea bpchar jsonb double precision real float time interval public tx_status point TEXT INTEGER REAL c p t j s f ";
    char spaced[64];
    int len = snprintf(spaced, sizeof(spaced), " %.*s ", SLICE_ARG(word));
    return len < (int)sizeof(spaced) && memmem(words, sizeof(words), spaced, (size_t)len);
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

/* The name of a member in an answer: `AS "…"`. */
static bool is_tame_member(struct slice quoted)
{
    struct slice inner = slice_of(quoted.data + 1, quoted.len - 2);
    return name_is_tame(inner);
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* As SQL reads it: a doubled quote is a quote. */
static size_t quoted_len(struct slice text)
{
    char quote = text.data[0];
    size_t n = 1;
    while (n < text.len && !(text.data[n] == quote && (n + 1 == text.len || text.data[n + 1] != quote)))
        n += text.data[n] == quote ? 2 : 1;
    PRE(n < text.len);
    return n + 1;
}

/* A key, a path, a language, a spec: never a quote or a backslash of the request's. ESCAPE '\\' is our own. */
static bool is_tame_literal(struct slice literal)
{
    struct slice inner = slice_of(literal.data + 1, literal.len - 2);
    return slice_eq(inner, SLICE("\\")) || !memchr(inner.data, '\'', inner.len);
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

/* One token; *binds: the highest number of a bind so far. member: `AS` stood before. Returns its length. */
static size_t check_token(const struct catalog *catalog, struct slice text, bool member, unsigned *binds)
{
    size_t n = 1;
    if (text.data[0] == '"') {
        n = quoted_len(text);
        struct slice quoted = slice_of(text.data, n);
        PRE(is_name(catalog, quoted) || (member && is_tame_member(quoted)));
    } else if (text.data[0] == '\'') {
        n = quoted_len(text);
        PRE(is_tame_literal(slice_of(text.data, n)));
    } else if (is_letter(text.data[0])) {
        n = span(text, in_word);
        PRE(is_word_of_sql(slice_of(text.data, n)));
    } else if (text.data[0] == '$' || text.data[0] == '?') {
        n = span(text, in_number);
        unsigned number = (unsigned)strtoul(text.data + 1, NULL, 10);
        *binds = number > *binds ? number : *binds;
    } else {
        PRE(strchr(" ,.()[]=<>:*-|&@~/0123456789", text.data[0]));
    }
    return n;
}

/* Walks over the text, token by token; returns the highest number of a bind. */
static unsigned check_text(const struct catalog *catalog, struct slice text)
{
    unsigned binds = 0;
    bool member = false;
    while (text.len) {
        size_t n = check_token(catalog, text, member, &binds);
        member = slice_starts(text, SLICE("AS ")) || (member && text.data[0] == ' ');
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
    PRE(error == ERR_PROBLEM && problem->status >= 300 && problem->status < 500);
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
    const struct resource *resource = world_resource(world, resources[choice >> 5 & 1][choice >> 2 & 3]);
    const struct plan_context context = {.model = world->model,
                                         .arena = &world->arena,
                                         .manner = choice & 2 ? MANNER_POSTGREST : MANNER_PLAIN,
                                         .caller = {.role = ROLE_ANONYMOUS, .roles = ROLE_ANONYMOUS},
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
    static struct world worlds[2][2];
    if (size == 0)
        return 0;
    bool related = data[0] & 32;
    struct world *world = &worlds[related][data[0] & 1];
    enum dialect dialect = data[0] & 1 ? DIALECT_SQLITE : DIALECT_PG;
    if (!world->model && related)
        world_open_related(world, dialect);
    else if (!world->model)
        world_open_usual(world, dialect);
    run(world, data[0], slice_of((const char *)data + 1, size - 1));
    arena_reset(&world->arena);
    return 0;
}
