/* SPDX-License-Identifier: Apache-2.0 */
/* The gate counts in all and per address, from any thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>

#include "net/gate.h"

static struct sockaddr_storage four(const char *text)
{
    struct sockaddr_storage address = {.ss_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, text, &((struct sockaddr_in *)&address)->sin_addr), 1);
    return address;
}

static struct sockaddr_storage six(const char *text)
{
    struct sockaddr_storage address = {.ss_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&address)->sin6_addr), 1);
    return address;
}

/* Two may enter per address: whether b counts as the same address as a. */
static bool same_address(struct sockaddr_storage a, struct sockaddr_storage b)
{
    struct gate *gate = gate_new(100, 2);
    assert_true(gate_enter(gate, &a));
    assert_true(gate_enter(gate, &a));
    bool entered = gate_enter(gate, &b);
    assert_int_equal(gate_count(gate), 2 + entered);
    gate_leave(gate, &a);
    gate_leave(gate, &a);
    if (entered)
        gate_leave(gate, &b);
    gate_free(gate);
    return !entered;
}

static void an_address_has_its_own_count(void **state)
{
    (void)state;
    assert_true(same_address(four("10.0.0.1"), four("10.0.0.1")));
    assert_false(same_address(four("10.0.0.1"), four("10.0.0.2")));
    assert_false(same_address(four("10.0.0.1"), six("::1")));
}

static void an_ipv6_address_counts_by_its_64(void **state)
{
    (void)state;
    assert_true(same_address(six("2001:db8:1:2::1"), six("2001:db8:1:2:ffff::9")));
    assert_false(same_address(six("2001:db8:1:2::1"), six("2001:db8:1:3::1")));
}

static void an_ipv4_address_in_ipv6_counts_as_what_it_is(void **state)
{
    (void)state;
    assert_true(same_address(four("10.0.0.1"), six("::ffff:10.0.0.1")));
    assert_false(same_address(six("::ffff:10.0.0.1"), six("::ffff:10.0.0.2")));
}

static void who_leaves_makes_room(void **state)
{
    (void)state;
    struct gate *gate = gate_new(100, 1);
    struct sockaddr_storage a = four("10.0.0.1");
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(gate_enter(gate, &a));
        assert_false(gate_enter(gate, &a));
        gate_leave(gate, &a);
    }
    assert_int_equal(gate_count(gate), 0);
    gate_free(gate);
}

static void the_whole_is_limited_too_and_may_be_changed(void **state)
{
    (void)state;
    struct gate *gate = gate_new(1, 10);
    struct sockaddr_storage a = four("10.0.0.1"), b = four("10.0.0.2");
    assert_true(gate_enter(gate, &a));
    assert_false(gate_enter(gate, &b));
    gate_limits_set(gate, 2, 10);
    assert_true(gate_enter(gate, &b));
    gate_leave(gate, &a);
    gate_leave(gate, &b);
    gate_free(gate);
}

static void *come_and_go(void *shared)
{
    struct gate *gate = shared;
    for (unsigned round = 0; round < 2000; round++) {
        struct sockaddr_storage address = {.ss_family = AF_INET};
        ((struct sockaddr_in *)&address)->sin_addr.s_addr = round % 50;
        if (gate_enter(gate, &address))
            gate_leave(gate, &address);
    }
    return NULL;
}

static void threads_that_come_and_go_leave_nothing_behind(void **state)
{
    (void)state;
    struct gate *gate = gate_new(3, 2);
    pthread_t threads[4];
    for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, gate), 0);
    for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(gate_count(gate), 0);
    gate_free(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_its_own_count),
        cmocka_unit_test(an_ipv6_address_counts_by_its_64),
        cmocka_unit_test(an_ipv4_address_in_ipv6_counts_as_what_it_is),
        cmocka_unit_test(who_leaves_makes_room),
        cmocka_unit_test(the_whole_is_limited_too_and_may_be_changed),
        cmocka_unit_test(threads_that_come_and_go_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
