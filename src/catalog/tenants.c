/* SPDX-License-Identifier: Apache-2.0 */
/* Whose rows are, and what of them a role sees: `auth.tenant`, `tenant:` and `columns:` by role, resolved. See model.h, resolve.h.
 *
 *   tenant: COLUMN   of the resource        its rows are those of whom the column says
 *   defaults.tenant, else auth.tenant       likewise, where the table has such a column
 *   tenant: none                            they are everybody's who has a role to read them
 *
 * Failure: complaints. */
#include "base/check.h"
#include "catalog/caller.h"
#include "catalog/resolve.h"

/* --- whose rows are --- */

static bool says_none(const struct word *word)
{
    return slice_eq(word->text, SLICE("none"));
}

/* What is said of all resources; data NULL: nothing. */
static const struct word *common(const struct config *config)
{
    return config->tenant.text.data ? &config->tenant : &config->auth.tenant;
}

/* The column that binds a table of which its resource says nothing. */
static const struct column *usual_column(const struct config *config, const struct table *table)
{
    const struct word *word = common(config);
    return word->text.data && !says_none(word) ? table_column(table, word->text) : NULL;
}

static void check_type(const struct resolver *r, const struct word *word, const struct resource *resource)
{
    const struct column *column = resource->tenant;
    enum value_kind kind = column->type.kind;
    if (kind == VALUE_INT || kind == VALUE_UUID || kind == VALUE_TEXT)
        return;
    complain(r->complaints, word->at,
             "`tenant`: `" SLICE_FMT "." SLICE_FMT "` is of type " SLICE_FMT
             ": expected a column of integers, UUIDs or texts",
             SLICE_ARG(resource->table->name), SLICE_ARG(column->name), SLICE_ARG(column->type.name));
}

/* Rows of all tenants are for those who have a role. */
static void check_none(const struct resolver *r, const struct config *config, const struct word *word,
                       const struct resource *resource)
{
    const struct config_resource *own = resource->config;
    const struct word *name = &config->auth.tenant;
    bool has_owner = name->text.data && table_column(resource->table, name->text);
    if (has_owner && ((own->read | own->write) & ROLE_ANONYMOUS))
        complain(r->complaints, own->tenant.text.data ? word->at : own->at,
                 "`tenant: none` opens the rows of all tenants of `" SLICE_FMT
                 "`, and `anonymous` may %s them: name a role by `read:` and `write:`",
                 SLICE_ARG(own->name.text), own->read & ROLE_ANONYMOUS ? "read" : "write");
}

static void check_set(const struct resolver *r, const struct resource *resource)
{
    for (unsigned i = 0; i < resource->set_count; i++)
        if (resource->set[i].column == resource->tenant)
            complain(r->complaints, resource->set[i].config->at,
                     "`set`: `" SLICE_FMT
                     "` is the tenant's column, which is filled in without being told: take it out",
                     SLICE_ARG(resource->tenant->name));
}

static void find_tenant(const struct resolver *r, const struct config *config, struct resource *resource)
{
    const struct word *own = &resource->config->tenant;
    struct columns_known known = resolve_known(r, resource->config, resource->table);
    if (own->text.data && !says_none(own))
        resource->tenant = resolve_column(r, &known, own->at, own->text);
    else if (!own->text.data)
        resource->tenant = usual_column(config, resource->table);
}

void resolve_tenant(const struct resolver *r, const struct config *config, struct resource *resource)
{
    const struct word *own = &resource->config->tenant;
    const struct word *word = own->text.data ? own : common(config);
    if (!resource->table || !word->text.data)
        return;
    find_tenant(r, config, resource);
    resource->of_all = !resource->tenant && says_none(word);
    if (resource->tenant) {
        check_type(r, word, resource);
        check_set(r, resource);
    } else if (says_none(word)) {
        check_none(r, config, word, resource);
    } else if (!own->text.data) {
        complain_softly(
            r->complaints, resource->config->at,
            "`" SLICE_FMT "` has no column `" SLICE_FMT
            "`: every tenant sees all of its rows. Name their owner by `tenant: COLUMN`, or say `tenant: none`",
            SLICE_ARG(resource->config->name.text), SLICE_ARG(word->text));
    }
}

