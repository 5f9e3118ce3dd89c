/* SPDX-License-Identifier: Apache-2.0 */
/* Kept answers as bytes for other instances: they come back as they were, no younger, and what is cut short is none. */
#include "lib/unit.h"

#include "request/kept.h"

static struct entry *make(void)
{
    struct answer answer = {.status = 200, .type = SLICE("text/plain"), .link = SLICE("<x>; rel=next")};
    answer.caching.etag = SLICE("\"tag\"");
    answer.caching.max_age_s = 7;
    struct entry_parts parts = {.kind = ENTRY_ANSWER,
                                .stored = {1000000},
                                .fresh_until = {11000000},
                                .grace_until = {12000000},
                                .error_until = {15000000},
                                .cost_us = 5,
                                .asked = SLICE("viewer /notes")};
    return kept_pack(&answer, SLICE("the body"), &parts);
}

/* The answer as bytes. */
static void written(struct buf *ret_bytes)
{
    struct entry *entry = make();
    buf_init(ret_bytes, 4096);
    kept_write(entry, ret_bytes);
    assert_false(ret_bytes->failed);
    entry_unref(entry);
}

static void an_answer_comes_back_as_it_was_and_no_younger(void **state)
{
    (void)state;
    struct buf bytes;
    struct entry_parts parts;
    struct answer answer = {0};
    written(&bytes);
    assert_true(kept_read(buf_slice(&bytes), (struct mono){100000000}, 4000, &parts));
    assert_int_equal(parts.fresh_until.us, 104000000);
    assert_int_equal(parts.stored.us, 94000000); /* six of its ten seconds are over */
    assert_int_equal(parts.grace_until.us, 105000000);
    assert_int_equal(parts.error_until.us, 108000000);
    struct entry *copy = entry_new(&parts);
    kept_unpack(copy, &answer);
    assert_int_equal(answer.status, 200);
    assert_true(slice_eq(answer.type, SLICE("text/plain")) && slice_eq(answer.link, SLICE("<x>; rel=next")));
    assert_true(slice_eq(answer.caching.etag, SLICE("\"tag\"")) && answer.caching.max_age_s == 7);
    assert_true(slice_eq(entry_body(copy), SLICE("the body")));
    assert_true(slice_eq(entry_asked(copy), SLICE("viewer /notes")));
    entry_unref(copy);
    buf_done(&bytes);
}

static void it_is_never_good_for_longer_than_it_was_made_for(void **state)
{
    (void)state;
    struct buf bytes;
    struct entry_parts parts;
    written(&bytes);
    assert_true(kept_read(buf_slice(&bytes), (struct mono){0}, 999999, &parts));
    assert_int_equal(parts.fresh_until.us, 10000000);
    buf_done(&bytes);
}

static void what_is_cut_short_is_none(void **state)
{
    (void)state;
    struct buf bytes;
    struct entry_parts parts;
    written(&bytes);
    assert_true(kept_read(buf_slice(&bytes), (struct mono){0}, 1000, &parts));
    size_t before_body = bytes.len - parts.body.len;
    for (size_t len = 0; len < before_body; len++)
        assert_false(kept_read(slice_of(bytes.data, len), (struct mono){0}, 1000, &parts));
    buf_done(&bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_answer_comes_back_as_it_was_and_no_younger),
    cmocka_unit_test(it_is_never_good_for_longer_than_it_was_made_for),
    cmocka_unit_test(what_is_cut_short_is_none),
};

UNIT_TEST_MAIN(tests)
