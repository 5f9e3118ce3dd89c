/* SPDX-License-Identifier: Apache-2.0 */
/* Writes whose connection is lost, that stand in each other's way, that are given up: what was answered is what is in the
 * database, and where that is not known it is said. */
#include "fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "store/pg/loan.h"
#include "store/pg/read.h"

static const char ledger_sql[] =
    "DROP TABLE IF EXISTS ledger, second; CREATE TABLE ledger (id int PRIMARY KEY, word text DEFAULT '');"
    "CREATE TABLE second (id int PRIMARY KEY); CREATE SEQUENCE runs;"
    "CREATE OR REPLACE FUNCTION twice(a int, b int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
    " IF nextval('runs') > 2 THEN PERFORM pg_sleep(0.3); END IF;" /* out of the other's way */
    " UPDATE ledger SET word = word || 'a' WHERE id = a; PERFORM pg_sleep(0.2);"
    " UPDATE ledger SET word = word || 'b' WHERE id = b; END $$;";

static int start(void **state)
{
    *state = postgres_start("synchronous_commit=on deadlock_timeout=50ms");
    postgres_psql(*state, ledger_sql);
    return 0;
}

static void open_fixture(struct fixture *fixture, void **state)
{
    postgres_psql(*state, "TRUNCATE ledger, second");
    fixture_init(fixture, *state);
}

static void writing_init(struct reading *writing, const char *sql)
{
    reading_init(writing, sql);
    writing->fetch.write = true;
}

static struct loan *loan_of(struct fixture *fixture, const struct reading *writing)
{
    TURN_UNTIL(fixture, read_loan(&writing->fetch) != NULL);
    return read_loan(&writing->fetch);
}

static void cut(struct loan *loan)
{
    assert_int_equal(shutdown(PQsocket(loan->session.conn), SHUT_RDWR), 0);
}

static void submit(struct fixture *fixture, struct reading *writing)
{
    assert_int_equal(reading_submit(fixture, writing), SUBMIT_PENDING);
}

/* Waits for its end and for what the server still does of it. */
static void await_outcome(struct fixture *fixture, struct reading *writing, unsigned status, const char *code)
{
    reading_wait(fixture, writing);
    if (writing->fetch.problem.status != status)
        fail_msg("%u: %.*s", writing->fetch.problem.status, SLICE_ARG(writing->fetch.problem.cause));
    assert_slice(writing->fetch.problem.code, code);
    reading_done(writing);
    postgres_psql(fixture->server,
                  "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND"
                  " application_name = 'leat') LOOP PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();"
                  " END LOOP; END $$");
}

static void assert_ledger(struct fixture *fixture, const char *rows)
{
    assert_reads(fixture, "SELECT id FROM ledger ORDER BY id", rows, NULL);
}

/* ---- a lost connection, moment by moment ---- */

static const char insert_slowly[] = "INSERT INTO ledger SELECT 1 FROM pg_sleep(0.15)";

static enum verdict commit(struct fetch *fetch)
{
    (void)fetch;
    return VERDICT_COMMIT;
}

static void lost_while_it_lay_idle_it_is_not_noticed(void **state)
{
    struct fixture fixture;
    struct reading first, second;
    open_fixture(&fixture, state);
    writing_init(&first, "INSERT INTO ledger VALUES (1)");
    submit(&fixture, &first);
    struct loan *loan = loan_of(&fixture, &first);
    reading_wait(&fixture, &first);
    cut(loan);
    writing_init(&second, "INSERT INTO ledger VALUES (2)");
    submit(&fixture, &second);
    await_outcome(&fixture, &second, 0, "");
    reading_done(&first);
    assert_ledger(&fixture, "1;2;");
    fixture_free(&fixture);
}

static void lost_before_the_sync_was_sent_it_is_run_again(void **state)
{
    struct fixture fixture;
    struct reading writing;
    open_fixture(&fixture, state);
    writing_init(&writing, insert_slowly);
    writing.fetch.on_statement = commit;
    submit(&fixture, &writing);
    cut(loan_of(&fixture, &writing));
    await_outcome(&fixture, &writing, 0, "");
    assert_int_equal(fixture_state(&fixture).resent, 1);
    assert_ledger(&fixture, "1;");
    fixture_free(&fixture);
}

