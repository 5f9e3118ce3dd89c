/* SPDX-License-Identifier: Apache-2.0 */
/* A page of metrics in Prometheus' text format 0.0.4: families, each with its help and type, and the samples of each.
 *
 *   metrics_family(page, METRICS_GAUGE, "leat_pool_connections", "Connections to the database.");
 *   metrics_uint(page, state.connections, METRICS_LABEL("lane", SLICE("slow")));
 *
 * A part that has something to tell offers `void part_metrics(const struct part *part, struct metrics_page *page)`; the page at
 * /metrics calls them all. What it reads are counters that their owners write by relaxed atomic stores: a page is no snapshot
 * of one moment, but no number of it ever goes back.
 * Names: leat_part_noun_unit; counters end in _total; times are seconds, sizes bytes; a label's values are few and known.
 *
 * Ownership: the page points to the caller's buf. Failure: the buf's (sticky). Pure; one thread at a time. */
#ifndef LEAT_OBSERVE_METRICS_H
#define LEAT_OBSERVE_METRICS_H

#include "base/buf.h"

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

struct histogram;

struct metrics_page {
    struct buf *out;
    const char *name; /* of the family that is open */
    enum metrics_type type;
};

struct metrics_label {
    const char *name;
    struct slice value; /* any bytes: they are escaped */
};

#define METRICS_LABEL(name_, value_) ((struct metrics_label){.name = (name_), .value = (value_)})

/* Opens a family: its samples follow, all of them, and it comes once in a page. */
void metrics_family(struct metrics_page *page, enum metrics_type type, const char *name, const char *help);

/* A sample: metrics_uint(page, 3), metrics_uint(page, 3, METRICS_LABEL("level", SLICE("process"))). */
#define metrics_uint(page, value, ...) metrics_write_uint((page), (value), METRICS_LABELS(__VA_ARGS__))
/* Microseconds, written as seconds. */
#define metrics_seconds(page, us, ...) metrics_write_seconds((page), (us), METRICS_LABELS(__VA_ARGS__))
/* What is neither whole nor a time: a ratio. */
#define metrics_real(page, value, ...) metrics_write_real((page), (value), METRICS_LABELS(__VA_ARGS__))
/* Buckets, sum and count of durations (observe/histogram.h). */
#define metrics_histogram(page, histogram, ...) \
    metrics_write_histogram((page), (histogram), METRICS_LABELS(__VA_ARGS__))

/* A family of one sample without labels. */
void metrics_counter(struct metrics_page *page, const char *name, const char *help, uint64_t value);
void metrics_gauge(struct metrics_page *page, const char *name, const char *help, uint64_t value);

#define METRICS_LABELS(...) ((const struct metrics_label[]){__VA_ARGS__ __VA_OPT__(, ){0}})

/* labels end with a zeroed one. */
void metrics_write_uint(struct metrics_page *page, uint64_t value, const struct metrics_label *labels);
void metrics_write_seconds(struct metrics_page *page, uint64_t us, const struct metrics_label *labels);
void metrics_write_real(struct metrics_page *page, double value, const struct metrics_label *labels);
void metrics_write_histogram(struct metrics_page *page, const struct histogram *histogram,
                             const struct metrics_label *labels);

#endif
