/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a database's file is mapped: for SQLite's mmap_size.
 *
 * A file of at most a quarter of the memory is mapped: it stays in memory anyhow, and a row by key is read without a call of the
 * system and without a copy of its page. A larger one is read: in a map each page that is not in memory would be
 * waited for by the thread that touches it, with 128 KiB read around it, and nothing would tell how long that takes.
 *
 * SQLite drops a map whenever another connection has committed, and its pages fault in anew, some 7 µs for each: more than reading
 * costs, until they are there again. So a file with more than CHANGES_S_MAX commits a second is read.
 * Only a worker's own connection maps: the pool's, which run what takes long, read.
 * The memory is base/machine.h's. */
#ifndef LEAT_STORE_SQLITE_MAP_H
#define LEAT_STORE_SQLITE_MAP_H

#include <stdint.h>

#include "base/slice.h"

/* A quarter of the memory that this process may have, in bytes. Asked at opening alone. */
uint64_t lite_map_bytes_max(void);

/* mmap_size for a file of so many bytes; 0: it is not mapped. When the file grows, no more than the maximum is; SQLite itself maps no more
 * than its first 2 GiB. */
uint64_t lite_map_bytes(uint64_t file_bytes, uint64_t bytes_max);

/* Whether a file is mapped (by its size, above) that had so many commits in a time. */
bool lite_map_pays(unsigned changes, int64_t time_us);

#endif
