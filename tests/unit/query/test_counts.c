/* SPDX-License-Identifier: Apache-2.0 */
/* Totals of lists: the statements that count or plan, and what is read of their answers. */
#include "worlds.h"

static struct plan *counted(struct world *world, enum prefer_count count, const char *resource,
                            const char *query)
{
    world->count = count;
    struct plan *plan = world_list(world, resource, query);
    world->count = COUNT_NONE;
    return plan;
}

static void no_count_is_asked_for_nothing(void **state)
{
    (void)state;
    const struct plan *plan = counted(&pg, COUNT_NONE, "transactions", "user_id=5");
    assert_false(plan->want_total);
    assert_int_equal(plan->total.text.len + plan->planned.text.len, 0);
}

static void an_exact_count_counts_to_the_end(void **state)
{
    (void)state;
    const struct plan *plan = counted(&pg, COUNT_EXACT, "transactions", "user_id=5&limit=3&order=amount");
    assert_true(plan->want_total && plan->total_is_exact && plan->total_max == UINT64_MAX);
    assert_slice(plan->total.text,
                 "SELECT count(*) FROM \"public\".\"transactions\" WHERE \"user_id\" = $1::integer");
    assert_int_equal(plan->total.bind_count, 1);
    assert_int_equal(plan->planned.text.len, 0);
}

static void a_planned_count_explains_the_rows_with_the_same_binds(void **state)
{
    (void)state;
    const struct plan *plan = counted(&pg, COUNT_PLANNED, "transactions", "user_id=5&limit=3&offset=9");
    assert_true(plan->want_total && !plan->total_is_exact);
    assert_int_equal(plan->total.text.len, 0);
    assert_slice(plan->planned.text, "EXPLAIN (FORMAT JSON) SELECT 1 FROM \"public\".\"transactions\" WHERE "
                                     "\"user_id\" = $1::integer");
    assert_int_equal(plan->planned.bind_count, 1);
    assert_ptr_equal(plan->planned.binds, plan->statement.binds);
}

static void an_estimate_counts_no_further_than_one_page_may_go(void **state)
{
    (void)state;
    const struct plan *plan = counted(&pg, COUNT_ESTIMATED, "transactions", "user_id=5");
    assert_slice(plan->total.text, "SELECT count(*) FROM (SELECT 1 FROM \"public\".\"transactions\" WHERE "
                                   "\"user_id\" = $1::integer LIMIT 1001) AS leat_rows");
    assert_int_equal(plan->total_max, 1000);
    assert_true(slice_starts(plan->planned.text, SLICE("EXPLAIN (FORMAT JSON) SELECT 1 FROM ")));
    assert_false(plan->total_is_exact);
}

static void groups_are_counted_as_they_are_shown(void **state)
{
    (void)state;
    const char *query = "select=status,count()&user_id=5&limit=1&offset=1&order=status";
    const struct plan *plan = counted(&pg, COUNT_EXACT, "transactions", query);
    assert_slice(plan->total.text,
                 "SELECT count(*) FROM (SELECT \"status\",count(*) FROM \"public\".\"transactions\" WHERE "
                 "\"user_id\" = $1::integer GROUP BY \"status\" ORDER BY 1) AS leat_rows");
    assert_int_equal(plan->total.bind_count, 1);
    assert_int_equal(plan->total_key.len, 0);
    plan = counted(&pg, COUNT_PLANNED, "transactions", query);
    assert_slice(plan->planned.text,
                 "EXPLAIN (FORMAT JSON) SELECT \"status\",count(*) FROM \"public\".\"transactions\" WHERE "
                 "\"user_id\" = $1::integer GROUP BY \"status\" ORDER BY 1");
}

static void set_estimate(const char *resource, double rows)
{
    struct table *table = (struct table *)(uintptr_t)world_resource(&sqlite, resource)->table;
    table->rows_estimate = rows;
}

