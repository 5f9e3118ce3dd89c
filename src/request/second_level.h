/* SPDX-License-Identifier: Apache-2.0 */
/* The second level of the cache, as requests use it (redis/level2.h): an answer that is not kept in the process may lie in Redis, made by
 * another instance; and of all instances that miss it one makes it. Only for databases that are servers: what lies in a file is read
 * sooner than Redis is asked, and files of two machines may look alike.
 *
 *   the fill is ours ─▶ sharing_begin ─▶ ⏳ ─┬─ an entry: to be served, and kept here, too
 *                                            └─ none: to be made ─▶ sharing_keep, or sharing_done
 *
 * Names in Redis are keyed hashes of the question and of the model's fingerprint, and what lies there is sealed; both by a secret that follows
 * from what instances share and others do not know: that of our tokens, the database's URL, that of Redis. Where the configuration
 * knows callers, the first is needed: until it is known nothing is shared.
 *
 * Ownership: a second_level is its worker's; a sharing is of its request's arena, and done before that ends. Threads: open on the main
 * thread, before the worker runs; metrics on any; all else on the worker's. Failure: there is no entry, and the answer is made. */
#ifndef LEAT_REQUEST_SECOND_LEVEL_H
#define LEAT_REQUEST_SECOND_LEVEL_H

#include "cache/entry.h"
#include "observe/metrics.h"
#include "redis/level2.h"
#include "request/depends.h"

struct second_level;
struct service;

/* NULL: the worker's service has no Redis. Begins to connect. */
struct second_level *second_level_open(struct worker *worker);
/* What is asked ends without an entry; nothing is asked any more. Takes NULL, as do the following. */
void second_level_close(struct second_level *level);
/* The end of the connection, when no request is left: turns the loop until it is quiet. Before the remote ends. */
void second_level_end(struct second_level *level);
void second_level_free(struct second_level *level);
/* The worker's client; NULL: none. */
struct redis *second_level_redis(const struct second_level *level);

/* leat_cache_redis_…: of all workers. Nothing without Redis. */
void second_level_metrics(const struct service *service, struct metrics_page *page);

/* Under which name an answer lies, and what it is sealed with. */
struct shared_key {
    bool known; /* false: it is not to be shared */
    char name[33];
    unsigned char secret[REDIS_SECRET_BYTES];
};
/* question: all that makes it differ from others under the same model. */
void shared_key_of(const struct request *request, struct slice question, struct shared_key *ret_key);

struct sharing;

struct sharing_asked {
    struct request *request;
    const struct shared_key *key;
    struct cache_key entry_key; /* of the entry that comes */
    const struct depends *depends;
    int64_t least_ms; /* an answer that is good for less is as none */
    /* entry: a reference; NULL: to be made here. */
    void (*on_end)(struct request *request, struct entry *entry);
};

/* NULL: to be made here, and not shared. Else on_end comes, from the loop. */
struct sharing *sharing_begin(const struct sharing_asked *asked) must_check;
/* It was made: for the others. entry NULL: it is none that can be shared, each has to make his own, for so long. Done by this. Takes NULL. */
void sharing_keep(struct sharing *sharing, const struct entry *entry, int64_t ttl_ms);
/* Nothing more of it: on_end does not come; if it was to be made, another makes it. Takes NULL, and one that is done. */
void sharing_done(struct sharing *sharing);

#endif
