/* SPDX-License-Identifier: Apache-2.0 */
/* The timing wheel, by a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loop/wheel.h"

enum { TIMERS_MAX = 4000 };

#define DAY_US ((int64_t)24 * 3600 * 1000 * 1000)

struct alarm {
    struct timer timer;
    struct test *test;
    struct mono fired; /* 0: not yet */
};

struct test {
    struct wheel wheel;
    struct mono now;
    struct alarm alarms[TIMERS_MAX];
    unsigned fired_count;
    struct mono last_due;
};

static struct loop *const some_loop = (struct loop *)-1; /* the wheel never looks behind it */

static int begin(void **state)
{
    struct test *test = calloc(1, sizeof *test);
    test->now.us = 123456789;
    wheel_init(&test->wheel, test->now);
    *state = test;
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static void fire(struct timer *timer)
{
    struct alarm *alarm = container_of(timer, struct alarm, timer);
    struct test *test = alarm->test;
    assert_null(timer->loop);
    assert_int_equal(alarm->fired.us, 0);
    alarm->fired = test->now;
    test->fired_count++;
}

static struct alarm *set_alarm(struct test *test, unsigned which, int64_t after_us)
{
    struct alarm *alarm = &test->alarms[which];
    alarm->test = test;
    alarm->timer = (struct timer){.on_due = fire, .due = {test->now.us + after_us}, .loop = some_loop};
    alarm->fired.us = 0;
    wheel_set(&test->wheel, &alarm->timer);
    return alarm;
}

static void go_to(struct test *test, int64_t us)
{
    test->now.us = us;
    wheel_advance(&test->wheel, test->now);
}

static void a_timer_is_never_early_and_at_most_two_ticks_late_when_woken_every_ms(void **state)
{
    struct test *test = *state;
    int64_t begin_us = test->now.us;
    for (unsigned i = 0; i < 1000; i++)
        set_alarm(test, i, (int64_t)i * 1777);
    while (test->fired_count < 1000)
        go_to(test, test->now.us + 1000);
    for (unsigned i = 0; i < 1000; i++) {
        int64_t due_us = begin_us + (int64_t)i * 1777;
        assert_true(test->alarms[i].fired.us >= due_us);
        assert_true(test->alarms[i].fired.us <= due_us + 2 * WHEEL_TICK_US);
    }
}

/* Sleeps as long as the wheel says, as the loop does. */
static void sleep_until_all_fired(struct test *test, unsigned count)
{
    unsigned wakes = 0;
    while (test->fired_count < count) {
        int wait_ms = wheel_wait_ms(&test->wheel, test->now);
        assert_true(wait_ms >= 0);
        go_to(test, test->now.us + (int64_t)wait_ms * 1000);
        assert_true(++wakes < 40 * count);
    }
}

static void timers_of_all_spans_fire_in_time_when_the_loop_sleeps_as_told(void **state)
{
    struct test *test = *state;
    int64_t begin_us = test->now.us, after_us[TIMERS_MAX];
    srand(7);
    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        after_us[i] = (((int64_t)rand() << 31) + rand()) % ((int64_t)1 << (10 + i % 28));
        set_alarm(test, i, after_us[i]);
    }
    sleep_until_all_fired(test, TIMERS_MAX);
    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        assert_true(test->alarms[i].fired.us >= begin_us + after_us[i]);
        assert_true(test->alarms[i].fired.us <= begin_us + after_us[i] + 2 * WHEEL_TICK_US);
    }
}

static void a_timer_beyond_the_wheels_span_fires_in_time(void **state)
{
    struct test *test = *state;
    int64_t begin_us = test->now.us;
    struct alarm *far = set_alarm(test, 0, 10 * DAY_US);
    sleep_until_all_fired(test, 1);
    assert_true(far->fired.us >= begin_us + 10 * DAY_US);
    assert_true(far->fired.us <= begin_us + 10 * DAY_US + 2 * WHEEL_TICK_US);
}

static void timers_at_the_edges_of_the_levels_fire_in_time(void **state)
{
    struct test *test = *state;
    const int64_t edges[] = {63,     64,     65,     4095,     4096,     4097,
                             262143, 262144, 262145, 16777215, 16777216, 16777217};
    int64_t begin_us = test->now.us;
    for (unsigned i = 0; i < ARRAY_LEN(edges); i++)
        set_alarm(test, i, edges[i] * WHEEL_TICK_US);
    sleep_until_all_fired(test, ARRAY_LEN(edges));
    for (unsigned i = 0; i < ARRAY_LEN(edges); i++) {
        int64_t late_us = test->alarms[i].fired.us - begin_us - edges[i] * WHEEL_TICK_US;
        assert_true(late_us >= 0 && late_us <= 2 * WHEEL_TICK_US);
    }
}

