/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of cursors: there and back, and nothing else is taken. */
#include "lib/unit.h"

#include "query/cursor.h"

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 4096);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static struct slice sample(void)
{
    static const struct slice cells[] = {SLICE_INIT("2026-01-31"),
                                         {NULL, 0},
                                         SLICE_INIT(""),
                                         SLICE_INIT("42")};
    const struct cursor cursor = {.hash = 0x123456789abcdef0, .cells = cells, .count = 4};
    return cursor_encode(&arena, &cursor, 4096);
}

static void a_cursor_comes_back_as_it_was(void **state)
{
    (void)state;
    struct cursor cursor;
    struct slice text = sample();
    assert_int_equal(cursor_decode(&arena, text, 0x123456789abcdef0, 4, &cursor), CURSOR_FINE);
    assert_false(cursor.backwards);
    assert_slice(cursor.cells[0], "2026-01-31");
    assert_null(cursor.cells[1].data);
    assert_non_null(cursor.cells[2].data);
    assert_int_equal(cursor.cells[2].len, 0);
    assert_slice(cursor.cells[3], "42");
}

static void random_cursors_come_back_as_they_were(void **state)
{
    (void)state;
    struct unit_random random = {7};
    for (unsigned round = 0; round < 2000; round++) {
        struct slice cells[5];
        unsigned count = (unsigned)unit_random_below(&random, 6);
        for (unsigned i = 0; i < count; i++) {
            size_t len = unit_random_below(&random, 8) ? unit_random_below(&random, 12)
                                                       : 130 + unit_random_below(&random, 300);
            char *bytes = arena_alloc(&arena, len + 1);
            for (size_t k = 0; k < len; k++)
                bytes[k] = (char)unit_random_next(&random);
            cells[i] = unit_random_below(&random, 4) ? slice_of(bytes, len) : (struct slice){NULL, 0};
        }
        const struct cursor cursor = {unit_random_next(&random), round % 2, cells, count};
        struct slice text = cursor_encode(&arena, &cursor, 8192);
        struct cursor found;
        assert_non_null(text.data);
        assert_int_equal(cursor_decode(&arena, text, cursor.hash, count, &found), CURSOR_FINE);
        assert_int_equal(found.backwards, cursor.backwards);
        for (unsigned i = 0; i < count; i++)
            assert_true(slice_eq(found.cells[i], cells[i]) && !found.cells[i].data == !cells[i].data);
        arena_reset(&arena);
    }
}

static void another_querys_cursor_is_told_apart(void **state)
{
    (void)state;
    struct cursor cursor;
    assert_int_equal(cursor_decode(&arena, sample(), 1, 4, &cursor), CURSOR_OTHER_QUERY);
}

static void every_cut_and_every_changed_letter_is_noticed(void **state)
{
    (void)state;
    struct slice text = sample();
    struct cursor cursor;
    for (size_t len = 0; len < text.len; len++)
        assert_int_not_equal(cursor_decode(&arena, slice_of(text.data, len), 0x123456789abcdef0, 4, &cursor),
                             CURSOR_FINE);
    struct slice copy = arena_copy(&arena, text);
    char *letters = (char *)(uintptr_t)copy.data;
    for (size_t i = 0; i < 14; i++) { /* version, flags and hash, but for the bit that says back */
        letters[i] = letters[i] == 'x' ? 'y' : 'x';
        if (i != 2)
            assert_int_not_equal(cursor_decode(&arena, copy, 0x123456789abcdef0, 4, &cursor), CURSOR_FINE);
        letters[i] = text.data[i];
    }
    assert_int_not_equal(cursor_decode(&arena, text, 0x123456789abcdef0, 3, &cursor), CURSOR_FINE);
    assert_int_not_equal(cursor_decode(&arena, text, 0x123456789abcdef0, 5, &cursor), CURSOR_FINE);
}

static void what_is_no_base64url_is_malformed(void **state)
{
    (void)state;
    struct cursor cursor;
    static const char *const texts[] = {"",         "A",   "AAAA", "====", "AQ+A", "AQ/A", "AQAAAAAAAAAAAA==",
                                        "\xc3\xa9", "AQ A"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_int_equal(cursor_decode(&arena, slice_str(texts[i]), 0, 0, &cursor), CURSOR_MALFORMED);
}

static void another_version_says_so(void **state)
{
    (void)state;
    struct cursor cursor;
    assert_int_equal(cursor_decode(&arena, SLICE("AgAAAAAAAAAAAA"), 0, 0, &cursor), CURSOR_OTHER_VERSION);
    assert_int_equal(cursor_decode(&arena, SLICE("AQAAAAAAAAAAAA"), 0, 0, &cursor), CURSOR_FINE);
    assert_int_equal(cursor_decode(&arena, SLICE("AQIAAAAAAAAAAA"), 0, 0, &cursor), CURSOR_MALFORMED);
}

static void a_value_has_one_encoding(void **state)
{
    (void)state;
    struct cursor cursor;
    /* left-over bits, and a length in two bytes where one would do */
    assert_int_equal(cursor_decode(&arena, SLICE("AQAAAAAAAAAAAB"), 0, 0, &cursor), CURSOR_MALFORMED);
    assert_int_equal(cursor_decode(&arena, SLICE("AQAAAAAAAAAAAIAA"), 0, 1, &cursor), CURSOR_MALFORMED);
    assert_int_equal(cursor_decode(&arena, SLICE("AQAAAAAAAAAAAP____8P"), 0, 1, &cursor), CURSOR_MALFORMED);
}

static void values_too_long_for_a_url_have_no_cursor(void **state)
{
    (void)state;
    char *bytes = arena_zero(&arena, 5000);
    const struct slice cell = slice_of(bytes, 5000), fits = slice_of(bytes, 3000);
    const struct cursor cursor = {.cells = &cell, .count = 1}, shorter = {.cells = &fits, .count = 1};
    assert_null(cursor_encode(&arena, &cursor, 4096).data);
    assert_non_null(cursor_encode(&arena, &shorter, 4096).data);
    assert_null(cursor_encode(&arena, &shorter, 4000).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_comes_back_as_it_was),
        cmocka_unit_test(random_cursors_come_back_as_they_were),
        cmocka_unit_test(another_querys_cursor_is_told_apart),
        cmocka_unit_test(every_cut_and_every_changed_letter_is_noticed),
        cmocka_unit_test(what_is_no_base64url_is_malformed),
        cmocka_unit_test(another_version_says_so),
        cmocka_unit_test(a_value_has_one_encoding),
        cmocka_unit_test(values_too_long_for_a_url_have_no_cursor),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_arena, close_arena);
}
