/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a database: what is refused, in which words; and what happens when the file changes under a
 * running store. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_open_refused(struct fixture *fixture, const char *url, const char *part)
{
    struct store_options options = fixture_options(fixture);
    options.url = slice_str(url);
    struct offload *offload = offload_new(1, 1);
    struct store *store;
    char why[512] = "";
    assert_int_equal(store_driver_sqlite.open(&options, offload, &store, why), ERR_INVALID);
    if (strstr(why, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why, part);
    offload_free(offload);
}

static void what_cannot_be_opened_is_refused_with_what_to_do(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, "SELECT 1");
    char url[160], path[128];
    assert_open_refused(&fixture, "sqlite:", "names no file: write sqlite:PATH");
    assert_open_refused(&fixture, "sqlite::memory:", "name a file");
    assert_open_refused(&fixture, "sqlite:absent.db", "`absent.db`: there is no such file in /");
    assert_open_refused(&fixture, "sqlite:///absent.db", "write sqlite:absent.db for a relative one");
    snprintf(url, sizeof url, "sqlite:%s/absent.db", fixture.folder);
    assert_open_refused(&fixture, url, "there is no such file; create it first, or correct the path");
    snprintf(url, sizeof url, "sqlite:%s", fixture.folder);
    assert_open_refused(&fixture, url, "it is not a file");
    snprintf(path, sizeof path, "%s/text", fixture.folder);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 200; i++)
        fputs("this is no database\n", file);
    fclose(file);
    snprintf(url, sizeof url, "sqlite:%s", path);
    assert_open_refused(&fixture, url, "it is not a SQLite database, or it is encrypted");
    fixture_free(&fixture);
}

static void opening_creates_no_file_and_reads_no_uri(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, "SELECT 1");
    char url[160];
    snprintf(url, sizeof url, "sqlite:file:%s?mode=rwc", fixture.path);
    assert_open_refused(&fixture, url, "there is no such file");
    snprintf(url, sizeof url, "%s/absent.db", fixture.folder);
    assert_int_not_equal(access(url, F_OK), 0);
    fixture_free(&fixture);
}

static void a_file_outside_wal_mode_is_served_and_the_state_says_so(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);");
    struct store_options options = fixture_options(&fixture);
    fixture_open(&fixture, &options);
    struct store_state seen;
    store_driver_sqlite.state(fixture.store, &seen);
    assert_true(seen.up);
    assert_string_equal(seen.why, "");
    store_driver_sqlite.detach(fixture.port);
    store_driver_sqlite.close(fixture.store);
    offload_free(fixture.offload);
    loop_free(fixture.loop);
    database_run(fixture.path, "PRAGMA journal_mode = DELETE");
    fixture_open(&fixture, &options);
    assert_read(&fixture, "SELECT id FROM t WHERE id = 1", "1", "inline");
    store_driver_sqlite.state(fixture.store, &seen);
    assert_true(seen.up);
    assert_non_null(strstr(seen.why, "not in WAL mode"));
    fixture_free(&fixture);
}

static void a_file_that_cannot_be_written_is_read(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);");
    assert_int_equal(chmod(fixture.path, 0444), 0);
    struct store_options options = fixture_options(&fixture);
    fixture_open(&fixture, &options);
    assert_read(&fixture, "SELECT id FROM t WHERE id = 1", "1", "inline");
    fixture_free(&fixture);
}

static void a_file_in_wal_mode_in_a_folder_that_may_only_be_read_is_told_with_what_to_do(void **state)
{
    (void)state;
    enum { NOBODY = 65534 };
    struct fixture fixture;
    fixture_file(&fixture, "CREATE TABLE t (id INTEGER PRIMARY KEY);");
    assert_int_equal(chmod(fixture.folder, 0555), 0);
    assert_int_equal(chmod(fixture.path, 0444), 0);
    bool root = geteuid() == 0; /* who may write everywhere */
    assert_int_equal(root ? seteuid(NOBODY) : 0, 0);
    struct store_options options = fixture_options(&fixture);
    struct store *store = NULL;
    char why[512] = "";
    assert_int_equal(store_driver_sqlite.open(&options, NULL, &store, why), ERR_INVALID);
    assert_non_null(strstr(why, "let this user write to the folder"));
    assert_non_null(strstr(why, "PRAGMA journal_mode = DELETE"));
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_int_equal(chmod(fixture.path, 0), 0);
    assert_int_equal(root ? seteuid(NOBODY) : 0, 0);
    assert_int_equal(store_driver_sqlite.open(&options, NULL, &store, why), ERR_INVALID);
    assert_non_null(strstr(why, "may not read it"));
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_int_equal(chmod(fixture.folder, 0755), 0);
    fixture_free(&fixture);
}

