/* SPDX-License-Identifier: Apache-2.0 */
/* CORS (https://fetch.spec.whatwg.org/#http-cors-protocol): which web pages of other origins may read answers, by `cors:` of the
 * configuration. Where that names none, no answer says a word of it. Origins are compared exactly, byte by byte; `null` (a sandbox,
 * a file) is no origin, and a page is never led into a private network (Access-Control-Request-Private-Network).
 *
 * Credentials are never allowed: Leat knows no cookies, and a page that has a token sends it itself as Authorization.
 * Pure. Texts point into the configuration, the arena or literals, never into the head. */
#ifndef LEAT_RESPOND_CORS_H
#define LEAT_RESPOND_CORS_H

#include "base/buf.h"
#include "config/config.h"
#include "http/head.h"

/* What an answer bears. Zeroed: nothing. */
struct cors {
    bool configured;      /* Vary: Origin, so that no shared cache gives one origin's answer to another */
    bool preflight;       /* the browser asks before it sends; answered with the route's methods */
    struct slice origin;  /* that may read; empty: none */
    struct slice headers; /* of a preflight: those asked for that may be sent */
};

/* From the head of a request of any kind. */
void cors_decide(const struct config *config, const struct http_head *head, struct arena *arena,
                 struct cors *ret_cors);

/* The header fields. methods: what the path can do, as Allow says it. */
void cors_write(struct buf *out, const struct cors *cors, struct slice methods);

#endif
