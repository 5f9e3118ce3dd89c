/* SPDX-License-Identifier: Apache-2.0 */
/* `functions:` resolved against the catalogue: each name and all of its overloads. See resolve.h. Failure: complaints. */
#include "base/check.h"
#include "base/nearest.h"
#include "catalog/resolve.h"

/* "search", or "audit.search" where the schema does not go without saying. */
static struct slice called(const struct resolver *r, const struct function *function)
{
    if (slice_eq(function->schema, SLICE("public")))
        return function->name;
    return arena_format(r->arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(function->schema),
                        SLICE_ARG(function->name));
}

static bool is_of(const struct function *function, struct slice schema, struct slice name)
{
    return slice_eq(function->name, name) && slice_eq(function->schema, schema);
}

/* The schema that is meant by a name without one: public, or the only one that has it. data NULL: none; *ret_many: several. */
static struct slice schema_of(const struct catalog *catalog, struct slice name, bool *ret_many)
{
    struct slice schema = {0};
    *ret_many = false;
    for (unsigned i = 0; i < catalog->function_count; i++) {
        const struct function *function = &catalog->functions[i];
        if (!slice_eq(function->name, name) || (schema.data && slice_eq(function->schema, schema)))
            continue;
        if (slice_eq(function->schema, SLICE("public"))) {
            *ret_many = false;
            return function->schema;
        }
        *ret_many = schema.data != NULL;
        schema = function->schema;
    }
    return schema;
}

static void complain_unknown(const struct resolver *r, const struct word *name)
{
    struct nearest nearest = nearest_begin(name->text);
    for (unsigned i = 0; i < r->catalog->function_count; i++)
        nearest_offer(&nearest, called(r, &r->catalog->functions[i]));
    if (nearest.best.data)
        complain(r->complaints, name->at,
                 "the database has no function `" SLICE_FMT "` to be called: did you mean `" SLICE_FMT "`?",
                 SLICE_ARG(name->text), SLICE_ARG(nearest.best));
    else
        complain(r->complaints, name->at,
                 "the database has no function `" SLICE_FMT
                 "` to be called: procedures, triggers, and what the role may not execute are none",
                 SLICE_ARG(name->text));
}

/* A name with a dot in it may be a name, or a schema and a name. */
static bool find(const struct resolver *r, const struct word *word, struct slice *ret_schema,
                 struct slice *ret_name)
{
    bool many;
    size_t dot = slice_find(word->text, '.');
    *ret_name = word->text;
    *ret_schema = schema_of(r->catalog, word->text, &many);
    if (many) {
        complain(r->complaints, word->at,
                 "several schemas have a function `" SLICE_FMT "`: write `schema." SLICE_FMT "`",
                 SLICE_ARG(word->text), SLICE_ARG(word->text));
        return false;
    }
    if (!ret_schema->data && dot < word->text.len) {
        *ret_schema = slice_of(word->text.data, dot);
        *ret_name = slice_skip(word->text, dot + 1);
    }
    for (unsigned i = 0; ret_schema->data && i < r->catalog->function_count; i++)
        if (is_of(&r->catalog->functions[i], *ret_schema, *ret_name))
            return true;
    complain_unknown(r, word);
    return false;
}

/* The first resource of the table whose rows all overloads return. */
static const struct resource *resource_of(const struct model *model, const struct rpc *rpc)
{
    const struct table *table = rpc->overloads[0]->row_table;
    for (unsigned i = 1; i < rpc->overload_count; i++)
        if (rpc->overloads[i]->row_table != table)
            return NULL;
    for (unsigned i = 0; table && i < model->resource_count; i++)
        if (model->resources[i].table == table)
            return &model->resources[i];
    return NULL;
}

static void resolve_rpc(const struct resolver *r, struct model *model, const struct config_function *config)
{
    struct slice schema, name;
    if (!find(r, &config->function, &schema, &name))
        return;
    struct rpc *rpc = &model->rpcs[model->rpc_count];
    *rpc = (struct rpc){.config = config, .index = model->rpc_count++};
    rpc->overloads = ARENA_ARRAY(r->arena, const struct function *, r->catalog->function_count);
    for (unsigned i = 0; i < r->catalog->function_count; i++)
        if (is_of(&r->catalog->functions[i], schema, name))
            rpc->overloads[rpc->overload_count++] = &r->catalog->functions[i];
    POST(rpc->overload_count > 0);
    rpc->resource = resource_of(model, rpc);
}

void resolve_rpcs(const struct resolver *r, struct model *model)
{
    const struct config *config = model->config;
    model->rpcs = ARENA_ARRAY(r->arena, struct rpc, config->function_count + 1);
    if (r->catalog->dialect == DIALECT_SQLITE && config->function_count) {
        complain(r->complaints, config->functions[0].at,
                 "`functions`: only PostgreSQL has functions: take it out, or write a query");
        return;
    }
    for (unsigned i = 0; i < config->function_count; i++)
        resolve_rpc(r, model, &config->functions[i]);
}
