/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's clock is set while we run: dates follow it, waits do not notice. This program has a clock_gettime of its own, which
 * the code under test is linked with: the kernel's, but for the difference by which the clock was set. */
#include "lib/unit.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "loop/loop.h"

#define YEARS_10_S INT64_C(315360000)

static int64_t set_by_s;

int clock_gettime(clockid_t id, struct timespec *ret_now)
{
    int failed = (int)syscall(SYS_clock_gettime, id, ret_now);
    if (id == CLOCK_REALTIME)
        ret_now->tv_sec += set_by_s;
    return failed;
}

static int set_right(void **state)
{
    (void)state;
    set_by_s = 0;
    return 0;
}

static void only_the_wall_clock_is_set(void **state)
{
    (void)state;
    struct mono mono = clock_mono();
    struct wall wall = clock_wall();
    set_by_s = -YEARS_10_S;
    assert_true(mono_diff_us(clock_mono(), mono) >= 0);
    assert_true(clock_wall().us < wall.us);
}

struct bell {
    struct timer timer;
    struct mono rung;
};

static void ring(struct timer *timer)
{
    container_of(timer, struct bell, timer)->rung = clock_mono();
}

static void a_timer_is_neither_early_nor_lost(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    assert_non_null(loop);
    for (int sign = -1; sign <= 1; sign += 2) {
        struct bell bell = {.timer.on_due = ring};
        struct mono set = clock_mono();
        loop_timer_set(loop, &bell.timer, 20);
        set_by_s = sign * YEARS_10_S;
        while (bell.timer.loop)
            loop_turn(loop, -1);
        assert_true(mono_diff_us(bell.rung, set) >= 20 * 1000);
    }
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(only_the_wall_clock_is_set, set_right),
        cmocka_unit_test_teardown(a_timer_is_neither_early_nor_lost, set_right),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
