/* SPDX-License-Identifier: Apache-2.0 */
/* The document as a whole: what stands in it for every model (the .json files beside this one), and around it what follows from
 * this model. See openapi.h. */
#include "openapi/openapi.h"

#include "openapi/doc.h"
#include "openapi/fixed.h"

static void tag(struct doc *doc, struct slice name, struct slice description)
{
    doc_open(doc, NULL, '{');
    doc_text(doc, "name", name);
    if (description.len)
        doc_text(doc, "description", description);
    doc_close(doc, '}');
}

static bool may_ask(const struct doc *doc, const struct named_query *query)
{
    return ((query->changes ? query->config->write : query->config->read) & doc->roles) != 0;
}

static bool may_call(const struct doc *doc, const struct rpc *rpc)
{
    return (rpc->config->call & doc->roles) != 0;
}

static bool may_raise(const struct doc *doc, const struct config_signal *signal)
{
    return (signal->raise & doc->roles) != 0;
}

static void note_schema(struct doc *doc, struct slice *first, struct slice schema)
{
    if (!first->data)
        *first = schema;
    doc->several_schemas = doc->several_schemas || !slice_eq(*first, schema);
}

/* As the caller sees it: its own role is the last of those whose rights it has. */
static const struct resource *resource_at(const struct doc *doc, unsigned at)
{
    PRE(doc->roles);
    unsigned role = doc->roles == ROLES_ALL ? ROLES_ALL : 1u << (31 - __builtin_clz(doc->roles));
    return resource_seen(&doc->model->resources[at], role);
}

static void read_schemas(struct doc *doc)
{
    const struct model *model = doc->model;
    struct slice first = {NULL, 0};
    for (unsigned i = 0; i < model->resource_count; i++)
        if (doc_may_see(doc, &model->resources[i]))
            note_schema(doc, &first, model->resources[i].table->schema);
    for (unsigned i = 0; i < model->rpc_count; i++)
        if (may_call(doc, &model->rpcs[i]))
            note_schema(doc, &first, model->rpcs[i].overloads[0]->schema);
}

static void write_tags(struct doc *doc)
{
    const struct model *model = doc->model;
    doc_open(doc, "tags", '[');
    for (unsigned i = 0; i < model->resource_count; i++)
        if (doc_may_see(doc, &model->resources[i]))
            tag(doc, model->resources[i].config->name.text, model->resources[i].table->comment);
    if (model->query_count)
        tag(doc, SLICE("queries"), SLICE("Named queries."));
    if (model->rpc_count)
        tag(doc, SLICE("functions"), SLICE("Functions of the database."));
    for (unsigned i = 0; i < model->config->upstream_count; i++)
        if (upstream_may_see(doc, &model->config->upstreams[i])) {
            tag(doc, SLICE("services"), SLICE("What other services answer."));
            break;
        }
    for (unsigned i = 0; i < model->config->cache.signal_count; i++)
        if (may_raise(doc, &model->config->cache.signals[i])) {
            tag(doc, SLICE("signals"), SLICE("Events that have a name."));
            break;
        }
    if (model->config->batch_requests_max > 0)
        tag(doc, SLICE("batch"), SLICE("Several requests in one."));
    if (config_auth_is_on(&model->config->auth))
        tag(doc, SLICE("auth"), SLICE("Who asks."));
    doc_close(doc, ']');
}

static bool has_batch(const struct doc *doc, const struct serve_prefix *serve)
{
    return serve->manner == MANNER_PLAIN && doc->model->config->batch_requests_max > 0;
}

