/* SPDX-License-Identifier: Apache-2.0 */
/* Writes one by one: what they change, what they answer, what refuses them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"

static const char schema[] =
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT UNIQUE, age INTEGER"
    "  CONSTRAINT of_age CHECK (age >= 18), a INTEGER, b INTEGER, n INTEGER CHECK (n < 100), UNIQUE (a, b));"
    "CREATE UNIQUE INDEX people_nick ON people (lower(name));"
    "CREATE UNIQUE INDEX people_n ON people (n) WHERE n > 0;"
    "CREATE TABLE made (a INTEGER, b INTEGER AS (a + 1)); CREATE VIEW elders AS SELECT name FROM people WHERE age > 60;"
    "CREATE TABLE codes (code TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE dogs (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES people (id), weight INTEGER) STRICT;"
    "CREATE TABLE rides (id INTEGER PRIMARY KEY, driver INTEGER REFERENCES people, guest INTEGER REFERENCES people);"
    "CREATE TABLE later (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people DEFERRABLE INITIALLY DEFERRED);"
    "CREATE TABLE watched (id INTEGER PRIMARY KEY, n INTEGER);"
    "CREATE TRIGGER watched_no BEFORE INSERT ON watched WHEN new.n < 0 BEGIN SELECT RAISE(ABORT, 'n is not negative'); END;"
    "CREATE TRIGGER watched_all BEFORE INSERT ON watched WHEN new.n > 99 BEGIN SELECT RAISE(ROLLBACK, 'n is too much'); END;"
    "INSERT INTO people (id, name, mail, age, a, b, n) VALUES (1, 'ann', 'ann@x', 30, 1, 1, 5);"
    "INSERT INTO dogs VALUES (1, 1, 10);";

static void write_run(struct fixture *fixture, struct read *write)
{
    write->fetch.write = true;
    assert_int_equal(read_submit(fixture, write), SUBMIT_PENDING);
    read_wait(fixture, write);
    assert_string_equal(write->fetch.lane, "write");
}

static void a_write_changes_answers_and_is_seen_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    assert_read(&fixture, "SELECT name FROM people WHERE id = 2", "", "inline");
    struct read write;
    read_init(&write, "INSERT INTO people (name, age) VALUES (?1, ?2), ('cid', 40) RETURNING id, name");
    read_bind_text(&write, "bob");
    read_bind_int(&write, 18);
    write_run(&fixture, &write);
    assert_int_equal(write.fetch.problem.status, 0);
    assert_slice(buf_slice(&write.out), "2|bob;3|cid");
    assert_int_equal(write.fetch.rows, 2);
    assert_int_equal(write.fetch.changed, 2);
    assert_true(write.fetch.wait_us >= 0 && write.fetch.run_us > 0);
    assert_read(&fixture, "SELECT name FROM people WHERE id = 2", "bob", "inline");
    read_done(&write);
    fixture_free(&fixture);
}

static void changed_counts_without_returning_and_zero_too(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        unsigned changed;
    } cases[] = {
        {"INSERT INTO codes VALUES ('a'), ('b'), ('c')", 3},
        {"INSERT INTO codes VALUES ('c'), ('d') ON CONFLICT DO NOTHING", 1},
        {"UPDATE codes SET code = code || '!' WHERE code < 'c'", 2},
        {"DELETE FROM codes WHERE code = 'none'", 0},
        {"SELECT 1 FROM codes", 0},
        {"DELETE FROM codes", 4},
    };
    struct fixture fixture;
    fixture_init(&fixture, schema);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct read write;
        read_init(&write, cases[i].sql);
        write_run(&fixture, &write);
        assert_int_equal(write.fetch.problem.status, 0);
        assert_int_equal(write.fetch.changed, cases[i].changed);
        read_done(&write);
    }
    fixture_free(&fixture);
}

static const struct refusal {
    const char *sql;
    unsigned status;
    const char *code, *pg_code, *column, *constraint, *detail;
} refusals[] = {
    {"INSERT INTO people (id, name) VALUES (1, 'x')", 409, "unique-violation", "23505", "id", "people_pkey",
     "There is already a row with this `id` (`people_pkey`)."},
    {"INSERT INTO codes VALUES ('a'), ('a')", 409, "unique-violation", "23505", "code", "codes_pkey",
     "There is already a row with this `code` (`codes_pkey`)."},
    {"INSERT INTO people (name, mail) VALUES ('x', 'ann@x')", 409, "unique-violation", "23505", "mail",
     "people_mail_key", "There is already a row with this `mail` (`people_mail_key`)."},
    {"INSERT INTO people (name, a, b) VALUES ('x', 1, 1)", 409, "unique-violation", "23505", "a, b",
     "people_a_b_key", "There is already a row with this `a, b` (`people_a_b_key`)."},
    {"INSERT INTO people (name, n) VALUES ('x', 5)", 409, "unique-violation", "23505", "n", "people_n",
     "There is already a row with this `n` (`people_n`)."},
    {"INSERT INTO people (name) VALUES ('ANN')", 409, "unique-violation", "23505", "", "people_nick",
     "There is already a row with this key (`people_nick`)."},
    {"INSERT INTO people (age) VALUES (20)", 400, "not-null-violation", "23502", "name", "",
     "`name` must have a value: it cannot be null."},
    {"INSERT INTO people (name, age) VALUES ('x', 3)", 400, "check-violation", "23514", "", "of_age",
     "The values given break the rule `of_age`."},
    {"INSERT INTO people (name, n) VALUES ('x', 100)", 400, "check-violation", "23514", "", "n < 100",
     "The values given break the rule `n < 100`."},
    {"INSERT INTO dogs VALUES (2, 99, 1)", 409, "foreign-key-violation", "23503", "owner", "dogs_owner_fkey",
     "There is no row to refer to with this `owner` (`dogs_owner_fkey`)."},
    {"UPDATE dogs SET owner = 99", 409, "foreign-key-violation", "23503", "owner", "dogs_owner_fkey",
     "There is no row to refer to with this `owner` (`dogs_owner_fkey`)."},
    {"INSERT INTO rides (driver, guest) VALUES (1, 99)", 409, "foreign-key-violation", "23503", "", "",
     "One of these references between rows would be broken: rides_driver_fkey, rides_guest_fkey."},
    {"DELETE FROM people", 409, "foreign-key-violation", "23503", "", "",
     "One of these references between rows would be broken: dogs_owner_fkey, later_person_fkey, "
     "rides_guest_fkey, rides_driver_fkey."},
    {"INSERT INTO later (person) VALUES (99)", 409, "foreign-key-violation", "23503", "person",
     "later_person_fkey", "There is no row to refer to with this `person` (`later_person_fkey`)."},
    {"INSERT INTO dogs (weight) VALUES ('heavy')", 400, "invalid-value", "22P02", "weight", "",
     "The database refused a value: cannot store TEXT value in INTEGER column dogs.weight."},
    {"INSERT INTO people (id, name) VALUES ('one', 'x')", 400, "invalid-value", "22000", "", "",
     "The database refused a value: datatype mismatch."},
    {"INSERT INTO watched (n) VALUES (-1)", 400, "raised", "P0001", "", "", "n is not negative"},
    {"INSERT INTO watched (n) VALUES (100)", 400, "raised", "P0001", "", "", "n is too much"},
};

/* What SQLite says at the statement itself. */
static const struct refusal unwritable[] = {
    {"INSERT INTO made (a, b) VALUES (1, 2)", 400, "generated-column", "428C9", "", "",
     "A column's value is not given but made: cannot INSERT into generated column \"b\"."},
    {"UPDATE made SET b = 2", 400, "generated-column", "428C9", "", "",
     "A column's value is not given but made: cannot UPDATE generated column \"b\"."},
    {"INSERT INTO people (id, name) VALUES (1, 'x') ON CONFLICT (name) DO NOTHING", 400, "no-such-key",
     "42P10", "", "",
     "No unique key of the table has just the columns of `on_conflict`: ON CONFLICT clause does not match any "
     "PRIMARY KEY or UNIQUE constraint."},
    {"INSERT INTO elders VALUES ('x')", 400, "not-writable", "55000", "", "",
     "The database cannot write there: cannot modify elders because it is a view."},
    {"DELETE FROM sqlite_schema", 400, "not-writable", "55000", "", "",
     "The database cannot write there: table sqlite_master may not be modified."},
};

