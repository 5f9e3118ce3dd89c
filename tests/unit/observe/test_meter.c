/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted, under which name, and what of several meters stands on the page. */
#include "lib/unit.h"

#include <stdio.h>

#include "observe/meter.h"

static const struct slice methods[METER_METHODS] = {SLICE_INIT("GET"), SLICE_INIT("POST")};

struct fixture {
    struct meter_names *names;
    struct meter *meters[2];
    struct buf text;
};

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->names = meter_names_new();
    fixture->meters[0] = meter_new();
    fixture->meters[1] = meter_new();
    buf_init(&fixture->text, 1 << 20);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    meter_names_free(fixture->names);
    meter_free(fixture->meters[0]);
    meter_free(fixture->meters[1]);
    buf_done(&fixture->text);
    free(fixture);
    return 0;
}

static bool page_has(struct fixture *fixture, const char *line)
{
    struct metrics_page page = {.out = &fixture->text};
    buf_clear(&fixture->text);
    meters_write(fixture->names, fixture->meters, 2, methods, &page);
    return memmem(fixture->text.data, fixture->text.len, line, strlen(line)) != NULL;
}

static void note(struct meter *meter, unsigned name, unsigned method, unsigned status, int64_t us)
{
    struct meter_event event = {
        .name = name, .method = method, .status = status, .took_us = us, .bytes = 100};
    meter_begin(meter);
    meter_end(meter, &event);
}

static void the_same_template_has_the_same_number(void **state)
{
    struct fixture *fixture = *state;
    char text[] = "/api/users";
    unsigned number = meter_names_number(fixture->names, slice_str(text));
    memset(text, 'x', sizeof text - 1); /* it was copied */
    assert_int_equal(meter_names_number(fixture->names, SLICE("/api/users")), number);
    assert_int_not_equal(meter_names_number(fixture->names, SLICE("/api/users/{id}")), number);
}

static void templates_beyond_the_bound_are_counted_together(void **state)
{
    struct fixture *fixture = *state;
    char text[32];
    for (unsigned i = 0; i < METER_NAMES_MAX - 2; i++) {
        (void)snprintf(text, sizeof text, "/api/%u", i);
        assert_int_equal(meter_names_number(fixture->names, slice_str(text)), i + 2);
    }
    assert_int_equal(meter_names_number(fixture->names, SLICE("/api/more")), METER_OTHER);
    assert_int_equal(meter_names_number(fixture->names, SLICE("/api/7")), 9);
}

static void meters_are_summed_by_route_method_and_class(void **state)
{
    struct fixture *fixture = *state;
    unsigned users = meter_names_number(fixture->names, SLICE("/api/users"));
    note(fixture->meters[0], users, 0, 200, 150);
    note(fixture->meters[1], users, 0, 206, 1500);
    note(fixture->meters[1], users, 1, 409, 1500);
    note(fixture->meters[1], METER_UNMATCHED, 0, 404, 10);
    assert_true(
        page_has(fixture, "_bucket{route=\"/api/users\",method=\"GET\",class=\"2xx\",le=\"0.0002\"} 1\n"));
    assert_true(page_has(fixture, "_sum{route=\"/api/users\",method=\"GET\",class=\"2xx\"} 0.00165\n"));
    assert_true(page_has(fixture, "_count{route=\"/api/users\",method=\"GET\",class=\"2xx\"} 2\n"));
    assert_true(page_has(fixture, "_count{route=\"/api/users\",method=\"POST\",class=\"4xx\"} 1\n"));
    assert_true(page_has(fixture, "_count{route=\"unmatched\",method=\"GET\",class=\"4xx\"} 1\n"));
    assert_true(page_has(fixture, "\nleat_answer_bytes_total 400\n"));
    assert_false(page_has(fixture, "5xx"));
}

