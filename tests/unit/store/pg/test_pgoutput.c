/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of a replication stream, from bytes as PostgreSQL sends them: each kind, cut at every byte, with lengths that lie. */
#include "base/buf.h"
#include "lib/unit.h"
#include "store/pg/pgoutput.h"

/* clang-format off */
#define COLUMN(key, name) key name "\0" "\0\0\0\x17" "\xff\xff\xff\xff"
static const struct sample {
    struct slice bytes;
    enum pgoutput_kind kind;
} samples[] = {
    {SLICE_INIT("B" "\0\0\0\0\1\2\3\4" "\0\2\3\4\5\6\7\x08" "\0\0\2\xf3"), PGOUTPUT_BEGIN},
    {SLICE_INIT("C" "\0" "\0\0\0\0\1\2\3\4" "\0\0\0\0\1\2\3\5" "\0\2\3\4\5\6\7\x08"), PGOUTPUT_COMMIT},
    {SLICE_INIT("R" "\0\0\x40\1" "public\0" "notes\0" "d" "\0\2" COLUMN("\1", "id") COLUMN("\0", "text")), PGOUTPUT_RELATION},
    {SLICE_INIT("I" "\0\0\x40\1" "N" "\0\2" "t\0\0\0\1" "7" "n"), PGOUTPUT_INSERT},
    {SLICE_INIT("U" "\0\0\x40\1" "N" "\0\2" "t\0\0\0\1" "7" "u"), PGOUTPUT_UPDATE},
    {SLICE_INIT("U" "\0\0\x40\1" "K" "\0\2" "t\0\0\0\1" "6" "n" "N" "\0\2" "t\0\0\0\1" "7" "t\0\0\0\0"), PGOUTPUT_UPDATE},
    {SLICE_INIT("D" "\0\0\x40\1" "K" "\0\2" "b\0\0\0\2" "67" "n"), PGOUTPUT_DELETE},
    {SLICE_INIT("D" "\0\0\x40\1" "O" "\0\2" "t\0\0\0\1" "6" "n"), PGOUTPUT_DELETE},
    {SLICE_INIT("T" "\0\0\0\2" "\3" "\0\0\x40\1" "\0\0\x40\2"), PGOUTPUT_TRUNCATE},
    {SLICE_INIT("M" "\1" "\0\0\0\0\1\2\3\4" "leat_changes\0" "\0\0\0\2" "me"), PGOUTPUT_MESSAGE},
    {SLICE_INIT("O" "\0\0\0\0\1\2\3\4" "elsewhere\0"), PGOUTPUT_OTHER},
    {SLICE_INIT("Y" "\0\0\x40\3" "public\0" "mood\0"), PGOUTPUT_OTHER},
};
/* clang-format on */

static const struct pgoutput *read_sample(unsigned at)
{
    static struct pgoutput message;
    assert_int_equal(pgoutput_read(samples[at].bytes, &message), OK);
    assert_int_equal(message.kind, samples[at].kind);
    return &message;
}

static void each_message_says_what_it_is(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(samples); i++)
        read_sample(i);
    assert_int_equal(read_sample(0)->xid, 0x2f3);
    assert_slice(read_sample(2)->schema, "public");
    assert_slice(read_sample(2)->table, "notes");
    for (unsigned i = 2; i < 8; i++)
        assert_int_equal(read_sample(i)->relation, 0x4001);
    assert_true(read_sample(9)->transactional);
    assert_slice(read_sample(9)->prefix, "leat_changes");
    assert_slice(read_sample(9)->content, "me");
}

static void columns_rows_and_tables_are_walked(void **state)
{
    (void)state;
    struct slice items = read_sample(2)->items;
    struct pgoutput_column column = pgoutput_next_column(&items);
    assert_true(column.is_key);
    assert_slice(column.name, "id");
    column = pgoutput_next_column(&items);
    assert_false(column.is_key);
    assert_slice(column.name, "text");

    items = read_sample(3)->items;
    assert_slice(pgoutput_next_value(&items), "7");
    assert_null(pgoutput_next_value(&items).data);
    items = read_sample(6)->items;
    assert_slice(pgoutput_next_value(&items), "67");

    items = read_sample(8)->items;
    assert_int_equal(pgoutput_next_relation(&items), 0x4001);
    assert_int_equal(pgoutput_next_relation(&items), 0x4002);
    assert_int_equal(items.len, 0);
}

static void of_an_update_the_new_row_is_told_and_that_there_was_an_old_one(void **state)
{
    (void)state;
    assert_false(read_sample(4)->has_old);
    assert_true(read_sample(5)->has_old);
    struct slice items = read_sample(5)->items;
    assert_slice(pgoutput_next_value(&items), "7");
    struct slice empty = pgoutput_next_value(&items);
    assert_true(empty.data && empty.len == 0);
    assert_null(
        (items = read_sample(4)->items, pgoutput_next_value(&items), pgoutput_next_value(&items)).data);
}

/* In memory of its own, so that a byte read beyond is found. */
static enum error read_copy(struct slice bytes, struct pgoutput *ret_message)
{
    char *copy = malloc(bytes.len ? bytes.len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.len);
    enum error error = pgoutput_read(slice_of(copy, bytes.len), ret_message);
    free(copy);
    return error;
}

