/* SPDX-License-Identifier: Apache-2.0 */
/* Embedding as SQL: one statement, whatever is asked; and what tells one list from another. */
#include "worlds.h"

#include <stdio.h>

static int open_both(void **state)
{
    (void)state;
    world_open_related(&pg, DIALECT_PG);
    world_open_related(&sqlite, DIALECT_SQLITE);
    return 0;
}

static void one_row_is_a_scalar_subquery_beside_the_page(void **state)
{
    (void)state;
    assert_sql(
        world_list(&pg, "flags", "select=id,user_id(name)&order=id"),
        "SELECT p0.c1,(SELECT row_to_json(leat_t1) FROM (SELECT t1.\"name\" AS \"name\" FROM "
        "\"public\".\"users\" AS t1 WHERE t1.\"id\" = p0.c2 AND t1.\"name\" <> $1::text AND "
        "t1.\"gone\" IS NULL LIMIT 1) AS leat_t1),p0.c1 FROM (SELECT \"id\" AS c1,\"user_id\" AS c2 FROM "
        "\"public\".\"flags\" ORDER BY 1 LIMIT 101) AS p0 ORDER BY p0.c1");
    assert_sql(
        world_list(&sqlite, "flags", "select=id,user_id(name)&order=id"),
        "SELECT p0.c1,(SELECT leat_tuple('.',t1.\"name\") AS j FROM \"main\".\"users\" AS t1 WHERE "
        "t1.\"id\" = p0.c2 AND t1.\"name\" <> ?1 AND t1.\"gone\" IS NULL LIMIT 1) AS leat_tuple_2,p0.c1 FROM "
        "(SELECT \"id\" AS c1,\"user_id\" AS c2 FROM \"main\".\"flags\" ORDER BY 1 LIMIT 101) AS p0");
}

static void many_rows_are_an_array_by_way_of_the_table_between(void **state)
{
    (void)state;
    assert_sql(
        world_list(&pg, "words", "select=id,flags(id)&flags.limit=2"),
        "SELECT p0.c1,(SELECT coalesce(array_to_json(array_agg(row_to_json(leat_t1))),'[]'::json) FROM "
        "(SELECT t1.\"id\" AS \"id\" FROM \"public\".\"flags\" AS t1,\"public\".\"flag_words\" AS j1 WHERE "
        "j1.\"word_id\" = p0.c1 AND t1.\"id\" = j1.\"flag_id\" ORDER BY t1.\"level\" DESC,t1.\"id\" DESC "
        "LIMIT 2) AS leat_t1),p0.c1 FROM (SELECT \"id\" AS c1 FROM \"public\".\"words\" ORDER BY 1 "
        "LIMIT 101) AS p0 ORDER BY p0.c1");
}

static void what_is_only_asked_for_is_a_condition(void **state)
{
    (void)state;
    assert_sql(
        world_list(&pg, "teams", "select=id,users!inner()&users.name=eq.x&order=id"),
        "SELECT \"id\" FROM \"public\".\"teams\" WHERE EXISTS (SELECT 1 FROM \"public\".\"users\" AS t1 WHERE "
        "t1.\"team_id\" = \"public\".\"teams\".\"id\" AND t1.\"name\" = $1::text AND t1.\"name\" <> $2::text AND "
        "t1.\"gone\" IS NULL) ORDER BY 1 LIMIT 101");
}

static unsigned count_of(struct slice text, const char *word)
{
    unsigned count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += slice_starts(slice_skip(text, i), slice_str(word));
    return count;
}

static void a_deep_request_is_one_statement_with_each_bind_in_it(void **state)
{
    (void)state;
    const char *query =
        "select=id,users(name,f:flags!user_id!inner(level,words(word),...by_id(by:name)),boss_id(name))"
        "&users.f.words.word=eq.x&users.f.limit=3&users=not.is.null&order=name";
    struct world *worlds[] = {&pg, &sqlite};
    for (size_t i = 0; i < ARRAY_LEN(worlds); i++) {
        const struct plan *plan = world_list(worlds[i], "teams", query);
        struct slice text = plan->statement.text;
        assert_int_equal(count_of(text, ";"), 0);
        for (unsigned n = 1; n <= plan->statement.bind_count; n++) {
            char bind[16];
            snprintf(bind, sizeof(bind), "%c%u", i == 0 ? '$' : '?', n);
            assert_true(count_of(text, bind) > 0);
        }
        assert_true(count_of(text, "\"gone\" IS NULL") >= 3); /* wherever users are read */
    }
}