static void assert_refused(struct fixture *fixture, const struct refusal *refusal)
{
    struct read write;
    read_init(&write, refusal->sql);
    write_run(fixture, &write);
    const struct problem *problem = &write.fetch.problem;
    if (problem->status != refusal->status)
        fail_msg("%s: %u " SLICE_FMT, refusal->sql, problem->status, SLICE_ARG(problem->cause));
    assert_slice(problem->code, refusal->code);
    assert_slice(problem->pg_code, refusal->pg_code);
    assert_slice(problem->column, refusal->column);
    assert_slice(problem->constraint, refusal->constraint);
    assert_slice(problem->detail, refusal->detail);
    assert_true(slice_starts(problem->cause, SLICE("SQLite ")));
    assert_int_equal(write.fetch.rows, 0);
    read_done(&write);
}

static void each_constraint_has_its_status_and_is_named(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
        assert_refused(&fixture, &refusals[i]);
    for (size_t i = 0; i < ARRAY_LEN(unwritable); i++)
        assert_refused(&fixture, &unwritable[i]);
    assert_read(
        &fixture,
        "SELECT (SELECT count(*) FROM people) || (SELECT count(*) FROM dogs) || (SELECT count(*) FROM codes)",
        "\"110\"", NULL);
    fixture_free(&fixture);
}

