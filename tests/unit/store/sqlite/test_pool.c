/* SPDX-License-Identifier: Apache-2.0 */
/* Reads on the offload pool: waiting, stopping, ending. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static const char schema[] =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, text TEXT);"
    "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
    "  SELECT i, i * 7 % 1000, 'row ' || i FROM n;";

static const char count_sql[] = "SELECT count(*) FROM t";
static const char endless_sql[] =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

static void a_count_runs_on_another_thread_and_ends_on_this_one(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read read;
    read_init(&read, count_sql);
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_PENDING);
    assert_int_equal(read.ends, 0);
    read_wait(&fixture, &read);
    assert_slice(buf_slice(&read.out), "1000");
    assert_string_equal(read.fetch.lane, "offload");
    assert_false(pthread_equal(read.sink_thread, pthread_self()));
    assert_true(read.fetch.run_us > 0 && read.fetch.wait_us >= 0);
    read_done(&read);
    fixture_free(&fixture);
}

static void many_reads_at_once_all_end_with_their_own_rows(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    enum { READS = 200 };
    static struct read reads[READS];
    for (int i = 0; i < READS; i++) {
        read_init(&reads[i], "SELECT id, text FROM t WHERE n = ?1");
        read_bind_int(&reads[i], i);
        assert_int_equal(read_submit(&fixture, &reads[i]), SUBMIT_PENDING);
    }
    struct store_state seen;
    store_driver_sqlite.state(fixture.store, &seen);
    assert_true(seen.busy > 0 && seen.busy <= 3);
    assert_int_equal(seen.busy + seen.waiting, READS);
    for (int i = 0; i < READS; i++) {
        read_wait(&fixture, &reads[i]);
        int id = 1;
        while (id * 7 % 1000 != i)
            id++;
        char expected[32];
        snprintf(expected, sizeof expected, "%d|row %d", i == 0 ? 1000 : id, i == 0 ? 1000 : id);
        assert_slice(buf_slice(&reads[i].out), expected);
        read_done(&reads[i]);
    }
    store_driver_sqlite.state(fixture.store, &seen);
    assert_int_equal(seen.busy + seen.waiting, 0);
    assert_int_equal(seen.fetches, READS);
    assert_int_equal(seen.failures, 0);
    assert_true(seen.connections <= seen.connections_max);
    fixture_free(&fixture);
}

static void a_statement_over_the_stores_timeout_is_a_504(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    struct store_options options = fixture_options(&fixture);
    options.timeout_ms = 30;
    fixture_open(&fixture, &options);
    struct read read;
    read_init(&read, endless_sql);
    read_run(&fixture, &read);
    assert_int_equal(read.fetch.problem.status, 504);
    assert_slice(read.fetch.problem.code, "query-timeout");
    read_done(&read);
    assert_read(&fixture, count_sql, "1000", "offload"); /* the connection is good for more */
    fixture_free(&fixture);
}

static void the_fetchs_own_deadline_wins_when_it_is_earlier(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read read;
    read_init(&read, endless_sql);
    read.fetch.deadline = mono_after_ms(clock_mono(), 30);
    read_run(&fixture, &read);
    assert_slice(read.fetch.problem.code, "query-timeout");
    read_done(&read);
    fixture_free(&fixture);
}

/* Turns until as many statements as there are threads run; two, both endless. */
static void occupy(struct fixture *fixture, struct read busy[2])
{
    for (int i = 0; i < 2; i++) {
        read_init(&busy[i], endless_sql);
        assert_int_equal(read_submit(fixture, &busy[i]), SUBMIT_PENDING);
    }
    while (offload_waiting(fixture->offload) > 0)
        loop_turn(fixture->loop, 1);
}

static void a_running_read_that_is_cancelled_ends_so(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read busy[2];
    occupy(&fixture, busy);
    for (int i = 0; i < 2; i++) {
        store_driver_sqlite.cancel(fixture.port, &busy[i].fetch);
        assert_int_equal(busy[i].ends, 0);
    }
    for (int i = 0; i < 2; i++) {
        read_wait(&fixture, &busy[i]);
        assert_slice(busy[i].fetch.problem.code, "cancelled");
        read_done(&busy[i]);
    }
    assert_read(&fixture, count_sql, "1000", "offload");
    fixture_free(&fixture);
}

