/* SPDX-License-Identifier: Apache-2.0 */
/* Levels: their columns, children and rules. See level.h. */
#include "query/level.h"

#include <stdio.h>

#include "query/value.h"

struct level *level_root(struct build *build, const struct resource *resource)
{
    PRE(resource);
    struct level *level = ARENA_NEW(build->arena, struct level);
    level->resource = resource;
    level->ref = resource->table->sql;
    return level;
}

/* The root's table has no other name than its own, which those of the SELECTs within it must not hide. */
static bool hides_root(const struct level *level, unsigned number)
{
    char names[2][16];
    while (level->parent)
        level = level->parent;
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(names[i], sizeof names[i], "%c%u", "tj"[i], number);
        if (slice_eq_nocase(slice_str(names[i]), level->resource->table->name))
            return true;
    }
    return false;
}

struct level *level_add(struct build *build, struct level *level, const struct relation *relation,
                        struct slice name)
{
    PRE(relation && build->counts);
    struct level *child = ARENA_NEW(build->arena, struct level);
    child->parent = level;
    do
        child->number = ++build->counts->levels;
    while (hides_root(level, child->number));
    child->resource = resource_seen(relation->target, build->context->caller.role);
    child->relation = relation;
    child->name = name;
    child->ref = arena_format(build->arena, "t%u", child->number);
    struct level **end = &level->children;
    while (*end)
        end = &(*end)->next;
    *end = child;
    return child;
}

struct level *level_child(const struct level *level, struct slice name)
{
    for (struct level *child = level->children; child; child = child->next)
        if (slice_eq(child->name, name))
            return child;
    return NULL;
}

const struct column *level_column(struct build *build, struct level *level, const struct column *column)
{
    const struct table *table = level->resource->table;
    PRE(column && column->position < table->column_count);
    if (!level->parent)
        return column;
    if (!level->columns)
        level->columns = ARENA_ARRAY(build->arena, const struct column *, table->column_count);
    const struct column **place = &level->columns[column->position];
    if (!*place) {
        struct column *copy = ARENA_NEW(build->arena, struct column);
        *copy = *column;
        copy->sql = arena_format(build->arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(level->ref),
                                 SLICE_ARG(column->sql));
        *place = copy;
    }
    return *place;
}

const struct column *level_find(struct build *build, struct level *level, struct slice name)
{
    const struct column *column =
        build->trusted ? table_column(level->resource->table, name) : resource_column(level->resource, name);
    return column ? level_column(build, level, column) : NULL;
}

struct build build_at(const struct build *build, struct level *level)
{
    PRE(level);
    struct build there = *build;
    there.level = level;
    there.resource = level->resource;
    return there;
}

/* --- the rules of resources --- */

struct bind level_tenant(const struct build *build, const struct column *column)
{
    const struct plan_context *context = build->context;
    struct value_scope scope = {build->arena, context->model->catalog->dialect, context->now};
    struct value_refusal refusal;
    struct bind bind;
    if (context->caller.tenant.len == 0 ||
        !value_parse(&scope, &column->type, context->caller.tenant, &bind, &refusal))
        return bind_null();
    return bind;
}

static void add_tenant(struct build *build, struct level *level, struct conditions *conditions)
{
    const struct column *column = build->resource->tenant;
    struct condition own = {.kind = CONDITION_TEST,
                            .op = FILTER_EQ,
                            .column = level_column(build, level, column),
                            .bind = level_tenant(build, column)};
    own.words = own.bind.text;
    conditions_add(build, conditions, &own);
}

bool level_rows(struct build *build, struct level *level, struct conditions *conditions)
{
    const struct config_resource *config = level->resource->config;
    struct build there = build_at(build, level);
    there.trusted = true;
    for (unsigned i = 0; i < config->rows_count; i++)
        if (config->rows[i].role & build->context->caller.role &&
            !filters_read(&there, config->rows[i].when.text, conditions))
            return false;
    return true;
}

static bool add_rules(struct build *build, struct level *level, struct conditions *conditions)
{
    struct build there = build_at(build, level);
    const struct resource *resource = level->resource;
    there.trusted = true;
    if (resource->tenant)
        add_tenant(&there, level, conditions);
    if (resource->deleted && !build->with_deleted) {
        bool flag = resource->deleted->type.kind == VALUE_BOOL;
        struct condition gone = {.kind = CONDITION_TEST,
                                 .op = FILTER_IS,
                                 .is = flag ? IS_TRUE : IS_NULL,
                                 .negated = flag};
        gone.column = level_column(&there, level, resource->deleted);
        conditions_add(&there, conditions, &gone);
    }
    return level_rows(build, level, conditions);
}

/* The table between is a level without a place in the answer. */
static bool add_rules_between(struct build *build, struct level *level)
{
    struct level *between = ARENA_NEW(build->arena, struct level);
    between->parent = level;
    between->resource = level->relation->through;
    between->ref = arena_format(build->arena, "j%u", level->number);
    build_reads(build, between->resource);
    return add_rules(build, between, &level->between);
}

void build_reads(struct build *build, const struct resource *resource)
{
    struct plan *plan = build->plan;
    const struct catalog *catalog = build->context->model->catalog;
    const struct table *table = resource->table;
    if (resource->config->rows_count > 0 || resource->seen || !(resource->config->read & ROLE_ANONYMOUS))
        plan->uses |= CALLER_ROLE;
    if (resource->tenant)
        plan->uses |= CALLER_TENANT;
    if (table < catalog->tables || table >= catalog->tables + catalog->table_count)
        return; /* the rows of a function */
    bool owned =
        resource->tenant && resource->tenant == build->context->model->tenants[table - catalog->tables];
    for (unsigned i = 0; i < plan->table_count; i++)
        if (plan->tables[i] == table) {
            plan->owned[i] = plan->owned[i] && owned;
            return;
        }
    ARENA_GROW(build->arena, plan->tables, plan->table_count, plan->table_room);
    ARENA_GROW(build->arena, plan->owned, plan->table_count, plan->owned_room);
    plan->owned[plan->table_count] = owned;
    plan->tables[plan->table_count++] = table;
}

bool level_rules(struct build *build, struct level *level)
{
    build_reads(build, level->resource);
    if (level->parent && build_config(build)->auth.role_count > 0) /* which relations there are, roles say */
        build->plan->uses |= CALLER_ROLE;
    if (!add_rules(build, level, &level->conditions))
        return false;
    if (level->relation && level->relation->kind == RELATION_MANY_TO_MANY && !add_rules_between(build, level))
        return false;
    for (struct level *child = level->children; child; child = child->next)
        if (!level_rules(build, child))
            return false;
    return true;
}
