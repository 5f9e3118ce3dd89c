/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are truncated or written over while they are mapped: an error, never a crash, never a wrong row; mended they are
 * served. */
#include "store/sqlite/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "store/sqlite/store.h"

enum { ROWS = 20000, PAGE = 4096, TURNS_MAX = 100 };

static const char schema[] =
    "CREATE TABLE big (id INTEGER PRIMARY KEY, pad TEXT);"
    "INSERT INTO big WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
    "  SELECT i, 'row ' || i FROM n;"
    "PRAGMA wal_checkpoint(TRUNCATE);";

/* ---- the guard alone ---- */

/* A map of two pages of which the file has lost the second. */
static volatile char *map_torn(void)
{
    char path[] = "/tmp/leat-guard-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
    assert_int_equal(pwrite(fd, "x", 1, 0), 1);
    char *map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    assert_int_equal(ftruncate(fd, PAGE), 0);
    close(fd);
    return map;
}

static void a_page_lost_in_a_section_is_zeros_and_none_may_open_until_all_have_closed(void **state)
{
    (void)state;
    assert_true(lite_guard_admit());
    assert_true(lite_guard_admit());
    volatile char *map = map_torn();
    lite_guard_enter();
    lite_guard_enter();
    lite_guard_leave();
    assert_false(lite_guard_is_torn());
    assert_int_equal(map[PAGE + 7], 0);
    assert_int_equal(map[0], 'x');
    lite_guard_leave();
    assert_true(lite_guard_is_torn());
    assert_false(lite_guard_admit());
    lite_guard_release();
    assert_true(lite_guard_is_torn());
    assert_false(lite_guard_admit());
    lite_guard_release();
    assert_false(lite_guard_is_torn());
    assert_true(lite_guard_admit());
    lite_guard_release();
    munmap((void *)map, 2 * PAGE);
}

static void touch_outside(void)
{
    volatile char *map = map_torn();
    (void)map[PAGE];
}

static void touch_after(void)
{
    lite_guard_enter();
    lite_guard_leave();
    touch_outside();
}

static void be_sent_one(void)
{
    lite_guard_enter();
    kill(getpid(), SIGBUS);
    lite_guard_leave();
}

