/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: selection, order, pages, cursors and totals, as statements and as refusals. */
#include "worlds.h"

#include <stdio.h>

/* --- select --- */

static void the_default_list_shows_what_is_exposed_in_the_declared_order(void **state)
{
    (void)state;
    assert_sql(
        world_list(&pg, "transactions", ""),
        "SELECT \"id\",\"user_id\",\"amount\",\"currency\",\"status\",\"created_at\",\"note\",\"ok\",\"meta\","
        "to_json(\"tags\")::text FROM \"public\".\"transactions\" ORDER BY 6 DESC,1 DESC LIMIT 101");
    assert_sql(
        world_list(&sqlite, "transactions", ""),
        "SELECT \"id\",\"user_id\",\"amount\",\"currency\",\"status\",\"created_at\",\"note\",\"ok\",\"meta\""
        " FROM \"main\".\"transactions\" ORDER BY 6 DESC NULLS FIRST,1 DESC LIMIT 101");
}

static void columns_come_in_the_order_of_the_request_and_once(void **state)
{
    (void)state;
    const struct plan *plan = world_list(&pg, "transactions", "select=note,id,note,amount&order=id");
    assert_int_equal(plan->column_count, 3);
    assert_slice(plan->columns[0]->name, "note");
    assert_slice(plan->columns[1]->name, "id");
    assert_slice(plan->columns[2]->name, "amount");
    assert_int_equal(plan->cell_count, 3);
    assert_int_equal(world_list(&pg, "transactions", "fields=id")->column_count, 1);
    assert_int_equal(world_list(&pg, "transactions", "select=id,*")->column_count, 10);
    assert_slice(world_list(&pg, "transactions", "select= ok , *")->columns[0]->name, "ok");
}

static void columns_of_the_order_that_are_not_shown_are_hidden_cells(void **state)
{
    (void)state;
    const struct plan *plan = world_list(&pg, "transactions", "select=note&order=created_at.desc");
    assert_sql(
        plan,
        "SELECT \"note\",\"created_at\",\"id\" FROM \"public\".\"transactions\" ORDER BY 2 DESC,3 DESC LIMIT 101");
    assert_int_equal(plan->column_count, 1);
    assert_int_equal(plan->cell_count, 3);
    assert_int_equal(plan->order[0].cell, 1);
    assert_int_equal(plan->order[1].cell, 2);
}

static void a_column_written_as_json_is_ordered_by_its_raw_cell(void **state)
{
    (void)state;
    const struct plan *plan = world_list(&pg, "transactions", "select=tags,id&order=tags");
    assert_sql(plan, "SELECT to_json(\"tags\")::text,\"id\",\"tags\" FROM \"public\".\"transactions\""
                     " ORDER BY 3,2 LIMIT 101");
}

static void odd_names_are_quoted_in_the_url_and_in_sql(void **state)
{
    (void)state;
    const struct plan *plan =
        world_list(&pg, "things",
                   "select=%22odd%20%5C%22name%5C%22,%20x%22&order=%22odd%20%5C%22name%5C%22,%20x%22.desc");
    assert_sql(
        plan,
        "SELECT \"odd \"\"name\"\", x\",\"id\" FROM \"public\".\"things\" ORDER BY 1 DESC,2 DESC LIMIT 101");
    plan = world_list(&pg, "things", "select=id&order=id&odd%20%22name%22,%20x=eq.5");
    assert_sql(plan, "SELECT \"id\" FROM \"public\".\"things\" WHERE \"odd \"\"name\"\", x\" = $1::text"
                     " ORDER BY 1 LIMIT 101");
}

