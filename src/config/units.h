/* SPDX-License-Identifier: Apache-2.0 */
/* Values that carry their unit: durations (ms s m h d), bytes (B KiB MiB GiB), bytes a second. A whole number and one unit,
 * without a space: `30s`, `256MiB`, `500B/s`. Pure; any thread. */
#ifndef LEAT_CONFIG_UNITS_H
#define LEAT_CONFIG_UNITS_H

#include "base/buf.h"

/* False: not a number with such a unit, or beyond 2^62. */
bool units_read_duration(struct slice text, int64_t *ret_ms);
bool units_read_bytes(struct slice text, int64_t *ret_bytes);
bool units_read_rate(struct slice text, int64_t *ret_bytes_per_s);

/* The unit that was meant by a usual wrong one: "KB" behind the number → "KiB", "sec" → "s"; NULL: who knows. */
const char *units_meant(struct slice text);

/* In the largest unit that divides the value: 90000 → `90s`, 60000 → `1m`; 0 → `0s`, `0B`. */
void units_print_duration(struct buf *out, int64_t ms);
void units_print_bytes(struct buf *out, int64_t bytes);
void units_print_rate(struct buf *out, int64_t bytes_per_s);

#endif
