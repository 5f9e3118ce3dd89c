/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: loop.h says what it promises.
 *
 * Letters lie in a stack that any thread pushes onto and the loop takes whole and turns round, so that each sender's
 * order is kept. Whoever pushes onto an empty stack rings the bell, an eventfd: later letters find a bell rung. The bell
 * is watched edge-triggered and never read: every write to it is an edge.
 * A watch may go away while an event of this turn still waits for it: loop_unwatch wipes it from the turn's events.
 *
 * Failure: loop_new gives NULL when the system has no descriptors left. */
#include "loop/loop.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/wheel.h"

enum { LOOP_MAGIC = 0x4c4f4f50, EVENTS_PER_TURN = 256 };

struct loop {
    uint32_t magic;
    int epoll_fd;
    struct mono now;
    struct list tasks;
    struct watch bell;
    int events_at, events_count;      /* the turn's events not yet told: [at, count) */
    _Atomic(struct letter *) letters; /* newest first */
    atomic_uint posting;              /* senders within loop_post */
    atomic_bool stopping;
    struct wheel wheel;
    struct epoll_event events[EVENTS_PER_TURN];
};

static void bell_rung(struct watch *watch, uint32_t events)
{
    (void)watch;
    (void)events;
}

/* An eventfd's write fails only when its counter is full, and then it is as good as rung. */
static void ring(struct loop *loop)
{
    ssize_t written = write(loop->bell.fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)written;
}

/* A letter may be received, and be the last that its loop waits for, before its sender has rung the bell. */
static void await_posters(struct loop *loop)
{
    while (atomic_load_explicit(&loop->posting, memory_order_acquire) > 0)
        sched_yield();
}

struct loop *loop_new(void)
{
    struct loop *loop = mem_must(sizeof *loop);
    loop->magic = LOOP_MAGIC;
    loop->now = clock_mono();
    list_init(&loop->tasks);
    wheel_init(&loop->wheel, loop->now);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->bell.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->bell.on_events = bell_rung;
    if (loop->epoll_fd >= 0 && loop->bell.fd >= 0 && loop_watch(loop, &loop->bell, EPOLLIN) == OK)
        return loop;
    loop_free(loop);
    return NULL;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    CHECK_MAGIC(loop, LOOP_MAGIC);
    await_posters(loop);
    wheel_clear(&loop->wheel);
    for (struct list *link; (link = list_shift(&loop->tasks)) != NULL;)
        container_of(link, struct task, link)->queued = false;
    if (loop->bell.fd >= 0)
        close(loop->bell.fd);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    loop->magic = 0;
    mem_free(loop);
}

struct mono loop_now(const struct loop *loop)
{
    return loop->now;
}

/* ---- descriptors ---- */

static enum error watch_add(struct loop *loop, struct watch *watch, uint32_t events)
{
    CHECK_MAGIC(loop, LOOP_MAGIC);
    PRE(watch->loop == NULL && watch->on_events != NULL);
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) != 0)
        return errno == ENOMEM ? ERR_MEMORY : ERR_SYSTEM;
    watch->loop = loop;
    return OK;
}

enum error loop_watch(struct loop *loop, struct watch *watch, uint32_t events)
{
    return watch_add(loop, watch, events | EPOLLET);
}

enum error loop_watch_level(struct loop *loop, struct watch *watch, uint32_t events)
{
    PRE((events & EPOLLET) == 0);
    return watch_add(loop, watch, events);
}

void loop_watch_change(struct watch *watch, uint32_t events)
{
    PRE(watch->loop != NULL && (events & EPOLLET) == 0);
    struct epoll_event event = {.events = events, .data.ptr = watch};
    int failed = epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
    POST(failed == 0); /* fails only for what is not watched */
}

/* Wipes the watch from what this turn has still to tell. */
static void forget(struct watch *watch)
{
    struct loop *loop = watch->loop;
    watch->loop = NULL;
    for (int i = loop->events_at; i < loop->events_count; i++)
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
}

void loop_unwatch(struct watch *watch)
{
    if (watch->loop == NULL)
        return;
    CHECK_MAGIC(watch->loop, LOOP_MAGIC);
    epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    forget(watch);
}

void loop_watch_gone(struct watch *watch)
{
    if (watch->loop == NULL)
        return;
    CHECK_MAGIC(watch->loop, LOOP_MAGIC);
    forget(watch);
}

void loop_watch_close(struct watch *watch)
{
    PRE(watch->loop != NULL);
    loop_watch_gone(watch);
    close(watch->fd);
    watch->fd = -1;
}

