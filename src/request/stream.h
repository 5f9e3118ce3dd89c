/* SPDX-License-Identifier: Apache-2.0 */
/* A stream: the bytes of a large answer between the thread on which its rows come and the worker that sends them.
 *
 *   the store's thread:  stream_put ──→ spool ──→ stream_take  :the worker's
 *                            └── letter: "there is news" ──→ on_news
 *
 * Neither side waits for the other: when the client is slower than the database, the spool grows into its file.
 * Threads: stream_put is of the producer's, at most one at a time; all else is of the loop's thread. A lock guards what they share.
 * Ownership: stream_free gives it up; the producer must be done by then. It lives on until its letter has come.
 * Failure: stream_put says false, and stream_fault why. */
#ifndef LEAT_REQUEST_STREAM_H
#define LEAT_REQUEST_STREAM_H

#include "base/spool.h"
#include "loop/loop.h"

struct stream;

struct stream_options {
    struct spool_space *space;
    uint64_t bytes_max; /* the most that may wait in it */
    struct loop *loop;
    /* On the loop's thread: there is something to take, after stream_take had found nothing (or for the first time). NULL: nobody
     * wants to know. */
    void (*on_news)(void *context);
    void *context;
};

/* Why it takes no more. */
enum stream_fault {
    STREAM_SOUND,
    STREAM_TOO_LARGE,   /* bytes_max */
    STREAM_SPOOL_FULL,  /* what all spools together may hold of the disk */
    STREAM_SPOOL_FAILED /* the disk: stream_errno tells; or memory */
};

struct stream *stream_new(const struct stream_options *options) __attribute__((returns_nonnull));

/* All of the bytes; false: it takes no more, or was stopped. */
bool stream_put(struct stream *stream, struct slice bytes) must_check;

/* Up to `room` of the first bytes; *ret_len 0: there are none now. */
enum error stream_take(struct stream *stream, char *to, size_t room, size_t *ret_len) must_check;

/* How many bytes wait in it. */
uint64_t stream_bytes(struct stream *stream);

/* From now on stream_put says false. */
void stream_stop(struct stream *stream);

enum stream_fault stream_fault(struct stream *stream, int *ret_errno);

void stream_free(struct stream *stream); /* takes NULL */

#endif
