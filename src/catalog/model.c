/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration × catalogue → model. See model.h.
 *
 * Failure: complaints; all resources and queries are looked at, so that one run shows every mistake. */
#include "catalog/model.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "catalog/caller.h"
#include "catalog/param_type.h"
#include "catalog/relate.h"
#include "catalog/resolve.h"

enum { MODEL_MAGIC = 0x30de1001, TEXT_BYTES_MAX = 4 * 1024 * 1024 };

static struct columns_known known_of(const struct resource *resource)
{
    return (struct columns_known){.owner = resource->config->name.text,
                                  .columns = resource->columns,
                                  .count = resource->column_count,
                                  .table = resource->table};
}

/* The declared key may be hidden; the catalogue's likewise. */
static void resolve_key(const struct resolver *r, struct resource *resource)
{
    const struct config_resource *config = resource->config;
    const struct table *table = resource->table;
    if (config->key.text.data) {
        struct columns_known known = resolve_known(r, config, table);
        resource->key_count = resolve_names(r, &known, &config->key, "key", &resource->key);
    } else {
        resource->key = ARENA_ARRAY(r->arena, const struct column *, table->key_count + 1);
        resource->key_count = table->key_count;
        for (unsigned i = 0; i < table->key_count; i++)
            resource->key[i] = &table->columns[table->key[i]];
    }
    if (resource->key_count > KEY_COLUMNS_MAX)
        complain(r->complaints, config->at, "`" SLICE_FMT "`: a key has at most %d columns",
                 SLICE_ARG(config->name.text), KEY_COLUMNS_MAX);
    if (resource->key_count == 0)
        complain_softly(r->complaints, config->at,
                        "`" SLICE_FMT "` has no primary key, so no /" SLICE_FMT
                        "/{id} and no cursors: name unique columns by `key:`",
                        SLICE_ARG(config->name.text), SLICE_ARG(config->name.text));
}

static void resolve_select(const struct resolver *r, struct resource *resource)
{
    struct columns_known known = known_of(resource);
    struct word all = {.text = SLICE("*")};
    const struct word *select = &resource->config->select;
    resource->select_is_text = !names_are_plain(select->text);
    if (!select->text.data || resource->select_is_text)
        select = &all;
    resource->select_count = resolve_names(r, &known, select, "select", &resource->select);
}

static void resolve_any(const struct resolver *r, struct resource *resource)
{
    const struct config_resource *config = resource->config;
    struct columns_known known = known_of(resource);
    resource->any = ARENA_ARRAY(r->arena, struct resource_any, config->any_count + 1);
    for (unsigned i = 0; i < config->any_count; i++) {
        const struct column *column = resolve_column(r, &known, config->any[i].at, config->any[i].column);
        if (column)
            resource->any[resource->any_count++] =
                (struct resource_any){.column = column, .word = config->any[i].word};
    }
}

static void resolve_resource(const struct resolver *r, const struct config_resource *config,
                             struct resource *resource)
{
    resource->config = config;
    resource->table = resolve_table(r, config);
    if (!resource->table)
        return;
    resolve_exposed(r, config, resource);
    resolve_key(r, resource);
    resolve_select(r, resource);
    resolve_any(r, resource);
    resolve_writes(r, resource);
    struct columns_known known = known_of(resource);
    resource->order_is_text = !names_are_plain(config->order.text);
    if (config->order.text.data && !resource->order_is_text)
        resource->order_count = resolve_order(r, &known, &config->order, &resource->order);
}

static void check_table_is_not_own(const struct resolver *r, const struct config *config,
                                   const struct resource *resource)
{
    if (resource->table && table_is_own(config, resource->table))
        complain(r->complaints, resource->config->table.at,
                 "`" SLICE_FMT
                 "` is a table of Leat's own (`idempotency.table`, or one of identity): it cannot be served",
                 SLICE_ARG(resource->table->name));
}

/* --- named queries --- */

/* The statement with its parameters in the database's own form. */
static struct slice query_text(const struct resolver *r, const struct named_query *query)
{
    PRE(query->sql && query->sql->pieces);
    const struct config_sql *sql = query->sql;
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    for (unsigned i = 0; i < sql->count; i++) {
        const struct type *type = &query->params[sql->params[i]].type;
        buf_add(&text, sql->pieces[i]);
        if (r->catalog->dialect == DIALECT_PG)
            buf_format(&text, "$%u::" SLICE_FMT, sql->params[i] + 1, SLICE_ARG(type->name));
        else
            buf_format(&text, "?%u", sql->params[i] + 1);
    }
    buf_add(&text, sql->pieces[sql->count]);
    struct slice copy = text.failed ? SLICE("") : arena_copy(r->arena, buf_slice(&text));
    if (text.failed)
        complain(r->complaints, sql->at, "the statement is too long");
    buf_done(&text);
    return copy;
}

