/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of exchanges and blocks; pool.h says what they are. */
#include "net/pool.h"

#include "base/mem.h"

enum { EXCHANGES_KEPT = 256, SMALL_KEPT = 256, LARGE_KEPT = 32, FLOOD = 2048 };

void pool_init(struct pool *pool, size_t large_bytes, uint64_t *held_bytes)
{
    PRE(large_bytes > BLOCK_SMALL_BYTES);
    *pool = (struct pool){.large_bytes = large_bytes, .held_bytes = held_bytes};
}

static void free_blocks(struct block **blocks)
{
    for (struct block *block; (block = *blocks) != NULL;) {
        *blocks = block->next;
        mem_free(block);
    }
}

static void exchange_free(struct exchange *exchange)
{
    output_done(&exchange->out);
    mem_free(exchange);
}

void pool_done(struct pool *pool)
{
    free_blocks(&pool->small);
    free_blocks(&pool->large);
    for (struct exchange *exchange; (exchange = pool->exchanges) != NULL;) {
        pool->exchanges = exchange->next;
        exchange_free(exchange);
    }
}

void pool_large_set(struct pool *pool, size_t large_bytes)
{
    if (large_bytes == pool->large_bytes)
        return;
    free_blocks(&pool->large);
    pool->large_count = 0;
    pool->large_bytes = large_bytes;
}

static struct block *block_new(size_t cap)
{
    struct block *block = mem_try(sizeof *block + cap);
    if (block != NULL)
        block->cap = cap;
    return block;
}

static struct block *small_take(struct pool *pool)
{
    struct block *block = pool->small;
    if (block == NULL)
        return block_new(BLOCK_SMALL_BYTES);
    pool->small = block->next;
    pool->small_count--;
    return block;
}

struct block *pool_large_take(struct pool *pool)
{
    struct block *block = pool->large;
    if (block == NULL)
        return block_new(pool->large_bytes);
    pool->large = block->next;
    pool->large_count--;
    return block;
}

void pool_block_give(struct pool *pool, struct block *block)
{
    if (block == NULL)
        return;
    bool small = block->cap == BLOCK_SMALL_BYTES;
    struct block **kept = small ? &pool->small : &pool->large;
    unsigned *count = small ? &pool->small_count : &pool->large_count;
    bool odd = !small && block->cap != pool->large_bytes;
    if (odd || *count >= (small ? SMALL_KEPT : LARGE_KEPT)) {
        mem_free(block);
        return;
    }
    block->next = *kept;
    *kept = block;
    ++*count;
}

static struct exchange *exchange_new(struct pool *pool)
{
    struct exchange *exchange = mem_try(sizeof *exchange);
    if (exchange != NULL)
        output_init(&exchange->out, pool->held_bytes);
    return exchange;
}

struct exchange *pool_exchange_take(struct pool *pool)
{
    struct exchange *exchange = pool->exchanges;
    if (exchange != NULL) {
        pool->exchanges = exchange->next;
        pool->exchange_count--;
    } else if ((exchange = exchange_new(pool)) == NULL) {
        return NULL;
    }
    exchange->in = small_take(pool);
    if (exchange->in == NULL) {
        exchange_free(exchange);
        return NULL;
    }
    exchange->in_at = exchange->in_len = 0;
    exchange_next(exchange);
    if (++pool->lent_count > pool->lent_peak)
        pool->lent_peak = pool->lent_count;
    return exchange;
}

static void keep(struct pool *pool, struct exchange *exchange)
{
    if (pool->exchange_count >= EXCHANGES_KEPT) {
        exchange_free(exchange);
        return;
    }
    exchange->next = pool->exchanges;
    pool->exchanges = exchange;
    pool->exchange_count++;
}

void pool_exchange_give(struct pool *pool, struct exchange *exchange)
{
    PRE(exchange->heads_bytes == 0 && pool->lent_count > 0);
    pool_block_give(pool, exchange->head_in);
    pool_block_give(pool, exchange->in);
    exchange->head_in = exchange->in = NULL;
    output_reset(&exchange->out);
    keep(pool, exchange);
    if (--pool->lent_count < pool->lent_peak / 8 && pool->lent_peak >= FLOOD) {
        mem_trim(); /* else what a flood took would stay ours: it lies among what connections hold for long */
        pool->lent_peak = pool->lent_count;
    }
}

void exchange_next(struct exchange *exchange)
{
    http_head_init(&exchange->head, exchange->fields, HTTP_FIELDS_MAX);
    exchange->head_tried = exchange->head_waits = false;
    exchange->body_wanted = exchange->body_paused = exchange->continue_sent = false;
    exchange->body_ended = true; /* until a head says otherwise */
    exchange->body_last_told = false;
    exchange->body_received_bytes = 0;
    exchange->fault = (struct http_fault){0};
    exchange->fault_told = exchange->answer_begun = exchange->sent_wanted = false;
    exchange->window.kind = WINDOW_NONE;
}
