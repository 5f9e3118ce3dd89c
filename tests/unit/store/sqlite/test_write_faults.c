/* SPDX-License-Identifier: Apache-2.0 */
/* Writes while the disk fails at each of its calls, and a process that is killed: what was answered is what the database has.
 *
 * The calls of SQLite that bring something to the disk are this program's own, which fail at the n-th when they are told to. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdatomic.h>

#include "fixture.h"

enum call { CALL_WRITE, CALL_SYNC, CALL_COUNT };

static atomic_long left[CALL_COUNT]; /* the n-th from now fails, or all from it on; 0: none does */
static atomic_int fault_errno;
static atomic_bool fault_ever_after;

static bool fails(enum call call)
{
    long now = atomic_load(&left[call]);
    if (now == 0)
        return false;
    if (!(now == 1 && atomic_load(&fault_ever_after)))
        atomic_compare_exchange_strong(&left[call], &now, now - 1);
    errno = atomic_load(&fault_errno);
    return now == 1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    return fails(CALL_WRITE) ? -1 : syscall(SYS_pwrite64, fd, bytes, len, at);
}

int fdatasync(int fd)
{
    return fails(CALL_SYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

static const char schema[] =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX t_text ON t (text);";

enum { WRITES = 5 };

static void write_begin(struct fixture *fixture, struct read *write, int64_t id)
{
    read_init(write, "INSERT INTO t (id, text) VALUES (?1, hex(zeroblob(100 * ?1))) RETURNING id");
    read_bind_int(write, id);
    write->fetch.write = true;
    assert_int_equal(read_submit(fixture, write), SUBMIT_PENDING);
}

static bool has_row(struct fixture *fixture, int64_t id)
{
    struct read read;
    read_init(&read, "SELECT id FROM t WHERE id = ?1");
    read_bind_int(&read, id);
    read_run(fixture, &read);
    assert_int_equal(read.fetch.problem.status, 0);
    bool has = read.fetch.rows == 1;
    read_done(&read);
    return has;
}

/* Whether the fault has struck. */
static bool write_with_fault(struct fixture *fixture, enum call call, long at, int error, bool ever_after)
{
    struct read writes[WRITES];
    sqlite3 *other;
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 0; i < WRITES; i++) /* so they are a group */
        write_begin(fixture, &writes[i], i + 1);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    atomic_store(&fault_errno, error);
    atomic_store(&fault_ever_after, ever_after);
    atomic_store(&left[call], at);
    bool struck = false;
    for (int i = 0; i < WRITES; i++)
        read_wait(fixture, &writes[i]);
    long rest = atomic_exchange(&left[call], 0);
    for (int i = 0; i < WRITES; i++) {
        const struct problem *problem = &writes[i].fetch.problem;
        struck |= problem_is(problem);
        if (!problem_is(problem))
            assert_true(has_row(fixture, i + 1));
        else if (!slice_eq(problem->code, SLICE("outcome-unknown")))
            assert_false(has_row(fixture, i + 1));
        if (problem_is(problem)) {
            assert_int_equal(problem->status, 503);
            assert_true(problem->retry_after_s > 0);
        }
        read_done(&writes[i]);
    }
    return struck || rest == 0;
}

static void a_call_that_fails_leaves_what_was_answered(void **state)
{
    (void)state;
    const int errors[] = {EIO, ENOSPC, EDQUOT};
    unsigned struck = 0;
    for (unsigned call = 0; call < CALL_COUNT; call++)
        for (int at = 1; at <= 12; at++)
            for (unsigned round = 0; round < 2; round++) {
                struct fixture fixture;
                fixture_init(&fixture, schema);
                int error = call == CALL_SYNC ? EIO : errors[at % 3];
                struck += write_with_fault(&fixture, call, at, error, round == 1);
                struct read write;
                write_begin(&fixture, &write, 100);
                read_wait(&fixture, &write);
                assert_int_equal(write.fetch.problem.status, 0);
                assert_true(has_row(&fixture, 100));
                read_done(&write);
                fixture_free(&fixture);
            }
    assert_true(struck > 10); /* else nothing was tried */
}

/* ---- a process that is killed ---- */

/* Tells each answered write's id by the pipe, until it is killed. */
static void write_on(const char *path, int pipe_end)
{
    struct fixture fixture = {0};
    snprintf(fixture.path, sizeof fixture.path, "%s", path);
    snprintf(fixture.url, sizeof fixture.url, "sqlite:%s", path);
    struct store_options options = fixture_options(&fixture);
    fixture_open(&fixture, &options);
    for (int32_t id = 1;; id++) {
        struct read insert;
        write_begin(&fixture, &insert, id);
        read_wait(&fixture, &insert);
        if (problem_is(&insert.fetch.problem) || write(pipe_end, &id, sizeof id) != sizeof id)
            _exit(1);
        read_done(&insert);
    }
}

static void what_was_answered_is_there_after_the_process_was_killed(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    for (int round = 0; round < 3; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        database_run(fixture.path, "DELETE FROM t");
        pid_t child = fork();
        if (child == 0)
            write_on(fixture.path, ends[1]);
        close(ends[1]);
        int32_t id = 0, last = 0;
        for (int i = 0; i < 20 + 7 * round; i++)
            if (read(ends[0], &id, sizeof id) == sizeof id)
                last = id;
        kill(child, SIGKILL);
        while (read(ends[0], &id, sizeof id) == sizeof id)
            last = id;
        close(ends[0]);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && last >= 20);
        char sql[128];
        snprintf(sql, sizeof sql,
                 "INSERT INTO t SELECT 0, 'x' WHERE (SELECT count(*) FROM t) NOT IN (%d, %d)", last,
                 last + 1);
        database_run(fixture.path, sql);
        struct store_options options = fixture_options(&fixture);
        fixture_open(&fixture, &options);
        assert_false(has_row(&fixture, 0));
        store_driver_sqlite.detach(fixture.port);
        store_driver_sqlite.close(fixture.store);
        offload_free(fixture.offload);
        loop_free(fixture.loop);
        fixture.port = NULL, fixture.store = NULL, fixture.offload = NULL, fixture.loop = NULL;
    }
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_fails_leaves_what_was_answered),
        cmocka_unit_test(what_was_answered_is_there_after_the_process_was_killed),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