/* Tables are bound as their resources are, and those that are not served as they would be. */
void resolve_tenants(const struct resolver *r, struct model *model)
{
    const struct catalog *catalog = r->catalog;
    const struct word *name = &model->config->auth.tenant;
    bool found = !name->text.data;
    model->tenants = ARENA_ARRAY(r->arena, const struct column *, catalog->table_count + 1);
    for (unsigned i = 0; i < catalog->table_count; i++) {
        model->tenants[i] = usual_column(model->config, &catalog->tables[i]);
        found |= name->text.data && table_column(&catalog->tables[i], name->text);
    }
    for (unsigned i = 0; i < model->resource_count; i++)
        if (model->resources[i].tenant)
            model->tenants[model->resources[i].table - catalog->tables] = model->resources[i].tenant;
    if (!found)
        complain(r->complaints, name->at,
                 "`tenant`: no table has a column `" SLICE_FMT "`: expected the one that says whose a row is",
                 SLICE_ARG(name->text));
}

/* --- named queries --- */

void named_query_note(struct arena *arena, struct named_query *query, const struct table *table)
{
    PRE(table);
    unsigned count = query->table_count, at = 0;
    while (at < count && query->tables[at] < table)
        at++;
    if (at < count && query->tables[at] == table)
        return;
    const struct table **tables = ARENA_ARRAY(arena, const struct table *, count + 1);
    for (unsigned i = 0; i < count; i++)
        tables[i + (i >= at)] = query->tables[i];
    tables[at] = table;
    query->tables = tables;
    query->table_count++;
}

void resolve_tenant_type(const struct resolver *r, const struct model *model, const struct named_query *query,
                         struct type *ret_type)
{
    for (unsigned i = 0; i < r->catalog->table_count; i++) {
        if (!model->tenants[i])
            continue;
        *ret_type = model->tenants[i]->type;
        if (ret_type->kind == VALUE_TEXT)
            ret_type->name = SLICE("text"); /* a length would cut it */
        return;
    }
    complain(r->complaints, query->sql->at,
             "query `" SLICE_FMT
             "`: `:tenant`: nothing says whose rows are: name the column by `auth: {tenant: …}`",
             SLICE_ARG(query->config->path));
}

/* The first of its tables whose rows are tenants'; NULL: none is, or nobody knows. */
static const struct column *bound_table(const struct model *model, const struct named_query *query,
                                        const struct table **ret_table)
{
    for (unsigned i = 0; i < query->table_count; i++) {
        const struct column *tenant = model->tenants[query->tables[i] - model->catalog->tables];
        *ret_table = query->tables[i];
        if (tenant)
            return tenant;
    }
    return NULL;
}

bool has_tenants(const struct model *model)
{
    for (unsigned i = 0; i < model->catalog->table_count; i++)
        if (model->tenants[i])
            return true;
    return false;
}

void check_query_tenant(const struct model *model, const struct named_query *query,
                        struct complaints *complaints)
{
    const struct table *table = NULL;
    const struct column *tenant = bound_table(model, query, &table);
    const struct config_query *config = query->config;
    unsigned roles = query->changes ? config->write : config->read;
    bool unsure = !query->tables_known && has_tenants(model);
    if (query->uses & CALLER_TENANT || (!tenant && !unsure))
        return;
    if (config->of_all && (roles & ROLE_ANONYMOUS))
        complain(complaints, query->sql->at,
                 "query `" SLICE_FMT "`: `tenant: none` opens rows of all tenants: name a role by `%s:`",
                 SLICE_ARG(config->path), query->changes ? "write" : "read");
    else if (!config->of_all && tenant)
        complain(complaints, query->sql->at,
                 "query `" SLICE_FMT "`: rows of `" SLICE_FMT
                 "` are tenants', and it does not bind `:tenant`: compare `" SLICE_FMT
                 "` with it, or say `tenant: none` in the head",
                 SLICE_ARG(config->path), SLICE_ARG(table->name), SLICE_ARG(tenant->name));
    else if (!config->of_all)
        complain(
            complaints, query->sql->at,
            "query `" SLICE_FMT
            "`: the database does not tell what it reads: bind `:tenant`, or say `tenant: none` in the head",
            SLICE_ARG(config->path));
}

