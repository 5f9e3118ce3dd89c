/* SPDX-License-Identifier: Apache-2.0 */
/* How instances share a key's quota: each has a share of it, dealt anew each round by what each was asked for in the last. Pure.
 *
 *   demands, levels of a round ─► shares: demand over the greater of limit and all demands; what the limit has left, in equal parts
 *                              ─► levels: all that remains, by the shares
 *
 * The sum of shares is never more than the whole. Levels are dealt as differences, whose sum is 0: so what remains of a quota, all
 * instances together, is changed by requests and time alone, whenever each of them applies its own: debts carry over. Everyone deals
 * alike from the same claims; no one asks another on the path of a request. */
#ifndef LEAT_LIMIT_SHARE_H
#define LEAT_LIMIT_SHARE_H

#include "limit/quota.h"

enum { LIMIT_INSTANCES_MAX = 64 };

struct limit_deal {
    unsigned share;      /* in 65,536ths; never 0 */
    int64_t level_delta; /* to be added to the level, in thousandths */
};

/* What each gets. demands: in requests of the interval; claimed: who said something of the key; of the others the level is unknown, and
 * their delta 0. per_interval: what the whole quota lets through in it, in thousandths. count: 1 to LIMIT_INSTANCES_MAX. */
void limit_share_deal(const unsigned *demands, const int64_t *levels, const bool *claimed, unsigned count,
                      int64_t per_interval, struct limit_deal *ret_deals);

/* What the quota lets through in an interval, in thousandths. */
int64_t limit_share_interval(const struct limit_quota *quota, unsigned interval_ms);

#endif
