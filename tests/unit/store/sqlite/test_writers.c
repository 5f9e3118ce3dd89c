/* SPDX-License-Identifier: Apache-2.0 */
/* Writes beside each other: groups, waiting, stopping, other processes, threads, disks that are full, memory that fails. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "fixture.h"
#include "store/sqlite/store.h"

static const char schema[] =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, text TEXT);"
    "CREATE TABLE later (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
    "CREATE TRIGGER t_all BEFORE INSERT ON t WHEN new.n = 666 BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END;";

static const char insert_sql[] = "INSERT INTO t (id, n) VALUES (?1, ?2) RETURNING id";
static const char endless_sql[] =
    "INSERT INTO t (n) WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i) SELECT max(i) FROM i";

static void write_begin(struct fixture *fixture, struct read *write, const char *sql, int64_t id, int64_t n)
{
    read_init(write, sql);
    if (strchr(sql, '?')) {
        read_bind_int(write, id);
        read_bind_int(write, n);
    }
    write->fetch.write = true;
    assert_int_equal(read_submit(fixture, write), SUBMIT_PENDING);
}

static void write_run(struct fixture *fixture, struct read *write, const char *sql, int64_t id, int64_t n)
{
    write_begin(fixture, write, sql, id, n);
    read_wait(fixture, write);
}

static void assert_inserted(struct read *write, int64_t id)
{
    if (write->fetch.problem.status != 0)
        fail_msg("%d: " SLICE_FMT, (int)id, SLICE_ARG(write->fetch.problem.cause));
    char expected[24];
    snprintf(expected, sizeof expected, "%d", (int)id);
    assert_slice(buf_slice(&write->out), expected);
    read_done(write);
}

/* Another process's hold on the right to write, as SQLite sees it. */
static sqlite3 *lock_out(struct fixture *fixture)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void let_in(sqlite3 *db)
{
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static uint64_t commits(struct fixture *fixture)
{
    return lite_store_of(fixture->store)->commits;
}

/* ---- groups ---- */

static void what_waits_together_is_committed_together_and_fails_alone(void **state)
{
    (void)state;
    enum { WRITES = 50, TAKEN = 7, LATER = 13 };
    struct fixture fixture;
    fixture_init(&fixture, schema);
    database_run(fixture.path, "INSERT INTO t (id) VALUES (7)");
    struct read writes[WRITES];
    sqlite3 *other = lock_out(&fixture);
    for (int i = 0; i < WRITES; i++)
        write_begin(&fixture, &writes[i],
                    i == LATER ? "INSERT INTO later VALUES (?1, 1000 + ?2) RETURNING id" : insert_sql, i, i);
    loop_turn(fixture.loop, 10);
    assert_int_equal(commits(&fixture), 0);
    let_in(other);
    for (int i = 0; i < WRITES; i++)
        read_wait(&fixture, &writes[i]);
    assert_slice(writes[TAKEN].fetch.problem.code, "unique-violation");
    assert_slice(writes[LATER].fetch.problem.code, "foreign-key-violation");
    assert_slice(writes[LATER].fetch.problem.constraint, "later_t_fkey");
    assert_int_equal(writes[LATER].fetch.rows, 0);
    assert_in_range(commits(&fixture), 1, WRITES / 2);
    for (int i = 0; i < WRITES; i++)
        if (i == TAKEN || i == LATER)
            read_done(&writes[i]);
        else
            assert_inserted(&writes[i], i);
    assert_read(&fixture, "SELECT count(*), count(n) FROM t", "49|48", NULL);
    assert_read(&fixture, "SELECT count(*) FROM later", "0", NULL);
    fixture_free(&fixture);
}

static void deferred_keys_that_are_mended_in_time_hold(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    database_run(fixture.path,
                 "CREATE TRIGGER mend AFTER INSERT ON later BEGIN INSERT INTO t (id) VALUES (new.t); END");
    struct read write;
    write_run(&fixture, &write, "INSERT INTO later VALUES (?1, ?2) RETURNING id", 1, 5);
    assert_inserted(&write, 1);
    fixture_free(&fixture);
}

static enum verdict only_commit(struct fetch *fetch)
{
    (void)fetch;
    return VERDICT_COMMIT;
}

/* One that asked on_statement has given its rows away: it is told to come again. */
static void what_ends_the_transaction_ends_its_own_write_alone(void **state)
{
    (void)state;
    enum { WRITES = 9, GIVEN = 2, GUILTY = 5 };
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read writes[WRITES];
    sqlite3 *other = lock_out(&fixture);
    for (int i = 0; i < WRITES; i++) {
        read_init(&writes[i], insert_sql);
        read_bind_int(&writes[i], i);
        read_bind_int(&writes[i], i == GUILTY ? 666 : i);
        writes[i].fetch.write = true;
        writes[i].fetch.on_statement = i == GIVEN ? only_commit : NULL;
        assert_int_equal(read_submit(&fixture, &writes[i]), SUBMIT_PENDING);
    }
    let_in(other);
    for (int i = 0; i < WRITES; i++)
        read_wait(&fixture, &writes[i]);
    assert_slice(writes[GUILTY].fetch.problem.detail, "all of it");
    if (writes[GIVEN].fetch.problem.status != 0) { /* unless it was in a group before */
        assert_int_equal(writes[GIVEN].fetch.problem.status, 503);
        assert_true(writes[GIVEN].fetch.problem.retry_after_s > 0);
    }
    struct read count;
    read_init(&count, "SELECT count(*) FROM t");
    read_run(&fixture, &count);
    assert_slice(buf_slice(&count.out), writes[GIVEN].fetch.problem.status ? "7" : "8");
    read_done(&count);
    for (int i = 0; i < WRITES; i++)
        if (i == GIVEN || i == GUILTY)
            read_done(&writes[i]);
        else
            assert_inserted(&writes[i], i);
    fixture_free(&fixture);
}

static void a_write_over_its_time_is_a_504_and_its_neighbours_stand(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    struct store_options options = fixture_options(&fixture);
    options.timeout_ms = 200;
    fixture_open(&fixture, &options);
    struct read writes[3];
    sqlite3 *other = lock_out(&fixture);
    for (int i = 0; i < 3; i++)
        write_begin(&fixture, &writes[i], i == 1 ? endless_sql : insert_sql, i, i);
    let_in(other);
    for (int i = 0; i < 3; i++)
        read_wait(&fixture, &writes[i]);
    assert_int_equal(writes[1].fetch.problem.status, 504);
    assert_slice(writes[1].fetch.problem.code, "query-timeout");
    read_done(&writes[1]);
    assert_inserted(&writes[0], 0);
    assert_inserted(&writes[2], 2);
    assert_read(&fixture, "SELECT count(*) FROM t", "2", NULL);
    fixture_free(&fixture);
}

/* ---- waiting and stopping ---- */

static void one_kept_out_too_long_is_a_503_that_says_when_to_come_again(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    struct store_options options = fixture_options(&fixture);
    options.pool_wait_ms = 60;
    fixture_open(&fixture, &options);
    sqlite3 *other = lock_out(&fixture);
    struct read write;
    write_run(&fixture, &write, insert_sql, 1, 1);
    assert_int_equal(write.fetch.problem.status, 503);
    assert_slice(write.fetch.problem.code, "database-busy");
    assert_true(write.fetch.problem.retry_after_s > 0);
    read_done(&write);
    let_in(other);
    write_run(&fixture, &write, insert_sql, 1, 1);
    assert_inserted(&write, 1);
    fixture_free(&fixture);
}

static void one_cancelled_before_it_begins_ends_at_once_and_changes_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    sqlite3 *other = lock_out(&fixture);
    struct read cancelled, kept;
    write_begin(&fixture, &cancelled, insert_sql, 1, 1);
    write_begin(&fixture, &kept, insert_sql, 2, 2);
    store_driver_sqlite.cancel(fixture.port, &cancelled.fetch);
    store_driver_sqlite.cancel(fixture.port, &cancelled.fetch); /* again: nothing more */
    assert_int_equal(cancelled.ends, 0);
    read_wait(&fixture, &cancelled);
    assert_slice(cancelled.fetch.problem.code, "cancelled");
    read_done(&cancelled);
    assert_int_equal(kept.ends, 0);
    let_in(other);
    read_wait(&fixture, &kept);
    assert_inserted(&kept, 2);
    assert_read(&fixture, "SELECT id FROM t", "2", NULL);
    fixture_free(&fixture);
}

