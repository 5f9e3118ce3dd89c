/* SPDX-License-Identifier: Apache-2.0 */
/* Counting connections, lending the idle ones. See pool.h. Every function here takes the lock once and calls nobody while it
 * holds it. */
#include "store/pg/pool.h"

#include "store/pg/loan.h"

static void init_side(struct pool_side *side)
{
    list_init(&side->idle);
    list_init(&side->waiters);
}

void pg_pool_init(struct pool *pool, unsigned size, unsigned max, int64_t recycle_ms)
{
    PRE(size > 0 && max >= size);
    memset(pool, 0, sizeof *pool);
    pool->size = size;
    pool->max = max;
    pool->recycle_ms = recycle_ms;
    for (unsigned kind = 0; kind < LOAN_KINDS; kind++)
        init_side(&pool->sides[kind]);
    list_init(&pool->ports);
    pthread_mutex_init(&pool->lock, NULL);
    pg_failure_make(&pool->failure, "08006", "not connected yet");
}

void pg_pool_done(struct pool *pool)
{
    for (unsigned kind = 0; kind < LOAN_KINDS; kind++)
        for (struct list *link; (link = list_shift(&pool->sides[kind].idle)) != NULL;)
            pg_loan_free(container_of(link, struct loan, link));
    POST(list_empty(&pool->ports) && atomic_load(&pool->waiters_count) == 0);
    pthread_mutex_destroy(&pool->lock);
}

/* ---- shares (locked) ---- */

static enum loan_kind other_than(enum loan_kind kind)
{
    return kind == LOAN_SLOW ? LOAN_WRITE : LOAN_SLOW;
}

/* Whether a kind has less than its half of what can be lent. */
static bool is_short(const struct pool *pool, enum loan_kind kind)
{
    unsigned fast = pool->open - pool->sides[LOAN_SLOW].open - pool->sides[LOAN_WRITE].open;
    unsigned lendable = pool->max - fast;
    unsigned half = kind == LOAN_WRITE ? lendable / 2 : lendable - lendable / 2;
    return pool->sides[kind].open < (half > 0 ? half : 1);
}

/* Whether the other kind is to have the next connection that this one can do without. */
static bool owes(const struct pool *pool, enum loan_kind kind)
{
    enum loan_kind other = other_than(kind);
    return pool->open >= pool->max && pool->sides[other].waiters_count > 0 && is_short(pool, other);
}

/* ---- the line (locked) ---- */

static void stand(struct pool *pool, struct pool_waiter *waiter)
{
    if (waiter->waits || waiter->called)
        return;
    waiter->waits = true;
    list_push(&pool->sides[waiter->kind].waiters, &waiter->link);
    pool->sides[waiter->kind].waiters_count++;
    atomic_fetch_add(&pool->waiters_count, 1);
}

static void leave(struct pool *pool, struct pool_waiter *waiter)
{
    if (!waiter->waits)
        return;
    waiter->waits = false;
    list_remove(&waiter->link);
    pool->sides[waiter->kind].waiters_count--;
    atomic_fetch_sub(&pool->waiters_count, 1);
}

static void call_first(struct pool *pool, enum loan_kind kind)
{
    struct pool_side *side = &pool->sides[kind];
    if (list_empty(&side->waiters))
        return;
    struct pool_waiter *waiter = container_of(side->waiters.next, struct pool_waiter, link);
    leave(pool, waiter);
    waiter->called = true;
    side->called_count++;
    loop_post(waiter->loop, &waiter->letter);
}

/* ---- lending ---- */

static struct loan *pop_idle(struct pool_side *side)
{
    if (side->idle_count <= side->called_count)
        return NULL;
    side->idle_count--;
    return container_of(list_shift(&side->idle), struct loan, link);
}

static void count_open(struct pool *pool, enum loan_kind kind)
{
    pool->open++;
    pool->sides[kind].open++;
}

static void count_gone(struct pool *pool, enum loan_kind kind)
{
    PRE(pool->open > 0 && pool->sides[kind].open > 0);
    pool->open--;
    pool->sides[kind].open--;
}

static enum pool_answer answer(struct pool *pool, struct pool_waiter *waiter, bool may_open, struct mono now,
                               struct loan **ret_loan)
{
    enum loan_kind kind = waiter->kind, other = other_than(kind);
    if ((*ret_loan = pop_idle(&pool->sides[kind])) != NULL) {
        leave(pool, waiter);
        return POOL_GIVEN;
    }
    bool early = now.us < pool->retry_at.us;
    pool->missed_at = now;
    if (early && pool->sides[kind].open == 0)
        return POOL_DOWN;
    if (!early && may_open && pool->open < pool->max) {
        count_open(pool, kind);
        return POOL_MAY_OPEN;
    }
    if (!early && may_open && is_short(pool, kind) && (*ret_loan = pop_idle(&pool->sides[other])) != NULL) {
        count_gone(pool, other);
        count_open(pool, kind);
        return POOL_EXCHANGED;
    }
    stand(pool, waiter);
    return POOL_FULL;
}

enum pool_answer pg_pool_take(struct pool *pool, struct pool_waiter *waiter, bool may_open, struct mono now,
                              struct loan **ret_loan, struct failure *ret_failure)
{
    pthread_mutex_lock(&pool->lock);
    enum pool_answer given = answer(pool, waiter, may_open, now, ret_loan);
    if (given == POOL_DOWN)
        *ret_failure = pool->failure;
    pthread_mutex_unlock(&pool->lock);
    return given;
}

