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
    int64_t asked;   /* in a round, if demand stays */
    int64_t there;   /* what remains now, and what comes in a round */
    int64_t remains; /* below 0: a debt */
};

static struct pot pot_of(const unsigned *demands, const int64_t *levels, unsigned count, int64_t per_interval)
{
    struct pot pot = {0};
    for (unsigned i = 0; i < count; i++) {
        pot.asked += demands[i];
        pot.remains += levels[i];
    }
    pot.there = per_interval + (pot.remains > 0 ? pot.remains : 0);
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

/* Most of it: seven eighths. */
static bool is_plenty(const struct limit_quota *quota, const struct pot *pot)
{
    int64_t full = (int64_t)(quota->kind == LIMIT_BUCKET ? quota->burst : quota->count) * LIMIT_TOKEN;
    return pot->remains > full / 8 * 7;
}

/* All that remains, by the shares; what rounding left is the first one's: below 0 it may be a debt. */
static void deal_levels(const struct pot *pot, const int64_t *levels, unsigned count,
                        struct limit_deal *deals)
{
    int64_t shares = 0, left = pot->remains;
    for (unsigned i = 0; i < count; i++)
        shares += deals[i].share;
    for (unsigned i = 0; i < count; i++) {
        int64_t level = (int64_t)((__int128)pot->remains * deals[i].share / shares);
        deals[i].level_delta = level - levels[i];
        left -= level;
    }
    deals[0].level_delta += left;
}

enum limit_dealt limit_share_deal(const struct limit_quota *quota, const unsigned *demands,
                                  const int64_t *levels, unsigned count, int64_t per_interval,
                                  struct limit_deal *ret_deals)
{
    PRE(count > 0 && count <= LIMIT_INSTANCES_MAX);
    struct pot pot = pot_of(demands, levels, count, per_interval);
    if (pot.asked == 0)
        return LIMIT_IDLE;
    for (unsigned i = 0; i < count; i++)
        ret_deals[i] = (struct limit_deal){.share = share_of(&pot, demands[i], count)};
    deal_levels(&pot, levels, count, ret_deals);
    return is_plenty(quota, &pot) ? LIMIT_PLENTY : LIMIT_SCARCE;
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