struct barrier {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int stage; /* 1: the write has begun; 2: it may go on */
};

static struct barrier barrier = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void barrier_move(int stage)
{
    pthread_mutex_lock(&barrier.lock);
    barrier.stage = stage;
    pthread_cond_broadcast(&barrier.moved);
    pthread_mutex_unlock(&barrier.lock);
}

static void barrier_wait(int stage)
{
    pthread_mutex_lock(&barrier.lock);
    while (barrier.stage < stage)
        pthread_cond_wait(&barrier.moved, &barrier.lock);
    pthread_mutex_unlock(&barrier.lock);
}

static enum verdict wait_within(struct fetch *fetch)
{
    (void)fetch;
    barrier_move(1);
    barrier_wait(2);
    return VERDICT_COMMIT;
}

static void one_cancelled_after_it_has_begun_goes_on_to_its_end(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read write;
    barrier_move(0);
    read_init(&write, "INSERT INTO t (id) VALUES (1) RETURNING id");
    write.fetch.write = true;
    write.fetch.on_statement = wait_within;
    assert_int_equal(read_submit(&fixture, &write), SUBMIT_PENDING);
    barrier_wait(1);
    store_driver_sqlite.cancel(fixture.port, &write.fetch);
    assert_false(store_driver_sqlite.is_quiet(fixture.port));
    barrier_move(2);
    read_wait(&fixture, &write);
    assert_inserted(&write, 1);
    assert_true(store_driver_sqlite.is_quiet(fixture.port));
    assert_read(&fixture, "SELECT id FROM t", "1", NULL);
    fixture_free(&fixture);
}

