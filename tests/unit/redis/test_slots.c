/* SPDX-License-Identifier: Apache-2.0 */
/* The slot of a key, the map of slots, redirections. */
#include "lib/unit.h"

#include <stdio.h>

#include "redis/slots.h"

static void a_key_has_the_slot_that_redis_says(void **state)
{
    (void)state;
    /* CLUSTER KEYSLOT */
    assert_int_equal(redis_slot(SLICE("foo")), 12182);
    assert_int_equal(redis_slot(SLICE("123456789")), 12739);
    assert_int_equal(redis_slot(SLICE("")), 0);
    assert_int_equal(redis_slot(SLICE("{user1000}.following")), redis_slot(SLICE("user1000")));
    assert_int_equal(redis_slot(SLICE("foo{{bar}}zap")), redis_slot(SLICE("{bar")));
    assert_int_equal(redis_slot(SLICE("foo{bar}{zap}")), redis_slot(SLICE("bar")));
    assert_int_not_equal(redis_slot(SLICE("foo{}{bar}")), redis_slot(SLICE("bar")));
    assert_int_not_equal(redis_slot(SLICE("foo{bar")), redis_slot(SLICE("bar")));
}

static enum error read_map(const char *bytes, struct redis_slots *ret_slots, char ret_first[64])
{
    struct redis_reader *reader = redis_reader_new(1 << 20);
    const struct redis_reply *reply = NULL;
    assert_int_equal(redis_reader_feed(reader, slice_str(bytes)), OK);
    assert_int_equal(redis_reader_next(reader, &reply), OK);
    assert_non_null(reply);
    enum error error = redis_slots_read(reply, SLICE("asked"), ret_slots);
    if (error == OK && ret_slots->count > 0)
        snprintf(ret_first, 64, SLICE_FMT ":%u", SLICE_ARG(ret_slots->nodes[0].name),
                 ret_slots->nodes[0].port);
    redis_reader_free(reader);
    return error;
}

#define NODE(host, port) "*3\r\n$9\r\n" host "\r\n:" port "\r\n$2\r\nid\r\n"

static void a_map_names_the_master_of_each_slot(void **state)
{
    (void)state;
    struct redis_slots slots;
    char first[64];
    assert_int_equal(
        read_map("*3\r\n"
                 "*4\r\n:0\r\n:99\r\n" NODE("127.0.0.1", "7000") NODE("127.0.0.1", "7003") /* replica */
                 "*3\r\n:100\r\n:199\r\n" NODE("127.0.0.1",
                                               "7001") "*3\r\n:16383\r\n:16383\r\n" NODE("127.0.0.1", "7000"),
                 &slots, first),
        OK);
    assert_int_equal(slots.count, 2);
    assert_string_equal(first, "127.0.0.1:7000");
    assert_int_equal(slots.owner[0], 0);
    assert_int_equal(slots.owner[99], 0);
    assert_int_equal(slots.owner[100], 1);
    assert_int_equal(slots.owner[199], 1);
    assert_int_equal(slots.owner[200], REDIS_NODE_NONE);
    assert_int_equal(slots.owner[16383], 0);
}

static void a_node_without_a_host_is_the_one_that_was_asked(void **state)
{
    (void)state;
    struct redis_slots slots;
    char first[64];
    assert_int_equal(read_map("*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$0\r\n\r\n:7000\r\n", &slots, first), OK);
    assert_string_equal(first, "asked:7000");
    assert_int_equal(read_map("*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$-1\r\n:7000\r\n", &slots, first), OK);
    assert_string_equal(first, "asked:7000");
}

static void a_malformed_map_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "+OK\r\n",
        "*1\r\n:1\r\n",
        "*1\r\n*3\r\n:5\r\n:4\r\n" NODE("127.0.0.1", "7000"),
        "*1\r\n*3\r\n:0\r\n:16384\r\n" NODE("127.0.0.1", "7000"),
        "*1\r\n*3\r\n:-1\r\n:4\r\n" NODE("127.0.0.1", "7000"),
        "*1\r\n*3\r\n:0\r\n:4\r\n" NODE("127.0.0.1", "0"),
        "*1\r\n*3\r\n:0\r\n:4\r\n" NODE("127.0.0.1", "65536"),
        "*1\r\n*3\r\n:0\r\n:4\r\n:1\r\n",
        "*1\r\n*2\r\n:0\r\n:4\r\n",
    };
    struct redis_slots slots = {.count = 7};
    char first[64];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(read_map(wrong[i], &slots, first), ERR_INVALID);
    assert_int_equal(slots.count, 7);
}

static void redirections_are_told_from_other_errors(void **state)
{
    (void)state;
    struct redis_redirect to;
    assert_true(redis_redirect_read(SLICE("MOVED 3999 127.0.0.1:6381"), &to));
    assert_false(to.ask);
    assert_slice(to.to.name, "127.0.0.1");
    assert_int_equal(to.to.port, 6381);
    assert_true(redis_redirect_read(SLICE("ASK 3999 ::1:6381"), &to));
    assert_true(to.ask);
    assert_slice(to.to.name, "::1");
    assert_true(redis_redirect_read(SLICE("MOVED 3999 :6381"), &to));
    assert_int_equal(to.to.name.len, 0);
    static const char *const others[] = {"ERR no",
                                         "MOVED",
                                         "MOVED 3999",
                                         "MOVED 16384 a:1",
                                         "MOVED x a:1",
                                         "MOVED 1 a:0",
                                         "MOVED 1 a",
                                         "MOVED 1 a:65536",
                                         "CLUSTERDOWN The cluster is down",
                                         ""};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(redis_redirect_read(slice_str(others[i]), &to));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_key_has_the_slot_that_redis_says),
    cmocka_unit_test(a_map_names_the_master_of_each_slot),
    cmocka_unit_test(a_node_without_a_host_is_the_one_that_was_asked),
    cmocka_unit_test(a_malformed_map_is_refused),
    cmocka_unit_test(redirections_are_told_from_other_errors),
};

UNIT_TEST_MAIN(tests)
