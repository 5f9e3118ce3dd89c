/* SPDX-License-Identifier: Apache-2.0 */
/* TLS without a socket: OpenSSL between two memory buffers. What came off the wire goes in by tls_feed, what is to go onto it
 * comes out by tls_drain; whoever owns the socket moves the bytes.
 *
 *      plain text  ──redis_tls_write──▶ ┌─────┐ ──redis_tls_drain──▶  wire
 *                  ◀──redis_tls_read──  └─────┘ ◀──redis_tls_feed───
 *
 * The server's certificate is verified against the system's authorities, or the file `cacert=`, and against the host's name; TLS
 * 1.2 at least. Ownership: a context is shared by all of a process and outlives its connections.
 * Threads: a context from any, a connection from one. Failure: a context's is told in a sentence; a connection's by redis_tls_why. */
#ifndef LEAT_REDIS_TLS_H
#define LEAT_REDIS_TLS_H

#include "base/buf.h"
#include "base/error.h"
#include "config/redis.h"

struct redis_tls_context;
struct redis_tls;

/* NULL: why. Reads the files. */
struct redis_tls_context *redis_tls_context_new(const struct redis_url *url, char ret_why[256]);
void redis_tls_context_free(struct redis_tls_context *context); /* takes NULL */

/* name: what the certificate must be for, a host's name or its address. NULL: memory is out. */
struct redis_tls *redis_tls_open(struct redis_tls_context *context, const char *name) must_check;
void redis_tls_close(struct redis_tls *tls); /* takes NULL */

/* IO_OK: done; IO_AGAIN: drain, and feed more. */
enum io redis_tls_shake(struct redis_tls *tls) must_check;
enum io redis_tls_read(struct redis_tls *tls, char *to, size_t room, size_t *ret_bytes) must_check;
/* Takes all of it. */
enum io redis_tls_write(struct redis_tls *tls, struct slice bytes) must_check;

bool redis_tls_feed(struct redis_tls *tls, struct slice wire) must_check; /* false: memory is out */
void redis_tls_drain(struct redis_tls *tls, struct buf *wire);

void redis_tls_why(const struct redis_tls *tls, char ret_why[256]);

#endif