static void mistakes_in_select_are_told(void **state)
{
    (void)state;
    assert_refused(&pg, "transactions", "select=id,amont", "unknown-column");
    assert_slice(pg.problem.nearest, "amount");
    assert_slice(pg.problem.place, "select");
    assert_refused(&pg, "transactions", "select=id,", "bad-select");
    assert_refused(&pg, "transactions", "select=,id", "bad-select");
    assert_refused(&pg, "transactions", "select=%22id", "bad-select");
    assert_refused(&pg, "transactions", "select=%22id%22x", "bad-select");
    assert_refused(&pg, "transactions", "select=id,id,id,id,id,id,id,id,id,id,id,id,id", "too-much-asked");
    assert_non_null(strstr(pg.problem.detail.data, "`query.select` of 12"));
}

/* --- order --- */

/* What stands behind ORDER BY; id is selected alone. */
static void expect_order(struct world *world, const char *query, const char *expected)
{
    char text[300];
    snprintf(text, sizeof(text), "select=id&%s", query);
    const char *by = strstr(world_list(world, "transactions", text)->statement.text.data, " ORDER BY ");
    assert_non_null(by);
    snprintf(text, sizeof(text), " ORDER BY %s LIMIT 101", expected);
    assert_string_equal(by, text);
}

static void directions_and_places_of_null_are_postgresqls(void **state)
{
    (void)state;
    expect_order(&pg, "order=amount", "2,1");
    expect_order(&pg, "order=amount.asc", "2,1");
    expect_order(&pg, "order=amount.desc,currency", "2 DESC,3,1");
    expect_order(&pg, "order=note.nullsfirst", "2 NULLS FIRST,1");
    expect_order(&pg, "order=note.asc.nullslast", "2,1");
    expect_order(&pg, "order=note.desc.nullslast", "2 DESC NULLS LAST,1 DESC");
    expect_order(&pg, "order=note.desc.nullsfirst", "2 DESC,1 DESC");
    expect_order(&pg, "order=note.nulls_first", "2 NULLS FIRST,1");
}

static void sqlite_is_told_the_place_of_null_where_its_own_differs(void **state)
{
    (void)state;
    expect_order(&sqlite, "order=note", "2 NULLS LAST,1");
    expect_order(&sqlite, "order=note.nullsfirst", "2,1");
    expect_order(&sqlite, "order=note.desc", "2 DESC NULLS FIRST,1 DESC");
    expect_order(&sqlite, "order=note.desc.nullslast", "2 DESC,1 DESC");
    expect_order(&sqlite, "order=amount.desc.nullslast", "2 DESC,1 DESC");
}

static void the_key_ends_every_order(void **state)
{
    (void)state;
    expect_order(&pg, "order=id.desc", "1 DESC");
    expect_order(&pg, "order=id,amount", "1");
    expect_order(&pg, "order=amount,amount.desc", "2,1");
    const struct plan *plan = world_list(&pg, "members", "");
    assert_sql(plan, "SELECT \"org\",\"name\",\"since\" FROM \"public\".\"members\" ORDER BY 1,2 LIMIT 101");
    assert_int_equal(plan->order_count, 2);
}

static void the_key_goes_the_way_an_index_can_serve(void **state)
{
    (void)state;
    expect_order(&sqlite, "user_id=5&order=created_at.desc", "2 DESC NULLS FIRST,1");
    expect_order(&sqlite, "user_id=5&order=created_at", "2 NULLS LAST,1 DESC");
    expect_order(&sqlite, "order=created_at.desc", "2 DESC NULLS FIRST,1 DESC");
    expect_order(&sqlite, "order=user_id,created_at.desc", "2,3 DESC NULLS FIRST,1");
    expect_order(&pg, "user_id=5&order=created_at.desc", "2 DESC,1 DESC");
}

static void a_column_with_one_value_orders_nothing(void **state)
{
    (void)state;
    expect_order(&pg, "user_id=5&order=user_id,amount", "2,1");
    expect_order(&pg, "user_id=not.eq.5&order=user_id,amount", "2,3,1");
}

