/* SPDX-License-Identifier: Apache-2.0 */
/* A connection as the files of net/ share it; net.h is what others see. conn.c has the picture of its life.
 *
 *   conn.c        the states, the one loop that walks through them, deadlines, birth and death
 *   conn_io.c     the steps that read heads, send answers, linger
 *   conn_body.c   the steps that hand a body up, or drop it
 *   conn_owner.c  what the owner calls
 *
 * A step does what its state is for and says GO_ON (look at the state again) or WAIT (an event, the owner or the deadline
 * will wake it). Steps are called by conn_run alone. After a call to the owner a step returns GO_ON at once: the owner may
 * have ended the connection. One thread. */
#ifndef LEAT_NET_CONN_H
#define LEAT_NET_CONN_H

#include "net/net.h"
#include "net/pool.h"
#include "net/seats.h"

enum {
    CONN_MAGIC = 0x434f4e4e,
    NET_MAGIC = 0x4e455420,
    CONN_BYTES_MAX = 496,         /* with the allocator's 16: 512 */
    REQUESTS_PER_RUN = 64,        /* pipelined ones, before others have their turn */
    OUTPUT_PER_WRITE = 64 * 1024, /* beyond it no further pipelined request is begun before all is sent */
    BODY_BYTES_PER_RUN = 256 * 1024,
    BODY_DROPPED_BYTES_MAX = 64 * 1024,
    DROP_MS = 5000,
    LINGER_MS = 2000,
    LINGER_BYTES_MAX = 8 * 1024 * 1024,
    SCRATCH_BYTES = 16 * 1024,
};

enum conn_state {
    CONN_IDLE,
    CONN_HEAD,
    CONN_BUSY,
    CONN_DROP,
    CONN_FLUSH,
    CONN_LINGER,
    CONN_CLOSED,
    CONN_STATES
};

enum turn { WAIT, GO_ON };

/* Counted by the gate and the seat; one that only lingers; of a listener for few, which the gate does not count. */
enum conn_kind { CONN_COUNTED, CONN_REFUSED, CONN_APART, CONN_KINDS };

struct conn {
    uint32_t magic;
    enum conn_state state; /* conn_move alone writes it */
    struct net *net;
    struct exchange *exchange; /* NULL: IDLE, LINGER, CLOSED */
    struct watch watch;
    struct timer timer;   /* set for `deadline` or earlier: it looks, and is set again */
    struct mono deadline; /* NO_DEADLINE: none */
    struct task task;     /* a run at the end of this turn */
    struct list link;     /* net->conns */
    void *user;
    uint64_t id;
    size_t run_bytes; /* of a body, or of what is dropped behind the answer, read in this run */
    size_t lingered_bytes;
    unsigned run_requests; /* begun in this run */
    bool running;          /* conn_run is below us on the stack */
    bool readable;         /* an edge came: a read may find something */
    bool writable;         /* no write was cut short since the last edge */
    bool eof_ahead;        /* the client has shut its side: reading ends in IO_CLOSED */
    bool asked;            /* the owner has been told of a request or fault and has not called conn_done */
    bool answered;         /* the owner has called conn_done; the step that sees to it has not run yet */
    bool closing;          /* after this answer it ends */
    enum conn_kind kind;
    struct sockaddr_storage peer;
};

_Static_assert(sizeof(struct conn) <= CONN_BYTES_MAX,
               "an idle connection is to be 512 bytes of ours at most");

#define NO_DEADLINE ((struct mono){INT64_MAX})

struct net {
    uint32_t magic;
    struct loop *loop;
    struct net_limits limits;
    struct http_limits http_limits;
    const struct net_events *events;
    void *owner;
    struct gate *gate;
    struct list conns;
    struct list listeners;
    struct pool pool;
    struct seat *seat; /* counts the connections counted by the gate */
    unsigned kind_counts[CONN_KINDS];
    size_t heads_bytes;  /* of partial heads */
    uint64_t held_bytes; /* of bodies handed over */
    int reserve_fd;      /* given up to refuse a connection when descriptors are out; -1: it is out itself */
    bool draining;
    char scratch[SCRATCH_BYTES]; /* what is dropped is read into it */
};

/* ---- conn.c ---- */

/* Takes over the descriptor. A refused one begins in LINGER, its answer already sent. ERR_*: the descriptor is closed. */
enum error conn_open(struct net *net, int fd, const struct sockaddr_storage *peer, enum conn_kind kind);
/* Moves to a state that the table allows. */
void conn_move(struct conn *conn, enum conn_state to);
/* Walks through steps until one waits. The conn may be dead when this returns, unless it was running already. */
void conn_run(struct conn *conn);
void conn_run_later(struct conn *conn);
/* Ends it: CLOSED, all but the struct itself is given back; conn_run or conn_bury frees that. */
void conn_close(struct conn *conn);
/* The same with a reset, so that nobody takes half an answer for a whole one and the kernel drops what is not sent. */
void conn_cut(struct conn *conn);
/* Frees a CLOSED one that is not running. */
void conn_bury(struct conn *conn);
/* Cut, and on_gone where a request is being worked on. */
void conn_lose(struct conn *conn);
void conn_deadline_set(struct conn *conn, int64_t after_ms);
/* A fault of the client's: it will be told to the owner. Of IDLE, HEAD and BUSY. */
void conn_fault(struct conn *conn, unsigned status, const char *reason);
/* Begins to measure (unless it is being measured): the deadline is the window's end. */
void conn_window_begin(struct conn *conn, int kind);
void conn_window_end(struct conn *conn);

/* ---- steps ---- */

enum turn conn_step_idle(struct conn *conn);
enum turn conn_step_head(struct conn *conn);
enum turn conn_step_busy(struct conn *conn);
enum turn conn_step_drop(struct conn *conn);
enum turn conn_step_flush(struct conn *conn);
enum turn conn_step_linger(struct conn *conn);

/* ---- shared by the steps ---- */

/* Reads into the room behind the input. IO_OK: something came. Keeps `readable`. PRE: there is room. */
enum io conn_read(struct conn *conn) must_check;
/* Sends what is committed if the socket may take it. Keeps `writable`. */
enum io conn_send_ready(struct conn *conn) must_check;
/* The exchange's partial head no longer counts among the worker's. */
void conn_heads_uncount(struct conn *conn);
/* The request is answered and read to its end: ready for the next head. */
void conn_forget_request(struct conn *conn);
/* Hands a piece of the body up: see conn_body.c. */
enum turn conn_body_pump(struct conn *conn);
/* Whether the client waits for a "100 Continue" that was not sent, or sends more than will be dropped. */
bool conn_body_forbids_reuse(const struct conn *conn);

#endif