static void outside_of_a_section_and_sent_by_somebody_it_ends_the_process(void **state)
{
    (void)state;
    void (*const deeds[])(void) = {touch_outside, touch_after, be_sent_one};
    for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
        pid_t child = fork();
        if (child == 0) {
            int null = open("/dev/null", O_WRONLY); /* what a sanitizer says of it */
            dup2(null, STDERR_FILENO);
            signal(SIGBUS, SIG_DFL);
            if (lite_guard_admit())
                deeds[i]();
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

/* ---- reads ---- */

static void copy(const char *from, const char *to, const char *suffix)
{
    char command[256];
    snprintf(command, sizeof command, "cat %s%s > %s%s", from, suffix, to, suffix);
    assert_int_equal(system(command), 0);
}

/* The file has all its rows, and a copy of it lies beside. */
static void set_up(struct fixture *fixture, char copied[112])
{
    fixture_init(fixture, schema);
    snprintf(copied, 112, "%s.copy", fixture->path);
    copy(fixture->path, copied, "");
}

/* The row of this id, in the loop's present turn: right, or a problem that is documented. Whether it was right. */
static bool is_read(struct fixture *fixture, int64_t id)
{
    struct read read;
    char wanted[32];
    read_init(&read, "SELECT pad FROM big WHERE id = ?1");
    read_bind_int(&read, id);
    if (read_submit(fixture, &read) == SUBMIT_PENDING)
        read_wait(fixture, &read);
    snprintf(wanted, sizeof wanted, "row %lld", (long long)id);
    bool good = !problem_is(&read.fetch.problem);
    if (good)
        assert_slice(buf_slice(&read.out), wanted);
    else {
        assert_int_equal(read.out.len, 0);
        bool empty = read.fetch.problem.status == 500; /* a file of no bytes is a database without tables */
        assert_slice(read.fetch.problem.code, empty ? "database-error" : "database-unavailable");
    }
    read_done(&read);
    return good;
}

static void await_read(struct fixture *fixture, int64_t id)
{
    loop_turn(fixture->loop, 0);
    for (int turns = 0; !is_read(fixture, id); turns++) {
        loop_turn(fixture->loop, 100);
        assert_in_range(turns, 0, TURNS_MAX);
    }
}

static void a_file_truncated_under_its_readers_is_an_error_and_mended_it_is_served(void **state)
{
    (void)state;
    const off_t sizes[] = {0, 100, PAGE, 3 * PAGE + 1, 20 * PAGE};
    for (size_t i = 0; i < 2 * ARRAY_LEN(sizes); i++) {
        struct fixture fixture;
        char copied[112];
        set_up(&fixture, copied);
        assert_true(is_read(&fixture, 1) && is_read(&fixture, ROWS));
        if (i %
            2) /* else within the transaction that the reads of a turn share: SQLite does not look at the size again */
            loop_turn(fixture.loop, 0);
        assert_int_equal(truncate(fixture.path, sizes[i / 2]), 0);
        unsigned failed = 0;
        for (int64_t id = 1; id <= ROWS; id += 97)
            failed += !is_read(&fixture, id);
        assert_in_range(failed, ROWS / 97 / 2, ROWS / 97 + 1);
        copy(copied, fixture.path, "");
        await_read(&fixture, 1);
        for (int64_t id = 1; id <= ROWS; id += 97)
            assert_true(is_read(&fixture, id));
        fixture_free(&fixture);
    }
}

static void what_is_told_of_it_names_the_file_s_loss(void **state)
{
    (void)state;
    struct fixture fixture;
    char copied[112];
    set_up(&fixture, copied);
    assert_true(
        is_read(&fixture,
                ROWS)); /* the turn goes on: within a transaction SQLite does not look at the size again */
    assert_int_equal(truncate(fixture.path, PAGE), 0);
    struct read read;
    read_init(&read, "SELECT pad FROM big WHERE id = 1");
    read_run(&fixture, &read);
    assert_non_null(memmem(read.fetch.problem.cause.data, read.fetch.problem.cause.len, "shorter", 7));
    assert_int_equal(read.fetch.rows, 0);
    read_done(&read);
    assert_null(lite_port_of(fixture.port)->reader);
    assert_false(lite_guard_is_torn());
    fixture_free(&fixture);
}

/* ---- mapped or not ---- */

static bool is_mapped(const struct fixture *fixture)
{
    char line[512], end[112];
    bool mapped = false;
    snprintf(end, sizeof end, "%s\n", fixture->path);
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps))
        mapped = mapped || slice_ends(slice_str(line), slice_str(end));
    fclose(maps);
    return mapped;
}

static void read_last(struct lite_reader *reader)
{
    lite_guard_enter();
    assert_int_equal(lite_reader_ready(reader), SQLITE_OK);
    struct lite_statement *statement =
        lite_statements_get(&reader->statements, SLICE("SELECT pad FROM big WHERE id = 20000"));
    assert_non_null(statement);
    assert_int_equal(sqlite3_step(statement->stmt), SQLITE_ROW);
    sqlite3_reset(statement->stmt);
    lite_guard_leave();
}

static void a_file_that_is_often_written_is_read_and_left_alone_it_is_mapped_again(void **state)
{
    (void)state;
    enum { COMMITS = 50, SECOND_US = 1000000 };
    struct fixture fixture;
    fixture_file(&fixture, schema);
    struct lite_reader_options options = {.path = fixture.path,
                                          .statements_max = 1,
                                          .cache_kib = 100,
                                          .map_bytes_max = 1 << 30,
                                          .bytes_max = 1,
                                          .cells_max = 1};
    struct lite_reader *reader;
    char why[512];
    assert_int_equal(lite_reader_open(&options, &reader, why), OK);
    read_last(reader);
    assert_true(is_mapped(&fixture));
    for (int i = 0; i < COMMITS; i++) {
        database_run(fixture.path, "UPDATE big SET pad = pad || '.' WHERE id = 1");
        read_last(reader);
    }
    lite_reader_weigh_map(reader, SECOND_US);
    read_last(reader);
    assert_false(is_mapped(&fixture));
    lite_reader_weigh_map(reader, SECOND_US);
    read_last(reader);
    assert_true(is_mapped(&fixture));
    lite_reader_close(reader);
    fixture_free(&fixture);
}

