/* SPDX-License-Identifier: Apache-2.0 */
/* Which plans may run inline, and how the measure moves a shape. */
#include "store/sqlite/lane.h"

#include "fixture.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/tuples.h"

static const char schema[] =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b REAL, c TEXT, d TEXT);"
    "CREATE INDEX t_a_b ON t (a, b DESC); CREATE INDEX t_b ON t (b DESC); CREATE INDEX t_c ON t (c);"
    "CREATE TABLE u (id INTEGER PRIMARY KEY, t_id INTEGER);"
    "CREATE TABLE v (id INTEGER PRIMARY KEY, t_id INTEGER, u_id INTEGER, word TEXT);"
    "CREATE INDEX v_t ON v (t_id, id);"
    "CREATE VIRTUAL TABLE f USING fts5 (text);";

#define EMBEDDING(table, column, where) \
    "SELECT p.id, (SELECT leat_tuples(j) FROM (SELECT leat_tuple('.', " column ") AS j FROM " table \
    " WHERE " where ")) AS leat_tuple_1" \
    " FROM (SELECT id FROM t ORDER BY id LIMIT 101) p"

static const char *const inline_plans[] = {
    "SELECT 1",
    "SELECT * FROM t WHERE id = ?1",
    "SELECT * FROM t WHERE id IN (?1, ?2, ?3)",
    "SELECT * FROM t WHERE a = ?1 AND b > ?2",
    "SELECT * FROM t WHERE a = ?1 OR c = ?2",
    "SELECT * FROM t WHERE a = ?1 ORDER BY b DESC LIMIT 101",
    "SELECT * FROM t WHERE a = ?1 ORDER BY b DESC, id DESC LIMIT 101",
    "SELECT * FROM t ORDER BY id limit 101",
    "SELECT * FROM t ORDER BY b DESC, id DESC LIMIT 101",
    "SELECT * FROM t WHERE d = ?1 ORDER BY id LIMIT 101",
    "SELECT t.id, u.id FROM t JOIN u ON u.t_id = t.id WHERE u.id = ?1",
    "SELECT * FROM t WHERE id IN (SELECT value FROM json_each(?1))",
    "SELECT * FROM t WHERE a = ?1 AND d IN (SELECT value FROM json_each(?2)) ORDER BY b DESC LIMIT 11",
    "SELECT id, b FROM t WHERE b = ?1 AND id > ?2 UNION ALL SELECT id, b FROM t WHERE b < ?1 UNION ALL"
    " SELECT id, b FROM t WHERE b IS NULL ORDER BY 2 DESC NULLS LAST, 1 LIMIT 101",
    /* a keyset page: branches with a LIMIT each, merged */
    "SELECT id, b FROM (SELECT * FROM (SELECT id, b FROM t WHERE b = ?1 AND id < ?2 ORDER BY id DESC LIMIT 11) UNION ALL"
    " SELECT * FROM (SELECT id, b FROM t WHERE b < ?1 ORDER BY b DESC, id DESC LIMIT 11) UNION ALL"
    " SELECT * FROM (SELECT id, b FROM t WHERE b IS NULL ORDER BY id DESC LIMIT 11))"
    " ORDER BY b DESC NULLS LAST, id DESC LIMIT 11",
    /* embedded rows */
    EMBEDDING("v", "word", "t_id = p.id ORDER BY v.id LIMIT 1000"),
    EMBEDDING("v", "word", "t_id = p.id ORDER BY v.id"),
    EMBEDDING("v", "(SELECT leat_tuple('.', u.t_id) FROM u WHERE u.id = v.u_id)", "t_id = p.id LIMIT 9"),
    "SELECT p.id, (SELECT leat_tuple('.', u.t_id) FROM u WHERE u.id = p.a) AS leat_tuple_1"
    " FROM (SELECT id, a FROM t ORDER BY id LIMIT 101) p",
    "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM v WHERE v.t_id = t.id) ORDER BY id LIMIT 101",
};

