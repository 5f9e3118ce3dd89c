/* SPDX-License-Identifier: Apache-2.0 */
/* What one key may, and the arithmetic of it: a quota, and 64 bits of state for each key. Pure: state and clock value in, state out.
 * Nothing here fails, allocates or knows of other keys; limit/table.h keeps the states and swaps them.
 *
 *   BUCKET    GCRA: the state is the time at which the bucket is full again (ns). A request of weight w moves it w increments on,
 *             and is refused where that would lie more than `burst` increments in the future.
 *   FIXED     a window's number and how much came in it.
 *   SLIDING   the same, and how much came in the window before, of which as much counts as of it still lies within the last
 *             unit. An estimate: it takes what came in the window before to have come evenly.
 *
 * A charge heavier than the whole quota is let through when nothing else was taken, and leaves a debt: it could else never come.
 * Several instances: each has a share of a key's quota, in 65,536ths; the states are then of the share (limit/share.h).
 *
 * Time is limit time: nanoseconds since 1970 on a clock that never steps (limiter.h): so windows begin with the minute, hour and day of
 * UTC. A value older than one seen before is harmless: never is more let through than without it. */
#ifndef LEAT_LIMIT_QUOTA_H
#define LEAT_LIMIT_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

enum limit_kind { LIMIT_BUCKET, LIMIT_FIXED, LIMIT_SLIDING };
enum limit_unit { LIMIT_SECOND, LIMIT_MINUTE, LIMIT_HOUR, LIMIT_DAY };

enum {
    LIMIT_COUNT_MAX = 1000000,   /* of a quota, and of one charge's weight */
    LIMIT_SHARE_WHOLE = 1 << 16, /* a share: all of it */
    LIMIT_TOKEN = 1000,          /* what instances tell each other is in thousandths of a request */
};

struct limit_time {
    int64_t ns;
};

struct limit_quota {
    enum limit_kind kind;
    enum limit_unit unit;
    unsigned count; /* per unit: 1 to LIMIT_COUNT_MAX */
    unsigned burst; /* BUCKET: how much at once, 1 to LIMIT_COUNT_MAX; a window's is its count */
    int64_t increment_ns, tau_ns; /* BUCKET: set by limit_quota_settle; 0: worked out each time */
};

/* How it stands with a key: true for the instant it was asked at. */
struct limit_standing {
    unsigned limit;     /* how much at once: the burst, or the window's count */
    unsigned remaining; /* so many more of weight 1 would be let through now */
    int64_t reset_ns;   /* until all of the limit remains, if nothing more comes */
    int64_t
        retry_ns; /* after a refusal: until the same would be let through, if nothing more comes; else 0 */
};

int64_t limit_unit_ns(enum limit_unit unit);

/* Works out once what a bucket's decisions would each time. */
void limit_quota_settle(struct limit_quota *quota);

/* Seconds, rounded up. */
static inline unsigned limit_seconds(int64_t ns)
{
    return (unsigned)((ns + 999999999) / 1000000000);
}

/* The state of a key of which nothing was taken yet. */
uint64_t limit_state_fresh(const struct limit_quota *quota, struct limit_time now);

/* Whether such a charge may pass; if so *state becomes what it is after it. weight: 1 to LIMIT_COUNT_MAX. */
bool limit_state_take(const struct limit_quota *quota, unsigned share, uint64_t *state, unsigned weight,
                      struct limit_time now);

/* Takes a charge back that was taken before, with the same weight. */
uint64_t limit_state_give(const struct limit_quota *quota, unsigned share, uint64_t state, unsigned weight,
                          struct limit_time now);

/* weight: what was refused; 0: nothing. */
void limit_state_look(const struct limit_quota *quota, unsigned share, uint64_t state, unsigned weight,
                      struct limit_time now, struct limit_standing *ret_standing);

/* Whether a state says no more than a fresh one would, and is older than any that can be made at `now`: it may be forgotten. */
bool limit_state_is_full(enum limit_kind kind, enum limit_unit unit, uint64_t state, struct limit_time now);

/* What is taken of a share, in thousandths, rounded down; a debt is more than the share holds. */
int64_t limit_state_taken(const struct limit_quota *quota, unsigned share, uint64_t state,
                          struct limit_time now);

/* A share becomes another, and something that others took is said to be taken of it, or the other way around. */
struct limit_dealing {
    unsigned share_before, share;
    int64_t delta; /* in thousandths; of a window in whole requests */
    struct limit_time claimed_at;
};
uint64_t limit_state_deal(const struct limit_quota *quota, const struct limit_dealing *dealing,
                          uint64_t state, struct limit_time now);

#endif
