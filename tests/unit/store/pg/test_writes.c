/* SPDX-License-Identifier: Apache-2.0 */
/* Writes: what was answered is what is in the database. */
#include "fixture.h"

#include <stdio.h>

#include "base/mem.h"
#include "store/pg/named.h"

static const char writes_sql[] =
    "DROP TABLE IF EXISTS flags, prices, owners CASCADE;"
    "CREATE TABLE owners (id int PRIMARY KEY, email text UNIQUE, name text NOT NULL);"
    "CREATE TABLE flags (id int PRIMARY KEY, owner_id int REFERENCES owners, word text,"
    " later_id int REFERENCES owners DEFERRABLE INITIALLY DEFERRED, UNIQUE (owner_id, word));"
    "CREATE TABLE prices (id int PRIMARY KEY, amount int CONSTRAINT amount_is_positive CHECK (amount > 0),"
    " during int4range, EXCLUDE USING gist (during WITH &&));"
    "INSERT INTO owners VALUES (1, 'a@b', 'one'), (2, 'c@d', 'two');"
    "INSERT INTO flags VALUES (1, 1, 'x', NULL);"
    "INSERT INTO prices VALUES (1, 10, '[1,5)')";

static void start(struct fixture *fixture, void **state)
{
    postgres_psql(*state, writes_sql);
    fixture_init(fixture, *state);
}

static void writing_init(struct reading *writing, const char *sql)
{
    reading_init(writing, sql);
    writing->fetch.write = true;
}

/* Runs a write that goes well; rows as the sink got them. */
static void assert_writes(struct fixture *fixture, const char *sql, unsigned changed, const char *rows)
{
    struct reading writing;
    writing_init(&writing, sql);
    reading_run(fixture, &writing);
    if (writing.fetch.problem.status != 0)
        fail_msg("%s: %.*s", sql, SLICE_ARG(writing.fetch.problem.cause));
    assert_int_equal(writing.fetch.changed, changed);
    assert_slice(buf_slice(&writing.out), rows);
    assert_string_equal(writing.fetch.lane, "write");
    reading_done(&writing);
}

static void assert_refused(struct fixture *fixture, const char *sql, unsigned status, const char *code,
                           const char *detail)
{
    struct reading writing;
    writing_init(&writing, sql);
    reading_run(fixture, &writing);
    assert_int_equal(writing.fetch.problem.status, status);
    assert_slice(writing.fetch.problem.code, code);
    assert_slice(writing.fetch.problem.detail, detail);
    reading_done(&writing);
}

static void assert_there(struct fixture *fixture, const char *sql, const char *rows)
{
    assert_reads(fixture, sql, rows, NULL);
}

/* ---- units of one statement ---- */

static void a_write_is_committed_when_it_ends(void **state)
{
    struct fixture fixture;
    start(&fixture, state);
    assert_writes(&fixture, "INSERT INTO owners VALUES (3, 'e@f', 'three')", 1, "");
    assert_there(&fixture, "SELECT name FROM owners WHERE id = 3", "three;");
    assert_writes(&fixture, "UPDATE owners SET name = name || '!' RETURNING id, name", 3,
                  "1|one!;2|two!;3|three!;");
    assert_writes(&fixture, "DELETE FROM owners WHERE id > 1", 2, "");
    assert_writes(&fixture, "DELETE FROM owners WHERE id > 1", 0, "");
    assert_there(&fixture, "SELECT count(*) FROM owners", "1;");
    fixture_free(&fixture);
}

static void write_by_bind(struct fixture *fixture, const char *id)
{
    struct reading writing;
    writing_init(&writing, "INSERT INTO owners VALUES ($1::int, $2::text, 'x') RETURNING id");
    reading_bind(&writing, id);
    reading_bind(&writing, NULL);
    reading_run(fixture, &writing);
    assert_int_equal(writing.fetch.problem.status, 0);
    assert_int_equal(writing.fetch.changed, 1);
    reading_done(&writing);
}

static void a_shape_is_prepared_at_its_second_use(void **state)
{
    struct fixture fixture;
    static const char prepared[] =
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'";
    start(&fixture, state);
    write_by_bind(&fixture, "10");
    assert_writes(&fixture, prepared, 1, "0;");
    write_by_bind(&fixture, "11");
    write_by_bind(&fixture, "12");
    assert_writes(&fixture, prepared, 1, "1;");
    assert_writes(&fixture, "DEALLOCATE ALL", 0, "");
    write_by_bind(&fixture, "13"); /* 26000: run again, prepared again */
    assert_writes(&fixture, prepared, 1, "1;");
    fixture_free(&fixture);
}

