/* SPDX-License-Identifier: Apache-2.0 */
/* What there is of the machine for this process: its memory, or what control groups (v1 or v2) leave of it, whichever is less.
 * Failure: none; what cannot be read sets no limit. Any thread; it reads /proc and /sys, so ask at start. */
#ifndef LEAT_BASE_MACHINE_H
#define LEAT_BASE_MACHINE_H

#include <stdint.h>

#include "base/slice.h"

uint64_t machine_memory_bytes(void);

/* The least limit that control groups set: groups is the text of /proc/self/cgroup, root where they are mounted. UINT64_MAX: none.
 * For machine_memory_bytes, and tests. */
uint64_t machine_group_limit(struct slice groups, const char *root);

#endif
