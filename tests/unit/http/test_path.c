/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries: what is decoded, what parts, what is refused. */
#include "lib/unit.h"

#include <stdio.h>

#include "http/path.h"

static void escapes_are_decoded_in_any_case(void **state)
{
    (void)state;
    char room[64];
    struct slice text;
    assert_true(http_decode_segment(SLICE("a%2fb%2Fc%20%c3%A9"), room, &text));
    assert_slice(text, "a/b/c \xc3\xa9");
    assert_true(http_decode_segment(SLICE("100%25%2525"), room, &text));
    assert_slice(text, "100%%25");
}

static void text_without_escapes_is_handed_back_as_it_lies(void **state)
{
    (void)state;
    struct slice raw = SLICE("plain-text"), text;
    char room[16];
    assert_true(http_decode_segment(raw, room, &text));
    assert_ptr_equal(text.data, raw.data);
    assert_true(http_decode_query(raw, room, &text));
    assert_ptr_equal(text.data, raw.data);
    assert_true(http_decode_query(SLICE(""), NULL, &text));
    assert_int_equal(text.len, 0);
}

static void plus_is_a_space_in_queries_only(void **state)
{
    (void)state;
    char room[16];
    struct slice text;
    assert_true(http_decode_query(SLICE("a+b%2Bc+"), room, &text));
    assert_slice(text, "a b+c ");
    assert_true(http_decode_segment(SLICE("a+b%2B"), room, &text));
    assert_slice(text, "a+b+");
}

static void decoding_in_place_is_allowed(void **state)
{
    (void)state;
    char bytes[] = "%41+%42%43";
    struct slice text;
    assert_true(http_decode_query(slice_str(bytes), bytes, &text));
    assert_slice(text, "A BC");
}

static void bad_escapes_nul_and_what_is_not_utf8_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "%",      "a%",        "%4",           "a%4",       "%zz",       "%4g",          "%g4",    "%%41",
        "% 41",   "%+41",      "%-1",          "%0x",       "%u0041",    "%00",          "a%00b",  "%C0%80",
        "%c0%af", "%E0%80%AF", "%F0%80%80%AF", "%ED%A0%80", "%ED%BF%BF", "%F4%90%80%80", "%F8%88", "%FF",
        "%80",    "%C3",       "%C3a",         "%E2%82",    "caf\xe9",   "\xc3",         "%FE%FF", "a%C3%28",
    };
    char room[64];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct slice text = SLICE("untouched");
        assert_false(http_decode_segment(slice_str(bad[i]), room, &text));
        assert_false(http_decode_query(slice_str(bad[i]), room, &text));
        assert_slice(text, "untouched");
    }
}

static void every_byte_that_is_text_survives_its_escape(void **state)
{
    (void)state;
    char room[8], raw[8];
    for (unsigned byte = 1; byte < 0x80; byte++) {
        struct slice text;
        snprintf(raw, sizeof(raw), "%%%02x", byte);
        assert_true(http_decode_query(slice_str(raw), room, &text));
        assert_int_equal(text.len, 1);
        assert_int_equal(text.data[0], byte);
    }
}

static const char *split(const char *path, struct http_path *ret_path)
{
    static char room[4096];
    return http_path_split(slice_str(path), room, ret_path);
}

static void paths_are_cut_before_they_are_decoded(void **state)
{
    (void)state;
    struct http_path path;
    assert_null(split("/api/users/a%2Fb", &path));
    assert_int_equal(path.count, 3);
    assert_slice(path.segments[0], "api");
    assert_slice(path.segments[1], "users");
    assert_slice(path.segments[2], "a/b");
    assert_false(path.trailing_slash);
}

static void the_root_has_no_segments(void **state)
{
    (void)state;
    struct http_path path;
    assert_null(split("/", &path));
    assert_int_equal(path.count, 0);
    assert_false(path.trailing_slash);
}

static void a_trailing_slash_is_noted_and_is_no_segment(void **state)
{
    (void)state;
    struct http_path path;
    assert_null(split("/a/b/", &path));
    assert_int_equal(path.count, 2);
    assert_true(path.trailing_slash);
}

static void dots_are_refused_only_where_they_are_the_whole_segment(void **state)
{
    (void)state;
    static const char *const bad[] = {"/.",   "/..",       "/a/../b", "/a/./b",  "/a/..",
                                      "/%2e", "/%2E%2e/x", "/.%2e",   "/a/%2e./"};
    static const char *const good[] = {"/...", "/.a", "/a..", "/a.b", "/..a/x", "/%2e%2e%2e"};
    struct http_path path;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_non_null(split(bad[i], &path));
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_null(split(good[i], &path));
}

static void empty_segments_and_foreign_forms_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "*",    "a",    "a/b",  "//",  "//a",
                                      "/a//b", "/a//", "/a/%", "/%00", "/%ff"};
    struct http_path path = {.count = 77};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_non_null(split(bad[i], &path));
    assert_int_equal(path.count, 77);
}

static void as_many_segments_as_allowed_and_no_more(void **state)
{
    (void)state;
    char text[2 * HTTP_SEGMENTS_MAX + 4] = "";
    struct http_path path;
    for (size_t i = 0; i < HTTP_SEGMENTS_MAX; i++)
        memcpy(text + 2 * i, "/a", 3);
    assert_null(split(text, &path));
    assert_int_equal(path.count, HTTP_SEGMENTS_MAX);
    memcpy(text + 2 * HTTP_SEGMENTS_MAX, "/a", 3);
    assert_non_null(split(text, &path));
}

static void queries_are_cut_into_names_and_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } expected[] = {{"a", "1"}, {"b", NULL}, {"c", ""}, {"", "d"}, {"e", "f=g"}, {"h%26", "i%3d+j"}};
    struct slice name, value, rest = SLICE("&a=1&&b&c=&=d&e=f=g&h%26=i%3d+j&");
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_true(http_query_next(&rest, &name, &value));
        assert_slice(name, expected[i].name);
        assert_true(!value.data == !expected[i].value);
        if (value.data)
            assert_slice(value, expected[i].value);
    }
    assert_false(http_query_next(&rest, &name, &value));
}

static void no_query_has_no_parameters(void **state)
{
    (void)state;
    struct slice name, value, none = {NULL, 0}, empty = SLICE(""), marks = SLICE("&&&");
    assert_false(http_query_next(&none, &name, &value));
    assert_false(http_query_next(&empty, &name, &value));
    assert_false(http_query_next(&marks, &name, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_decoded_in_any_case),
        cmocka_unit_test(text_without_escapes_is_handed_back_as_it_lies),
        cmocka_unit_test(plus_is_a_space_in_queries_only),
        cmocka_unit_test(decoding_in_place_is_allowed),
        cmocka_unit_test(bad_escapes_nul_and_what_is_not_utf8_are_refused),
        cmocka_unit_test(every_byte_that_is_text_survives_its_escape),
        cmocka_unit_test(paths_are_cut_before_they_are_decoded),
        cmocka_unit_test(the_root_has_no_segments),
        cmocka_unit_test(a_trailing_slash_is_noted_and_is_no_segment),
        cmocka_unit_test(dots_are_refused_only_where_they_are_the_whole_segment),
        cmocka_unit_test(empty_segments_and_foreign_forms_are_refused),
        cmocka_unit_test(as_many_segments_as_allowed_and_no_more),
        cmocka_unit_test(queries_are_cut_into_names_and_values),
        cmocka_unit_test(no_query_has_no_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
