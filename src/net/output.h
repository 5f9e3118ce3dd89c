/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection has still to send: bytes put together in one buf, and large bodies handed over, each at its place
 * between those bytes. Sent without copying, in one system call where the socket takes it.
 *
 *   bytes:  head 1 · small body 1 · head 2 ^ head 3 · small body 3 · head 4 ...
 *   parts:                                 └ large body 2 (after = offset of ^)
 *
 * What is not committed is not sent: an answer that is being put together stays whole until it is done.
 * Ownership: it owns the parts handed over. Bounded by whoever fills it. Failure: the bytes' own, sticky (output_failed). */
#ifndef LEAT_NET_OUTPUT_H
#define LEAT_NET_OUTPUT_H

#include "base/buf.h"
#include "base/error.h"

enum { OUTPUT_PARTS_MAX = 8 };

struct output_part {
    struct buf body;              /* of a shared one only where its bytes are */
    size_t after;                 /* it follows this many of `bytes` */
    void (*release)(void *owner); /* NULL: the body is ours */
    void *owner;
};

struct output {
    struct buf bytes;
    uint64_t *held_bytes; /* the sum of all parts' bytes of a worker is kept here */
    uint64_t taken_bytes; /* all that the socket ever took */
    size_t bytes_ready;   /* committed */
    size_t bytes_sent;    /* ≤ bytes_ready */
    size_t part_sent;     /* of parts[part_at] */
    unsigned part_count, parts_ready, part_at;
    struct output_part parts[OUTPUT_PARTS_MAX];
};

void output_init(struct output *output, uint64_t *held_bytes);

/* Drops what is not sent; gives back parts and, when it has grown, the bytes' memory. Usable again. */
void output_reset(struct output *output);

/* Frees all memory. */
void output_done(struct output *output);

/* Takes over the body's memory; it follows what is in bytes now. */
void output_take(struct output *output, struct buf *body);

/* The same for bytes that belong to another, who is let go by release(owner) when they are sent or dropped. */
void output_share(struct output *output, struct slice body, void (*release)(void *owner), void *owner);

/* All that is in it may be sent. */
void output_commit(struct output *output);

/* Committed bytes that are not sent. */
size_t output_pending(const struct output *output);

/* Sends what is committed. IO_OK: all of it; IO_AGAIN: the socket is full; IO_ERROR: it is broken. */
enum io output_send(struct output *output, int fd) must_check;

static inline bool output_failed(const struct output *output)
{
    return output->bytes.failed;
}

#endif
