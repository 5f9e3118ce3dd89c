/* SPDX-License-Identifier: Apache-2.0 */
/* Named queries: parameters by type, default, list and range; pages of ordered ones. */
#include "world.h"

#include "database.h"

static struct world world;

/* What config/ and the store would have made of a file. */
static const struct config_param source_params[] = {
    {.name = {.text = SLICE_INIT("since")},
     .type = SLICE_INIT("timestamptz"),
     .fallback = SLICE_INIT("24h ago")},
    {.name = {.text = SLICE_INIT("severity")},
     .type = SLICE_INIT("text"),
     .optional = true,
     .in = (struct slice[]){SLICE_INIT("low"), SLICE_INIT("high")},
     .in_count = 2},
    {.name = {.text = SLICE_INIT("top")},
     .type = SLICE_INIT("int"),
     .fallback = SLICE_INIT("10"),
     .has_range = true,
     .low = 1,
     .high = 100},
    {.name = {.text = SLICE_INIT("org")}, .type = SLICE_INIT("bigint")},
};
static struct query_param params[] = {
    {&source_params[0], {.kind = VALUE_TIMESTAMPTZ, .name = SLICE_INIT("timestamptz")}},
    {&source_params[1], {.kind = VALUE_TEXT, .name = SLICE_INIT("text")}},
    {&source_params[2], {.kind = VALUE_INT, .bits = 32, .name = SLICE_INIT("integer")}},
    {&source_params[3], {.kind = VALUE_INT, .bits = 64, .name = SLICE_INIT("bigint")}},
};
static struct column columns[] = {
    {.name = SLICE_INIT("src"),
     .sql = SLICE_INIT("\"src\""),
     .type = {.kind = VALUE_TEXT, .name = SLICE_INIT("text"), .orderable = true},
     .nullable = true},
    {.name = SLICE_INIT("n"),
     .sql = SLICE_INIT("\"n\""),
     .type = {.kind = VALUE_INT, .bits = 64, .name = SLICE_INIT("bigint"), .orderable = true},
     .position = 1,
     .nullable = true},
};
static struct order_term order[] = {{&columns[1], true, true}, {&columns[0], false, false}};

static struct config_query plain_config = {.path = SLICE_INIT("analytics/top"), .returns = RETURNS_ROWS};
static struct config_query paged_config = {
    .path = SLICE_INIT("analytics/all"),
    .returns = RETURNS_ROWS,
    .page = {.size = 20, .max = 50},
    .envelope = {.total = SLICE_INIT("total")},
};
static struct named_query plain = {.config = &plain_config,
                                   .params = params,
                                   .param_count = 4,
                                   .columns = columns,
                                   .column_count = 2,
                                   .text = SLICE_INIT("SELECT src, n FROM x WHERE a = $1::timestamptz")};
static struct named_query paged = {.config = &paged_config,
                                   .params = params + 2,
                                   .param_count = 1,
                                   .columns = columns,
                                   .column_count = 2,
                                   .order = order,
                                   .order_count = 2,
                                   .text = SLICE_INIT("SELECT src, n FROM x WHERE n < ?1 -- end")};