static void lost_twice_before_the_sync_was_sent_nothing_is_there(void **state)
{
    struct fixture fixture;
    struct reading writing;
    open_fixture(&fixture, state);
    writing_init(&writing, insert_slowly);
    writing.fetch.on_statement = commit;
    submit(&fixture, &writing);
    cut(loan_of(&fixture, &writing));
    TURN_UNTIL(&fixture, fixture_state(&fixture).resent == 1);
    cut(loan_of(&fixture, &writing));
    await_outcome(&fixture, &writing, 503, "database-unavailable");
    assert_ledger(&fixture, "");
    fixture_free(&fixture);
}

static void lost_after_the_sync_was_sent_the_outcome_is_unknown(void **state)
{
    struct fixture fixture;
    struct reading writing;
    open_fixture(&fixture, state);
    writing_init(&writing, insert_slowly);
    submit(&fixture, &writing);
    cut(loan_of(&fixture, &writing));
    reading_wait(&fixture, &writing);
    assert_non_null(
        memmem(writing.fetch.problem.hint.data, writing.fetch.problem.hint.len, "Idempotency-Key", 15));
    await_outcome(&fixture, &writing, 503, "outcome-unknown");
    assert_ledger(&fixture, "1;"); /* as it happens: the server had all it needs */
    fixture_free(&fixture);
}

static void a_backend_that_is_told_to_end_has_not_committed_and_it_is_run_again(void **state)
{
    struct fixture fixture;
    struct reading writing;
    open_fixture(&fixture, state);
    writing_init(&writing, insert_slowly);
    submit(&fixture, &writing);
    struct loan *loan = loan_of(&fixture, &writing);
    kill(PQbackendPID(loan->session.conn), SIGTERM);
    await_outcome(&fixture, &writing, 0, "");
    assert_int_equal(fixture_state(&fixture).resent, 1);
    assert_ledger(&fixture, "1;");
    writing_init(&writing, "INSERT INTO ledger SELECT 2 FROM pg_terminate_backend(pg_backend_pid())");
    submit(&fixture, &writing);
    await_outcome(&fixture, &writing, 503, "database-unavailable");
    assert_ledger(&fixture, "1;");
    fixture_free(&fixture);
}

struct cutter {
    struct reading writing;
    struct fixture *fixture;
    enum verdict verdict;
};

static enum verdict cut_and_go_on(struct fetch *fetch)
{
    struct cutter *cutter = container_of(fetch, struct cutter, writing.fetch);
    cut(read_loan(fetch));
    fetch->statement.text = SLICE("INSERT INTO ledger VALUES (2)");
    return cutter->verdict;
}

static void lost_between_two_statements_nothing_is_there(void **state)
{
    struct fixture fixture;
    open_fixture(&fixture, state);
    for (int i = 0; i < 2; i++) {
        struct cutter cutter = {.verdict = i == 0 ? VERDICT_NEXT : VERDICT_ROLLBACK};
        writing_init(&cutter.writing, "INSERT INTO ledger VALUES (1)");
        cutter.writing.fetch.on_statement = cut_and_go_on;
        submit(&fixture, &cutter.writing);
        /* what is rolled back ends as its owner has it */
        await_outcome(&fixture, &cutter.writing, i == 0 ? 503 : 0, i == 0 ? "database-unavailable" : "");
        assert_ledger(&fixture, "");
    }
    fixture_free(&fixture);
}

/* ---- at random ---- */

enum { STREAMS = 16, UNITS = 900, KILLS = 3 };

enum outcome { OUTCOME_NONE, OUTCOME_THERE, OUTCOME_NOTHING, OUTCOME_UNKNOWN };

/* Writes each with an id of its own: one in three of two statements, one in three looked at and rolled back or not. */
struct stream {
    struct reading writing;
    unsigned id, asked;
    char text[80], next[80];
    bool rests;
};

static struct storm {
    struct stream streams[STREAMS];
    enum outcome outcomes[UNITS];
    unsigned begun, counts[OUTCOME_UNKNOWN + 1];
} storm;

static enum verdict look(struct fetch *fetch)
{
    struct stream *stream = container_of(fetch, struct stream, writing.fetch);
    if (stream->id % 6 == 2)
        return VERDICT_ROLLBACK;
    if (stream->id % 3 == 2 || stream->asked++ > 0)
        return VERDICT_COMMIT;
    fetch->statement.text = slice_str(stream->next);
    fetch->statement.bind_count = 0;
    return VERDICT_NEXT;
}

static void stream_ended(struct reading *writing);