/* Turns of the loop until the store has looked at its file again. */
static struct problem read_until(struct fixture *fixture, const char *sql, const char *rows)
{
    struct mono start = clock_mono();
    struct read read;
    for (;;) {
        read_init(&read, sql);
        read_run(fixture, &read);
        bool wanted =
            rows ? slice_eq(buf_slice(&read.out), slice_str(rows)) : problem_is(&read.fetch.problem);
        struct problem problem = read.fetch.problem;
        problem.cause = SLICE("");
        read_done(&read);
        if (wanted)
            return problem;
        if (mono_diff_us(clock_mono(), start) > 20 * 1000 * 1000)
            fail_msg("the change was not noticed");
        loop_turn(fixture->loop, 20);
    }
}

static void a_file_renamed_over_the_databases_is_taken_up(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture,
                 "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'old');");
    assert_read(&fixture, "SELECT name FROM t WHERE id = 1", "old", "inline");
    assert_read(&fixture, "SELECT name FROM t WHERE name > ''", "old", "offload");
    char other[128];
    snprintf(other, sizeof other, "%s/other.db", fixture.folder);
    database_run(
        other,
        "PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'new');");
    assert_int_equal(rename(other, fixture.path), 0);
    read_until(&fixture, "SELECT name FROM t WHERE id = 1", "new");
    assert_read(&fixture, "SELECT name FROM t WHERE name > ''", "new", "offload");
    struct store_state seen;
    store_driver_sqlite.state(fixture.store, &seen);
    assert_true(seen.up);
    assert_true(seen.reconnects >= 1);
    fixture_free(&fixture);
}

static void a_file_that_is_gone_is_a_503_until_one_is_there_again(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture,
                 "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'old');");
    const char *sql = "SELECT name FROM t WHERE id = 1";
    char aside[128];
    snprintf(aside, sizeof aside, "%s/aside.db", fixture.folder);
    assert_read(&fixture, sql, "old", "inline");
    assert_int_equal(rename(fixture.path, aside), 0);
    struct problem problem = read_until(&fixture, sql, NULL);
    assert_int_equal(problem.status, 503);
    assert_slice(problem.code, "database-unavailable");
    assert_true(problem.retry_after_s > 0);
    struct store_state seen;
    store_driver_sqlite.state(fixture.store, &seen);
    assert_false(seen.up);
    assert_non_null(strstr(seen.why, "there is no such file"));
    assert_int_not_equal(access(fixture.path, F_OK), 0);
    assert_int_equal(rename(aside, fixture.path), 0);
    read_until(&fixture, sql, "old");
    store_driver_sqlite.state(fixture.store, &seen);
    assert_true(seen.up);
    fixture_free(&fixture);
}

static void a_file_written_over_is_a_503_or_the_new_rows_and_never_the_end(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, pad TEXT);"
        "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
        "  SELECT i, hex(zeroblob(500)) FROM n; PRAGMA wal_checkpoint(TRUNCATE);");
    assert_read(&fixture, "SELECT id FROM t WHERE id = 1", "1", "inline");
    assert_int_equal(truncate(fixture.path, 8192), 0);
    unsigned failed = 0;
    for (int id = 1; id <= 5000; id += 100) {
        struct read read;
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT length(pad) FROM t WHERE id = %d", id);
        read_init(&read, sql);
        read_run(&fixture, &read);
        if (problem_is(&read.fetch.problem)) {
            assert_int_equal(read.fetch.problem.status, 503);
            failed++;
        }
        read_done(&read);
    }
    assert_true(failed > 0);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_opened_is_refused_with_what_to_do),
        cmocka_unit_test(opening_creates_no_file_and_reads_no_uri),
        cmocka_unit_test(a_file_outside_wal_mode_is_served_and_the_state_says_so),
        cmocka_unit_test(a_file_that_cannot_be_written_is_read),
        cmocka_unit_test(a_file_in_wal_mode_in_a_folder_that_may_only_be_read_is_told_with_what_to_do),
        cmocka_unit_test(a_file_renamed_over_the_databases_is_taken_up),
        cmocka_unit_test(a_file_that_is_gone_is_a_503_until_one_is_there_again),
        cmocka_unit_test(a_file_written_over_is_a_503_or_the_new_rows_and_never_the_end),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
