/* SPDX-License-Identifier: Apache-2.0 */
/* See histogram.h. The arithmetic of bounds, and nothing else: it cannot fail. */
#include "observe/histogram.h"

#include "base/check.h"

#define FIRST_LINEAR 10 /* buckets of 1 µs each before the first decade that is cut */
#define LONGEST_US INT64_C(100000000)

/* How wide a part of each decade is: a 45th of 9 × 10^(1 + n) µs. */
static const uint32_t widths_us[HISTOGRAM_DECADES] = {2, 20, 200, 2000, 20000, 200000, 2000000};

_Static_assert(FIRST_LINEAR + HISTOGRAM_DECADES * HISTOGRAM_PARTS + 1 == HISTOGRAM_BUCKETS,
               "all are counted");

unsigned histogram_bucket(int64_t us)
{
    if (us <= FIRST_LINEAR)
        return us > 0 ? (unsigned)us - 1 : 0;
    if (us > LONGEST_US)
        return HISTOGRAM_BUCKETS - 1;
    uint32_t left = (uint32_t)us - 1; /* a bound belongs to the bucket below it */
    unsigned decade = 0;
    while (left >= 50 * widths_us[decade])
        decade++;
    return FIRST_LINEAR + decade * HISTOGRAM_PARTS + left / widths_us[decade] - 5;
}

int64_t histogram_bound_us(unsigned bucket)
{
    PRE(bucket < HISTOGRAM_BUCKETS);
    if (bucket < FIRST_LINEAR)
        return bucket + 1;
    if (bucket == HISTOGRAM_BUCKETS - 1)
        return INT64_MAX;
    unsigned decade = (bucket - FIRST_LINEAR) / HISTOGRAM_PARTS,
             part = (bucket - FIRST_LINEAR) % HISTOGRAM_PARTS;
    return (int64_t)widths_us[decade] * (5 + part + 1);
}

void histogram_note(struct histogram *histogram, int64_t us)
{
    counter_add(&histogram->counts[histogram_bucket(us)], 1);
    counter_add(&histogram->sum_us, us > 0 ? (uint64_t)us : 0);
}

void histogram_add(struct histogram *sum, const struct histogram *other)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        counter_add(&sum->counts[i], counter_read(&other->counts[i]));
    counter_add(&sum->sum_us, counter_read(&other->sum_us));
}
