/* SPDX-License-Identifier: Apache-2.0 */
/* Faults on purpose: a countdown per point. The table is the one mutable global beside the log level and the allocator's
 * own: system calls have no owner to keep it. */
#include "loop/fault.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"

static struct {
    const char *variable;
    bool armed, and_later; /* written before any thread starts, or by a test */
    atomic_uint left;      /* calls until the one that fails, that one included */
} points[FAULT_POINTS] = {
    [FAULT_READ] = {.variable = "LEAT_FAULT_READ"},
    [FAULT_WRITE] = {.variable = "LEAT_FAULT_WRITE"},
    [FAULT_ACCEPT] = {.variable = "LEAT_FAULT_ACCEPT"},
    [FAULT_CONNECT] = {.variable = "LEAT_FAULT_CONNECT"},
};

void fault_set(enum fault_point point, unsigned nth, bool and_later)
{
    PRE(point < FAULT_POINTS);
    points[point].armed = nth > 0;
    points[point].and_later = and_later;
    atomic_store(&points[point].left, nth);
}

void fault_arm(void)
{
    for (enum fault_point point = 0; point < FAULT_POINTS; point++) {
        const char *text = getenv(points[point].variable);
        if (text == NULL)
            continue;
        char *end;
        unsigned long nth = strtoul(text, &end, 10);
        fault_set(point, (unsigned)nth, *end == '+');
    }
}

bool fault_hits(enum fault_point point)
{
    if (__builtin_expect(!points[point].armed, 1))
        return false;
    unsigned left = atomic_load(&points[point].left);
    while (left > 0 && !atomic_compare_exchange_weak(&points[point].left, &left, left - 1))
        ;
    if (left == 1) /* said, so that a test that counts up knows when it is through */
        dprintf(STDERR_FILENO, "leat: %s: a call fails on purpose\n", points[point].variable);
    return left == 1 || (left == 0 && points[point].and_later);
}
