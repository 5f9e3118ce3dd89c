/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to malloc. Small fixed allocations abort when memory is out (mem_must); whatever a client can size uses
 * mem_try and handles NULL. For fault tests the environment variable LEAT_FAULT_ALLOC=N makes the N-th
 * mem_try or mem_resize (counted from 1 over the process, from mem_fault_arm on) fail and, with a trailing '+', all
 * later ones too. Any thread. */
#ifndef LEAT_BASE_MEM_H
#define LEAT_BASE_MEM_H

#include <stddef.h>

#include "base/check.h"

/* Zeroed memory, or the process ends: for things whose number and size we choose at start or per connection. */
void *mem_must(size_t size) __attribute__((returns_nonnull, malloc));

/* Zeroed memory or NULL: for what a client can size. */
void *mem_try(size_t size) must_check;

/* Resizes (NULL: allocates); NULL on failure, and then `old` is still valid. New bytes are not zeroed. */
void *mem_resize(void *old, size_t size) must_check;

/* Takes NULL. */
void mem_free(void *memory);

/* All threads allocate from one heap. With one for each, what a thread frees of another's stays a gap in that heap, and a cache that all
 * fill and empty came to take 1.8 times its bytes (decision 0031). Called once by main before any thread starts. */
void mem_share_heap(void);

/* Gives free memory back to the system: after a flood, for it takes milliseconds. */
void mem_trim(void);

/* A NUL-terminated copy of `len` bytes, or the process ends. */
char *mem_dup(const char *data, size_t len) __attribute__((returns_nonnull));

/* Arms fault injection from the environment; called once by main before any thread starts. A value
 * that is not a positive number arms nothing. */
void mem_fault_arm(void);

#endif