static void stream_go(struct fixture *fixture, struct stream *stream)
{
    stream->rests = true;
    if (storm.begun == UNITS)
        return;
    struct reading *writing = &stream->writing;
    stream->id = storm.begun++;
    stream->asked = 0;
    if (writing->fetch.on_end != NULL)
        reading_done(writing);
    snprintf(stream->text, sizeof stream->text, "%u", stream->id);
    snprintf(stream->next, sizeof stream->next, "INSERT INTO second VALUES (%u)", stream->id);
    writing_init(writing, "INSERT INTO ledger VALUES ($1::int)");
    reading_bind(writing, stream->text);
    writing->then = stream_ended;
    writing->fetch.on_statement = stream->id % 3 == 0 ? NULL : look;
    stream->rests = false;
    submit(fixture, writing);
}

static void stream_ended(struct reading *writing)
{
    struct stream *stream = container_of(writing, struct stream, writing);
    const struct problem *problem = &writing->fetch.problem;
    enum outcome outcome = stream->id % 6 == 2 ? OUTCOME_NOTHING : OUTCOME_THERE;
    if (problem->status != 0)
        outcome = slice_eq(problem->code, SLICE("outcome-unknown")) ? OUTCOME_UNKNOWN : OUTCOME_NOTHING;
    if (problem->status != 0 && problem->status != 503)
        fail_msg("%.*s", SLICE_ARG(problem->cause));
    assert_int_equal(storm.outcomes[stream->id], OUTCOME_NONE);
    storm.outcomes[stream->id] = outcome;
    storm.counts[outcome]++;
    stream->rests = true; /* the storm wakes it */
}

static void disturb(struct unit_random *random)
{
    struct stream *stream = &storm.streams[unit_random_below(random, STREAMS)];
    struct loan *loan = stream->rests ? NULL : read_loan(&stream->writing.fetch);
    if (loan == NULL)
        return;
    int backend = PQbackendPID(loan->session.conn);
    size_t die = unit_random_below(random, 12);
    if (die == 0)
        kill(backend, SIGTERM);
    else if (die == 1)
        (void)shutdown(PQsocket(loan->session.conn), SHUT_RDWR); /* the other side may have been first */
}

static unsigned rests(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < STREAMS; i++)
        count += storm.streams[i].rests;
    return count;
}

static void ride(struct fixture *fixture)
{
    struct unit_random random = {4711};
    unsigned kills = 0;
    for (unsigned i = 0; i < STREAMS; i++)
        stream_go(fixture, &storm.streams[i]);
    struct mono until = mono_after_ms(clock_mono(), 60000);
    while ((storm.begun < UNITS || rests() < STREAMS) && clock_mono().us < until.us) {
        loop_turn(fixture->loop, 5);
        disturb(&random);
        if (kills < KILLS && storm.begun > UNITS / (KILLS + 1) * (kills + 1)) {
            postgres_tell(fixture->server, "kill");
            postgres_tell(fixture->server, "start");
            kills++;
        }
        for (unsigned i = 0; i < STREAMS && fixture_state(fixture).up; i++)
            if (storm.streams[i].rests)
                stream_go(fixture, &storm.streams[i]);
    }
    assert_int_equal(rests(), STREAMS);
    assert_int_equal(kills, KILLS);
    for (unsigned i = 0; i < STREAMS; i++)
        reading_done(&storm.streams[i].writing);
}

static bool take_id(void *context, const struct slice *cells, unsigned count)
{
    bool *there = context;
    int64_t id;
    assert_int_equal(count, 1);
    assert_true(slice_to_int(cells[0], &id));
    there[id] = true;
    return true;
}

static void read_ids(struct fixture *fixture, const char *sql, bool *ret_there)
{
    struct reading reading;
    reading_init(&reading, sql);
    reading.fetch.sink = (struct row_sink){take_id, ret_there};
    reading_run(fixture, &reading);
    assert_int_equal(reading.fetch.problem.status, 0);
    reading_done(&reading);
}