static void a_long_pause_fires_all_that_came_due_in_it(void **state)
{
    struct test *test = *state;
    for (unsigned i = 0; i < 500; i++)
        set_alarm(test, i, (int64_t)i * 100 * 1000);
    struct alarm *later = set_alarm(test, 500, 3600LL * 1000 * 1000);
    go_to(test, test->now.us + 60LL * 1000 * 1000);
    assert_int_equal(test->fired_count, 500);
    assert_int_equal(later->fired.us, 0);
}

static void a_stopped_timer_does_not_fire(void **state)
{
    struct test *test = *state;
    struct alarm *stopped = set_alarm(test, 0, 50 * 1000);
    set_alarm(test, 1, 50 * 1000);
    wheel_stop(&stopped->timer);
    go_to(test, test->now.us + DAY_US);
    assert_int_equal(test->fired_count, 1);
    assert_int_equal(stopped->fired.us, 0);
}

static void stop_the_next_alarm(struct timer *timer)
{
    struct alarm *alarm = container_of(timer, struct alarm, timer);
    wheel_stop(&alarm[1].timer);
    alarm->test->fired_count++;
}

static void a_timer_stopped_by_another_of_the_same_tick_does_not_fire(void **state)
{
    struct test *test = *state;
    set_alarm(test, 0, 50 * 1000)->timer.on_due = stop_the_next_alarm;
    struct alarm *stopped = set_alarm(test, 1, 50 * 1000);
    go_to(test, test->now.us + DAY_US);
    assert_int_equal(test->fired_count, 1);
    assert_int_equal(stopped->fired.us, 0);
}

static void set_again_at_once(struct timer *timer)
{
    struct alarm *alarm = container_of(timer, struct alarm, timer);
    alarm->test->fired_count++;
    alarm->timer.due = alarm->test->now;
    alarm->timer.loop = some_loop;
    wheel_set(&alarm->test->wheel, timer);
}

static void a_timer_that_sets_itself_again_at_once_waits_for_a_later_tick(void **state)
{
    struct test *test = *state;
    set_alarm(test, 0, 0)->timer.on_due = set_again_at_once;
    go_to(test, test->now.us + WHEEL_TICK_US);
    assert_int_equal(test->fired_count, 1);
    go_to(test, test->now.us + 10 * WHEEL_TICK_US);
    assert_true(test->fired_count <= 11);
}

static void an_empty_wheel_lets_the_loop_wait_for_ever(void **state)
{
    struct test *test = *state;
    assert_int_equal(wheel_wait_ms(&test->wheel, test->now), -1);
    go_to(test, test->now.us + 100 * DAY_US);
    assert_int_equal(wheel_wait_ms(&test->wheel, test->now), -1);
}

static void a_cleared_wheel_marks_its_timers_as_not_set(void **state)
{
    struct test *test = *state;
    for (unsigned i = 0; i < 100; i++)
        set_alarm(test, i, (int64_t)i * i * i * 1000);
    wheel_clear(&test->wheel);
    for (unsigned i = 0; i < 100; i++)
        assert_null(test->alarms[i].timer.loop);
    go_to(test, test->now.us + DAY_US);
    assert_int_equal(test->fired_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_timer_is_never_early_and_at_most_two_ticks_late_when_woken_every_ms),
        TEST(timers_of_all_spans_fire_in_time_when_the_loop_sleeps_as_told),
        TEST(a_timer_beyond_the_wheels_span_fires_in_time),
        TEST(timers_at_the_edges_of_the_levels_fire_in_time),
        TEST(a_long_pause_fires_all_that_came_due_in_it),
        TEST(a_stopped_timer_does_not_fire),
        TEST(a_timer_stopped_by_another_of_the_same_tick_does_not_fire),
        TEST(a_timer_that_sets_itself_again_at_once_waits_for_a_later_tick),
        TEST(an_empty_wheel_lets_the_loop_wait_for_ever),
        TEST(a_cleared_wheel_marks_its_timers_as_not_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
