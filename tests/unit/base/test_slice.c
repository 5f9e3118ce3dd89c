/* SPDX-License-Identifier: Apache-2.0 */
/* Slices: what the searches and readings answer at their edges. */
#include "lib/unit.h"

static void equality_ignores_where_bytes_lie(void **state)
{
    (void)state;
    char copy[] = "leat";
    assert_true(slice_eq(SLICE("leat"), slice_of(copy, 4)));
    assert_false(slice_eq(SLICE("leat"), SLICE("leaf")));
    assert_false(slice_eq(SLICE("leat"), SLICE("lea")));
    assert_true(slice_eq(SLICE(""), (struct slice){NULL, 0}));
    assert_true(slice_eq(slice_str(NULL), SLICE("")));
}

static void only_ascii_letters_lose_their_case(void **state)
{
    (void)state;
    assert_true(slice_eq_nocase(SLICE("Content-LENGTH"), SLICE("content-length")));
    assert_false(slice_eq_nocase(SLICE("[name]"), SLICE("{name}")));
    assert_false(slice_eq_nocase(SLICE("\xc3\x84"), SLICE("\xc3\xa4")));
    assert_false(slice_eq_nocase(SLICE("a"), SLICE("ab")));
}

static void order_is_bytewise_and_a_prefix_comes_first(void **state)
{
    (void)state;
    assert_true(slice_cmp(SLICE("a"), SLICE("b")) < 0);
    assert_true(slice_cmp(SLICE("ab"), SLICE("a")) > 0);
    assert_true(slice_cmp(SLICE("\xff"), SLICE("a")) > 0);
    assert_int_equal(slice_cmp(SLICE(""), (struct slice){NULL, 0}), 0);
}

static void starts_and_ends_hold_for_the_whole_and_for_nothing(void **state)
{
    (void)state;
    assert_true(slice_starts(SLICE("/api/users"), SLICE("/api")));
    assert_true(slice_ends(SLICE("/api/users"), SLICE("users")));
    assert_true(slice_starts(SLICE("x"), SLICE("x")) && slice_ends(SLICE("x"), SLICE("x")));
    assert_true(slice_starts(SLICE(""), SLICE("")) && slice_ends(SLICE("x"), SLICE("")));
    assert_false(slice_starts(SLICE("x"), SLICE("xy")) || slice_ends(SLICE("x"), SLICE("yx")));
}

static void skipping_more_than_there_is_leaves_nothing(void **state)
{
    (void)state;
    assert_slice(slice_skip(SLICE("abc"), 1), "bc");
    assert_slice(slice_skip(SLICE("abc"), 3), "");
    assert_slice(slice_skip(SLICE("abc"), 99), "");
}

static void trimming_takes_white_space_at_both_ends_alone(void **state)
{
    (void)state;
    assert_slice(slice_trim(SLICE(" \t\r\n\v\fa b ")), "a b");
    assert_slice(slice_trim(SLICE(" \t ")), "");
    assert_slice(slice_trim(SLICE("")), "");
}

static void finding_an_absent_byte_answers_the_length(void **state)
{
    (void)state;
    assert_int_equal(slice_find(SLICE("a,b,c"), ','), 1);
    assert_int_equal(slice_find(SLICE("abc"), ','), 3);
    assert_int_equal(slice_find((struct slice){NULL, 0}, ','), 0);
}

static void cutting_walks_through_all_pieces(void **state)
{
    (void)state;
    struct slice rest = SLICE("a,,b,");
    assert_slice(slice_cut(&rest, ','), "a");
    assert_slice(slice_cut(&rest, ','), "");
    assert_slice(slice_cut(&rest, ','), "b");
    assert_non_null(rest.data); /* an empty piece is still to come */
    assert_slice(slice_cut(&rest, ','), "");
    assert_null(rest.data);
}

static void integers_are_read_to_both_ends_of_their_range(void **state)
{
    (void)state;
    int64_t value = 0;
    assert_true(slice_to_int(SLICE("9223372036854775807"), &value) && value == INT64_MAX);
    assert_true(slice_to_int(SLICE("-9223372036854775808"), &value) && value == INT64_MIN);
    assert_true(slice_to_int(SLICE("0"), &value) && value == 0);
    assert_true(slice_to_int(SLICE("-7"), &value) && value == -7);
}

static void what_is_not_an_integer_is_refused_and_leaves_the_value(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "-",
        "-0",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "0x1",
        "1e3",
        "--1",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int64_t value = 42;
        assert_false(slice_to_int(slice_str(refused[i]), &value));
        assert_int_equal(value, 42);
    }
}

/* RFC 3629 by its definition, for comparison: decode, then refuse what is overlong, a surrogate or too large. */
static bool utf8_by_definition(const unsigned char *s, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t i = 0; i < len;) {
        size_t size = s[i] < 0x80 ? 1 : s[i] >> 5 == 6 ? 2 : s[i] >> 4 == 14 ? 3 : s[i] >> 3 == 30 ? 4 : 0;
        if (size == 0 || size > len - i)
            return false;
        uint32_t code = size == 1 ? s[i] : s[i] & (0x7f >> size);
        for (size_t k = 1; k < size; k++) {
            if (s[i + k] >> 6 != 2)
                return false;
            code = code << 6 | (s[i + k] & 0x3f);
        }
        if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return false;
        i += size;
    }
    return true;
}

static void utf8_agrees_with_its_definition_on_every_pair_and_many_quadruples(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        unsigned char bytes[2] = {(unsigned char)(pair >> 8), (unsigned char)pair};
        assert_int_equal(slice_is_utf8(slice_of((char *)bytes, 2)), utf8_by_definition(bytes, 2));
    }
    static const unsigned char edges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                          0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
                                          0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    enum { N = sizeof edges };
    for (unsigned i = 0; i < N * N * N * N; i++) {
        unsigned char bytes[4] = {edges[i % N], edges[i / N % N], edges[i / N / N % N], edges[i / N / N / N]};
        assert_int_equal(slice_is_utf8(slice_of((char *)bytes, 4)), utf8_by_definition(bytes, 4));
    }
}

static void a_bad_byte_is_found_at_every_place_of_a_long_text(void **state)
{
    (void)state;
    char text[40];
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'x', sizeof text);
        assert_true(slice_is_utf8(slice_of(text, sizeof text)));
        text[at] = (char)0xc3; /* needs one more, which is no continuation or not there */
        assert_false(slice_is_utf8(slice_of(text, sizeof text)));
        assert_int_equal(slice_utf8_span(slice_of(text, sizeof text)), at);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(equality_ignores_where_bytes_lie),
    cmocka_unit_test(only_ascii_letters_lose_their_case),
    cmocka_unit_test(order_is_bytewise_and_a_prefix_comes_first),
    cmocka_unit_test(starts_and_ends_hold_for_the_whole_and_for_nothing),
    cmocka_unit_test(skipping_more_than_there_is_leaves_nothing),
    cmocka_unit_test(trimming_takes_white_space_at_both_ends_alone),
    cmocka_unit_test(finding_an_absent_byte_answers_the_length),
    cmocka_unit_test(cutting_walks_through_all_pieces),
    cmocka_unit_test(integers_are_read_to_both_ends_of_their_range),
    cmocka_unit_test(what_is_not_an_integer_is_refused_and_leaves_the_value),
    cmocka_unit_test(utf8_agrees_with_its_definition_on_every_pair_and_many_quadruples),
    cmocka_unit_test(a_bad_byte_is_found_at_every_place_of_a_long_text),
};

UNIT_TEST_MAIN(tests)
