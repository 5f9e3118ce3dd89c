/* SPDX-License-Identifier: Apache-2.0 */
/* Accept-Encoding: what is chosen for which header, by RFC 9110 section 12.5.3, and which types are worth it. */
#include "lib/unit.h"

#include <stdio.h>

#include "base/check.h"
#include "respond/coding.h"

enum { ALL = CODING_BIT(CODING_GZIP) | CODING_BIT(CODING_BROTLI), GZIP_ALONE = CODING_BIT(CODING_GZIP) };

static struct coding_wish chosen(const char *accept_encoding, unsigned offered)
{
    static const struct http_limits limits = {8192, 16384, 0};
    struct http_field fields[8];
    struct http_head head;
    char text[1024];
    int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s%s%s\r\n",
                       accept_encoding ? "Accept-Encoding: " : "", accept_encoding ? accept_encoding : "",
                       accept_encoding ? "\r\n" : "");
    http_head_init(&head, fields, 8);
    assert_int_equal(http_head_parse(&head, &limits, text, (size_t)len), HTTP_DONE);
    return coding_choose(&head, offered);
}

static void each_header_has_its_coding(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        enum coding all, gzip_alone;
    } cases[] = {
        {NULL, CODING_IDENTITY, CODING_IDENTITY},
        {"", CODING_IDENTITY, CODING_IDENTITY},
        {"identity", CODING_IDENTITY, CODING_IDENTITY},
        {"gzip", CODING_GZIP, CODING_GZIP},
        {"GZip", CODING_GZIP, CODING_GZIP},
        {"x-gzip", CODING_GZIP, CODING_GZIP},
        {"br", CODING_BROTLI, CODING_IDENTITY},
        {"gzip, deflate, br, zstd", CODING_BROTLI, CODING_GZIP},
        {"br;q=0.5, gzip", CODING_GZIP, CODING_GZIP},
        {"br;q=0.5 , gzip;q=0.4", CODING_BROTLI, CODING_GZIP},
        {"gzip ; q=0.5, identity ; q=1", CODING_IDENTITY, CODING_IDENTITY},
        {"gzip;q=0.5, identity;q=0.5", CODING_GZIP, CODING_GZIP},
        {"gzip;q=0", CODING_IDENTITY, CODING_IDENTITY},
        {"gzip;Q=0.001", CODING_GZIP, CODING_GZIP},
        {"*", CODING_BROTLI, CODING_GZIP},
        {"*;q=0", CODING_IDENTITY, CODING_IDENTITY},
        {"*;q=0.5, br;q=0", CODING_GZIP, CODING_GZIP},
        {"identity;q=0, *", CODING_BROTLI, CODING_GZIP},
        {"identity;q=0", CODING_IDENTITY, CODING_IDENTITY},
        {"gzip;q=2", CODING_IDENTITY, CODING_IDENTITY},
        {"gzip;q=", CODING_IDENTITY, CODING_IDENTITY},
        {"gzip;level=9", CODING_IDENTITY, CODING_IDENTITY},
        {",, gzip ,", CODING_GZIP, CODING_GZIP},
        {"gzipx, xgzip", CODING_IDENTITY, CODING_IDENTITY},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(chosen(cases[i].header, ALL).coding, cases[i].all);
        assert_int_equal(chosen(cases[i].header, GZIP_ALONE).coding, cases[i].gzip_alone);
        assert_int_equal(chosen(cases[i].header, 0).coding, CODING_IDENTITY);
    }
}

static void who_refuses_identity_insists_where_another_coding_is_to_be_had(void **state)
{
    (void)state;
    assert_true(chosen("identity;q=0, gzip", ALL).insists);
    assert_true(chosen("gzip, *;q=0", ALL).insists);
    assert_false(chosen("identity;q=0", ALL).insists);
    assert_false(chosen("*;q=0", ALL).insists);
    assert_false(chosen("gzip", ALL).insists);
    assert_false(chosen("gzip, identity;q=0.1, *;q=0", ALL).insists);
}

static void a_head_never_understood_asks_for_nothing(void **state)
{
    (void)state;
    assert_int_equal(coding_choose(NULL, ALL).coding, CODING_IDENTITY);
}

static void text_is_worth_it_and_what_is_packed_is_not(void **state)
{
    (void)state;
    static const char *const worth[] = {"application/json",         "application/json; charset=utf-8",
                                        "text/csv; charset=utf-8",  "application/vnd.pgrst.object+json",
                                        "application/x-ndjson",     "image/svg+xml",
                                        "application/problem+json", "text/html; charset=utf-8"},
                             *const not [] = {"image/png", "application/octet-stream", "", "application/zip",
                                              "audio/text"};
    for (size_t i = 0; i < ARRAY_LEN(worth); i++)
        assert_true(coding_is_worth(slice_str(worth[i])));
    for (size_t i = 0; i < ARRAY_LEN(not ); i++)
        assert_false(coding_is_worth(slice_str(not [i])));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_header_has_its_coding),
    cmocka_unit_test(who_refuses_identity_insists_where_another_coding_is_to_be_had),
    cmocka_unit_test(a_head_never_understood_asks_for_nothing),
    cmocka_unit_test(text_is_worth_it_and_what_is_packed_is_not),
};

UNIT_TEST_MAIN(tests)