static const struct config_sql *query_file(const struct config_query *query, enum dialect dialect)
{
    const struct config_sql *own = dialect == DIALECT_PG ? &query->pg : &query->sqlite;
    return own->pieces ? own : &query->any;
}

/* Another file of the query, for the other store, may be the one that uses it. */
static bool is_used(const struct config_sql *sql, unsigned param)
{
    for (unsigned i = 0; i < sql->count; i++)
        if (sql->params[i] == param)
            return true;
    return false;
}

/* What it binds of the caller. */
static void resolve_of_caller(const struct resolver *r, const struct model *model, struct named_query *query,
                              struct query_param *param)
{
    static const unsigned uses[] = {[PARAM_CLIENT] = 0,
                                    [PARAM_USER] = CALLER_USER,
                                    [PARAM_TENANT] = CALLER_TENANT,
                                    [PARAM_ROLE] = CALLER_ROLE};
    query->uses |= uses[param->config->from];
    if (param->config->from == PARAM_TENANT)
        resolve_tenant_type(r, model, query, &param->type);
}

/* False: the query is not for this store. */
static bool resolve_query(const struct resolver *r, const struct model *model,
                          const struct config_query *config, struct named_query *query)
{
    enum dialect dialect = r->catalog->dialect;
    *query = (struct named_query){.config = config,
                                  .sql = query_file(config, dialect),
                                  .changes = config->changes,
                                  .param_count = config->param_count};
    if (!query->sql->pieces) {
        complain_softly(r->complaints, config->at,
                        "`" SLICE_FMT "` is not served: there is no file of it for %s",
                        SLICE_ARG(config->path), dialect == DIALECT_PG ? "PostgreSQL" : "SQLite");
        return false;
    }
    if (dialect == DIALECT_SQLITE && query->sql->foreign.line)
        complain(
            r->complaints, query->sql->foreign,
            "SQLite takes this for a parameter of its own: parameters are declared, and written `:name`");
    query->params = ARENA_ARRAY(r->arena, struct query_param, config->param_count + 1);
    for (unsigned i = 0; i < config->param_count; i++) {
        query->params[i].config = &config->params[i];
        bool found = param_type_find(dialect, config->params[i].type, &query->params[i].type);
        PRE(found); /* config/query_params.c knows the same words */
        if (is_used(query->sql, i))
            resolve_of_caller(r, model, query, &query->params[i]);
    }
    query->text = query_text(r, query);
    query->changed = resolve_tables(r, &config->changed);
    return true;
}

static bool is_named_before(const struct named_query *query, unsigned at)
{
    for (unsigned i = 0; i < at; i++)
        if (slice_eq(query->columns[i].name, query->columns[at].name))
            return true;
    return false;
}

static void check_columns(const struct named_query *query, struct complaints *complaints)
{
    struct place at = query->sql->at;
    struct slice path = query->config->path;
    bool one = query->config->returns == RETURNS_VALUE;
    if (query->changes && query->config->order.text.data)
        complain(complaints, query->config->order.at,
                 "query `" SLICE_FMT
                 "`: it changes something, and what it answers has no pages: take `order` out",
                 SLICE_ARG(path));
    if (query->changes && query->config->returns == RETURNS_ROW && query->column_count == 0)
        complain(complaints, at, "query `" SLICE_FMT "`: `returns: row` wants columns: add RETURNING",
                 SLICE_ARG(path));
    if (one && query->column_count != 1)
        complain(complaints, at, "query `" SLICE_FMT "`: `returns: value` wants one column, it answers %u",
                 SLICE_ARG(path), query->column_count);
    for (unsigned i = 0; i < query->column_count && !one; i++) {
        struct slice name = query->columns[i].name;
        if (slice_eq(name, SLICE("?column?"))) /* PostgreSQL's for none */
            complain(complaints, at, "query `" SLICE_FMT "`: column %u has no name: give it one with AS",
                     SLICE_ARG(path), i + 1);
        else if (is_named_before(query, i))
            complain(complaints, at,
                     "query `" SLICE_FMT "`: two columns are named `" SLICE_FMT "`: rename one with AS",
                     SLICE_ARG(path), SLICE_ARG(name));
    }
}

/* What functions read the database does not tell. */
static void note_told_tables(const struct resolver *r, struct named_query *query)
{
    const struct tables_told tables = resolve_tables(r, &query->config->tables);
    for (unsigned i = 0; i < tables.count; i++)
        named_query_note(r->arena, query, tables.items[i]);
    query->tables_known |= tables.told;
    query->tables_untold &= !tables.told;
}