static void a_view_without_a_key_has_an_order_but_no_cursor(void **state)
{
    (void)state;
    const struct plan *plan = world_list(&pg, "totals", "order=day.desc");
    assert_false(plan->keyset);
    assert_sql(plan, "SELECT \"day\",\"n\" FROM \"public\".\"totals\" ORDER BY 1 DESC LIMIT 101");
    assert_sql(world_list(&pg, "totals", ""), "SELECT \"day\",\"n\" FROM \"public\".\"totals\" LIMIT 101");
    assert_refused(&pg, "totals", "cursor=AQAAAAAAAAAAAA", "no-cursor");
    assert_null(plan_cursor(plan, &pg.arena, (struct slice[]){SLICE("1")}, false).data);
}

static void mistakes_in_order_are_told(void **state)
{
    (void)state;
    assert_refused(&pg, "transactions", "order=amont.desc", "unknown-column");
    assert_slice(pg.problem.nearest, "amount");
    assert_refused(&pg, "transactions", "order=amount.dsc", "bad-order");
    assert_slice(pg.problem.nearest, "desc");
    assert_refused(&pg, "transactions", "order=amount.nullslast.desc", "bad-order");
    assert_refused(&pg, "transactions", "order=-amount", "bad-order");
    assert_refused(&pg, "transactions", "order=amount,", "bad-order");
    assert_refused(&pg, "transactions", "order=meta", "wrong-operator");
    assert_refused(&pg, "transactions", "order=id,id,id,id,id", "too-much-asked");
    assert_non_null(strstr(pg.problem.detail.data, "`query.order` of 4"));
}

/* --- pages --- */

static void limits_are_capped_and_said_to_be(void **state)
{
    (void)state;
    const struct plan *plan = world_list(&pg, "transactions", "limit=5000&select=id&order=id");
    assert_true(plan->capped);
    assert_int_equal(plan->limit, 1000);
    assert_sql(plan, "SELECT \"id\" FROM \"public\".\"transactions\" ORDER BY 1 LIMIT 1001");
    plan = world_list(&pg, "transactions", "limit=1000");
    assert_false(plan->capped);
    assert_int_equal(world_list(&pg, "transactions", "limit=9223372036854775807")->limit, 1000);
}

static void pages_by_number_are_offsets(void **state)
{
    (void)state;
    const struct plan *plan = world_list(&pg, "members", "page=3&page_size=10");
    assert_true(plan->by_number && plan->want_total);
    assert_int_equal(plan->page, 3);
    assert_int_equal(plan->offset, 20);
    assert_sql(
        plan,
        "SELECT \"org\",\"name\",\"since\" FROM \"public\".\"members\" ORDER BY 1,2 LIMIT 11 OFFSET 20");
    plan = world_list(&pg, "members", "");
    assert_true(plan->by_number);
    assert_int_equal(plan->page, 1);
    plan = world_list(&pg, "transactions", "limit=10&offset=30");
    assert_true(plan->by_number && !plan->want_total);
    assert_int_equal(plan->page, 4);
    assert_false(world_list(&pg, "transactions", "limit=10")->by_number);
    assert_int_equal(world_list(&pg, "members", "page=2&limit=7")->offset, 7);
}

static void bad_pages_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"limit=0",
                                      "limit=-1",
                                      "limit=x",
                                      "limit=1.5",
                                      "offset=-1",
                                      "page=0",
                                      "page_size=0",
                                      "page=9223372036854775807",
                                      "limit=99999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_refused(&pg, "transactions", bad[i], "bad-page");
    static const char *const both[] = {"cursor=x&offset=1", "cursor=x&page=1", "page=1&offset=1",
                                       "limit=1&page_size=1"};
    for (size_t i = 0; i < ARRAY_LEN(both); i++)
        assert_refused(&pg, "transactions", both[i], "conflicting-parameters");
}

