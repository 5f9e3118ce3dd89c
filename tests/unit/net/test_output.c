/* SPDX-License-Identifier: Apache-2.0 */
/* What is put together and handed over arrives in order, however the socket takes it; what is not committed stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/output.h"

struct test {
    struct output output;
    uint64_t held_bytes;
    int fds[2];
    struct buf expected, heard;
    unsigned next; /* of the pattern */
};

static int begin(void **state)
{
    struct test *test = calloc(1, sizeof *test);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, test->fds), 0);
    setsockopt(test->fds[0], SOL_SOCKET, SO_SNDBUF, &(int){4096}, sizeof(int));
    output_init(&test->output, &test->held_bytes);
    buf_init(&test->expected, 1 << 30);
    buf_init(&test->heard, 1 << 30);
    *state = test;
    return 0;
}

static int end(void **state)
{
    struct test *test = *state;
    output_done(&test->output);
    assert_int_equal(test->held_bytes, 0);
    buf_done(&test->expected);
    buf_done(&test->heard);
    close(test->fds[0]);
    close(test->fds[1]);
    free(test);
    return 0;
}

static void hear(struct test *test, size_t most)
{
    char *to = buf_room(&test->heard, most);
    ssize_t got = recv(test->fds[1], to, most, 0);
    test->heard.len += got > 0 ? (size_t)got : 0;
}

static void add_pattern(struct test *test, struct buf *to, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        char byte = (char)('a' + test->next++ % 23);
        buf_byte(to, byte);
        buf_byte(&test->expected, byte);
    }
}

static void hand_over(struct test *test, size_t bytes)
{
    struct buf body;
    buf_init(&body, bytes + 1);
    add_pattern(test, &body, bytes);
    output_take(&test->output, &body);
    assert_null(body.data);
}

static void send_all(struct test *test)
{
    for (unsigned i = 0; output_pending(&test->output) > 0; i++) {
        assert_int_not_equal(output_send(&test->output, test->fds[0]), IO_ERROR);
        hear(test, 1 + (size_t)rand() % 5000);
        assert_true(i < 1000000);
    }
    for (size_t before = SIZE_MAX; before != test->heard.len;) {
        before = test->heard.len;
        hear(test, 65536);
    }
}

static void random_pieces_arrive_in_order(void **state)
{
    struct test *test = *state;
    srand(11);
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned piece = (unsigned)rand() % 12; piece > 0; piece--) {
            if (rand() % 2)
                hand_over(test, rand() % 5 ? (size_t)rand() % 9000 : 0);
            else
                add_pattern(test, &test->output.bytes, (size_t)rand() % 3000);
            if (rand() % 3 == 0) {
                output_commit(&test->output);
                assert_int_not_equal(output_send(&test->output, test->fds[0]), IO_ERROR);
            }
        }
        output_commit(&test->output);
        send_all(test);
        assert_true(slice_eq(buf_slice(&test->expected), buf_slice(&test->heard)));
        assert_int_equal(test->held_bytes, 0);
    }
}

static void what_is_not_committed_is_not_sent(void **state)
{
    struct test *test = *state;
    add_pattern(test, &test->output.bytes, 10);
    output_commit(&test->output);
    add_pattern(test, &test->output.bytes, 10);
    hand_over(test, 10);
    assert_int_equal(output_pending(&test->output), 10);
    assert_int_equal(output_send(&test->output, test->fds[0]), IO_OK);
    hear(test, 100);
    assert_int_equal(test->heard.len, 10);
    output_commit(&test->output);
    assert_int_equal(output_send(&test->output, test->fds[0]), IO_OK);
    hear(test, 100);
    assert_true(slice_eq(buf_slice(&test->expected), buf_slice(&test->heard)));
}

static void what_is_held_is_counted_until_it_is_taken(void **state)
{
    struct test *test = *state;
    hand_over(test, 100000);
    assert_int_equal(test->held_bytes, 100000);
    output_commit(&test->output);
    assert_int_equal(output_send(&test->output, test->fds[0]), IO_AGAIN);
    assert_int_equal(test->held_bytes, 100000);
    send_all(test);
    assert_int_equal(test->held_bytes, 0);
}

static void a_reset_drops_all_of_it(void **state)
{
    struct test *test = *state;
    hand_over(test, 100000);
    add_pattern(test, &test->output.bytes, 100000);
    output_commit(&test->output);
    assert_int_equal(output_send(&test->output, test->fds[0]), IO_AGAIN);
    output_reset(&test->output);
    assert_int_equal(output_pending(&test->output), 0);
    assert_int_equal(test->held_bytes, 0);
    assert_int_equal(output_send(&test->output, test->fds[0]), IO_OK);
}

static void a_broken_socket_is_an_error(void **state)
{
    struct test *test = *state;
    shutdown(test->fds[0], SHUT_WR);
    add_pattern(test, &test->output.bytes, 10);
    output_commit(&test->output);
    assert_int_equal(output_send(&test->output, test->fds[0]), IO_ERROR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(random_pieces_arrive_in_order),
        TEST(what_is_not_committed_is_not_sent),
        TEST(what_is_held_is_counted_until_it_is_taken),
        TEST(a_reset_drops_all_of_it),
        TEST(a_broken_socket_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