static void detaching_ends_what_waits_and_lets_what_has_begun_end(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read begun, waiting[3];
    barrier_move(0);
    read_init(&begun, "INSERT INTO t (id) VALUES (1) RETURNING id");
    begun.fetch.write = true;
    begun.fetch.on_statement = wait_within;
    assert_int_equal(read_submit(&fixture, &begun), SUBMIT_PENDING);
    barrier_wait(1);
    for (int i = 0; i < 3; i++)
        write_begin(&fixture, &waiting[i], insert_sql, 10 + i, 0);
    store_driver_sqlite.cancel(fixture.port, &waiting[0].fetch);
    barrier_move(2); /* the others may begin yet, or be ended by the detaching */
    store_driver_sqlite.detach(fixture.port);
    fixture.port = NULL;
    assert_int_equal(begun.ends, 1);
    assert_inserted(&begun, 1);
    unsigned inserted = 1;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(waiting[i].ends, 1);
        inserted += waiting[i].fetch.problem.status == 0;
        if (waiting[i].fetch.problem.status != 0)
            assert_slice(waiting[i].fetch.problem.code, "cancelled");
        read_done(&waiting[i]);
    }
    fixture.port = store_driver_sqlite.attach(fixture.store, fixture.loop, 0);
    char expected[8];
    snprintf(expected, sizeof expected, "%u", inserted);
    assert_read(&fixture, "SELECT count(*) FROM t", expected, NULL);
    fixture_free(&fixture);
}

/* ---- reads after writes ---- */

struct chain {
    struct read write, read;
    struct fixture *fixture;
};

static void read_at_once(struct fetch *fetch)
{
    struct chain *chain = container_of(container_of(fetch, struct read, fetch), struct chain, write);
    chain->write.ends++;
    assert_int_equal(read_submit(chain->fixture, &chain->read), SUBMIT_DONE);
}

