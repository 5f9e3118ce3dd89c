/* SPDX-License-Identifier: Apache-2.0 */
/* What a port promises, by a real server: rows, ends, lanes, gathering, cancelling. */
#include "fixture.h"

#include <signal.h>
#include <stdio.h>

#include "store/pg/read.h"

static void a_read_gives_its_rows_and_ends_once(void **state)
{
    struct fixture fixture;
    fixture_init(&fixture, *state);
    assert_reads(&fixture, "SELECT id, name FROM things WHERE id < 4 ORDER BY id",
                 "1|thing 1;2|thing 2;3|thing 3;", "slow");
    assert_reads(&fixture, "SELECT id, name FROM things WHERE id < 4 ORDER BY id",
                 "1|thing 1;2|thing 2;3|thing 3;", "fast");
    assert_reads(&fixture, "SELECT id, name FROM things WHERE id < 4 ORDER BY id",
                 "1|thing 1;2|thing 2;3|thing 3;", "fast");
    assert_reads(&fixture, "SELECT NULL, '', 'x' WHERE true", "<null>||x;", NULL);
    fixture_free(&fixture);
}

static void a_read_by_key_is_fast_from_the_first(void **state)
{
    struct fixture fixture;
    struct reading reading;
    fixture_init(&fixture, *state);
    for (int i = 0; i < 5; i++) {
        reading_of_thing(&reading, i < 4 ? "17" : "99999");
        assert_int_equal(reading_submit(&fixture, &reading), SUBMIT_PENDING);
        reading_wait(&fixture, &reading);
        assert_int_equal(reading.fetch.problem.status, 0);
        assert_slice(buf_slice(&reading.out), i < 4 ? "17|thing 17|17.50;" : "");
        assert_int_equal(reading.fetch.rows, i < 4);
        assert_string_equal(reading.fetch.lane, "fast");
        reading_done(&reading);
    }
    fixture_free(&fixture);
}

enum { MANY = 600 };

/* Reads things by key, many in one turn; each gets its own row. */
static void read_many(struct fixture *fixture, unsigned spread)
{
    static struct reading readings[MANY];
    static char keys[MANY][16];
    char expected[64];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(keys[i], sizeof keys[i], "%u", i * 7 % spread + 1);
        reading_of_thing(&readings[i], keys[i]);
        assert_int_equal(reading_submit(fixture, &readings[i]), SUBMIT_PENDING);
    }
    for (unsigned i = 0; i < MANY; i++) {
        reading_wait(fixture, &readings[i]);
        assert_int_equal(readings[i].fetch.problem.status, 0);
        snprintf(expected, sizeof expected, "%s|thing %s|%s.50;", keys[i], keys[i], keys[i]);
        bool there = i * 7 % spread + 1 <= 1000;
        assert_slice(buf_slice(&readings[i].out), there ? expected : "");
        reading_done(&readings[i]);
    }
}

static void reads_by_key_of_one_turn_are_gathered(void **state)
{
    struct fixture fixture;
    fixture_init(&fixture, *state);
    read_many(&fixture, 1000);
    read_many(&fixture, 3);    /* equal keys share */
    read_many(&fixture, 2000); /* half of them are not there */
    assert_true(fixture_state(&fixture).gathered >= 3 * MANY - 30);
    fixture_free(&fixture);
}

/* Of the first lane the backend stands still. */
static void few_reads_by_key_go_by_one_connection_many_by_two(void **state)
{
    enum { FEW = 3, ALL = 3 * FEW + 1 };
    struct fixture fixture;
    struct reading readings[ALL];
    fixture_init(&fixture, *state);
    const struct pg_port *port = container_of(fixture.port, struct pg_port, base);
    int backend = PQbackendPID(port->lanes[0].session.conn);
    assert_int_equal(kill(backend, SIGSTOP), 0);
    for (unsigned i = 0; i < ALL; i++) {
        reading_of_thing(&readings[i], "5");
        reading_submit(&fixture, &readings[i]);
        if (i == FEW - 1 || i == 2 * FEW - 1 || i == ALL - 1)
            loop_turn(fixture.loop, 0);
    }
    for (unsigned i = 2 * FEW; i < ALL; i++)
        reading_wait(&fixture, &readings[i]);
    for (unsigned i = 0; i < 2 * FEW; i++)
        assert_int_equal(readings[i].ends, 0);
    assert_int_equal(kill(backend, SIGCONT), 0);
    for (unsigned i = 0; i < ALL; i++) {
        reading_wait(&fixture, &readings[i]);
        assert_slice(buf_slice(&readings[i].out), "5|thing 5|5.50;");
        reading_done(&readings[i]);
    }
    fixture_free(&fixture);
}

