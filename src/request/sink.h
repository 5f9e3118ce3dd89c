/* SPDX-License-Identifier: Apache-2.0 */
/* What a request's answer goes to: a connection, a batch, nowhere. Functions alone; the worker's thread. */
#ifndef LEAT_REQUEST_SINK_H
#define LEAT_REQUEST_SINK_H

#include "base/buf.h"

struct request;

/* Where answers go, and bodies come from; each returns how many bytes were handed over.
 * deliver: the whole of one. The answer's head is data, the body's memory may be taken (then it is empty after).
 * An answer in pieces: begin (its head), send (takes the piece's memory) and flush (then request_sent is called, later, when all
 * that was sent is taken) again and again, end (whole: false: it breaks off, and must be seen to). */
struct request_sink {
    uint64_t (*deliver)(void *context, struct request *request);
    uint64_t (*begin)(void *context, struct request *request);
    uint64_t (*send)(void *context, struct request *request, struct buf *piece);
    void (*flush)(void *context);
    uint64_t (*end)(void *context, struct request *request, bool whole);
    /* Asks for the body: request_body_piece is called with all of it, never before this returns. */
    void (*read_body)(void *context);
};

#endif
