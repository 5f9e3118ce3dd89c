/* SPDX-License-Identifier: Apache-2.0 */
/* See local.h. What a view makes of such a column is not seen through: the view has to say so itself. Failure: complaints. */
#include "catalog/local.h"

#include "catalog/resolve.h"

/* A `local` where there are no columns to name. */
static bool is_all_or_none(const struct resolver *r, const struct word *local, const char *where)
{
    bool good = !local->text.data || slice_eq(local->text, SLICE("*"));
    if (!good)
        complain(r->complaints, local->at,
                 "`local`: found `" SLICE_FMT
                 "`, expected `*` in %s: columns are named by the resource that has them",
                 SLICE_ARG(local->text), where);
    return good;
}

static void add(const struct resolver *r, struct local_columns *local, const struct column *column)
{
    const struct column **columns = ARENA_ARRAY(r->arena, const struct column *, local->count + 1);
    if (local->count)
        memcpy(columns, local->columns, local->count * sizeof *columns);
    columns[local->count++] = column;
    local->columns = columns;
}

static bool has(const struct local_columns *local, const struct column *column)
{
    for (unsigned i = 0; i < local->count; i++)
        if (local->columns[i] == column)
            return true;
    return false;
}

/* What the view shows of other tables as it is. */
static void add_shown(const struct resolver *r, struct model *model, const struct table *view)
{
    const struct table *tables = r->catalog->tables;
    for (unsigned i = 0; i < view->column_count; i++) {
        const struct column *column = &view->columns[i];
        if (!column->origin)
            continue;
        const struct column *origin = &column->origin->columns[column->origin_column];
        if (has(&model->locals[column->origin - tables], origin))
            add(r, &model->locals[view - tables], column);
    }
}

static void resolve_resource(const struct resolver *r, struct model *model, const struct resource *resource)
{
    const struct word *names = &resource->config->cache.local;
    const struct column **columns;
    if (!names->text.data || !resource->table)
        return;
    struct columns_known known = resolve_known(r, resource->config, resource->table);
    unsigned count = resolve_names(r, &known, names, "local", &columns);
    struct local_columns *local = &model->locals[resource->table - r->catalog->tables];
    for (unsigned i = 0; i < count; i++)
        add(r, local, columns[i]);
    model->has_locals = true;
}

void resolve_locals(const struct resolver *r, struct model *model)
{
    const struct config *config = model->config;
    model->locals = ARENA_ARRAY(r->arena, struct local_columns, r->catalog->table_count + 1);
    if (!is_all_or_none(r, &config->cache.policy.local, "`defaults`"))
        return; /* all others begin with it */
    for (unsigned i = 0; i < config->query_count; i++)
        (void)is_all_or_none(r, &config->queries[i].cache.local, "the head of a query");
    for (unsigned i = 0; i < config->upstream_count; i++)
        (void)is_all_or_none(r, &config->upstreams[i].cache.local, "`upstream`");
    for (unsigned i = 0; i < model->resource_count; i++)
        resolve_resource(r, model, &model->resources[i]);
    for (unsigned i = 0; model->has_locals && i < r->catalog->table_count; i++)
        add_shown(r, model, &r->catalog->tables[i]);
}

static const struct local_columns *locals_of(const struct model *model, const struct table *table)
{
    return &model->locals[table - model->catalog->tables];
}

/* Names in statements stand between quotes. */
static bool names_one(struct slice statement, const struct local_columns *local)
{
    for (unsigned i = 0; i < local->count; i++)
        if (memmem(statement.data, statement.len, local->columns[i]->sql.data, local->columns[i]->sql.len))
            return true;
    return false;
}

bool model_statement_is_local(const struct model *model, struct slice statement,
                              const struct table *const *tables, unsigned count, bool unknown)
{
    for (unsigned i = 0; i < count; i++)
        if (names_one(statement, locals_of(model, tables[i])))
            return true;
    return unknown && model->has_locals;
}

bool model_query_is_local(const struct model *model, const struct named_query *query)
{
    for (unsigned i = 0; i < query->table_count; i++)
        if (locals_of(model, query->tables[i])->count)
            return true;
    return query->config->cache.local.text.data || (!query->tables_known && model->has_locals);
}
