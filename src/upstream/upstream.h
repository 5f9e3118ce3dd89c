/* SPDX-License-Identifier: Apache-2.0 */
/* Other HTTP services, and calls to them. libcurl speaks HTTP/1.1 to them; its sockets and timers are on the worker's loop.
 *
 *   upstream         a service: its limits, its breaker, how many calls are out. Shared by all workers, ref-counted
 *   upstream_client  a worker's connections to services, kept for the next call
 *   upstream_call    one request and its answer. It is of one worker; its owner pulls from it what has come:
 *
 *   ASKING ─ the head is whole ─→ ANSWERING ─ all of it has come ─→ ENDED     each → : on_news, and every piece of the body
 *     │  ▲ once more, where that       └── broken, too slow, too large ─→ ENDED
 *     └──┘ is safe; else → ENDED
 *
 * A call may be made again (at most `retries` times, with a pause by chance) only when nothing of an answer has come, and its method is
 * idempotent (RFC 9110 section 9.2.2) or it was never sent. That holds, too, for a kept connection which the service has just closed.
 * Redirects are answers; only http and https are spoken; neither a proxy of the environment, nor .netrc, nor cookies play a part.
 *
 * Deadlines: `connect_ms` for a connection, `timeout_ms` until the head is whole (all tries together), `whole_ms` until the end, and
 * from the head on at least `rate_min` bytes a second, over windows, while the owner takes them.
 * Bounds: the head 64 KiB and HTTP_FIELDS_MAX fields; the body `answer_bytes_max`, of which UPSTREAM_HELD_BYTES_MAX wait here: beyond
 * that the service waits, by TCP. Calls at once: `concurrent_max`.
 * Failure: every call ends with an outcome; upstream_cause has words for the log.
 * Ownership: a reference to an upstream outlives its calls, a client too; a call is its owner's until upstream_free, which cancels what still goes on.
 * Threads: an upstream is for any thread; all else of the loop's. on_news never comes before upstream_start has returned, nor from
 * within another function of this file; in it calls may be started and freed. */
#ifndef LEAT_UPSTREAM_UPSTREAM_H
#define LEAT_UPSTREAM_UPSTREAM_H

#include "base/buf.h"
#include "base/spool.h"
#include "http/head.h"
#include "loop/loop.h"
#include "upstream/breaker.h"

struct upstream;
struct upstream_client;
struct upstream_call;

enum { UPSTREAM_HELD_BYTES_MAX = 128 * 1024 };

struct upstream_options {
    struct slice origin; /* "http://127.0.0.1:9000": scheme, host and port alone */
    int64_t connect_ms, timeout_ms;
    int64_t whole_ms;  /* 0: none */
    uint64_t rate_min; /* bytes a second; 0: none */
    int64_t rate_window_ms;
    uint64_t answer_bytes_max;
    unsigned retries, concurrent_max;
    struct breaker_options breaker;
};

enum upstream_outcome {
    UPSTREAM_GOING,       /* it has not ended */
    UPSTREAM_OK,          /* an answer, whole */
    UPSTREAM_UNREACHABLE, /* no connection, no name, no TLS */
    UPSTREAM_TIMED_OUT,
    UPSTREAM_BROKEN, /* what came is not HTTP, or breaks off, or is not as long as it says */
    UPSTREAM_TOO_LARGE,
    UPSTREAM_OPEN, /* not asked: the breaker is open */
    UPSTREAM_FULL, /* not asked: concurrent_max */
    UPSTREAM_NO_MEMORY,
    UPSTREAM_OUTCOMES
};

struct upstream *upstream_new(const struct upstream_options *options) __attribute__((returns_nonnull));
struct upstream *upstream_ref(struct upstream *upstream);
void upstream_unref(struct upstream *upstream); /* takes NULL */
/* Whether it is what upstream_new would make of these. */
bool upstream_is(const struct upstream *upstream, const struct upstream_options *options);

/* How it fares: for metrics. */
struct upstream_counts {
    uint64_t ended[UPSTREAM_OUTCOMES]; /* calls, by outcome */
    uint64_t retries, cancelled, opened;
    unsigned in_flight;
    enum breaker_state breaker;
};
void upstream_counts(struct upstream *upstream, struct upstream_counts *ret_counts);
/* Until its breaker lets calls through again; 0: it does. */
int64_t upstream_wait_ms(struct upstream *upstream);

struct upstream_client *upstream_client_new(struct loop *loop) __attribute__((returns_nonnull));
/* Outside of a turn of the loop; no call is left. Takes NULL. */
void upstream_client_free(struct upstream_client *client);

/* What is asked. All of it but the body is copied. */
struct upstream_asked {
    enum http_method method;         /* GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS */
    struct slice target;             /* path and query, as they stand in a request line */
    const struct http_field *fields; /* checked by http/, without Host and Content-Length; see fields.h */
    unsigned field_count;
    struct spool *body; /* NULL: none. Its owner keeps it as it is until the call has ended */
    void (*on_news)(void *context);
    void *context;
};

/* Never NULL: a call that cannot be made has its outcome at once, and no news comes of it. */
struct upstream_call *upstream_start(struct upstream_client *client, struct upstream *upstream,
                                     const struct upstream_asked *asked) __attribute__((returns_nonnull));

struct upstream_answer {
    unsigned status; /* 200 to 599 */
    const struct http_field
        *fields; /* checked: names are tokens, values have no controls. As sent, of the connection too */
    unsigned field_count;
    bool has_length; /* of the body, as it says */
    uint64_t length;
};

/* NULL: its head is not whole yet, or never was. Valid until upstream_free. */
const struct upstream_answer *upstream_answer(const struct upstream_call *call);

/* Gives the bytes of the body that have come, as a buf of the taker's; empty: there are none now. What was held back may come then. */
void upstream_take(struct upstream_call *call, struct buf *ret_piece);

/* GOING: more may come. OK: what can be taken now is the rest. */
enum upstream_outcome upstream_outcome(const struct upstream_call *call);

/* Why it ended so, for the log; empty where there is nothing to say. Valid until upstream_free. */
struct slice upstream_cause(const struct upstream_call *call);

void upstream_free(struct upstream_call *call); /* takes NULL */

#endif
