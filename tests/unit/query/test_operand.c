/* SPDX-License-Identifier: Apache-2.0 */
/* Paths into JSON, casts and aggregates: what each becomes on both stores. */
#include "worlds.h"

#include <stdio.h>

static void expect(struct world *world, const char *query, const char *sql)
{
    char expected[600];
    const struct plan *plan = world_list(world, "transactions", query);
    snprintf(expected, sizeof(expected), "SELECT %s LIMIT 101", sql);
    struct slice text = plan->statement.text;
    const char *from = world->dialect == DIALECT_PG ? " FROM \"public\".\"transactions\""
                                                    : " FROM \"main\".\"transactions\"";
    char *at = memmem(text.data, text.len, from, strlen(from));
    assert_non_null(at);
    struct slice without =
        arena_format(&world->arena, "%.*s%.*s", (int)(at - text.data), text.data,
                     (int)(text.len - (size_t)(at - text.data) - strlen(from)), at + strlen(from));
    assert_slice(without, expected);
}

static void paths_are_arrows_on_postgresql_and_one_path_on_sqlite(void **state)
{
    (void)state;
    expect(&pg, "select=id,meta->a&order=id", "\"id\",(\"meta\"->'a') ORDER BY 1");
    expect(&pg, "select=id,meta->a->0->>\"b c\"&order=id", "\"id\",(\"meta\"->'a'->0->>'b c') ORDER BY 1");
    expect(&pg, "select=id,meta->\"0\"&order=id", "\"id\",(\"meta\"->'0') ORDER BY 1");
    expect(&pg, "select=id,tags->0&order=id", "\"id\",(to_jsonb(\"tags\")->0) ORDER BY 1");
    expect(
        &sqlite, "select=id,meta->a->0->b&order=id",
        "\"id\",CASE WHEN json_valid(\"meta\") THEN \"meta\"->'$.\"a\"[0].\"b\"' END AS leat_tuple ORDER BY 1");
    expect(&sqlite, "select=id,meta->-1&order=id",
           "\"id\",CASE WHEN json_valid(\"meta\") THEN \"meta\"->'$[#-1]' END AS leat_tuple ORDER BY 1");
}

static void paths_are_filtered_and_ordered_by(void **state)
{
    (void)state;
    expect(&pg, "select=id&meta->>ip=eq.x&order=meta->>ip.desc,id",
           "\"id\",(\"meta\"->>'ip') WHERE (\"meta\"->>'ip') = $1::text ORDER BY 2 DESC,1");
    expect(&pg, "select=id&meta->n=eq.5&order=id", "\"id\" WHERE (\"meta\"->'n') = $1::jsonb ORDER BY 1");
    expect(&pg, "select=id&order=meta->>ip.desc", "\"id\",(\"meta\"->>'ip') ORDER BY 2 DESC,1 DESC");
}

static void casts_name_the_databases_type(void **state)
{
    (void)state;
    expect(&pg, "select=id,amount::int&order=id", "\"id\",CAST(\"amount\" AS integer) ORDER BY 1");
    expect(&pg, "select=id,amount::TEXT&order=id", "\"id\",CAST(\"amount\" AS text) ORDER BY 1");
    expect(&pg, "select=id,created_at::date&order=id", "\"id\",CAST(\"created_at\" AS date) ORDER BY 1");
    expect(&sqlite, "select=id,user_id::text&order=id",
           "\"id\",CAST(\"user_id\" AS TEXT) AS leat_tuple ORDER BY 1");
    expect(&sqlite, "select=id,amount::text&order=id",
           "\"id\",printf('%.2f',\"amount\"/100.0) AS leat_tuple ORDER BY 1");
    expect(&sqlite, "select=id,amount::int&order=id",
           "\"id\",CAST(\"amount\"/100.0 AS INTEGER) AS leat_tuple ORDER BY 1");
    assert_refused(&sqlite, "transactions", "select=created_at::date", "bad-select");
    assert_refused(&pg, "transactions", "select=amount::intege", "bad-select");
    assert_slice(pg.problem.nearest, "integer");
}

static void aggregates_group_by_what_stands_beside_them(void **state)
{
    (void)state;
    expect(&pg, "select=count()", "count(*)");
    expect(&pg, "select=status,count(),amount.sum()&order=sum.desc,status",
           "\"status\",count(*),sum(\"amount\") GROUP BY \"status\" ORDER BY 3 DESC,1");
    expect(&pg, "select=m:meta->>ip,amount.max()::text",
           "(\"meta\"->>'ip'),CAST(max(\"amount\") AS text) GROUP BY (\"meta\"->>'ip')");
    expect(&sqlite, "select=amount.avg()", "avg(\"amount\")/100 AS leat_tuple");
    assert_refused(&pg, "transactions", "select=status,count()&order=id", "bad-order");
    assert_refused(&pg, "transactions", "select=ok.max()", "wrong-operator");
    assert_refused(&pg, "transactions", "select=status,count()&cursor=AAAA", "no-cursor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_arrows_on_postgresql_and_one_path_on_sqlite),
        cmocka_unit_test(paths_are_filtered_and_ordered_by),
        cmocka_unit_test(casts_name_the_databases_type),
        cmocka_unit_test(aggregates_group_by_what_stands_beside_them),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, worlds_open, worlds_close);
}
