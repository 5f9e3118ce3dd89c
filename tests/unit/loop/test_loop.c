/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop with real descriptors and real threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/loop.h"

/* One end of a socket pair that is watched, and what it was told. */
struct ear {
    struct watch watch;
    int other_fd;
    unsigned told;
    uint32_t events;
    struct ear *to_unwatch;
};

static int begin(void **state)
{
    *state = loop_new();
    return *state == NULL;
}

static int end(void **state)
{
    loop_free(*state);
    return 0;
}

static void hear(struct watch *watch, uint32_t events)
{
    struct ear *ear = container_of(watch, struct ear, watch);
    ear->told++;
    ear->events = events;
    if (ear->to_unwatch != NULL)
        loop_unwatch(&ear->to_unwatch->watch);
}

static void ear_open(struct ear *ear)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    *ear = (struct ear){.watch = {.fd = fds[0], .on_events = hear}, .other_fd = fds[1]};
}

static void ear_close(struct ear *ear)
{
    loop_unwatch(&ear->watch);
    if (ear->watch.fd >= 0)
        close(ear->watch.fd);
    close(ear->other_fd);
}

static void say(struct ear *ear)
{
    assert_int_equal(write(ear->other_fd, "x", 1), 1);
}

static void an_edge_is_told_once_though_nothing_is_read(void **state)
{
    struct ear ear;
    ear_open(&ear);
    assert_int_equal(loop_watch(*state, &ear.watch, EPOLLIN), OK);
    say(&ear);
    loop_turn(*state, 0);
    loop_turn(*state, 0);
    assert_int_equal(ear.told, 1);
    say(&ear);
    loop_turn(*state, 0);
    assert_int_equal(ear.told, 2);
    ear_close(&ear);
}

static void a_level_is_told_every_turn_until_it_is_changed(void **state)
{
    struct ear ear;
    ear_open(&ear);
    assert_int_equal(loop_watch_level(*state, &ear.watch, EPOLLIN), OK);
    say(&ear);
    loop_turn(*state, 0);
    loop_turn(*state, 0);
    assert_int_equal(ear.told, 2);
    loop_watch_change(&ear.watch, 0);
    loop_turn(*state, 0);
    assert_int_equal(ear.told, 2);
    ear_close(&ear);
}

static void a_watch_removed_by_anothers_callback_of_the_same_turn_is_not_told(void **state)
{
    struct ear a, b;
    ear_open(&a);
    ear_open(&b);
    a.to_unwatch = &b;
    b.to_unwatch = &a;
    assert_int_equal(loop_watch(*state, &a.watch, EPOLLIN), OK);
    assert_int_equal(loop_watch(*state, &b.watch, EPOLLIN), OK);
    say(&a);
    say(&b);
    loop_turn(*state, 0);
    assert_int_equal(a.told + b.told, 1);
    ear_close(&a);
    ear_close(&b);
}

static void a_watch_that_is_closed_is_forgotten(void **state)
{
    struct ear ear;
    ear_open(&ear);
    assert_int_equal(loop_watch(*state, &ear.watch, EPOLLIN), OK);
    say(&ear);
    loop_watch_close(&ear.watch);
    assert_null(ear.watch.loop);
    assert_int_equal(ear.watch.fd, -1);
    loop_turn(*state, 0);
    assert_int_equal(ear.told, 0);
    ear_close(&ear);
}

static void what_cannot_be_watched_is_an_error(void **state)
{
    struct watch watch = {.fd = -1, .on_events = hear};
    assert_int_equal(loop_watch(*state, &watch, EPOLLIN), ERR_SYSTEM);
    assert_null(watch.loop);
}

/* ---- tasks ---- */

struct chore {
    struct task task;
    struct loop *loop;
    unsigned ran;
    bool again;
    struct chore *to_cancel;
};

static void do_chore(struct task *task)
{
    struct chore *chore = container_of(task, struct chore, task);
    chore->ran++;
    if (chore->again)
        loop_at_turn_end(chore->loop, task);
    if (chore->to_cancel != NULL)
        loop_task_cancel(&chore->to_cancel->task);
}

static void a_task_queued_twice_runs_once(void **state)
{
    struct chore chore = {.task.run = do_chore, .loop = *state};
    loop_at_turn_end(*state, &chore.task);
    loop_at_turn_end(*state, &chore.task);
    loop_turn(*state, -1);
    loop_turn(*state, 0);
    assert_int_equal(chore.ran, 1);
}

static void a_task_queued_by_a_task_runs_in_the_next_turn_which_does_not_wait(void **state)
{
    struct chore chore = {.task.run = do_chore, .loop = *state, .again = true};
    loop_at_turn_end(*state, &chore.task);
    for (unsigned turn = 1; turn <= 5; turn++) {
        loop_turn(*state, -1);
        assert_int_equal(chore.ran, turn);
    }
    loop_task_cancel(&chore.task);
}

