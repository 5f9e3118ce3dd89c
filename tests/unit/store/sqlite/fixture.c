/* SPDX-License-Identifier: Apache-2.0 */
/* See fixture.h. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_US_MAX = 30 * 1000 * 1000 };

void database_run(const char *path, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void fixture_file(struct fixture *fixture, const char *sql)
{
    *fixture = (struct fixture){0};
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/leat-sqlite-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/test.db", fixture->folder);
    snprintf(fixture->url, sizeof fixture->url, "sqlite:%s", fixture->path);
    database_run(fixture->path, "PRAGMA journal_mode = WAL");
    database_run(fixture->path, sql);
}

struct store_options fixture_options(const struct fixture *fixture)
{
    return (struct store_options){
        .url = slice_str(fixture->url),
        .workers = 1,
        .pool_size = 4,
        .pool_overflow = 0,
        .pool_wait_ms = 10000,
        .timeout_ms = 10000,
        .answer_bytes_max = 4 << 20,
    };
}

void fixture_open(struct fixture *fixture, const struct store_options *options)
{
    char why[512];
    fixture->loop = loop_new();
    fixture->offload = offload_new(2, 100);
    if (store_driver_sqlite.open(options, fixture->offload, &fixture->store, why) != OK)
        fail_msg("%s", why);
    fixture->port = store_driver_sqlite.attach(fixture->store, fixture->loop, 0);
}

void fixture_init(struct fixture *fixture, const char *sql)
{
    fixture_file(fixture, sql);
    struct store_options options = fixture_options(fixture);
    fixture_open(fixture, &options);
}

void fixture_free(struct fixture *fixture)
{
    if (fixture->port)
        store_driver_sqlite.detach(fixture->port);
    if (fixture->store)
        store_driver_sqlite.close(fixture->store);
    offload_free(fixture->offload);
    loop_free(fixture->loop);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", fixture->folder);
    assert_int_equal(system(command), 0);
}

static bool on_row(void *context, const struct slice *cells, unsigned count)
{
    struct read *read = context;
    read->sink_thread = pthread_self();
    if (read->out.len > 0)
        buf_byte(&read->out, ';');
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            buf_byte(&read->out, '|');
        buf_add(&read->out, cells[i].data ? cells[i] : SLICE("<null>"));
    }
    return read->rows_max == 0 || --read->rows_max > 0;
}

static void on_end(struct fetch *fetch)
{
    container_of(fetch, struct read, fetch)->ends++;
}

void read_init(struct read *read, const char *sql)
{
    *read = (struct read){0};
    arena_init(&read->arena, 4096);
    buf_init(&read->out, 64 << 20);
    read->fetch.statement.text = slice_str(sql);
    read->fetch.statement.binds = read->binds;
    read->fetch.sink = (struct row_sink){.on_row = on_row, .context = read};
    read->fetch.on_end = on_end;
    read->fetch.arena = &read->arena;
}

void read_done(struct read *read)
{
    arena_done(&read->arena);
    buf_done(&read->out);
}

static struct bind *next_bind(struct read *read)
{
    assert_in_range(read->fetch.statement.bind_count, 0, ARRAY_LEN(read->binds) - 1);
    return &read->binds[read->fetch.statement.bind_count++];
}

void read_bind_int(struct read *read, int64_t value)
{
    *next_bind(read) = (struct bind){.kind = BIND_INT, .integer = value};
}

void read_bind_text(struct read *read, const char *value)
{
    *next_bind(read) = (struct bind){.kind = value ? BIND_TEXT : BIND_NULL, .text = slice_str(value)};
}

enum submit read_submit(struct fixture *fixture, struct read *read)
{
    return store_driver_sqlite.submit(fixture->port, &read->fetch);
}

void read_wait(struct fixture *fixture, struct read *read)
{
    struct mono start = clock_mono();
    while (read->ends == 0) {
        loop_turn(fixture->loop, 1000);
        if (mono_diff_us(clock_mono(), start) > WAIT_US_MAX)
            fail_msg("the read did not end");
    }
    assert_int_equal(read->ends, 1);
}

void read_run(struct fixture *fixture, struct read *read)
{
    if (read_submit(fixture, read) == SUBMIT_PENDING) {
        assert_int_equal(read->ends, 0);
        read_wait(fixture, read);
    } else {
        assert_int_equal(read->ends, 0);
        loop_turn(fixture->loop, 0);
    }
}

void assert_read(struct fixture *fixture, const char *sql, const char *rows, const char *lane)
{
    struct read read;
    read_init(&read, sql);
    read_run(fixture, &read);
    if (problem_is(&read.fetch.problem))
        fail_msg(SLICE_FMT ": " SLICE_FMT, SLICE_ARG(read.fetch.problem.code),
                 SLICE_ARG(read.fetch.problem.cause));
    assert_slice(buf_slice(&read.out), rows);
    if (lane)
        assert_string_equal(read.fetch.lane, lane);
    read_done(&read);
}
