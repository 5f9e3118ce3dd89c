/* SPDX-License-Identifier: Apache-2.0 */
/* Content-Types and the formats they name. */
#include "lib/unit.h"

#include "decode/decode.h"

static void each_format_has_its_types(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum body_format format;
    } cases[] = {
        {"", BODY_JSON},
        {"application/json", BODY_JSON},
        {"Application/JSON ; charset=\"UTF-8\"", BODY_JSON},
        {"application/json;charset=utf8;x=y", BODY_JSON},
        {"application/x-ndjson", BODY_NDJSON},
        {"application/ndjson", BODY_NDJSON},
        {"application/jsonl", BODY_NDJSON},
        {"text/csv; header=present; charset=utf-8", BODY_CSV},
        {"application/x-www-form-urlencoded", BODY_FORM},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        enum body_format format = BODY_FORM;
        assert_true(body_format_of(slice_str(cases[i].type), &format));
        assert_int_equal(format, cases[i].format);
    }
}

static void other_types_and_charsets_are_none(void **state)
{
    (void)state;
    static const char *const types[] = {"text/plain",
                                        "application/jsonx",
                                        "application",
                                        "application/json, text/csv",
                                        "multipart/form-data",
                                        "application/json; charset=latin1",
                                        "text/csv;x=y;charset=utf-16",
                                        ";"};
    for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
        enum body_format format;
        assert_false(body_format_of(slice_str(types[i]), &format));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_format_has_its_types),
    cmocka_unit_test(other_types_and_charsets_are_none),
};

UNIT_TEST_MAIN(tests)
