/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas of a model: PostgREST's clients choose one by `Accept-Profile` or, of writes, by `Content-Profile`.
 * Pure; read-only once gathered: any thread. What it points to is the model's. */
#ifndef LEAT_ROUTE_SCHEMAS_H
#define LEAT_ROUTE_SCHEMAS_H

#include "base/problem.h"
#include "catalog/model.h"
#include "http/head.h"

struct schemas {
    const struct model *model;
    struct slice *names; /* of what is served: in the order of resources, then of functions */
    unsigned count;
};

void schemas_gather(struct schemas *schemas, const struct model *model, struct arena *arena);

bool schemas_have(const struct schemas *schemas, struct slice name);

/* The one that a request names; data NULL: none. SQLite has but one, `main`: it goes by PostgreSQL's `public`, too, for there are
 * clients that say so in every request. */
struct slice schemas_asked(const struct schemas *schemas, const struct http_head *head, bool writing);

/* What is served of a schema under that name: its own, or else its table's. NULL: nothing. */
const struct resource *schemas_find(const struct schemas *schemas, struct slice schema, struct slice name);

/* Of a schema that is none of them; of a path that leads to nothing in one that is. */
enum error schemas_refuse(const struct schemas *schemas, struct slice schema, bool writing,
                          struct arena *arena, struct problem *ret_problem) must_check;
enum error schemas_refuse_path(struct slice schema, struct slice path, struct arena *arena,
                               struct problem *ret_problem) must_check;

/* Whether somebody may read or write it: what nobody may is not there. */
static inline bool resource_is_served(const struct resource *resource)
{
    return (resource->config->read | resource->config->write) != ROLES_NONE;
}

#endif
