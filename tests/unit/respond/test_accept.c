/* SPDX-License-Identifier: Apache-2.0 */
/* Accept: what is chosen for which header, and what is said when nothing can be. Heads are parsed by the real parser. */
#include "lib/unit.h"

#include <stdio.h>

#include "base/check.h"
#include "respond/accept.h"

static struct arena arena;
static struct problem problem;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 1024);
    problem = (struct problem){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

/* The form chosen for such fields ("Accept: …\r\n", any number); FORMAT_COUNT: a 406. */
static enum format choose_fields(const char *fields, unsigned offered)
{
    static const struct http_limits limits = {8192, 16384, 0};
    struct http_field room[HTTP_FIELDS_MAX];
    struct http_head head;
    char text[4096];
    int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", fields);
    http_head_init(&head, room, HTTP_FIELDS_MAX);
    assert_int_equal(http_head_parse(&head, &limits, text, (size_t)len), HTTP_DONE);
    enum format format = FORMAT_COUNT;
    enum error error = accept_choose(&head, offered, &arena, &format, &problem);
    assert_int_equal(error == OK, format < FORMAT_COUNT);
    assert_int_equal(problem_is(&problem), error != OK);
    return format;
}

static enum format choose(const char *accept)
{
    char field[2048];
    snprintf(field, sizeof field, "Accept: %s\r\n", accept);
    return choose_fields(field, FORMATS_ALL);
}

static void without_a_wish_it_is_json(void **state)
{
    (void)state;
    assert_int_equal(choose_fields("", FORMATS_ALL), FORMAT_JSON);
    assert_int_equal(choose_fields("Accept:\r\n", FORMATS_ALL), FORMAT_JSON);
    assert_int_equal(choose("*/*"), FORMAT_JSON);
    assert_int_equal(choose("application/*"), FORMAT_JSON);
}

static void each_form_has_its_type(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        enum format format;
    } cases[] = {
        {"application/json", FORMAT_JSON},
        {"application/json; charset=utf-8", FORMAT_JSON},
        {"application/json;nulls=stripped", FORMAT_JSON},
        {"APPLICATION/JSON", FORMAT_JSON},
        {"application/vnd.pgrst.array+json", FORMAT_JSON},
        {"application/vnd.pgrst.array", FORMAT_JSON},
        {"application/vnd.pgrst.array+json;nulls=stripped", FORMAT_STRIPPED},
        {"application/vnd.pgrst.array+json ; Nulls=Stripped", FORMAT_STRIPPED},
        {"application/vnd.pgrst.object+json", FORMAT_OBJECT},
        {"application/vnd.pgrst.object", FORMAT_OBJECT},
        {"application/vnd.pgrst.object+json;nulls=stripped", FORMAT_OBJECT_STRIPPED},
        {"application/vnd.pgrst.object+json; charset=utf-8; nulls=stripped", FORMAT_OBJECT_STRIPPED},
        {"text/csv", FORMAT_CSV},
        {"text/*", FORMAT_CSV},
        {"application/x-ndjson", FORMAT_NDJSON},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (choose(cases[i].accept) != cases[i].format)
            fail_msg("%s", cases[i].accept);
}

static void the_highest_quality_wins_whatever_the_order(void **state)
{
    (void)state;
    assert_int_equal(choose("application/json;q=0.5, text/csv"), FORMAT_CSV);
    assert_int_equal(choose("text/csv;q=0.899, application/x-ndjson;q=0.9, */*;q=0.1"), FORMAT_NDJSON);
    assert_int_equal(choose("text/csv;q=0.1, */*;q=0.2"), FORMAT_JSON);
}

static void of_equals_the_one_named_first_wins(void **state)
{
    (void)state;
    assert_int_equal(choose("text/csv, application/json"), FORMAT_CSV);
    assert_int_equal(choose("application/json, text/csv"), FORMAT_JSON);
    assert_int_equal(choose_fields("Accept: application/x-ndjson\r\nAccept: text/csv\r\n", FORMATS_ALL),
                     FORMAT_NDJSON);
}

static void the_most_specific_range_has_the_word(void **state)
{
    (void)state;
    assert_int_equal(choose("*/*, application/json;q=0.1, text/csv;q=0.2"), FORMAT_NDJSON);
    assert_int_equal(choose("text/*;q=0.1, text/csv;q=1.000, */*;q=0.9"), FORMAT_CSV);
    assert_int_equal(choose("application/*;q=0, */*"), FORMAT_CSV);
}

static void quality_zero_excludes(void **state)
{
    (void)state;
    assert_int_equal(choose("application/json;q=0, */*;q=0.1"), FORMAT_CSV);
    assert_int_equal(choose("*/*;q=0"), FORMAT_COUNT);
    assert_int_equal(choose("application/json;q=0.000"), FORMAT_COUNT);
}

static void postgrests_own_types_are_given_only_to_those_who_name_them(void **state)
{
    (void)state;
    assert_int_equal(choose("application/json;q=0, application/x-ndjson;q=0, application/*"), FORMAT_COUNT);
}

static void what_a_browser_sends_is_answered_as_json(void **state)
{
    (void)state;
    assert_int_equal(choose("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"),
                     FORMAT_JSON);
}

static void malformed_ranges_are_as_if_they_were_not_there(void **state)
{
    (void)state;
    static const char *const malformed[] = {"json",           "text/csv;q=2",      "text/csv;q=",
                                            "text/csv;q=0.x", "text/csv;q=0.1234", "text/csv;q=1.001",
                                            "text/csv;q=-1",  "text/csv;q=.5",     ";;;"};
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        char accept[100];
        snprintf(accept, sizeof accept, "%s, application/x-ndjson;q=0.1", malformed[i]);
        if (choose(accept) != FORMAT_NDJSON)
            fail_msg("%s", malformed[i]);
    }
}

