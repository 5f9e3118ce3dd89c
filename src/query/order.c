/* SPDX-License-Identifier: Apache-2.0 */
/* `order=`: terms with directions and places for NULL, and the key that makes the order total. See order.h.
 *
 * The key goes in the direction that an existing index can serve. An index on (user_id, created_at DESC) of SQLite ends in the
 * rowid, ascending: read forwards it gives created_at downwards and, among equal ones, id upwards; so `order=created_at.desc`
 * is ended by id ascending there, and no sorter is needed. Without such an index the key goes as the last term does. */
#include "query/order.h"

#include <limits.h>

#include "query/list.h"
#include "query/operand.h"
#include "query/select.h"
#include "query/sql.h"

/* --- reading --- */

/* Takes `.word` off the end. */
static bool take_suffix(struct slice *text, const char *word)
{
    struct slice suffix = slice_str(word);
    if (!slice_ends(*text, suffix))
        return false;
    text->len -= suffix.len;
    return true;
}

/* `.asc|.desc` and `.nullsfirst|.nullslast` off the end of the text, which keeps what stands before. */
static void take_directions(struct slice *text, struct order_term *term)
{
    bool first = take_suffix(text, ".nullsfirst") || take_suffix(text, ".nulls_first");
    bool last = !first && (take_suffix(text, ".nullslast") || take_suffix(text, ".nulls_last"));
    term->descending = take_suffix(text, ".desc");
    if (!term->descending)
        (void)take_suffix(text, ".asc");
    term->nulls_first = first || (term->descending && !last); /* PostgreSQL's default */
}

/* What is left of `created_at.dsc` or `-created_at` is no column, but a part of it is one: then the direction is mistyped. */
static bool refuse_direction(struct build *build, struct slice text)
{
    static const char *const words[] = {"desc", "asc", "nullsfirst", "nullslast"};
    struct slice rest = text;
    slice_cut(&rest, '.');
    struct nearest nearest = nearest_begin(rest);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        nearest_offer(&nearest, slice_str(words[i]));
    refuse(build, REFUSE_BAD_ORDER, SLICE("order"),
           "`" SLICE_FMT
           "`: a term of `order` is a column, then .asc or .desc, then .nullsfirst or .nullslast",
           SLICE_ARG(shown(text)));
    return refuse_nearest(build, &nearest);
}

/* `users(name)`: a column of embedded rows, to one. *ret_column NULL: it is not written so. */
static bool find_child_column(struct build *build, struct slice text, const struct column **ret_column)
{
    size_t open = slice_find(text, '(');
    *ret_column = NULL;
    if (open == text.len || !slice_ends(text, SLICE(")")))
        return true;
    struct slice name = slice_of(text.data, open), of = slice_of(text.data + open + 1, text.len - open - 2);
    struct level *child = level_child(build->level, name);
    if (!child)
        return refuse_not_embedded(build, name, SLICE("order"));
    if (!relation_is_to_one(child->relation))
        return refuse(build, REFUSE_NOT_TO_ONE, SLICE("order"),
                      "`" SLICE_FMT "`: an order needs one embedded row, and there may be many",
                      SLICE_ARG(shown(text)));
    struct build there = build_at(build, child);
    if (!operand_read(&there, of, SLICE("order"), ret_column))
        return false;
    *ret_column = operand_of_child(build, child, *ret_column);
    return true;
}

/* What the answer calls so: an aggregate. */
static const struct column *find_aggregate(const struct build *build, struct slice name)
{
    for (unsigned i = 0; i < build->level->field_count; i++) {
        const struct level_field *field = &build->level->fields[i];
        if (field->column && field->column->aggregate && slice_eq(field->column->name, name))
            return field->column;
    }
    return NULL;
}

