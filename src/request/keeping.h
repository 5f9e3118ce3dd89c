/* SPDX-License-Identifier: Apache-2.0 */
/* What a request has to do with the cache, from its question to its end: cache_key.c says whether and under which key, cache_step.c asks,
 * cache_fill.c keeps what was made. Theirs alone; what others need is in cache_step.h.
 * Ownership: of the request's arena; `fill`, `sharing` and the waiter's entry are given back by cache_done. Threads: the worker's. */
#ifndef LEAT_REQUEST_KEEPING_H
#define LEAT_REQUEST_KEEPING_H

#include "cache/cache.h"
#include "request/depends.h"
#include "request/request.h"
#include "request/second_level.h"
#include "request/worker.h"

struct keeping {
    struct request *request;
    const struct cache_policy *policy;
    int64_t ttl_ms;
    bool limited; /* ttl_ms is what another service said: it holds for a 404, too */
    struct cache_key key;
    unsigned parts;    /* of the caller: bits of enum caller_part that the key is made of */
    struct fill *fill; /* held: ours to end */
    struct waiter waiter;
    struct letter woken; /* from the waker's thread */
    bool waits, awake;
    bool through; /* it is a write's: what it answers is the row's answer, too; the key is made then */
    struct depends depends;
    struct shared_key shared;
    struct sharing *sharing; /* NULL: the other instances were not asked, or not yet */
    bool shared_asked;
};

static inline struct cache *keeping_cache(const struct request *request)
{
    return request->worker->service->cache;
}

static inline struct mono keeping_now(const struct request *request)
{
    return loop_now(request->worker->loop);
}

static inline int64_t keeping_seconds(struct mono later, struct mono earlier)
{
    return mono_diff_us(later, earlier) / 1000000;
}

/* --- cache_key.c --- */

/* NULL: its answer is not kept. *ret_ttl_ms: for how long it is. */
const struct cache_policy *keeping_policy_of(const struct request *request, int64_t *ret_ttl_ms);

/* Of the caller, what the key is made of whatever the plan uses: bits of enum caller_part. */
unsigned keeping_parts_of(const struct cache_policy *policy);

/* Sets keeping->key from what is asked and keeping->parts. *ret_question: behind the number of the model, which is this process's alone; valid
 * until the next key is made. False: no memory. */
bool keeping_make_key(struct request *request, struct slice *ret_question) must_check;

/* --- cache_step.c --- */

/* Answers from the entry; takes over the reference. */
enum step keeping_serve(struct request *request, struct entry *entry);

/* What caches further out are told of it, whoever makes it. */
void keeping_tell_caches(struct request *request);
void keeping_tell_tags(struct request *request);

/* The sink of a request that is made for the cache alone. */
extern const struct request_sink keeping_nobody;

#endif