static void the_postgrest_manner_has_its_own_defaults(void **state)
{
    (void)state;
    pg.manner = MANNER_POSTGREST;
    const struct plan *plan = world_list(&pg, "transactions", "limit=0&select=id&order=id");
    assert_int_equal(plan->limit, 0);
    assert_sql(plan, "SELECT \"id\" FROM \"public\".\"transactions\" ORDER BY 1 LIMIT 0");
    plan = world_list(&pg, "transactions", "");
    assert_int_equal(plan->limit, 1000);
    assert_false(plan->capped);
    assert_false(world_list(&pg, "members", "")->want_total);
    assert_refused(&pg, "transactions", "limit=-1", "bad-page");
    pg.manner = MANNER_PLAIN;
}

static void totals_count_what_the_filters_let_through(void **state)
{
    (void)state;
    const struct plan *plan =
        world_list(&pg, "members", "org=5&since=is.null&name=like.a*&order=name.desc&page=2");
    assert_slice(plan->total.text,
                 "SELECT count(*) FROM \"public\".\"members\" WHERE \"org\" = $1::integer AND "
                 "\"name\" LIKE $2::text AND \"since\" IS NULL");
    assert_int_equal(plan->total.bind_count, 2);
    assert_slice(plan->total.binds[1].text, "a%");
}

static void a_total_is_kept_by_its_filters_alone(void **state)
{
    (void)state;
    struct slice one = world_list(&pg, "members", "org=5&page=2&order=name")->total_key;
    assert_true(slice_eq(one, world_list(&pg, "members", "org=eq.05&select=name")->total_key));
    assert_false(slice_eq(one, world_list(&pg, "members", "org=6")->total_key));
    assert_false(slice_eq(one, world_list(&pg, "members", "org=not.eq.5")->total_key));
    assert_false(slice_eq(one, world_list(&pg, "members", "org=gte.5")->total_key));
    assert_false(slice_eq(one, world_list(&pg, "members", "")->total_key));
    struct slice relative = world_list(&pg, "members", "since=gte.7 days ago")->total_key;
    assert_non_null(memmem(relative.data, relative.len, "7 days ago", 10));
}

/* --- cursors --- */

static struct slice cursor_of(struct world *world, const char *resource, const char *query, bool backwards)
{
    const struct plan *plan = world_list(world, resource, query);
    struct slice cells[8];
    for (unsigned i = 0; i < plan->order_count; i++)
        cells[i] =
            plan->order[i].term.column->type.kind == VALUE_INT ? SLICE("7") : SLICE("2026-01-01 00:00:00+00");
    return plan_cursor(plan, &world->arena, cells, backwards);
}

static const char *with_cursor(struct world *world, const char *query, struct slice cursor)
{
    return arena_format(&world->arena, "%s&cursor=%.*s", query, SLICE_ARG(cursor)).data;
}

static void a_cursor_continues_behind_its_row(void **state)
{
    (void)state;
    const char *query = "select=id&order=created_at.desc&user_id=5";
    const struct plan *plan =
        world_list(&pg, "transactions",
                   with_cursor(&pg, query, cursor_of(&pg, "transactions", query, false)));
    assert_true(plan->from_cursor && !plan->backwards);
    assert_sql(
        plan,
        "SELECT \"id\",\"created_at\" FROM \"public\".\"transactions\" WHERE \"user_id\" = $1::integer AND "
        "ROW(\"created_at\", \"id\") < ROW($2::timestamptz, $3::bigint) ORDER BY 2 DESC,1 DESC LIMIT 101");
    assert_int_equal(plan->statement.bind_count, 3);
    assert_int_equal(plan->total.bind_count, 1);
}

