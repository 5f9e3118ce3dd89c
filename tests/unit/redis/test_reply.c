/* SPDX-License-Identifier: Apache-2.0 */
/* Replies out of bytes: every kind, cut anywhere, too large, and what is no reply at all. */
#include "lib/unit.h"

#include "redis/reply.h"

static const char all_kinds[] = "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nb\0\r\n$-1\r\n$0\r\n\r\n*-1\r\n"
                                "*3\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n*0\r\n";

static void assert_all_kinds(struct redis_reader *reader, unsigned number, const struct redis_reply *reply)
{
    (void)reader;
    switch (number) {
    case 0:
        assert_int_equal(reply->kind, REDIS_STATUS);
        assert_slice(reply->text, "OK");
        break;
    case 1:
        assert_true(redis_reply_is_error(reply, "ERR"));
        assert_false(redis_reply_is_error(reply, "ER"));
        break;
    case 2:
        assert_int_equal(reply->integer, -42);
        break;
    case 3:
        assert_int_equal(reply->text.len, 5);
        assert_memory_equal(reply->text.data, "a\r\nb\0", 6);
        break;
    case 5:
        assert_int_equal(reply->kind, REDIS_TEXT);
        assert_int_equal(reply->text.len, 0);
        break;
    case 4:
    case 6:
        assert_int_equal(reply->kind, REDIS_NIL);
        break;
    case 7:
        assert_int_equal(reply->count, 3);
        assert_int_equal(reply->items[0]->integer, 1);
        assert_slice(reply->items[1]->items[0]->text, "x");
        assert_int_equal(reply->items[1]->items[1]->kind, REDIS_NIL);
        assert_int_equal(reply->items[2]->count, 0);
        break;
    default:
        fail_msg("a reply too many");
    }
}

static unsigned read_all(struct redis_reader *reader, unsigned number)
{
    const struct redis_reply *reply;
    while (true) {
        assert_int_equal(redis_reader_next(reader, &reply), OK);
        if (reply == NULL)
            return number;
        assert_all_kinds(reader, number++, reply);
    }
}

static void replies_cut_at_every_byte_read_the_same(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof all_kinds; cut++) {
        struct redis_reader *reader = redis_reader_new(1 << 20);
        assert_int_equal(redis_reader_feed(reader, slice_of(all_kinds, cut)), OK);
        unsigned number = read_all(reader, 0);
        assert_int_equal(redis_reader_feed(reader, slice_of(all_kinds + cut, sizeof all_kinds - 1 - cut)),
                         OK);
        assert_int_equal(read_all(reader, number), 8);
        redis_reader_free(reader);
    }
}

static void a_reader_freed_in_the_middle_frees_what_is_half_read(void **state)
{
    (void)state;
    for (size_t end = 0; end < sizeof all_kinds; end++) {
        struct redis_reader *reader = redis_reader_new(1 << 20);
        assert_int_equal(redis_reader_feed(reader, slice_of(all_kinds, end)), OK);
        (void)read_all(reader, 0);
        redis_reader_free(reader);
    }
}

static enum error outcome_of(const char *bytes, size_t bytes_max)
{
    struct redis_reader *reader = redis_reader_new(bytes_max);
    const struct redis_reply *reply = NULL;
    enum error error = redis_reader_feed(reader, slice_str(bytes));
    while (error == OK && (error = redis_reader_next(reader, &reply)) == OK && reply != NULL)
        ;
    if (error != OK) {
        assert_true(redis_reader_why(reader)[0] != '\0');
        assert_int_equal(redis_reader_next(reader, &reply), error); /* for good */
    }
    redis_reader_free(reader);
    return error;
}

static void what_is_no_reply_is_invalid(void **state)
{
    (void)state;
    static const char *const wrong[] = {"HTTP/1.1 400 Bad Request\r\n\r\n",
                                        "$x\r\n",
                                        "$-2\r\n",
                                        "*-2\r\n",
                                        "*1\r\n?\r\n",
                                        ":\r\n",
                                        ":99999999999999999999\r\n",
                                        "\r\n",
                                        "*9999999999\r\n",
                                        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(outcome_of(wrong[i], 1 << 20), ERR_INVALID);
}

static void a_reply_beyond_the_limit_is_refused_before_it_is_made(void **state)
{
    (void)state;
    assert_int_equal(outcome_of("*2000000000\r\n", 1 << 20), ERR_LIMIT);
    assert_int_equal(outcome_of("$100\r\n0123456789012345678901234567890123456789", 32), ERR_LIMIT);
    assert_int_equal(outcome_of("+0123456789012345678901234567890123456789", 32), ERR_LIMIT);
    assert_int_equal(outcome_of("*3\r\n$10\r\n0123456789\r\n$10\r\n0123456789\r\n$10\r\n0123456789\r\n", 100),
                     ERR_LIMIT);
}

static void the_limit_is_of_one_reply_not_of_all(void **state)
{
    (void)state;
    struct redis_reader *reader = redis_reader_new(64);
    const struct redis_reply *reply;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(redis_reader_feed(reader, SLICE("$10\r\n0123456789\r\n$10\r\n0123456789\r\n")), OK);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(redis_reader_next(reader, &reply), OK);
            assert_slice(reply->text, "0123456789");
        }
        assert_int_equal(redis_reader_next(reader, &reply), OK);
        assert_null(reply);
    }
    redis_reader_free(reader);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(replies_cut_at_every_byte_read_the_same),
    cmocka_unit_test(a_reader_freed_in_the_middle_frees_what_is_half_read),
    cmocka_unit_test(what_is_no_reply_is_invalid),
    cmocka_unit_test(a_reply_beyond_the_limit_is_refused_before_it_is_made),
    cmocka_unit_test(the_limit_is_of_one_reply_not_of_all),
};

UNIT_TEST_MAIN(tests)
