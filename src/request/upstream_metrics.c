/* SPDX-License-Identifier: Apache-2.0 */
/* What /metrics tells of other services, each by its path. It fails only as the page's buf does. */
#include "observe/metrics.h"
#include "request/upstream_step.h"

static const char *const outcome_words[UPSTREAM_OUTCOMES] = {
    [UPSTREAM_OK] = "ok",         [UPSTREAM_UNREACHABLE] = "unreachable", [UPSTREAM_TIMED_OUT] = "timeout",
    [UPSTREAM_BROKEN] = "broken", [UPSTREAM_TOO_LARGE] = "too-large",     [UPSTREAM_OPEN] = "open",
    [UPSTREAM_FULL] = "full",     [UPSTREAM_NO_MEMORY] = "no-memory",
};

/* One family, with a sample for each service. */
struct family {
    const char *name, *help;
    enum metrics_type type;
    uint64_t (*value)(const struct upstream_counts *counts);
};

static uint64_t in_flight(const struct upstream_counts *counts)
{
    return counts->in_flight;
}

static uint64_t retries(const struct upstream_counts *counts)
{
    return counts->retries;
}

static uint64_t cancelled(const struct upstream_counts *counts)
{
    return counts->cancelled;
}

static uint64_t opened(const struct upstream_counts *counts)
{
    return counts->opened;
}

static uint64_t is_closed(const struct upstream_counts *counts)
{
    return counts->breaker == BREAKER_CLOSED;
}

static const struct family families[] = {
    {"leat_upstream_in_flight", "Calls to a service that are out.", METRICS_GAUGE, in_flight},
    {"leat_upstream_up", "Whether a service's breaker lets calls through.", METRICS_GAUGE, is_closed},
    {"leat_upstream_opened_total", "How often a service's breaker has opened.", METRICS_COUNTER, opened},
    {"leat_upstream_retries_total", "Calls to a service that were sent again.", METRICS_COUNTER, retries},
    {"leat_upstream_cancelled_total", "Calls to a service whose asker left.", METRICS_COUNTER, cancelled},
};

static struct metrics_label path_of(const struct config *config, unsigned number)
{
    return METRICS_LABEL("path", config->upstreams[number].path.text);
}

static void write_outcomes(struct upstream *const *upstreams, const struct config *config,
                           struct metrics_page *page)
{
    metrics_family(page, METRICS_COUNTER, "leat_upstream_calls_total",
                   "Calls to a service, by what they came to.");
    for (unsigned i = 0; i < config->upstream_count; i++) {
        struct upstream_counts counts;
        upstream_counts(upstreams[i], &counts);
        for (unsigned outcome = UPSTREAM_OK; outcome < UPSTREAM_OUTCOMES; outcome++)
            metrics_uint(page, counts.ended[outcome], path_of(config, i),
                         METRICS_LABEL("outcome", slice_str(outcome_words[outcome])));
    }
}

void upstreams_metrics(struct upstream *const *upstreams, const struct config *config,
                       struct metrics_page *page)
{
    if (config->upstream_count == 0)
        return;
    write_outcomes(upstreams, config, page);
    for (unsigned i = 0; i < ARRAY_LEN(families); i++) {
        metrics_family(page, families[i].type, families[i].name, families[i].help);
        for (unsigned j = 0; j < config->upstream_count; j++) {
            struct upstream_counts counts;
            upstream_counts(upstreams[j], &counts);
            metrics_uint(page, families[i].value(&counts), path_of(config, j));
        }
    }
}
