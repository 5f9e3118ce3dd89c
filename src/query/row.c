/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN of a single row by its key: `/{id}`, `/{a},{b}`. The commonest request, so its text is made once for a model (plan_cache)
 * and a plan without a query string is a copy with the key's binds.
 * A key that cannot be one (a word for an integer) is a 400; one that is not there is a 404, which the request finds. See plan.h. */
#include "base/mem.h"
#include "http/path.h"
#include "query/listing.h"
#include "query/select.h"
#include "query/value.h"

struct plan_cache {
    struct arena arena;
    struct plan **rows; /* by the resource's index; NULL: no key */
};

/* --- the text of a row --- */

/* Rows of gathered reads are handed back by the key's text: it must be the same on both sides, byte for byte. */
static bool may_gather(const struct build *build)
{
    const struct resource *resource = build->resource;
    if (build->sql != &sql_pg || resource->key_count != 1)
        return false;
    const struct column *key = resource->key[0];
    switch (key->type.kind) {
    case VALUE_INT:
    case VALUE_UUID:
        return true;
    case VALUE_TEXT:
        return key->deterministic && slice_eq(value_cast_name(&key->type), SLICE("text"));
    default:
        return false;
    }
}

static struct gather *make_gather(const struct build *build, struct cells *cells)
{
    struct gather *gather = ARENA_NEW(build->arena, struct gather);
    gather->key_cell = cells_raw(cells, build->resource->key[0]);
    gather->text = sql_row(build->arena, build->sql, build->resource, cells, true);
    return gather;
}

static void write_row(const struct build *build, const struct column **columns, unsigned count,
                      struct plan *plan)
{
    struct cells cells = {.columns = ARENA_ARRAY(build->arena, const struct column *, count + 1),
                          .visible = count,
                          .count = count};
    memcpy(cells.columns, columns, count * sizeof(struct column *));
    if (may_gather(build))
        plan->statement.gather = make_gather(build, &cells);
    plan->kind = PLAN_ROW;
    plan->dialect = build->sql == &sql_pg ? DIALECT_PG : DIALECT_SQLITE;
    plan->columns = columns;
    plan->column_count = count;
    plan->cell_count = cells.count;
    plan->statement.text = sql_row(build->arena, build->sql, build->resource, &cells, false);
}

struct plan_cache *plan_cache_new(const struct model *model)
{
    PRE(model);
    struct plan_cache *cache = mem_must(sizeof(*cache));
    arena_init(&cache->arena, 16 * 1024);
    cache->rows = ARENA_ARRAY(&cache->arena, struct plan *, model->resource_count + 1);
    for (unsigned i = 0; i < model->resource_count; i++) {
        const struct resource *resource = &model->resources[i];
        if (resource->key_count == 0)
            continue;
        struct build build = {.arena = &cache->arena, .resource = resource, .sql = dialect_sql_of(model)};
        cache->rows[i] = ARENA_NEW(&cache->arena, struct plan);
        write_row(&build, resource->select, resource->select_count, cache->rows[i]);
    }
    return cache;
}

void plan_cache_free(struct plan_cache *cache)
{
    if (!cache)
        return;
    arena_done(&cache->arena);
    mem_free(cache);
}

/* --- the key --- */

static struct slice key_names(const struct build *build)
{
    struct text names;
    text_init(&names, build->arena, 128);
    for (unsigned i = 0; i < build->resource->key_count; i++) {
        text_add(&names, i ? SLICE(",") : SLICE(""));
        text_add(&names, build->resource->key[i]->name);
    }
    return text_done(&names);
}

static bool refuse_count(struct build *build, struct slice id)
{
    struct slice names = key_names(build);
    refuse(build, REFUSE_BAD_KEY, SLICE("id"),
           "The key of `" SLICE_FMT "` is `" SLICE_FMT "`: %u values, joined by commas",
           SLICE_ARG(build->resource->config->name.text), SLICE_ARG(names), build->resource->key_count);
    if (slice_is_utf8(id)) /* it is shown as it was sent: percent-encoded */
        build->problem->value = arena_copy(build->arena, shown(id));
    return refuse_hint(build, "A comma that belongs to a value is written %%2C");
}

static bool read_part(struct build *build, const struct column *column, struct slice raw,
                      struct bind *ret_bind)
{
    struct slice text, copy = arena_copy(build->arena, raw);
    struct value_scope scope = {build->arena, build->context->model->catalog->dialect, build->context->now};
    struct value_refusal refusal;
    if (!http_decode_segment(copy, (char *)(uintptr_t)copy.data, &text))
        return refuse(
            build, REFUSE_BAD_ENCODING, SLICE("id"),
            "The key is not well encoded: %%XX must be two hexadecimal digits, give UTF-8 and no NUL");
    if (value_parse(&scope, &column->type, text, ret_bind, &refusal))
        return true;
    refuse_value(build, column->name, text, &refusal);
    build->problem->place = SLICE("id");
    build->problem->column = column->name;
    return false;
}