static void a_task_cancelled_by_another_of_the_same_turn_does_not_run(void **state)
{
    struct chore second = {.task.run = do_chore, .loop = *state};
    struct chore first = {.task.run = do_chore, .loop = *state, .to_cancel = &second};
    loop_at_turn_end(*state, &first.task);
    loop_at_turn_end(*state, &second.task);
    loop_turn(*state, 0);
    loop_turn(*state, 0);
    assert_int_equal(first.ran, 1);
    assert_int_equal(second.ran, 0);
}

/* ---- timers ---- */

struct bell {
    struct timer timer;
    struct loop *loop;
    struct mono rang;
};

static void ring(struct timer *timer)
{
    struct bell *bell = container_of(timer, struct bell, timer);
    bell->rang = clock_mono();
    loop_stop(bell->loop);
}

static void a_timer_wakes_a_loop_that_has_nothing_else_to_do(void **state)
{
    struct bell bell = {.timer.on_due = ring, .loop = *state};
    struct mono before = clock_mono();
    loop_timer_set(*state, &bell.timer, 10);
    loop_run(*state);
    assert_true(mono_diff_us(bell.rang, before) >= 10 * 1000);
    assert_null(bell.timer.loop);
}

static void a_timer_that_is_set_again_counts_from_then(void **state)
{
    struct bell bell = {.timer.on_due = ring, .loop = *state};
    loop_timer_set(*state, &bell.timer, 0);
    struct mono before = clock_mono();
    loop_timer_set(*state, &bell.timer, 30);
    loop_run(*state);
    assert_true(mono_diff_us(bell.rang, before) >= 30 * 1000);
}

static void a_freed_loop_leaves_its_timers_and_tasks_unset(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct bell bell = {.timer.on_due = ring, .loop = loop};
    struct chore chore = {.task.run = do_chore, .loop = loop};
    loop_timer_set(loop, &bell.timer, 1000);
    loop_at_turn_end(loop, &chore.task);
    loop_free(loop);
    loop_timer_stop(&bell.timer);
    loop_task_cancel(&chore.task);
    assert_int_equal(chore.ran, 0);
}

/* ---- letters ---- */

enum { SENDERS = 4, LETTERS_EACH = 20000 };

struct numbered {
    struct letter letter;
    struct post *post;
    unsigned sender, number;
};

struct post {
    struct loop *loop;
    unsigned next[SENDERS], received;
    bool out_of_order;
    struct numbered letters[SENDERS][LETTERS_EACH];
};

static void receive(struct letter *letter)
{
    struct numbered *numbered = container_of(letter, struct numbered, letter);
    struct post *post = numbered->post;
    post->out_of_order |= post->next[numbered->sender] != numbered->number;
    post->next[numbered->sender]++;
    if (++post->received == SENDERS * LETTERS_EACH)
        loop_stop(post->loop);
}

static void *send_all(void *letters)
{
    struct numbered *numbered = letters;
    for (unsigned i = 0; i < LETTERS_EACH; i++)
        loop_post(numbered[i].post->loop, &numbered[i].letter);
    return NULL;
}

static void letters_of_several_threads_all_come_in_each_senders_order(void **state)
{
    struct post *post = calloc(1, sizeof *post);
    post->loop = *state;
    pthread_t threads[SENDERS];
    for (unsigned sender = 0; sender < SENDERS; sender++) {
        for (unsigned i = 0; i < LETTERS_EACH; i++)
            post->letters[sender][i] =
                (struct numbered){.letter.on_receive = receive, .post = post, .sender = sender, .number = i};
        assert_int_equal(pthread_create(&threads[sender], NULL, send_all, post->letters[sender]), 0);
    }
    loop_run(*state);
    for (unsigned sender = 0; sender < SENDERS; sender++)
        pthread_join(threads[sender], NULL);
    assert_int_equal(post->received, SENDERS * LETTERS_EACH);
    assert_false(post->out_of_order);
    free(post);
}

static void *stop_from_elsewhere(void *loop)
{
    loop_stop(loop);
    return NULL;
}

static void a_waiting_loop_is_stopped_from_another_thread_and_runs_again(void **state)
{
    for (int round = 0; round < 3; round++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, stop_from_elsewhere, *state), 0);
        loop_run(*state);
        pthread_join(thread, NULL);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_edge_is_told_once_though_nothing_is_read),
        TEST(a_level_is_told_every_turn_until_it_is_changed),
        TEST(a_watch_removed_by_anothers_callback_of_the_same_turn_is_not_told),
        TEST(a_watch_that_is_closed_is_forgotten),
        TEST(what_cannot_be_watched_is_an_error),
        TEST(a_task_queued_twice_runs_once),
        TEST(a_task_queued_by_a_task_runs_in_the_next_turn_which_does_not_wait),
        TEST(a_task_cancelled_by_another_of_the_same_turn_does_not_run),
        TEST(a_timer_wakes_a_loop_that_has_nothing_else_to_do),
        TEST(a_timer_that_is_set_again_counts_from_then),
        TEST(a_freed_loop_leaves_its_timers_and_tasks_unset),
        TEST(letters_of_several_threads_all_come_in_each_senders_order),
        TEST(a_waiting_loop_is_stopped_from_another_thread_and_runs_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