static void what_was_answered_is_in_the_database_whatever_happens(void **state)
{
    static bool first[UNITS], second[UNITS];
    struct fixture fixture;
    open_fixture(&fixture, state);
    ride(&fixture);
    postgres_psql(*state, "SELECT pg_sleep(0.2)"); /* what the server still does of those that are unknown */
    read_ids(&fixture, "SELECT id FROM ledger", first);
    read_ids(&fixture, "SELECT id FROM second", second);
    for (unsigned id = 0; id < UNITS; id++) {
        bool both = id % 3 == 1;
        if (storm.outcomes[id] == OUTCOME_UNKNOWN)
            assert_int_equal(second[id], both && first[id]);
        else if (first[id] != (storm.outcomes[id] == OUTCOME_THERE) || second[id] != (both && first[id]))
            fail_msg("%u: %d, but %d and %d", id, storm.outcomes[id], first[id], second[id]);
    }
    assert_true(storm.counts[OUTCOME_THERE] > UNITS / 3);
    assert_true(storm.counts[OUTCOME_UNKNOWN] > 0);
    print_message("there %u, nothing %u, unknown %u, resent %u\n", storm.counts[OUTCOME_THERE],
                  storm.counts[OUTCOME_NOTHING], storm.counts[OUTCOME_UNKNOWN],
                  (unsigned)fixture_state(&fixture).resent);
    fixture_free(&fixture);
}

/* ---- in each other's way ---- */

static void of_two_in_a_deadlock_one_is_run_again(void **state)
{
    struct fixture fixture;
    struct reading writings[2];
    open_fixture(&fixture, state);
    postgres_psql(*state, "INSERT INTO ledger VALUES (1), (2)");
    writing_init(&writings[0], "SELECT twice(1, 2)");
    writing_init(&writings[1], "SELECT twice(2, 1)");
    submit(&fixture, &writings[0]);
    submit(&fixture, &writings[1]);
    for (int i = 0; i < 2; i++)
        await_outcome(&fixture, &writings[i], 0, "");
    assert_int_equal(fixture_state(&fixture).resent, 1);
    assert_reads(&fixture, "SELECT DISTINCT length(word) FROM ledger", "2;", NULL);
    fixture_free(&fixture);
}

static enum verdict then_the_other(struct fetch *fetch)
{
    bool first = memmem(fetch->statement.text.data, fetch->statement.text.len, "sleep", 5) != NULL;
    if (!first)
        return VERDICT_COMMIT;
    fetch->statement.text = *(struct slice *)fetch->sink.context;
    return VERDICT_NEXT;
}

static bool ignore_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context;
    (void)cells;
    return count == 1;
}

static void a_deadlock_in_a_unit_that_was_looked_at_is_told(void **state)
{
    static struct slice seconds[2] = {SLICE_INIT("UPDATE ledger SET word = 'x' WHERE id = 2"),
                                      SLICE_INIT("UPDATE ledger SET word = 'y' WHERE id = 1")};
    struct fixture fixture;
    struct reading writings[2];
    open_fixture(&fixture, state);
    postgres_psql(*state, "INSERT INTO ledger VALUES (1), (2)");
    writing_init(&writings[0], "UPDATE ledger SET word = 'x' WHERE id = 1 RETURNING pg_sleep(0.2)");
    writing_init(&writings[1], "UPDATE ledger SET word = 'y' WHERE id = 2 RETURNING pg_sleep(0.2)");
    for (int i = 0; i < 2; i++) {
        writings[i].fetch.on_statement = then_the_other;
        writings[i].fetch.sink = (struct row_sink){ignore_row, &seconds[i]};
        submit(&fixture, &writings[i]);
    }
    reading_wait(&fixture, &writings[0]);
    reading_wait(&fixture, &writings[1]);
    int loser = writings[1].fetch.problem.status != 0;
    await_outcome(&fixture, &writings[loser], 409, "serialization-failure");
    await_outcome(&fixture, &writings[!loser], 0, "");
    assert_reads(&fixture, "SELECT DISTINCT word FROM ledger", loser ? "x;" : "y;", NULL);
    fixture_free(&fixture);
}

/* ---- giving up, waiting, leaving ---- */

static void a_write_that_runs_is_not_cancelled(void **state)
{
    struct fixture fixture;
    struct reading writing;
    open_fixture(&fixture, state);
    writing_init(&writing, insert_slowly);
    writing.fetch.deadline = mono_after_ms(clock_mono(), 100);
    submit(&fixture, &writing);
    (void)loan_of(&fixture, &writing);
    store_cancel(fixture.port, &writing.fetch);
    assert_int_equal(writing.ends, 0);
    await_outcome(&fixture, &writing, 0, "");
    assert_ledger(&fixture, "1;");
    fixture_free(&fixture);
}

static void a_write_that_waits_is_cancelled(void **state)
{
    struct fixture fixture;
    struct reading writing;
    open_fixture(&fixture, state);
    writing_init(&writing, "INSERT INTO ledger VALUES (1)");
    submit(&fixture, &writing);
    store_cancel(fixture.port, &writing.fetch);
    await_outcome(&fixture, &writing, 503, "cancelled");
    assert_ledger(&fixture, "");
    fixture_free(&fixture);
}