/* --- what a role sees --- */

static bool is_shown(const struct resource *resource, const struct column *column)
{
    for (unsigned i = 0; i < resource->column_count; i++)
        if (resource->columns[i] == column)
            return true;
    return false;
}

static void keep_shown(const struct resolver *r, struct resource *resource)
{
    const struct column **select = ARENA_ARRAY(r->arena, const struct column *, resource->select_count + 1);
    struct order_term *order = ARENA_ARRAY(r->arena, struct order_term, resource->order_count + 1);
    struct resource_any *any = ARENA_ARRAY(r->arena, struct resource_any, resource->any_count + 1);
    unsigned selected = 0, ordered = 0, words = 0;
    for (unsigned i = 0; i < resource->select_count; i++)
        if (is_shown(resource, resource->select[i]))
            select[selected++] = resource->select[i];
    for (unsigned i = 0; i < resource->order_count; i++)
        if (is_shown(resource, resource->order[i].column))
            order[ordered++] = resource->order[i];
    for (unsigned i = 0; i < resource->any_count; i++)
        if (is_shown(resource, resource->any[i].column))
            any[words++] = resource->any[i];
    resource->select = select;
    resource->select_count = selected;
    resource->order = order;
    resource->order_count = ordered;
    resource->any = any;
    resource->any_count = words;
}

/* A role sees what is said of it and of those whose rights it has. */
static struct resource *see(const struct resolver *r, const struct resource *resource, unsigned rights)
{
    const struct config_resource *config = resource->config;
    const struct table *table = resource->table;
    bool *all = ARENA_ARRAY(r->arena, bool, table->column_count + 1);
    struct resource *seen = ARENA_NEW(r->arena, struct resource);
    for (unsigned i = 0; i < config->columns_of_count; i++) {
        bool *some = ARENA_ARRAY(r->arena, bool, table->column_count + 1);
        if (config->columns_of[i].role & rights)
            resolve_marks(r, config, table, &config->columns_of[i].names, some);
        for (unsigned at = 0; at < table->column_count; at++)
            all[at] |= some[at];
    }
    *seen = *resource;
    seen->columns = ARENA_ARRAY(r->arena, const struct column *, table->column_count + 1);
    seen->column_count = 0;
    for (unsigned i = 0; i < table->column_count; i++)
        if (all[i])
            seen->columns[seen->column_count++] = &table->columns[i];
    keep_shown(r, seen);
    return seen;
}

static void see_as_all(const struct resolver *r, const struct config_auth *auth, struct resource *resource)
{
    const struct config_resource *config = resource->config;
    struct resource **seen = ARENA_ARRAY(r->arena, struct resource *, auth->role_count + 1);
    resource->seen = seen;
    for (unsigned i = 0; i <= auth->role_count; i++) {
        unsigned rights = i ? auth->roles[i - 1].rights : ROLE_ANONYMOUS;
        seen[i] = see(r, resource, rights);
        if (seen[i]->column_count == 0 && ((config->read | config->write) & rights))
            complain(r->complaints, config->columns.at,
                     "`columns`: `" SLICE_FMT "` may read or write `" SLICE_FMT
                     "`, and no column is shown to it: add it, or a role before it",
                     SLICE_ARG(config_role_name(auth, ROLE_ANONYMOUS << i)), SLICE_ARG(config->name.text));
    }
}

void resolve_by_role(const struct resolver *r, struct model *model)
{
    for (unsigned i = 0; i < model->resource_count; i++)
        if (model->resources[i].config->columns_of_count > 0)
            see_as_all(r, &model->config->auth, &model->resources[i]);
}

const struct resource *resource_seen(const struct resource *resource, unsigned role)
{
    PRE(resource && role);
    bool one = (role & (role - 1)) == 0;
    return resource->seen && one ? resource->seen[__builtin_ctz(role)] : resource;
}