static void tell_events(struct loop *loop)
{
    while (loop->events_at < loop->events_count) {
        struct epoll_event *event = &loop->events[loop->events_at++];
        struct watch *watch = event->data.ptr;
        if (watch != NULL)
            watch->on_events(watch, event->events);
    }
    loop->events_at = loop->events_count = 0;
}

/* ---- timers ---- */

void loop_timer_set(struct loop *loop, struct timer *timer, int64_t after_ms)
{
    CHECK_MAGIC(loop, LOOP_MAGIC);
    PRE(after_ms >= 0);
    loop_timer_stop(timer);
    /* From now, not from the turn's beginning: a timer set late in a long turn must not be early. */
    timer->due = mono_after_ms(clock_mono(), after_ms);
    timer->loop = loop;
    wheel_set(&loop->wheel, timer);
}

void loop_timer_stop(struct timer *timer)
{
    if (timer->loop == NULL)
        return;
    wheel_stop(timer);
    timer->loop = NULL;
}

/* ---- tasks ---- */

void loop_at_turn_end(struct loop *loop, struct task *task)
{
    CHECK_MAGIC(loop, LOOP_MAGIC);
    PRE(task->run != NULL);
    if (task->queued)
        return;
    task->queued = true;
    list_push(&loop->tasks, &task->link);
}

void loop_task_cancel(struct task *task)
{
    if (!task->queued)
        return;
    task->queued = false;
    list_remove(&task->link);
}

/* Runs what was queued until now; what that queues waits for the next turn's end. */
static void run_tasks(struct loop *loop)
{
    struct list tasks;
    list_init(&tasks);
    list_move_all(&tasks, &loop->tasks);
    for (struct list *link; (link = list_shift(&tasks)) != NULL;) {
        struct task *task = container_of(link, struct task, link);
        task->queued = false;
        task->run(task);
    }
}

/* ---- letters ---- */

void loop_post(struct loop *loop, struct letter *letter)
{
    PRE(letter->on_receive != NULL);
    atomic_fetch_add_explicit(&loop->posting, 1, memory_order_acq_rel);
    struct letter *before = atomic_load_explicit(&loop->letters, memory_order_relaxed);
    do
        letter->next = before;
    while (!atomic_compare_exchange_weak_explicit(&loop->letters, &before, letter, memory_order_acq_rel,
                                                  memory_order_relaxed));
    if (before == NULL)
        ring(loop);
    atomic_fetch_sub_explicit(&loop->posting, 1, memory_order_release);
}

static struct letter *take_letters(struct loop *loop)
{
    if (atomic_load_explicit(&loop->letters, memory_order_relaxed) == NULL)
        return NULL;
    struct letter *newest = atomic_exchange_explicit(&loop->letters, NULL, memory_order_acquire);
    struct letter *oldest = NULL;
    while (newest != NULL) {
        struct letter *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void receive_letters(struct loop *loop)
{
    struct letter *letter = take_letters(loop);
    while (letter != NULL) {
        struct letter *next = letter->next; /* on_receive may free the letter */
        letter->on_receive(letter);
        letter = next;
    }
}

/* ---- turns ---- */

/* How long epoll_wait may wait: not at all when tasks wait, never beyond the next timer. */
static int turn_wait_ms(const struct loop *loop, int wait_ms)
{
    if (wait_ms == 0 || !list_empty(&loop->tasks))
        return 0;
    int timer_ms = wheel_wait_ms(&loop->wheel, clock_mono());
    if (timer_ms >= 0 && (wait_ms < 0 || timer_ms < wait_ms))
        return timer_ms;
    return wait_ms;
}

void loop_turn(struct loop *loop, int wait_ms)
{
    CHECK_MAGIC(loop, LOOP_MAGIC);
    PRE(loop->events_count == 0); /* a turn within a turn would lose events */
    int count = epoll_wait(loop->epoll_fd, loop->events, EVENTS_PER_TURN, turn_wait_ms(loop, wait_ms));
    loop->now = clock_mono();
    loop->events_at = 0;
    loop->events_count = count > 0 ? count : 0; /* less: a signal came */
    tell_events(loop);
    receive_letters(loop);
    wheel_advance(&loop->wheel, loop->now);
    run_tasks(loop);
}

void loop_run(struct loop *loop)
{
    do
        loop_turn(loop, -1);
    while (!atomic_exchange_explicit(&loop->stopping, false, memory_order_acquire));
}

void loop_stop(struct loop *loop)
{
    atomic_store_explicit(&loop->stopping, true, memory_order_release);
    ring(loop);
}
