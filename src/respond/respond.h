/* SPDX-License-Identifier: Apache-2.0 */
/* RESPOND: the only place where a problem becomes HTTP, and where the head of every answer is written.
 * Pure: writes bytes into the given buf. */
#ifndef LEAT_RESPOND_RESPOND_H
#define LEAT_RESPOND_RESPOND_H

#include "base/problem.h"
#include "http/coding.h"
#include "respond/caching.h"
#include "respond/cors.h"

/* How a client knows where the body ends: by Content-Length, by chunks, or (HTTP/1.0) by the connection's end. */
enum framing { FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };

/* How it stands with the tightest of the limits that counted the request. */
struct limit_told {
    struct slice fields; /* X-RateLimit-Limit and RateLimit-Policy, whole lines; empty: nothing is told */
    struct slice name;   /* the policy's */
    unsigned remaining, reset_s;
};

/* What an answer's head says. Zeroed members are left out. */
struct answer {
    unsigned status;
    struct slice type; /* content-type; default application/json */
    enum framing framing;
    uint64_t body_bytes;        /* Content-Length, of FRAMING_LENGTH; not said with 204 and 304 */
    bool no_body;               /* HEAD, 204, 304: no bytes follow */
    bool close;                 /* Connection: close */
    bool keep_alive_1_0;        /* Connection: keep-alive for an HTTP/1.0 client */
    struct slice date;          /* 29 characters: the worker's clock */
    struct slice request_id;    /* X-Request-Id */
    struct slice content_range; /* which part of all the rows this is: "0-99/5000" */
    struct slice preference_applied, content_profile;
    struct slice allow, location;
    unsigned retry_after_s;
    unsigned page_size_used; /* a capped page says so: X-Page-Size */
    struct slice link;       /* Link: <…>; rel="next" */
    enum coding coding;      /* Content-Encoding */
    struct caching caching;
    struct cache_told cache;
    struct limit_told limit;
    bool replayed;       /* Idempotency-Replayed: it was given before, to a request with the same key */
    bool body_lost;      /* with it: its body was too large to be kept */
    bool page;           /* for a browser to show: what it may load and do is bounded */
    bool foreign;        /* another service's: of what it did not say nothing is assumed */
    bool sealed;         /* by it, with a tag or a coding of its own: the bytes go as they are */
    struct slice fields; /* and the fields it said, as ready lines */
    struct cors cors;
};

/* Status line and headers, with the empty line. No value can make a header of its own. */
void respond_head(struct buf *out, const struct answer *answer);

/* The same in two parts, so that the first may be kept ready-made beside a kept body.
 * fixed: the status line and what is the same for every asker. */
void respond_fixed(struct buf *out, const struct answer *answer);
/* each: Date, X-Request-Id, Age, Cache-Status, limits, CORS, Connection; the empty line. Reads nothing of what `fixed` says but `allow`. */
void respond_each(struct buf *out, const struct answer *answer);

/* The body for a problem. plain: application/problem+json (RFC 9457: type, title, status, detail, and code, hint, place, column, value,
 * nearest, request_id); postgrest: {"code","details","hint","message"}. Never `cause`. *ret_type is its content type. */
void respond_problem_body(struct buf *out, const struct problem *problem, enum manner manner,
                          struct slice request_id, struct slice *ret_type);

#endif
