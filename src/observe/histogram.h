/* SPDX-License-Identifier: Apache-2.0 */
/* A log-linear histogram of durations, from 1 µs to 100 s: each power of ten is cut into 45 equal parts, so that a bucket is
 * at most a fifth as wide as what it holds, and 1, 2 and 5 of each power are bounds between buckets.
 *
 *   bucket 0: ≤ 1 µs · … · 9: ≤ 10 µs │ 10: ≤ 12 µs · … · 54: ≤ 100 µs │ 55: ≤ 120 µs · … │ … │ the last: > 100 s
 *
 * A bucket holds what is above the bound before it and not above its own: as Prometheus' `le` means it.
 *
 * Threads: one writes (histogram_note), any read meanwhile: relaxed atomics, so that a reader sees each number as it was at
 * some moment of its reading. A zeroed histogram is empty. Pure; no failure. */
#ifndef LEAT_OBSERVE_HISTOGRAM_H
#define LEAT_OBSERVE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_DECADES 7 /* above the first: up to 10^8 µs */
#define HISTOGRAM_PARTS 45
#define HISTOGRAM_BUCKETS (10 + HISTOGRAM_DECADES * HISTOGRAM_PARTS + 1)

struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
    _Atomic uint64_t sum_us;
};

/* Adds to a counter that this thread alone writes: no locked instruction. */
static inline void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static inline uint64_t counter_read(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* By its one writer. A negative duration counts as 0. */
void histogram_note(struct histogram *histogram, int64_t us);

/* Adds what another holds to a sum that this thread alone has. */
void histogram_add(struct histogram *sum, const struct histogram *other);

/* The bucket of a duration, and the largest duration that a bucket holds (of the last: INT64_MAX). */
unsigned histogram_bucket(int64_t us);
int64_t histogram_bound_us(unsigned bucket);

#endif
