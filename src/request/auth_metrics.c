/* SPDX-License-Identifier: Apache-2.0 */
/* Families leat_auth_…, for the page of metrics. */
#include "observe/metrics.h"
#include "request/auth_steps.h"
#include "request/worker.h"

static uint64_t count_of(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void auth_metrics(struct service *service, const struct snapshot *snapshot, struct metrics_page *page)
{
    struct verifier_counts counts;
    const struct identity *identity = snapshot->supply->identity;
    verifier_count(service->verifier, &counts);
    metrics_counter(page, "leat_auth_logins_total", "Logins that succeeded.",
                    count_of(&service->logins.logins));
    metrics_counter(page, "leat_auth_failures_total", "Logins whose account or password was not right.",
                    count_of(&service->logins.failures));
    metrics_counter(page, "leat_auth_logouts_total", "Logouts.", count_of(&service->logins.logouts));
    metrics_family(page, METRICS_COUNTER, "leat_auth_passwords_total",
                   "Passwords, by how they were verified.");
    metrics_uint(page, counts.verified, METRICS_LABEL("how", SLICE("hashed")));
    metrics_uint(page, counts.shared, METRICS_LABEL("how", SLICE("shared")));
    metrics_uint(page, counts.remembered, METRICS_LABEL("how", SLICE("remembered")));
    metrics_uint(page, counts.refused, METRICS_LABEL("how", SLICE("refused")));
    metrics_family(page, METRICS_COUNTER, "leat_auth_sessions_total",
                   "Stored sessions that a worker asked for, by where.");
    metrics_uint(page, count_of(&service->sessions.redis), METRICS_LABEL("from", SLICE("redis")));
    metrics_uint(page, count_of(&service->sessions.database), METRICS_LABEL("from", SLICE("database")));
    metrics_counter(page, "leat_auth_sessions_strange_total",
                    "Copies of sessions in Redis that were not sealed by an instance like this.",
                    count_of(&service->sessions.strange));
    metrics_counter(page, "leat_auth_revocations_total",
                    "Tokens and sessions that this process knows were revoked.",
                    identity_revocations(identity));
    metrics_gauge(page, "leat_auth_ready", "Whether credentials can be judged.", identity_is_ready(identity));
}
