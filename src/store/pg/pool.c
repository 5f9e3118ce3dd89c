/* SPDX-License-Identifier: Apache-2.0 */
/* Counting connections, lending the idle ones. See pool.h. Every function here takes the lock once and calls nobody while it
 * holds it. */
#include "store/pg/pool.h"

#include "store/pg/slow.h"

void pg_pool_init(struct pool *pool, unsigned size, unsigned max, int64_t recycle_ms)
{
    PRE(size > 0 && max >= size);
    memset(pool, 0, sizeof *pool);
    pool->size = size;
    pool->max = max;
    pool->recycle_ms = recycle_ms;
    list_init(&pool->idle);
    list_init(&pool->waiters);
    list_init(&pool->ports);
    pthread_mutex_init(&pool->lock, NULL);
    pg_failure_make(&pool->failure, "08006", "not connected yet");
}

void pg_pool_done(struct pool *pool)
{
    for (struct list *link; (link = list_shift(&pool->idle)) != NULL;)
        pg_slow_free(container_of(link, struct slow, link));
    POST(list_empty(&pool->ports) && list_empty(&pool->waiters));
    pthread_mutex_destroy(&pool->lock);
}

/* ---- the line (locked) ---- */

static void stand(struct pool *pool, struct pool_waiter *waiter)
{
    if (waiter->waits || waiter->called)
        return;
    waiter->waits = true;
    list_push(&pool->waiters, &waiter->link);
    atomic_fetch_add(&pool->waiters_count, 1);
}

static void leave(struct pool *pool, struct pool_waiter *waiter)
{
    if (!waiter->waits)
        return;
    waiter->waits = false;
    list_remove(&waiter->link);
    atomic_fetch_sub(&pool->waiters_count, 1);
}

static void call_first(struct pool *pool)
{
    if (list_empty(&pool->waiters))
        return;
    struct pool_waiter *waiter = container_of(pool->waiters.next, struct pool_waiter, link);
    leave(pool, waiter);
    waiter->called = true;
    pool->called_count++;
    loop_post(waiter->loop, &waiter->letter);
}

/* ---- lending ---- */

static struct slow *pop_idle(struct pool *pool)
{
    if (pool->idle_count <= pool->called_count)
        return NULL;
    pool->idle_count--;
    return container_of(list_shift(&pool->idle), struct slow, link);
}

static enum pool_answer answer(struct pool *pool, struct pool_waiter *waiter, bool may_open, struct mono now,
                               struct slow **ret_slow)
{
    if ((*ret_slow = pop_idle(pool)) != NULL) {
        leave(pool, waiter);
        return POOL_GIVEN;
    }
    bool early = now.us < pool->retry_at.us;
    if (early && pool->slow == 0)
        return POOL_DOWN;
    if (early || !may_open || pool->open >= pool->max) {
        stand(pool, waiter);
        return POOL_FULL;
    }
    pool->open++;
    pool->slow++;
    return POOL_MAY_OPEN;
}

enum pool_answer pg_pool_take(struct pool *pool, struct pool_waiter *waiter, bool may_open, struct mono now,
                              struct slow **ret_slow, struct failure *ret_failure)
{
    pthread_mutex_lock(&pool->lock);
    enum pool_answer given = answer(pool, waiter, may_open, now, ret_slow);
    if (given == POOL_DOWN)
        *ret_failure = pool->failure;
    pthread_mutex_unlock(&pool->lock);
    return given;
}

bool pg_pool_give(struct pool *pool, struct slow *slow, struct mono now)
{
    int64_t age_us = mono_diff_us(now, slow->session.ready_at);
    bool old = pool->recycle_ms > 0 && age_us > pool->recycle_ms * 1000;
    pthread_mutex_lock(&pool->lock);
    bool wanted = !old && (pool->open <= pool->size || !list_empty(&pool->waiters));
    if (wanted) {
        list_unshift(&pool->idle, &slow->link);
        pool->idle_count++;
        call_first(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return wanted;
}

void pg_pool_gone(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    PRE(pool->open > 0 && pool->slow > 0);
    pool->open--;
    pool->slow--;
    call_first(pool);
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
    pool->called_count -= waiter->called;
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
    bool others = pool->waiters_count > (waiter->waits ? 1 : 0);
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
