/* SPDX-License-Identifier: Apache-2.0 */
/* A link: one connection to one server of Redis on a loop, made anew whenever it is lost, never blocking.
 *
 *          open            addresses known        TCP stands               (TLS stands)               HELLO, SELECT answered
 *   OFF ────────▶ RESOLVING ─────────▶ CONNECTING ────────▶ SECURING ──────────────────▶ GREETING ────────────────▶ READY
 *    ▲             ⏳ offload pool       ⏳ socket      (TLS)  ⏳ socket      ▲              ⏳ socket                    │
 *    │             ▲                        │                               └ plain                                  │
 *    │             │ after a back-off       ▼                                                                        │
 *    └─────────── LOST ◀── connect_ms, refusal, garbage, end of stream, silence, a reply too large ◀────────────────┘
 *      close       ⏳ 50 ms … 1 s, doubled and scattered
 *
 * All commands of a turn go out in one write at its end; replies come in the order of the commands. A command ends exactly once,
 * by on_end of the link's events: with a reply, or without one and command->failure set (lost, late). One that was late or taken
 * back leaves its place in the row, so that its reply is known and dropped. Silence: when something is asked and nothing comes
 * for silent_ms the link is lost; when nothing is asked a PING is, each second.
 *
 * A subscribing link (push: true) has no commands: each reply is told by on_push.
 *
 * Ownership: a link lies inside its owner, to the end; a command in whoever sent it, until its end. Events come from the loop,
 * never from within redis_link_open and _send; redis_link_close tells on_end alone. Threads: its loop's.
 * Failure: on_lost, the link's `why` saying what it was; it goes on by itself. */
#ifndef LEAT_REDIS_LINK_H
#define LEAT_REDIS_LINK_H

#include "redis/address.h"
#include "redis/plan.h"
#include "redis/reply.h"

enum redis_link_state {
    REDIS_LINK_OFF,
    REDIS_LINK_RESOLVING,
    REDIS_LINK_CONNECTING,
    REDIS_LINK_SECURING,
    REDIS_LINK_GREETING,
    REDIS_LINK_READY,
    REDIS_LINK_LOST,
};

struct redis_link;

struct redis_command {
    /* Told by a client (redis.h): the reply is valid until it returns; NULL: failure says why. */
    void (*on_end)(struct redis_command *command, const struct redis_reply *reply);
    enum redis_failure failure;
    struct timer deadline;
    struct redis_link *link; /* NULL: not on its way */
    uint64_t number;         /* its place in the link's row */
    struct redis *redis;     /* the client's own, from here on */
    char *bytes;             /* of a cluster: to be sent again where it is told to */
    size_t byte_count;
    unsigned redirects;
    struct mono due; /* of the deadline */
};

struct redis_link_events {
    void (*on_ready)(struct redis_link *link);
    void (*on_lost)(struct redis_link *link); /* after the end of its commands */
    void (*on_end)(struct redis_link *link, struct redis_command *command, const struct redis_reply *reply);
    void (*on_push)(struct redis_link *link, const struct redis_reply *reply);
};

struct redis_asked {
    struct redis_command *command; /* NULL: nobody waits for it */
    struct mono at;
};

struct redis_resolution;

struct redis_link {
    uint32_t magic;
    enum redis_link_state state;
    struct redis_plan *plan;
    const struct redis_link_events *events;
    struct loop *loop;
    bool push, in_cluster; /* in_cluster: as its HELLO said */
    char host[REDIS_HOST_BYTES_MAX + 1];
    unsigned port;

    struct watch watch;
    uint32_t watched;
    struct timer deadline; /* connect_ms, or the back-off */
    struct timer beat;
    struct task flush, begin;
    struct redis_resolution *resolution;
    unsigned jobs_out;
    struct redis_addresses addresses;
    unsigned address_at;
    unsigned attempts;   /* since it was last ready */
    unsigned greetings;  /* replies awaited in GREETING */
    uint64_t connection; /* counts them, so that a callback that closed it is noticed */

    struct redis_tls *tls;
    struct redis_reader *reader;
    struct buf out, wire; /* commands; with TLS what becomes of them */
    size_t sent;          /* of the one that goes onto the socket */
    bool pinged;          /* push: a PING is unanswered */

    struct redis_asked *row; /* a ring of row_size, a power of two: those awaited, oldest first */
    unsigned row_size;
    uint64_t row_first, row_end;
    struct mono waiting_since; /* nothing came since, though something is asked */
    int64_t lag_us;            /* between the last reply and its command */
    char why[256];             /* of the last loss */
};

void redis_link_init(struct redis_link *link, struct redis_plan *plan, const struct redis_link_events *events,
                     bool push);
/* Frees its memory; it must be OFF and without jobs_out. */
void redis_link_done(struct redis_link *link);

void redis_link_open(struct redis_link *link, struct loop *loop, const char *host, unsigned port);
/* To OFF from any state: its commands end as lost, which is all that is told. */
void redis_link_close(struct redis_link *link);

/* Puts commands into this turn's write: `bytes` holds `replies` of them, the last of which is `command` (NULL: nobody waits).
 * ERR_ABSENT: not ready; ERR_LIMIT, ERR_MEMORY: nothing was taken. */
enum error redis_link_send(struct redis_link *link, struct redis_command *command, unsigned replies,
                           struct slice bytes, int64_t deadline_ms) must_check;

/* Nobody waits for it any more; nothing is told. Takes one that is not on its way. */
void redis_link_forget(struct redis_command *command);

/* How long Redis takes to answer at the moment: the last reply's time, or the age of the oldest command when that is more. */
int64_t redis_link_lag_us(const struct redis_link *link);

/* "*2\r\n$3\r\nGET…" */
void redis_encode(struct buf *out, const struct slice *words, unsigned count);

#endif
