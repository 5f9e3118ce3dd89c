/* SPDX-License-Identifier: Apache-2.0 */
/* A spool: bytes that lie in memory while they are few, and in a file without a name when they are many. For bodies of
 * requests (written whole, then read in pieces) and for answers (one side appends what the other takes).
 *
 * It is a ring of bytes_max bytes: the first memory_bytes_max of them are memory, the others the file. A spool that
 * was taken empty begins at the ring's start again, so a reader that keeps up never touches the disk.
 *
 *      |---- memory ----|-------------- file --------------|
 *            ▲ begin: the next byte taken    ▲ end: the next byte appended
 *
 * The files of many spools share a struct spool_space: a folder, and how much they may hold of its disk together.
 * An append is a pwrite(2) once the memory is full: append kilobytes, not bytes.
 * Failure: ERR_LIMIT, ERR_MEMORY, ERR_SYSTEM (errno tells); what failed has changed nothing that can be read.
 * Ownership: the spool owns its memory and its file until spool_done; the space must outlive it. The kernel frees the
 * file when the process ends, however it ends.
 * Threads: one at a time (two sides on two threads: under a lock of their owner's); a space is for any thread. */
#ifndef LEAT_BASE_SPOOL_H
#define LEAT_BASE_SPOOL_H

#include <stdatomic.h>

#include "base/error.h"
#include "base/slice.h"

struct spool_space {
    const char *folder;
    uint64_t bytes_max;           /* of the disk, all spools together */
    _Atomic uint64_t bytes_taken; /* of the disk, now */
};

struct spool {
    struct spool_space *space;
    uint64_t begin, end; /* of what is held; positions in the ring are these modulo bytes_max */
    uint64_t bytes_max;
    size_t memory_bytes_max;
    char *memory; /* NULL until the first append */
    size_t memory_bytes;
    uint64_t file_bytes; /* written of the file so far, counted in the space */
    int fd;              /* -1: no file yet */
};

/* Empty; takes no memory and no file before they are needed. bytes_max ≥ memory_bytes_max: the most it may hold. */
void spool_init(struct spool *spool, struct spool_space *space, size_t memory_bytes_max, uint64_t bytes_max);

/* All of the bytes or none. ERR_LIMIT: bytes_max, or bytes_max of the space. */
enum error spool_append(struct spool *spool, struct slice bytes) must_check;

/* Copies what is held from the offset on, counted from the first byte held; fewer than `room` bytes only at the end. */
enum error spool_read(struct spool *spool, uint64_t offset, char *to, size_t room,
                      size_t *ret_len) must_check;

/* Copies the first bytes held and lets go of them; fewer than `room` bytes only when it is empty then. */
enum error spool_take(struct spool *spool, char *to, size_t room, size_t *ret_len) must_check;

/* How many bytes it holds. */
static inline uint64_t spool_bytes(const struct spool *spool)
{
    return spool->end - spool->begin;
}

/* True when all it holds lies in memory, in one piece: valid until the next append, take or done. */
bool spool_in_memory(const struct spool *spool, struct slice *ret_bytes);

/* Gives memory, file and disk back. Takes a zeroed spool, and one that is done. */
void spool_done(struct spool *spool);

#endif