static void a_statement_whose_table_changed_is_prepared_anew(void **state)
{
    struct fixture fixture;
    static const char sql[] = "UPDATE owners SET name = 'new' WHERE id = 1 RETURNING *";
    start(&fixture, state);
    for (int i = 0; i < 3; i++)
        assert_writes(&fixture, sql, 1, "1|a@b|new;");
    postgres_psql(*state, "ALTER TABLE owners ADD COLUMN age int");
    assert_writes(&fixture, sql, 1, "1|a@b|new|<null>;"); /* 0A000: run again */
    assert_writes(&fixture, sql, 1, "1|a@b|new|<null>;");
    assert_writes(&fixture, "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'UPDATE%'", 1,
                  "1;");
    fixture_free(&fixture);
}

static void unprepared_writes_do_the_same(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    postgres_psql(*state, writes_sql);
    options.prepared = false;
    fixture_open(&fixture, &options);
    for (int i = 3; i < 6; i++) {
        char id[8];
        snprintf(id, sizeof id, "%d", i);
        write_by_bind(&fixture, id);
    }
    assert_refused(&fixture, "INSERT INTO owners VALUES (1, NULL, 'x')", 409, "unique-violation",
                   "There is already a row with `id` = `1` (`owners_pkey`).");
    assert_writes(&fixture, "SELECT current_setting('TimeZone'), count(*) FROM owners", 1, "UTC|5;");
    fixture_free(&fixture);
}

static void a_sink_that_wants_no_more_does_not_stop_a_write(void **state)
{
    struct fixture fixture;
    struct reading writing;
    start(&fixture, state);
    writing_init(&writing,
                 "INSERT INTO owners SELECT i, NULL, 'n' FROM generate_series(100, 199) i RETURNING id");
    writing.rows_max = 3;
    reading_run(&fixture, &writing);
    assert_int_equal(writing.fetch.problem.status, 0);
    assert_slice(buf_slice(&writing.out), "100;101;102;");
    assert_int_equal(writing.fetch.changed, 100);
    reading_done(&writing);
    assert_there(&fixture, "SELECT count(*) FROM owners WHERE id >= 100", "100;");
    fixture_free(&fixture);
}

enum { MANY = 200 };

static void each_of_many_writes_stands_or_falls_alone(void **state)
{
    static struct reading writings[MANY];
    static char ids[MANY][8];
    struct fixture fixture;
    start(&fixture, state);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof ids[i], "%u", i % 2 ? 1 : 1000 + i);
        writing_init(&writings[i], "INSERT INTO owners VALUES ($1::int, NULL, 'many')");
        reading_bind(&writings[i], ids[i]);
        assert_int_equal(reading_submit(&fixture, &writings[i]), SUBMIT_PENDING);
    }
    for (unsigned i = 0; i < MANY; i++) {
        reading_wait(&fixture, &writings[i]);
        assert_int_equal(writings[i].fetch.problem.status, i % 2 ? 409 : 0);
        reading_done(&writings[i]);
    }
    assert_there(&fixture, "SELECT count(*) FROM owners WHERE name = 'many'", "100;");
    fixture_free(&fixture);
}

static void reads_never_write(void **state)
{
    struct fixture fixture;
    start(&fixture, state);
    assert_writes(&fixture, "INSERT INTO owners VALUES (3, NULL, 'x')", 1, "");
    assert_fails(&fixture, "INSERT INTO owners VALUES (4, NULL, 'x')", 405, "method-not-allowed", "25006");
    fixture_free(&fixture);
}

static void what_is_prepared_on_a_connection_is_bounded(void **state)
{
    enum { SHAPES = NAMED_MAX + 40 };
    struct fixture fixture;
    char sql[64];
    start(&fixture, state);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < SHAPES; i++) {
            snprintf(sql, sizeof sql, "UPDATE owners SET name = '%d' WHERE id = 1", i);
            assert_writes(&fixture, sql, 1, "");
        }
    assert_writes(&fixture, "SELECT 1", 1, "1;"); /* which drops the one that made room last */
    assert_writes(&fixture, "SELECT count(*) <= 128 FROM pg_prepared_statements", 1, "t;");
    fixture_free(&fixture);
}

