/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets as GCRA, the generic cell rate algorithm (ITU-T I.371, annex A: virtual scheduling).
 *
 *            ├──────────── tau = burst × increment ────────────┤
 *   ─────────┼───────────────────────────┼─────────────────────┼──▶ time
 *           now                        state                  now + tau
 *            └─ what is taken ───────────┘└─ what remains ─────┘
 *
 * The state is when the bucket is full again; full buckets have it in the past. The increment is rounded up to whole nanoseconds:
 * never is more let through than the rate, and at most a nanosecond a request less. With a share f the increment is 1/f of it. */
#include "base/check.h"
#include "limit/parts.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Of one request against the whole quota. */
static int64_t increment(const struct limit_quota *quota)
{
    PRE(quota->count > 0 && quota->count <= LIMIT_COUNT_MAX);
    if (quota->increment_ns)
        return quota->increment_ns;
    return (limit_unit_ns(quota->unit) + quota->count - 1) / quota->count;
}

/* Of `weight` requests against a share of it: at most 86400e9 × 1e6 × 65536 ns when all are at their bounds, so in 128 bits, and
 * bounded by what a time can bear. */
static int64_t cost(const struct limit_quota *quota, unsigned share, unsigned weight)
{
    PRE(share > 0 && share <= LIMIT_SHARE_WHOLE && weight <= LIMIT_COUNT_MAX);
    if (share == LIMIT_SHARE_WHOLE && weight == 1)
        return increment(quota);
    unsigned __int128 whole = (unsigned __int128)increment(quota) * weight * LIMIT_SHARE_WHOLE;
    unsigned __int128 part = (whole + share - 1) / share;
    return part > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)part;
}

static int64_t tau(const struct limit_quota *quota)
{
    if (quota->tau_ns)
        return quota->tau_ns;
    unsigned __int128 whole = (unsigned __int128)increment(quota) * quota->burst;
    return whole > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)whole;
}

void gcra_settle(struct limit_quota *quota)
{
    quota->increment_ns = quota->tau_ns = 0;
    int64_t increment_ns = increment(quota), tau_ns = tau(quota);
    quota->increment_ns = increment_ns;
    quota->tau_ns = tau_ns;
}

bool gcra_take(const struct limit_quota *quota, unsigned share, uint64_t *state, unsigned weight, int64_t now)
{
    int64_t charge = cost(quota, share, weight);
    int64_t taken = later((int64_t)*state, now) - now;
    if (taken > later(tau(quota), charge) - charge)
        return false;
    *state = (uint64_t)(now + taken + charge);
    return true;
}

uint64_t gcra_give(const struct limit_quota *quota, unsigned share, uint64_t state, unsigned weight)
{
    return (uint64_t)((int64_t)state - cost(quota, share, weight));
}

void gcra_look(const struct limit_quota *quota, unsigned share, uint64_t state, unsigned weight, int64_t now,
               struct limit_standing *ret_standing)
{
    int64_t taken = later((int64_t)state, now) - now, one = cost(quota, share, 1), room = tau(quota) - taken;
    unsigned remaining = room >= one ? (unsigned)(room / one) : 0;
    if (remaining == 0 && taken == 0)
        remaining = 1; /* a share of less than one request: it leaves a debt */
    int64_t charge = weight ? cost(quota, share, weight) : 0;
    int64_t wait = taken + charge - later(tau(quota), charge);
    *ret_standing = (struct limit_standing){
        .limit = quota->burst,
        .remaining = remaining,
        .reset_ns = taken,
        .retry_ns = weight && wait > 0 ? wait : 0,
    };
}

int64_t gcra_taken(const struct limit_quota *quota, unsigned share, uint64_t state, int64_t now)
{
    int64_t taken = later((int64_t)state, now) - now;
    return (int64_t)((__int128)taken * LIMIT_TOKEN / cost(quota, share, 1));
}

/* Times are of a share: what took so long of the one takes less of a larger. */
uint64_t gcra_deal(const struct limit_quota *quota, const struct limit_dealing *dealing, uint64_t state,
                   int64_t now)
{
    int64_t one = cost(quota, dealing->share, 1);
    __int128 taken = later((int64_t)state, now) - now;
    taken =
        taken * one / cost(quota, dealing->share_before, 1) + (__int128)dealing->delta * one / LIMIT_TOKEN;
    if (taken < 0)
        taken = 0;
    if (taken > INT64_MAX / 4)
        taken = INT64_MAX / 4;
    return (uint64_t)(now + (int64_t)taken);
}
