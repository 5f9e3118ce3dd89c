/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN of lists: the request's parts, read one after the other, put together as one statement. See plan.h.
 *
 *     query string → params → slots ┬ filters → conditions ┐
 *                                   ├ select  → cells ─────┤
 *                                   ├ order   → order ─────┼→ sql_list → text, binds
 *                                   └ cursor  → keyset ────┘
 */
#include "query/plan.h"

#include "base/map.h"
#include "query/counts.h"
#include "query/listing.h"
#include "query/paging.h"
#include "query/value.h"

const struct dialect_sql *dialect_sql_of(const struct model *model)
{
    return model->catalog->dialect == DIALECT_PG ? &sql_pg : &sql_sqlite;
}

/* --- what tells this list from others --- */

static void write_order_key(struct text *key, const struct order *order)
{
    for (unsigned i = 0; i < order->count; i++) {
        const struct order_term *term = &order->terms[i];
        text_add(key, term->descending ? SLICE("\n-") : SLICE("\n+"));
        text_byte(key, term->nulls_first ? '<' : '>');
        text_add(key, term->column->name);
    }
}

/* The key of totals, and, with the order behind it, what a cursor is bound to. */
static void make_keys(struct listing *listing, struct slice name)
{
    PRE(name.len > 0);
    struct text key;
    text_init(&key, listing->build.arena, 256);
    text_add(&key, name);
    text_byte(&key, '?');
    conditions_write_key(listing->conditions, &key);
    size_t total_len = key.len;
    write_order_key(&key, &listing->order);
    struct slice whole = text_done(&key);
    if (!listing->level || !listing->level->aggregates)
        listing->plan->total_key = slice_of(whole.data, total_len);
    listing->plan->shape = hash_stable(whole);
}

/* --- the cursor --- */

static bool refuse_cursor(struct build *build, enum cursor_fault fault)
{
    static const char *const why[] = {
        [CURSOR_MALFORMED] = "The cursor is damaged",
        [CURSOR_OTHER_VERSION] = "The cursor is of another version of this service",
        [CURSOR_OTHER_QUERY] = "The cursor belongs to another query: other filters, or another order",
    };
    PRE((unsigned)fault < ARRAY_LEN(why) && why[fault]);
    refuse(build, REFUSE_BAD_CURSOR, SLICE("cursor"), "%s", why[fault]);
    return refuse_hint(build, "%s",
                       fault == CURSOR_OTHER_QUERY
                           ? "Send it with the filters and the order of the page it came with"
                           : "Begin again with the first page, without `cursor`");
}

/* The row's values as binds. */
static bool cursor_binds(struct listing *listing, const struct cursor *cursor, struct bind *ret_values)
{
    const struct build *build = &listing->build;
    struct value_scope scope = {build->arena, listing->plan->dialect, build->context->now};
    for (unsigned i = 0; i < cursor->count; i++) {
        const struct type *type = &listing->order.terms[i].column->type;
        ret_values[i] = bind_null();
        if (cursor->cells[i].data && !value_from_cell(&scope, type, cursor->cells[i], &ret_values[i]))
            return refuse_cursor(&listing->build, CURSOR_MALFORMED);
    }
    return true;
}

bool listing_continue(struct listing *listing, struct slice text)
{
    struct build *build = &listing->build;
    struct plan *plan = listing->plan;
    struct cursor cursor;
    if (!text.data)
        return true;
    if (!plan->keyset)
        return refuse(build, REFUSE_NO_CURSOR, SLICE("cursor"),
                      "There are no cursors here, because rows have no key: page with `limit` and `offset`");
    enum cursor_fault fault = cursor_decode(build->arena, text, plan->shape, listing->order.count, &cursor);
    if (fault != CURSOR_FINE)
        return refuse_cursor(build, fault);
    struct bind *values = ARENA_ARRAY(build->arena, struct bind, cursor.count + 1);
    if (!cursor_binds(listing, &cursor, values))
        return false;
    plan->from_cursor = true;
    plan->backwards = cursor.backwards;
    if (cursor.backwards)
        order_reverse(&listing->order);
    listing->keyset = keyset_make(build, &listing->order, values, listing->binds.count + 1);
    return true;
}

/* --- putting together --- */

static unsigned answer_width(const struct listing *listing)
{
    return listing->level && !level_is_flat(listing->level) ? listing->plan->column_count : 0;
}

/* plan->order speaks of the order as asked for, whichever way the statement goes. Where rows are embedded, the answer's cells are not
 * the page's: those of the order stand behind all that is shown. */
void listing_order(struct listing *listing)
{
    struct plan *plan = listing->plan;
    struct arena *arena = listing->build.arena;
    unsigned width = answer_width(listing);
    plan->order = ARENA_ARRAY(arena, struct plan_order, listing->order.count + 1);
    plan->order_count = listing->order.count;
    for (unsigned i = 0; i < listing->order.count; i++) {
        unsigned cell = cells_raw(arena, &listing->cells, listing->order.terms[i].column);
        plan->order[i].term = listing->order.terms[i];
        plan->order[i].cell = width ? width + i : cell;
    }
    plan->cell_count = width ? width + listing->order.count : listing->cells.count;
}

