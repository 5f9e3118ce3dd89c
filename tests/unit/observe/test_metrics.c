/* SPDX-License-Identifier: Apache-2.0 */
/* The text format, letter by letter. */
#include "lib/unit.h"

#include "observe/histogram.h"
#include "observe/metrics.h"

static struct buf text;
static struct metrics_page page;

static int begin(void **state)
{
    (void)state;
    buf_init(&text, 1 << 20);
    page = (struct metrics_page){.out = &text};
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_done(&text);
    return 0;
}

static void a_family_says_its_help_and_type_before_its_samples(void **state)
{
    (void)state;
    metrics_family(&page, METRICS_GAUGE, "leat_pool_busy", "Connections that work.");
    metrics_uint(&page, 3, METRICS_LABEL("lane", SLICE("slow")), METRICS_LABEL("worker", SLICE("0")));
    metrics_uint(&page, 18446744073709551615u);
    assert_slice(buf_slice(&text), "# HELP leat_pool_busy Connections that work.\n"
                                   "# TYPE leat_pool_busy gauge\n"
                                   "leat_pool_busy{lane=\"slow\",worker=\"0\"} 3\n"
                                   "leat_pool_busy 18446744073709551615\n");
}

static void labels_and_help_are_escaped(void **state)
{
    (void)state;
    metrics_family(&page, METRICS_COUNTER, "leat_x_total", "a\\b \"c\"\nd");
    metrics_uint(&page, 1, METRICS_LABEL("route", SLICE("a\\b \"c\"\nd")));
    assert_slice(buf_slice(&text), "# HELP leat_x_total a\\\\b \"c\"\\nd\n"
                                   "# TYPE leat_x_total counter\n"
                                   "leat_x_total{route=\"a\\\\b \\\"c\\\"\\nd\"} 1\n");
}

static void times_are_seconds_without_needless_zeros(void **state)
{
    (void)state;
    metrics_family(&page, METRICS_GAUGE, "leat_x_seconds", "X.");
    text.len = 0;
    metrics_seconds(&page, 2500);
    metrics_seconds(&page, 3000000);
    metrics_seconds(&page, 0);
    metrics_seconds(&page, 12000001);
    metrics_real(&page, 0.5234);
    assert_slice(buf_slice(&text), "leat_x_seconds 0.0025\nleat_x_seconds 3\nleat_x_seconds 0\n"
                                   "leat_x_seconds 12.000001\nleat_x_seconds 0.5234\n");
}

static bool has(const char *line)
{
    return memmem(text.data, text.len, line, strlen(line)) != NULL;
}

static void a_histogram_s_buckets_are_cumulative_and_end_in_its_count(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_note(&histogram, 100);
    histogram_note(&histogram, 101);
    histogram_note(&histogram, 50000);
    histogram_note(&histogram, 200000000);
    metrics_family(&page, METRICS_HISTOGRAM, "leat_request_seconds", "X.");
    metrics_histogram(&page, &histogram, METRICS_LABEL("class", SLICE("2xx")));
    assert_true(has("\nleat_request_seconds_bucket{class=\"2xx\",le=\"0.0001\"} 1\n"));
    assert_true(has("\nleat_request_seconds_bucket{class=\"2xx\",le=\"0.0002\"} 2\n"));
    assert_true(has("\nleat_request_seconds_bucket{class=\"2xx\",le=\"0.02\"} 2\n"));
    assert_true(has("\nleat_request_seconds_bucket{class=\"2xx\",le=\"0.05\"} 3\n"));
    assert_true(has("\nleat_request_seconds_bucket{class=\"2xx\",le=\"10\"} 3\n"));
    assert_true(has("\nleat_request_seconds_bucket{class=\"2xx\",le=\"+Inf\"} 4\n"));
    assert_true(has("\nleat_request_seconds_sum{class=\"2xx\"} 200.050201\n"));
    assert_true(has("\nleat_request_seconds_count{class=\"2xx\"} 4\n"));
}

static void a_histogram_without_labels_has_only_its_bounds(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    metrics_family(&page, METRICS_HISTOGRAM, "leat_x_seconds", "X.");
    metrics_histogram(&page, &histogram);
    assert_true(has("\nleat_x_seconds_bucket{le=\"0.0001\"} 0\n"));
    assert_true(has("\nleat_x_seconds_count 0\n"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_family_says_its_help_and_type_before_its_samples, begin, end),
    cmocka_unit_test_setup_teardown(labels_and_help_are_escaped, begin, end),
    cmocka_unit_test_setup_teardown(times_are_seconds_without_needless_zeros, begin, end),
    cmocka_unit_test_setup_teardown(a_histogram_s_buckets_are_cumulative_and_end_in_its_count, begin, end),
    cmocka_unit_test_setup_teardown(a_histogram_without_labels_has_only_its_bounds, begin, end),
};

UNIT_TEST_MAIN(tests)
