/* SPDX-License-Identifier: Apache-2.0 */
/* The count of connections of a process, and those on loan that lie idle. A worker takes an idle one, puts its descriptor into
 * its own loop, gives it back; or is told to open another; or waits in line, to be woken by a letter when one is given back.
 *
 * Two kinds are lent: slow lanes and write lanes. Either kind may have all there is while the other wants nothing; when the pool is
 * full and both want more, each has its half, and an idle one of the kind that has more is closed for the other.
 *
 * Ownership: idle connections are the pool's, others their port's. Threads: any; the lock guards all that follows it.
 * Failure: none; the answer FULL is for the caller to wait upon. */
#ifndef LEAT_STORE_PG_POOL_H
#define LEAT_STORE_PG_POOL_H

#include <pthread.h>
#include <stdatomic.h>

#include "loop/loop.h"
#include "store/pg/failure.h"

struct loan;

enum loan_kind { LOAN_SLOW, LOAN_WRITE, LOAN_KINDS };

/* A port that waits for a connection. */
struct pool_waiter {
    struct letter letter; /* on its way while `called` */
    struct loop *loop;
    struct list link;
    enum loan_kind kind;
    bool waits, called;
};

/* What the pool knows of one kind. */
struct pool_side {
    struct list idle;                  /* struct loan by link, newest first */
    unsigned idle_count, called_count; /* as many idle ones are meant for those called */
    unsigned open;                     /* idle, at work, being opened */
    struct list waiters;
    unsigned waiters_count;
};

#define POOL_LINGER_MS 1000

struct pool {
    /* Beyond size, a connection is closed when it is given back, unless one was missing within the last POOL_LINGER_MS: a steady load
     * a little above size would else open and close them all the time. */
    unsigned size, max;
    int64_t recycle_ms;
    pthread_mutex_t lock;
    struct pool_side sides[LOAN_KINDS];
    unsigned open;                  /* all of the process: fast ones, lent ones, those being opened */
    _Atomic unsigned waiters_count; /* of both kinds; read without the lock too */
    struct list ports;              /* struct pg_port by link */
    struct failure failure;         /* of the last attempt that failed */
    struct mono missed_at;          /* when none lay idle for who asked */
    struct mono retry_at;           /* none is opened for a loan before: the last attempt failed */
    unsigned failures;              /* in a row */
    _Atomic bool up;                /* read without the lock too */
    atomic_bool cancelling;         /* a call of PQcancel is out; no lock */
};

enum pool_answer { POOL_GIVEN, POOL_MAY_OPEN, POOL_EXCHANGED, POOL_FULL, POOL_DOWN };

void pg_pool_init(struct pool *pool, unsigned size, unsigned max, int64_t recycle_ms);
void pg_pool_done(struct pool *pool); /* closes what lies idle */

/* may_open false: take an idle one or none. GIVEN: ret_loan, READY and on no loop. MAY_OPEN: counted; a connection or pg_pool_gone must
 * follow. EXCHANGED: the same, but first ret_loan, of the other kind, is to be closed. FULL: the waiter stands in line. DOWN: it
 * is too early to try again; ret_failure says what failed last. */
enum pool_answer pg_pool_take(struct pool *pool, struct pool_waiter *waiter, bool may_open, struct mono now,
                              struct loan **ret_loan, struct failure *ret_failure);

/* An idle connection comes back; false: it is one too many or too old, the caller closes it and calls pg_pool_gone. */
bool pg_pool_give(struct pool *pool, struct loan *loan, struct mono now);

/* A connection of this kind is no more. */
void pg_pool_gone(struct pool *pool, enum loan_kind kind);

/* Whether there are more than size; and, when none was missing for POOL_LINGER_MS, an idle one of those to be closed: NULL: none. */
bool pg_pool_is_over(struct pool *pool);
struct loan *pg_pool_trim(struct pool *pool, struct mono now);

void pg_pool_leave_line(struct pool *pool, struct pool_waiter *waiter);
/* To be called first by the letter's on_receive. */
void pg_pool_answered(struct pool *pool, struct pool_waiter *waiter);
/* A letter is on its way. */
bool pg_pool_is_calling(struct pool *pool, const struct pool_waiter *waiter);
/* Another than this one waits in line: give back rather than keep. */
bool pg_pool_others_wait(struct pool *pool, const struct pool_waiter *waiter);

/* A port comes and goes; its fast lanes count too. */
void pg_pool_add_port(struct pool *pool, struct list *link, unsigned lanes);
void pg_pool_remove_port(struct pool *pool, struct list *link, unsigned lanes);

/* What was learned: a connection stands or a statement ran; one was lost; one could not be had. */
void pg_pool_is_up(struct pool *pool);
void pg_pool_was_lost(struct pool *pool, const struct failure *failure);
void pg_pool_is_down(struct pool *pool, const struct failure *failure, struct mono now);

/* How long to wait before the n-th attempt in a row: 50 ms doubled each time, at most 5 s, shortened by up to a half at random
 * so that instances do not knock together. */
int64_t pg_backoff_ms(unsigned failures, uint64_t random);

#endif
