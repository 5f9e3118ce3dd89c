/* SPDX-License-Identifier: Apache-2.0 */
/* What the cache has counted, on the page of metrics. It fails only as the page's buf does. */
#include "cache/cache.h"

static void write_verdicts(const struct cache_stats *stats, struct metrics_page *page)
{
    const struct {
        struct slice word;
        uint64_t count;
    } verdicts[] = {
        {SLICE_INIT("fresh"), stats->fresh},   {SLICE_INIT("stale"), stats->stale},
        {SLICE_INIT("fill"), stats->fills},    {SLICE_INIT("refresh"), stats->refreshes},
        {SLICE_INIT("wait"), stats->waits},    {SLICE_INIT("pass"), stats->passes},
        {SLICE_INIT("varies"), stats->varies},
    };
    metrics_family(page, METRICS_COUNTER, "leat_cache_verdicts_total",
                   "Questions to the cache, by its answer.");
    for (unsigned i = 0; i < ARRAY_LEN(verdicts); i++)
        metrics_uint(page, verdicts[i].count, METRICS_LABEL("verdict", verdicts[i].word));
}

void cache_metrics(struct cache *cache, struct metrics_page *page)
{
    struct cache_stats stats;
    cache_stats(cache, &stats);
    metrics_gauge(page, "leat_cache_bytes", "Memory that kept answers take.", stats.bytes);
    metrics_gauge(page, "leat_cache_bytes_max", "Memory that they may take.", stats.memory_bytes);
    metrics_gauge(page, "leat_cache_entries", "Answers that are kept.", stats.entries);
    write_verdicts(&stats, page);
    metrics_counter(page, "leat_cache_invalidated_total", "Kept answers found after a write had ended them.",
                    stats.invalidated);
    metrics_counter(page, "leat_cache_stored_total", "Answers that were kept.", stats.stored);
    metrics_counter(page, "leat_cache_refused_total", "Answers that were not let in, or too large.",
                    stats.refused);
    metrics_counter(page, "leat_cache_evicted_total", "Kept answers that made room for others.",
                    stats.evicted);
    metrics_counter(page, "leat_cache_fill_failures_total", "Answers for others that could not be made.",
                    stats.fill_failures);
    metrics_gauge(page, "leat_cache_fills_open", "Answers for others that are being made.", stats.fills_open);
    metrics_gauge(page, "leat_cache_waiting", "Requests that wait for another's answer.", stats.waiters);
    metrics_family(
        page, METRICS_COUNTER, "leat_queries_saved_total",
        "Answers given without asking the database: kept ones, and those shared with who asked first.");
    metrics_uint(page, stats.fresh + stats.stale + stats.refreshes, METRICS_LABEL("by", SLICE("kept")));
    metrics_uint(page, stats.waits, METRICS_LABEL("by", SLICE("shared")));
}