static void without_gathering_each_read_goes_alone(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    options.gather_max = 0;
    fixture_open(&fixture, &options);
    read_many(&fixture, 1000);
    assert_int_equal(fixture_state(&fixture).gathered, 0);
    fixture_free(&fixture);
}

static void unprepared_reads_give_the_same(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    options.prepared = false;
    fixture_open(&fixture, &options);
    read_many(&fixture, 1000);
    for (int i = 0; i < 4; i++)
        assert_reads(
            &fixture,
            "SELECT current_setting('TimeZone'), now()::text LIKE '%+00', count(*) FROM pg_prepared_statements",
            "UTC|t|0;", NULL);
    assert_fails(&fixture, "CREATE TABLE nope (a int)", 405, "method-not-allowed", "25006");
    fixture_free(&fixture);
}

static void binds_may_be_null_empty_and_hostile(void **state)
{
    struct fixture fixture;
    fixture_init(&fixture, *state);
    for (int i = 0; i < 4; i++) {
        struct reading reading;
        reading_init(&reading, "SELECT $1::text, $2::text, $3::text");
        reading_bind(&reading, NULL);
        reading_bind(&reading, "");
        reading_bind(&reading, "'; DROP TABLE things; --");
        reading_run(&fixture, &reading);
        assert_slice(buf_slice(&reading.out), "<null>||'; DROP TABLE things; --;");
        reading_done(&reading);
    }
    fixture_free(&fixture);
}

static void keys_of_text_are_gathered_whatever_is_in_them(void **state)
{
    static const char *words[] = {"a",           "",  "null", "NULL", "a b", "{x}", "a,b", "quo\"te",
                                  "back\\slash", "'", "ü €",  " ",    "\n"};
    struct fixture fixture;
    struct reading readings[ARRAY_LEN(words)];
    fixture_init(&fixture, *state);
    postgres_psql(
        *state,
        "TRUNCATE words; INSERT INTO words SELECT w, 'm' || w FROM unnest(ARRAY['a','','null','NULL','a b','{x}',"
        "'a,b','quo\"te',E'back\\\\slash','''','ü €',' ',E'\\n']) w");
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
            struct reading *reading = &readings[i];
            reading_init(reading, "SELECT word, meaning FROM words WHERE word = $1::text");
            reading_bind(reading, words[i]);
            reading->gather =
                (struct gather){SLICE("SELECT word, meaning FROM words WHERE word = ANY($1::text[])"), 0};
            reading->fetch.statement.gather = &reading->gather;
            reading_submit(&fixture, reading);
        }
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
            char expected[64];
            reading_wait(&fixture, &readings[i]);
            snprintf(expected, sizeof expected, "%s|m%s;", words[i], words[i]);
            assert_slice(buf_slice(&readings[i].out), expected);
            reading_done(&readings[i]);
        }
    }
    assert_true(fixture_state(&fixture).gathered >= 3 * ARRAY_LEN(words));
    fixture_free(&fixture);
}

