/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas by name, and what is told of those that are not there, in PostgREST's words. See schemas.h. */
#include "route/schemas.h"

bool schemas_have(const struct schemas *schemas, struct slice name)
{
    for (unsigned i = 0; i < schemas->count; i++)
        if (slice_eq(schemas->names[i], name))
            return true;
    return false;
}

static void add(struct schemas *schemas, struct slice name)
{
    if (!schemas_have(schemas, name))
        schemas->names[schemas->count++] = name;
}

void schemas_gather(struct schemas *schemas, const struct model *model, struct arena *arena)
{
    unsigned most = model->resource_count + model->rpc_count;
    *schemas = (struct schemas){.model = model, .names = ARENA_ARRAY(arena, struct slice, most + 1)};
    for (unsigned i = 0; i < model->resource_count; i++)
        if (resource_is_served(&model->resources[i]))
            add(schemas, model->resources[i].table->schema);
    for (unsigned i = 0; i < model->rpc_count; i++)
        if (model->rpcs[i].config->call != ROLES_NONE)
            add(schemas, model->rpcs[i].overloads[0]->schema);
    POST(schemas->count <= most);
}

struct slice schemas_asked(const struct schemas *schemas, const struct http_head *head, bool writing)
{
    struct slice name = http_head_get(head, writing ? HTTP_CONTENT_PROFILE : HTTP_ACCEPT_PROFILE);
    bool of_sqlite = schemas->model->catalog->dialect == DIALECT_SQLITE;
    return of_sqlite && slice_eq(name, SLICE("public")) ? SLICE("main") : name;
}

const struct resource *schemas_find(const struct schemas *schemas, struct slice schema, struct slice name)
{
    const struct model *model = schemas->model;
    const struct resource *by_table = NULL;
    for (unsigned i = 0; i < model->resource_count; i++) {
        const struct resource *resource = &model->resources[i];
        if (!resource_is_served(resource) || !slice_eq(resource->table->schema, schema))
            continue;
        if (slice_eq(resource->config->name.text, name))
            return resource;
        if (!by_table && slice_eq(resource->table->name, name))
            by_table = resource;
    }
    return by_table;
}

static struct slice shorten(struct slice value)
{
    return slice_of(value.data, value.len < PROBLEM_VALUE_MAX ? value.len : PROBLEM_VALUE_MAX);
}

enum error schemas_refuse(const struct schemas *schemas, struct slice schema, bool writing,
                          struct arena *arena, struct problem *ret_problem)
{
    struct slice list = SLICE("");
    for (unsigned i = 0; i < schemas->count; i++)
        list = arena_format(arena, SLICE_FMT "%s" SLICE_FMT, SLICE_ARG(list), i ? ", " : "",
                            SLICE_ARG(schemas->names[i]));
    *ret_problem =
        (struct problem){.status = 406,
                         .code = SLICE("unknown-schema"),
                         .pg_code = SLICE("PGRST106"),
                         .detail = arena_format(arena, "The schema must be one of the following: " SLICE_FMT,
                                                SLICE_ARG(list)),
                         .place = writing ? SLICE("Content-Profile") : SLICE("Accept-Profile"),
                         .value = arena_copy(arena, shorten(schema))};
    return ERR_PROBLEM;
}

enum error schemas_refuse_path(struct slice schema, struct slice path, struct arena *arena,
                               struct problem *ret_problem)
{
    *ret_problem = (struct problem){.status = 404,
                                    .code = SLICE("unknown-path"),
                                    .pg_code = SLICE("PGRST205"),
                                    .detail = arena_format(arena,
                                                           "Nothing of the schema `" SLICE_FMT
                                                           "` is served at `" SLICE_FMT "`.",
                                                           SLICE_ARG(schema), SLICE_ARG(shorten(path))),
                                    .place = SLICE("path"),
                                    .value = arena_copy(arena, shorten(path))};
    return ERR_PROBLEM;
}
