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

/* --- whose they are --- */

/* The overload as clients see it: without the argument that is filled in. NULL and a complaint: it has none, or none that can be. */
static const struct function *without(const struct resolver *r, const struct word *name,
                                      const struct function *function)
{
    struct function *copy = ARENA_NEW(r->arena, struct function);
    *copy = *function;
    copy->args = ARENA_ARRAY(r->arena, struct function_arg, function->arg_count + 1);
    copy->arg_count = 0;
    for (unsigned i = 0; i < function->arg_count; i++) {
        const struct function_arg *arg = &function->args[i];
        if (slice_eq(arg->name, name->text))
            copy->tenant = arg;
        else
            copy->args[copy->arg_count++] = *arg;
    }
    enum value_kind kind = copy->tenant ? copy->tenant->type.kind : VALUE_OTHER;
    if (kind == VALUE_INT || kind == VALUE_UUID || kind == VALUE_TEXT)
        return copy;
    complain(r->complaints, name->at,
             "`tenant`: function `" SLICE_FMT "` has no argument `" SLICE_FMT
             "` of integers, UUIDs or texts (each of that name must)",
             SLICE_ARG(called(r, function)), SLICE_ARG(name->text));
    return NULL;
}

static bool reads_nothing(const struct rpc *rpc)
{
    for (unsigned i = 0; i < rpc->overload_count; i++)
        if (rpc->overloads[i]->volatility != FUNCTION_IMMUTABLE)
            return false;
    return true;
}

/* What a function reads and writes nobody tells: it is bound, or says that it is of no tenant. */
static void check_unbound(const struct resolver *r, const struct model *model, const struct rpc *rpc)
{
    const struct config_function *config = rpc->config;
    const struct slice *name = &config->name.text;
    if (config->call == ROLES_NONE || !has_tenants(model) || reads_nothing(rpc))
        return;
    if (!config->tenant.text.data)
        complain(
            r->complaints, config->at,
            "function `" SLICE_FMT
            "`: the database does not tell what it reads: name the argument that is the caller's tenant by "
            "`tenant:`, or say `tenant: none`",
            SLICE_ARG(*name));
    else if (config->call & ROLE_ANONYMOUS)
        complain(r->complaints, config->tenant.at,
                 "function `" SLICE_FMT "`: `tenant: none` opens rows of all tenants: name a role by `call:`",
                 SLICE_ARG(*name));
}

static void bind_tenant(const struct resolver *r, const struct model *model, struct rpc *rpc)
{
    const struct word *name = &rpc->config->tenant;
    if (!name->text.data || slice_eq(name->text, SLICE("none"))) {
        check_unbound(r, model, rpc);
        return;
    }
    for (unsigned i = 0; i < rpc->overload_count; i++) {
        const struct function *bound = without(r, name, rpc->overloads[i]);
        if (!bound)
            return;
        rpc->overloads[i] = bound;
    }
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
    bind_tenant(r, model, rpc);
    rpc->resource = resource_of(model, rpc);
    rpc->changed = resolve_tables(r, &config->changes);
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