/* What is bound beside the key is whose the row is: reads of several owners never share a statement. */
static void reads_are_gathered_by_what_they_bind_beside_their_key(void **state)
{
    static const char *const owners[] = {"a", "b", NULL};
    struct fixture fixture;
    struct reading readings[60];
    char keys[60][8];
    struct gather gather = {
        SLICE("SELECT word, meaning FROM words WHERE word = ANY($1::text[]) AND meaning = $2::text"), 0};
    fixture_init(&fixture, *state);
    postgres_psql(*state,
                  "TRUNCATE words; INSERT INTO words SELECT i, CASE i % 2 WHEN 0 THEN 'a' ELSE 'b' END "
                  "FROM generate_series(0, 19) i");
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < ARRAY_LEN(readings); i++) {
            snprintf(keys[i], sizeof keys[i], "%u", i / 3);
            reading_init(&readings[i],
                         "SELECT word, meaning FROM words WHERE word = $1::text AND meaning = $2::text");
            reading_bind(&readings[i], keys[i]);
            reading_bind(&readings[i], owners[i % 3]);
            readings[i].fetch.statement.gather = &gather;
            reading_submit(&fixture, &readings[i]);
        }
        for (unsigned i = 0; i < ARRAY_LEN(readings); i++) {
            char expected[16] = "";
            reading_wait(&fixture, &readings[i]);
            if (i % 3 == i / 3 % 2)
                snprintf(expected, sizeof expected, "%s|%s;", keys[i], owners[i % 3]);
            assert_slice(buf_slice(&readings[i].out), expected);
            reading_done(&readings[i]);
        }
    }
    assert_true(fixture_state(&fixture).gathered >= 2 * ARRAY_LEN(readings));
    fixture_free(&fixture);
}

static void a_bad_key_does_not_touch_its_neighbours(void **state)
{
    struct fixture fixture;
    struct reading readings[20];
    fixture_init(&fixture, *state);
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 20; i++) {
            reading_of_thing(&readings[i], i == 7 ? "seven" : i == 9 ? "99999999999999999999" : "5");
            reading_submit(&fixture, &readings[i]);
        }
        for (unsigned i = 0; i < 20; i++) {
            reading_wait(&fixture, &readings[i]);
            bool bad = i == 7 || i == 9;
            assert_int_equal(readings[i].fetch.problem.status, bad ? 400 : 0);
            assert_slice(readings[i].fetch.problem.pg_code, i == 7 ? "22P02" : i == 9 ? "22003" : "");
            assert_slice(buf_slice(&readings[i].out), bad ? "" : "5|thing 5|5.50;");
            reading_done(&readings[i]);
        }
    }
    fixture_free(&fixture);
}

static void an_error_does_not_touch_the_reads_behind_it(void **state)
{
    struct fixture fixture;
    struct reading readings[30];
    fixture_init(&fixture, *state);
    learn(&fixture, "SELECT 1 / (2 - 1)");
    learn(&fixture, "SELECT name FROM things WHERE id = 3");
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 30; i++) {
            reading_init(&readings[i],
                         i == 5 ? "SELECT 10 / $1::int" : "SELECT name FROM things WHERE id = 3");
            if (i == 5)
                reading_bind(&readings[i], round == 0 ? "5" : "0"); /* learned in the first round */
            reading_submit(&fixture, &readings[i]);
        }
        for (unsigned i = 0; i < 30; i++) {
            bool bad = i == 5 && round > 0;
            reading_wait(&fixture, &readings[i]);
            assert_int_equal(readings[i].fetch.problem.status, bad ? 400 : 0);
            assert_slice(readings[i].fetch.problem.code, bad ? "invalid-value" : "");
            assert_slice(buf_slice(&readings[i].out), bad ? "" : i == 5 ? "2;" : "thing 3;");
            reading_done(&readings[i]);
        }
        if (round == 1)
            assert_int_equal(fixture_state(&fixture).resent, 24); /* those behind it */
    }
    fixture_free(&fixture);
}

static void problems_bear_their_documented_status(void **state)
{
    struct fixture fixture;
    fixture_init(&fixture, *state);
    assert_fails(&fixture, "SELECT 'x'::int", 400, "invalid-value", "22P02");
    assert_fails(&fixture, "SELECT nothing FROM things", 500, "database-error", "42703");
    assert_fails(&fixture, "SELECT * FROM nowhere", 500, "database-error", "42P01");
    assert_fails(&fixture, "INSERT INTO things VALUES (0)", 405, "method-not-allowed", "25006");
    assert_fails(&fixture, "SELECT nextval('numbers')", 405, "method-not-allowed", "25006");
    fixture_free(&fixture);
}

