/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and its fault injection: exactly the allocations asked for fail, and only those of clients' sizes. */
#include "lib/memory.h"

/* Which of the next 5 mem_try fail, as a text: "1" for had, "0" for failed. */
static void assert_tries(const char *expected)
{
    char had[6] = {0};
    for (int i = 0; i < 5; i++) {
        void *memory = mem_try(8);
        had[i] = memory ? '1' : '0';
        mem_free(memory);
    }
    assert_string_equal(had, expected);
}

static void memory_comes_zeroed(void **state)
{
    (void)state;
    for (size_t size = 0; size < 300; size += 37) {
        char *must = mem_must(size), *try = mem_try(size);
        assert_non_null(try);
        for (size_t i = 0; i < size; i++)
            assert_true(must[i] == 0 && try[i] == 0);
        mem_free(must);
        mem_free(try);
    }
}

static void resizing_keeps_the_bytes(void **state)
{
    (void)state;
    char *memory = mem_resize(NULL, 4);
    assert_non_null(memory);
    memcpy(memory, "leat", 4);
    char *larger = mem_resize(memory, 4000);
    assert_non_null(larger);
    assert_memory_equal(larger, "leat", 4);
    mem_free(larger);
}

static void a_copy_is_ended_by_nul(void **state)
{
    (void)state;
    char *copy = mem_dup("leather", 4), *empty = mem_dup(NULL, 0);
    assert_string_equal(copy, "leat");
    assert_string_equal(empty, "");
    mem_free(copy);
    mem_free(empty);
    mem_free(NULL);
}

static void without_the_variable_nothing_fails(void **state)
{
    (void)state;
    memory_arm(NULL);
    assert_tries("11111");
}

static void the_nth_allocation_fails_and_no_other(void **state)
{
    (void)state;
    memory_arm("1");
    assert_tries("01111");
    memory_arm("3");
    assert_tries("11011");
}

static void with_a_plus_all_later_ones_fail_too(void **state)
{
    (void)state;
    memory_arm("3+");
    assert_tries("11000");
    memory_arm("1+");
    assert_tries("00000");
}

static void a_value_that_is_no_count_arms_nothing(void **state)
{
    (void)state;
    static const char *const values[] = {"", "0", "-1", "x", "3x", "+", "1++"};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        memory_arm(values[i]);
        assert_tries("11111");
    }
}

static void a_failed_resize_leaves_the_old_memory(void **state)
{
    (void)state;
    char *memory = mem_try(4);
    assert_non_null(memory);
    memcpy(memory, "leat", 4);
    memory_arm("1");
    assert_null(mem_resize(memory, 4000));
    assert_memory_equal(memory, "leat", 4);
    mem_free(memory);
}

static void what_must_be_had_is_never_made_to_fail(void **state)
{
    (void)state;
    memory_arm("1+");
    void *memory = mem_must(8);
    char *copy = mem_dup("x", 1);
    assert_string_equal(copy, "x");
    mem_free(copy);
    mem_free(memory);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(memory_comes_zeroed),
    cmocka_unit_test(resizing_keeps_the_bytes),
    cmocka_unit_test(a_copy_is_ended_by_nul),
    cmocka_unit_test_teardown(without_the_variable_nothing_fails, memory_disarm),
    cmocka_unit_test_teardown(the_nth_allocation_fails_and_no_other, memory_disarm),
    cmocka_unit_test_teardown(with_a_plus_all_later_ones_fail_too, memory_disarm),
    cmocka_unit_test_teardown(a_value_that_is_no_count_arms_nothing, memory_disarm),
    cmocka_unit_test_teardown(a_failed_resize_leaves_the_old_memory, memory_disarm),
    cmocka_unit_test_teardown(what_must_be_had_is_never_made_to_fail, memory_disarm),
};

UNIT_TEST_MAIN(tests)
