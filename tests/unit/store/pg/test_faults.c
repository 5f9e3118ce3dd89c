/* SPDX-License-Identifier: Apache-2.0 */
/* What may happen to a database, and that every read ends once, with its documented status, and all is well again afterwards. */
#include "fixture.h"

#include <stdio.h>

#include "loop/fault.h"

/* ---- traffic: reads that submit themselves again ---- */

enum { STREAMS = 48 };

struct traffic {
    struct reading streams[STREAMS];
    unsigned good, unavailable, other; /* ends, by status 0, 503, anything else */
    unsigned slow;                     /* of the good ones */
    unsigned live;
    bool stop;
};

static struct traffic traffic;

static void again(struct reading *reading);

static void go(struct fixture *fixture, struct reading *reading)
{
    reading->ends = 0;
    reading->out.len = 0;
    arena_reset(&reading->arena);
    traffic.live++;
    if (reading_submit(fixture, reading) == SUBMIT_DONE) {
        traffic.live--; /* refused at once: this stream rests until it is started again */
        traffic.unavailable += reading->fetch.problem.status == 503;
        traffic.other += reading->fetch.problem.status != 503;
    }
}

static void again(struct reading *reading)
{
    unsigned status = reading->fetch.problem.status;
    assert_int_equal(reading->ends, 1);
    traffic.live--;
    traffic.good += status == 0;
    traffic.slow += status == 0 && strcmp(reading->fetch.lane, "slow") == 0;
    traffic.unavailable += status == 503;
    traffic.other += status != 0 && status != 503;
    if (status != 0 && status != 503)
        print_error("%u: %.*s\n", status, SLICE_ARG(reading->fetch.problem.cause));
    if (!traffic.stop && status == 0)
        go(reading->fixture, reading);
}

static void traffic_init(void)
{
    static const char *sqls[] = {"SELECT name FROM things WHERE id = 7 AND amount > 0",
                                 "SELECT count(*) FROM things", "SELECT pg_sleep(0.1), 'slow one'"};
    traffic = (struct traffic){0};
    for (unsigned i = 0; i < STREAMS; i++) {
        struct reading *reading = &traffic.streams[i];
        if (i % 4 == 3)
            reading_init(reading, sqls[i / 4 % 3]);
        else
            reading_of_thing(reading, i % 2 ? "11" : "12");
        reading->then = again;
    }
}

/* Starts those streams that rest. */
static void traffic_start(struct fixture *fixture)
{
    for (unsigned i = 0; i < STREAMS; i++)
        if (traffic.streams[i].fetch.state == 0 || traffic.streams[i].ends == 1)
            go(fixture, &traffic.streams[i]);
}

static void traffic_end(struct fixture *fixture)
{
    traffic.stop = true;
    TURN_UNTIL(fixture, traffic.live == 0);
    assert_int_equal(traffic.other, 0);
    assert_int_equal(fixture_state(fixture).waiting, 0);
    TURN_UNTIL(fixture, fixture_state(fixture).busy == 0);
    for (unsigned i = 0; i < STREAMS; i++)
        reading_done(&traffic.streams[i]);
}

/* Serves well again: so many good reads, starting streams that were refused. */
static void await_good(struct fixture *fixture, unsigned more)
{
    unsigned wanted = traffic.good + more;
    struct mono until = mono_after_ms(clock_mono(), 20000);
    while (traffic.good < wanted && clock_mono().us < until.us) {
        loop_turn(fixture->loop, 20);
        traffic_start(fixture);
    }
    assert_true(traffic.good >= wanted);
}

/* ---- the server goes and comes ---- */

static void a_server_that_is_away_at_the_start_is_used_when_it_comes(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    struct reading reading;
    postgres_tell(*state, "stop_server");
    fixture_open(&fixture, &options);
    reading_of_thing(&reading, "1");
    reading_run(&fixture, &reading);
    assert_int_equal(reading.fetch.problem.status, 503);
    assert_slice(reading.fetch.problem.code, "database-unavailable");
    assert_true(reading.fetch.problem.retry_after_s > 0);
    reading_done(&reading);
    assert_fails(&fixture, "SELECT 1", 503, "database-unavailable", "08006");
    assert_false(fixture_state(&fixture).up);
    assert_non_null(strstr(fixture_state(&fixture).why, "refused"));
    postgres_tell(*state, "start");
    TURN_UNTIL(&fixture, fixture_state(&fixture).up);
    fixture_await_lanes(&fixture);
    assert_reads(&fixture, "SELECT name FROM things WHERE id = 1", "thing 1;", NULL);
    assert_string_equal(fixture_state(&fixture).why, "");
    fixture_free(&fixture);
}

static void a_restart_under_load_loses_nothing_for_good(void **state)
{
    struct fixture fixture;
    fixture_init(&fixture, *state);
    traffic_init();
    traffic_start(&fixture);
    await_good(&fixture, 300);
    for (int i = 0; i < 3; i++) {
        postgres_tell(*state, "restart");
        await_good(&fixture, 300);
    }
    assert_true(fixture_state(&fixture).reconnects >= 3);
    traffic_end(&fixture);
    fixture_free(&fixture);
}