static const char *const pool_plans[] = {
    "SELECT * FROM t",
    "SELECT * FROM t WHERE d = ?1",
    "SELECT * FROM t ORDER BY d LIMIT 10",
    "SELECT DISTINCT d FROM t LIMIT 10",
    "SELECT count(*) FROM t",
    "SELECT count(*) FROM t WHERE a = ?1",
    "SELECT a, max(b) FROM t GROUP BY a LIMIT 10",
    "SELECT sum(b) FROM t WHERE id = ?1",
    "SELECT id, row_number() OVER (ORDER BY a) FROM t WHERE id = ?1 LIMIT 1",
    "SELECT * FROM t WHERE id IN (SELECT t_id FROM u) LIMIT 10",
    "SELECT * FROM t WHERE id IN (SELECT t_id FROM u WHERE t_id IN (SELECT value FROM json_each(?1))) LIMIT 10",
    "SELECT * FROM t WHERE a IN (SELECT value FROM json_each(?1)) ORDER BY d LIMIT 10",
    "SELECT (SELECT count(*) FROM u) FROM t WHERE id = ?1",
    "SELECT * FROM f WHERE f MATCH ?1 LIMIT 10",
    "SELECT t.id FROM t JOIN u ON u.t_id = t.d LIMIT 10",
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n LIMIT 10",
    EMBEDDING("v", "word", "u_id = p.id ORDER BY v.id LIMIT 1000"), /* no index: a scan for each row */
    EMBEDDING("v", "word", "t_id = p.id ORDER BY word LIMIT 1000"), /* a sort for each row */
    EMBEDDING("u", "(SELECT count(*) FROM v WHERE v.t_id = u.id)", "id = p.id"),
    "SELECT leat_tuples(leat_tuple('.', word)) FROM v",
    "this is no SQL",
};

static void index_searches_and_limited_scans_may_run_inline_the_rest_not(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    sqlite3 *db;
    char why[512];
    assert_int_equal(lite_connection_open(fixture.path, (locale_t)0, &db, why), OK);
    assert_true(lite_tuples_add(db, 1000));
    for (size_t i = 0; i < ARRAY_LEN(inline_plans); i++)
        if (!lite_lane_judge(db, slice_str(inline_plans[i])))
            fail_msg("should run inline: %s", inline_plans[i]);
    for (size_t i = 0; i < ARRAY_LEN(pool_plans); i++)
        if (lite_lane_judge(db, slice_str(pool_plans[i])))
            fail_msg("should run on the pool: %s", pool_plans[i]);
    lite_connection_close(db);
    fixture_free(&fixture);
}

static const struct mono start = {.us = 1000000};

static void a_shape_without_a_harmless_plan_is_never_inline(void **state)
{
    (void)state;
    struct lite_lane lane = {.judged = true};
    assert_false(lite_lane_is_inline(&lane, start));
}

static void twelve_slow_runs_in_a_window_are_borne_the_next_sends_it_away(void **state)
{
    (void)state;
    struct lite_lane lane = {.judged = true, .inline_plan = true};
    for (int i = 0; i < 12; i++)
        lite_lane_measured(&lane, 500, start);
    assert_true(lite_lane_is_inline(&lane, start));
    lite_lane_measured(&lane, 199, start);
    assert_true(lite_lane_is_inline(&lane, start));
    lite_lane_measured(&lane, 200, start);
    assert_false(lite_lane_is_inline(&lane, start));
}

static void slow_runs_far_apart_do_not_add_up(void **state)
{
    (void)state;
    struct lite_lane lane = {.judged = true, .inline_plan = true};
    for (int i = 0; i < 25600; i++)
        lite_lane_measured(&lane, i % 256 < 12 ? 900 : 5, start);
    assert_true(lite_lane_is_inline(&lane, start));
    assert_int_equal(lane.strikes, 0);
}

static int64_t away_ms(struct lite_lane *lane, struct mono now)
{
    int64_t ms = 0;
    while (!lite_lane_is_inline(lane, mono_after_ms(now, ms)))
        ms++;
    return ms;
}

static void each_failure_in_a_row_keeps_it_away_twice_as_long_up_to_a_bound(void **state)
{
    (void)state;
    struct lite_lane lane = {.judged = true, .inline_plan = true};
    const int64_t expected[] = {100, 200, 400, 800, 1600, 3200, 6400, 6400, 6400};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        lite_lane_overran(&lane, start);
        assert_int_equal(away_ms(&lane, start), expected[i]);
    }
    for (int i = 0; i < 256; i++)
        lite_lane_measured(&lane, 5, mono_after_ms(start, 10000));
    lite_lane_overran(&lane, start);
    assert_int_equal(away_ms(&lane, start), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_searches_and_limited_scans_may_run_inline_the_rest_not),
        cmocka_unit_test(a_shape_without_a_harmless_plan_is_never_inline),
        cmocka_unit_test(twelve_slow_runs_in_a_window_are_borne_the_next_sends_it_away),
        cmocka_unit_test(slow_runs_far_apart_do_not_add_up),
        cmocka_unit_test(each_failure_in_a_row_keeps_it_away_twice_as_long_up_to_a_bound),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