static void batch_path(struct doc *doc, const struct doc_prefix *prefix)
{
    doc_open_name(doc, arena_format(&doc->arena, SLICE_FMT "/batch", SLICE_ARG(prefix->serve->prefix)), '{');
    operation_begin(doc, prefix, "post", "run", SLICE("batch"), SLICE("batch"));
    doc_members(doc, openapi_batch);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void signal_path(struct doc *doc, const struct doc_prefix *prefix, struct slice name)
{
    doc_open_name(doc,
                  arena_format(&doc->arena, SLICE_FMT "/v1/signals/" SLICE_FMT,
                               SLICE_ARG(prefix->serve->prefix), SLICE_ARG(name)),
                  '{');
    operation_begin(doc, prefix, "post", "raise", name, SLICE("signals"));
    doc_members(doc, openapi_signal);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void signal_paths(struct doc *doc, const struct doc_prefix *prefix)
{
    const struct config_cache *cache = &doc->model->config->cache;
    for (unsigned i = 0; prefix->serve->manner == MANNER_PLAIN && i < cache->signal_count; i++)
        if (may_raise(doc, &cache->signals[i]))
            signal_path(doc, prefix, cache->signals[i].name.text);
}

static void write_paths_below(struct doc *doc, const struct doc_prefix *prefix)
{
    const struct model *model = doc->model;
    for (unsigned i = 0; i < model->resource_count; i++)
        if (doc_may_see(doc, &model->resources[i]))
            resource_paths(doc, prefix, resource_at(doc, i));
    for (unsigned i = 0; i < model->query_count; i++)
        if (may_ask(doc, &model->queries[i]))
            query_path(doc, prefix, &model->queries[i]);
    for (unsigned i = 0; i < model->rpc_count; i++)
        if (may_call(doc, &model->rpcs[i]))
            rpc_path(doc, prefix, &model->rpcs[i]);
    signal_paths(doc, prefix);
    if (has_batch(doc, prefix->serve))
        batch_path(doc, prefix);
    if (config_auth_is_on(&model->config->auth))
        login_paths(doc, prefix);
}

static void write_paths(struct doc *doc)
{
    const struct config *config = doc->model->config;
    doc_open(doc, "paths", '{');
    for (unsigned i = 0; i < config->serve_count; i++) {
        struct doc_prefix prefix = {&config->serve[i], i == 0};
        write_paths_below(doc, &prefix);
    }
    for (unsigned i = 0; i < config->upstream_count; i++)
        if (upstream_may_see(doc, &config->upstreams[i]))
            upstream_path(doc, &config->upstreams[i]);
    doc_close(doc, '}');
}

static void write_manners(struct doc *doc)
{
    const struct config *config = doc->model->config;
    doc_open(doc, "x-manners", '{');
    for (unsigned i = 0; i < config->serve_count; i++) {
        bool postgrest = config->serve[i].manner == MANNER_POSTGREST;
        const char *prefix = arena_copy(&doc->arena, config->serve[i].prefix).data;
        doc_text(doc, prefix, postgrest ? SLICE("postgrest") : SLICE("plain"));
    }
    doc_close(doc, '}');
}

static void write_components(struct doc *doc)
{
    const struct model *model = doc->model;
    doc_open(doc, "components", '{');
    if (config_auth_is_on(&model->config->auth))
        login_security(doc);
    doc_raw(doc, "headers", openapi_headers);
    doc_open(doc, "responses", '{');
    doc_members(doc, openapi_responses);
    for (unsigned i = 0; i < model->resource_count; i++)
        if (doc_may_see(doc, &model->resources[i]))
            resource_responses(doc, resource_at(doc, i));
    doc_close(doc, '}');
    doc_open(doc, "parameters", '{');
    doc_members(doc, openapi_parameters);
    for (unsigned i = 0; i < model->resource_count; i++)
        if (doc_may_see(doc, &model->resources[i]))
            resource_parameters(doc, resource_at(doc, i));
    doc_close(doc, '}');
    doc_open(doc, "schemas", '{');
    doc_members(doc, openapi_schemas);
    filter_schemas(doc);
    for (unsigned i = 0; i < model->resource_count; i++)
        if (doc_may_see(doc, &model->resources[i]))
            resource_schemas(doc, resource_at(doc, i));
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void read_checks(struct doc *doc)
{
    const struct model *model = doc->model;
    doc->bounds = ARENA_ARRAY(&doc->arena, struct bounds *, model->resource_count + 1);
    for (unsigned i = 0; i < model->resource_count; i++)
        doc->bounds[i] = checks_read(&doc->arena, model->resources[i].table);
}

void openapi_write(const struct model *model, unsigned roles, struct buf *out)
{
    PRE(model && model->config);
    struct doc doc = {.out = out, .model = model, .roles = roles};
    arena_init(&doc.arena, 64 * 1024);
    read_checks(&doc);
    read_schemas(&doc);
    doc_open(&doc, NULL, '{');
    doc_text(&doc, "openapi", SLICE("3.1.0"));
    doc_raw(&doc, "info", openapi_info);
    write_manners(&doc);
    if (config_auth_is_on(&model->config->auth))
        doc_raw(&doc, "security", SLICE("[{},{\"credential\":[]}]")); /* where a role is needed it says 401 */
    write_tags(&doc);
    write_paths(&doc);
    write_components(&doc);
    doc_close(&doc, '}');
    arena_done(&doc.arena);
}
