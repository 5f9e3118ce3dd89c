/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over objects and arrays: every value comes whole, whatever stands in it. */
#include "lib/unit.h"

#include "base/check.h"
#include "base/json_walk.h"

static void an_objects_members_come_in_order_as_they_stand(void **state)
{
    (void)state;
    static const char *const names[] = {"\"a\"", "\"b\\\"}\"", "\"c\"", "\"d\"", "\"\""};
    static const char *const values[] = {"1.5e3", "\"x,}]\\\\\"", "{\"k\":[1,{\"}\":\"]\"}]}", "[ ]", "null"};
    struct json_walk walk;
    struct slice name, value;
    assert_true(
        json_walk_object(SLICE(" { \"a\" : 1.5e3 ,\"b\\\"}\":\"x,}]\\\\\",\"c\":{\"k\":[1,{\"}\":\"]\"}]},"
                               "\t\"d\":[ ]\n, \"\":null } "),
                         &walk));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_true(json_walk_next(&walk, &name, &value));
        assert_slice(name, names[i]);
        assert_slice(value, values[i]);
    }
    assert_false(json_walk_next(&walk, &name, &value));
    assert_false(json_walk_next(&walk, &name, &value));
}

static void an_arrays_elements_come_in_order(void **state)
{
    (void)state;
    static const char *const values[] = {"true", "[1,[2]]", "\"]\"", "{}"};
    struct json_walk walk;
    struct slice value;
    assert_true(json_walk_array(SLICE("[true, [1,[2]] ,\"]\",{}]"), &walk));
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        assert_true(json_walk_next(&walk, NULL, &value));
        assert_slice(value, values[i]);
    }
    assert_false(json_walk_next(&walk, NULL, &value));
}

static void what_is_no_container_has_nothing_to_walk(void **state)
{
    (void)state;
    struct json_walk walk;
    struct slice value;
    assert_false(json_walk_object(SLICE("[1]"), &walk));
    assert_false(json_walk_next(&walk, NULL, &value));
    assert_false(json_walk_array(SLICE("{}"), &walk));
    assert_false(json_walk_object(SLICE("1"), &walk));
    assert_true(json_walk_object(SLICE("{}"), &walk));
    assert_false(json_walk_next(&walk, NULL, &value));
}

static void a_member_is_found_by_its_name_however_it_is_spelled(void **state)
{
    (void)state;
    struct arena arena;
    struct slice value;
    struct slice text = SLICE("{\"one\":1,\"t\\u0077o\":\"z\\u0077ei\",\"twice\":1,\"twice\":2}");
    arena_init(&arena, 1024);
    assert_int_equal(json_member(&arena, text, SLICE("one"), &value), OK);
    assert_slice(value, "1");
    assert_int_equal(json_member_text(&arena, text, SLICE("two"), &value), OK);
    assert_slice(value, "zwei");
    assert_int_equal(json_member(&arena, text, SLICE("three"), &value), ERR_ABSENT);
    assert_int_equal(json_member(&arena, text, SLICE("twice"), &value), ERR_INVALID);
    assert_int_equal(json_member_text(&arena, text, SLICE("one"), &value), ERR_INVALID);
    assert_int_equal(json_member(&arena, SLICE("[]"), SLICE("one"), &value), ERR_INVALID);
    arena_done(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_objects_members_come_in_order_as_they_stand),
    cmocka_unit_test(an_arrays_elements_come_in_order),
    cmocka_unit_test(what_is_no_container_has_nothing_to_walk),
    cmocka_unit_test(a_member_is_found_by_its_name_however_it_is_spelled),
};

UNIT_TEST_MAIN(tests)
