/* SPDX-License-Identifier: Apache-2.0 */
/* See plan.h. */
#include "redis/plan.h"

#include "base/mem.h"

const struct redis_limits redis_limits_usual = {
    .commands = 16384,
    .out_bytes = 16 << 20,
    .reply_bytes = 16 << 20,
    .connect_ms = 2000,
    .silent_ms = 1000,
    .again_ms_min = 50,
    .again_ms_max = 1000,
};

struct redis_plan *redis_plan_new(const struct redis_url *url, struct offload *offload, char ret_why[256])
{
    PRE(url->host_count > 0 && offload != NULL);
    struct redis_tls_context *tls = NULL;
    if (url->tls) {
        tls = redis_tls_context_new(url, ret_why);
        if (tls == NULL)
            return NULL;
    }
    struct redis_plan *plan = mem_must(sizeof *plan);
    plan->url = url;
    plan->tls = tls;
    plan->offload = offload;
    plan->limits = redis_limits_usual;
    return plan;
}

void redis_plan_free(struct redis_plan *plan)
{
    if (plan == NULL)
        return;
    redis_tls_context_free(plan->tls);
    mem_free(plan);
}