static void the_names_of_selects_do_not_hide_a_table(void **state)
{
    (void)state;
    static const struct world_table tables[] = {{.name = "T1",
                                                 .columns = {COLUMN("id", VALUE_INT, "INTEGER", .bits = 64),
                                                             COLUMN("up", VALUE_INT, "INTEGER", .bits = 64)},
                                                 .key = "id",
                                                 .indexes = {INDEX("id", .primary = true)},
                                                 .references = {{"up", "T1", "id"}}},
                                                {.name = NULL}};
    struct world world;
    world_open(&world, DIALECT_SQLITE, tables, "  T1: {}\n");
    assert_sql(world_list(&world, "T1", "select=id,T1!inner()"),
               "SELECT \"id\" FROM \"main\".\"T1\" WHERE EXISTS (SELECT 1 FROM \"main\".\"T1\" AS t2 WHERE "
               "t2.\"up\" = \"main\".\"T1\".\"id\") ORDER BY 1 LIMIT 101");
    world_close(&world);
}

/* Totals are kept by their keys, cursors bound to them. */
static void what_is_required_of_embedded_rows_is_part_of_the_key(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "select=id",
        "select=id,a:boss_id!inner()",
        "select=id,a:users!boss_id!inner()",
        "select=id,a:boss_id!inner()&a.name=eq.x",
        "select=id,a:boss_id()&a=is.null",
        "select=id,a:flags!user_id!inner()",
        "select=id,a:flags!by_id!inner()",
        "select=id,a:flags!by_id!inner(words!inner())",
    };
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        struct slice key = world_list(&pg, "users", queries[i])->total_key;
        for (size_t k = 0; k < i; k++)
            if (slice_eq(key, world_list(&pg, "users", queries[k])->total_key))
                fail_msg("%s and %s have one key", queries[i], queries[k]);
    }
}

/* Of one table with two keys to another, both ways through a third are told apart. */
static void ways_through_a_table_between_have_keys_of_their_own(void **state)
{
    (void)state;
#define ID COLUMN("id", VALUE_INT, "INTEGER", .bits = 64)
    static const struct world_table tables[] = {
        {.name = "a", .columns = {ID}, .key = "id", .indexes = {INDEX("id", .primary = true)}},
        {.name = "b", .columns = {ID}, .key = "id", .indexes = {INDEX("id", .primary = true)}},
        {.name = "j",
         .columns = {COLUMN("p", VALUE_INT, "INTEGER", .bits = 64),
                     COLUMN("q", VALUE_INT, "INTEGER", .bits = 64),
                     COLUMN("r", VALUE_INT, "INTEGER", .bits = 64)},
         .key = "p,q,r",
         .indexes = {INDEX("p,q,r", .primary = true)},
         .references = {{"p", "a", "id"}, {"q", "b", "id"}, {"r", "b", "id"}}},
        {.name = NULL}};
#undef ID
    struct world world;
    world_open(&world, DIALECT_SQLITE, tables, "  a: {}\n  b: {}\n  j: {}\n");
    const struct plan *one = world_list(&world, "a", "select=id,b!q!inner()");
    const struct plan *other = world_list(&world, "a", "select=id,b!r!inner()");
    assert_false(slice_eq(one->total_key, other->total_key));
    assert_refused(&world, "a", "select=id,b!inner()", "ambiguous-relation");
    assert_slice(world.problem.hint, "Say which: `b!q`, `b!r`.");
    world_close(&world);
}

