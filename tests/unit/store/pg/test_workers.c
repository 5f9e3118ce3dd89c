/* SPDX-License-Identifier: Apache-2.0 */
/* Several workers and one small pool: connections wander between threads, nobody is forgotten. Worth most under TSan. */
#include <pthread.h>
#include <stdio.h>

#include "fixture.h"

enum { WORKERS = 3, STREAMS = 12, ROUNDS = 40 };

struct worker {
    struct fixture fixture;
    struct reading streams[STREAMS];
    unsigned left, good, bad;
};

static void again(struct reading *reading)
{
    struct worker *worker = container_of(reading->fixture, struct worker, fixture);
    bool good = reading->fetch.problem.status == 0;
    worker->good += good;
    worker->bad += !good;
    if (!good)
        print_error("%.*s\n", SLICE_ARG(reading->fetch.problem.cause));
    if (worker->left == 0)
        return;
    worker->left--;
    reading->ends = 0;
    reading->out.len = 0;
    (void)!reading_submit(reading->fixture, reading);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct fixture *fixture = &worker->fixture;
    fixture->loop = loop_new();
    fixture->port = store_attach(fixture->store, fixture->loop, 0);
    fixture_await_lanes(fixture);
    worker->left = STREAMS * ROUNDS;
    for (unsigned i = 0; i < STREAMS; i++) {
        struct reading *reading = &worker->streams[i];
        if (i % 3 == 0)
            reading_of_thing(reading, "3");
        else
            reading_init(reading, i % 3 == 1 ? "SELECT pg_sleep(0.06)" : "SELECT count(*) FROM things");
        reading->fetch.write = i % 6 == 5;
        reading->then = again;
        worker->left--;
        assert_int_equal(reading_submit(fixture, reading), SUBMIT_PENDING);
    }
    TURN_UNTIL(fixture, worker->good + worker->bad == STREAMS * ROUNDS);
    store_detach(fixture->port);
    loop_free(fixture->loop);
    for (unsigned i = 0; i < STREAMS; i++)
        reading_done(&worker->streams[i]);
    return NULL;
}

static void workers_share_a_small_pool(void **state)
{
    static struct worker workers[WORKERS];
    struct store_options options = fixture_options(*state);
    struct offload *offload = offload_new(2, 64);
    struct store *store;
    struct store_state seen;
    pthread_t threads[WORKERS];
    char why[512];
    options.workers = WORKERS;
    options.pool_size = 5; /* one fast lane each, two slow ones for all */
    options.pool_overflow = 1;
    assert_int_equal(store_open(&options, offload, &store, why), OK);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.fixture = {.server = *state, .offload = offload, .store = store}};
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (unsigned i = 0; i < 1000; i++) {
        store_state(store, &seen);
        assert_true(seen.connections <= seen.connections_max);
        assert_int_equal(seen.connections_max, 6);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].good, STREAMS * ROUNDS);
    }
    store_close(store);
    offload_free(offload);
}

static void workers_outlive_a_restart(void **state)
{
    static struct worker workers[WORKERS];
    struct store_options options = fixture_options(*state);
    struct offload *offload = offload_new(2, 64);
    struct store *store;
    pthread_t threads[WORKERS];
    char why[512];
    options.workers = WORKERS;
    assert_int_equal(store_open(&options, offload, &store, why), OK);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.fixture = {.server = *state, .offload = offload, .store = store}};
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    struct store_state seen;
    do
        store_state(store, &seen);
    while (seen.fetches < 200);
    postgres_psql(*state,
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'leat'");
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].good + workers[i].bad, STREAMS * ROUNDS); /* each ended */
        assert_true(workers[i].good > STREAMS * ROUNDS / 2);
    }
    store_close(store);
    offload_free(offload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_share_a_small_pool),
        cmocka_unit_test(workers_outlive_a_restart),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, server_start, server_stop);
}