static bool find_column(struct build *build, struct slice name, const struct column **ret_column)
{
    struct slice bare = slice_skip(name, slice_starts(name, SLICE("-"))), rest = bare;
    struct slice first = slice_cut(&rest, '.');
    bool directed = rest.data || bare.len < name.len; /* `id.dsc`, `-id` */
    if ((*ret_column = find_aggregate(build, name)))
        return true;
    if (directed && !resource_column(build->resource, name) && resource_column(build->resource, first))
        return refuse_direction(build, name);
    if (!find_child_column(build, name, ret_column))
        return false;
    return *ret_column || operand_read(build, name, SLICE("order"), ret_column);
}

static bool read_term(struct build *build, const struct name_item *item, struct order_term *ret_term)
{
    struct order_term term = {0};
    struct slice text = item->quoted ? item->suffix : item->name;
    take_directions(&text, &term);
    struct slice name = item->quoted ? item->name : text;
    if (name.len == 0 || (item->quoted && text.len))
        return refuse_direction(build, name);
    if (!find_column(build, name, &term.column))
        return false;
    if (!term.column->type.orderable)
        return refuse(build, REFUSE_WRONG_OPERATOR, SLICE("order"),
                      "`" SLICE_FMT "` is of type " SLICE_FMT ", which has no order", SLICE_ARG(name),
                      SLICE_ARG(term.column->type.name));
    *ret_term = term;
    return true;
}

/* --- putting the order together --- */

static bool has_column(const struct order *order, const struct column *column)
{
    for (unsigned i = 0; i < order->count; i++)
        if (order->terms[i].column == column)
            return true;
    return false;
}

static bool has_key(struct build *build, const struct order *order)
{
    const struct resource *resource = build->resource;
    for (unsigned i = 0; i < resource->key_count; i++)
        if (!has_column(order, level_column(build, build->level, resource->key[i])))
            return false;
    return resource->key_count > 0;
}

/* What says nothing is left out: a column that came before or has one value only, and all that stands behind a whole key. */
static void add_term(struct build *build, struct order *order, const struct conditions *conditions,
                     struct order_term term)
{
    if (has_column(order, term.column) || has_key(build, order) || conditions_pin(conditions, term.column))
        return;
    if (!term.column->nullable)
        term.nulls_first = term.descending;
    order->terms[order->count++] = term;
}

/* How an index can be read for an order: how many columns the filters pin first, and whether from its end. */
struct index_use {
    unsigned pinned;
    bool backwards, known; /* known: which way the key comes */
    bool key_descending;
};

static bool index_serves(const struct build *build, const struct index *index,
                         const struct conditions *conditions, const struct order *order,
                         struct index_use *ret_use)
{
    PRE(build->resource->key_count > 0 && order->count > 0);
    const struct table *table = build->resource->table;
    struct index_use use = {0};
    unsigned at = 0, term = 0;
    for (; at < index->count && index->columns[at] != UINT_MAX; at++) {
        const struct column *column = &table->columns[index->columns[at]];
        if (term < order->count && order->terms[term].column->position == column->position) {
            bool backwards = index->descending[at] != order->terms[term].descending;
            if (term++ > 0 && backwards != use.backwards)
                return false;
            use.backwards = backwards;
        } else if (term == 0 && conditions_pin(conditions, column)) {
            use.pinned++;
        } else {
            break;
        }
    }
    if (term < order->count)
        return false;
    bool key_next = at < index->count && index->columns[at] == build->resource->key[0]->position;
    use.known = key_next || (at == index->count && build->sql->index_ends_in_rowid);
    use.key_descending = (key_next && index->descending[at]) != use.backwards;
    *ret_use = use;
    return use.known;
}

static bool is_btree(const struct index *index)
{
    return !index->partial && (index->method.len == 0 || slice_eq(index->method, SLICE("btree")));
}

/* The direction of the key behind the declared terms. */
static bool key_descends(const struct build *build, const struct conditions *conditions,
                         const struct order *order)
{
    const struct table *table = build->resource->table;
    if (order->count == 0)
        return false;
    struct index_use best = {.key_descending = order->terms[order->count - 1].descending};
    for (unsigned i = 0; i < table->index_count; i++) {
        struct index_use use;
        if (!is_btree(&table->indexes[i]) ||
            !index_serves(build, &table->indexes[i], conditions, order, &use))
            continue;
        if (!best.known || use.pinned > best.pinned)
            best = use;
    }
    return best.key_descending;
}