enum error model_settle_queries(struct model *model, struct complaints *complaints)
{
    CHECK_MAGIC(model, MODEL_MAGIC);
    struct resolver r = {.arena = &model->arena, .catalog = model->catalog, .complaints = complaints};
    unsigned before = complaints_errors(complaints);
    for (unsigned i = 0; i < model->query_count; i++) {
        struct named_query *query = &model->queries[i];
        check_columns(query, complaints);
        check_query_tenant(model, query, complaints);
        note_told_tables(&r, query);
        if (!query->config->order.text.data || query->changes)
            continue;
        const struct column **columns = ARENA_ARRAY(r.arena, const struct column *, query->column_count + 1);
        for (unsigned j = 0; j < query->column_count; j++)
            columns[j] = &query->columns[j];
        struct columns_known known = {.owner = query->config->path,
                                      .columns = columns,
                                      .count = query->column_count};
        query->order_count = resolve_order(&r, &known, &query->config->order, &query->order);
    }
    return complaints_errors(complaints) > before ? ERR_INVALID : OK;
}

/* --- the model itself --- */

static struct model *model_new(struct config *config, struct catalog *catalog)
{
    struct model *model = mem_must(sizeof *model);
    arena_init(&model->arena, 64 * 1024);
    model->magic = MODEL_MAGIC;
    model->refs = 1;
    model->number = (uint64_t)clock_mono().us; /* no two are made in the same microsecond */
    model->config = config;
    model->catalog = catalog;
    model->resources = ARENA_ARRAY(&model->arena, struct resource, config->resource_count + 1);
    model->queries = ARENA_ARRAY(&model->arena, struct named_query, config->query_count + 1);
    return model;
}

/* Without the configuration and the catalogue. */
static void model_free_shell(struct model *model)
{
    model->magic = 0;
    arena_done(&model->arena);
    mem_free(model);
}

static void resolve_upstreams(const struct resolver *r, struct model *model)
{
    const struct config *config = model->config;
    model->upstream_tables = ARENA_ARRAY(r->arena, struct tables_told, config->upstream_count + 1);
    for (unsigned i = 0; i < config->upstream_count; i++)
        model->upstream_tables[i] = resolve_tables(r, &config->upstreams[i].tables);
}

/* Of several resources of a table what any of them says. */
static void resolve_followed(const struct resolver *r, struct model *model)
{
    model->followed = ARENA_ARRAY(r->arena, struct tables_told, r->catalog->table_count + 1);
    for (unsigned i = 0; i < model->resource_count; i++) {
        const struct resource *resource = &model->resources[i];
        if (resource->table && resource->config->changes.told)
            model->followed[resource->table - r->catalog->tables] =
                resolve_tables(r, &resource->config->changes);
    }
}

enum error model_build(struct config *config, struct catalog *catalog, struct complaints *complaints,
                       struct model **ret_model)
{
    PRE(config && catalog && complaints && ret_model);
    struct model *model = model_new(config, catalog);
    struct resolver r = {.arena = &model->arena, .catalog = catalog, .complaints = complaints};
    unsigned before = complaints_errors(complaints);
    for (unsigned i = 0; i < config->resource_count; i++) {
        struct resource *resource = &model->resources[model->resource_count];
        resource->index = model->resource_count++;
        resolve_resource(&r, &config->resources[i], resource);
        resolve_tenant(&r, config, resource);
        check_table_is_not_own(&r, config, resource);
    }
    resolve_tenants(&r, model);
    resolve_acting(&r, config);
    resolve_locals(&r, model);
    resolve_signals(&r, model);
    if (complaints_errors(complaints) == before) {
        relate_resources(model);
        resolve_by_role(&r, model);
    }
    resolve_rpcs(&r, model);
    resolve_upstreams(&r, model);
    resolve_followed(&r, model);
    for (unsigned i = 0; i < config->query_count; i++) {
        struct named_query *query = &model->queries[model->query_count];
        if (!resolve_query(&r, model, &config->queries[i], query))
            continue;
        query->index = model->query_count++;
    }
    complaints_sort(complaints);
    if (complaints_errors(complaints) > before) {
        model_free_shell(model);
        return ERR_INVALID;
    }
    *ret_model = model;
    return OK;
}

struct model *model_ref(const struct model *model)
{
    CHECK_MAGIC(model, MODEL_MAGIC);
    struct model *shared = (struct model *)model;
    unsigned before = __atomic_fetch_add(&shared->refs, 1, __ATOMIC_RELAXED);
    PRE(before > 0);
    return shared;
}

void model_unref(const struct model *model)
{
    if (!model)
        return;
    CHECK_MAGIC(model, MODEL_MAGIC);
    struct model *shared = (struct model *)model;
    unsigned before = __atomic_fetch_sub(&shared->refs, 1, __ATOMIC_ACQ_REL);
    PRE(before > 0);
    if (before > 1)
        return;
    config_free((struct config *)shared->config);
    catalog_free((struct catalog *)shared->catalog);
    model_free_shell(shared);
}

const struct column *resource_column(const struct resource *resource, struct slice name)
{
    PRE(resource);
    for (unsigned i = 0; i < resource->column_count; i++)
        if (slice_eq(resource->columns[i]->name, name))
            return resource->columns[i];
    return NULL;
}