static void sqlite_guesses_whole_tables_that_its_catalogue_knows(void **state)
{
    (void)state;
    set_estimate("transactions", 5000);
    const struct plan *plan = counted(&sqlite, COUNT_PLANNED, "transactions", "order=id");
    assert_true(plan->want_total && !plan->total_is_exact);
    assert_int_equal(plan->total.text.len + plan->planned.text.len, 0);
    assert_int_equal(plan->total_guess, 5000);
    assert_int_equal(counted(&sqlite, COUNT_ESTIMATED, "transactions", "")->total.text.len, 0);
    set_estimate("transactions", 1000);
    assert_int_equal(counted(&sqlite, COUNT_PLANNED, "transactions", "")->total.text.len, 0);
    assert_true(counted(&sqlite, COUNT_ESTIMATED, "transactions", "")->total_is_exact);
}

static void sqlite_counts_what_it_cannot_guess(void **state)
{
    (void)state;
    set_estimate("transactions", 5000);
    for (enum prefer_count count = COUNT_PLANNED; count <= COUNT_ESTIMATED; count++) {
        const struct plan *plan = counted(&sqlite, count, "transactions", "user_id=5");
        assert_slice(plan->total.text,
                     "SELECT count(*) FROM \"main\".\"transactions\" WHERE \"user_id\" = ?1");
        assert_true(plan->total_is_exact);
        assert_true(counted(&sqlite, count, "transactions", "select=user_id,count()")->total_is_exact);
    }
    set_estimate("transactions", -1);
    assert_true(counted(&sqlite, COUNT_PLANNED, "transactions", "")->total_is_exact);
}

static void a_preference_says_how_an_envelopes_total_is_found(void **state)
{
    (void)state;
    assert_true(counted(&pg, COUNT_NONE, "members", "")->total_is_exact);
    assert_true(counted(&pg, COUNT_PLANNED, "members", "")->planned.text.len > 0);
}

static void numbers_and_plans_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        uint64_t count;
    } cells[] = {
        {"0", 0},
        {"5000", 5000},
        {"[\n  {\n    \"Plan\": {\n      \"Node Type\": \"Seq Scan\",\n      \"Alias\": \"\\\"Plan Rows\\\": 9,\",\n"
         "      \"Plan Rows\": 1270,\n      \"Plan Width\": 4,\n      \"Plans\": [{\"Plan Rows\": 7}]\n    }\n  }\n]",
         1270}};
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        uint64_t count = UINT64_MAX;
        assert_true(plan_read_count(slice_str(cells[i].cell), &count));
        assert_int_equal(count, cells[i].count);
    }
}

static void what_holds_no_number_is_no_count(void **state)
{
    (void)state;
    static const char *const cells[] = {"",
                                        "-1",
                                        "many",
                                        "[]",
                                        "\"Plan Rows\": ",
                                        "\"Plan Rows\": -4,",
                                        "1,",
                                        "\"Plan Rows\": 99999999999999999999,"};
    uint64_t count = 17;
    for (size_t i = 0; i < ARRAY_LEN(cells); i++)
        assert_false(plan_read_count(slice_str(cells[i]), &count));
    assert_false(plan_read_count((struct slice){NULL, 0}, &count));
    assert_int_equal(count, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_count_is_asked_for_nothing),
        cmocka_unit_test(an_exact_count_counts_to_the_end),
        cmocka_unit_test(a_planned_count_explains_the_rows_with_the_same_binds),
        cmocka_unit_test(an_estimate_counts_no_further_than_one_page_may_go),
        cmocka_unit_test(groups_are_counted_as_they_are_shown),
        cmocka_unit_test(sqlite_guesses_whole_tables_that_its_catalogue_knows),
        cmocka_unit_test(sqlite_counts_what_it_cannot_guess),
        cmocka_unit_test(a_preference_says_how_an_envelopes_total_is_found),
        cmocka_unit_test(numbers_and_plans_are_read),
        cmocka_unit_test(what_holds_no_number_is_no_count),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, worlds_open, worlds_close);
}