static void a_cause_has_the_words_of_the_database_and_the_client_does_not(void **state)
{
    struct fixture fixture;
    struct reading reading;
    fixture_init(&fixture, *state);
    reading_init(&reading, "SELECT secret_column FROM things");
    reading_run(&fixture, &reading);
    struct problem *problem = &reading.fetch.problem;
    assert_slice(problem->cause, "42703: column \"secret_column\" does not exist");
    assert_null(memmem(problem->detail.data, problem->detail.len, "secret", 6));
    reading_done(&reading);
    fixture_free(&fixture);
}

/* ---- lanes ---- */

static void a_slow_statement_moves_to_a_slow_lane_and_succeeds(void **state)
{
    struct fixture fixture;
    struct reading reading;
    fixture_init(&fixture, *state);
    for (int i = 0; i < 5; i++) {
        reading_init(&reading, "SELECT pg_sleep($1::float8), 'awake'");
        reading_bind(&reading, i < 3 ? "0" : "0.4");
        reading_run(&fixture, &reading);
        assert_int_equal(reading.fetch.problem.status, 0);
        assert_slice(buf_slice(&reading.out), "|awake;");
        assert_string_equal(reading.fetch.lane, i == 0 || i > 2 ? "slow" : "fast");
        reading_done(&reading);
    }
    assert_true(fixture_state(&fixture).resent >= 1);
    fixture_free(&fixture);
}

static void reads_held_behind_a_first_run_follow_it(void **state)
{
    struct fixture fixture;
    struct reading readings[40];
    fixture_init(&fixture, *state);
    for (unsigned i = 0; i < 40; i++) {
        reading_init(&readings[i], "SELECT count(*) FROM things");
        reading_submit(&fixture, &readings[i]);
    }
    for (unsigned i = 0; i < 40; i++) {
        reading_wait(&fixture, &readings[i]);
        assert_slice(buf_slice(&readings[i].out), "1000;");
        assert_string_equal(readings[i].fetch.lane, i == 0 ? "slow" : "fast");
        reading_done(&readings[i]);
    }
    fixture_free(&fixture);
}

static void reads_held_behind_a_long_first_run_do_not_wait_for_it(void **state)
{
    struct fixture fixture;
    struct reading readings[4];
    fixture_init(&fixture, *state);
    for (unsigned i = 0; i < 4; i++) {
        reading_init(&readings[i], "SELECT pg_sleep($1::float8)");
        reading_bind(&readings[i], i == 0 ? "60" : "0");
        reading_submit(&fixture, &readings[i]);
    }
    for (unsigned i = 1; i < 4; i++) {
        reading_wait(&fixture, &readings[i]);
        assert_int_equal(readings[i].fetch.problem.status, 0);
    }
    assert_int_equal(readings[0].ends, 0);
    store_cancel(fixture.port, &readings[0].fetch);
    reading_wait(&fixture, &readings[0]);
    for (unsigned i = 0; i < 4; i++)
        reading_done(&readings[i]);
    fixture_free(&fixture);
}

static void a_large_answer_goes_by_a_slow_lane(void **state)
{
    struct fixture fixture;
    struct reading reading;
    fixture_init(&fixture, *state);
    for (int i = 0; i < 3; i++) {
        reading_init(&reading, "SELECT repeat('x', 1000) FROM generate_series(1, 1000)");
        reading_run(&fixture, &reading);
        assert_int_equal(reading.fetch.rows, 1000);
        assert_int_equal(reading.out.len, 1001 * 1000);
        assert_string_equal(reading.fetch.lane, "slow");
        reading_done(&reading);
    }
    fixture_free(&fixture);
}

