/* SPDX-License-Identifier: Apache-2.0 */
/* See fixture.h. */
#include "fixture.h"

#include <stdio.h>

#include "base/mem.h"

const char things_sql[] =
    "CREATE TABLE things (id bigint PRIMARY KEY, name text, amount numeric(12,2), made timestamptz);"
    "INSERT INTO things SELECT i, 'thing ' || i, i + 0.5, '2026-01-01Z'::timestamptz + i * interval '1 min'"
    " FROM generate_series(1, 1000) i; ANALYZE things;"
    "CREATE TABLE words (word text PRIMARY KEY, meaning text); CREATE SEQUENCE numbers;";

int server_start(void **state)
{
    struct postgres *server = postgres_start(NULL);
    postgres_psql(server, things_sql);
    *state = server;
    return 0;
}

int server_stop(void **state)
{
    postgres_stop(*state);
    return 0;
}

struct store_options fixture_options(const struct postgres *server)
{
    return (struct store_options){
        .url = slice_str(postgres_url(server)),
        .workers = 1,
        .pool_size = 20,
        .pool_overflow = 10,
        .pool_wait_ms = 30000,
        .pool_recycle_ms = 3600000,
        .timeout_ms = 30000,
        .prepared = true,
        .gather_max = 256,
        .answer_bytes_max = 4 << 20,
    };
}

struct catalog *fixture_catalog(struct postgres *server, const char *user)
{
    struct fixture fixture = {0};
    struct store_options options = fixture_options(server);
    struct catalog *catalog = NULL;
    char url[128], why[512] = "";
    snprintf(url, sizeof url, "postgresql://%s@127.0.0.1:%u/leat", user, postgres_port(server));
    options.url = slice_str(url);
    fixture.offload = offload_new(1, 8);
    assert_int_equal(store_open(&options, fixture.offload, &fixture.store, why), OK);
    if (store_catalog(fixture.store, &catalog, why) != OK)
        fail_msg("%s", why);
    store_close(fixture.store);
    offload_free(fixture.offload);
    return catalog;
}

void fixture_open(struct fixture *fixture, const struct store_options *options)
{
    char why[512] = "";
    struct postgres *server = fixture->server;
    *fixture = (struct fixture){.server = server, .loop = loop_new(), .offload = offload_new(2, 64)};
    if (store_open(options, fixture->offload, &fixture->store, why) != OK)
        fail_msg("%s", why);
    fixture->port = store_attach(fixture->store, fixture->loop, 0);
    assert_non_null(fixture->port);
}

void fixture_await_lanes(struct fixture *fixture)
{
    struct pg_port *port = container_of(fixture->port, struct pg_port, base);
    for (unsigned i = 0; i < port->lane_count; i++)
        TURN_UNTIL(fixture, port->lanes[i].state == LANE_OPEN);
}

void fixture_init(struct fixture *fixture, struct postgres *server)
{
    struct store_options options = fixture_options(server);
    fixture->server = server;
    fixture_open(fixture, &options);
    fixture_await_lanes(fixture);
}

void fixture_free(struct fixture *fixture)
{
    store_detach(fixture->port);
    offload_free(fixture->offload);
    store_close(fixture->store);
    loop_free(fixture->loop);
}

/* ---- readings ---- */

static bool take_row(void *context, const struct slice *cells, unsigned count)
{
    struct reading *reading = context;
    assert_int_equal(reading->ends, 0);
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            buf_byte(&reading->out, '|');
        buf_add(&reading->out, cells[i].data == NULL ? SLICE("<null>") : cells[i]);
    }
    buf_byte(&reading->out, ';');
    return reading->rows_max == 0 || reading->fetch.rows < reading->rows_max;
}

static void ended(struct fetch *fetch)
{
    struct reading *reading = container_of(fetch, struct reading, fetch);
    reading->ends++;
    if (reading->then != NULL)
        reading->then(reading);
}

void reading_init(struct reading *reading, const char *sql)
{
    *reading = (struct reading){0};
    arena_init(&reading->arena, 1024);
    buf_init(&reading->out, 64 << 20);
    reading->fetch.statement.text = slice_str(sql);
    reading->fetch.statement.binds = reading->binds;
    reading->fetch.sink = (struct row_sink){take_row, reading};
    reading->fetch.on_end = ended;
    reading->fetch.arena = &reading->arena;
}

void reading_bind(struct reading *reading, const char *value)
{
    struct bind *bind = &reading->binds[reading->fetch.statement.bind_count++];
    *bind = (struct bind){.kind = value ? BIND_TEXT : BIND_NULL, .text = slice_str(value)};
}

void reading_of_thing(struct reading *reading, const char *id)
{
    reading_init(reading, "SELECT id, name, amount FROM things WHERE id = $1::bigint");
    reading_bind(reading, id);
    reading->gather =
        (struct gather){SLICE("SELECT id, name, amount FROM things WHERE id = ANY($1::bigint[])"), 0};
    reading->fetch.statement.gather = &reading->gather;
}

void reading_done(struct reading *reading)
{
    buf_done(&reading->out);
    arena_done(&reading->arena);
}

enum submit reading_submit(struct fixture *fixture, struct reading *reading)
{
    reading->fixture = fixture;
    enum submit submit = store_submit(fixture->port, &reading->fetch);
    if (submit == SUBMIT_DONE)
        reading->ends++;
    return submit;
}

void reading_wait(struct fixture *fixture, struct reading *reading)
{
    TURN_UNTIL(fixture, reading->ends > 0);
    assert_int_equal(reading->ends, 1);
}

void reading_run(struct fixture *fixture, struct reading *reading)
{
    reading_submit(fixture, reading);
    reading_wait(fixture, reading);
}

void assert_reads(struct fixture *fixture, const char *sql, const char *rows, const char *lane)
{
    struct reading reading;
    reading_init(&reading, sql);
    reading_run(fixture, &reading);
    if (reading.fetch.problem.status != 0)
        fail_msg("%s: %.*s", sql, SLICE_ARG(reading.fetch.problem.cause));
    assert_slice(buf_slice(&reading.out), rows);
    if (lane != NULL)
        assert_string_equal(reading.fetch.lane, lane);
    reading_done(&reading);
}

void assert_fails(struct fixture *fixture, const char *sql, unsigned status, const char *code,
                  const char *sqlstate)
{
    struct reading reading;
    reading_init(&reading, sql);
    reading_run(fixture, &reading);
    assert_int_equal(reading.fetch.problem.status, status);
    assert_slice(reading.fetch.problem.code, code);
    assert_slice(reading.fetch.problem.pg_code, sqlstate);
    reading_done(&reading);
}

void learn(struct fixture *fixture, const char *sql)
{
    for (int i = 0; i < 20; i++) {
        struct reading reading;
        reading_init(&reading, sql);
        reading_run(fixture, &reading);
        assert_int_equal(reading.fetch.problem.status, 0);
        bool fast = strcmp(reading.fetch.lane, "fast") == 0;
        reading_done(&reading);
        if (fast && i >= 3)
            return;
    }
    fail_msg("it never became fast: %s", sql);
}

struct store_state fixture_state(struct fixture *fixture)
{
    struct store_state state;
    store_state(fixture->store, &state);
    return state;
}
