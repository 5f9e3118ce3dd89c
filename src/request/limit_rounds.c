/* SPDX-License-Identifier: Apache-2.0 */
/* Claims out and deals in. See limit_rounds.h. */
#include "request/limit_rounds.h"

#include "base/mem.h"
#include "limit/share.h"

enum { LIMIT_ROUNDS_MAGIC = 0x4c524e44, INTERVAL_MS = 100 };

_Static_assert((int)REDIS_ROUND_MEMBERS_MAX <= (int)LIMIT_INSTANCES_MAX, "each that is heard has a share");
_Static_assert(LIMIT_CLAIMS_MAX *LIMIT_CLAIM_BYTES < REDIS_OFFER_BYTES_MAX, "claims are one offer");

struct limit_rounds {
    uint32_t magic;
    struct limiter *limiter;
    struct loop *loop;
    struct redis_rounds *rounds;
    struct limit_circle circle;
    struct limit_claim own[LIMIT_CLAIMS_MAX];
    struct limit_claim *dealt; /* of all instances, one behind the other; grows to the largest deal */
    size_t dealt_room;
    atomic_uint instances;
    atomic_ullong deals;
};

static struct limit_time now_of(const struct limit_rounds *rounds)
{
    return limiter_time(rounds->limiter, loop_now(rounds->loop));
}

static void on_offer(void *context, struct buf *out)
{
    struct limit_rounds *rounds = context;
    CHECK_MAGIC(rounds, LIMIT_ROUNDS_MAGIC);
    unsigned count = limiter_export(rounds->limiter, now_of(rounds), rounds->own);
    limit_claims_write(out, &(struct limit_claims){rounds->own, count});
}

/* False: no memory. */
static bool make_room(struct limit_rounds *rounds, const struct slice *offers, unsigned count)
{
    size_t needed = 0;
    for (unsigned i = 0; i < count; i++)
        needed += limit_claims_in(offers[i]);
    if (needed <= rounds->dealt_room)
        return true;
    void *more = mem_resize(rounds->dealt, needed * sizeof *rounds->dealt);
    if (more == NULL)
        return false;
    rounds->dealt = more;
    rounds->dealt_room = needed;
    return true;
}

/* A deal that is left out changes no share, here or elsewhere. */
static void on_deal(void *context, const struct slice *offers, unsigned count, unsigned self)
{
    struct limit_rounds *rounds = context;
    struct limit_claims claims[REDIS_ROUND_MEMBERS_MAX];
    struct limit_time now = now_of(rounds);
    CHECK_MAGIC(rounds, LIMIT_ROUNDS_MAGIC);
    if (!limit_circle_admits(&rounds->circle, count, now) || !make_room(rounds, offers, count))
        return;
    struct limit_claim *room = rounds->dealt;
    for (unsigned i = 0; i < count; i++) {
        (void)limit_claims_read(offers[i], room, &claims[i]); /* what is no list claims nothing */
        room += claims[i].count;
    }
    limiter_instances(rounds->limiter, count, self);
    limiter_import(rounds->limiter, now, claims, count, INTERVAL_MS);
    atomic_store_explicit(&rounds->instances, count, memory_order_relaxed);
    atomic_fetch_add_explicit(&rounds->deals, 1, memory_order_relaxed);
}

struct limit_rounds *limit_rounds_open(struct redis_plan *plan, struct redis *redis, struct loop *loop,
                                       struct limiter *limiter)
{
    struct limit_rounds *rounds = mem_must(sizeof *rounds);
    rounds->magic = LIMIT_ROUNDS_MAGIC;
    rounds->limiter = limiter;
    rounds->loop = loop;
    const struct redis_rounds_events events = {rounds, on_offer, on_deal};
    rounds->rounds = redis_rounds_open(plan, redis, loop, INTERVAL_MS, &events);
    return rounds;
}

void limit_rounds_close(struct limit_rounds *rounds)
{
    CHECK_MAGIC(rounds, LIMIT_ROUNDS_MAGIC);
    redis_rounds_close(rounds->rounds);
}

bool limit_rounds_is_quiet(const struct limit_rounds *rounds)
{
    return redis_rounds_is_quiet(rounds->rounds);
}

void limit_rounds_free(struct limit_rounds *rounds)
{
    if (rounds == NULL)
        return;
    CHECK_MAGIC(rounds, LIMIT_ROUNDS_MAGIC);
    redis_rounds_free(rounds->rounds);
    mem_free(rounds->dealt);
    rounds->magic = 0;
    mem_free(rounds);
}

void limit_rounds_metrics(const struct limit_rounds *rounds, struct metrics_page *page)
{
    if (rounds == NULL)
        return;
    metrics_gauge(page, "leat_limit_instances",
                  "Instances that limits were dealt among last, this one with them; 0: none yet.",
                  atomic_load_explicit(&rounds->instances, memory_order_relaxed));
    metrics_counter(page, "leat_limit_rounds_total", "Rounds in which limits were dealt.",
                    atomic_load_explicit(&rounds->deals, memory_order_relaxed));
}
