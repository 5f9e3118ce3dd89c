/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of items: what they say, what they are refused for, and where they place a page. */
#include "worlds.h"

static enum error parse(const char *value, const char *unit, struct range *range, struct problem *problem)
{
    return range_parse(slice_str(value), slice_str(unit), &pg.arena, range, problem);
}

static void a_range_is_a_first_row_and_how_many(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t first, rows;
    } cases[] = {{"0-24", 0, 25},
                 {"5-5", 5, 1},
                 {"25-", 25, INT64_MAX},
                 {"items=3-4", 3, 2},
                 {"Items = 3-4", 3, 2},
                 {"0-9223372036854775806", 0, INT64_MAX},
                 {"0-9223372036854775807", 0, INT64_MAX},
                 {"9223372036854775807-9223372036854775807", INT64_MAX, INT64_MAX}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct range range;
        struct problem problem;
        assert_int_equal(parse(cases[i].value, i % 2 ? NULL : "items", &range, &problem), OK);
        assert_true(range.given);
        assert_int_equal(range.first, cases[i].first);
        assert_int_equal(range.rows, cases[i].rows);
    }
}

static void ranges_of_other_units_are_not_given(void **state)
{
    (void)state;
    static const struct {
        const char *value, *unit;
    } cases[] = {{NULL, NULL}, {NULL, "items"}, {"bytes=0-5", NULL}, {"bytes=x", "items"}, {"0-5", "bytes"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct range range = {.given = true};
        struct problem problem;
        assert_int_equal(parse(cases[i].value, cases[i].unit, &range, &problem), OK);
        assert_false(range.given);
    }
}

static void what_is_no_range_is_a_416(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",     "-",    "5",    "-5",      "5-4",    "x-5",  "5-x",
        "5 -6", "+5-6", "5-+6", "0-1,3-4", "items=", "5--6", "9223372036854775808-"};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct range range;
        struct problem problem;
        assert_int_equal(parse(values[i], NULL, &range, &problem), ERR_PROBLEM);
        assert_int_equal(problem.status, 416);
        assert_slice(problem.code, "bad-range");
        assert_slice(problem.pg_code, "PGRST103");
        assert_true(problem.details.len > 0 && problem.hint.len > 0);
    }
}

static struct plan *placed(const char *range, const char *query)
{
    struct problem problem;
    pg.manner = MANNER_POSTGREST;
    assert_int_equal(parse(range, NULL, &pg.range, &problem), OK);
    struct plan *plan = world_list(&pg, "transactions", query);
    pg.range = (struct range){.given = false};
    pg.manner = MANNER_PLAIN;
    return plan;
}

static void a_range_places_the_page_unless_the_url_does(void **state)
{
    (void)state;
    const struct plan *plan = placed("20-29", "order=id");
    assert_true(plan->by_number);
    assert_int_equal(plan->limit, 10);
    assert_int_equal(plan->offset, 20);
    assert_int_equal(plan->page, 3);
    plan = placed("7-", "");
    assert_int_equal(plan->limit, 1000);
    assert_int_equal(plan->offset, 7);
    assert_false(plan->capped);
    assert_true(placed("0-5000", "")->capped);
    static const char *const queries[] = {"limit=3", "page=1&page_size=3", "page_size=3"};
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        plan = placed("20-29", queries[i]);
        assert_int_equal(plan->limit, 3);
        assert_int_equal(plan->offset, 0);
    }
    assert_int_equal(placed("20-29", "offset=4")->offset, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_a_first_row_and_how_many),
        cmocka_unit_test(ranges_of_other_units_are_not_given),
        cmocka_unit_test(what_is_no_range_is_a_416),
        cmocka_unit_test(a_range_places_the_page_unless_the_url_does),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, worlds_open, worlds_close);
}
