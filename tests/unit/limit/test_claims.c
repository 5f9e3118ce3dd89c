/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as bytes: what is read is what was written, and what is no list is none. */
#include "lib/unit.h"

#include "limit/claims.h"

static void claims_are_read_as_they_were_written(void **unused)
{
    (void)unused;
    const struct limit_claim items[] = {{5, 7, -3, 1000000, 9},
                                        {UINT64_MAX - 1, UINT32_MAX, INT32_MIN, 1, 2}};
    struct limit_claim room[3];
    struct limit_claims claims;
    struct buf out;
    buf_init(&out, 4096);
    limit_claims_write(&out, &(struct limit_claims){items, 2});
    struct slice bytes = buf_slice(&out);
    assert_int_equal(bytes.len, 2 * LIMIT_CLAIM_BYTES);
    assert_true(limit_claims_read(bytes, room, &claims));
    assert_int_equal(claims.count, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(room[i].key, items[i].key);
        assert_int_equal(room[i].demand, items[i].demand);
        assert_int_equal(room[i].taken, items[i].taken);
        assert_int_equal(room[i].count, items[i].count);
        assert_int_equal(room[i].burst, items[i].burst);
    }
    for (size_t cut = 1; cut < bytes.len; cut++) { /* whatever is cut off, no claim is made up */
        bool whole = (bytes.len - cut) % LIMIT_CLAIM_BYTES == 0;
        assert_int_equal(limit_claims_read(slice_of(bytes.data, bytes.len - cut), room, &claims), whole);
        assert_int_equal(claims.count, whole);
    }
    limit_claims_write(&out, &(struct limit_claims){items, 1}); /* behind a greater key */
    assert_false(limit_claims_read(buf_slice(&out), room, &claims));
    assert_int_equal(claims.count, 0);
    buf_done(&out);
}

static void more_than_a_round_can_hold_is_no_list(void **unused)
{
    (void)unused;
    enum { TOO_LONG = (LIMIT_CLAIMS_MAX + 1) * LIMIT_CLAIM_BYTES };
    char *bytes = calloc(1, TOO_LONG);
    struct limit_claims claims;
    assert_non_null(bytes);
    assert_int_equal(limit_claims_in(slice_of(bytes, TOO_LONG)), LIMIT_CLAIMS_MAX + 1);
    assert_false(limit_claims_read(slice_of(bytes, TOO_LONG), NULL, &claims));
    assert_int_equal(claims.count, 0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_read_as_they_were_written),
        cmocka_unit_test(more_than_a_round_can_hold_is_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