/* Reads that take long and writes that take long, more of each than there are connections: all are served. */
static void serve_both(void **state, unsigned lendable)
{
    enum { EACH = 6 };
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    struct reading reads[EACH], writes[EACH];
    options.pool_size = 1 + lendable; /* one is a fast lane */
    options.pool_overflow = 0;
    fixture_open(&fixture, &options);
    fixture_await_lanes(&fixture);
    for (unsigned i = 0; i < EACH; i++) {
        reading_init(&reads[i], "SELECT pg_sleep(0.06)");
        writing_init(&writes[i], "SELECT pg_sleep(0.02)");
        reads[i].fetch.stream = true;
        submit(&fixture, &reads[i]);
        submit(&fixture, &writes[i]);
    }
    for (unsigned i = 0; i < EACH; i++) {
        reading_wait(&fixture, &reads[i]);
        reading_wait(&fixture, &writes[i]);
        assert_int_equal(reads[i].fetch.problem.status, 0);
        assert_int_equal(writes[i].fetch.problem.status, 0);
        assert_true(fixture_state(&fixture).connections <= 1 + lendable);
        reading_done(&reads[i]);
        reading_done(&writes[i]);
    }
    fixture_free(&fixture);
}

static void reads_and_writes_share_a_small_pool(void **state)
{
    serve_both(state, 1);
    serve_both(state, 2);
    serve_both(state, 5);
}

static void a_write_waits_for_a_connection_no_longer_than_it_may(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    struct reading running, waiting;
    options.pool_size = 2;
    options.pool_overflow = 0;
    options.pool_wait_ms = 100;
    fixture_open(&fixture, &options);
    fixture_await_lanes(&fixture);
    writing_init(&running, "SELECT pg_sleep(0.5)");
    writing_init(&waiting, "SELECT 1");
    submit(&fixture, &running);
    (void)loan_of(&fixture, &running);
    submit(&fixture, &waiting);
    reading_wait(&fixture, &waiting);
    assert_int_equal(running.ends, 0);
    await_outcome(&fixture, &waiting, 503, "pool-exhausted");
    await_outcome(&fixture, &running, 0, "");
    fixture_free(&fixture);
}

static void leaving_waits_for_writes_but_not_for_ever(void **state)
{
    static const char *sqls[] = {insert_slowly, "INSERT INTO ledger SELECT 2 FROM pg_sleep(6)",
                                 "INSERT INTO ledger VALUES (3)"};
    struct fixture fixture;
    struct reading writings[3];
    open_fixture(&fixture, state);
    for (int i = 0; i < 3; i++) {
        writing_init(&writings[i], sqls[i]);
        submit(&fixture, &writings[i]);
        if (i < 2)
            (void)loan_of(&fixture, &writings[i]);
    }
    fixture_free(&fixture);
    assert_int_equal(writings[0].fetch.problem.status, 0);
    assert_slice(writings[1].fetch.problem.code, "outcome-unknown");
    assert_slice(writings[2].fetch.problem.code, "database-unavailable");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(writings[i].ends, 1);
        reading_done(&writings[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_while_it_lay_idle_it_is_not_noticed),
        cmocka_unit_test(lost_before_the_sync_was_sent_it_is_run_again),
        cmocka_unit_test(lost_twice_before_the_sync_was_sent_nothing_is_there),
        cmocka_unit_test(lost_after_the_sync_was_sent_the_outcome_is_unknown),
        cmocka_unit_test(a_backend_that_is_told_to_end_has_not_committed_and_it_is_run_again),
        cmocka_unit_test(lost_between_two_statements_nothing_is_there),
        cmocka_unit_test(what_was_answered_is_in_the_database_whatever_happens),
        cmocka_unit_test(of_two_in_a_deadlock_one_is_run_again),
        cmocka_unit_test(a_deadlock_in_a_unit_that_was_looked_at_is_told),
        cmocka_unit_test(a_write_that_runs_is_not_cancelled),
        cmocka_unit_test(a_write_that_waits_is_cancelled),
        cmocka_unit_test(reads_and_writes_share_a_small_pool),
        cmocka_unit_test(a_write_waits_for_a_connection_no_longer_than_it_may),
        cmocka_unit_test(leaving_waits_for_writes_but_not_for_ever),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, start, server_stop);
}
