/* SPDX-License-Identifier: Apache-2.0 */
/* The two arithmetics behind quota.h, one file each: what quota.c chooses between. Of this folder alone. */
#ifndef LEAT_LIMIT_PARTS_H
#define LEAT_LIMIT_PARTS_H

#include "limit/quota.h"

/* gcra.c */
void gcra_settle(struct limit_quota *quota);
bool gcra_take(const struct limit_quota *quota, unsigned share, uint64_t *state, unsigned weight,
               int64_t now);
uint64_t gcra_give(const struct limit_quota *quota, unsigned share, uint64_t state, unsigned weight);
void gcra_look(const struct limit_quota *quota, unsigned share, uint64_t state, unsigned weight, int64_t now,
               struct limit_standing *ret_standing);
int64_t gcra_taken(const struct limit_quota *quota, unsigned share, uint64_t state, int64_t now);
uint64_t gcra_deal(const struct limit_quota *quota, const struct limit_dealing *dealing, uint64_t state,
                   int64_t now);

/* window.c */
uint64_t window_fresh(const struct limit_quota *quota, int64_t now);
bool window_take(const struct limit_quota *quota, unsigned share, uint64_t *state, unsigned weight,
                 int64_t now);
uint64_t window_give(const struct limit_quota *quota, uint64_t state, unsigned weight, int64_t now);
void window_look(const struct limit_quota *quota, unsigned share, uint64_t state, unsigned weight,
                 int64_t now, struct limit_standing *ret_standing);
bool window_is_full(enum limit_kind kind, enum limit_unit unit, uint64_t state, int64_t now);
int64_t window_taken(const struct limit_quota *quota, uint64_t state, int64_t now);
uint64_t window_deal(const struct limit_quota *quota, const struct limit_dealing *dealing, uint64_t state,
                     int64_t now);

#endif