/* By the port, which looks at its file once a second. */
static void a_worker_lets_go_of_the_map_of_a_file_that_is_often_written_and_takes_it_again(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    assert_true(is_read(&fixture, ROWS) && is_mapped(&fixture));
    for (int turns = 0; is_mapped(&fixture); turns++) {
        assert_in_range(turns, 0, 100 * TURNS_MAX);
        database_run(fixture.path, "UPDATE big SET pad = pad || '.' WHERE id = 1");
        loop_turn(fixture.loop, 0);
        assert_true(is_read(&fixture, ROWS));
    }
    for (int turns = 0; !is_mapped(&fixture); turns++) {
        assert_in_range(turns, 0, TURNS_MAX);
        loop_turn(fixture.loop, 0); /* ends the transaction, and so waits for nothing */
        loop_turn(fixture.loop, 100);
        assert_true(is_read(&fixture, 2 + turns * 190)); /* of another page: those that were read are kept */
    }
    fixture_free(&fixture);
}

static void a_file_that_is_not_mapped_is_an_error_too(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_file(&fixture, schema);
    struct store_options options = fixture_options(&fixture);
    fixture_open(&fixture, &options);
    store_driver_sqlite.detach(fixture.port);
    lite_store_of(fixture.store)->map_bytes_max = 0;
    fixture.port = store_driver_sqlite.attach(fixture.store, fixture.loop, 0);
    assert_true(is_read(&fixture, ROWS) && !is_mapped(&fixture));
    loop_turn(fixture.loop, 0);
    assert_int_equal(truncate(fixture.path, PAGE), 0);
    assert_false(is_read(&fixture, 1));
    fixture_free(&fixture);
}

struct cutter {
    struct row_sink to;
    const char *path;
};

/* Takes the first row, and the file from under those that follow. */
static bool cut(void *context, const struct slice *cells, unsigned count)
{
    struct cutter *cutter = context;
    assert_int_equal(truncate(cutter->path, PAGE), 0);
    return cutter->to.on_row(cutter->to.context, cells, count);
}

static void a_file_truncated_in_the_midst_of_a_long_read_ends_it_before_a_wrong_row(void **state)
{
    (void)state;
    struct fixture fixture;
    char copied[112];
    set_up(&fixture, copied);
    struct read read;
    read_init(&read, "SELECT id FROM big WHERE pad <> 'x'");
    struct cutter cutter = {.to = read.fetch.sink, .path = fixture.path};
    read.fetch.sink = (struct row_sink){.on_row = cut, .context = &cutter};
    read_run(&fixture, &read);
    assert_string_equal(read.fetch.lane, "offload");
    assert_int_equal(read.fetch.problem.status, 503);
    assert_slice(read.fetch.problem.code, "database-unavailable");
    assert_in_range(read.fetch.rows, 1, ROWS - 1);
    struct slice given = buf_slice(&read.out);
    for (unsigned id = 1; id <= read.fetch.rows; id++) {
        char wanted[16];
        snprintf(wanted, sizeof wanted, "%u", id);
        struct slice cell = slice_cut(&given, ';');
        assert_slice(cell, wanted);
    }
    read_done(&read);
    copy(copied, fixture.path, "");
    await_read(&fixture, ROWS);
    assert_read(&fixture, "SELECT count(*), sum(id) FROM big", "20000|200010000", "offload");
    fixture_free(&fixture);
}

/* ---- the -shm file ---- */

static void run_elsewhere(const char *path, const char *sql)
{
    char command[256];
    snprintf(command, sizeof command, "sqlite3 -bail %s \"%s\" > /dev/null", path, sql);
    assert_int_equal(system(command), 0);
}

static void a_shm_file_truncated_or_written_over_loses_no_commit(void **state)
{
    (void)state;
    for (int rubbish = 0; rubbish < 2; rubbish++) {
        struct fixture fixture;
        fixture_init(&fixture, schema);
        run_elsewhere(fixture.path, "INSERT INTO big VALUES (20001, 'row 20001')"); /* stays in the log */
        assert_true(is_read(&fixture, 20001));
        char shm[128];
        snprintf(shm, sizeof shm, "%s-shm", fixture.path);
        if (rubbish)
            copy("/etc/passwd", shm, "");
        else
            assert_int_equal(truncate(shm, 0), 0);
        for (int64_t id = 1; id <= ROWS; id += 997)
            is_read(&fixture, id);
        await_read(&fixture, 20001);
        run_elsewhere(fixture.path, "INSERT INTO big VALUES (20002, 'row 20002')");
        await_read(&fixture, 20002);
        assert_read(&fixture, "SELECT count(*), sum(id) FROM big", "20002|200050003", "offload");
        store_driver_sqlite.detach(fixture.port);
        fixture.port = NULL;
        run_elsewhere(fixture.path, "SELECT 1 / (count(*) = 20002) FROM big");
        fixture_free(&fixture);
    }
}