static void nothing_that_is_not_offered_is_chosen(void **state)
{
    (void)state;
    unsigned offered = FORMAT_BIT(FORMAT_JSON) | FORMAT_BIT(FORMAT_OBJECT);
    assert_int_equal(choose_fields("Accept: text/csv, */*;q=0.1\r\n", offered), FORMAT_JSON);
    assert_int_equal(choose_fields("Accept: text/csv, application/x-ndjson\r\n", offered), FORMAT_COUNT);
}

static void a_406_names_what_can_be_given_and_quotes_what_was_asked(void **state)
{
    (void)state;
    unsigned offered = FORMAT_BIT(FORMAT_JSON) | FORMAT_BIT(FORMAT_CSV);
    assert_int_equal(choose_fields("Accept: image/png\r\n", offered), FORMAT_COUNT);
    assert_int_equal(problem.status, 406);
    assert_slice(problem.code, "not-acceptable");
    assert_slice(problem.pg_code, "PGRST107");
    assert_slice(problem.value, "image/png");
    assert_slice(problem.hint, "It can be given as `application/json`, `text/csv; charset=utf-8`.");
}

static void a_thousand_ranges_are_read_and_a_long_header_is_quoted_in_part(void **state)
{
    (void)state;
    char fields[2000] = "Accept: image/png";
    while (strlen(fields) < sizeof fields - 20)
        strncat(fields, ",a/b", 5);
    strncat(fields, "\r\n", 3);
    assert_int_equal(choose_fields(fields, FORMATS_ALL), FORMAT_COUNT);
    assert_int_equal(problem.value.len, PROBLEM_VALUE_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
    TEST(without_a_wish_it_is_json),
    TEST(each_form_has_its_type),
    TEST(the_highest_quality_wins_whatever_the_order),
    TEST(of_equals_the_one_named_first_wins),
    TEST(the_most_specific_range_has_the_word),
    TEST(quality_zero_excludes),
    TEST(postgrests_own_types_are_given_only_to_those_who_name_them),
    TEST(what_a_browser_sends_is_answered_as_json),
    TEST(malformed_ranges_are_as_if_they_were_not_there),
    TEST(nothing_that_is_not_offered_is_chosen),
    TEST(a_406_names_what_can_be_given_and_quotes_what_was_asked),
    TEST(a_thousand_ranges_are_read_and_a_long_header_is_quoted_in_part),
};

UNIT_TEST_MAIN(tests)
