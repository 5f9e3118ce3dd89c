/* SPDX-License-Identifier: Apache-2.0 */
/* Declared types by the words people write. */
#include "store/sqlite/declared.h"

#include "base/check.h"
#include "lib/unit.h"

static void each_declared_type_has_its_kind(void **state)
{
    (void)state;
    static const struct {
        const char *declared;
        enum value_kind kind;
        unsigned scale;
        const char *name;
    } cases[] = {
        {"INTEGER", VALUE_INT, 0, "INTEGER"},
        {"int", VALUE_INT, 0, "INTEGER"},
        {"BigInt", VALUE_INT, 0, "INTEGER"},
        {"INT(11)", VALUE_INT, 0, "INTEGER"},
        {"UNSIGNED BIG INT", VALUE_INT, 0, "INTEGER"},
        {"BOOLEAN", VALUE_BOOL, 0, "BOOLEAN"},
        {"bool", VALUE_BOOL, 0, "BOOLEAN"},
        {"DECIMAL(12,2)", VALUE_DECIMAL, 2, "DECIMAL(12,2)"},
        {"numeric ( 10 , 4 )", VALUE_DECIMAL, 4, "DECIMAL(10,4)"},
        {"NUMERIC(8)", VALUE_DECIMAL, 0, "DECIMAL(8,0)"},
        {"DECIMAL", VALUE_NUMERIC, 0, "NUMERIC"},
        {"DECIMAL(2,5)", VALUE_NUMERIC, 0, "NUMERIC"},
        {"DECIMAL(x)", VALUE_NUMERIC, 0, "NUMERIC"},
        {"DECIMAL(12,2", VALUE_NUMERIC, 0, "NUMERIC"},
        {"DECIMAL()", VALUE_NUMERIC, 0, "NUMERIC"},
        {"REAL", VALUE_FLOAT, 0, "REAL"},
        {"DOUBLE PRECISION", VALUE_FLOAT, 0, "REAL"},
        {"float", VALUE_FLOAT, 0, "REAL"},
        {"TIMESTAMP", VALUE_TIMESTAMPTZ, 0, "TIMESTAMP"},
        {"timestamp with time zone", VALUE_TIMESTAMPTZ, 0, "TIMESTAMP"},
        {"DATETIME", VALUE_TEXT, 0, "TEXT"},
        {"DATE", VALUE_DATE, 0, "DATE"},
        {"JSON", VALUE_JSON, 0, "JSON"},
        {"jsonb", VALUE_JSON, 0, "JSON"},
        {"UUID", VALUE_UUID, 0, "UUID"},
        {"BLOB", VALUE_BYTEA, 0, "BLOB"},
        {"VARCHAR(20)", VALUE_TEXT, 0, "TEXT"},
        {"odd; words", VALUE_TEXT, 0, "TEXT"},
        {"(", VALUE_TEXT, 0, "TEXT"},
        {"", VALUE_DYNAMIC, 0, "ANY"},
        {NULL, VALUE_DYNAMIC, 0, "ANY"},
    };
    struct arena arena;
    arena_init(&arena, 1024);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct type type = lite_declared_type(&arena, cases[i].declared);
        if (type.kind != cases[i].kind || type.scale != cases[i].scale)
            fail_msg("%s: kind %d, scale %u", cases[i].declared, type.kind, type.scale);
        assert_slice(type.name, cases[i].name);
    }
    arena_done(&arena);
}

static void numbers_and_times_can_be_ordered_json_and_dynamic_values_not(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1024);
    const char *orderable[] = {"INTEGER", "BOOLEAN", "DECIMAL(9,2)", "REAL", "TIMESTAMP",
                               "DATE",    "UUID",    "BLOB",         "TEXT"};
    for (size_t i = 0; i < ARRAY_LEN(orderable); i++)
        assert_true(lite_declared_type(&arena, orderable[i]).orderable);
    assert_false(lite_declared_type(&arena, "JSON").orderable);
    assert_false(lite_declared_type(&arena, NULL).orderable);
    assert_int_equal(lite_declared_type(&arena, "SMALLINT").bits, 64);
    assert_int_equal(lite_declared_type(&arena, "REAL").bits, 64);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_declared_type_has_its_kind),
        cmocka_unit_test(numbers_and_times_can_be_ordered_json_and_dynamic_values_not),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