static int open_world(void **state)
{
    (void)state;
    world_open_usual(&world, DIALECT_SQLITE);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

static enum error plan_it(const struct named_query *query, const char *text, struct plan **ret_plan)
{
    const struct plan_context context = {.model = world.model,
                                         .arena = &world.arena,
                                         .now = {1769850307123456}};
    world.problem = (struct problem){0};
    return plan_query(&context, query, slice_str(text), NULL, ret_plan, &world.problem);
}

static const struct plan *planned(const struct named_query *query, const char *text)
{
    struct plan *plan = NULL;
    if (plan_it(query, text, &plan) != OK)
        fail_msg("%s is refused: %s", text, world.problem.detail.data);
    return plan;
}

static void expect_refused(const struct named_query *query, const char *text, const char *code)
{
    struct plan *plan = NULL;
    assert_int_equal(plan_it(query, text, &plan), ERR_PROBLEM);
    assert_null(plan);
    assert_slice(world.problem.code, code);
}

static void defaults_and_absent_parameters_are_bound(void **state)
{
    (void)state;
    const struct plan *plan = planned(&plain, "org=7");
    assert_int_equal(plan->kind, PLAN_QUERY);
    assert_slice(plan->statement.text, "SELECT src, n FROM x WHERE a = $1::timestamptz");
    assert_int_equal(plan->statement.bind_count, 4);
    assert_slice(plan->statement.binds[0].text, "2026-01-30T09:05:07.123456Z");
    assert_int_equal(plan->statement.binds[1].kind, BIND_NULL);
    assert_null(plan->statement.binds[1].text.data);
    assert_slice(plan->statement.binds[2].text, "10");
    assert_slice(plan->statement.binds[3].text, "7");
    assert_int_equal(plan->column_count, 2);
    assert_int_equal(plan->limit, 0);
}

static void given_parameters_win(void **state)
{
    (void)state;
    const struct plan *plan = planned(&plain, "org=7&since=2026-01-01&severity=high&top=100");
    assert_slice(plan->statement.binds[0].text, "2026-01-01T00:00:00.000000Z");
    assert_slice(plan->statement.binds[1].text, "high");
    assert_slice(plan->statement.binds[2].text, "100");
}

static void each_mistake_with_a_parameter_is_told(void **state)
{
    (void)state;
    expect_refused(&plain, "", "missing-parameter");
    assert_slice(world.problem.detail, "The parameter `org` is missing.");
    expect_refused(&plain, "org", "missing-parameter");
    expect_refused(&plain, "org=x", "wrong-type");
    expect_refused(&plain, "org=1&severity=hihg", "bad-value");
    assert_slice(world.problem.nearest, "high");
    expect_refused(&plain, "org=1&top=101", "bad-value");
    assert_slice(world.problem.detail, "`top` must be from 1 to 100, not `101`.");
    expect_refused(&plain, "org=1&top=0", "bad-value");
    expect_refused(&plain, "org=1&sinse=now", "unknown-parameter");
    assert_slice(world.problem.nearest, "since");
    expect_refused(&plain, "org=1&org=2", "repeated-parameter");
    expect_refused(&plain, "org=1&limit=5", "unknown-parameter");
    assert_slice(world.problem.hint, "Its parameters: since, severity, top, org.");
}

static void an_ordered_query_is_paged_from_outside(void **state)
{
    (void)state;
    const struct plan *plan = planned(&paged, "limit=5&top=9");
    assert_slice(plan->statement.text,
                 "SELECT \"src\",\"n\" FROM (SELECT src, n FROM x WHERE n < ?1 -- end\n)"
                 " AS leat_query ORDER BY 2 DESC NULLS FIRST,1 NULLS LAST LIMIT 6");
}

static void pages_of_a_query_run_it_once_and_lose_nothing(void **state)
{
    (void)state;
    struct database database;
    struct slice cursor = {NULL, 0};
    unsigned seen = 0;
    long last = 1000;
    paged.text = SLICE("SELECT src, n FROM x WHERE n < ?1 OR n IS NULL");
    database_open_sqlite(&database);
    database_run(&database,
                 "CREATE TABLE x (src TEXT, n INTEGER); INSERT INTO x WITH RECURSIVE i(i) AS (SELECT 1 UNION"
                 " ALL SELECT i + 1 FROM i WHERE i < 60) SELECT 's' || i, nullif(i %% 9, 0) FROM i");
    for (;;) {
        struct slice query = arena_format(&world.arena, "top=50&limit=7%s%.*s", cursor.data ? "&cursor=" : "",
                                          SLICE_ARG(cursor));
        const struct plan *plan = planned(&paged, query.data);
        assert_null(strstr(plan->statement.text.data, "UNION"));
        assert_slice(plan->total.text,
                     "SELECT count(*) FROM (SELECT src, n FROM x WHERE n < ?1 OR n IS NULL\n)"
                     " AS leat_query");
        struct slice *cells;
        unsigned width, rows = database_rows(&database, &plan->statement, &world.arena, &cells, &width);
        for (unsigned i = 0; i < rows && i < 7; i++, seen++) {
            const struct slice *row = cells + (size_t)i * width;
            long n = row[1].data ? strtol(row[1].data, NULL, 10) : 999;
            assert_true(n <= last);
            last = n;
            cursor = plan_cursor(plan, &world.arena, (struct slice[]){row[1], row[0]}, false);
        }
        if (rows < 8)
            break;
    }
    assert_int_equal(seen, 60);
    database_close(&database);
}

static void a_cursor_belongs_to_the_parameters_it_came_with(void **state)
{
    (void)state;
    const struct plan *plan = planned(&paged, "top=9");
    struct slice cursor = plan_cursor(plan, &world.arena, (struct slice[]){SLICE("5"), SLICE("s")}, false);
    assert_non_null(planned(&paged, arena_format(&world.arena, "top=9&cursor=%.*s", SLICE_ARG(cursor)).data));
    expect_refused(&paged, arena_format(&world.arena, "top=8&cursor=%.*s", SLICE_ARG(cursor)).data,
                   "bad-cursor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_absent_parameters_are_bound),
        cmocka_unit_test(given_parameters_win),
        cmocka_unit_test(each_mistake_with_a_parameter_is_told),
        cmocka_unit_test(an_ordered_query_is_paged_from_outside),
        cmocka_unit_test(pages_of_a_query_run_it_once_and_lose_nothing),
        cmocka_unit_test(a_cursor_belongs_to_the_parameters_it_came_with),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_world, close_world);
}