static void add_key(struct build *build, const struct conditions *conditions, struct order *order)
{
    const struct resource *resource = build->resource;
    order->declared = order->count;
    if (resource->key_count == 0 || build->level->aggregates || has_key(build, order))
        return;
    bool descending = key_descends(build, conditions, order);
    for (unsigned i = 0; i < resource->key_count; i++)
        add_term(build, order, conditions,
                 (struct order_term){.column = level_column(build, build->level, resource->key[i]),
                                     .descending = descending,
                                     .nulls_first = descending});
}

/* Beside aggregates only what is grouped by has one value a row. */
static bool groups_by(const struct build *build, const struct column *column)
{
    for (unsigned i = 0; i < build->level->field_count; i++) {
        const struct column *shown_one = build->level->fields[i].column;
        if (shown_one && slice_eq(shown_one->sql, column->sql))
            return true;
    }
    return !build->level->aggregates;
}

static bool refuse_ungrouped(struct build *build, const struct column *column)
{
    refuse(build, REFUSE_BAD_ORDER, SLICE("order"),
           "`" SLICE_FMT "` is not in `select`: beside aggregates only what is shown can be ordered by",
           SLICE_ARG(shown(column->name)));
    build->problem->column = column->name;
    return false;
}

static bool read_terms(struct build *build, struct slice text, const struct conditions *conditions,
                       struct order *order)
{
    unsigned max = build_config(build)->query.order, items = 0;
    while (text.data) {
        struct name_item item;
        struct order_term term;
        if (items++ == max)
            return refuse(build, REFUSE_TOO_MUCH, SLICE("order"),
                          "More terms than the limit `query.order` of %u", max);
        if (!name_item_take(build->arena, &text, &item))
            return refuse(build, REFUSE_BAD_ORDER, SLICE("order"), "A quote in `order` is not closed");
        if (!read_term(build, &item, &term))
            return false;
        if (!groups_by(build, term.column))
            return refuse_ungrouped(build, term.column);
        add_term(build, order, conditions, term);
    }
    return true;
}

static void add_default(struct build *build, const struct conditions *conditions, struct order *order)
{
    const struct resource *resource = build->resource;
    for (unsigned i = 0; i < resource->order_count; i++) {
        struct order_term term = resource->order[i];
        term.column = level_column(build, build->level, term.column);
        if (groups_by(build, term.column))
            add_term(build, order, conditions, term);
    }
}

/* What an order leaves out stands in no statement: its binds would have no type. */
static void forget_unused(struct level *level, const struct order *order)
{
    struct child_order **at = &level->child_orders;
    while (*at) {
        if (has_column(order, (*at)->column))
            at = &(*at)->next;
        else
            *at = (*at)->next;
    }
}

bool order_parse(struct build *build, struct slice text, const struct conditions *conditions,
                 struct order *ret_order)
{
    const struct resource *resource = build->resource;
    PRE(resource && ret_order);
    if (!text.data && resource->order_is_text)
        text = resource->config->order.text;
    unsigned asked = text.data ? build_config(build)->query.order : resource->order_count;
    struct order order = {.terms =
                              ARENA_ARRAY(build->arena, struct order_term, asked + resource->key_count + 1)};
    if (!text.data) {
        add_default(build, conditions, &order);
    } else if (!read_terms(build, text, conditions, &order)) {
        return false;
    }
    add_key(build, conditions, &order);
    forget_unused(build->level, &order);
    *ret_order = order;
    return true;
}

void order_reverse(struct order *order)
{
    for (unsigned i = 0; i < order->count; i++) {
        order->terms[i].descending = !order->terms[i].descending;
        order->terms[i].nulls_first = !order->terms[i].nulls_first;
    }
}
