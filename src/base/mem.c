/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to malloc, and the fault injection behind it. The counters are the one mutable global of this part:
 * they count over the process, by design, and rest at 0 unless mem_fault_arm found its variable. */
#include "base/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long fault_at;         /* the allocation to fail, counted from 1; 0: none. Set before threads start */
static bool fault_ever_after; /* and all later ones */
static atomic_long fault_count;

void mem_fault_arm(void)
{
    const char *value = getenv("LEAT_FAULT_ALLOC");
    char *end = NULL;
    long at = value ? strtol(value, &end, 10) : 0;
    bool ever_after = end && *end == '+';
    if (at <= 0 || end[ever_after])
        at = 0;
    fault_at = at;
    fault_ever_after = ever_after;
    atomic_store(&fault_count, 0);
}

/* Said, so that a test that counts up knows when it is through. */
static bool fault_now(void)
{
    if (fault_at == 0)
        return false;
    long count = atomic_fetch_add(&fault_count, 1) + 1;
    if (count == fault_at)
        dprintf(STDERR_FILENO, "leat: LEAT_FAULT_ALLOC: allocation %ld fails on purpose\n", count);
    return count == fault_at || (fault_ever_after && count > fault_at);
}

void *mem_must(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        check_failed("allocation", "out of memory", __FILE__, __LINE__);
    return memory;
}

void *mem_try(size_t size)
{
    return fault_now() ? NULL : calloc(1, size ? size : 1);
}

void *mem_resize(void *old, size_t size)
{
    return fault_now() ? NULL : realloc(old, size ? size : 1);
}

void mem_free(void *memory)
{
    free(memory);
}

void mem_share_heap(void)
{
    (void)mallopt(M_ARENA_MAX, 1); /* a sanitizer's malloc knows no such thing */
}

void mem_trim(void)
{
    malloc_trim(0);
}

char *mem_dup(const char *data, size_t len)
{
    PRE(data || len == 0);
    char *copy = mem_must(len + 1);
    if (len)
        memcpy(copy, data, len);
    return copy;
}