static void a_kill_under_load_loses_nothing_for_good(void **state)
{
    struct fixture fixture;
    fixture_init(&fixture, *state);
    traffic_init();
    traffic_start(&fixture);
    await_good(&fixture, 300);
    postgres_tell(*state, "kill");
    for (int i = 0; i < 20; i++) {
        loop_turn(fixture.loop, 5);
        traffic_start(&fixture);
    }
    assert_true(traffic.unavailable > 0);
    assert_false(fixture_state(&fixture).up);
    postgres_tell(*state, "start");
    await_good(&fixture, 300);
    traffic_end(&fixture);
    fixture_free(&fixture);
}

static void a_connection_cut_under_load_fails_no_read(void **state)
{
    struct fixture fixture;
    fixture_init(&fixture, *state);
    traffic_init();
    traffic_start(&fixture);
    await_good(&fixture, 300);
    TURN_UNTIL(&fixture, traffic.slow >= 2 * STREAMS); /* none is still connecting */
    uint64_t before = fixture_state(&fixture).reconnects;
    postgres_psql(*state,
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'leat'");
    TURN_UNTIL(&fixture, fixture_state(&fixture).reconnects > before);
    await_good(&fixture, 300);
    assert_int_equal(traffic.unavailable, 0);
    assert_true(fixture_state(&fixture).resent > 0);
    traffic_end(&fixture);
    fixture_free(&fixture);
}

static void a_server_restarted_while_all_is_idle_is_used_again(void **state)
{
    struct fixture fixture;
    fixture_init(&fixture, *state);
    for (int i = 0; i < 2; i++)
        assert_reads(&fixture, "SELECT pg_sleep(0.06), 'idle'", "|idle;",
                     "slow"); /* leaves a slow lane in the pool */
    postgres_tell(*state, "restart");
    assert_reads(&fixture, "SELECT pg_sleep(0.06), 'idle'", "|idle;", "slow");
    fixture_await_lanes(&fixture);
    assert_reads(&fixture, "SELECT name FROM things WHERE id = 1", "thing 1;", NULL);
    fixture_free(&fixture);
}

/* ---- the server is there, but ---- */

static void a_silent_server_costs_a_read_no_more_than_its_deadline(void **state)
{
    struct fixture fixture;
    struct reading point, list;
    fixture_init(&fixture, *state);
    learn(&fixture, "SELECT 'silent'");
    postgres_tell(*state, "pause");
    reading_of_thing(&point, "1");
    reading_init(&list, "SELECT 'silent'");
    point.fetch.deadline = list.fetch.deadline = mono_after_ms(clock_mono(), 150);
    reading_submit(&fixture, &point);
    reading_submit(&fixture, &list);
    reading_wait(&fixture, &point);
    reading_wait(&fixture, &list);
    assert_int_equal(point.fetch.problem.status, 504);
    assert_int_equal(list.fetch.problem.status, 504);
    postgres_tell(*state, "resume");
    assert_reads(&fixture, "SELECT 'silent'", "silent;", NULL);
    reading_done(&point);
    reading_done(&list);
    fixture_free(&fixture);
}

static void a_wrong_password_is_told_to_operators(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    char url[128];
    snprintf(url, sizeof url, "postgresql://guarded:wrong@127.0.0.1:%u/leat", postgres_port(*state));
    options.url = slice_str(url);
    fixture_open(&fixture, &options);
    assert_fails(&fixture, "SELECT 1", 503, "database-unavailable", "28P01");
    assert_non_null(strstr(fixture_state(&fixture).why, "password authentication failed"));
    fixture_free(&fixture);
    snprintf(url, sizeof url, "postgresql://guarded:right@127.0.0.1:%u/leat", postgres_port(*state));
    fixture.server = *state;
    fixture_open(&fixture, &options);
    assert_reads(&fixture, "SELECT current_user", "guarded;", NULL);
    fixture_free(&fixture);
}

static void a_database_that_is_not_there_is_told(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    char url[128];
    snprintf(url, sizeof url, "postgresql://leat@127.0.0.1:%u/nowhere", postgres_port(*state));
    options.url = slice_str(url);
    fixture_open(&fixture, &options);
    assert_fails(&fixture, "SELECT 1", 503, "database-unavailable", "3D000");
    fixture_free(&fixture);
}

static void a_server_out_of_connections_is_a_503_or_a_wait(void **state)
{
    (void)state;
    struct postgres *small = postgres_start("max_connections=5 superuser_reserved_connections=0");
    struct fixture fixture = {.server = small};
    struct store_options options = fixture_options(small);
    struct reading readings[3];
    postgres_psql(small, things_sql);
    fixture_init(&fixture, small); /* four fast lanes: one connection is left */
    for (unsigned i = 0; i < 3; i++) {
        static const char *sqls[] = {"SELECT pg_sleep(0.1), 0", "SELECT pg_sleep(0.1), 1",
                                     "SELECT pg_sleep(0.1), 2"};
        reading_init(&readings[i], sqls[i]);
        reading_submit(&fixture, &readings[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        reading_wait(&fixture, &readings[i]); /* one after the other on the one slow lane */
        assert_int_equal(readings[i].fetch.problem.status, 0);
        reading_done(&readings[i]);
    }
    struct fixture second = {.server = small};
    fixture_open(&second, &options); /* nothing is left for it */
    assert_fails(&second, "SELECT 1", 503, "database-unavailable", "53300");
    assert_non_null(strstr(fixture_state(&second).why, "too many clients"));
    fixture_free(&fixture);
    TURN_UNTIL(&second, fixture_state(&second).up);
    fixture_await_lanes(&second);
    assert_reads(&second, "SELECT name FROM things WHERE id = 1", "thing 1;", NULL);
    fixture_free(&second);
    postgres_stop(small);
}

/* ---- connecting ---- */

static void a_connect_that_fails_is_tried_again(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    fault_set(FAULT_CONNECT, 1, true);
    fixture_open(&fixture, &options);
    assert_fails(&fixture, "SELECT 1", 503, "database-unavailable", "08001");
    fault_set(FAULT_CONNECT, 0, false);
    fixture_await_lanes(&fixture);
    assert_reads(&fixture, "SELECT 1", "1;", NULL);
    fault_set(FAULT_CONNECT, 1, false); /* the next slow connection alone */
    fixture_free(&fixture);
    fault_set(FAULT_CONNECT, 0, false);
}

static void a_host_name_is_resolved_on_the_offload_pool(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    char url[128];
    snprintf(url, sizeof url, "postgresql://leat@localhost:%u/leat", postgres_port(*state));
    options.url = slice_str(url);
    fixture_open(&fixture, &options);
    fixture_await_lanes(&fixture);
    assert_reads(&fixture, "SELECT 1", "1;", NULL);
    fixture_free(&fixture);
}

static void a_host_name_that_does_not_resolve_is_told(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    options.url = SLICE("postgresql://leat@no..where/leat");
    fixture_open(&fixture, &options);
    assert_fails(&fixture, "SELECT 1", 503, "database-unavailable", "08001");
    assert_non_null(strstr(fixture_state(&fixture).why, "cannot be resolved"));
    fixture_free(&fixture);
}

static void detaching_is_possible_at_any_moment(void **state)
{
    char url[128];
    snprintf(url, sizeof url, "postgresql://leat@localhost:%u/leat", postgres_port(*state));
    for (int turns = 0; turns < 12; turns++) {
        struct fixture fixture = {.server = *state};
        struct store_options options = fixture_options(*state);
        struct reading slow, point;
        options.url = turns % 2 ? slice_str(url) : options.url;
        fixture_open(&fixture, &options);
        reading_init(&slow, "SELECT pg_sleep(20)");
        reading_of_thing(&point, "1");
        reading_submit(&fixture, &slow);
        reading_submit(&fixture, &point);
        for (int i = 0; i < turns; i++)
            loop_turn(fixture.loop, 1);
        if (turns > 6)
            store_cancel(fixture.port, &slow.fetch);
        fixture_free(&fixture);
        assert_int_equal(slow.ends, 1);
        assert_int_equal(point.ends, 1);
        reading_done(&slow);
        reading_done(&point);
    }
}

static void connections_are_recycled_under_load(void **state)
{
    struct fixture fixture = {.server = *state};
    struct store_options options = fixture_options(*state);
    options.pool_recycle_ms = 1;
    fixture_open(&fixture, &options);
    fixture_await_lanes(&fixture);
    struct pg_port *port = container_of(fixture.port, struct pg_port, base);
    struct mono first = port->lanes[0].session.ready_at;
    traffic_init();
    traffic_start(&fixture);
    TURN_UNTIL(&fixture, port->lanes[0].session.ready_at.us != first.us && port->lanes[0].state == LANE_OPEN);
    await_good(&fixture, 100);
    assert_int_equal(traffic.unavailable, 0);
    traffic_end(&fixture);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_is_away_at_the_start_is_used_when_it_comes),
        cmocka_unit_test(a_restart_under_load_loses_nothing_for_good),
        cmocka_unit_test(a_kill_under_load_loses_nothing_for_good),
        cmocka_unit_test(a_connection_cut_under_load_fails_no_read),
        cmocka_unit_test(a_server_restarted_while_all_is_idle_is_used_again),
        cmocka_unit_test(a_silent_server_costs_a_read_no_more_than_its_deadline),
        cmocka_unit_test(a_wrong_password_is_told_to_operators),
        cmocka_unit_test(a_database_that_is_not_there_is_told),
        cmocka_unit_test(a_server_out_of_connections_is_a_503_or_a_wait),
        cmocka_unit_test(a_connect_that_fails_is_tried_again),
        cmocka_unit_test(a_host_name_is_resolved_on_the_offload_pool),
        cmocka_unit_test(a_host_name_that_does_not_resolve_is_told),
        cmocka_unit_test(detaching_is_possible_at_any_moment),
        cmocka_unit_test(connections_are_recycled_under_load),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, server_start, server_stop);
}
