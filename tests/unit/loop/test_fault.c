/* SPDX-License-Identifier: Apache-2.0 */
/* Faults on purpose hit the call they are told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loop/fault.h"

static int disarm(void **state)
{
    (void)state;
    for (enum fault_point point = 0; point < FAULT_POINTS; point++)
        fault_set(point, 0, false);
    return 0;
}

static void nothing_fails_unless_it_is_armed(void **state)
{
    (void)state;
    for (enum fault_point point = 0; point < FAULT_POINTS; point++)
        assert_false(fault_hits(point));
}

static void the_nth_call_fails_and_it_alone(void **state)
{
    (void)state;
    fault_set(FAULT_READ, 3, false);
    const bool expected[] = {false, false, true, false, false};
    for (unsigned call = 0; call < 5; call++)
        assert_int_equal(fault_hits(FAULT_READ), expected[call]);
    assert_false(fault_hits(FAULT_WRITE));
}

static void a_plus_in_the_environment_means_and_all_later_ones(void **state)
{
    (void)state;
    setenv("LEAT_FAULT_CONNECT", "2+", 1);
    fault_arm();
    unsetenv("LEAT_FAULT_CONNECT");
    const bool expected[] = {false, true, true, true};
    for (unsigned call = 0; call < 4; call++)
        assert_int_equal(fault_hits(FAULT_CONNECT), expected[call]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_fails_unless_it_is_armed, disarm),
        cmocka_unit_test_teardown(the_nth_call_fails_and_it_alone, disarm),
        cmocka_unit_test_teardown(a_plus_in_the_environment_means_and_all_later_ones, disarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