static void a_cursor_back_reverses_the_order(void **state)
{
    (void)state;
    const char *query = "select=id&order=created_at.desc&user_id=5";
    const struct plan *plan =
        world_list(&sqlite, "transactions",
                   with_cursor(&sqlite, query, cursor_of(&sqlite, "transactions", query, true)));
    assert_true(plan->from_cursor && plan->backwards);
    assert_sql(plan, "SELECT \"id\",\"created_at\" FROM \"main\".\"transactions\" WHERE \"user_id\" = ?1 AND "
                     "\"created_at\" = ?2 AND \"id\" < ?3 UNION ALL "
                     "SELECT \"id\",\"created_at\" FROM \"main\".\"transactions\" WHERE \"user_id\" = ?1 AND "
                     "\"created_at\" IS NULL UNION ALL "
                     "SELECT \"id\",\"created_at\" FROM \"main\".\"transactions\" WHERE \"user_id\" = ?1 AND "
                     "\"created_at\" > ?2 ORDER BY 2 NULLS LAST,1 DESC LIMIT 101");
    assert_true(plan->order[0].term.descending);
}

/* There is nothing to order by where filters leave one row, and nothing behind it; a cursor is possible all the same. */
static void behind_a_row_that_filters_pin_lies_nothing(void **state)
{
    (void)state;
    const char *query = "select=id&id=7&order=id";
    const struct plan *plan = world_list(&pg, "transactions", query);
    assert_true(plan->keyset && plan->order_count == 0);
    assert_sql(plan, "SELECT \"id\" FROM \"public\".\"transactions\" WHERE \"id\" = $1::bigint LIMIT 101");
    plan = world_list(&pg, "transactions",
                      with_cursor(&pg, query, cursor_of(&pg, "transactions", query, false)));
    assert_sql(
        plan, "SELECT \"id\" FROM \"public\".\"transactions\" WHERE \"id\" = $1::bigint AND 1 = 0 LIMIT 101");
    plan = world_list(&sqlite, "members",
                      with_cursor(&sqlite, "select=org&org=1&name=a&order=org",
                                  cursor_of(&sqlite, "members", "org=1&name=a", true)));
    assert_sql(plan,
               "SELECT \"org\" FROM \"main\".\"members\" WHERE \"org\" = ?1 AND \"name\" = ?2 AND 1 = 0 "
               "LIMIT 101");
}

static void nulls_behind_all_else_are_asked_only_when_the_page_is_not_full(void **state)
{
    (void)state;
    const char *query = "select=id&order=created_at";
    const struct plan *plan =
        world_list(&pg, "transactions",
                   with_cursor(&pg, query, cursor_of(&pg, "transactions", query, false)));
    assert_sql(
        plan,
        "WITH leat_page AS MATERIALIZED (SELECT \"id\",\"created_at\" FROM \"public\".\"transactions\" WHERE "
        "ROW(\"created_at\", \"id\") > ROW($1::timestamptz, $2::bigint) ORDER BY 2,1 LIMIT 101) "
        "SELECT * FROM leat_page UNION ALL (SELECT \"id\",\"created_at\" FROM \"public\".\"transactions\" WHERE "
        "\"created_at\" IS NULL AND (SELECT count(*) FROM leat_page) < 101 ORDER BY 2,1 LIMIT 101) "
        "ORDER BY 2,1 LIMIT 101");
}

static void mixed_directions_have_a_branch_for_each_prefix(void **state)
{
    (void)state;
    const char *query = "select=id&order=user_id,amount.desc";
    const struct plan *plan = world_list(&pg, "transactions", query);
    const struct slice cells[] = {SLICE("7"), SLICE("1.50"), SLICE("9")};
    struct slice cursor = plan_cursor(plan, &pg.arena, cells, false);
    plan = world_list(&pg, "transactions", with_cursor(&pg, query, cursor));
    static const char *const conditions[] = {
        "\"user_id\" = $1::integer AND \"amount\" = $2::numeric AND \"id\" < $3::bigint ORDER",
        "\"user_id\" = $1::integer AND \"amount\" < $2::numeric ORDER",
        "WHERE \"user_id\" > $1::integer ORDER"};
    for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
        assert_non_null(strstr(plan->statement.text.data, conditions[i]));
}