static void what_kept_answers_did_is_counted_by_route(void **state)
{
    struct fixture *fixture = *state;
    unsigned users = meter_names_number(fixture->names, SLICE("/api/users"));
    struct meter_event event = {.name = users, .status = 200, .cache = METER_CACHE_HIT, .cache_age_s = 7};
    meter_end(fixture->meters[0], &event);
    event.cache_age_s = 5;
    meter_end(fixture->meters[1], &event);
    event.cache = METER_CACHE_SHARED;
    event.cache_age_s = 0;
    meter_end(fixture->meters[1], &event);
    note(fixture->meters[1], METER_UNMATCHED, 0, 404, 10);
    assert_true(page_has(fixture, "_answers_total{route=\"/api/users\",outcome=\"hit\"} 2\n"));
    assert_true(page_has(fixture, "_answers_total{route=\"/api/users\",outcome=\"shared\"} 1\n"));
    assert_true(page_has(fixture, "_answers_total{route=\"/api/users\",outcome=\"miss\"} 0\n"));
    assert_true(page_has(fixture, "\nleat_cache_age_seconds_total{route=\"/api/users\"} 12\n"));
    assert_false(page_has(fixture, "_answers_total{route=\"unmatched\""));
}

static void what_nobody_waited_for_is_counted_apart(void **state)
{
    struct fixture *fixture = *state;
    meter_begin(fixture->meters[0]);
    meter_end_background(fixture->meters[0]);
    assert_true(page_has(fixture, "\nleat_background_requests_total 1\n"));
    assert_true(page_has(fixture, "\nleat_requests_running 0\n"));
    assert_false(page_has(fixture, "leat_request_seconds_count"));
}

static void what_has_begun_and_not_ended_is_running(void **state)
{
    struct fixture *fixture = *state;
    meter_begin(fixture->meters[0]);
    meter_begin(fixture->meters[1]);
    note(fixture->meters[1], METER_UNMATCHED, 0, 200, 1);
    assert_true(page_has(fixture, "\nleat_requests_running 2\n"));
}

static void lanes_are_told_by_name_whoever_met_them_first(void **state)
{
    struct fixture *fixture = *state;
    char fast[] = "fast"; /* another literal of the same name */
    meter_statement(fixture->meters[0], "slow", 10, 2000);
    meter_statement(fixture->meters[0], "fast", 0, 100);
    meter_statement(fixture->meters[1], fast, 0, 300);
    assert_true(page_has(fixture, "\nleat_statement_seconds_sum{lane=\"fast\"} 0.0004\n"));
    assert_true(page_has(fixture, "\nleat_statement_seconds_count{lane=\"fast\"} 2\n"));
    assert_true(page_has(fixture, "\nleat_statement_seconds_count{lane=\"slow\"} 1\n"));
    assert_true(page_has(fixture, "\nleat_statement_wait_seconds_sum{lane=\"slow\"} 0.00001\n"));
}

static void lanes_beyond_the_bound_are_left_out(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[METER_LANES_MAX + 1] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    for (unsigned i = 0; i <= METER_LANES_MAX; i++)
        meter_statement(fixture->meters[0], names[i], 0, 1);
    assert_true(page_has(fixture, "lane=\"h\""));
    assert_false(page_has(fixture, "lane=\"i\""));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(the_same_template_has_the_same_number, begin, end),
    cmocka_unit_test_setup_teardown(templates_beyond_the_bound_are_counted_together, begin, end),
    cmocka_unit_test_setup_teardown(meters_are_summed_by_route_method_and_class, begin, end),
    cmocka_unit_test_setup_teardown(what_kept_answers_did_is_counted_by_route, begin, end),
    cmocka_unit_test_setup_teardown(what_nobody_waited_for_is_counted_apart, begin, end),
    cmocka_unit_test_setup_teardown(what_has_begun_and_not_ended_is_running, begin, end),
    cmocka_unit_test_setup_teardown(lanes_are_told_by_name_whoever_met_them_first, begin, end),
    cmocka_unit_test_setup_teardown(lanes_beyond_the_bound_are_left_out, begin, end),
};

UNIT_TEST_MAIN(tests)
