/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: bytes in, heads and bodies up; answers down, bytes out. Knows HTTP's framing (http/), nothing of what is asked.
 *
 * The life of a connection (net/conn.c has the table and the picture):
 *   IDLE → HEAD → BUSY (⇄ body) → [DROP] → FLUSH → IDLE …  → [LINGER] → CLOSED
 *   IDLE   no buffer is held: ≤ 512 B of ours; deadline `idle`
 *   HEAD   a head has begun to arrive; deadline `head` for all of it
 *   BUSY   a request is being worked on; no further head is read (pipelined ones wait in the socket or in the buffer)
 *   DROP   the answer is given; the rest of a body nobody asked for is read and dropped, ≤ 64 KiB
 *   FLUSH  the answer is given, the socket does not take it all; deadline by the minimum reading rate
 *   LINGER our side is shut; what the client still sends is dropped for a while, so that it sees the answer, not a reset
 *
 * One request at a time per connection: pipelined requests are answered in order, those already in the buffer in one write.
 * Back-pressure: while BUSY nothing is read but a body its consumer asked for; output is bounded by what was answered.
 * Threads: a connection lives on its worker's loop for life. The gate (counts per address) is shared by all workers.
 * Failure: every fault of framing, deadline or limit is told to the owner by on_fault, who answers it; then it is closed. */
#ifndef LEAT_NET_NET_H
#define LEAT_NET_NET_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "http/head.h"
#include "loop/loop.h"
#include "observe/metrics.h"

struct net;  /* the connections of one worker */
struct conn; /* one of them */
struct gate; /* counts connections, in all and per address, for all workers */

struct net_limits {
    size_t head_bytes_max;    /* 16 KiB: longer → 431 */
    size_t heads_bytes_total; /* partial heads, all told, per worker → 503 */
    uint64_t body_bytes_max;  /* longer → 413 */
    unsigned connections_max; /* in all: beyond it the newest is answered 503 and closed */
    unsigned per_address_max; /* likewise, per address (IPv6: per /64) */
    unsigned head_timeout_ms; /* 5,000 → 408 */
    unsigned idle_timeout_ms; /* 30,000 → closed without a word */
    unsigned body_rate_min;   /* bytes a second, measured over windows → 408; 0: none */
    unsigned
        read_rate_min; /* what a client must take of its answer, bytes a second, over windows → cut; 0: none */
    unsigned rate_window_ms; /* how long a window is; 0: 5,000 */
};

/* What the owner of the connections is told. All on the worker's thread. */
struct net_events {
    /* A whole head. Its slices live until conn_done. The owner answers now or later. */
    void (*on_request)(void *owner, struct conn *conn, const struct http_head *head);
    /* A piece of the body, after conn_body_read was called; last: nothing follows. Decoded (no chunk framing). */
    void (*on_body)(void *owner, struct conn *conn, struct slice piece, bool last);
    /* Something is wrong with what the client sent, or a limit or deadline was hit: answer with this status, if an answer
     * is still possible (conn_answerable); the connection is closed after it whatever the answer says. reason: literal. */
    void (*on_fault)(void *owner, struct conn *conn, unsigned status, const char *reason);
    /* The client is gone while its request is being worked on: cancel it. The conn is dead when this returns. */
    void (*on_gone)(void *owner, struct conn *conn);
    /* After conn_send: the socket has taken all that was sent. May be NULL where conn_send is not used. */
    void (*on_sent)(void *owner, struct conn *conn);
};

struct gate *gate_new(unsigned connections_max, unsigned per_address_max);
void gate_free(struct gate *gate);
unsigned gate_count(const struct gate *gate);                          /* open connections now; any thread */
void gate_metrics(const struct gate *gate, struct metrics_page *page); /* any thread */
/* Other limits from the next connection on; any thread. */
void gate_limits_set(struct gate *gate, unsigned connections_max, unsigned per_address_max);