/* One makes room for it, and it is not kept either: two names to be given back. */
static void a_shape_refused_as_unsupported_where_another_made_room_costs_nobody_else(void **state)
{
    static const char sql[] = "INSERT INTO owners VALUES (3, NULL, 'x')";
    struct fixture fixture;
    char other[64];
    start(&fixture, state);
    for (int i = 0; i < 2 * NAMED_MAX; i++) {
        snprintf(other, sizeof other, "UPDATE owners SET name = '%d' WHERE id = 1", i % NAMED_MAX);
        assert_writes(&fixture, other, 1, "");
    }
    postgres_psql(*state,
                  "CREATE OR REPLACE FUNCTION unsupported() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                  " RAISE 'not here' USING ERRCODE = 'feature_not_supported'; END $$;"
                  "CREATE TRIGGER unsupported BEFORE INSERT ON owners"
                  " FOR EACH ROW EXECUTE FUNCTION unsupported()");
    for (int i = 0; i < 3; i++)
        assert_refused(&fixture, sql, 500, "database-error", "The database could not run the statement.");
    assert_writes(&fixture, "SELECT count(*) <= 128 FROM pg_prepared_statements", 1, "t;");
    fixture_free(&fixture);
}

/* Larger than what libpq sends at once. */
static void large_values_are_written_whole(void **state)
{
    enum { BYTES = 9 << 20 };
    struct fixture fixture;
    struct reading writing;
    start(&fixture, state);
    char *large = mem_must(BYTES + 1);
    memset(large, 'x', BYTES);
    for (int i = 0; i < 3; i++) {
        writing_init(&writing, "UPDATE owners SET name = $1::text WHERE id = 1 RETURNING length(name)");
        reading_bind(&writing, large);
        reading_run(&fixture, &writing);
        assert_int_equal(writing.fetch.problem.status, 0);
        assert_slice(buf_slice(&writing.out), "9437184;");
        reading_done(&writing);
    }
    mem_free(large);
    fixture_free(&fixture);
}

static void a_stream_goes_by_a_slow_lane_and_tells_nothing_of_its_shape(void **state)
{
    static const char sql[] = "SELECT id FROM things ORDER BY id LIMIT 5";
    struct fixture fixture;
    struct reading stream;
    start(&fixture, state);
    for (int i = 0; i < 2; i++) {
        reading_init(&stream, i == 0 ? sql : "SELECT repeat('x', 100000) FROM generate_series(1, 100)");
        stream.fetch.stream = true;
        reading_run(&fixture, &stream);
        assert_int_equal(stream.fetch.problem.status, 0);
        assert_int_equal(stream.fetch.rows, i == 0 ? 5 : 100);
        assert_string_equal(stream.fetch.lane, "slow");
        reading_done(&stream);
    }
    learn(&fixture, sql);
    reading_init(&stream, sql);
    stream.fetch.stream = true;
    reading_run(&fixture, &stream);
    assert_string_equal(stream.fetch.lane, "slow");
    reading_done(&stream);
    assert_reads(&fixture, sql, "1;2;3;4;5;", "fast");
    fixture_free(&fixture);
}

/* ---- units that are looked at ---- */

struct plan {
    struct reading writing;
    const enum verdict *verdicts;
    const char *const *next; /* the statements after the first */
    unsigned asked;
    uint64_t changed; /* all told */
};

static enum verdict look(struct fetch *fetch)
{
    struct plan *plan = container_of(fetch, struct plan, writing.fetch);
    enum verdict verdict = plan->verdicts[plan->asked];
    plan->changed += fetch->changed;
    if (verdict == VERDICT_NEXT)
        fetch->statement.text = slice_str(plan->next[plan->asked]);
    if (verdict == VERDICT_ROLLBACK)
        fetch->problem = (struct problem){.status = 400, .code = SLICE("looked-bad")};
    plan->asked++;
    return verdict;
}

static void plan_init(struct plan *plan, const char *sql, const enum verdict *verdicts,
                      const char *const *next)
{
    *plan = (struct plan){.verdicts = verdicts, .next = next};
    writing_init(&plan->writing, sql);
    plan->writing.fetch.on_statement = look;
}

