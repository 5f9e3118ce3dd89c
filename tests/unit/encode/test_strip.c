/* SPDX-License-Identifier: Apache-2.0 */
/* Which nulls go, and that the JSON around them is JSON still. */
#include "lib/unit.h"

#include "base/json.h"
#include "base/mem.h"
#include "encode/strip.h"

/* In memory of its very length: a sanitizer sees a look beyond it. */
static char *copy_of(struct slice text)
{
    char *copy = mem_must(text.len ? text.len : 1);
    memcpy(copy, text.data, text.len);
    return copy;
}

static void assert_stripped(const char *text, const char *expected)
{
    struct slice json = slice_str(text);
    char *own = copy_of(json);
    struct slice stripped = slice_of(own, strip_nulls(own, json.len));
    assert_slice(stripped, expected);
    assert_int_equal(json_is_valid(json), json_is_valid(stripped));
    mem_free(own);
}

static void members_that_are_null_go_wherever_they_stand(void **state)
{
    (void)state;
    assert_stripped("{\"a\":null}", "{}");
    assert_stripped("{\"a\":null,\"b\":1}", "{\"b\":1}");
    assert_stripped("{\"a\":1,\"b\":null}", "{\"a\":1}");
    assert_stripped("{\"a\":1,\"b\":null,\"c\":2}", "{\"a\":1,\"c\":2}");
    assert_stripped("{\"a\":null,\"b\":null,\"c\":null}", "{}");
    assert_stripped("{\"a\":null,\"b\":1,\"c\":null,\"d\":null,\"e\":2}", "{\"b\":1,\"e\":2}");
    assert_stripped("{\"\":null,\"a\":\"\"}", "{\"a\":\"\"}");
}

static void they_go_at_every_depth(void **state)
{
    (void)state;
    assert_stripped("[{\"a\":{\"b\":null,\"c\":[{\"d\":null},{\"e\":1,\"f\":null}]}},{\"g\":null}]",
                    "[{\"a\":{\"c\":[{},{\"e\":1}]}},{}]");
}

static void what_is_null_in_an_array_or_alone_stays(void **state)
{
    (void)state;
    assert_stripped("null", "null");
    assert_stripped("[null,1,null]", "[null,1,null]");
    assert_stripped("{\"a\":[null],\"b\":[[],null]}", "{\"a\":[null],\"b\":[[],null]}");
}

static void strings_stay_as_they_are_and_white_space_goes(void **state)
{
    (void)state;
    assert_stripped("{\"a\\\":null,\":\": null, {,\\\\\",\"b\":\"\\\"\"}",
                    "{\"a\\\":null,\":\": null, {,\\\\\",\"b\":\"\\\"\"}");
    assert_stripped(" { \"a b\" : \"c d\" ,\n\t\"e\" :\r null , \"f\" : [ 1 , null ] } ",
                    "{\"a b\":\"c d\",\"f\":[1,null]}");
}

static void what_is_no_json_harms_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"",   "\"", "\"\\",      ":null",  ",", "}",
                                        ",}", "{,", "\"a\":nul", "\"a\":", ": "};
    for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
        struct slice text = slice_str(texts[i]);
        char *own = copy_of(text);
        assert_true(strip_nulls(own, text.len) <= text.len);
        mem_free(own);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(members_that_are_null_go_wherever_they_stand),
    cmocka_unit_test(they_go_at_every_depth),
    cmocka_unit_test(what_is_null_in_an_array_or_alone_stays),
    cmocka_unit_test(strings_stay_as_they_are_and_white_space_goes),
    cmocka_unit_test(what_is_no_json_harms_nothing),
};

UNIT_TEST_MAIN(tests)