/* Cut first, decoded after: an encoded comma belongs to its value. A key of one column has no commas to cut at. */
static bool read_key(struct build *build, struct slice id, struct plan *plan)
{
    PRE(build->resource->key_count > 0);
    const struct resource *resource = build->resource;
    struct bind *binds = ARENA_ARRAY(build->arena, struct bind, resource->key_count);
    struct slice rest = id;
    for (unsigned i = 0; i < resource->key_count; i++) {
        struct slice raw = resource->key_count == 1 ? id : slice_cut(&rest, ',');
        bool last = i + 1 == resource->key_count;
        if (!raw.data || (resource->key_count > 1 && last != !rest.data))
            return refuse_count(build, id);
        if (!read_part(build, resource->key[i], raw, &binds[i]))
            return false;
    }
    plan->statement.binds = binds;
    plan->statement.bind_count = resource->key_count;
    return true;
}

/* A key of several columns is shown as it was sent: percent-encoded. */
void plan_row_absent(struct arena *arena, const struct resource *resource, struct slice id,
                     struct problem *ret_problem)
{
    PRE(resource->key_count > 0);
    struct build build = {.arena = arena, .resource = resource};
    struct slice names = key_names(&build), asked = arena_copy(arena, id);
    bool one = resource->key_count == 1 &&
               http_decode_segment(asked, (char *)(uintptr_t)asked.data, &asked); /* as plan_row could */
    *ret_problem = (struct problem){
        .status = 404,
        .code = SLICE("not-found"),
        .detail =
            arena_format(arena, "`" SLICE_FMT "` has no row whose `" SLICE_FMT "` is `" SLICE_FMT "`.",
                         SLICE_ARG(resource->config->name.text), SLICE_ARG(names), SLICE_ARG(shown(asked))),
        .place = SLICE("id"),
        .column = one ? names : (struct slice){0},
        .value = shown(asked),
    };
}

/* --- the request --- */

static bool refuse_filter(struct build *build, struct slice name)
{
    struct nearest nearest = nearest_begin(name);
    nearest_offer(&nearest, SLICE("select"));
    nearest_offer(&nearest, SLICE("fields"));
    refuse(build, REFUSE_UNKNOWN_PARAMETER, name, "A single row takes `select` alone, not `" SLICE_FMT "`",
           SLICE_ARG(shown(name)));
    return refuse_nearest(build, &nearest);
}

static bool read_select(struct build *build, struct slice query_string, struct slice *ret_select)
{
    struct params params;
    struct slots slots;
    if (!params_parse(build, query_string, &params) || !slots_sort(build, &params, &slots))
        return false;
    if (slots.filter_count)
        return refuse_filter(build, slots.filters[0].name);
    for (unsigned i = 0; i < SLOT_COUNT; i++)
        if (i != SLOT_SELECT && slots.given[i].value.data)
            return refuse_filter(build, slots.given[i].name);
    *ret_select = slots.given[SLOT_SELECT].value;
    return true;
}

static bool make_row(struct build *build, struct slice query_string, struct plan *plan)
{
    const struct plan_cache *cache = build->context->cache;
    struct slice select = {NULL, 0};
    const struct column **columns;
    unsigned count;
    if (query_string.len && !read_select(build, query_string, &select))
        return false;
    if (cache && !select.data) {
        PRE(cache->rows[build->resource->index]);
        *plan = *cache->rows[build->resource->index];
        return true;
    }
    if (!select_parse(build, select, &columns, &count))
        return false;
    write_row(build, columns, count, plan);
    return true;
}

enum error plan_row(const struct plan_context *context, const struct resource *resource, struct slice id,
                    struct slice query_string, struct plan **ret_plan, struct problem *ret_problem)
{
    PRE(context && resource && ret_plan && ret_problem);
    struct build build = {context, context->arena, resource, dialect_sql_of(context->model), ret_problem};
    struct plan *plan = ARENA_NEW(context->arena, struct plan);
    if (resource->key_count == 0) {
        refuse(&build, REFUSE_NO_KEY, SLICE(""),
               "`" SLICE_FMT "` has no key: its rows have no addresses of their own",
               SLICE_ARG(resource->config->name.text));
        return ERR_PROBLEM;
    }
    if (!make_row(&build, query_string, plan) || !read_key(&build, id, plan))
        return ERR_PROBLEM;
    *ret_plan = plan;
    return OK;
}
