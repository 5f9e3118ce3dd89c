/* SPDX-License-Identifier: Apache-2.0 */
/* A server and its clients in one thread, over real sockets on loopback: the test turns the server's loop itself, so that
 * it decides what happens before what. The server answers by path:
 *
 *   /hello      "hello", at once
 *   /park       when the test calls harness_answer
 *   /body       reads the body and answers with it
 *   /big/N      N bytes of 'x', handed over by conn_out_take
 *   /stream/N   N pieces of 64 KiB by conn_send, each after the one before was taken
 *   else        404, at once; a body is not read
 *
 * A fault is answered with its status and its reason as the body. Nothing waits by time: a condition that does not come
 * true ends the test after many turns. */
#ifndef LEAT_TESTS_NET_HARNESS_H
#define LEAT_TESTS_NET_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/net.h"

enum { PARKED_MAX = 64, HARNESS_TURNS_MAX = 4000 };

struct harness {
    struct loop *loop;
    struct gate *gate;
    struct net *net;
    int listen_fd;
    struct sockaddr_storage address;
    socklen_t address_len;

    unsigned requests, faults, gone, sents; /* how often the owner was told */
    unsigned fault_status;                  /* of the last */
    struct buf body;                        /* the pieces of the last body */
    unsigned pieces;
    bool body_last;
    struct conn *parked[PARKED_MAX]; /* NULL: gone or answered */
    unsigned parked_count;
    unsigned stream_left;
    char seen_path[256]; /* of the last request */
    void (*on_request)(struct harness *harness, struct conn *conn,
                       const struct http_head *head); /* NULL: by path */
};

extern const struct net_limits harness_limits; /* generous ones */

struct harness *harness_new(const struct net_limits *limits);
void harness_free(struct harness *harness);

/* setup and teardown of cmocka with harness_limits. */
int harness_begin(void **state);
int harness_end(void **state);

/* Writes a whole answer. */
void harness_reply(struct conn *conn, unsigned status, struct slice body);

/* Answers the parked request of this number. */
void harness_answer(struct harness *harness, unsigned number, struct slice body);

/* Turns the loop until nothing more happens at once. */
void harness_settle(struct harness *harness);

#define TURN_UNTIL(harness, condition) \
    do { \
        unsigned turns_ = 0; \
        while (!(condition)) { \
            loop_turn((harness)->loop, 20); \
            if (++turns_ > HARNESS_TURNS_MAX) \
                fail_msg("never came true: %s", #condition); \
        } \
    } while (0)

/* ---- clients ---- */

int client_open(struct harness *harness);
/* With receive and send buffers this small (the kernel doubles them). */
int client_open_small(struct harness *harness, int buffer_bytes);

/* Sends all of it, turning the loop where the socket is full. */
void client_say(struct harness *harness, int fd, struct slice bytes);
#define client_say_lit(harness, fd, literal) client_say((harness), (fd), SLICE(literal))

/* What has come and what comes within a few turns is appended. */
void client_hear_now(struct harness *harness, int fd, struct buf *heard);
/* Until so many bytes are heard, or the end. */
void client_hear_bytes(struct harness *harness, int fd, struct buf *heard, size_t bytes);
/* Until so many answers (with Content-Length) are whole. */
void client_hear_answers(struct harness *harness, int fd, struct buf *heard, unsigned answers);
/* Until the server closes; false: by a reset. */
bool client_hear_end(struct harness *harness, int fd, struct buf *heard);

/* How many whole answers with Content-Length (and 100s without) these bytes are, all of them; -1: they are not. */
int answers_in(struct slice bytes);
bool slice_contains(struct slice haystack, const char *needle);
/* Says it on a connection of its own, returns the whole of what is answered until the end. Close the buf. */
struct buf client_ask(struct harness *harness, struct slice request);

#endif
