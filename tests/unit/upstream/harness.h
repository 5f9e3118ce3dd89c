/* SPDX-License-Identifier: Apache-2.0 */
/* A service on loopback, on threads of its own, and calls to it from the test's thread, which turns the loop itself. The service answers
 * by path, and keeps connections open where nothing else is said:
 *
 *   /hello          "hello"
 *   /echo           the request, byte for byte
 *   /big/N          N bytes of 'x'
 *   /raw/…          the test's `raw` bytes, then the connection's end
 *   /reset          a good head, half of a body, and a reset
 *   /hang           nothing, until the client leaves
 *   /half           a good head, half of the body, then nothing until the client leaves
 *   /drop           the connection's end, without a word
 *   /drop-first/N   the same for the first N requests of it, then "hello"
 *   /drop-kept      the same where the connection has served another request, else "hello"
 *
 * Nothing waits by time: what does not come true ends the test after many turns. */
#ifndef LEAT_TESTS_UPSTREAM_HARNESS_H
#define LEAT_TESTS_UPSTREAM_HARNESS_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/unit.h"
#include "upstream/upstream.h"

enum { HARNESS_CONNECTIONS_MAX = 64, HARNESS_TURNS_MAX = 4000 };

struct harness {
    int listen_fd;
    char origin[64];
    pthread_t acceptor;
    pthread_t threads[HARNESS_CONNECTIONS_MAX];
    _Atomic int fds[HARNESS_CONNECTIONS_MAX];
    atomic_uint connections, requests;
    struct slice raw;

    struct loop *loop;
    struct upstream_client *client;
    struct upstream_options options; /* change them, then harness_upstream */
    struct upstream *upstream;
    struct spool_space space;
};

/* One call, as its owner sees it. */
struct asker {
    struct upstream_call *call;
    unsigned news;
    struct buf body;
    bool holds; /* takes nothing */
};

int harness_begin(void **state);
int harness_end(void **state);
#define WITH_SERVICE(test) cmocka_unit_test_setup_teardown(test, harness_begin, harness_end)

/* Makes the upstream anew, of `options`. */
void harness_upstream(struct harness *harness);

void ask(struct harness *harness, struct asker *asker, enum http_method method, const char *target);
/* With these fields and this body. */
void ask_with(struct harness *harness, struct asker *asker, struct upstream_asked asked);
/* Turns until it has ended, and takes what comes. */
enum upstream_outcome asker_end(struct harness *harness, struct asker *asker);
void asker_done(struct asker *asker);
/* ask, asker_end, asker_done. */
enum upstream_outcome ask_and_end(struct harness *harness, enum http_method method, const char *target);

#define TURN_UNTIL(harness, condition) \
    do { \
        unsigned turns_ = 0; \
        while (!(condition)) { \
            loop_turn((harness)->loop, 20); \
            if (++turns_ > HARNESS_TURNS_MAX) \
                fail_msg("never came true: %s", #condition); \
        } \
    } while (0)

#endif
