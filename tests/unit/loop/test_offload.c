/* SPDX-License-Identifier: Apache-2.0 */
/* The offload pool with real threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>

#include "loop/offload.h"

enum { THREADS = 3, JOBS = 200 };

struct errand {
    struct job job;
    struct test *test;
    pthread_t ran_on, done_on;
    unsigned ran, done;
};

struct test {
    struct loop *loop;
    struct offload *offload;
    sem_t begun, gate; /* a held errand says that it runs, and waits to be let on */
    unsigned done;
    struct errand errands[JOBS];
};

static void run(struct job *job)
{
    struct errand *errand = container_of(job, struct errand, job);
    errand->ran++;
    errand->ran_on = pthread_self();
}

static void run_held(struct job *job)
{
    struct errand *errand = container_of(job, struct errand, job);
    sem_post(&errand->test->begun);
    sem_wait(&errand->test->gate);
    run(job);
}

static void done(struct job *job)
{
    struct errand *errand = container_of(job, struct errand, job);
    errand->done++;
    errand->done_on = pthread_self();
    errand->test->done++;
}

static int begin_with(void **state, unsigned threads, unsigned queue_max)
{
    struct test *test = calloc(1, sizeof *test);
    test->loop = loop_new();
    test->offload = offload_new(threads, queue_max);
    sem_init(&test->begun, 0, 0);
    sem_init(&test->gate, 0, 0);
    for (unsigned i = 0; i < JOBS; i++)
        test->errands[i] =
            (struct errand){.job = {.run = run, .on_done = done, .home = test->loop}, .test = test};
    *state = test;
    return 0;
}

static int begin(void **state)
{
    return begin_with(state, THREADS, JOBS);
}

static int begin_narrow(void **state)
{
    return begin_with(state, 1, 2);
}

static int end(void **state)
{
    struct test *test = *state;
    offload_free(test->offload);
    loop_free(test->loop);
    sem_destroy(&test->begun);
    sem_destroy(&test->gate);
    free(test);
    return 0;
}

static void every_job_runs_elsewhere_and_comes_home_once(void **state)
{
    struct test *test = *state;
    for (unsigned i = 0; i < JOBS; i++)
        assert_int_equal(offload_submit(test->offload, &test->errands[i].job), OK);
    while (test->done < JOBS)
        loop_turn(test->loop, -1);
    for (unsigned i = 0; i < JOBS; i++) {
        struct errand *errand = &test->errands[i];
        assert_int_equal(errand->ran, 1);
        assert_int_equal(errand->done, 1);
        assert_true(pthread_equal(errand->done_on, pthread_self()));
        assert_false(pthread_equal(errand->ran_on, pthread_self()));
    }
}

static void a_full_queue_refuses_and_takes_again_when_there_is_room(void **state)
{
    struct test *test = *state;
    test->errands[0].job.run = run_held;
    assert_int_equal(offload_submit(test->offload, &test->errands[0].job), OK);
    sem_wait(&test->begun); /* the only thread is busy now, the queue empty */
    assert_int_equal(offload_submit(test->offload, &test->errands[1].job), OK);
    assert_int_equal(offload_submit(test->offload, &test->errands[2].job), OK);
    assert_int_equal(offload_waiting(test->offload), 2);
    assert_int_equal(offload_submit(test->offload, &test->errands[3].job), ERR_LIMIT);
    sem_post(&test->gate);
    while (test->done < 3)
        loop_turn(test->loop, -1);
    assert_int_equal(offload_submit(test->offload, &test->errands[3].job), OK);
    while (test->done < 4)
        loop_turn(test->loop, -1);
    assert_int_equal(test->errands[3].ran, 1);
}

static void what_is_queued_when_the_pool_ends_is_still_done(void **state)
{
    struct test *test = *state;
    for (unsigned i = 0; i < JOBS; i++)
        assert_int_equal(offload_submit(test->offload, &test->errands[i].job), OK);
    offload_free(test->offload);
    test->offload = NULL;
    loop_turn(test->loop, 0);
    assert_int_equal(test->done, JOBS);
}

static void again(struct job *job)
{
    struct errand *errand = container_of(job, struct errand, job);
    if (++errand->test->done < 10)
        assert_int_equal(offload_submit(errand->test->offload, job), OK);
}

static void a_job_may_be_sent_again_when_it_comes_home(void **state)
{
    struct test *test = *state;
    test->errands[0].job.on_done = again;
    assert_int_equal(offload_submit(test->offload, &test->errands[0].job), OK);
    while (test->done < 10)
        loop_turn(test->loop, -1);
    assert_int_equal(test->errands[0].ran, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_job_runs_elsewhere_and_comes_home_once, begin, end),
        cmocka_unit_test_setup_teardown(a_full_queue_refuses_and_takes_again_when_there_is_room, begin_narrow,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_queued_when_the_pool_ends_is_still_done, begin, end),
        cmocka_unit_test_setup_teardown(a_job_may_be_sent_again_when_it_comes_home, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
