/* SPDX-License-Identifier: Apache-2.0 */
/* The format: https://github.com/prometheus/docs/blob/main/content/docs/instrumenting/exposition_formats.md
 *
 *   # HELP name text          with \ and line feed escaped
 *   # TYPE name counter
 *   name{label="value"} 12    with \, " and line feed escaped
 *
 * A histogram's sample is its buckets, cumulative, a bucket `+Inf`, a sum and a count that is the bucket `+Inf`. */
#include "observe/metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "observe/histogram.h"

/* The bounds that a page shows of the many a histogram has: 1, 2 and 5 of each power of ten. */
static const int64_t shown_us[] = {100,   200,    500,    1000,   2000,    5000,    10000,   20000,
                                   50000, 100000, 200000, 500000, 1000000, 2000000, 5000000, 10000000};

static void add_escaped(struct buf *out, struct slice text, bool quotes)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (byte == '\n')
            buf_lit(out, "\\n");
        else if (byte == '\\' || (quotes && byte == '"'))
            buf_format(out, "\\%c", byte);
        else
            buf_byte(out, byte);
    }
}

void metrics_family(struct metrics_page *page, enum metrics_type type, const char *name, const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    PRE((unsigned)type < ARRAY_LEN(types));
    PRE(slice_starts(slice_str(name), SLICE("leat_")) || slice_starts(slice_str(name), SLICE("process_")));
    PRE((type == METRICS_COUNTER) == slice_ends(slice_str(name), SLICE("_total")));
    page->name = name;
    page->type = type;
    buf_format(page->out, "# HELP %s ", name);
    add_escaped(page->out, slice_str(help), false);
    buf_format(page->out, "\n# TYPE %s %s\n", name, types[type]);
}

static void add_label(struct buf *out, const char *name, struct slice value, bool first)
{
    buf_format(out, "%c%s=\"", first ? '{' : ',', name);
    add_escaped(out, value, true);
    buf_byte(out, '"');
}

/* "name_suffix{a="b",le="0.1"} "; le: empty where there is none. */
static void begin_sample(struct metrics_page *page, const char *suffix, const struct metrics_label *labels,
                         struct slice le)
{
    struct buf *out = page->out;
    PRE(page->name != NULL);
    bool first = true;
    buf_format(out, "%s%s", page->name, suffix);
    for (; labels->name; labels++, first = false)
        add_label(out, labels->name, labels->value, first);
    if (le.len)
        add_label(out, "le", le, first);
    if (le.len || !first)
        buf_byte(out, '}');
    buf_byte(out, ' ');
}

void metrics_write_uint(struct metrics_page *page, uint64_t value, const struct metrics_label *labels)
{
    PRE(page->type != METRICS_HISTOGRAM);
    begin_sample(page, "", labels, (struct slice){0});
    buf_format(page->out, "%" PRIu64 "\n", value);
}

/* "0.0025": without the zeros at its end. */
static size_t seconds_write(char text[32], uint64_t us)
{
    int len = snprintf(text, 32, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
    POST(len > 0 && len < 32);
    while (text[len - 1] == '0')
        len--;
    return (size_t)(text[len - 1] == '.' ? len - 1 : len);
}

static void add_seconds(struct buf *out, uint64_t us)
{
    char text[32];
    buf_append(out, text, seconds_write(text, us));
    buf_byte(out, '\n');
}

void metrics_write_seconds(struct metrics_page *page, uint64_t us, const struct metrics_label *labels)
{
    PRE(page->type != METRICS_HISTOGRAM);
    begin_sample(page, "", labels, (struct slice){0});
    add_seconds(page->out, us);
}

void metrics_write_real(struct metrics_page *page, double value, const struct metrics_label *labels)
{
    PRE(page->type != METRICS_HISTOGRAM);
    begin_sample(page, "", labels, (struct slice){0});
    buf_format(page->out, "%.9g\n", value);
}

static void add_bucket(struct metrics_page *page, const struct metrics_label *labels, struct slice le,
                       uint64_t count)
{
    begin_sample(page, "_bucket", labels, le);
    buf_format(page->out, "%" PRIu64 "\n", count);
}

void metrics_write_histogram(struct metrics_page *page, const struct histogram *histogram,
                             const struct metrics_label *labels)
{
    PRE(page->type == METRICS_HISTOGRAM);
    uint64_t count = 0;
    unsigned bucket = 0;
    for (size_t i = 0; i < ARRAY_LEN(shown_us); i++) {
        char text[32];
        while (histogram_bound_us(bucket) <= shown_us[i])
            count += counter_read(&histogram->counts[bucket++]);
        add_bucket(page, labels, slice_of(text, seconds_write(text, (uint64_t)shown_us[i])), count);
    }
    while (bucket < HISTOGRAM_BUCKETS)
        count += counter_read(&histogram->counts[bucket++]);
    add_bucket(page, labels, SLICE("+Inf"), count);
    begin_sample(page, "_sum", labels, (struct slice){0});
    add_seconds(page->out, counter_read(&histogram->sum_us));
    begin_sample(page, "_count", labels, (struct slice){0});
    buf_format(page->out, "%" PRIu64 "\n", count);
}

void metrics_counter(struct metrics_page *page, const char *name, const char *help, uint64_t value)
{
    metrics_family(page, METRICS_COUNTER, name, help);
    metrics_uint(page, value);
}

void metrics_gauge(struct metrics_page *page, const char *name, const char *help, uint64_t value)
{
    metrics_family(page, METRICS_GAUGE, name, help);
    metrics_uint(page, value);
}