static void a_read_in_the_turn_of_a_writes_end_sees_it(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct chain chain = {.fixture = &fixture};
    read_init(&chain.read, "SELECT id FROM t WHERE id = 1");
    read_init(&chain.write, "INSERT INTO t (id) VALUES (1)");
    chain.write.fetch.write = true;
    chain.write.fetch.on_end = read_at_once;
    assert_int_equal(read_submit(&fixture, &chain.write), SUBMIT_PENDING);
    while (commits(&fixture) ==
           0) { /* the turn's transaction begins before the commit, and is not ended by a turn */
        struct read before;
        read_init(&before, "SELECT count(n) FROM t WHERE id = 2");
        if (read_submit(&fixture, &before) == SUBMIT_PENDING)
            read_wait(&fixture, &before);
        read_done(&before);
        struct read within;
        read_init(&within, "SELECT id FROM t WHERE id = 2");
        assert_int_equal(read_submit(&fixture, &within), SUBMIT_DONE);
        read_done(&within);
    }
    read_wait(&fixture, &chain.write);
    assert_slice(buf_slice(&chain.read.out), "1");
    read_done(&chain.write);
    read_done(&chain.read);
    fixture_free(&fixture);
}

/* ---- the disk ---- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_disk_that_is_full_refuses_the_large_and_takes_the_small(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read writes[3];
    write_run(&fixture, &writes[0], insert_sql, 100, 1);
    assert_inserted(&writes[0], 100);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(512 * 1024);
    sqlite3 *other = lock_out(&fixture);
    for (int i = 0; i < 3; i++)
        write_begin(&fixture, &writes[i],
                    i == 1 ? "INSERT INTO t (id, text) VALUES (?1, hex(zeroblob(1000000))) RETURNING ?2"
                           : insert_sql,
                    i, i);
    let_in(other);
    for (int i = 0; i < 3; i++)
        read_wait(&fixture, &writes[i]);
    limit_files(RLIM_INFINITY);
    assert_int_equal(writes[1].fetch.problem.status, 503);
    assert_slice(writes[1].fetch.problem.code, "disk-full");
    assert_slice(writes[1].fetch.problem.pg_code, "53100");
    assert_int_equal(writes[1].fetch.rows, 0);
    read_done(&writes[1]);
    assert_inserted(&writes[0], 0);
    assert_inserted(&writes[2], 2);
    write_run(&fixture, &writes[1], insert_sql, 1, 1);
    assert_inserted(&writes[1], 1);
    assert_read(&fixture, "SELECT count(*), sum(length(text)) FROM t", "4|<null>", NULL);
    fixture_free(&fixture);
}

/* ---- memory ---- */

static void arm(unsigned at)
{
    char value[16];
    snprintf(value, sizeof value, "%u", at);
    setenv("LEAT_FAULT_ALLOC", value, 1);
    mem_fault_arm();
}

static void a_write_whose_memory_fails_is_whole_or_not_there(void **state)
{
    (void)state;
    enum { ALLOCATIONS = 25 };
    unsigned failed = 0;
    for (int at = 1; at <= ALLOCATIONS; at++) {
        struct fixture fixture;
        fixture_init(&fixture, schema);
        struct read write;
        arm((unsigned)at);
        write_run(
            &fixture, &write,
            "INSERT INTO t (id, n, text) VALUES (?1, ?2, leat_ilike('a', 'A')), (?1 + 1, ?2, hex(zeroblob(9000)))"
            " RETURNING id, text",
            1, 1);
        arm(0);
        failed += write.fetch.problem.status != 0;
        assert_true(write.fetch.problem.status != 0 || write.fetch.rows == 2);
        assert_read(&fixture, "SELECT count(*) FROM t", write.fetch.problem.status ? "0" : "2", NULL);
        read_done(&write);
        write_run(&fixture, &write, insert_sql, 9, 9);
        assert_inserted(&write, 9);
        fixture_free(&fixture);
    }
    assert_true(failed > 0); /* else nothing was tried */
}

