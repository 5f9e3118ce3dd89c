/* SPDX-License-Identifier: Apache-2.0 */
/* One thread's event loop: descriptors by epoll (edge-triggered), timers by a wheel, letters from other threads, and
 * tasks for the end of the turn.
 *
 *   a turn:  epoll_wait → descriptors' callbacks → letters → timers that are due → tasks of this turn's end
 *
 * The end of the turn is where work that was gathered during it is flushed once (a database Sync, a socket write).
 * Ownership: watches, timers, tasks and letters lie inside their owners; the loop never frees them. Callbacks are never
 * called before the call that set them up has returned. A watch may be removed in any callback, also of another watch.
 * Threads: everything here belongs to the loop's thread, but loop_post and loop_stop, which any thread may call.
 * Failure: adding a descriptor can fail (ERR_SYSTEM, ERR_MEMORY); all else cannot. */
#ifndef LEAT_LOOP_LOOP_H
#define LEAT_LOOP_LOOP_H

#include <sys/epoll.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"

struct loop;

/* A watched descriptor. Zero it, set fd and on_events, then loop_watch. */
struct watch {
    int fd;
    void (*on_events)(struct watch *watch,
                      uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR */
    struct loop *loop;                  /* set by loop_watch; NULL: not watched */
};

/* A timer. Zero it and set on_due; ticks of the wheel are 8 ms: a timer is never early and at most two ticks late. */
struct timer {
    void (*on_due)(struct timer *timer);
    struct list link; /* the loop's */
    struct mono due;
    struct loop *loop; /* NULL: not set */
};

/* Work for the end of this turn (or of the next, when posted by such a task). Zero it and set run. */
struct task {
    void (*run)(struct task *task);
    struct list link;
    bool queued;
};

/* A message from any thread; its sender gives it away until on_receive, which runs on the loop's thread. */
struct letter {
    struct letter *next;
    void (*on_receive)(struct letter *letter);
};

struct loop *loop_new(void);       /* NULL: the system has no descriptors left; errno tells */
void loop_free(struct loop *loop); /* takes NULL; what is still watched is forgotten */

/* Runs turns until loop_stop. */
void loop_run(struct loop *loop);

/* One turn, waiting at most wait_ms (-1: until something happens): for tests. */
void loop_turn(struct loop *loop, int wait_ms);

/* Ends loop_run after the present turn. Any thread. */
void loop_stop(struct loop *loop);

/* The monotonic time at the beginning of this turn. */
struct mono loop_now(const struct loop *loop);

/* events without EPOLLET: it is added unless `level` — level-triggered — is wanted, as for libpq's sockets. */
enum error loop_watch(struct loop *loop, struct watch *watch, uint32_t events) must_check;
enum error loop_watch_level(struct loop *loop, struct watch *watch, uint32_t events) must_check;
/* Another set of events for a watch (level-triggered ones only). */
void loop_watch_change(struct watch *watch, uint32_t events);
/* Takes a watch that is not watched. Call it before closing the descriptor. */
void loop_unwatch(struct watch *watch);
/* Closes the descriptor, which takes it from the loop: one system call for two. No duplicate of it may be open. */
void loop_watch_close(struct watch *watch);
/* As loop_unwatch, for a descriptor that a library has closed by itself: its number may be another thread's by now. */
void loop_watch_gone(struct watch *watch);

/* (Re)sets a timer, counted from this instant. */
void loop_timer_set(struct loop *loop, struct timer *timer, int64_t after_ms);
void loop_timer_stop(struct timer *timer); /* takes one that is not set */

/* Runs task->run once at the end of this turn; nothing when it is queued already. */
void loop_at_turn_end(struct loop *loop, struct task *task);
void loop_task_cancel(struct task *task);

/* Any thread: on_receive will run on the loop's thread. Order is kept per sender. */
void loop_post(struct loop *loop, struct letter *letter);

#endif