static void a_sink_that_wants_no_more_ends_the_read_well(void **state)
{
    struct fixture fixture;
    struct reading reading;
    fixture_init(&fixture, *state);
    for (int i = 0; i < 3; i++) { /* once on a slow lane, where the rest is cancelled, then on a fast one */
        reading_init(&reading, "SELECT g FROM generate_series(1, 100) g");
        reading.rows_max = 3;
        reading_run(&fixture, &reading);
        assert_slice(buf_slice(&reading.out), "1;2;3;");
        assert_int_equal(reading.fetch.problem.status, 0);
        reading_done(&reading);
    }
    reading_init(&reading, "SELECT a.id FROM things a, things b, things c ORDER BY a.id");
    reading.rows_max = 2;
    reading_run(&fixture, &reading);
    assert_slice(buf_slice(&reading.out), "1;1;");
    reading_done(&reading);
    TURN_UNTIL(&fixture, fixture_state(&fixture).busy == 0); /* the statement was cancelled */
    fixture_free(&fixture);
}

/* ---- cancelling ---- */

static void a_waiting_read_is_cancelled(void **state)
{
    struct fixture fixture;
    struct reading reading;
    fixture_init(&fixture, *state);
    reading_of_thing(&reading, "1");
    assert_int_equal(reading_submit(&fixture, &reading), SUBMIT_PENDING);
    store_cancel(fixture.port, &reading.fetch);
    assert_int_equal(reading.ends, 0); /* not from within the call */
    reading_wait(&fixture, &reading);
    assert_slice(reading.fetch.problem.code, "cancelled");
    assert_int_equal(reading.fetch.rows, 0);
    assert_int_equal(fixture_state(&fixture).waiting, 0);
    reading_done(&reading);
    fixture_free(&fixture);
}

static void a_sent_read_is_cancelled_and_its_neighbours_are_not(void **state)
{
    struct fixture fixture;
    struct reading readings[10];
    fixture_init(&fixture, *state);
    for (unsigned i = 0; i < 10; i++) {
        reading_of_thing(&readings[i], i % 2 ? "1" : "2");
        reading_submit(&fixture, &readings[i]);
    }
    loop_turn(fixture.loop, 0); /* sent at its end */
    store_cancel(fixture.port, &readings[4].fetch);
    store_cancel(fixture.port, &readings[4].fetch); /* twice does no harm */
    for (unsigned i = 0; i < 10; i++) {
        reading_wait(&fixture, &readings[i]);
        assert_slice(readings[i].fetch.problem.code, i == 4 ? "cancelled" : "");
        reading_done(&readings[i]);
    }
    fixture_free(&fixture);
}

static void a_running_read_is_cancelled_at_the_database(void **state)
{
    struct fixture fixture;
    struct reading reading;
    fixture_init(&fixture, *state);
    reading_init(&reading, "SELECT pg_sleep(60)");
    reading_submit(&fixture, &reading);
    TURN_UNTIL(&fixture, fixture_state(&fixture).busy == 1);
    store_cancel(fixture.port, &reading.fetch);
    reading_wait(&fixture, &reading);
    assert_slice(reading.fetch.problem.code, "cancelled");
    TURN_UNTIL(&fixture, fixture_state(&fixture).busy == 0);
    assert_reads(
        &fixture,
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60%' AND state = 'active'",
        "0;", NULL);
    reading_done(&reading);
    fixture_free(&fixture);
}

static void a_deadline_ends_a_running_read(void **state)
{
    struct fixture fixture;
    struct reading reading;
    fixture_init(&fixture, *state);
    reading_init(&reading, "SELECT pg_sleep(50)");
    reading.fetch.deadline = mono_after_ms(clock_mono(), 100);
    reading_run(&fixture, &reading);
    assert_int_equal(reading.fetch.problem.status, 504);
    assert_slice(reading.fetch.problem.code, "query-timeout");
    TURN_UNTIL(&fixture, fixture_state(&fixture).busy == 0);
    reading_done(&reading);
    fixture_free(&fixture);
}