static void a_unit_of_several_statements_is_one_transaction(void **state)
{
    static const enum verdict verdicts[] = {VERDICT_NEXT, VERDICT_NEXT, VERDICT_COMMIT};
    static const char *next[] = {
        "UPDATE owners SET name = 'b' RETURNING id",
        "SELECT count(*), txid_current() = xmin::text::bigint FROM owners GROUP BY xmin"};
    struct fixture fixture;
    struct plan plan;
    start(&fixture, state);
    for (int i = 0; i < 3; i++) {
        plan_init(&plan, "INSERT INTO owners VALUES (7, NULL, 'a') RETURNING name", verdicts, next);
        reading_run(&fixture, &plan.writing);
        assert_int_equal(plan.writing.fetch.problem.status, 0);
        assert_slice(buf_slice(&plan.writing.out), "a;1;2;7;3|t;");
        assert_int_equal(plan.asked, 3);
        assert_int_equal(plan.changed, 1 + 3 + 1);
        reading_done(&plan.writing);
        assert_there(&fixture, "SELECT DISTINCT name FROM owners", "b;");
        assert_writes(&fixture, "DELETE FROM owners WHERE id = 7", 1, "");
    }
    fixture_free(&fixture);
}

static void a_unit_that_looks_bad_is_rolled_back(void **state)
{
    static const enum verdict verdicts[] = {VERDICT_NEXT, VERDICT_ROLLBACK};
    static const char *next[] = {"DELETE FROM owners WHERE id = 2 RETURNING id"};
    struct fixture fixture;
    struct plan plan;
    start(&fixture, state);
    for (int i = 0; i < 3; i++) {
        plan_init(&plan, "INSERT INTO owners VALUES (7, NULL, 'a')", verdicts, next);
        reading_run(&fixture, &plan.writing);
        assert_int_equal(plan.writing.fetch.problem.status, 400);
        assert_slice(plan.writing.fetch.problem.code, "looked-bad");
        assert_slice(buf_slice(&plan.writing.out), "2;");
        reading_done(&plan.writing);
        assert_there(&fixture, "SELECT id FROM owners ORDER BY id", "1;2;");
    }
    assert_writes(&fixture, "INSERT INTO owners VALUES (7, NULL, 'a')", 1, "");
    fixture_free(&fixture);
}

static void a_unit_whose_second_statement_fails_leaves_nothing(void **state)
{
    static const enum verdict verdicts[] = {VERDICT_NEXT};
    static const char *next[] = {"INSERT INTO owners VALUES (1, NULL, 'a')"};
    struct fixture fixture;
    struct plan plan;
    start(&fixture, state);
    plan_init(&plan, "INSERT INTO owners VALUES (7, NULL, 'a')", verdicts, next);
    reading_run(&fixture, &plan.writing);
    assert_slice(plan.writing.fetch.problem.code, "unique-violation");
    assert_int_equal(plan.asked, 1);
    reading_done(&plan.writing);
    assert_there(&fixture, "SELECT count(*) FROM owners", "2;");
    fixture_free(&fixture);
}

static void a_first_statement_that_fails_is_not_asked_about(void **state)
{
    struct fixture fixture;
    struct plan plan;
    start(&fixture, state);
    for (int i = 0; i < 3; i++) {
        plan_init(&plan, "INSERT INTO owners VALUES (1, NULL, 'a')", NULL, NULL);
        reading_run(&fixture, &plan.writing);
        assert_slice(plan.writing.fetch.problem.code, "unique-violation");
        assert_int_equal(plan.asked, 0);
        reading_done(&plan.writing);
    }
    fixture_free(&fixture);
}

static void a_deferred_constraint_fails_the_unit_at_its_commit(void **state)
{
    static const enum verdict verdicts[] = {VERDICT_COMMIT};
    static const char sql[] = "INSERT INTO flags (id, later_id) VALUES (9, 99) RETURNING id";
    static const char detail[] =
        "There is no row to refer to with `later_id` = `99` (`flags_later_id_fkey`).";
    struct fixture fixture;
    struct plan plan;
    start(&fixture, state);
    for (int i = 0; i < 3; i++)
        assert_refused(&fixture, sql, 409, "foreign-key-violation", detail);
    plan_init(&plan, sql, verdicts, NULL);
    reading_run(&fixture, &plan.writing);
    assert_slice(plan.writing.fetch.problem.detail, detail);
    assert_int_equal(plan.asked, 1);
    reading_done(&plan.writing);
    assert_there(&fixture, "SELECT count(*) FROM flags", "1;");
    assert_writes(&fixture, "INSERT INTO flags (id) VALUES (9)", 1, "");
    fixture_free(&fixture);
}

/* ---- refusals ---- */