static void a_row_that_is_still_referred_to_is_said_so(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p);"
                           "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)");
    struct refusal refusal = {"DELETE FROM p",
                              409,
                              "foreign-key-violation",
                              "23503",
                              "",
                              "c_p_fkey",
                              "Other rows still refer to this one (`c_p_fkey`)."};
    assert_refused(&fixture, &refusal);
    fixture_free(&fixture);
}

static void what_is_no_change_of_rows_is_not_run(void **state)
{
    (void)state;
    const char *statements[] = {
        "DROP TABLE people",
        "CREATE TABLE x (a)",
        "COMMIT",
        "ROLLBACK TO request",
        "PRAGMA foreign_keys = OFF",
        "ATTACH 'x.db' AS x",
        "SELEKT 1",
        "VACUUM",
        "SAVEPOINT mine",
    };
    struct fixture fixture;
    fixture_init(&fixture, schema);
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        struct read write;
        read_init(&write, statements[i]);
        write_run(&fixture, &write);
        if (write.fetch.problem.status != 500)
            fail_msg("%s: %u", statements[i], write.fetch.problem.status);
        read_done(&write);
    }
    assert_read(&fixture, "SELECT name FROM people WHERE id = 1", "ann", NULL);
    fixture_free(&fixture);
}

static void a_write_that_makes_a_table_makes_it_and_the_next_may_make_none(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read missing, making, other;
    read_init(&missing, "INSERT INTO own (a) VALUES (1)");
    write_run(&fixture, &missing);
    assert_slice(missing.fetch.problem.pg_code, "42P01");
    read_init(&making, "CREATE TABLE IF NOT EXISTS own (a)");
    making.fetch.makes = true;
    write_run(&fixture, &making);
    assert_int_equal(making.fetch.problem.status, 0);
    read_init(&other, "CREATE TABLE another (a)");
    write_run(&fixture, &other);
    assert_int_equal(other.fetch.problem.status, 500);
    assert_read(&fixture, "SELECT count(*) FROM own", "0", NULL);
    read_done(&missing);
    read_done(&making);
    read_done(&other);
    fixture_free(&fixture);
}

static void runs_take_their_binds_one_after_another_and_stand_or_fall_together(void **state)
{
    (void)state;
    enum { RUNS = 1000 };
    struct bind *binds = calloc(RUNS, sizeof *binds);
    for (int i = 0; i < RUNS; i++)
        binds[i] = (struct bind){.kind = BIND_INT, .integer = i};
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read write;
    read_init(&write, "INSERT INTO watched (id, n) VALUES (1000 + ?1, ?1 % 90) RETURNING id");
    write.fetch.statement.binds = binds;
    write.fetch.statement.bind_count = 1;
    write.fetch.statement.runs = RUNS;
    write_run(&fixture, &write);
    assert_int_equal(write.fetch.problem.status, 0);
    assert_int_equal(write.fetch.rows, RUNS);
    assert_int_equal(write.fetch.changed, RUNS);
    assert_memory_equal(write.out.data, "1000;1001;1002;", 15);
    assert_read(&fixture, "SELECT count(*), max(id) FROM watched", "1000|1999", NULL);
    read_done(&write);
    binds[7].integer = -1000; /* the run that fails is told by `changed` */
    read_init(&write, "INSERT INTO watched (id, n) VALUES (3000 + ?1, ?1)");
    write.fetch.statement.binds = binds;
    write.fetch.statement.bind_count = 1;
    write.fetch.statement.runs = 20;
    write_run(&fixture, &write);
    assert_slice(write.fetch.problem.detail, "n is not negative");
    assert_int_equal(write.fetch.changed, 7);
    assert_read(&fixture, "SELECT count(*), max(id) FROM watched", "1000|1999", NULL);
    read_done(&write);
    free(binds);
    fixture_free(&fixture);
}

