/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of limits that would count nobody, or nothing, where they stand. See walk.h. */
#include "config/walk.h"

static void check_known(struct walk *walk, const struct config_limit *limit)
{
    if (limit->per & (PER_USER | PER_KEY | PER_TENANT) && !config_auth_is_on(&walk->config->auth) &&
        complaints_errors(walk->complaints) == 0)
        complain_softly(walk->complaints, limit->at,
                        "the rule counts nobody: without `auth:` callers have no user, key or tenant");
}

static void check_list(struct walk *walk, const struct config_limits *limits)
{
    for (unsigned i = 0; i < limits->count; i++)
        check_known(walk, &limits->items[i]);
}

/* Of a resource, a query, a function, another service. */
static void check_own(struct walk *walk, const struct config_limits *limits)
{
    check_list(walk, limits);
    for (unsigned i = 0; i < limits->count; i++) {
        const struct config_limit *limit = &limits->items[i];
        if (limit->on == LIMIT_ON_LOGIN_FAILED)
            complain(
                walk->complaints, limit->at,
                "`on: login.failed` counts logins, which are no requests of this: say it under `limits` of the first level");
        if (limit->per & PER_ROUTE && complaints_errors(walk->complaints) == 0)
            complain_softly(walk->complaints, limit->at,
                            "`per: route` says nothing here: this is one, which has the rule for itself");
    }
}

void check_limits(struct walk *walk)
{
    const struct config *config = walk->config;
    check_list(walk, &config->limits);
    for (unsigned i = 0; i < config->resource_count; i++)
        check_own(walk, &config->resources[i].limits);
    for (unsigned i = 0; i < config->query_count; i++)
        check_own(walk, &config->queries[i].limits);
    for (unsigned i = 0; i < config->function_count; i++)
        check_own(walk, &config->functions[i].limits);
    for (unsigned i = 0; i < config->upstream_count; i++)
        check_own(walk, &config->upstreams[i].limits);
}