/* ---- threads and processes ---- */

enum { INCREMENTS = 150, WORKERS = 3 };

static const char increment_sql[] = "UPDATE t SET n = n + 1 WHERE id = 1 RETURNING n";

struct worker {
    struct store *store;
    struct loop *loop; /* must live as long as the writer */
    pthread_t thread;
    unsigned done;
};

/* Several at a time, one in ten cancelled: what was answered counts. */
static void *work(void *context)
{
    struct worker *worker = context;
    struct fixture fixture = {.store = worker->store, .loop = worker->loop};
    fixture.port = store_driver_sqlite.attach(worker->store, fixture.loop, 0);
    for (int i = 0; i < INCREMENTS / 5; i++) {
        struct read writes[5];
        for (int k = 0; k < 5; k++)
            write_begin(&fixture, &writes[k], increment_sql, 0, 0);
        if (i % 2)
            store_driver_sqlite.cancel(fixture.port, &writes[4].fetch);
        for (int k = 0; k < 5; k++) {
            while (writes[k].ends == 0)
                loop_turn(fixture.loop, 1000);
            worker->done += writes[k].fetch.problem.status == 0;
            read_done(&writes[k]);
        }
    }
    store_driver_sqlite.detach(fixture.port);
    return NULL;
}

static int increment_in_another_process(const char *path)
{
    sqlite3 *db;
    if (sqlite3_open(path, &db) != SQLITE_OK)
        return 1;
    sqlite3_busy_timeout(db, 20000);
    for (int i = 0; i < INCREMENTS; i++)
        if (sqlite3_exec(db, "UPDATE t SET n = n + 1 WHERE id = 1", NULL, NULL, NULL) != SQLITE_OK)
            return 1;
    return sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}

static void no_write_is_lost_among_threads_and_processes(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    database_run(fixture.path, "INSERT INTO t (id, n) VALUES (1, 0)");
    pid_t child = fork(); /* before there are threads */
    if (child == 0)
        _exit(increment_in_another_process(fixture.path));
    struct store_options options = fixture_options(&fixture);
    options.pool_wait_ms = 25000;
    options.timeout_ms = 25000;
    fixture_open(&fixture, &options);
    struct worker workers[WORKERS] = {0};
    unsigned sum = INCREMENTS;
    for (int i = 0; i < WORKERS; i++) {
        workers[i].store = fixture.store;
        workers[i].loop = loop_new();
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_in_range(workers[i].done, INCREMENTS * 9 / 10, INCREMENTS);
        sum += workers[i].done;
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    char expected[16];
    snprintf(expected, sizeof expected, "%u", sum);
    assert_read(&fixture, "SELECT n FROM t WHERE id = 1", expected, NULL);
    fixture_free(&fixture);
    for (int i = 0; i < WORKERS; i++)
        loop_free(workers[i].loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_together_is_committed_together_and_fails_alone),
        cmocka_unit_test(deferred_keys_that_are_mended_in_time_hold),
        cmocka_unit_test(what_ends_the_transaction_ends_its_own_write_alone),
        cmocka_unit_test(a_write_over_its_time_is_a_504_and_its_neighbours_stand),
        cmocka_unit_test(one_kept_out_too_long_is_a_503_that_says_when_to_come_again),
        cmocka_unit_test(one_cancelled_before_it_begins_ends_at_once_and_changes_nothing),
        cmocka_unit_test(one_cancelled_after_it_has_begun_goes_on_to_its_end),
        cmocka_unit_test(detaching_ends_what_waits_and_lets_what_has_begun_end),
        cmocka_unit_test(a_read_in_the_turn_of_a_writes_end_sees_it),
        cmocka_unit_test(a_disk_that_is_full_refuses_the_large_and_takes_the_small),
        cmocka_unit_test(a_write_whose_memory_fails_is_whole_or_not_there),
        cmocka_unit_test(no_write_is_lost_among_threads_and_processes),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
