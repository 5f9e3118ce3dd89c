/* SPDX-License-Identifier: Apache-2.0 */
/* A digest is the same however its bytes were cut, and another for other bytes. */
#include "lib/unit.h"

#include "base/digest.h"

static uint64_t in_pieces(struct slice bytes, size_t piece)
{
    struct digest digest;
    digest_begin(&digest);
    for (size_t at = 0; at < bytes.len; at += piece)
        digest_add(&digest, slice_of(bytes.data + at, bytes.len - at < piece ? bytes.len - at : piece));
    return digest_end(&digest);
}

static void the_cuts_do_not_matter_and_each_byte_does(void **state)
{
    (void)state;
    char text[300];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7);
    uint64_t whole = in_pieces(slice_of(text, sizeof text), sizeof text);
    for (size_t piece = 1; piece < sizeof text; piece++)
        assert_true(in_pieces(slice_of(text, sizeof text), piece) == whole);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] ^= 1;
        assert_true(in_pieces(slice_of(text, sizeof text), 64) != whole);
        text[i] ^= 1;
    }
}

static void it_is_the_same_in_every_version(void **state)
{
    (void)state;
    assert_true(in_pieces(SLICE(""), 1) == 0xef46db3751d8e999u);
    assert_true(in_pieces(SLICE("abc"), 1) == 0x44bc2cf5ad770999u);
}

static void what_is_there_whole_has_the_digest_of_every_other_xxh3(void **state)
{
    (void)state;
    char digest[33];
    digest_whole(SLICE(""), digest);
    assert_string_equal(digest, "99aa06d3014798d86001c324468d497f");
    digest_whole(SLICE("abc"), digest);
    assert_string_equal(digest, "06b05ab6733a618578af5f94892f3950");
}

static void fields_do_not_run_into_each_other(void **state)
{
    (void)state;
    struct digest one, two;
    digest_begin(&one);
    digest_begin(&two);
    digest_add_field(&one, SLICE("ab"));
    digest_add_field(&one, SLICE("c"));
    digest_add_field(&two, SLICE("a"));
    digest_add_field(&two, SLICE("bc"));
    assert_true(digest_end(&one) != digest_end(&two));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cuts_do_not_matter_and_each_byte_does),
        cmocka_unit_test(it_is_the_same_in_every_version),
        cmocka_unit_test(what_is_there_whole_has_the_digest_of_every_other_xxh3),
        cmocka_unit_test(fields_do_not_run_into_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