static void many_rows_are_given_and_a_sink_that_has_enough_undoes_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    const char *sql =
        "INSERT INTO watched (n) WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i LIMIT 5000)"
        " SELECT i % 7 FROM i RETURNING id, n, 'a word', 'another'";
    struct read write;
    read_init(&write, sql);
    write_run(&fixture, &write);
    assert_int_equal(write.fetch.problem.status, 0);
    assert_int_equal(write.fetch.rows, 5000);
    assert_memory_equal(write.out.data, "1|1|\"a word\"|\"another\";2|2|", 26);
    read_done(&write);
    for (unsigned rows_max = 2; rows_max <= 4000; rows_max += 3998) {
        read_init(&write, sql);
        write.rows_max = rows_max;
        write_run(&fixture, &write);
        assert_int_equal(write.fetch.problem.status, 0);
        assert_int_equal(write.fetch.rows, rows_max);
        assert_int_equal(write.fetch.changed, 5000);
        read_done(&write);
    }
    assert_read(&fixture, "SELECT count(*) FROM watched", "15000", NULL);
    fixture_free(&fixture);
}

/* ---- more than one statement ---- */

static enum verdict then_count(struct fetch *fetch)
{
    static const struct slice next = SLICE_INIT("SELECT count(*) FROM codes");
    if (slice_eq(fetch->statement.text, next))
        return VERDICT_COMMIT;
    fetch->statement.text = next;
    return VERDICT_NEXT;
}

static void the_next_statement_sees_what_the_first_did(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read write;
    read_init(&write, "INSERT INTO codes VALUES ('x'), ('y') RETURNING code");
    write.fetch.on_statement = then_count;
    write_run(&fixture, &write);
    assert_int_equal(write.fetch.problem.status, 0);
    assert_slice(buf_slice(&write.out), "x;y;2");
    assert_int_equal(write.fetch.rows, 3);
    assert_int_equal(write.fetch.changed, 0);
    assert_read(&fixture, "SELECT count(*) FROM codes", "2", NULL);
    read_done(&write);
    fixture_free(&fixture);
}

static enum verdict then_fail(struct fetch *fetch)
{
    fetch->statement.text = SLICE("INSERT INTO people (id, name) VALUES (1, 'again')");
    return VERDICT_NEXT;
}

static enum verdict too_many(struct fetch *fetch)
{
    if (fetch->changed <= 1)
        return VERDICT_COMMIT;
    fetch->problem = (struct problem){.status = 400, .code = SLICE("too-many")};
    return VERDICT_ROLLBACK;
}

static void a_rollback_and_a_later_failure_undo_all_of_a_write(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read write;
    read_init(&write, "INSERT INTO codes VALUES ('x')");
    write.fetch.on_statement = then_fail;
    write_run(&fixture, &write);
    assert_slice(write.fetch.problem.code, "unique-violation");
    read_done(&write);
    read_init(&write, "INSERT INTO codes VALUES ('x'), ('y')");
    write.fetch.on_statement = too_many;
    write_run(&fixture, &write);
    assert_slice(write.fetch.problem.code, "too-many");
    read_done(&write);
    assert_read(&fixture, "SELECT count(*) FROM codes", "0", NULL);
    read_init(&write, "INSERT INTO codes VALUES ('x')");
    write.fetch.on_statement = too_many;
    write_run(&fixture, &write);
    assert_int_equal(write.fetch.problem.status, 0);
    read_done(&write);
    assert_read(&fixture, "SELECT count(*) FROM codes", "1", NULL);
    fixture_free(&fixture);
}

/* ---- besides ---- */

static void triggers_that_keep_a_full_text_table_work(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT);"
        "CREATE VIRTUAL TABLE f USING fts5 (text, content = 't', content_rowid = 'id');"
        "CREATE TRIGGER t_f AFTER INSERT ON t BEGIN INSERT INTO f (rowid, text) VALUES (new.id, new.text); END");
    for (int i = 0; i < 3; i++) {
        struct read write;
        read_init(&write, "INSERT INTO t (text) VALUES ('a word')");
        write_run(&fixture, &write);
        if (write.fetch.problem.status != 0)
            fail_msg(SLICE_FMT, SLICE_ARG(write.fetch.problem.cause));
        read_done(&write);
    }
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM f WHERE f MATCH 'word'", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 3);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    fixture_free(&fixture);
}

