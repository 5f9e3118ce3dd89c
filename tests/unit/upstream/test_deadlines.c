/* SPDX-License-Identifier: Apache-2.0 */
/* Services that are too slow: each deadline ends the call, and says which it was. */
#include "harness.h"

static void expect(struct harness *harness, const char *target, const char *cause)
{
    struct asker asker;
    harness_upstream(harness);
    ask(harness, &asker, HTTP_GET, target);
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_TIMED_OUT);
    assert_slice(upstream_cause(asker.call), cause);
    asker_done(&asker);
}

static void a_service_that_hangs_has_its_time(void **state)
{
    struct harness *harness = *state;
    harness->options.timeout_ms = 30;
    expect(harness, "/hang", "no answer within `timeout`");
    assert_int_equal(atomic_load(&harness->requests), 1);
}

static void an_answer_that_stops_comes_too_slowly(void **state)
{
    struct harness *harness = *state;
    harness->options.rate_min = 100;
    harness->options.rate_window_ms = 30;
    expect(harness, "/half", "the answer comes more slowly than `rate`");
}

static void an_answer_is_whole_in_time(void **state)
{
    struct harness *harness = *state;
    harness->options.whole_ms = 50;
    expect(harness, "/half", "the answer is not whole within `whole`");
}

static void an_owner_who_takes_nothing_does_not_make_the_service_slow(void **state)
{
    struct harness *harness = *state;
    harness->options.rate_min = 1000;
    harness->options.rate_window_ms = 20;
    harness_upstream(harness);
    struct asker asker = {.holds = true};
    ask_with(harness, &asker, (struct upstream_asked){.method = HTTP_GET, .target = SLICE("/big/4194304")});
    struct mono until = mono_after_ms(clock_mono(), 150); /* several windows */
    while (mono_diff_us(until, clock_mono()) > 0)
        loop_turn(harness->loop, 10);
    assert_int_equal(upstream_outcome(asker.call), UPSTREAM_GOING);
    asker.holds = false;
    struct buf piece;
    upstream_take(asker.call, &piece);
    buf_add(&asker.body, buf_slice(&piece));
    buf_done(&piece);
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
    assert_int_equal(asker.body.len, 4194304);
    asker_done(&asker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVICE(a_service_that_hangs_has_its_time),
        WITH_SERVICE(an_answer_that_stops_comes_too_slowly),
        WITH_SERVICE(an_answer_is_whole_in_time),
        WITH_SERVICE(an_owner_who_takes_nothing_does_not_make_the_service_slow),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