static void the_databases_own_timeout_is_a_504(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    options.timeout_ms = 300;
    fixture_open(&fixture, &options);
    assert_fails(&fixture, "SELECT pg_sleep(40)", 504, "query-timeout", "57014");
    assert_fails(&fixture, "SELECT pg_sleep(40)", 504, "query-timeout", "57014");
    fixture_free(&fixture);
}

static void detaching_ends_every_read(void **state)
{
    struct fixture fixture;
    struct reading readings[12];
    fixture_init(&fixture, *state);
    for (unsigned i = 0; i < 12; i++) {
        if (i % 3 == 0)
            reading_of_thing(&readings[i], "1");
        else
            reading_init(&readings[i], i % 3 == 1 ? "SELECT pg_sleep(30)" : "SELECT pg_sleep(31), 2");
        reading_submit(&fixture, &readings[i]);
    }
    loop_turn(fixture.loop, 0);
    TURN_UNTIL(&fixture, fixture_state(&fixture).busy >= 1);
    fixture_free(&fixture);
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(readings[i].ends, 1);
        if (i % 3 != 0)
            assert_int_equal(readings[i].fetch.problem.status, 503);
        reading_done(&readings[i]);
    }
}

/* ---- the pool ---- */

static void reads_wait_for_a_connection_and_get_one(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    struct reading readings[6];
    options.pool_size = 1; /* taken as: one fast lane and one slow */
    options.pool_overflow = 1;
    fixture_open(&fixture, &options);
    for (unsigned i = 0; i < 6; i++) {
        static const char *sqls[] = {"SELECT pg_sleep(0.06), 0", "SELECT pg_sleep(0.06), 1",
                                     "SELECT pg_sleep(0.06), 2", "SELECT pg_sleep(0.06), 3",
                                     "SELECT pg_sleep(0.06), 4", "SELECT pg_sleep(0.06), 5"};
        reading_init(&readings[i], sqls[i]);
        reading_submit(&fixture, &readings[i]);
    }
    for (unsigned i = 0; i < 6; i++) {
        reading_wait(&fixture, &readings[i]);
        assert_int_equal(readings[i].fetch.problem.status, 0);
        assert_true(fixture_state(&fixture).connections <= 3);
        reading_done(&readings[i]);
    }
    assert_int_equal(fixture_state(&fixture).connections_max, 3);
    read_many(&fixture, 1000); /* the one lane serves points and lists */
    fixture_free(&fixture);
}

static void a_pool_that_stays_busy_refuses_after_the_wait(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    struct reading busy, waiting;
    options.pool_size = 3;
    options.pool_overflow = 0;
    options.pool_wait_ms = 100;
    fixture_open(&fixture, &options);
    reading_init(&busy, "SELECT pg_sleep(20)");
    reading_submit(&fixture, &busy);
    TURN_UNTIL(&fixture, fixture_state(&fixture).busy == 1);
    reading_init(&waiting, "SELECT 'hm'");
    reading_run(&fixture, &waiting);
    assert_int_equal(waiting.fetch.problem.status, 503);
    assert_slice(waiting.fetch.problem.code, "pool-exhausted");
    assert_int_equal(waiting.fetch.problem.retry_after_s, 1);
    store_cancel(fixture.port, &busy.fetch);
    reading_wait(&fixture, &busy);
    reading_done(&busy);
    reading_done(&waiting);
    fixture_free(&fixture);
}

