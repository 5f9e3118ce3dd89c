/* SPDX-License-Identifier: Apache-2.0 */
/* What other instances tell, and what of it must have gone unheard. */
#include "lib/unit.h"

#include <stdio.h>

#include "base/check.h"
#include "redis/peers.h"

static bool hear_at(struct redis_peers *peers, const char *text, int64_t ms)
{
    struct redis_message message;
    assert_true(redis_message_read(slice_str(text), &message));
    return redis_peers_hear(peers, &message, (struct mono){ms * 1000});
}

#define ONE "v1 0000000000000001 "
#define TWO "v1 0000000000000002 "

static void messages_are_read_and_others_refused(void **state)
{
    (void)state;
    struct redis_message message;
    uint32_t tag;
    assert_true(redis_message_read(SLICE(ONE "7 bump 0 a3f1 fffff"), &message));
    assert_slice(message.instance, "0000000000000001");
    assert_int_equal(message.sequence, 7);
    static const uint32_t tags[] = {0, 0xa3f1, 0xfffff};
    for (int i = 0; i < 3; i++) {
        assert_true(redis_message_next_tag(&message, &tag));
        assert_int_equal(tag, tags[i]);
    }
    assert_false(redis_message_next_tag(&message, &tag));
    assert_true(redis_message_read(SLICE(ONE "7 bump 100000 x  7"), &message));
    assert_true(redis_message_next_tag(&message, &tag)); /* what is no tag is passed over */
    assert_int_equal(tag, 7);
    static const char *const wrong[] = {
        "", "v2 0000000000000001 7 beat", "v1 1 7 beat", ONE "x beat", ONE "-1 beat", ONE "7", ONE "7 boom"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(redis_message_read(slice_str(wrong[i]), &message));
}

static void a_sequence_without_gaps_is_heard_whole(void **state)
{
    (void)state;
    struct redis_peers peers = {0};
    assert_false(hear_at(&peers, ONE "0 beat", 0));
    assert_false(hear_at(&peers, ONE "1 bump 1", 1));
    assert_false(hear_at(&peers, ONE "1 bump 1 2", 2)); /* told again */
    assert_false(hear_at(&peers, ONE "2 all", 3));
    assert_false(hear_at(&peers, ONE "2 beat", 4));
    assert_false(hear_at(&peers, ONE "1 bump 1", 5)); /* late, over an old connection */
    assert_false(hear_at(&peers, ONE "3 bump 1", 6));
    assert_false(hear_at(&peers, TWO "1 bump 1", 7));
}

static void what_is_missing_is_noticed(void **state)
{
    (void)state;
    struct redis_peers peers = {0};
    assert_true(hear_at(&peers, ONE "5 beat", 0)); /* it told before we heard of it */
    assert_false(hear_at(&peers, ONE "6 bump 1", 1));
    assert_true(hear_at(&peers, ONE "8 bump 1", 2));
    assert_false(hear_at(&peers, ONE "9 bump 1", 3));
    assert_true(hear_at(&peers, ONE "10 beat", 4));
    assert_true(hear_at(&peers, TWO "2 bump 1", 5));
}

static void silence_is_told_once_and_a_farewell_is_none(void **state)
{
    (void)state;
    struct redis_peers peers = {0};
    (void)hear_at(&peers, ONE "0 beat", 0);
    (void)hear_at(&peers, TWO "0 beat", 500);
    assert_false(redis_peers_fell_silent(&peers, (struct mono){999000}, 1000));
    assert_true(redis_peers_fell_silent(&peers, (struct mono){1000000}, 1000));
    assert_false(redis_peers_fell_silent(&peers, (struct mono){1200000}, 1000));
    (void)hear_at(&peers, TWO "0 bye", 1300);
    (void)hear_at(&peers, ONE "0 beat", 1400);
    assert_false(redis_peers_fell_silent(&peers, (struct mono){2399000}, 1000));
    assert_true(redis_peers_fell_silent(&peers, (struct mono){2400000}, 1000));
}

static void more_than_fit_push_out_the_longest_unheard(void **state)
{
    (void)state;
    struct redis_peers peers = {0};
    char text[64];
    for (int i = 0; i <= REDIS_PEERS_MAX; i++) {
        snprintf(text, sizeof text, "v1 %016x 0 beat", i);
        assert_false(hear_at(&peers, text, i));
        snprintf(text, sizeof text, "v1 %016x 1 bump 1", i);
        assert_false(hear_at(&peers, text, i));
    }
    assert_true(hear_at(&peers, "v1 0000000000000000 1 beat", 1000)); /* forgotten: as one never heard */
    assert_false(hear_at(&peers, "v1 0000000000000002 1 beat", 1000));
}

static void one_that_is_new_or_silent_or_gone_is_not_settled(void **state)
{
    (void)state;
    struct redis_peers peers = {0};
    (void)hear_at(&peers, ONE "0 new", 0);
    (void)hear_at(&peers, ONE "1 bump 1", 0);
    assert_false(redis_peers_are_settled(&peers));
    (void)hear_at(&peers, ONE "1 beat", 0);
    assert_true(redis_peers_are_settled(&peers));
    assert_true(redis_peers_fell_silent(&peers, (struct mono){1000000}, 1000));
    assert_false(redis_peers_are_settled(&peers));
    (void)hear_at(&peers, ONE "1 beat", 1000);
    assert_true(redis_peers_are_settled(&peers));
    (void)hear_at(&peers, ONE "1 bye", 1000);
    assert_false(redis_peers_are_settled(&peers));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(messages_are_read_and_others_refused),
    cmocka_unit_test(a_sequence_without_gaps_is_heard_whole),
    cmocka_unit_test(what_is_missing_is_noticed),
    cmocka_unit_test(silence_is_told_once_and_a_farewell_is_none),
    cmocka_unit_test(one_that_is_new_or_silent_or_gone_is_not_settled),
    cmocka_unit_test(more_than_fit_push_out_the_longest_unheard),
};

UNIT_TEST_MAIN(tests)