static bool lingers(const struct pool *pool, struct mono now)
{
    return pool->missed_at.us > 0 && mono_diff_us(now, pool->missed_at) < POOL_LINGER_MS * 1000;
}

bool pg_pool_is_over(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool over = pool->open > pool->size;
    pthread_mutex_unlock(&pool->lock);
    return over;
}

struct loan *pg_pool_trim(struct pool *pool, struct mono now)
{
    struct loan *loan = NULL;
    pthread_mutex_lock(&pool->lock);
    for (unsigned kind = 0; kind < LOAN_KINDS && !loan && pool->open > pool->size && !lingers(pool, now);
         kind++)
        if ((loan = pop_idle(&pool->sides[kind])) != NULL)
            count_gone(pool, kind);
    pthread_mutex_unlock(&pool->lock);
    return loan;
}

bool pg_pool_give(struct pool *pool, struct loan *loan, struct mono now)
{
    struct pool_side *side = &pool->sides[loan->kind];
    int64_t age_us = mono_diff_us(now, loan->session.ready_at);
    bool old = pool->recycle_ms > 0 && age_us > pool->recycle_ms * 1000;
    pthread_mutex_lock(&pool->lock);
    bool wanted = !old && !owes(pool, loan->kind) &&
                  (pool->open <= pool->size || lingers(pool, now) || side->waiters_count > 0);
    if (wanted) {
        list_unshift(&side->idle, &loan->link);
        side->idle_count++;
        call_first(pool, loan->kind);
    }
    pthread_mutex_unlock(&pool->lock);
    return wanted;
}

void pg_pool_gone(struct pool *pool, enum loan_kind kind)
{
    pthread_mutex_lock(&pool->lock);
    enum loan_kind heir = owes(pool, kind) || pool->sides[kind].waiters_count == 0 ? other_than(kind) : kind;
    count_gone(pool, kind);
    call_first(pool, heir);
    pthread_mutex_unlock(&pool->lock);
}

void pg_pool_leave_line(struct pool *pool, struct pool_waiter *waiter)
{
    pthread_mutex_lock(&pool->lock);
    leave(pool, waiter);
    pthread_mutex_unlock(&pool->lock);
}

void pg_pool_answered(struct pool *pool, struct pool_waiter *waiter)
{
    pthread_mutex_lock(&pool->lock);
    pool->sides[waiter->kind].called_count -= waiter->called;
    waiter->called = false;
    pthread_mutex_unlock(&pool->lock);
}

bool pg_pool_is_calling(struct pool *pool, const struct pool_waiter *waiter)
{
    pthread_mutex_lock(&pool->lock);
    bool called = waiter->called;
    pthread_mutex_unlock(&pool->lock);
    return called;
}

bool pg_pool_others_wait(struct pool *pool, const struct pool_waiter *waiter)
{
    if (atomic_load_explicit(&pool->waiters_count, memory_order_relaxed) == 0)
        return false;
    pthread_mutex_lock(&pool->lock);
    bool others =
        pool->sides[waiter->kind].waiters_count > (waiter->waits ? 1 : 0) || owes(pool, waiter->kind);
    pthread_mutex_unlock(&pool->lock);
    return others;
}

void pg_pool_add_port(struct pool *pool, struct list *link, unsigned lanes)
{
    pthread_mutex_lock(&pool->lock);
    list_push(&pool->ports, link);
    pool->open += lanes;
    pthread_mutex_unlock(&pool->lock);
}

void pg_pool_remove_port(struct pool *pool, struct list *link, unsigned lanes)
{
    pthread_mutex_lock(&pool->lock);
    PRE(pool->open >= lanes);
    list_remove(link);
    pool->open -= lanes;
    pthread_mutex_unlock(&pool->lock);
}

/* ---- what was learned ---- */

void pg_pool_is_up(struct pool *pool)
{
    if (atomic_load_explicit(&pool->up, memory_order_relaxed))
        return;
    pthread_mutex_lock(&pool->lock);
    pool->up = true;
    pool->failures = 0;
    pool->retry_at = (struct mono){0};
    pthread_mutex_unlock(&pool->lock);
}

void pg_pool_was_lost(struct pool *pool, const struct failure *failure)
{
    pthread_mutex_lock(&pool->lock);
    pool->up = false;
    pool->failure = *failure;
    pthread_mutex_unlock(&pool->lock);
}

void pg_pool_is_down(struct pool *pool, const struct failure *failure, struct mono now)
{
    pthread_mutex_lock(&pool->lock);
    pool->up = false;
    pool->failure = *failure;
    pool->retry_at = mono_after_ms(now, pg_backoff_ms(++pool->failures, (uint64_t)now.us));
    pthread_mutex_unlock(&pool->lock);
}

int64_t pg_backoff_ms(unsigned failures, uint64_t random)
{
    PRE(failures > 0);
    int64_t full_ms = failures < 8 ? 50LL << (failures - 1) : 5000;
    full_ms = full_ms < 5000 ? full_ms : 5000;
    return full_ms - (int64_t)(random % (uint64_t)(full_ms / 2));
}
