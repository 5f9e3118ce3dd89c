/* SPDX-License-Identifier: Apache-2.0 */
/* Which arithmetic a quota has. See quota.h. */
#include "limit/quota.h"

#include "base/check.h"
#include "limit/parts.h"

int64_t limit_unit_ns(enum limit_unit unit)
{
    static const int64_t seconds[] = {
        [LIMIT_SECOND] = 1, [LIMIT_MINUTE] = 60, [LIMIT_HOUR] = 3600, [LIMIT_DAY] = 86400};
    PRE((unsigned)unit < ARRAY_LEN(seconds));
    return seconds[unit] * 1000000000;
}

void limit_quota_settle(struct limit_quota *quota)
{
    if (quota->kind == LIMIT_BUCKET)
        gcra_settle(quota);
}

uint64_t limit_state_fresh(const struct limit_quota *quota, struct limit_time now)
{
    return quota->kind == LIMIT_BUCKET ? (uint64_t)now.ns : window_fresh(quota, now.ns);
}

bool limit_state_take(const struct limit_quota *quota, unsigned share, uint64_t *state, unsigned weight,
                      struct limit_time now)
{
    return quota->kind == LIMIT_BUCKET ? gcra_take(quota, share, state, weight, now.ns)
                                       : window_take(quota, share, state, weight, now.ns);
}

uint64_t limit_state_give(const struct limit_quota *quota, unsigned share, uint64_t state, unsigned weight,
                          struct limit_time now)
{
    return quota->kind == LIMIT_BUCKET ? gcra_give(quota, share, state, weight)
                                       : window_give(quota, state, weight, now.ns);
}

void limit_state_look(const struct limit_quota *quota, unsigned share, uint64_t state, unsigned weight,
                      struct limit_time now, struct limit_standing *ret_standing)
{
    if (quota->kind == LIMIT_BUCKET)
        gcra_look(quota, share, state, weight, now.ns, ret_standing);
    else
        window_look(quota, share, state, weight, now.ns, ret_standing);
}

bool limit_state_is_full(enum limit_kind kind, enum limit_unit unit, uint64_t state, struct limit_time now)
{
    return kind == LIMIT_BUCKET ? (int64_t)state < now.ns : window_is_full(kind, unit, state, now.ns);
}

int64_t limit_state_taken(const struct limit_quota *quota, unsigned share, uint64_t state,
                          struct limit_time now)
{
    return quota->kind == LIMIT_BUCKET ? gcra_taken(quota, share, state, now.ns)
                                       : window_taken(quota, state, now.ns);
}

uint64_t limit_state_deal(const struct limit_quota *quota, const struct limit_dealing *dealing,
                          uint64_t state, struct limit_time now)
{
    return quota->kind == LIMIT_BUCKET ? gcra_deal(quota, dealing, state, now.ns)
                                       : window_deal(quota, dealing, state, now.ns);
}