/* `x.limit=5` of a request is a limit. */
static void a_rule_is_a_filter_whatever_its_column_is_called(void **state)
{
    (void)state;
    static const struct world_table tables[] = {{.name = "x",
                                                 .columns = {COLUMN("id", VALUE_INT, "INTEGER", .bits = 64),
                                                             COLUMN("limit", VALUE_INT, "INTEGER",
                                                                    .bits = 64),
                                                             COLUMN("up", VALUE_INT, "INTEGER", .bits = 64)},
                                                 .key = "id",
                                                 .indexes = {INDEX("id", .primary = true)},
                                                 .references = {{"up", "x", "id"}}},
                                                {.name = NULL}};
    struct world world;
    world_open(&world, DIALECT_SQLITE, tables, "  x: {rows: {anonymous: limit=5}}\n");
    assert_int_equal(count_of(world_list(&world, "x", "select=id,x(id)")->statement.text, "\"limit\" = ?"),
                     2);
    world_close(&world);
}

static void an_order_by_a_child_is_written_wherever_its_rows_are(void **state)
{
    (void)state;
    struct world *worlds[] = {&pg, &sqlite};
    for (size_t i = 0; i < ARRAY_LEN(worlds); i++) {
        const char *query = "select=id,f:flags!user_id(id,user_id(name))&f.order=user_id(name)";
        struct slice text = world_row(worlds[i], "users", "1", query)->statement.text;
        assert_int_equal(count_of(text, "ORDER BY (SELECT t2.\"name\" FROM "), 1);
        text = world_list(worlds[i], "users", query)->statement.text;
        assert_int_equal(count_of(text, "ORDER BY (SELECT t2.\"name\" FROM "), 1);
    }
}

/* Its binds stand in no statement, and so have no numbers. */
static void an_order_of_rows_that_are_not_shown_is_not_written(void **state)
{
    (void)state;
    const char *query =
        "select=id,f:flags!user_id(user_id())&f.order=user_id(name)&f.user_id.name=eq.x&order=id";
    assert_sql(world_list(&pg, "users", query),
               "SELECT \"id\" FROM \"public\".\"users\" WHERE \"name\" <> $1::text AND \"gone\" IS NULL "
               "ORDER BY 1 LIMIT 101");
}

static void an_order_that_says_nothing_has_no_binds(void **state)
{
    (void)state;
    const struct plan *plan = world_list(&pg, "flags", "select=id,user_id()&order=id,user_id(name)");
    assert_sql(plan, "SELECT \"id\" FROM \"public\".\"flags\" ORDER BY 1 LIMIT 101");
    assert_int_equal(plan->statement.bind_count, 0);
}

static void orders_by_several_children_have_cells_of_their_own(void **state)
{
    (void)state;
    const struct plan *plan =
        world_list(&sqlite, "flags", "select=id,user_id(),by_id()&order=user_id(name),by_id(name)");
    assert_int_equal(count_of(plan->statement.text, "(SELECT t"), 2);
    assert_int_equal(plan->cell_count, 3);
    assert_int_equal(plan->order_count, 3);
    assert_int_equal(plan->order[0].cell, 1);
    assert_int_equal(plan->order[1].cell, 2);
    assert_int_equal(plan->order[2].cell, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row_is_a_scalar_subquery_beside_the_page),
        cmocka_unit_test(many_rows_are_an_array_by_way_of_the_table_between),
        cmocka_unit_test(what_is_only_asked_for_is_a_condition),
        cmocka_unit_test(a_deep_request_is_one_statement_with_each_bind_in_it),
        cmocka_unit_test(the_names_of_selects_do_not_hide_a_table),
        cmocka_unit_test(what_is_required_of_embedded_rows_is_part_of_the_key),
        cmocka_unit_test(ways_through_a_table_between_have_keys_of_their_own),
        cmocka_unit_test(a_rule_is_a_filter_whatever_its_column_is_called),
        cmocka_unit_test(an_order_by_a_child_is_written_wherever_its_rows_are),
        cmocka_unit_test(an_order_of_rows_that_are_not_shown_is_not_written),
        cmocka_unit_test(an_order_that_says_nothing_has_no_binds),
        cmocka_unit_test(orders_by_several_children_have_cells_of_their_own),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_both, worlds_close);
}
