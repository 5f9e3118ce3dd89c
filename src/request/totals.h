/* SPDX-License-Identifier: Apache-2.0 */
/* Totals kept in the process: `page: {by: number, total: 5m}` says how old a total may be. Keyed by resource and filters.
 * Bounded: TOTALS_MAX entries, the oldest goes first. Any thread. */
#ifndef LEAT_REQUEST_TOTALS_H
#define LEAT_REQUEST_TOTALS_H

#include "base/clock.h"
#include "base/slice.h"

#define TOTALS_MAX 4096
#define TOTAL_KEY_MAX 512 /* longer keys are not kept */

struct totals;

struct totals *totals_new(void);
void totals_free(struct totals *totals);

/* False: none kept, or older than ttl_ms. `generation`: the model's number, part of the key. */
bool totals_get(struct totals *totals, uint64_t generation, struct slice key, struct mono now, int64_t ttl_ms,
                uint64_t *ret_total);
void totals_put(struct totals *totals, uint64_t generation, struct slice key, struct mono now,
                uint64_t total);

#endif
