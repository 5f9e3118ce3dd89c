/* SPDX-License-Identifier: Apache-2.0 */
/* What lists and rows of a resource share: reading their levels, the numbers of their binds, and what the answer's writer is told.
 * See listing.h. */
#include "query/listing.h"

#include "query/select.h"

void listing_begin(struct listing *listing, const struct plan_context *context,
                   const struct resource *resource, struct problem *problem)
{
    resource = resource_seen(resource, context->caller.role);
    *listing = (struct listing){
        .build = {.context = context,
                  .arena = context->arena,
                  .resource = resource,
                  .sql = dialect_sql_of(context->model),
                  .problem = problem},
        .plan = ARENA_NEW(context->arena, struct plan),
        .from = resource->table->sql,
    };
    listing->build.counts = &listing->counts;
    listing->build.plan = listing->plan;
    listing->level = listing->build.level = level_root(&listing->build, resource);
    listing->conditions = &listing->level->conditions;
    listing->plan->dialect = context->model->catalog->dialect;
}

/* --- reading --- */

/* `!inner`: a parent must have such a row. Deepest first, so that a condition stands where it is looked at. */
static void require_children(struct build *build, struct level *level)
{
    for (struct level *child = level->children; child; child = child->next) {
        const struct condition exists = {.kind = CONDITION_EXISTS, .child = child};
        require_children(build, child);
        if (child->inner)
            conditions_add(build, &level->conditions, &exists);
    }
}

/* The rows of a child come in its resource's order, and no more than a page of it may have. */
static bool order_children(struct build *build, struct level *level)
{
    for (struct level *child = level->children; child; child = child->next) {
        struct build there = build_at(build, child);
        bool many = !relation_is_to_one(child->relation);
        if (many && !child->order_given &&
            !order_parse(&there, (struct slice){NULL, 0}, &child->conditions, &child->order))
            return false;
        if (many && !child->limit_given)
            child->limit = child->resource->config->page.max;
        if (!order_children(build, child))
            return false;
    }
    return true;
}

bool listing_read(struct listing *listing, struct slice select, const struct param *filters,
                  unsigned filter_count)
{
    struct build *build = &listing->build;
    PRE(build->level && build->level->field_count == 0);
    if (!select_parse(build, select) || !filters_parse(build, filters, filter_count))
        return false;
    require_children(build, build->level);
    return level_rules(build, build->level) && order_children(build, build->level);
}

/* --- binds --- */

void binds_add(struct arena *arena, struct binds *binds, struct bind bind)
{
    ARENA_GROW(arena, binds->items, binds->count, binds->room);
    binds->items[binds->count++] = bind;
}

static void number_one(struct arena *arena, struct binds *binds, struct condition *condition)
{
    if (condition_binds(condition) && condition->bind_at == 0) {
        binds_add(arena, binds, condition->bind);
        condition->bind_at = binds->count;
    }
    for (unsigned i = 0; i < condition->part_count; i++)
        number_one(arena, binds, &condition->parts[i]);
    if (condition->kind == CONDITION_EXISTS) {
        binds_number(arena, binds, &condition->child->between);
        binds_number(arena, binds, &condition->child->conditions);
    }
}

void binds_number(struct arena *arena, struct binds *binds, const struct conditions *conditions)
{
    for (unsigned i = 0; i < conditions->count; i++)
        number_one(arena, binds, &conditions->items[i]);
}

static void number_child(struct arena *arena, struct binds *binds, const struct level *child)
{
    binds_number(arena, binds, &child->between);
    binds_number(arena, binds, &child->conditions);
}

/* Of those alone that stand in the statement: a bind that is nowhere has no type. */
static void number_children(struct arena *arena, struct binds *binds, const struct level *level)
{
    for (const struct child_order *order = level->child_orders; order; order = order->next)
        number_child(arena, binds, order->child);
    for (unsigned i = 0; i < level->field_count; i++) {
        const struct level *child = level->fields[i].child;
        if (!child)
            continue;
        number_child(arena, binds, child);
        number_children(arena, binds, child);
    }
}

void listing_children(struct listing *listing, struct arena *arena, struct binds *binds)
{
    struct level *level = listing->level;
    PRE(level);
    number_children(arena, binds, level);
    sql_child_orders(arena, listing->build.sql, level);
    sql_embed_cells(listing->build.arena, level, &listing->cells);
}

/* --- what is shown --- */

static unsigned shown_count(const struct build *build, const struct level *level)
{
    unsigned count = 0;
    for (unsigned i = 0; i < level->field_count; i++) {
        const struct level *child = level->fields[i].child;
        count += child && child->spread && build->sql->embeds_json ? shown_count(build, child) : 1;
    }
    return count;
}

static const struct column *column_of_child(struct build *build, const struct level *child);

/* Spread columns of PostgreSQL stand beside the others; SQLite's come in a cell. */
static unsigned add_columns(struct build *build, const struct level *level, const struct column **columns,
                            unsigned count)
{
    for (unsigned i = 0; i < level->field_count; i++) {
        const struct level_field *field = &level->fields[i];
        if (field->column)
            columns[count++] = field->column;
        else if (field->child->spread && build->sql->embeds_json)
            count = add_columns(build, field->child, columns, count);
        else
            columns[count++] = column_of_child(build, field->child);
    }
    return count;
}

static const struct nested *nested_of(struct build *build, const struct level *child)
{
    struct nested *nested = ARENA_NEW(build->arena, struct nested);
    const struct column **columns =
        ARENA_ARRAY(build->arena, const struct column *, shown_count(build, child) + 1);
    nested->count = add_columns(build, child, columns, 0);
    nested->columns = columns;
    nested->list = !relation_is_to_one(child->relation);
    nested->spread = child->spread;
    return nested;
}

static const struct column *column_of_child(struct build *build, const struct level *child)
{
    struct column *column = ARENA_NEW(build->arena, struct column);
    *column = (struct column){.name = child->name, .computed = true};
    column_names_make(build->arena, column);
    column->type = (struct type){.kind = VALUE_JSON, .name = SLICE("json")};
    if (!build->sql->embeds_json)
        column->type = (struct type){.kind = VALUE_NESTED, .nested = nested_of(build, child)};
    return column;
}

void listing_columns(struct listing *listing)
{
    struct build *build = &listing->build;
    struct plan *plan = listing->plan;
    unsigned count = shown_count(build, listing->level);
    plan->columns = ARENA_ARRAY(build->arena, const struct column *, count + 1);
    plan->column_count = add_columns(build, listing->level, plan->columns, 0);
    cells_of_level(build->arena, listing->level, &listing->cells);
    if (listing->level->field_count == 0) /* SQL's rows have a column, even where none is shown */
        (void)cells_add(build->arena, &listing->cells, build->resource->columns[0]);
    POST(plan->column_count == count);
}