static void a_cursor_is_bound_to_its_filters_and_order(void **state)
{
    (void)state;
    const char *query = "order=created_at.desc&user_id=5";
    struct slice cursor = cursor_of(&pg, "transactions", query, false);
    assert_non_null(world_list(&pg, "transactions", with_cursor(&pg, query, cursor)));
    assert_non_null(
        world_list(&pg, "transactions", with_cursor(&pg, "user_id=eq.5&select=id&limit=3", cursor)));
    static const char *const others[] = {"order=created_at.desc&user_id=6", "order=created_at.desc",
                                         "order=created_at&user_id=5", "order=id&user_id=5",
                                         "order=created_at.desc.nullslast&user_id=5"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_refused(&pg, "transactions", with_cursor(&pg, others[i], cursor), "bad-cursor");
        assert_slice(pg.problem.detail,
                     "The cursor belongs to another query: other filters, or another order.");
    }
    assert_refused(&pg, "members", with_cursor(&pg, "", cursor), "bad-cursor");
}

static void damaged_cursors_are_refused(void **state)
{
    (void)state;
    static const char *const cursors[] = {"x", "!!", "%00", "AQAAAAAAAAAAAA", "AgAAAAAAAAAAAA", "AQ=="};
    for (size_t i = 0; i < ARRAY_LEN(cursors); i++) {
        const char *query = with_cursor(&pg, "", slice_str(cursors[i]));
        assert_string_equal(world_refused(&pg, "transactions", query),
                            strcmp(cursors[i], "%00") == 0 ? "bad-encoding" : "bad-cursor");
    }
}

static void a_moving_filter_keeps_its_cursors(void **state)
{
    (void)state;
    const char *query = "created_at=gte.24h%20ago&order=id";
    struct slice cursor = cursor_of(&pg, "transactions", query, false);
    assert_non_null(world_list(&pg, "transactions", with_cursor(&pg, query, cursor)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_list_shows_what_is_exposed_in_the_declared_order),
        cmocka_unit_test(columns_come_in_the_order_of_the_request_and_once),
        cmocka_unit_test(columns_of_the_order_that_are_not_shown_are_hidden_cells),
        cmocka_unit_test(a_column_written_as_json_is_ordered_by_its_raw_cell),
        cmocka_unit_test(odd_names_are_quoted_in_the_url_and_in_sql),
        cmocka_unit_test(mistakes_in_select_are_told),
        cmocka_unit_test(directions_and_places_of_null_are_postgresqls),
        cmocka_unit_test(sqlite_is_told_the_place_of_null_where_its_own_differs),
        cmocka_unit_test(the_key_ends_every_order),
        cmocka_unit_test(the_key_goes_the_way_an_index_can_serve),
        cmocka_unit_test(a_column_with_one_value_orders_nothing),
        cmocka_unit_test(a_view_without_a_key_has_an_order_but_no_cursor),
        cmocka_unit_test(mistakes_in_order_are_told),
        cmocka_unit_test(limits_are_capped_and_said_to_be),
        cmocka_unit_test(pages_by_number_are_offsets),
        cmocka_unit_test(bad_pages_are_refused),
        cmocka_unit_test(the_postgrest_manner_has_its_own_defaults),
        cmocka_unit_test(totals_count_what_the_filters_let_through),
        cmocka_unit_test(a_total_is_kept_by_its_filters_alone),
        cmocka_unit_test(a_cursor_continues_behind_its_row),
        cmocka_unit_test(a_cursor_back_reverses_the_order),
        cmocka_unit_test(behind_a_row_that_filters_pin_lies_nothing),
        cmocka_unit_test(nulls_behind_all_else_are_asked_only_when_the_page_is_not_full),
        cmocka_unit_test(mixed_directions_have_a_branch_for_each_prefix),
        cmocka_unit_test(a_cursor_is_bound_to_its_filters_and_order),
        cmocka_unit_test(damaged_cursors_are_refused),
        cmocka_unit_test(a_moving_filter_keeps_its_cursors),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, worlds_open, worlds_close);
}
