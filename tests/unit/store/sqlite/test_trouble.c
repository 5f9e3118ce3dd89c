/* SPDX-License-Identifier: Apache-2.0 */
/* Which problem each result code becomes. */
#include "store/sqlite/trouble.h"

#include "lib/unit.h"

static void each_code_has_its_status_and_word(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *message;
        unsigned status;
        const char *word;
        bool retry;
    } cases[] = {
        {SQLITE_BUSY, "database is locked", 503, "database-busy", true},
        {SQLITE_BUSY_RECOVERY, NULL, 503, "database-busy", true},
        {SQLITE_LOCKED_SHAREDCACHE, NULL, 503, "database-busy", true},
        {SQLITE_CORRUPT_INDEX, NULL, 503, "database-unavailable", true},
        {SQLITE_NOTADB, NULL, 503, "database-unavailable", true},
        {SQLITE_IOERR_SHORT_READ, "disk I/O error", 503, "database-unavailable", true},
        {SQLITE_CANTOPEN, NULL, 503, "database-unavailable", true},
        {SQLITE_NOMEM, NULL, 503, "database-unavailable", true},
        {SQLITE_FULL, NULL, 503, "disk-full", true},
        {SQLITE_INTERRUPT, "interrupted", 504, "query-timeout", false},
        {SQLITE_ERROR, "no such table: x", 500, "database-error", false},
        {SQLITE_READONLY, NULL, 403, "not-permitted", false},
        {SQLITE_TOOBIG, NULL, 422, "answer-too-large", false},
        {SQLITE_ERROR, "integer overflow", 400, "invalid-value", false},
        {SQLITE_ERROR, "malformed JSON", 400, "invalid-value", false},
        {SQLITE_MISMATCH, NULL, 400, "invalid-value", false},
    };
    struct arena arena;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct lite_trouble trouble = {.code = cases[i].code, .message = cases[i].message};
        struct problem problem = lite_problem(&arena, &trouble);
        assert_int_equal(problem.status, cases[i].status);
        assert_slice(problem.code, cases[i].word);
        assert_int_equal(problem.retry_after_s > 0, cases[i].retry);
        assert_true(problem.detail.len > 0 && problem.pg_code.len == 5);
        assert_true(problem.cause.len > 0);
    }
    arena_done(&arena);
}

static void what_was_cancelled_is_so_whatever_it_died_of(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    const int codes[] = {SQLITE_INTERRUPT, SQLITE_BUSY, SQLITE_IOERR};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        struct lite_trouble trouble = {.code = codes[i], .cancelled = true};
        assert_slice(lite_problem(&arena, &trouble).code, "cancelled");
    }
    arena_done(&arena);
}

static void damage_and_locks_are_told_apart_by_primary_code(void **state)
{
    (void)state;
    assert_true(lite_code_is_broken(SQLITE_IOERR_READ));
    assert_true(lite_code_is_broken(SQLITE_CORRUPT_VTAB));
    assert_false(lite_code_is_broken(SQLITE_BUSY));
    assert_false(lite_code_is_broken(SQLITE_ERROR));
    assert_true(lite_code_is_locked(SQLITE_BUSY_SNAPSHOT));
    assert_false(lite_code_is_locked(SQLITE_INTERRUPT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_has_its_status_and_word),
        cmocka_unit_test(what_was_cancelled_is_so_whatever_it_died_of),
        cmocka_unit_test(damage_and_locks_are_told_apart_by_primary_code),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
