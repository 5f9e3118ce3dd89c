/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on connections, partial heads and descriptors; draining. */
#include "harness.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
#define PARK "GET /park HTTP/1.1\r\nHost: x\r\n\r\n"

static struct buf buf_new(void)
{
    struct buf buf;
    buf_init(&buf, 256 * 1024 * 1024);
    return buf;
}

static void assert_refused(struct harness *harness, int fd)
{
    struct buf heard = buf_new();
    assert_true(client_hear_end(harness, fd, &heard));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 503 ")));
    assert_true(slice_contains(buf_slice(&heard), "\r\nRetry-After: "));
    assert_true(slice_contains(buf_slice(&heard), "\r\nConnection: close\r\n"));
    buf_done(&heard);
}

static void assert_served(struct harness *harness, int fd)
{
    struct buf heard = buf_new();
    client_say_lit(harness, fd, HELLO);
    client_hear_answers(harness, fd, &heard, 1);
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 200 ")));
    buf_done(&heard);
}

static void the_2001st_connection_of_an_address_is_refused_and_the_others_are_served(void **state)
{
    (void)state;
    enum { OPEN = 2000 };
    struct rlimit files = {0};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 2 * OPEN + 100)
        skip();
    struct net_limits limits = harness_limits;
    limits.connections_max = 20000;
    limits.per_address_max = OPEN;
    struct harness *harness = harness_new(&limits);
    int *fds = calloc(OPEN, sizeof *fds);
    for (unsigned i = 0; i < OPEN; i++) {
        fds[i] = client_open(harness);
        loop_turn(harness->loop, 0);
    }
    TURN_UNTIL(harness, net_count(harness->net) == OPEN);
    int one_more = client_open(harness);
    client_say_lit(harness, one_more, HELLO);
    assert_refused(harness, one_more);
    assert_int_equal(gate_count(harness->gate), OPEN);
    assert_served(harness, fds[0]);
    assert_served(harness, fds[OPEN - 1]);
    close(fds[0]);
    TURN_UNTIL(harness, net_count(harness->net) == OPEN - 1);
    int again = client_open(harness);
    assert_served(harness, again);
    for (unsigned i = 1; i < OPEN; i++)
        close(fds[i]);
    close(one_more);
    close(again);
    free(fds);
    harness_free(harness);
}

static void connections_beyond_the_whole_are_refused(void **state)
{
    (void)state;
    struct net_limits limits = harness_limits;
    limits.connections_max = 2;
    struct harness *harness = harness_new(&limits);
    int a = client_open(harness), b = client_open(harness);
    TURN_UNTIL(harness, net_count(harness->net) == 2);
    for (unsigned i = 0; i < 100; i++) { /* more than are let linger */
        int refused = client_open(harness);
        assert_refused(harness, refused);
        close(refused);
    }
    assert_served(harness, a);
    assert_served(harness, b);
    close(a);
    close(b);
    harness_free(harness);
}

static void partial_heads_beyond_their_total_are_503(void **state)
{
    (void)state;
    struct net_limits limits = harness_limits;
    limits.heads_bytes_total = 100000;
    struct harness *harness = harness_new(&limits);
    int fds[40];
    for (unsigned i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = client_open(harness);
        client_say_lit(harness, fds[i], "GET /hello HTTP/1.1\r\n");
    }
    TURN_UNTIL(harness, harness->faults > 0);
    harness_settle(harness);
    assert_int_equal(harness->fault_status, 503);
    assert_true(harness->faults < ARRAY_LEN(fds));
    int whole = client_open(harness);
    assert_served(harness, whole); /* a head that comes whole takes nothing */
    client_say_lit(harness, fds[0], "Host: x\r\n\r\n");
    struct buf heard = buf_new();
    client_hear_answers(harness, fds[0], &heard, 1);
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 200 ")));
    unsigned faults = harness->faults;
    int partial = client_open(harness);
    client_say_lit(harness, partial, "GET /hello HTTP/1.1\r\n");
    harness_settle(harness);
    assert_int_equal(harness->faults, faults); /* there is room for one again */
    for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    close(whole);
    close(partial);
    buf_done(&heard);
    harness_free(harness);
}

