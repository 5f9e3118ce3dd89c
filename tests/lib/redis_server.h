/* SPDX-License-Identifier: Apache-2.0 */
/* A private Redis for C tests: tests/lib/redis_server.py as a child process, told what to do in lines. It ends, and deletes its
 * folder, when its standard input closes: also when the test program dies. Failure fails the test with its words. */
#ifndef LEAT_TESTS_REDIS_SERVER_H
#define LEAT_TESTS_REDIS_SERVER_H

#include "lib/unit.h"

struct redis_server;

/* kind: "plain", "password", "tls", "cluster", and settings behind it: "plain maxmemory=2mb". */
struct redis_server *redis_server_start(const char *kind);
void redis_server_stop(struct redis_server *server); /* takes NULL */

const char *redis_server_url(const struct redis_server *server);

/* "kill", "start", "restart", "pause", "resume", "flush", "cli SET a 1", "proxy_on": done when it returns; what it answered, valid
 * until the next call. */
const char *redis_server_tell(struct redis_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
