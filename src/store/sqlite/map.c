/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the memory that a map may take: map.h says why. */
#include "store/sqlite/map.h"

#include "base/check.h"
#include "base/machine.h"

enum { PART = 4, CHANGES_S_MAX = 20 };

uint64_t lite_map_bytes_max(void)
{
    return machine_memory_bytes() / PART;
}

uint64_t lite_map_bytes(uint64_t file_bytes, uint64_t bytes_max)
{
    return file_bytes <= bytes_max ? bytes_max : 0;
}

bool lite_map_pays(unsigned changes, int64_t time_us)
{
    PRE(time_us > 0);
    return (int64_t)changes * 1000000 <= CHANGES_S_MAX * time_us;
}
