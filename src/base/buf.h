/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer with a cap. Whatever a client can size is written into one of these.
 *
 * Failure is sticky: an append that would pass `max`, or whose memory fails, sets `failed` and drops what it had to
 * write; later appends do nothing. A writer of many pieces checks `failed` once, at its end.
 * Ownership: the buf owns its memory until buf_done. One thread at a time. */
#ifndef LEAT_BASE_BUF_H
#define LEAT_BASE_BUF_H

#include "base/slice.h"

struct buf {
    char *data;
    size_t len, cap, max;
    bool failed;
    bool no_memory; /* with `failed`: it was not `max` */
};

/* Empty; takes no memory until the first append. max: the most bytes it may ever hold. */
void buf_init(struct buf *buf, size_t max);

/* Frees the memory; the buf is as after buf_init. */
void buf_done(struct buf *buf);

/* Gives back memory it has room for but does not use: for bytes that will lie a while. */
void buf_trim(struct buf *buf);

/* Empties it, keeps its memory, clears `failed`. */
static inline void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = buf->no_memory = false;
}

/* Room for n more bytes behind len: returns where to write, or NULL (and sets failed). The caller then adds to len. */
char *buf_grow(struct buf *buf, size_t n);

static inline char *buf_room(struct buf *buf, size_t n)
{
    if (__builtin_expect(!buf->failed && n <= buf->cap - buf->len, 1))
        return buf->data + buf->len;
    return buf_grow(buf, n);
}

static inline void buf_append(struct buf *buf, const char *data, size_t len)
{
    if (len == 0)
        return;
    char *to = buf_room(buf, len);
    if (to) {
        memcpy(to, data, len);
        buf->len += len;
    }
}

static inline void buf_add(struct buf *buf, struct slice s)
{
    buf_append(buf, s.data, s.len);
}

static inline void buf_byte(struct buf *buf, char byte)
{
    char *to = buf_room(buf, 1);
    if (to) {
        *to = byte;
        buf->len++;
    }
}

#define buf_lit(buf, literal) buf_append((buf), "" literal, sizeof(literal) - 1)

/* Decimal digits. */
void buf_uint(struct buf *buf, uint64_t value);
void buf_int(struct buf *buf, int64_t value);

void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes (RFC 8259 section 7), escaped as PostgreSQL's escape_json does:
 * \b \f \n \r \t \" \\ and \u00XX for other bytes below 0x20; everything else as it is. */
void buf_json(struct buf *buf, struct slice text);

/* The same for bytes that need not be UTF-8: each that belongs to no character becomes U+FFFD. */
void buf_json_mended(struct buf *buf, struct slice bytes);

static inline struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->data, buf->len};
}

#endif