/* Lets this process have so many descriptors more than it has open; returns what it could have before. */
static struct rlimit descriptors_left(unsigned more)
{
    struct rlimit before;
    getrlimit(RLIMIT_NOFILE, &before);
    int next = open("/dev/null", O_RDONLY);
    assert_true(next >= 0);
    close(next);
    struct rlimit limit = {.rlim_cur = (rlim_t)next + more, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

static void a_connection_for_which_there_is_no_descriptor_is_told_503(void **state)
{
    struct harness *harness = *state;
    int served = client_open(harness);
    assert_served(harness, served);
    int refused = client_open(harness); /* in the accept queue */
    struct rlimit before = descriptors_left(0);
    assert_refused(harness, refused);
    assert_served(harness, served);
    setrlimit(RLIMIT_NOFILE, &before);
    int again = client_open(harness);
    assert_served(harness, again);
    close(served);
    close(refused);
    close(again);
}

static void while_descriptors_stay_out_everybody_is_told_503(void **state)
{
    struct harness *harness = *state;
    int fds[20];
    for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = client_open(harness);
    struct rlimit before = descriptors_left(0);
    for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
        assert_refused(harness, fds[i]);
    setrlimit(RLIMIT_NOFILE, &before);
    for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    assert_int_equal(net_count(harness->net), 0);
}

/* ---- draining ---- */

static void draining_closes_the_idle_and_says_so_to_the_busy(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new(), idle_heard = buf_new();
    int busy = client_open(harness), idle = client_open(harness);
    assert_served(harness, idle);
    client_say_lit(harness, busy, PARK);
    TURN_UNTIL(harness, harness->parked_count == 1);
    net_drain(harness->net, 20);
    assert_true(client_hear_end(harness, idle, &idle_heard));
    assert_int_equal(idle_heard.len, 0);
    assert_int_equal(net_count(harness->net), 1);
    harness_answer(harness, 0, SLICE("last"));
    assert_true(client_hear_end(harness, busy, &heard));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    assert_true(slice_contains(buf_slice(&heard), "\r\nConnection: close\r\n"));
    close(busy);
    close(idle);
    buf_done(&heard);
    buf_done(&idle_heard);
}

static void while_draining_new_connections_are_still_answered(void **state)
{
    struct harness *harness = *state;
    net_drain(harness->net, 1000);
    struct buf heard = client_ask(harness, SLICE(HELLO));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    assert_true(slice_contains(buf_slice(&heard), "\r\nConnection: close\r\n"));
    buf_done(&heard);
}

static void new_limits_do_not_undo_a_drain(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new();
    net_drain(harness->net, 20);
    net_limits_set(harness->net, &harness_limits);
    int idle = client_open(harness);
    assert_true(client_hear_end(harness, idle, &heard));
    close(idle);
    buf_done(&heard);
}

static void what_waits_in_the_queue_when_accepting_stops_is_answered(void **state)
{
    struct harness *harness = *state;
    enum { WAITING = 50 };
    int fds[WAITING];
    for (unsigned i = 0; i < WAITING; i++)
        fds[i] = client_open(harness); /* the loop has not turned */
    net_accept_stop(harness->net);
    assert_int_equal(net_count(harness->net), WAITING);
    int late = client_open(harness);
    client_say_lit(harness, late, HELLO);
    for (unsigned i = 0; i < WAITING; i++) {
        assert_served(harness, fds[i]);
        close(fds[i]);
    }
    assert_int_equal(harness->requests, WAITING); /* the late one waits for a successor */
    close(late);
}

static void new_limits_hold_from_the_next_head_on(void **state)
{
    struct harness *harness = *state;
    struct net_limits limits = harness_limits;
    limits.head_bytes_max = 40;
    net_limits_set(harness->net, &limits);
    struct buf heard = client_ask(harness, SLICE("GET /hello HTTP/1.1\r\nHost: x\r\nX: 1234567890\r\n\r\n"));
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 431 ")));
    buf_done(&heard);
    limits.head_bytes_max = 64 * 1024;
    net_limits_set(harness->net, &limits);
    struct buf asked = buf_new();
    buf_format(&asked, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: %060000u\r\n\r\n", 1);
    heard = client_ask(harness, buf_slice(&asked));
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 200 ")));
    buf_done(&asked);
    buf_done(&heard);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, harness_begin, harness_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_2001st_connection_of_an_address_is_refused_and_the_others_are_served),
        cmocka_unit_test(connections_beyond_the_whole_are_refused),
        cmocka_unit_test(partial_heads_beyond_their_total_are_503),
        TEST(a_connection_for_which_there_is_no_descriptor_is_told_503),
        TEST(while_descriptors_stay_out_everybody_is_told_503),
        TEST(draining_closes_the_idle_and_says_so_to_the_busy),
        TEST(while_draining_new_connections_are_still_answered),
        TEST(new_limits_do_not_undo_a_drain),
        TEST(what_waits_in_the_queue_when_accepting_stops_is_answered),
        TEST(new_limits_hold_from_the_next_head_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
