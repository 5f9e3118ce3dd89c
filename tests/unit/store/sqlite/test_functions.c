/* SPDX-License-Identifier: Apache-2.0 */
/* leat_ilike against what PostgreSQL's ILIKE answers. */
#include "store/sqlite/functions.h"

#include <string.h>

#include "base/check.h"
#include "lib/unit.h"

struct database {
    sqlite3 *db;
    locale_t locale;
    sqlite3_stmt *ilike;
};

static int set_up(void **state)
{
    struct database *database = calloc(1, sizeof *database);
    database->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    assert_true(database->locale != (locale_t)0);
    assert_int_equal(sqlite3_open(":memory:", &database->db), SQLITE_OK);
    assert_true(lite_functions_add(database->db, database->locale));
    assert_int_equal(sqlite3_prepare_v2(database->db, "SELECT leat_ilike(?1, ?2)", -1, &database->ilike,
                                        NULL),
                     SQLITE_OK);
    *state = database;
    return 0;
}

static int tear_down(void **state)
{
    struct database *database = *state;
    sqlite3_finalize(database->ilike);
    sqlite3_close(database->db);
    freelocale(database->locale);
    free(database);
    return 0;
}

/* 1, 0, -1: NULL, -2: an error. */
static int ilike(struct database *database, const char *text, const char *pattern)
{
    sqlite3_bind_text(database->ilike, 1, text, -1, SQLITE_STATIC);
    sqlite3_bind_text(database->ilike, 2, pattern, -1, SQLITE_STATIC);
    int result = -2;
    if (sqlite3_step(database->ilike) == SQLITE_ROW)
        result = sqlite3_column_type(database->ilike, 0) == SQLITE_NULL
                     ? -1
                     : sqlite3_column_int(database->ilike, 0);
    sqlite3_reset(database->ilike);
    return result;
}

static void patterns_match_as_on_postgresql(void **state)
{
    static const struct {
        const char *text, *pattern;
        int expected;
    } cases[] = {
        {"", "", 1},
        {"", "%", 1},
        {"", "_", 0},
        {"a", "", 0},
        {"Saw", "saw", 1},
        {"saw", "SAW", 1},
        {"saw", "s_w", 1},
        {"saw", "s__w", 0},
        {"saw", "%", 1},
        {"saw", "%%", 1},
        {"saw", "%W", 1},
        {"saw", "S%", 1},
        {"saw", "%a%", 1},
        {"saw", "%x%", 0},
        {"saw", "_a_", 1},
        {"saw", "___%", 1},
        {"saw", "____%", 0},
        {"saw", "%_w", 1},
        {"abcabd", "%AB_", 1},
        {"abcabd", "%abc", 0},
        {"aaab", "%aab", 1},
        {"aaab", "a%a%b", 1},
        {"50%", "50\\%", 1},
        {"50x", "50\\%", 0},
        {"a_b", "a\\_b", 1},
        {"axb", "a\\_b", 0},
        {"a\\b", "a\\\\b", 1},
        {"ab", "\\a\\B", 1},
        {"\xc3\x84rger", "\xc3\xa4RGER", 1},
        {"\xc3\x84rger", "_rger", 1},
        {"\xf0\x9f\x98\x80!", "_!", 1},
        {"\xd0\x96", "\xd0\xb6", 1},
        {"\xff!", "_!", 1},
        {"\xc3", "_", 1},
        {"mississippi", "%iss%ip%i", 1},
        {"mississippi", "%iss%ix%", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (ilike(*state, cases[i].text, cases[i].pattern) != cases[i].expected)
            fail_msg("'%s' ilike '%s' is not %d", cases[i].text, cases[i].pattern, cases[i].expected);
}

static void null_on_either_side_is_null(void **state)
{
    assert_int_equal(ilike(*state, NULL, "%"), -1);
    assert_int_equal(ilike(*state, "a", NULL), -1);
}

static void a_pattern_that_ends_in_its_escape_is_an_error(void **state)
{
    struct database *database = *state;
    assert_int_equal(ilike(database, "a", "a\\"), -2);
    assert_string_equal(sqlite3_errmsg(database->db), "LIKE pattern must not end with escape character");
    assert_int_equal(ilike(database, "a", "a"), 1);
}

static void a_pattern_that_is_too_long_is_an_error(void **state)
{
    static char pattern[5000];
    memset(pattern, 'a', sizeof pattern - 1);
    assert_int_equal(ilike(*state, "a", pattern), -2);
}

static void a_hostile_pattern_takes_no_exponential_time(void **state)
{
    static char text[20001], pattern[401];
    memset(text, 'a', sizeof text - 1);
    for (size_t i = 0; i < sizeof pattern - 1; i += 2)
        memcpy(pattern + i, "%a", 2);
    pattern[sizeof pattern - 2] = 'b';
    assert_int_equal(ilike(*state, text, pattern), 0);
}

static void a_pattern_that_differs_from_row_to_row_is_read_anew(void **state)
{
    struct database *database = *state;
    sqlite3_stmt *stmt;
    const char *sql =
        "SELECT group_concat(leat_ilike('Abc', p), '') FROM (SELECT 'a%' AS p UNION ALL SELECT 'b%' UNION ALL SELECT '%C')";
    assert_int_equal(sqlite3_prepare_v2(database->db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "101");
    sqlite3_finalize(stmt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(patterns_match_as_on_postgresql, set_up, tear_down),
        cmocka_unit_test_setup_teardown(null_on_either_side_is_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pattern_that_ends_in_its_escape_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pattern_that_is_too_long_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hostile_pattern_takes_no_exponential_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pattern_that_differs_from_row_to_row_is_read_anew, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
