/* SPDX-License-Identifier: Apache-2.0 */
/* Two times that never mix: monotonic for waits and measures, wall for dates that people see. Microseconds.
 * Any thread; a loop keeps the monotonic time of its turn (loop/loop.h), pure parts are handed a value. */
#ifndef LEAT_BASE_CLOCK_H
#define LEAT_BASE_CLOCK_H

#include <stdint.h>

struct mono {
    int64_t us;
};

struct wall {
    int64_t us; /* since 1970-01-01 UTC */
};

struct mono clock_mono(void);
struct wall clock_wall(void);

/* Microseconds from `since` to `until`. */
static inline int64_t mono_diff_us(struct mono until, struct mono since)
{
    return until.us - since.us;
}

static inline struct mono mono_after_ms(struct mono from, int64_t ms)
{
    return (struct mono){from.us + ms * 1000};
}

/* "2026-01-31T09:05:07.123456Z" and a NUL: RFC 3339, always 27 characters. Years 0 to 9999. */
void wall_format(struct wall wall, char ret_text[28]);

/* "Sat, 31 Jan 2026 09:05:07 GMT" and a NUL: RFC 9110 section 5.6.7, always 29 characters. */
void wall_format_http(struct wall wall, char ret_text[30]);

#endif
