/* SPDX-License-Identifier: Apache-2.0 */
/* The dealing of shares. See share.h. */
#include "limit/share.h"

#include "base/check.h"

/* What one that asks for nothing keeps, so that its first request is not refused for want of any share: 1/256 in all. */
enum { RESERVE = LIMIT_SHARE_WHOLE / 256 };

int64_t limit_share_interval(const struct limit_quota *quota, unsigned interval_ms)
{
    __int128 tokens = (__int128)quota->count * LIMIT_TOKEN * interval_ms * 1000000;
    return (int64_t)(tokens / limit_unit_ns(quota->unit));
}

/* What there is to deal, in thousandths. */
struct pot {
    int64_t asked; /* in a round, if demand stays */
    int64_t there; /* what remains now, and what comes in a round */
    int64_t taken, full;
};

static struct pot pot_of(const struct limit_quota *quota, const unsigned *demands, const unsigned *takens,
                         unsigned count, int64_t per_interval)
{
    unsigned most = quota->kind == LIMIT_BUCKET ? quota->burst : quota->count;
    struct pot pot = {.full = (int64_t)most * LIMIT_TOKEN};
    for (unsigned i = 0; i < count; i++) {
        pot.asked += demands[i];
        pot.taken += takens[i];
    }
    pot.there = per_interval + (pot.full > pot.taken ? pot.full - pot.taken : 0);
    return pot;
}

/* In 65,536ths; rounded down, so that the sum is never more. The last requests, one for each instance, are not split: halves of them
 * would be of use to nobody. */
static unsigned share_of(const struct pot *pot, unsigned demand, unsigned count)
{
    bool spares = pot->there > pot->asked + (int64_t)count * LIMIT_TOKEN;
    int64_t spare = spares ? (pot->there - pot->asked) / count : 0;
    int64_t whole = spares ? pot->there : pot->asked;
    return (unsigned)((__int128)(demand + spare) * (LIMIT_SHARE_WHOLE - RESERVE) / whole) + RESERVE / count;
}

/* All that is taken, by the shares; rounded up, so that nobody of whose share something is taken has it whole, but for the largest. */
static void deal_taken(const struct limit_quota *quota, const struct pot *pot, const unsigned *takens,
                       unsigned count, struct limit_deal *deals)
{
    int64_t shares = 0, left = 0, step = quota->kind == LIMIT_BUCKET ? 1 : LIMIT_TOKEN;
    struct limit_deal *largest = deals;
    for (unsigned i = 0; i < count; i++) {
        shares += deals[i].share;
        largest = deals[i].share > largest->share ? &deals[i] : largest;
    }
    for (unsigned i = 0; i < count; i++) {
        int64_t due = (int64_t)((__int128)pot->taken * deals[i].share / shares) - takens[i];
        deals[i].delta = (due > 0 ? due + step - 1 : due) / step * step;
        left -= deals[i].delta;
    }
    largest->delta += left;
}

enum limit_dealt limit_share_deal(const struct limit_quota *quota, const unsigned *demands,
                                  const unsigned *takens, unsigned count, int64_t per_interval,
                                  struct limit_deal *ret_deals)
{
    PRE(count > 0 && count <= LIMIT_INSTANCES_MAX);
    struct pot pot = pot_of(quota, demands, takens, count, per_interval);
    if (pot.asked == 0)
        return LIMIT_IDLE;
    for (unsigned i = 0; i < count; i++)
        ret_deals[i] = (struct limit_deal){.share = share_of(&pot, demands[i], count)};
    deal_taken(quota, &pot, takens, count, ret_deals);
    return pot.taken < pot.full / 8 ? LIMIT_PLENTY : LIMIT_SCARCE;
}

bool limit_circle_admits(struct limit_circle *circle, unsigned count, struct limit_time now)
{
    PRE(count > 0);
    bool fewer = count < circle->count;
    if (fewer && !circle->fewer)
        circle->fewer_since = now;
    circle->fewer = fewer;
    if (fewer && now.ns - circle->fewer_since.ns < LIMIT_FEWER_NS)
        return false;
    *circle = (struct limit_circle){.count = count};
    return true;
}
