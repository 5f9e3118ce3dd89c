/* SPDX-License-Identifier: Apache-2.0 */
/* New connections are spread over the workers: here three loops in one thread, turned one by one. */
#include "harness.h"

#include <unistd.h>

#include "http/writer.h"

enum { WORKERS = 3, CLIENTS = 60 };

struct crew {
    int listen_fd;
    struct sockaddr_storage address;
    struct gate *gate;
    struct loop *loops[WORKERS];
    struct net *nets[WORKERS];
    unsigned requests[WORKERS];
    int fds[CLIENTS];
};

static void on_request(void *owner, struct conn *conn, const struct http_head *head)
{
    (void)head;
    ++*(unsigned *)owner;
    harness_reply(conn, 200, SLICE("hello"));
}

static void on_body(void *owner, struct conn *conn, struct slice piece, bool last)
{
    (void)owner, (void)conn, (void)piece, (void)last;
}

static void on_fault(void *owner, struct conn *conn, unsigned status, const char *reason)
{
    (void)owner, (void)status, (void)reason;
    conn_abort(conn);
}

static void on_gone(void *owner, struct conn *conn)
{
    (void)owner, (void)conn;
}

static const struct net_events events = {.on_request = on_request,
                                         .on_body = on_body,
                                         .on_fault = on_fault,
                                         .on_gone = on_gone};

static int begin(void **state)
{
    struct crew *crew = calloc(1, sizeof *crew);
    char why[256];
    socklen_t len = sizeof crew->address;
    assert_int_equal(net_listen(SLICE("127.0.0.1:0"), &crew->listen_fd, why), OK);
    getsockname(crew->listen_fd, (struct sockaddr *)&crew->address, &len);
    crew->gate = gate_new(1000, 1000);
    for (unsigned i = 0; i < WORKERS; i++) {
        crew->loops[i] = loop_new();
        crew->nets[i] = net_new(crew->loops[i], &harness_limits, crew->gate, &events, &crew->requests[i]);
        assert_int_equal(net_accept_from(crew->nets[i], crew->listen_fd), OK);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        crew->fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(crew->fds[i], (struct sockaddr *)&crew->address, len), 0);
    }
    *state = crew;
    return 0;
}

static int end(void **state)
{
    struct crew *crew = *state;
    for (unsigned i = 0; i < WORKERS; i++)
        net_free(crew->nets[i]);
    assert_int_equal(gate_count(crew->gate), 0);
    for (unsigned i = 0; i < WORKERS; i++)
        loop_turn(crew->loops[i], 0); /* a letter to a net that is gone */
    gate_free(crew->gate);
    for (unsigned i = 0; i < WORKERS; i++)
        loop_free(crew->loops[i]);
    for (unsigned i = 0; i < CLIENTS; i++)
        close(crew->fds[i]);
    close(crew->listen_fd);
    free(crew);
    return 0;
}

/* The first worker alone is awake. */
static void accept_all_by_first(struct crew *crew)
{
    for (unsigned turns = 0; gate_count(crew->gate) < CLIENTS; turns++) {
        loop_turn(crew->loops[0], 10);
        assert_true(turns < 1000);
    }
}

static void a_burst_that_one_worker_accepts_is_spread_over_all(void **state)
{
    struct crew *crew = *state;
    accept_all_by_first(crew);
    for (unsigned i = 0; i < WORKERS; i++) {
        unsigned count = net_count(crew->nets[i]);
        assert_true(count >= CLIENTS / WORKERS - 2 && count <= CLIENTS / WORKERS + 2);
    }
}

static void each_worker_serves_what_it_was_handed(void **state)
{
    struct crew *crew = *state;
    accept_all_by_first(crew);
    for (unsigned i = 0; i < CLIENTS; i++)
        assert_int_equal(send(crew->fds[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, 0), 27);
    for (unsigned i = 0; i < WORKERS; i++)
        for (unsigned turn = 0; turn < 20; turn++)
            loop_turn(crew->loops[i], 0);
    for (unsigned i = 0; i < WORKERS; i++)
        assert_int_equal(crew->requests[i], net_count(crew->nets[i]));
}

static void one_who_does_not_accept_is_handed_nothing(void **state)
{
    struct crew *crew = *state;
    net_accept_stop(crew->nets[2]); /* takes all that wait, keeps or hands on */
    assert_int_equal(gate_count(crew->gate), CLIENTS);
    unsigned before = net_count(crew->nets[2]);
    int more[20];
    for (unsigned i = 0; i < ARRAY_LEN(more); i++) {
        more[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(more[i], (struct sockaddr *)&crew->address, sizeof(struct sockaddr_in)), 0);
    }
    for (unsigned turns = 0; gate_count(crew->gate) < CLIENTS + ARRAY_LEN(more); turns++) {
        loop_turn(crew->loops[0], 10);
        assert_true(turns < 1000);
    }
    assert_int_equal(net_count(crew->nets[2]), before);
    for (unsigned i = 0; i < ARRAY_LEN(more); i++)
        close(more[i]);
}

static void what_is_on_its_way_to_a_net_that_ends_is_closed(void **state)
{
    struct crew *crew = *state;
    accept_all_by_first(crew);
    unsigned gone = net_count(crew->nets[1]);
    assert_true(gone > 0);
    net_free(crew->nets[1]); /* its loop has not turned since */
    crew->nets[1] = NULL;
    assert_int_equal(gate_count(crew->gate), CLIENTS - gone);
    loop_turn(crew->loops[1], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_burst_that_one_worker_accepts_is_spread_over_all),
        TEST(each_worker_serves_what_it_was_handed),
        TEST(one_who_does_not_accept_is_handed_nothing),
        TEST(what_is_on_its_way_to_a_net_that_ends_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