static void assert_names(struct fixture *fixture, const char *sql, const char *constraint, const char *column,
                         const char *value)
{
    struct reading writing;
    writing_init(&writing, sql);
    reading_run(fixture, &writing);
    assert_slice(writing.fetch.problem.constraint, constraint);
    assert_slice(writing.fetch.problem.column, column);
    if (value == NULL)
        assert_null(writing.fetch.problem.value.data);
    else
        assert_slice(writing.fetch.problem.value, value);
    reading_done(&writing);
}

static void a_broken_constraint_is_named_with_column_and_value(void **state)
{
    struct fixture fixture;
    start(&fixture, state);
    assert_refused(&fixture, "INSERT INTO owners VALUES (3, 'a@b', 'x')", 409, "unique-violation",
                   "There is already a row with `email` = `a@b` (`owners_email_key`).");
    assert_names(&fixture, "INSERT INTO owners VALUES (3, 'a@b', 'x')", "owners_email_key", "email", "a@b");
    assert_names(&fixture, "INSERT INTO flags VALUES (2, 1, 'x')", "flags_owner_id_word_key",
                 "owner_id, word", "1, x");
    assert_refused(&fixture, "INSERT INTO flags VALUES (2, 42, 'x')", 409, "foreign-key-violation",
                   "There is no row to refer to with `owner_id` = `42` (`flags_owner_id_fkey`).");
    assert_names(&fixture, "INSERT INTO flags VALUES (2, 42, 'x')", "flags_owner_id_fkey", "owner_id", "42");
    assert_refused(&fixture, "DELETE FROM owners WHERE id = 1", 409, "foreign-key-violation",
                   "Other rows still refer to the one with `id` = `1` (`flags_owner_id_fkey`).");
    assert_refused(&fixture, "INSERT INTO prices VALUES (2, 1, '[4,9)')", 409, "exclusion-violation",
                   "Another row stands in the way of `during` = `[4,9)` (`prices_during_excl`).");
    assert_refused(&fixture, "INSERT INTO owners VALUES (3, NULL, NULL)", 400, "not-null-violation",
                   "`name` must have a value: it cannot be null.");
    assert_names(&fixture, "INSERT INTO owners VALUES (3, NULL, NULL)", "", "name", NULL);
    assert_refused(&fixture, "INSERT INTO prices VALUES (2, -1)", 400, "check-violation",
                   "The values given break the rule `amount_is_positive`.");
    assert_names(&fixture, "INSERT INTO prices VALUES (2, -1)", "amount_is_positive", "", NULL);
    fixture_free(&fixture);
}

static void what_a_trigger_raises_is_told(void **state)
{
    struct fixture fixture;
    struct reading writing;
    start(&fixture, state);
    postgres_psql(*state,
                  "CREATE OR REPLACE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                  " IF NEW.id = 50 THEN RAISE 'not fifty' USING HINT = 'take another'; END IF;"
                  " IF NEW.id = 51 THEN RAISE 'pay first' USING ERRCODE = 'PT402'; END IF;"
                  " IF NEW.id = 52 THEN RAISE 'odd' USING ERRCODE = 'PT999'; END IF;"
                  " IF NEW.id = 53 THEN RAISE 'mine alone' USING ERRCODE = 'unique_violation'; END IF;"
                  " IF NEW.id = 55 THEN RAISE 'not yours' USING ERRCODE = '42501'; END IF;"
                  " RETURN NEW; END $$; CREATE TRIGGER no BEFORE INSERT ON owners"
                  " FOR EACH ROW EXECUTE FUNCTION no()");
    assert_refused(&fixture, "INSERT INTO owners VALUES (50, NULL, 'x')", 400, "raised", "not fifty");
    assert_refused(&fixture, "INSERT INTO owners VALUES (51, NULL, 'x')", 402, "raised", "pay first");
    assert_refused(&fixture, "INSERT INTO owners VALUES (52, NULL, 'x')", 500, "database-error",
                   "The database could not run the statement.");
    assert_refused(&fixture, "INSERT INTO owners VALUES (53, NULL, 'x')", 409, "unique-violation",
                   "mine alone");
    assert_refused(&fixture, "INSERT INTO owners VALUES (55, NULL, 'x')", 403, "not-permitted",
                   "The database does not allow this.");
    writing_init(&writing, "INSERT INTO owners VALUES (50, NULL, 'x')");
    reading_run(&fixture, &writing);
    assert_slice(writing.fetch.problem.hint, "take another");
    assert_slice(writing.fetch.problem.pg_code, "P0001");
    reading_done(&writing);
    assert_writes(&fixture, "INSERT INTO owners VALUES (54, NULL, 'x')", 1, "");
    fixture_free(&fixture);
}

