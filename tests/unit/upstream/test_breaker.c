/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker alone, with a clock of the test's. */
#include "lib/unit.h"
#include "upstream/breaker.h"

static const struct breaker_options options = {.failures = 3, .window_ms = 1000, .open_ms = 500};

static struct mono at_ms(int64_t ms)
{
    return (struct mono){.us = 1000000 + ms * 1000};
}

static void note(struct breaker *breaker, int64_t ms, enum breaker_news news, unsigned times)
{
    while (times--)
        breaker_note(breaker, at_ms(ms), false, news, 0);
}

static bool admits(struct breaker *breaker, int64_t ms)
{
    bool probe;
    return breaker_admit(breaker, at_ms(ms), &probe);
}

static void it_opens_at_so_many_failures_within_a_window(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker, &options);
    note(&breaker, 0, BREAKER_BAD, 2);
    assert_true(admits(&breaker, 1));
    note(&breaker, 999, BREAKER_BAD, 1);
    assert_false(admits(&breaker, 999));
    assert_int_equal(breaker.opened, 1);
}

static void failures_of_another_window_do_not_count(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker, &options);
    note(&breaker, 0, BREAKER_BAD, 2);
    note(&breaker, 1000, BREAKER_BAD, 2);
    assert_true(admits(&breaker, 1001));
}

static void a_few_failures_among_many_successes_do_not_open_it(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker, &options);
    note(&breaker, 0, BREAKER_GOOD, 10);
    note(&breaker, 1, BREAKER_BAD, 9);
    assert_true(admits(&breaker, 2));
    note(&breaker, 2, BREAKER_BAD, 1);
    assert_false(admits(&breaker, 2));
}

static void it_stays_open_for_its_time_give_or_take_a_fifth(void **state)
{
    (void)state;
    for (uint32_t chance = 0; chance < 1000; chance += 7) {
        struct breaker breaker;
        breaker_init(&breaker, &options);
        note(&breaker, 0, BREAKER_BAD, 2);
        breaker_note(&breaker, at_ms(0), false, BREAKER_BAD, chance);
        int64_t wait_ms = breaker_wait_ms(&breaker, at_ms(0));
        assert_in_range(wait_ms, 400, 601);
        assert_false(admits(&breaker, wait_ms - 2));
        assert_true(admits(&breaker, wait_ms));
    }
}

static void open_breaker(struct breaker *breaker)
{
    breaker_init(breaker, &options);
    note(breaker, 0, BREAKER_BAD, 3);
    assert_int_equal(breaker->state, BREAKER_OPEN);
}

static void one_call_probes_and_closes_it(void **state)
{
    (void)state;
    struct breaker breaker;
    bool probe;
    open_breaker(&breaker);
    assert_true(breaker_admit(&breaker, at_ms(700), &probe));
    assert_true(probe);
    assert_false(admits(&breaker, 701));
    breaker_note(&breaker, at_ms(710), true, BREAKER_GOOD, 0);
    assert_true(breaker_admit(&breaker, at_ms(711), &probe));
    assert_false(probe);
    note(&breaker, 712, BREAKER_BAD, 2);
    assert_true(admits(&breaker, 713));
}

static void a_probe_that_fails_opens_it_again(void **state)
{
    (void)state;
    struct breaker breaker;
    bool probe;
    open_breaker(&breaker);
    assert_true(breaker_admit(&breaker, at_ms(700), &probe));
    breaker_note(&breaker, at_ms(710), true, BREAKER_BAD, 0);
    assert_false(admits(&breaker, 711));
    assert_int_equal(breaker.opened, 2);
}

static void a_probe_that_comes_to_nothing_makes_room_for_the_next(void **state)
{
    (void)state;
    struct breaker breaker;
    bool probe;
    open_breaker(&breaker);
    assert_true(breaker_admit(&breaker, at_ms(700), &probe));
    breaker_note(&breaker, at_ms(710), true, BREAKER_NOTHING, 0);
    assert_true(breaker_admit(&breaker, at_ms(710), &probe));
    assert_true(probe);
}

static void what_began_before_it_opened_says_nothing(void **state)
{
    (void)state;
    struct breaker breaker;
    open_breaker(&breaker);
    note(&breaker, 100, BREAKER_GOOD, 50);
    assert_false(admits(&breaker, 101));
}

static void without_a_number_of_failures_it_never_opens(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker, &(struct breaker_options){0});
    note(&breaker, 0, BREAKER_BAD, 1000);
    assert_true(admits(&breaker, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_at_so_many_failures_within_a_window),
        cmocka_unit_test(failures_of_another_window_do_not_count),
        cmocka_unit_test(a_few_failures_among_many_successes_do_not_open_it),
        cmocka_unit_test(it_stays_open_for_its_time_give_or_take_a_fifth),
        cmocka_unit_test(one_call_probes_and_closes_it),
        cmocka_unit_test(a_probe_that_fails_opens_it_again),
        cmocka_unit_test(a_probe_that_comes_to_nothing_makes_room_for_the_next),
        cmocka_unit_test(what_began_before_it_opened_says_nothing),
        cmocka_unit_test(without_a_number_of_failures_it_never_opens),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
