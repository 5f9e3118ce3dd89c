/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation that may fail fails once: each read then ends with its rows or a problem, and the next is good. */
#include <stdio.h>

#include "base/mem.h"
#include "fixture.h"

static const char schema[] =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, text TEXT);"
    "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
    "  SELECT i, i * 7 % 300, 'row ' || i FROM n;";

static const struct {
    const char *sql;
    unsigned rows;
} reads[] = {
    {"SELECT id, n, text FROM t WHERE id = 5", 1},
    {"SELECT id, n, text FROM t ORDER BY id LIMIT 200", 200},
    {"SELECT id FROM t WHERE leat_ilike(text, 'ROW 1%') ORDER BY id LIMIT 5", 5},
    {"SELECT id, n || '\"', text FROM t ORDER BY text", 300},
    {"SELECT count(*), max(text) FROM t", 1},
};

static void arm(unsigned at)
{
    char value[16];
    snprintf(value, sizeof value, "%u", at);
    setenv("LEAT_FAULT_ALLOC", value, 1);
    mem_fault_arm();
}

/* How many of the reads ended with a problem. */
static unsigned read_all(struct fixture *fixture)
{
    unsigned failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
        struct read read;
        read_init(&read, reads[i].sql);
        read_run(fixture, &read);
        if (problem_is(&read.fetch.problem)) {
            assert_in_range(read.fetch.problem.status, 400, 599);
            failed++;
        } else {
            assert_int_equal(read.fetch.rows, reads[i].rows);
        }
        read_done(&read);
    }
    return failed;
}

static void a_read_whose_memory_fails_ends_and_the_next_is_good(void **state)
{
    (void)state;
    enum { ALLOCATIONS = 60 };
    unsigned failed = 0;
    for (unsigned at = 1; at <= ALLOCATIONS; at++) {
        struct fixture fixture;
        fixture_init(&fixture, schema);
        arm(at);
        failed += read_all(&fixture);
        arm(0);
        assert_int_equal(read_all(&fixture), 0);
        fixture_free(&fixture);
    }
    assert_true(failed > 0); /* else nothing was tried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_read_whose_memory_fails_ends_and_the_next_is_good)};
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
