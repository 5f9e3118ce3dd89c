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

/* In 65,536ths less the reserve; rounded down, so that the sum is never more. */
static unsigned share_of(int64_t demand, int64_t all, int64_t per_interval, unsigned count)
{
    int64_t spare = per_interval > all ? (per_interval - all) / count : 0;
    int64_t whole = per_interval > all ? per_interval : all;
    if (whole == 0)
        return (LIMIT_SHARE_WHOLE - RESERVE) / count;
    return (unsigned)((__int128)(demand + spare) * (LIMIT_SHARE_WHOLE - RESERVE) / whole);
}

void limit_share_deal(const unsigned *demands, const int64_t *levels, const bool *claimed, unsigned count,
                      int64_t per_interval, struct limit_deal *ret_deals)
{
    PRE(count > 0 && count <= LIMIT_INSTANCES_MAX);
    int64_t all = 0, remains = 0, dealt = 0, claimed_shares = 0;
    for (unsigned i = 0; i < count; i++) {
        all += (int64_t)demands[i] * LIMIT_TOKEN;
        remains += claimed[i] ? levels[i] : 0;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned share = share_of((int64_t)demands[i] * LIMIT_TOKEN, all, per_interval, count);
        ret_deals[i] = (struct limit_deal){.share = share + RESERVE / count};
        claimed_shares += claimed[i] ? ret_deals[i].share : 0;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!claimed[i])
            continue;
        int64_t level = (int64_t)((__int128)remains * ret_deals[i].share / claimed_shares);
        ret_deals[i].level_delta = level - levels[i];
        dealt += level;
    }
    for (unsigned i = 0; i < count && dealt != remains;
         i++) /* what rounding left: below 0 it may be a debt */
        if (claimed[i]) {
            ret_deals[i].level_delta += remains - dealt;
            dealt = remains;
        }
}