static void queued_and_waiting_reads_that_are_cancelled_end_while_others_run_on(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read busy[2], queued, waiting[3];
    occupy(&fixture, busy);
    read_init(&queued, count_sql); /* the third and last runner; no thread for it */
    assert_int_equal(read_submit(&fixture, &queued), SUBMIT_PENDING);
    for (int i = 0; i < 3; i++) {
        read_init(&waiting[i], count_sql);
        assert_int_equal(read_submit(&fixture, &waiting[i]), SUBMIT_PENDING);
    }
    store_driver_sqlite.cancel(fixture.port, &waiting[1].fetch);
    store_driver_sqlite.cancel(fixture.port, &queued.fetch);
    store_driver_sqlite.cancel(fixture.port, &queued.fetch); /* again: nothing more */
    assert_int_equal(queued.ends + waiting[1].ends, 0);
    loop_turn(fixture.loop, 0);
    assert_int_equal(queued.ends, 1);
    assert_int_equal(waiting[1].ends, 1);
    assert_slice(queued.fetch.problem.code, "cancelled");
    assert_slice(waiting[1].fetch.problem.code, "cancelled");
    assert_int_equal(waiting[0].ends + waiting[2].ends + busy[0].ends + busy[1].ends, 0);
    store_driver_sqlite.cancel(fixture.port, &busy[0].fetch);
    read_wait(&fixture, &waiting[0]);
    read_wait(&fixture, &waiting[2]);
    assert_slice(buf_slice(&waiting[2].out), "1000");
    store_driver_sqlite.cancel(fixture.port, &busy[1].fetch);
    read_wait(&fixture, &busy[1]);
    for (int i = 0; i < 3; i++)
        read_done(&waiting[i]);
    for (int i = 0; i < 2; i++)
        read_done(&busy[i]);
    read_done(&queued);
    fixture_free(&fixture);
}

static void a_read_that_waits_too_long_is_a_503_that_says_when_to_come_again(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    struct store_options options = fixture_options(&fixture);
    options.pool_size = 2; /* one inline, one runner */
    options.pool_wait_ms = 20;
    fixture_open(&fixture, &options);
    struct read busy, waiting;
    read_init(&busy, endless_sql);
    read_init(&waiting, count_sql);
    assert_int_equal(read_submit(&fixture, &busy), SUBMIT_PENDING);
    assert_int_equal(read_submit(&fixture, &waiting), SUBMIT_PENDING);
    read_wait(&fixture, &waiting);
    assert_int_equal(busy.ends, 0);
    assert_int_equal(waiting.fetch.problem.status, 503);
    assert_slice(waiting.fetch.problem.code, "pool-exhausted");
    assert_true(waiting.fetch.problem.retry_after_s > 0);
    store_driver_sqlite.cancel(fixture.port, &busy.fetch);
    read_wait(&fixture, &busy);
    read_done(&busy);
    read_done(&waiting);
    fixture_free(&fixture);
}

static void a_read_no_thread_takes_before_its_deadline_is_a_503(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read busy[2], queued;
    occupy(&fixture, busy);
    read_init(&queued, count_sql);
    queued.fetch.deadline = mono_after_ms(clock_mono(), 30);
    assert_int_equal(read_submit(&fixture, &queued), SUBMIT_PENDING);
    read_wait(&fixture, &queued);
    assert_slice(queued.fetch.problem.code, "pool-exhausted");
    assert_int_equal(busy[0].ends + busy[1].ends, 0);
    for (int i = 0; i < 2; i++)
        store_driver_sqlite.cancel(fixture.port, &busy[i].fetch);
    for (int i = 0; i < 2; i++) {
        read_wait(&fixture, &busy[i]);
        read_done(&busy[i]);
    }
    assert_read(&fixture, count_sql, "1000", "offload"); /* the abandoned runner serves again */
    read_done(&queued);
    fixture_free(&fixture);
}

static void a_pool_whose_queue_is_full_is_a_503(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    struct store_options options = fixture_options(&fixture);
    fixture_open(&fixture, &options);
    store_driver_sqlite.detach(fixture.port);
    store_driver_sqlite.close(fixture.store);
    offload_free(fixture.offload);
    fixture.offload = offload_new(1, 0); /* no queue at all */
    char why[512];
    assert_int_equal(store_driver_sqlite.open(&options, fixture.offload, &fixture.store, why), OK);
    fixture.port = store_driver_sqlite.attach(fixture.store, fixture.loop, 0);
    struct read read;
    read_init(&read, count_sql);
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_PENDING);
    read_wait(&fixture, &read);
    assert_slice(read.fetch.problem.code, "pool-exhausted");
    read_done(&read);
    fixture_free(&fixture);
}

static void detaching_ends_what_runs_and_what_waits(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read busy[2], waiting[4];
    occupy(&fixture, busy);
    for (int i = 0; i < 4; i++) {
        read_init(&waiting[i], count_sql);
        assert_int_equal(read_submit(&fixture, &waiting[i]), SUBMIT_PENDING);
    }
    store_driver_sqlite.detach(fixture.port);
    fixture.port = NULL;
    for (int i = 0; i < 6; i++) {
        struct read *read = i < 2 ? &busy[i] : &waiting[i - 2];
        assert_int_equal(read->ends, 1);
        assert_int_equal(read->fetch.problem.status, 503);
        read_done(read);
    }
    fixture_free(&fixture);
}

