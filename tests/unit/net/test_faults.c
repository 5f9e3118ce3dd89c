/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th read, write, accept or allocation fails: the connection that it hits may be lost, nothing else is. */
#include "lib/memory.h"

#include "harness.h"

#include <stdio.h>
#include <unistd.h>

#include "loop/fault.h"

#define HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

static struct buf buf_new(void)
{
    struct buf buf;
    buf_init(&buf, 256 * 1024 * 1024);
    return buf;
}

static void disarm(void)
{
    for (enum fault_point point = 0; point < FAULT_POINTS; point++)
        fault_set(point, 0, false);
}

/* A conversation of every kind; whatever happens to it, afterwards nothing is left and the next client is served. */
static void converse(struct harness *harness)
{
    struct buf heard = buf_new();
    int fd = client_open_small(harness, 65536);
    client_say_lit(harness, fd, HELLO HELLO "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    harness_settle(harness);
    client_say_lit(harness, fd, "defPOST /absent HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    harness_settle(harness);
    client_say_lit(harness, fd,
                   "defGET /big/300000 HTTP/1.1\r\nHost: x\r\n\r\nGET /stream/3 HTTP/1.1\r\nHost: x\r\n\r\n");
    client_say_lit(harness, fd, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    client_hear_end(harness, fd, &heard);
    close(fd);
    buf_done(&heard);
    TURN_UNTIL(harness, net_count(harness->net) == 0);
    assert_int_equal(net_held_bytes(harness->net), 0);
}

static void survives(enum fault_point point, unsigned nth, bool and_later)
{
    struct harness *harness = harness_new(&harness_limits);
    fault_set(point, nth, and_later);
    converse(harness);
    disarm();
    struct buf heard = client_ask(harness, SLICE("GET /hello HTTP/1.0\r\n\r\n"));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    buf_done(&heard);
    harness_free(harness);
}

static void the_nth_read_failing_loses_one_connection_alone(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth <= 12; nth++)
        survives(FAULT_READ, nth, false);
}

static void the_nth_write_failing_loses_one_connection_alone(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth <= 12; nth++)
        survives(FAULT_WRITE, nth, false);
}

static void an_accept_that_fails_is_made_good_or_refused(void **state)
{
    (void)state;
    survives(FAULT_ACCEPT, 1, false);
}

static void a_listener_whose_accepts_fail_for_a_while_recovers(void **state)
{
    (void)state;
    struct harness *harness = harness_new(&harness_limits);
    struct buf heard = buf_new();
    fault_set(FAULT_ACCEPT, 1, true);
    int fd = client_open(harness);
    client_say_lit(harness, fd, HELLO);
    harness_settle(harness);
    assert_int_equal(net_count(harness->net), 0);
    disarm();
    client_hear_answers(harness, fd, &heard, 1); /* after the pause */
    close(fd);
    buf_done(&heard);
    harness_free(harness);
}

/* mem_try counts over the whole process: clients' bufs count too, which only shifts what is hit. */
static void the_nth_allocation_failing_loses_one_connection_alone(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth <= 40; nth++) {
        struct harness *harness = harness_new(&harness_limits);
        char text[16];
        snprintf(text, sizeof text, "%u", nth);
        int fd = client_open(harness);
        struct buf heard = buf_new();
        assert_non_null(buf_room(&heard, 1024 * 1024));
        memory_arm(text);
        client_say_lit(harness, fd, HELLO "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        client_hear_end(harness, fd, &heard);
        memory_arm(NULL);
        close(fd);
        buf_done(&heard);
        TURN_UNTIL(harness, net_count(harness->net) == 0);
        heard = client_ask(harness, SLICE("GET /hello HTTP/1.0\r\n\r\n"));
        assert_int_equal(answers_in(buf_slice(&heard)), 1);
        buf_done(&heard);
        harness_free(harness);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nth_read_failing_loses_one_connection_alone),
        cmocka_unit_test(the_nth_write_failing_loses_one_connection_alone),
        cmocka_unit_test(an_accept_that_fails_is_made_good_or_refused),
        cmocka_unit_test(a_listener_whose_accepts_fail_for_a_while_recovers),
        cmocka_unit_test(the_nth_allocation_failing_loses_one_connection_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