static void a_file_without_wal_is_written_too(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    database_run(fixture.path, "PRAGMA journal_mode = DELETE");
    struct store_options options = fixture_options(&fixture);
    fixture_open(&fixture, &options);
    for (int i = 0; i < 5; i++) {
        struct read write;
        assert_read(&fixture, "SELECT name FROM people WHERE id = 1", "ann", NULL);
        read_init(&write, "INSERT INTO watched (n) VALUES (1)");
        write_run(&fixture, &write);
        assert_int_equal(write.fetch.problem.status, 0);
        read_done(&write);
    }
    assert_read(&fixture, "SELECT count(*) FROM watched", "5", NULL);
    fixture_free(&fixture);
}

static void a_file_put_in_the_place_of_the_first_is_the_one_written_to(void **state)
{
    (void)state;
    struct fixture fixture, other;
    fixture_init(&fixture, schema);
    struct read write;
    read_init(&write, "INSERT INTO codes VALUES ('old')");
    write_run(&fixture, &write);
    read_done(&write);
    fixture_file(&other, schema);
    assert_int_equal(rename(other.path, fixture.path), 0);
    char log[128];
    snprintf(log, sizeof log, "%s-wal", fixture.path);
    unlink(log);
    snprintf(log, sizeof log, "%s-shm", fixture.path);
    unlink(log);
    read_init(&write, "INSERT INTO codes VALUES ('new') RETURNING (SELECT group_concat(code) FROM codes)");
    write_run(&fixture, &write);
    assert_slice(buf_slice(&write.out), "\"new\"");
    read_done(&write);
    assert_int_equal(unlink(fixture.path), 0);
    read_init(&write, "INSERT INTO codes VALUES ('none')");
    write_run(&fixture, &write);
    assert_int_equal(write.fetch.problem.status, 503);
    assert_slice(write.fetch.problem.code, "database-unavailable");
    read_done(&write);
    rmdir(other.folder);
    fixture_free(&fixture);
}

/* By another user than the superuser, whom no rights hinder. */
static void a_file_that_may_only_be_read_is_a_403(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    database_run(fixture.path, "PRAGMA journal_mode = DELETE");
    char command[256];
    snprintf(command, sizeof command, "chmod 755 %s && chmod 444 %s", fixture.folder, fixture.path);
    assert_int_equal(system(command), 0);
    uid_t me = geteuid();
    if (me == 0)
        assert_int_equal(seteuid(65534), 0);
    struct store_options options = fixture_options(&fixture);
    fixture_open(&fixture, &options);
    assert_read(&fixture, "SELECT name FROM people WHERE id = 1", "ann", NULL);
    struct read write;
    read_init(&write, "INSERT INTO codes VALUES ('x')");
    write_run(&fixture, &write);
    assert_int_equal(write.fetch.problem.status, 403);
    assert_slice(write.fetch.problem.code, "not-permitted");
    assert_slice(write.fetch.problem.detail, "The database's file may only be read by this service.");
    read_done(&write);
    if (me == 0)
        assert_int_equal(seteuid(0), 0);
    fixture_free(&fixture);
}

static void a_stream_goes_to_the_pool_however_short(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read read;
    read_init(&read, "SELECT name FROM people WHERE id = 1");
    read.fetch.stream = true;
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_PENDING);
    read_wait(&fixture, &read);
    assert_slice(buf_slice(&read.out), "ann");
    assert_string_equal(read.fetch.lane, "offload");
    read_done(&read);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_changes_answers_and_is_seen_at_once),
        cmocka_unit_test(changed_counts_without_returning_and_zero_too),
        cmocka_unit_test(each_constraint_has_its_status_and_is_named),
        cmocka_unit_test(a_row_that_is_still_referred_to_is_said_so),
        cmocka_unit_test(what_is_no_change_of_rows_is_not_run),
        cmocka_unit_test(a_write_that_makes_a_table_makes_it_and_the_next_may_make_none),
        cmocka_unit_test(runs_take_their_binds_one_after_another_and_stand_or_fall_together),
        cmocka_unit_test(many_rows_are_given_and_a_sink_that_has_enough_undoes_nothing),
        cmocka_unit_test(the_next_statement_sees_what_the_first_did),
        cmocka_unit_test(a_rollback_and_a_later_failure_undo_all_of_a_write),
        cmocka_unit_test(triggers_that_keep_a_full_text_table_work),
        cmocka_unit_test(a_file_without_wal_is_written_too),
        cmocka_unit_test(a_file_put_in_the_place_of_the_first_is_the_one_written_to),
        cmocka_unit_test(a_file_that_may_only_be_read_is_a_403),
        cmocka_unit_test(a_stream_goes_to_the_pool_however_short),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
