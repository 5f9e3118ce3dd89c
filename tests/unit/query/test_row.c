/* SPDX-License-Identifier: Apache-2.0 */
/* Single rows by key: statements, gathered statements, keys that are none. */
#include <stdio.h>

#include "worlds.h"

static void a_row_is_found_by_its_key(void **state)
{
    (void)state;
    const struct plan *plan = world_row(&pg, "transactions", "42", "select=id,note");
    assert_int_equal(plan->kind, PLAN_ROW);
    assert_sql(plan, "SELECT \"id\",\"note\" FROM \"public\".\"transactions\" WHERE \"id\" = $1::bigint");
    assert_int_equal(plan->statement.bind_count, 1);
    assert_slice(plan->statement.binds[0].text, "42");
    plan = world_row(&sqlite, "transactions", "42", "select=id,note");
    assert_sql(plan, "SELECT \"id\",\"note\" FROM \"main\".\"transactions\" WHERE \"id\" = ?1");
    assert_int_equal(plan->statement.binds[0].kind, BIND_INT);
    assert_null(plan->statement.gather);
}

static void rows_by_one_column_can_be_gathered_on_postgresql(void **state)
{
    (void)state;
    const struct plan *plan = world_row(&pg, "transactions", "007", "select=note");
    assert_non_null(plan->statement.gather);
    assert_slice(plan->statement.gather->text,
                 "SELECT \"note\",\"id\" FROM \"public\".\"transactions\" WHERE \"id\" = ANY($1::bigint[])");
    assert_sql(plan, "SELECT \"note\",\"id\" FROM \"public\".\"transactions\" WHERE \"id\" = $1::bigint");
    assert_int_equal(plan->statement.gather->key_cell, 1);
    assert_int_equal(plan->column_count, 1);
    assert_int_equal(plan->cell_count, 2);
    assert_slice(plan->statement.binds[0].text, "7");
    plan = world_row(&pg, "transactions", "7", "select=note,id");
    assert_int_equal(plan->statement.gather->key_cell, 1);
    assert_int_equal(plan->cell_count, 2);
    assert_null(world_row(&pg, "members", "1,a", "")->statement.gather);
}

static void keys_of_several_columns_are_joined_by_commas(void **state)
{
    (void)state;
    const struct plan *plan = world_row(&pg, "members", "5,a%2Cb%20c", "select=since");
    assert_sql(
        plan,
        "SELECT \"since\" FROM \"public\".\"members\" WHERE \"org\" = $1::integer AND \"name\" = $2::text");
    assert_slice(plan->statement.binds[0].text, "5");
    assert_slice(plan->statement.binds[1].text, "a,b c");
    assert_slice(world_row(&pg, "members", "5,", "")->statement.binds[1].text, "");
    assert_string_equal(world_row_refused(&pg, "members", "5", ""), "bad-key");
    assert_string_equal(world_row_refused(&pg, "members", "5,a,b", ""), "bad-key");
    assert_slice(pg.problem.detail, "The key of `members` is `org,name`: 2 values, joined by commas.");
}

static void what_cannot_be_a_key_is_refused(void **state)
{
    (void)state;
    assert_string_equal(world_row_refused(&pg, "transactions", "abc", ""), "wrong-type");
    assert_slice(pg.problem.column, "id");
    assert_slice(pg.problem.place, "id");
    assert_slice(pg.problem.value, "abc");
    assert_string_equal(world_row_refused(&pg, "transactions", "1,2", ""), "wrong-type");
    assert_string_equal(world_row_refused(&pg, "things", "xyz", ""), "wrong-type");
    assert_string_equal(world_row_refused(&pg, "transactions", "%zz", ""), "bad-encoding");
    assert_string_equal(world_row_refused(&pg, "members", "1,a%00", ""), "bad-encoding");
    assert_string_equal(world_row_refused(&pg, "totals", "1", ""), "no-key");
    assert_int_equal(pg.problem.status, 404);
}

static void a_row_that_is_not_there_is_named(void **state)
{
    (void)state;
    char digits[300], longest[400];
    struct problem *problem = &pg.problem;
    const struct resource *transactions = world_resource(&pg, "transactions");
    plan_row_absent(&pg.arena, transactions, SLICE("%342"), problem);
    assert_int_equal(problem->status, 404);
    assert_slice(problem->code, "not-found");
    assert_slice(problem->detail, "`transactions` has no row whose `id` is `42`.");
    assert_slice(problem->place, "id");
    assert_slice(problem->column, "id");
    assert_slice(problem->value, "42");
    plan_row_absent(&pg.arena, world_resource(&pg, "members"), SLICE("5,a%2Cb"), problem);
    assert_slice(problem->detail, "`members` has no row whose `org,name` is `5,a%2Cb`.");
    assert_slice(problem->value, "5,a%2Cb");
    assert_int_equal(problem->column.len, 0);
    memset(digits, '7', sizeof digits);
    plan_row_absent(&pg.arena, transactions, slice_of(digits, sizeof digits), problem);
    assert_int_equal(problem->value.len, PROBLEM_VALUE_MAX);
    snprintf(longest, sizeof longest, "`transactions` has no row whose `id` is `%.*s`.", PROBLEM_VALUE_MAX,
             digits);
    assert_slice(problem->detail, longest);
}

static void a_single_row_takes_select_alone(void **state)
{
    (void)state;
    static const char *const queries[] = {"limit=1",        "user_id=5", "order=id",
                                          "cursor=x",       "page=1",    "not.and=(user_id.eq.5)",
                                          "meta->>a.b=eq.x"};
    for (size_t i = 0; i < ARRAY_LEN(queries); i++)
        assert_string_equal(world_row_refused(&pg, "transactions", "1", queries[i]), "unknown-parameter");
    assert_string_equal(world_row_refused(&pg, "transactions", "1", "selct=id"), "unknown-parameter");
    assert_slice(pg.problem.nearest, "select");
    assert_string_equal(world_row_refused(&pg, "transactions", "1", "select=nope"), "unknown-column");
}

static void a_kept_plan_says_the_same_as_a_new_one(void **state)
{
    (void)state;
    struct world *worlds[] = {&pg, &sqlite};
    for (size_t i = 0; i < ARRAY_LEN(worlds); i++) {
        struct world *world = worlds[i];
        const struct plan *made = world_row(world, "transactions", "42", "");
        world->cache = plan_cache_new(world->model);
        const struct plan *kept = world_row(world, "transactions", "42", "");
        const struct plan *again = world_row(world, "transactions", "43", "");
        assert_ptr_equal(kept->statement.text.data, again->statement.text.data);
        assert_true(slice_eq(made->statement.text, kept->statement.text));
        assert_int_equal(made->cell_count, kept->cell_count);
        assert_int_equal(made->column_count, kept->column_count);
        assert_slice(kept->statement.binds[0].text, "42");
        assert_slice(again->statement.binds[0].text, "43");
        assert_int_equal(world_row(world, "transactions", "42", "select=id")->column_count, 1);
        plan_cache_free(world->cache);
        world->cache = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_found_by_its_key),
        cmocka_unit_test(rows_by_one_column_can_be_gathered_on_postgresql),
        cmocka_unit_test(keys_of_several_columns_are_joined_by_commas),
        cmocka_unit_test(what_cannot_be_a_key_is_refused),
        cmocka_unit_test(a_row_that_is_not_there_is_named),
        cmocka_unit_test(a_single_row_takes_select_alone),
        cmocka_unit_test(a_kept_plan_says_the_same_as_a_new_one),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, worlds_open, worlds_close);
}
