/* SPDX-License-Identifier: Apache-2.0 */
/* How instances share a key's quota: each has a share of it, dealt anew each round by what each was asked for in the last. Pure.
 *
 *   demands of a round ─► shares: of what remains and comes in a round each gets what it is asked for, and all the same of what is left
 *                         over; where there is too little, in proportion to what it is asked for
 *   what is taken       ─► the same in all, by the shares
 *
 * So while there is plenty shares are about equal, whoever is asked; when there is little it is where it is asked for. The sum of
 * shares is never more than the whole. What is taken is dealt as differences, whose sum is 0: so it is changed by requests and time
 * alone, all instances together, whenever each of them applies its own: debts carry over. Everyone deals alike from the same claims; no
 * one asks another on the path of a request. */
#ifndef LEAT_LIMIT_SHARE_H
#define LEAT_LIMIT_SHARE_H

#include "limit/quota.h"

enum { LIMIT_INSTANCES_MAX = 64 };

struct limit_deal {
    unsigned share; /* in 65,536ths; never 0 */
    int64_t delta;  /* to be added to what is taken, in thousandths; of a window in whole requests */
};

enum limit_dealt {
    LIMIT_IDLE,   /* nothing was asked for: shares stay as they are, nothing was dealt */
    LIMIT_PLENTY, /* dealt, for the last time: most of it remains */
    LIMIT_SCARCE, /* dealt, and to be dealt again */
};

/* What each gets. In thousandths: demands of the interval, takens, per_interval, which is what the whole quota lets through in it.
 * count: 1 to LIMIT_INSTANCES_MAX. */
enum limit_dealt limit_share_deal(const struct limit_quota *quota, const unsigned *demands,
                                  const unsigned *takens, unsigned count, int64_t per_interval,
                                  struct limit_deal *ret_deals);

/* Among how many instances shares were dealt last. One that is late, or comes back with all the others after Redis was away, still has
 * what it was dealt: a deal among fewer is followed only when there were no more for LIMIT_FEWER_NS. */
#define LIMIT_FEWER_NS INT64_C(1000000000)
struct limit_circle {
    unsigned count; /* 0: none yet */
    bool fewer;
    struct limit_time fewer_since;
};
/* Whether a deal among so many is followed; if so that is the circle now. */
bool limit_circle_admits(struct limit_circle *circle, unsigned count, struct limit_time now);

/* What the quota lets through in an interval, in thousandths. */
int64_t limit_share_interval(const struct limit_quota *quota, unsigned interval_ms);

#endif
