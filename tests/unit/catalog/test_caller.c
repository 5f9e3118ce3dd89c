/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes: what they let one do, and what is none. */
#include "lib/unit.h"

#include "base/check.h"
#include "catalog/caller.h"

static void a_scope_lets_one_do_what_stands_in_it(void **state)
{
    (void)state;
    struct slice scope = SLICE("read:notes, write:*,*:open");
    assert_true(scope_allows(scope, SLICE("read"), SLICE("notes")));
    assert_true(scope_allows(scope, SLICE("write"), SLICE("users")));
    assert_true(scope_allows(scope, SLICE("call"), SLICE("open")));
    assert_false(scope_allows(scope, SLICE("read"), SLICE("users")));
    assert_false(scope_allows(scope, SLICE("read"), SLICE("note")));
    assert_false(scope_allows(scope, SLICE("call"), SLICE("notes")));
    assert_false(scope_allows(SLICE(""), SLICE("read"), SLICE("")));
}

static void a_scope_is_a_list_of_verbs_and_names(void **state)
{
    (void)state;
    static const char *const good[] = {"read:a", "*:*", "read:a,write:b, call:c", "read:dashboard/stats"};
    static const char *const bad[] = {"", "read", "read:", ":a", "see:a", "read:a,", "read:a;write:b,x"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(scope_is_good(slice_str(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(scope_is_good(slice_str(bad[i])));
}

static void a_caller_needs_both_the_role_and_the_scope(void **state)
{
    (void)state;
    struct caller caller = {.roles = 2};
    assert_true(caller_may_do(&caller, 2, SLICE("read"), SLICE("a")));
    caller.scope = SLICE("read:a");
    assert_true(caller_may_do(&caller, 2, SLICE("read"), SLICE("a")));
    assert_false(caller_may_do(&caller, 4, SLICE("read"), SLICE("a")));
    assert_false(caller_may_do(&caller, 2, SLICE("write"), SLICE("a")));
    caller.scope = SLICE(""); /* empty, but there: it lets nothing */
    assert_false(caller_may_do(&caller, 2, SLICE("read"), SLICE("a")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_scope_lets_one_do_what_stands_in_it),
    cmocka_unit_test(a_scope_is_a_list_of_verbs_and_names),
    cmocka_unit_test(a_caller_needs_both_the_role_and_the_scope),
};

UNIT_TEST_MAIN(tests)