/* The cursor's values behind the filters', those of embedded rows behind both: so the count, which needs the filters alone, shares
 * their numbers. */
static void fill_binds(struct listing *listing)
{
    struct plan *plan = listing->plan;
    const struct keyset *keyset = listing->keyset;
    struct arena *arena = listing->build.arena;
    plan->total.bind_count = listing->binds.count;
    for (unsigned i = 0; keyset && i < listing->order.count; i++)
        if (keyset->binds[i])
            binds_add(arena, &listing->binds, keyset->values[i]);
    if (listing->level)
        listing_children(listing, arena, &listing->binds);
    plan->total.binds = plan->statement.binds = listing->binds.items;
    plan->statement.bind_count = listing->binds.count;
}

struct plan_order *listing_page_order(struct listing *listing)
{
    struct arena *arena = listing->build.arena;
    struct plan_order *order = ARENA_ARRAY(arena, struct plan_order, listing->order.count + 1);
    for (unsigned i = 0; i < listing->order.count; i++)
        order[i] = (struct plan_order){listing->order.terms[i],
                                       cells_raw(arena, &listing->cells, listing->order.terms[i].column)};
    return order;
}

void listing_write(struct listing *listing)
{
    struct plan *plan = listing->plan;
    PRE(listing->from.len > 0 && plan->statement.text.len == 0);
    IMPLIES(plan->from_cursor, listing->keyset && plan->offset == 0);
    fill_binds(listing);
    const struct list_sql list = {
        .from = listing->from,
        .level = listing->level,
        .cells = &listing->cells,
        .conditions = listing->conditions,
        .order = listing_page_order(listing),
        .order_count = listing->order.count,
        .keyset = listing->keyset,
        .one_pass = listing->one_pass,
        .unlimited = listing->unlimited,
        .rows = plan->limit ? plan->limit + 1 : 0,
        .offset = plan->offset,
    };
    struct arena *arena = listing->build.arena;
    plan->statement.text = sql_list(arena, listing->build.sql, &list);
    counts_write(listing, &list);
}

void listing_settle(struct listing *listing, struct slice name, const struct envelope *envelope,
                    const struct page_policy *page)
{
    struct plan *plan = listing->plan;
    make_keys(listing, name);
    listing_order(listing);
    binds_number(listing->build.arena, &listing->binds, listing->conditions);
    listing->count = counts_wanted(listing->build.context, envelope);
    listing->page_max = page->max;
    plan->want_total = listing->count != COUNT_NONE;
}

static bool has_order_of_kind(const struct order *order, enum value_kind kind)
{
    for (unsigned i = 0; i < order->count; i++)
        if (order->terms[i].column->type.kind == kind)
            return true;
    return false;
}

static bool read_list(struct listing *listing, struct slice query_string)
{
    struct build *build = &listing->build;
    const struct config_resource *config = build->resource->config;
    struct params params;
    struct slots slots;
    if (!params_parse(build, query_string, &params) || !slots_sort(build, &params, &slots) ||
        !listing_read(listing, slots.given[SLOT_SELECT].value, slots.filters, slots.filter_count) ||
        !order_parse(build, slots.given[SLOT_ORDER].value, listing->conditions, &listing->order) ||
        !paging_parse(build, &slots, &config->page, listing->plan))
        return false;
    listing_columns(listing);
    listing->plan->keyset = build->resource->key_count > 0 && !listing->level->aggregates &&
                            !has_order_of_kind(&listing->order, VALUE_DYNAMIC);
    listing_settle(listing, config->name.text, &config->envelope, &config->page);
    return listing_continue(listing, slots.given[SLOT_CURSOR].value);
}

enum error plan_list(const struct plan_context *context, const struct resource *resource,
                     struct slice query_string, struct plan **ret_plan, struct problem *ret_problem)
{
    PRE(context && resource && ret_plan && ret_problem);
    struct listing listing;
    listing_begin(&listing, context, resource, ret_problem);
    listing.plan->kind = PLAN_LIST;
    if (!read_list(&listing, query_string))
        return ERR_PROBLEM;
    listing_write(&listing);
    *ret_plan = listing.plan;
    return OK;
}

struct slice plan_cursor(const struct plan *plan, struct arena *arena, const struct slice *order_cells,
                         bool backwards)
{
    PRE(plan && arena && (order_cells || plan->order_count == 0));
    struct cursor cursor = {plan->shape, backwards, order_cells, plan->order_count};
    if (!plan->keyset)
        return (struct slice){NULL, 0};
    return cursor_encode(arena, &cursor, CURSOR_TEXT_MAX);
}
