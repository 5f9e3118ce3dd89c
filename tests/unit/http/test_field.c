/* SPDX-License-Identifier: Apache-2.0 */
/* Known names and lists of values. */
#include "lib/unit.h"

#include "base/check.h"
#include "http/chars.h"
#include "http/field.h"

static void known_names_are_found_in_any_case(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum http_known known;
    } names[] = {
        {"Host", HTTP_HOST},
        {"hOST", HTTP_HOST},
        {"CONTENT-LENGTH", HTTP_CONTENT_LENGTH},
        {"transfer-encoding", HTTP_TRANSFER_ENCODING},
        {"te", HTTP_TE},
        {"X-Forwarded-For", HTTP_X_FORWARDED_FOR},
        {"Access-Control-Request-Headers", HTTP_CORS_HEADERS},
        {"If-None-Match", HTTP_IF_NONE_MATCH},
        {"Last-Event-ID", HTTP_LAST_EVENT_ID},
        {"Idempotency-Key", HTTP_IDEMPOTENCY_KEY},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(http_field_known(slice_str(names[i].name)), names[i].known);
}

static void names_that_look_alike_are_unknown(void **state)
{
    (void)state;
    static const char *const names[] = {"h",      "Hos",   "Hosts",          "H0st",
                                        "hast",   "hot_t", "Content_Length", "Content-Lengtn",
                                        "X-Host", "T\x1ft"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(http_field_known(slice_str(names[i])), HTTP_UNKNOWN);
}

/* Changing any one letter of a known name makes it unknown, whatever slot it falls into. */
static void one_letter_off_is_unknown(void **state)
{
    (void)state;
    char name[] = "transfer-encoding";
    for (size_t at = 0; at < sizeof(name) - 1; at++) {
        for (int c = 0; c < 256; c++) {
            char was = name[at];
            name[at] = (char)c;
            bool same = (c | 0x20) == was && char_is((char)c, CHAR_TOKEN);
            if (char_is((char)c, CHAR_TOKEN))
                assert_int_equal(http_field_known(slice_str(name)),
                                 same ? HTTP_TRANSFER_ENCODING : HTTP_UNKNOWN);
            name[at] = was;
        }
    }
}

static void what_decides_framing_routing_or_rights_may_come_once(void **state)
{
    (void)state;
    assert_true(http_field_is_single(HTTP_HOST));
    assert_true(http_field_is_single(HTTP_CONTENT_LENGTH));
    assert_true(http_field_is_single(HTTP_TRANSFER_ENCODING));
    assert_true(http_field_is_single(HTTP_AUTHORIZATION));
    assert_false(http_field_is_single(HTTP_ACCEPT));
    assert_false(http_field_is_single(HTTP_CONNECTION));
    assert_false(http_field_is_single(HTTP_X_FORWARDED_FOR));
    assert_false(http_field_is_single(HTTP_UNKNOWN));
}

static void lists_pass_over_empty_items_and_keep_quoted_commas(void **state)
{
    (void)state;
    static const char *const expected[] = {"a", "b;q=0.5", "\"c,\\\"d\"", "e f"};
    struct slice item, rest = SLICE(" , a,, b;q=0.5 ,\"c,\\\"d\"\t,\te f,,");
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_true(http_list_next(&rest, &item));
        assert_slice(item, expected[i]);
    }
    assert_false(http_list_next(&rest, &item));
    assert_false(http_list_next(&rest, &item));
}

static void an_unclosed_quote_runs_to_the_end(void **state)
{
    (void)state;
    struct slice item, rest = SLICE("a,\"b,c\\");
    assert_true(http_list_next(&rest, &item));
    assert_true(http_list_next(&rest, &item));
    assert_slice(item, "\"b,c\\");
    assert_false(http_list_next(&rest, &item));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_names_are_found_in_any_case),
        cmocka_unit_test(names_that_look_alike_are_unknown),
        cmocka_unit_test(one_letter_off_is_unknown),
        cmocka_unit_test(what_decides_framing_routing_or_rights_may_come_once),
        cmocka_unit_test(lists_pass_over_empty_items_and_keep_quoted_commas),
        cmocka_unit_test(an_unclosed_quote_runs_to_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