/* Opens a listening socket ("127.0.0.1:8080", "[::1]:8080", "unix:PATH"? no: addresses only). Non-blocking, close-on-exec,
 * SO_REUSEADDR. On failure says why in words in ret_why (static or in the given space). */
enum error net_listen(struct slice address, int *ret_fd, char ret_why[256]) must_check;
/* The address a listening socket really has ("127.0.0.1:43671" after port 0). */
void net_address(int fd, char ret_text[64]);

struct net *net_new(struct loop *loop, const struct net_limits *limits, struct gate *gate,
                    const struct net_events *events, void *owner);
/* Accepts from this socket (shared by all workers by EPOLLEXCLUSIVE). May be called for several. */
enum error net_accept_from(struct net *net, int listen_fd) must_check;
/* Accepts from a socket that one worker alone has: for few (NET_APART_MAX), whom the limits of the gate do not concern, and
 * whose connections count for nothing. */
enum { NET_APART_MAX = 64 };
enum error net_accept_apart(struct net *net, int listen_fd) must_check;
/* New limits from the next head on. */
void net_limits_set(struct net *net, const struct net_limits *limits);
/* Drain: idle connections are closed after idle_ms, every further answer bears Connection: close. Still accepts. */
void net_drain(struct net *net, unsigned idle_ms);
/* Takes what waits in the accept queue, then accepts no more. */
void net_accept_stop(struct net *net);
unsigned net_count(const struct net *net);
/* Bytes of answers handed over by conn_out_take that clients have not taken yet. */
uint64_t net_held_bytes(const struct net *net);
/* Closes all connections (on_gone for busy ones) and frees. */
void net_free(struct net *net);

/* --- one connection, for its owner between on_request/on_fault and conn_done --- */

void *conn_user(const struct conn *conn); /* the owner's pointer for this request; NULL at on_request */
void conn_set_user(struct conn *conn, void *user);
const struct sockaddr_storage *conn_peer(const struct conn *conn);
uint64_t conn_id(const struct conn *conn);   /* unique in this process */
bool conn_is_apart(const struct conn *conn); /* by net_accept_apart */

/* Asks for the request's body: answers Expect: 100-continue and lets on_body come (never before this returns).
 * A body nobody asked for is, after the answer, read and dropped up to 64 KiB, else the connection is closed. */
void conn_body_read(struct conn *conn);
/* Holds the body back / lets it come again: back-pressure of a consumer. */
void conn_body_pause(struct conn *conn);
void conn_body_resume(struct conn *conn);

/* Where the answer is put together: append the whole head (http/writer.h) and a small body to this buf. It belongs to the
 * connection and may already hold an earlier answer of a pipeline: only append. */
struct buf *conn_out(struct conn *conn);
/* Hands over a large body behind what is in conn_out: the buf's memory moves to the connection, *body is empty after. */
void conn_out_take(struct conn *conn, struct buf *body);
/* The same for bytes that stay another's: release(owner) is called when they are sent or dropped. */
void conn_out_share(struct conn *conn, struct slice body, void (*release)(void *owner), void *owner);
/* Sends what the answer has so far; the rest follows. on_sent comes when the socket has taken it all, never before this
 * returns: whoever streams waits for it, so that no answer grows in memory. After it conn_answerable is false. */
void conn_send(struct conn *conn);
/* Whether the answer to write must say Connection: close (client asked, fault, drain, unread body). */
bool conn_must_close(const struct conn *conn);
/* The answer is complete: sends it and goes on with the next request. `close`: as conn_must_close said or stricter.
 * The conn may be dead when this returns. Called from within on_request as well as later. */
void conn_done(struct conn *conn, bool close);
/* Cuts the connection at once; no on_gone comes. */
void conn_abort(struct conn *conn);
/* Whether an answer may still be begun: nothing of one was sent by conn_send. If not, conn_abort is what is left. */
bool conn_answerable(const struct conn *conn);

#endif