static void a_catalogue_read_over_a_torn_map_is_a_sentence(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    assert_true(is_read(&fixture, 1));
    char shm[128], why[512] = "";
    snprintf(shm, sizeof shm, "%s-shm", fixture.path);
    assert_int_equal(truncate(shm, 0), 0);
    struct catalog *catalog = NULL;
    assert_int_equal(store_driver_sqlite.catalog(fixture.store, &catalog, why), ERR_INVALID);
    assert_non_null(strstr(why, fixture.path));
    assert_true(lite_guard_is_torn());
    await_read(&fixture, 1);
    assert_int_equal(store_driver_sqlite.catalog(fixture.store, &catalog, why), OK);
    catalog_free(catalog);
    fixture_free(&fixture);
}

static void a_port_that_nobody_asks_lets_go_of_its_torn_connection(void **state)
{
    (void)state;
    struct fixture fixture;
    char copied[112];
    set_up(&fixture, copied);
    struct loop *idle_loop = loop_new();
    struct port *idle = store_driver_sqlite.attach(fixture.store, idle_loop, 1);
    assert_true(is_read(&fixture, ROWS));
    assert_int_equal(truncate(fixture.path, PAGE), 0);
    assert_false(is_read(&fixture, 1));
    copy(copied, fixture.path, "");
    assert_false(is_read(&fixture, 1)); /* the other's is open still */
    for (int turns = 0; lite_guard_is_torn(); turns++) {
        loop_turn(idle_loop, 100);
        assert_in_range(turns, 0, TURNS_MAX);
    }
    assert_true(is_read(&fixture, 1));
    store_driver_sqlite.detach(idle);
    loop_free(idle_loop);
    fixture_free(&fixture);
}

static unsigned write_status(struct fixture *fixture)
{
    struct read write;
    read_init(&write, "UPDATE big SET pad = pad WHERE id = 1");
    write.fetch.write = true;
    assert_int_equal(read_submit(fixture, &write), SUBMIT_PENDING);
    read_wait(fixture, &write);
    unsigned status = write.fetch.problem.status;
    read_done(&write);
    return status;
}

/* It is idle, and its connection keeps the torn ones from being opened anew. */
static void the_writer_lets_go_of_its_torn_connection_and_writes_again(void **state)
{
    (void)state;
    struct fixture fixture;
    char copied[112];
    set_up(&fixture, copied);
    assert_int_equal(write_status(&fixture), 0);
    database_run(fixture.path, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_true(is_read(&fixture, 1));
    assert_int_equal(truncate(fixture.path, PAGE), 0);
    assert_false(is_read(&fixture, ROWS));
    assert_true(lite_guard_is_torn());
    copy(copied, fixture.path, "");
    await_read(&fixture, 1);
    assert_int_equal(write_status(&fixture), 0);
    assert_true(is_read(&fixture, ROWS));
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_lost_in_a_section_is_zeros_and_none_may_open_until_all_have_closed),
        cmocka_unit_test(outside_of_a_section_and_sent_by_somebody_it_ends_the_process),
        cmocka_unit_test(a_file_truncated_under_its_readers_is_an_error_and_mended_it_is_served),
        cmocka_unit_test(what_is_told_of_it_names_the_file_s_loss),
        cmocka_unit_test(a_file_that_is_not_mapped_is_an_error_too),
        cmocka_unit_test(a_file_that_is_often_written_is_read_and_left_alone_it_is_mapped_again),
        cmocka_unit_test(a_worker_lets_go_of_the_map_of_a_file_that_is_often_written_and_takes_it_again),
        cmocka_unit_test(a_file_truncated_in_the_midst_of_a_long_read_ends_it_before_a_wrong_row),
        cmocka_unit_test(a_shm_file_truncated_or_written_over_loses_no_commit),
        cmocka_unit_test(a_catalogue_read_over_a_torn_map_is_a_sentence),
        cmocka_unit_test(a_port_that_nobody_asks_lets_go_of_its_torn_connection),
        cmocka_unit_test(the_writer_lets_go_of_its_torn_connection_and_writes_again),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