static void a_lock_held_for_good_is_a_503_and_one_let_go_is_waited_for(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    database_run(fixture.path, "PRAGMA journal_mode = DELETE"); /* WAL knows no lock that keeps readers out */
    struct store_options options = fixture_options(&fixture);
    fixture_open(&fixture, &options);
    sqlite3 *writer;
    assert_int_equal(sqlite3_open(fixture.path, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    struct read read;
    read_init(&read, "SELECT text FROM t WHERE id = 5");
    read.fetch.deadline = mono_after_ms(clock_mono(), 100);
    read_run(&fixture, &read);
    assert_string_equal(read.fetch.lane, "offload"); /* the loop does not wait for locks */
    assert_int_equal(read.fetch.problem.status, 503);
    assert_slice(read.fetch.problem.code, "database-busy");
    assert_true(read.fetch.problem.retry_after_s > 0);
    read_done(&read);
    read_init(&read, "SELECT text FROM t WHERE id = 5");
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_PENDING);
    assert_int_equal(sqlite3_exec(writer, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    read_wait(&fixture, &read);
    assert_slice(buf_slice(&read.out), "row 5");
    read_done(&read);
    assert_read(&fixture, "SELECT text FROM t WHERE id = 5", "row 5", "inline");
    sqlite3_close(writer);
    fixture_free(&fixture);
}

static void a_refresh_while_a_read_runs_is_harmless(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read busy[2];
    occupy(&fixture, busy);
    store_driver_sqlite.refresh(fixture.port);
    for (int i = 0; i < 2; i++)
        store_driver_sqlite.cancel(fixture.port, &busy[i].fetch);
    for (int i = 0; i < 2; i++) {
        read_wait(&fixture, &busy[i]);
        read_done(&busy[i]);
    }
    assert_read(&fixture, count_sql, "1000", "offload");
    fixture_free(&fixture);
}

/* ---- two ports, each on a thread of its own ---- */

struct worker {
    struct store *store;
    struct loop *loop; /* must live as long as the offload pool */
    pthread_t thread;
    unsigned good;
};

static void *work(void *context)
{
    struct worker *worker = context;
    struct fixture fixture = {.store = worker->store, .loop = worker->loop};
    fixture.port = store_driver_sqlite.attach(worker->store, fixture.loop, 0);
    for (int i = 1; i <= 200; i++) {
        struct read read;
        read_init(&read,
                  i % 2 ? "SELECT n FROM t WHERE id = ?1" : "SELECT n FROM t WHERE text = 'row ' || ?1");
        read_bind_int(&read, i);
        if (read_submit(&fixture, &read) == SUBMIT_PENDING) {
            if (i % 10 == 0)
                store_driver_sqlite.cancel(fixture.port, &read.fetch);
            while (read.ends == 0)
                loop_turn(fixture.loop, 1000);
        }
        worker->good += problem_is(&read.fetch.problem)
                            ? slice_eq(read.fetch.problem.code, SLICE("cancelled"))
                            : read.fetch.rows == 1;
        read_done(&read);
        loop_turn(fixture.loop, 0);
    }
    store_driver_sqlite.detach(fixture.port);
    return NULL;
}

static void ports_of_several_threads_share_a_store(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct worker workers[3] = {0};
    for (int i = 0; i < 3; i++) {
        workers[i].store = fixture.store;
        workers[i].loop = loop_new();
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 50; i++) {
        struct store_state seen;
        store_driver_sqlite.state(fixture.store, &seen);
        char sql[64];
        snprintf(sql, sizeof sql, "UPDATE t SET n = n + 1 WHERE id = %d", i + 500);
        database_run(fixture.path, sql);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].good, 200);
    }
    struct store_state seen;
    store_driver_sqlite.state(fixture.store, &seen);
    assert_int_equal(seen.fetches, 600);
    fixture_free(&fixture);
    for (int i = 0; i < 3; i++)
        loop_free(workers[i].loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_runs_on_another_thread_and_ends_on_this_one),
        cmocka_unit_test(many_reads_at_once_all_end_with_their_own_rows),
        cmocka_unit_test(a_statement_over_the_stores_timeout_is_a_504),
        cmocka_unit_test(the_fetchs_own_deadline_wins_when_it_is_earlier),
        cmocka_unit_test(a_running_read_that_is_cancelled_ends_so),
        cmocka_unit_test(queued_and_waiting_reads_that_are_cancelled_end_while_others_run_on),
        cmocka_unit_test(a_read_that_waits_too_long_is_a_503_that_says_when_to_come_again),
        cmocka_unit_test(a_read_no_thread_takes_before_its_deadline_is_a_503),
        cmocka_unit_test(a_pool_whose_queue_is_full_is_a_503),
        cmocka_unit_test(detaching_ends_what_runs_and_what_waits),
        cmocka_unit_test(a_lock_held_for_good_is_a_503_and_one_let_go_is_waited_for),
        cmocka_unit_test(a_refresh_while_a_read_runs_is_harmless),
        cmocka_unit_test(ports_of_several_threads_share_a_store),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