static void other_refusals_have_their_problems(void **state)
{
    struct fixture fixture;
    start(&fixture, state);
    postgres_psql(*state, "DROP TABLE IF EXISTS made CASCADE; CREATE TABLE made (id int GENERATED ALWAYS AS"
                          " IDENTITY, a int); CREATE VIEW sums AS SELECT sum(a) AS s FROM made;"
                          "CREATE VIEW small AS SELECT a FROM made WHERE a < 5 WITH CHECK OPTION;"
                          "");
    assert_refused(&fixture, "INSERT INTO owners VALUES (99999999999, NULL, 'x')", 400, "invalid-value",
                   "The database refused a value: integer out of range.");
    assert_refused(
        &fixture, "INSERT INTO made VALUES (1, 1)", 400, "generated-column",
        "A column's value is not given but made: cannot insert a non-DEFAULT value into column \"id\".");
    assert_refused(&fixture, "INSERT INTO sums VALUES (1)", 400, "not-writable",
                   "The database cannot write there: cannot insert into view \"sums\".");
    assert_refused(&fixture, "INSERT INTO small VALUES (9)", 400, "check-violation",
                   "The values given break the rule: new row violates check option for view \"small\".");
    assert_refused(
        &fixture,
        "INSERT INTO owners VALUES (8, NULL, 'x'), (8, NULL, 'x')"
        " ON CONFLICT (id) DO UPDATE SET name = 'y'",
        400, "repeated-row",
        "The rows given stand in each other's way: ON CONFLICT DO UPDATE command cannot affect row a "
        "second time.");
    assert_refused(&fixture, "INSERT INTO owners VALUES (8, NULL, 'x') ON CONFLICT (name) DO NOTHING", 400,
                   "no-such-key", "No unique key of the table has just the columns of `on_conflict`.");
    assert_refused(&fixture, "BEGIN", 500, "database-error", "The database could not run the statement.");
    assert_true(fixture_state(&fixture).up);
    assert_writes(&fixture, "INSERT INTO owners VALUES (8, NULL, 'x')", 1, "");
    fixture_free(&fixture);
}

static void a_statement_that_takes_too_long_is_a_504_and_leaves_nothing(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    options.timeout_ms = 200;
    postgres_psql(*state, writes_sql);
    fixture_open(&fixture, &options);
    assert_refused(&fixture, "INSERT INTO owners SELECT 9, NULL, 'x' FROM pg_sleep(5)", 504, "query-timeout",
                   "The database took longer than a statement may.");
    assert_there(&fixture, "SELECT count(*) FROM owners", "2;");
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_is_committed_when_it_ends),
        cmocka_unit_test(a_shape_is_prepared_at_its_second_use),
        cmocka_unit_test(a_statement_whose_table_changed_is_prepared_anew),
        cmocka_unit_test(unprepared_writes_do_the_same),
        cmocka_unit_test(a_sink_that_wants_no_more_does_not_stop_a_write),
        cmocka_unit_test(each_of_many_writes_stands_or_falls_alone),
        cmocka_unit_test(reads_never_write),
        cmocka_unit_test(what_is_prepared_on_a_connection_is_bounded),
        cmocka_unit_test(a_shape_refused_as_unsupported_where_another_made_room_costs_nobody_else),
        cmocka_unit_test(large_values_are_written_whole),
        cmocka_unit_test(a_stream_goes_by_a_slow_lane_and_tells_nothing_of_its_shape),
        cmocka_unit_test(a_unit_of_several_statements_is_one_transaction),
        cmocka_unit_test(a_unit_that_looks_bad_is_rolled_back),
        cmocka_unit_test(a_unit_whose_second_statement_fails_leaves_nothing),
        cmocka_unit_test(a_first_statement_that_fails_is_not_asked_about),
        cmocka_unit_test(a_deferred_constraint_fails_the_unit_at_its_commit),
        cmocka_unit_test(a_broken_constraint_is_named_with_column_and_value),
        cmocka_unit_test(what_a_trigger_raises_is_told),
        cmocka_unit_test(other_refusals_have_their_problems),
        cmocka_unit_test(a_statement_that_takes_too_long_is_a_504_and_leaves_nothing),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, server_start, server_stop);
}
