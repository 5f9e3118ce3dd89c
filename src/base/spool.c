/* SPDX-License-Identifier: Apache-2.0 */
/* Spools; spool.h has the picture. Each call cuts its bytes at the seams of the ring (memory | file | memory …) and
 * moves piece by piece; only then does `begin` or `end` move, so what fails half way was never there.
 * The file has no name (O_TMPFILE, or a name that is taken away at once), so nothing is left behind by a crash. */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

#define MEMORY_BYTES_MIN 4096

void spool_init(struct spool *spool, struct spool_space *space, size_t memory_bytes_max, uint64_t bytes_max)
{
    PRE(space != NULL);
    PRE(bytes_max > 0 && bytes_max >= memory_bytes_max);
    *spool = (struct spool){.space = space,
                            .bytes_max = bytes_max,
                            .memory_bytes_max = memory_bytes_max,
                            .fd = -1};
}

/* The disk's share: counted in the space while the file has the bytes. */

static bool space_take(struct spool_space *space, uint64_t bytes)
{
    uint64_t taken = atomic_fetch_add(&space->bytes_taken, bytes) + bytes;
    if (taken <= space->bytes_max)
        return true;
    atomic_fetch_sub(&space->bytes_taken, bytes);
    return false;
}

static void space_give(struct spool_space *space, uint64_t bytes)
{
    uint64_t before = atomic_fetch_sub(&space->bytes_taken, bytes);
    POST(before >= bytes);
}

/* For file systems without O_TMPFILE. */
static int open_and_unlink(const char *folder)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/leat-XXXXXX", folder);
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0 && unlink(path) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static enum error file_open(struct spool *spool)
{
    if (spool->fd >= 0)
        return OK;
    spool->fd = open(spool->space->folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (spool->fd < 0)
        spool->fd = open_and_unlink(spool->space->folder);
    return spool->fd < 0 ? ERR_SYSTEM : OK;
}

static enum error file_grow(struct spool *spool, uint64_t bytes)
{
    if (bytes <= spool->file_bytes)
        return OK;
    if (!space_take(spool->space, bytes - spool->file_bytes))
        return ERR_LIMIT;
    spool->file_bytes = bytes;
    return OK;
}

static enum error file_write(struct spool *spool, uint64_t at, struct slice bytes)
{
    enum error error = file_open(spool);
    if (error == OK)
        error = file_grow(spool, at + bytes.len);
    while (error == OK && bytes.len > 0) {
        ssize_t written = pwrite(spool->fd, bytes.data, bytes.len, (off_t)at);
        if (written < 0 && errno != EINTR)
            error = ERR_SYSTEM;
        if (written > 0) {
            at += (uint64_t)written;
            bytes = slice_skip(bytes, (size_t)written);
        }
    }
    return error;
}

static enum error file_read(const struct spool *spool, uint64_t at, char *to, size_t len)
{
    while (len > 0) {
        ssize_t got = pread(spool->fd, to, len, (off_t)at);
        if (got == 0) /* it was cut behind our back */
            errno = EIO;
        if (got == 0 || (got < 0 && errno != EINTR))
            return ERR_SYSTEM;
        if (got > 0) {
            at += (uint64_t)got;
            to += got;
            len -= (size_t)got;
        }
    }
    return OK;
}

static void file_empty(struct spool *spool)
{
    if (spool->file_bytes == 0)
        return;
    PRE(spool->fd >= 0);
    if (ftruncate(spool->fd, 0) < 0)
        return; /* still there, and still counted */
    space_give(spool->space, spool->file_bytes);
    spool->file_bytes = 0;
}

static enum error memory_grow(struct spool *spool, size_t bytes)
{
    PRE(bytes <= spool->memory_bytes_max);
    if (bytes <= spool->memory_bytes)
        return OK;
    size_t wanted = spool->memory_bytes > 0 ? spool->memory_bytes * 2 : MEMORY_BYTES_MIN;
    wanted = wanted < bytes ? bytes : wanted;
    wanted = wanted > spool->memory_bytes_max ? spool->memory_bytes_max : wanted;
    char *memory = mem_resize(spool->memory, wanted);
    if (memory == NULL)
        return ERR_MEMORY;
    spool->memory = memory;
    spool->memory_bytes = wanted;
    return OK;
}

/* How many of `len` bytes from ring position `at` on lie in one piece. */
static size_t span(const struct spool *spool, uint64_t at, size_t len)
{
    uint64_t seam = at < spool->memory_bytes_max ? spool->memory_bytes_max : spool->bytes_max;
    return seam - at < len ? (size_t)(seam - at) : len;
}

static enum error put(struct spool *spool, uint64_t at, struct slice bytes)
{
    if (at >= spool->memory_bytes_max)
        return file_write(spool, at - spool->memory_bytes_max, bytes);
    enum error error = memory_grow(spool, (size_t)at + bytes.len);
    if (error == OK)
        memcpy(spool->memory + at, bytes.data, bytes.len);
    return error;
}

static enum error get(const struct spool *spool, uint64_t at, char *to, size_t len)
{
    if (at >= spool->memory_bytes_max)
        return file_read(spool, at - spool->memory_bytes_max, to, len);
    memcpy(to, spool->memory + at, len);
    return OK;
}

enum error spool_append(struct spool *spool, struct slice bytes)
{
    PRE(spool->space != NULL);
    if (bytes.len > spool->bytes_max - spool_bytes(spool))
        return ERR_LIMIT;
    uint64_t end = spool->end;
    while (bytes.len > 0) {
        uint64_t at = end % spool->bytes_max;
        size_t len = span(spool, at, bytes.len);
        enum error error = put(spool, at, slice_of(bytes.data, len));
        if (error != OK)
            return error;
        end += len;
        bytes = slice_skip(bytes, len);
    }
    spool->end = end;
    return OK;
}

enum error spool_read(struct spool *spool, uint64_t offset, char *to, size_t room, size_t *ret_len)
{
    PRE(offset <= spool_bytes(spool));
    uint64_t from = spool->begin + offset, left = spool->end - from;
    size_t len = left < room ? (size_t)left : room;
    for (size_t done = 0; done < len;) {
        uint64_t at = (from + done) % spool->bytes_max;
        size_t piece = span(spool, at, len - done);
        enum error error = get(spool, at, to + done, piece);
        if (error != OK)
            return error;
        done += piece;
    }
    *ret_len = len;
    return OK;
}

enum error spool_take(struct spool *spool, char *to, size_t room, size_t *ret_len)
{
    enum error error = spool_read(spool, 0, to, room, ret_len);
    if (error != OK)
        return error;
    spool->begin += *ret_len;
    if (spool->begin == spool->end) {
        spool->begin = spool->end = 0;
        file_empty(spool);
    }
    return OK;
}

bool spool_in_memory(const struct spool *spool, struct slice *ret_bytes)
{
    uint64_t bytes = spool_bytes(spool), at = bytes > 0 ? spool->begin % spool->bytes_max : 0;
    if (at + bytes > spool->memory_bytes_max)
        return false;
    *ret_bytes = bytes > 0 ? slice_of(spool->memory + at, (size_t)bytes) : (struct slice){NULL, 0};
    return true;
}

void spool_done(struct spool *spool)
{
    if (spool->space == NULL)
        return;
    if (spool->fd >= 0)
        close(spool->fd);
    space_give(spool->space, spool->file_bytes);
    mem_free(spool->memory);
    *spool = (struct spool){.fd = -1};
}