static void a_message_cut_at_any_byte_or_with_one_more_is_none(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(samples); i++) {
        struct slice bytes = samples[i].bytes;
        struct pgoutput message;
        for (size_t len = 0; len < bytes.len; len++)
            assert_int_equal(read_copy(slice_of(bytes.data, len), &message), ERR_INVALID);
        char longer[128];
        assert_true(bytes.len < sizeof longer);
        memcpy(longer, bytes.data, bytes.len);
        longer[bytes.len] = 0;
        assert_int_equal(read_copy(slice_of(longer, bytes.len + 1), &message), ERR_INVALID);
    }
}

/* Whatever a byte becomes, what is read as good can be walked to its end, and not beyond. */
static void walk(const struct pgoutput *message, struct slice within)
{
    struct slice items = message->items;
    for (unsigned i = 0; i < message->count; i++) {
        if (message->kind == PGOUTPUT_RELATION)
            assert_non_null(pgoutput_next_column(&items).name.data);
        else if (message->kind == PGOUTPUT_TRUNCATE)
            (void)pgoutput_next_relation(&items);
        else
            (void)pgoutput_next_value(&items);
        assert_true(items.data && items.data + items.len == within.data + within.len);
    }
}

static void lengths_that_lie_are_found(void **state)
{
    (void)state;
    static const uint8_t lies[] = {0, 1, 2, 3, 0x7f, 0x80, 0xff, 'N', 'K', 'n', 't'};
    for (unsigned i = 0; i < ARRAY_LEN(samples); i++)
        for (size_t at = 0; at < samples[i].bytes.len; at++)
            for (unsigned lie = 0; lie < ARRAY_LEN(lies); lie++) {
                struct slice bytes = samples[i].bytes;
                struct pgoutput message;
                char *copy = malloc(bytes.len);
                assert_non_null(copy);
                memcpy(copy, bytes.data, bytes.len);
                copy[at] = (char)lies[lie];
                bytes.data = copy;
                if (pgoutput_read(bytes, &message) == OK)
                    walk(&message, bytes);
                free(copy);
            }
    struct pgoutput message;
    struct slice huge = SLICE("I\0\0\x40\1N\0\1t\xff\xff\xff\xff"
                              "7");
    assert_int_equal(pgoutput_read(huge, &message), ERR_INVALID);
    huge = SLICE("T\xff\xff\xff\xff\0\0\0\x40\1");
    assert_int_equal(pgoutput_read(huge, &message), ERR_INVALID);
}

static void what_is_no_message_is_refused(void **state)
{
    (void)state;
    struct pgoutput message;
    assert_int_equal(pgoutput_read(SLICE(""), &message), ERR_INVALID);
    assert_int_equal(pgoutput_read((struct slice){NULL, 0}, &message), ERR_INVALID);
    assert_int_equal(pgoutput_read(SLICE("X"), &message), ERR_INVALID);
    assert_int_equal(pgoutput_read(SLICE("I\0\0\x40\1K\0\1n"), &message),
                     ERR_INVALID); /* an old row of an INSERT */
    assert_int_equal(pgoutput_read(SLICE("D\0\0\x40\1N\0\1n"), &message),
                     ERR_INVALID); /* a new one of a DELETE */
}

static void envelopes_hold_a_message_or_tell_how_far_it_came(void **state)
{
    (void)state;
    struct pgoutput_envelope envelope;
    struct slice data = SLICE("w\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3payload");
    struct slice alive = SLICE("k\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0\3\1");
    assert_int_equal(pgoutput_envelope_read(data, &envelope), OK);
    assert_false(envelope.keepalive);
    assert_slice(envelope.payload, "payload");
    for (size_t len = 0; len < 25; len++)
        assert_int_equal(pgoutput_envelope_read(slice_of(data.data, len), &envelope), ERR_INVALID);
    assert_int_equal(pgoutput_envelope_read(alive, &envelope), OK);
    assert_true(envelope.keepalive && envelope.wants_reply && envelope.position == 0x100000002);
    for (size_t len = 0; len < alive.len; len++)
        assert_int_equal(pgoutput_envelope_read(slice_of(alive.data, len), &envelope), ERR_INVALID);
    assert_int_equal(pgoutput_envelope_read(SLICE("r"), &envelope), ERR_INVALID);
}

static void a_status_tells_the_position_three_times(void **state)
{
    (void)state;
    char bytes[PGOUTPUT_STATUS_BYTES];
    pgoutput_write_status(bytes, 0x0102030405060708, true);
    assert_int_equal(bytes[0], 'r');
    for (unsigned i = 0; i < 3; i++)
        assert_memory_equal(bytes + 1 + 8 * i, "\1\2\3\4\5\6\7\x08", 8);
    assert_int_equal(bytes[33], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_says_what_it_is),
        cmocka_unit_test(columns_rows_and_tables_are_walked),
        cmocka_unit_test(of_an_update_the_new_row_is_told_and_that_there_was_an_old_one),
        cmocka_unit_test(a_message_cut_at_any_byte_or_with_one_more_is_none),
        cmocka_unit_test(lengths_that_lie_are_found),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(envelopes_hold_a_message_or_tell_how_far_it_came),
        cmocka_unit_test(a_status_tells_the_position_three_times),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