static void an_overflow_connection_is_closed_when_it_is_given_back(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    struct reading readings[3];
    static const char *sqls[] = {"SELECT pg_sleep(0.05), 'a'", "SELECT pg_sleep(0.05), 'b'",
                                 "SELECT pg_sleep(0.05), 'c'"};
    options.pool_size = 3;
    options.pool_overflow = 5;
    fixture_open(&fixture, &options);
    for (unsigned i = 0; i < 3; i++) {
        reading_init(&readings[i], sqls[i]);
        reading_submit(&fixture, &readings[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        reading_wait(&fixture, &readings[i]);
        reading_done(&readings[i]);
    }
    TURN_UNTIL(&fixture, fixture_state(&fixture).connections == 3);
    fixture_free(&fixture);
}

/* ---- prepared statements ---- */

static void a_table_that_changes_is_read_anew(void **state)
{
    struct fixture fixture;
    static const char sql[] = "SELECT * FROM changing";
    fixture_init(&fixture, *state);
    postgres_psql(
        *state,
        "DROP TABLE IF EXISTS changing; CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)");
    learn(&fixture, sql);
    assert_reads(&fixture, sql, "1;", "fast");
    postgres_psql(*state, "ALTER TABLE changing ADD b text DEFAULT 'b'");
    assert_reads(&fixture, sql, "1|b;", NULL); /* 0A000: prepared again, sent again */
    assert_reads(&fixture, sql, "1|b;", NULL);
    postgres_psql(*state, "DROP TABLE changing");
    assert_fails(&fixture, sql, 500, "database-error", "42P01");
    fixture_free(&fixture);
}

static void a_prepared_statement_that_is_gone_is_prepared_again(void **state)
{
    struct fixture fixture;
    static const char sql[] = "SELECT 'here'";
    fixture_init(&fixture, *state);
    learn(&fixture, sql);
    learn(&fixture, "DEALLOCATE ALL");
    assert_reads(&fixture, sql, "here;", "fast"); /* 26000 */
    fixture_free(&fixture);
}

static void prepared_statements_are_bounded(void **state)
{
    struct fixture fixture;
    static char sqls[700][48];
    fixture_init(&fixture, *state);
    for (unsigned i = 0; i < 700; i++)
        snprintf(sqls[i], sizeof sqls[i], "SELECT %u, 'bounded'", i);
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < 700; i++) {
            char expected[32];
            snprintf(expected, sizeof expected, "%u|bounded;", i);
            assert_reads(&fixture, sqls[i], expected, NULL);
        }
    learn(&fixture, "SELECT count(*) <= 256, count(*) > 200 FROM pg_prepared_statements");
    assert_reads(&fixture, "SELECT count(*) <= 256, count(*) > 200 FROM pg_prepared_statements", "t|t;",
                 "fast");
    store_refresh(fixture.port);
    assert_reads(&fixture, sqls[1], "1|bounded;", "slow");
    assert_reads(&fixture, sqls[1], "1|bounded;", "fast");
    fixture_free(&fixture);
}

/* More texts than the table of shapes holds: old ones make room, whatever is in flight. */
static void more_shapes_than_there_is_room_for_are_served(void **state)
{
    struct fixture fixture;
    static char sqls[1500][48];
    static struct reading readings[1500];
    fixture_init(&fixture, *state);
    for (unsigned i = 0; i < 1500; i++) {
        snprintf(sqls[i], sizeof sqls[i], "SELECT %u, 'shape'", i);
        reading_init(&readings[i], sqls[i]);
        reading_submit(&fixture, &readings[i]);
    }
    for (unsigned i = 0; i < 1500; i++) {
        reading_wait(&fixture, &readings[i]);
        assert_int_equal(readings[i].fetch.problem.status, 0);
        reading_done(&readings[i]);
    }
    fixture_free(&fixture);
}

static void on_end_may_submit_the_next(void **state);

static unsigned chained;
static void submit_next(struct reading *reading)
{
    if (++chained > 50)
        return;
    reading->ends = 0;
    reading->out.len = 0;
    reading_submit(reading->fixture, reading);
}

static void on_end_may_submit_the_next(void **state)
{
    struct fixture fixture;
    struct reading reading;
    fixture_init(&fixture, *state);
    chained = 0;
    reading_of_thing(&reading, "5");
    reading.then = submit_next;
    reading_submit(&fixture, &reading);
    TURN_UNTIL(&fixture, chained > 50);
    assert_slice(buf_slice(&reading.out), "5|thing 5|5.50;");
    reading_done(&reading);
    fixture_free(&fixture);
}

struct pair {
    struct reading first, second;
};

static void submit_second(struct reading *reading)
{
    struct pair *pair = container_of(reading, struct pair, first);
    reading_submit(reading->fixture, &pair->second);
}

static void nothing_left(struct shape *shape, void *context)
{
    (void)shape;
    (void)context;
}

static void fill_shapes(struct shapes *shapes)
{
    char text[64];
    while (shapes->count < SHAPES_MAX) {
        snprintf(text, sizeof text, "SELECT %u", shapes->count);
        struct statement statement = {.text = slice_str(text)};
        pg_shapes_use(shapes, &statement, nothing_left, NULL);
    }
}

static void a_read_that_was_sent_too_often_may_be_followed_by_another_shape(void **state)
{
    struct fixture fixture;
    struct pair pair;
    fixture_init(&fixture, *state);
    reading_of_thing(&pair.first, "5");
    reading_init(&pair.second, "SELECT 'another'");
    pair.first.then = submit_second;
    reading_submit(&fixture, &pair.first);
    pair.first.fetch.state |= READ_TRIES_MAX << READ_TRIES_SHIFT;
    fill_shapes(&container_of(fixture.port, struct pg_port, base)->shapes);
    reading_wait(&fixture, &pair.first);
    assert_slice(pair.first.fetch.problem.code, "database-busy");
    reading_wait(&fixture, &pair.second);
    assert_slice(buf_slice(&pair.second.out), "another;");
    reading_done(&pair.first);
    reading_done(&pair.second);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_gives_its_rows_and_ends_once),
        cmocka_unit_test(a_read_by_key_is_fast_from_the_first),
        cmocka_unit_test(reads_by_key_of_one_turn_are_gathered),
        cmocka_unit_test(few_reads_by_key_go_by_one_connection_many_by_two),
        cmocka_unit_test(without_gathering_each_read_goes_alone),
        cmocka_unit_test(unprepared_reads_give_the_same),
        cmocka_unit_test(binds_may_be_null_empty_and_hostile),
        cmocka_unit_test(keys_of_text_are_gathered_whatever_is_in_them),
        cmocka_unit_test(reads_are_gathered_by_what_they_bind_beside_their_key),
        cmocka_unit_test(a_bad_key_does_not_touch_its_neighbours),
        cmocka_unit_test(an_error_does_not_touch_the_reads_behind_it),
        cmocka_unit_test(problems_bear_their_documented_status),
        cmocka_unit_test(a_cause_has_the_words_of_the_database_and_the_client_does_not),
        cmocka_unit_test(a_slow_statement_moves_to_a_slow_lane_and_succeeds),
        cmocka_unit_test(reads_held_behind_a_first_run_follow_it),
        cmocka_unit_test(reads_held_behind_a_long_first_run_do_not_wait_for_it),
        cmocka_unit_test(a_large_answer_goes_by_a_slow_lane),
        cmocka_unit_test(a_sink_that_wants_no_more_ends_the_read_well),
        cmocka_unit_test(a_waiting_read_is_cancelled),
        cmocka_unit_test(a_sent_read_is_cancelled_and_its_neighbours_are_not),
        cmocka_unit_test(a_running_read_is_cancelled_at_the_database),
        cmocka_unit_test(a_deadline_ends_a_running_read),
        cmocka_unit_test(the_databases_own_timeout_is_a_504),
        cmocka_unit_test(detaching_ends_every_read),
        cmocka_unit_test(reads_wait_for_a_connection_and_get_one),
        cmocka_unit_test(a_pool_that_stays_busy_refuses_after_the_wait),
        cmocka_unit_test(an_overflow_connection_is_closed_when_it_is_given_back),
        cmocka_unit_test(a_table_that_changes_is_read_anew),
        cmocka_unit_test(a_prepared_statement_that_is_gone_is_prepared_again),
        cmocka_unit_test(prepared_statements_are_bounded),
        cmocka_unit_test(more_shapes_than_there_is_room_for_are_served),
        cmocka_unit_test(on_end_may_submit_the_next),
        cmocka_unit_test(a_read_that_was_sent_too_often_may_be_followed_by_another_shape),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, server_start, server_stop);
}
