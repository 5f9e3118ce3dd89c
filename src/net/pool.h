/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that connections share: blocks of input and exchanges. A connection takes an exchange and a block at the first
 * byte of a request and gives them back when its input is used up and its output sent, so that an idle connection has
 * neither. A worker keeps some of what comes back; the rest is freed.
 *
 * Failure: taking gives NULL when memory is out: the connection is cut. One thread. */
#ifndef LEAT_NET_POOL_H
#define LEAT_NET_POOL_H

#include "http/body.h"
#include "http/head.h"
#include "net/output.h"

enum { BLOCK_SMALL_BYTES = 4096 - 32 };

/* A piece of memory that input is read into. */
struct block {
    struct block *next; /* the pool's */
    size_t cap;
    char bytes[];
};

/* What is measured in windows of time: see rate_min of net.h. */
struct window {
    enum { WINDOW_NONE, WINDOW_BODY, WINDOW_OUTPUT } kind;
    uint64_t bytes; /* the counter at the window's beginning */
};

/* What a connection has only while a request or an answer is on its way. */
struct exchange {
    struct exchange *next; /* the pool's */

    struct block *in; /* input; [in_at, in_len) is not used yet */
    size_t in_at, in_len;
    struct block *head_in; /* holds the head's bytes while `in` is another block; NULL: they are in `in` */
    bool head_tried;       /* the parser has seen all of the input and wants more */
    bool head_waits;       /* the head's deadline is set */
    size_t heads_bytes;    /* what it counts among the worker's partial heads */

    struct http_head head;
    struct http_body body;
    bool body_wanted, body_paused, continue_sent;
    bool body_ended;              /* all of it was read */
    bool body_last_told;          /* the owner knows */
    uint64_t body_received_bytes; /* since the head, framing included */

    struct http_fault fault; /* to be told, or (fault_told) told, to the owner */
    bool fault_told;

    struct output out;
    bool answer_begun; /* conn_send was called: no other answer can be given */
    bool sent_wanted;  /* on_sent is owed */
    struct window window;

    struct http_field fields[HTTP_FIELDS_MAX];
};

struct pool {
    uint64_t *held_bytes;
    struct exchange *exchanges;
    struct block *small, *large;
    unsigned exchange_count, small_count, large_count; /* of those kept */
    unsigned lent_count, lent_peak;                    /* exchanges; the most since the last flood went */
    size_t large_bytes;                                /* how large a large block is to be */
};

void pool_init(struct pool *pool, size_t large_bytes, uint64_t *held_bytes);
void pool_done(struct pool *pool);

/* From now on large blocks are of this size. */
void pool_large_set(struct pool *pool, size_t large_bytes);

/* An exchange with one small block, nothing in it. NULL: memory is out. */
struct exchange *pool_exchange_take(struct pool *pool) must_check;
void pool_exchange_give(struct pool *pool, struct exchange *exchange);

struct block *pool_large_take(struct pool *pool) must_check;
/* A block of either size; takes NULL. */
void pool_block_give(struct pool *pool, struct block *block);

/* Bytes that have come and are not used yet. */
static inline size_t exchange_input_left(const struct exchange *exchange)
{
    return exchange->in_len - exchange->in_at;
}

/* Makes the exchange ready for the next request; input that is not used and output that is not sent stay. */
void exchange_next(struct exchange *exchange);

#endif
