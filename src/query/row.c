/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN of a single row by its key: `/{id}`, `/{a},{b}`. The commonest request, so its text is made once for a model (plan_cache)
 * and a plan without a query string is a copy with the key's binds.
 * A key that cannot be one (a word for an integer) is a 400; one that is not there is a 404, which the request finds. See plan.h. */
#include "base/mem.h"
#include "http/path.h"
#include "query/listing.h"
#include "query/value.h"

struct plan_cache {
    struct arena arena;
    struct plan **rows; /* by the resource's index; NULL: no key, or not the same for all */
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

static struct gather *make_gather(const struct build *build, struct cells *cells,
                                  const struct conditions *conditions)
{
    struct gather *gather = ARENA_NEW(build->arena, struct gather);
    gather->key_cell = cells_raw(build->arena, cells, build->resource->key[0]);
    gather->text = sql_row(build->arena, build->sql, build->resource, cells, conditions, true);
    return gather;
}

/* The text of a row of columns alone, which the binds of the key, and of the tenant where rows are tenants', complete: its conditions,
 * the resource's rules, have no others. */
static void write_flat(struct listing *listing)
{
    const struct build *build = &listing->build;
    struct plan *plan = listing->plan;
    struct binds binds = {0};
    PRE(level_is_flat(listing->level));
    for (unsigned i = 0; i < build->resource->key_count; i++)
        binds_add(build->arena, &binds, bind_null()); /* its place */
    binds_number(build->arena, &binds, listing->conditions);
    POST(binds.count == build->resource->key_count + (build->resource->tenant != NULL));
    if (may_gather(build))
        plan->statement.gather = make_gather(build, &listing->cells, listing->conditions);
    plan->cell_count = listing->cells.count;
    plan->statement.text =
        sql_row(build->arena, build->sql, build->resource, &listing->cells, listing->conditions, false);
}

/* The version's cell stands behind what is shown, as an order's would: there is one row. */
static void keep_version(struct listing *listing)
{
    const struct column *version = listing->build.resource->version;
    if (!version || listing->level->aggregates)
        return;
    listing->order = (struct order){.terms = ARENA_NEW(listing->build.arena, struct order_term), .count = 1};
    listing->order.terms[0].column = version;
    listing_order(listing);
}

/* Whether every row of the resource is found by one text: its rules bind no values but the tenant, which is the first of them, and
 * nothing is embedded. */
static bool is_simple(const struct listing *listing)
{
    bool bound = listing->build.resource->tenant != NULL;
    IMPLIES(bound, listing->conditions->count > 0);
    for (unsigned i = bound; i < listing->conditions->count; i++)
        if (listing->conditions->items[i].kind != CONDITION_TEST ||
            condition_binds(&listing->conditions->items[i]))
            return false;
    return level_is_flat(listing->level) && !listing->level->aggregates;
}

struct plan_cache *plan_cache_new(const struct model *model)
{
    PRE(model);
    struct plan_cache *cache = mem_must(sizeof(*cache));
    arena_init(&cache->arena, 16 * 1024);
    cache->rows = ARENA_ARRAY(&cache->arena, struct plan *, model->resource_count + 1);
    const struct plan_context context = {.model = model,
                                         .arena = &cache->arena,
                                         .caller = {.role = ROLES_ALL, .roles = ROLES_ALL}};
    for (unsigned i = 0; i < model->resource_count; i++) {
        struct listing listing;
        struct problem problem;
        listing_begin(&listing, &context, &model->resources[i], &problem);
        if (model->resources[i].key_count == 0 || model->resources[i].seen ||
            model->resources[i].config->rows_count > 0 ||
            !listing_read(&listing, (struct slice){NULL, 0}, NULL, 0) || !is_simple(&listing))
            continue;
        listing.plan->kind = PLAN_ROW;
        listing_columns(&listing);
        keep_version(&listing);
        write_flat(&listing);
        cache->rows[i] = listing.plan;
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
bool plan_read_key(struct build *build, struct slice id, const struct bind **ret_binds)
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
    *ret_binds = binds;
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

/* Filters of embedded rows alone. */
static bool read_params(struct build *build, struct slice query_string, struct slots *ret_slots)
{
    struct params params;
    if (!params_parse(build, query_string, &params) || !slots_sort(build, &params, ret_slots))
        return false;
    for (unsigned i = 0; i < ret_slots->filter_count; i++)
        if (!filter_is_embedded(ret_slots->filters[i].name))
            return refuse_filter(build, ret_slots->filters[i].name);
    for (unsigned i = 0; i < SLOT_COUNT; i++)
        if (i != SLOT_SELECT && ret_slots->given[i].value.data)
            return refuse_filter(build, ret_slots->given[i].name);
    return true;
}

/* With rules that bind, or with rows embedded: a list of one. */
static void write_full(struct listing *listing, const struct bind *key)
{
    struct build *build = &listing->build;
    struct plan *plan = listing->plan;
    for (unsigned i = 0; i < build->resource->key_count; i++) {
        const struct condition is = {.kind = CONDITION_TEST,
                                     .op = FILTER_EQ,
                                     .column = build->resource->key[i],
                                     .bind = key[i]};
        conditions_add(build, listing->conditions, &is);
    }
    binds_number(build->arena, &listing->binds, listing->conditions);
    listing_children(listing, build->arena, &listing->binds);
    const struct list_sql list = {.from = listing->from,
                                  .level = listing->level,
                                  .cells = &listing->cells,
                                  .conditions = listing->conditions,
                                  .order = listing_page_order(listing),
                                  .order_count = listing->order.count,
                                  .rows = 1};
    plan->statement.text = sql_list(build->arena, build->sql, &list);
    plan->statement.binds = listing->binds.items;
    plan->statement.bind_count = listing->binds.count;
    plan->cell_count =
        level_is_flat(listing->level) ? listing->cells.count : plan->column_count + listing->order.count;
}

/* What completes the text of write_flat. */
static void bind_flat(struct listing *listing, const struct bind *key)
{
    struct build *build = &listing->build;
    struct statement *statement = &listing->plan->statement;
    unsigned count = build->resource->key_count;
    statement->binds = key;
    statement->bind_count = count;
    if (!build->resource->tenant)
        return;
    struct bind *binds = ARENA_ARRAY(build->arena, struct bind, count + 1);
    memcpy(binds, key, count * sizeof *key);
    binds[count++] = level_tenant(build, build->resource->tenant);
    statement->binds = binds;
    statement->bind_count = count;
}

static bool make_row(struct listing *listing, struct slice id, struct slice query_string)
{
    struct build *build = &listing->build;
    const struct plan_cache *cache = build->context->cache;
    const struct plan *kept = cache ? cache->rows[build->resource->index] : NULL;
    struct slots slots = {.filter_count = 0};
    const struct bind *key = NULL;
    if (!plan_read_key(build, id, &key) || (query_string.len && !read_params(build, query_string, &slots)))
        return false;
    struct slice select = slots.given[SLOT_SELECT].value;
    bool is_kept = kept && !select.data && slots.filter_count == 0;
    if (is_kept) {
        *listing->plan = *kept;
    } else {
        if (!listing_read(listing, select, slots.filters, slots.filter_count))
            return false;
        listing->plan->kind = PLAN_ROW;
        listing_columns(listing);
        keep_version(listing);
        if (!is_simple(listing)) {
            write_full(listing, key);
            listing->plan->alone = listing->level->children == NULL;
            listing->plan->key = key;
            return true;
        }
        write_flat(listing);
    }
    listing->plan->key = key;
    listing->plan->alone = true;
    bind_flat(listing, key);
    return true;
}

enum error plan_row(const struct plan_context *context, const struct resource *resource, struct slice id,
                    struct slice query_string, struct plan **ret_plan, struct problem *ret_problem)
{
    PRE(context && resource && ret_plan && ret_problem);
    struct listing listing;
    listing_begin(&listing, context, resource, ret_problem);
    if (resource->key_count == 0) {
        refuse(&listing.build, REFUSE_NO_KEY, SLICE(""),
               "`" SLICE_FMT "` has no key: its rows have no addresses of their own",
               SLICE_ARG(resource->config->name.text));
        return ERR_PROBLEM;
    }
    if (!make_row(&listing, id, query_string))
        return ERR_PROBLEM;
    *ret_plan = listing.plan;
    return OK;
}

enum error plan_version(const struct plan_context *context, const struct resource *resource, struct slice id,
                        struct statement *ret_statement, struct problem *ret_problem)
{
    PRE(resource->version && resource->key_count > 0);
    struct listing listing;
    listing_begin(&listing, context, resource, ret_problem);
    struct build *build = &listing.build;
    const struct bind *key;
    if (!plan_read_key(build, id, &key) || !level_rules(build, listing.level))
        return ERR_PROBLEM;
    (void)cells_add(build->arena, &listing.cells, resource->version);
    write_full(&listing, key);
    *ret_statement = listing.plan->statement;
    if (listing.plan->dialect == DIALECT_PG)
        ret_statement->text =
            arena_format(build->arena, SLICE_FMT " FOR UPDATE", SLICE_ARG(ret_statement->text));
    return OK;
}
