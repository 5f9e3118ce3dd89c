/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations that fail on purpose (base/mem.h), armed as a process would be by its environment. */
#ifndef LEAT_TESTS_MEMORY_H
#define LEAT_TESTS_MEMORY_H

#include "lib/unit.h"

#include "base/mem.h"

/* "3": the third from now; "3+": that and all after it; NULL: none. */
static inline void memory_arm(const char *which)
{
    if (which)
        setenv("LEAT_FAULT_ALLOC", which, 1);
    else
        unsetenv("LEAT_FAULT_ALLOC");
    mem_fault_arm();
}

/* Teardown of a test that arms. */
static inline int memory_disarm(void **state)
{
    (void)state;
    memory_arm(NULL);
    return 0;
}

#endif
