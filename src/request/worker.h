/* SPDX-License-Identifier: Apache-2.0 */
/* A worker: one thread with its loop, its connections, its taps to the database, its requests. Nothing in here is seen by another
 * thread but what the letters carry and the atomic counters of struct service.
 *
 * Ownership: the service owns its workers; a worker owns its requests (a free list of them, bounded by connections). */
#ifndef LEAT_REQUEST_WORKER_H
#define LEAT_REQUEST_WORKER_H

#include <pthread.h>

#include "net/net.h"
#include "observe/access.h"
#include "request/request.h"
#include "request/service.h"
#include "request/shed_step.h"

#define WORKER_MAGIC 0x576f726bu

struct worker {
    uint32_t magic;
    unsigned number;
    struct service *service;
    struct loop *loop;
    struct net *net;
    struct tap *tap;                   /* what new requests submit to */
    struct list taps;                  /* this one, and those that older requests still use */
    struct snapshot *snapshot;         /* what new requests begin with */
    struct decoder *decoder;           /* a spare one; may be NULL */
    struct compressor *compressor;     /* NULL until needed */
    unsigned packer_count;             /* streams that are packed: forms.h */
    struct buf key;                    /* of the kept answer that is asked for: made anew for each */
    struct upstream_client *upstream;  /* connections to other services; NULL until one is asked */
    struct second_level *second_level; /* of the cache; NULL: no Redis */
    struct list purges;                /* of content networks, under way */
    struct known *known;               /* credentials that were found good */
    struct behind *behind;             /* what is written later */
    struct doubts *doubts;             /* writes of unknown outcome */
    struct list running, idle;         /* requests */
    unsigned idle_count;

    char date[30];         /* of the Date header: made anew each second */
    struct timer tick;     /* each second: date, drain progress */
    struct meter *meter;   /* the service's, of this worker */
    struct access_log log; /* lines of this turn: written at its end */
    struct task log_flush;
    uint64_t request_count;
    unsigned claims;   /* of idempotency keys */
    uint64_t id_state; /* of the ids of requests */
    bool draining, drained;
    struct worker_shed shed;
    struct health_check *health_check; /* worker 0's, as is: */
    struct warm *warm;
    struct keeper *keeper;
    pthread_t thread;
};

/* A worker stands idle until it is started: all are made before the first of them runs. */
struct worker *worker_new(struct service *service, unsigned number);
void worker_start(struct worker *worker);

/* Letters from the main thread. */
void worker_post_pause(struct worker *worker, struct pause *pause);
/* Adds 1 to the service's snapshots_taken when it has taken it. */
void worker_post_snapshot(struct worker *worker, struct snapshot *snapshot);
void worker_post_drain(struct worker *worker, unsigned idle_ms);
void worker_post_stop(struct worker *worker); /* ends the loop; then worker_join */
void worker_join(struct worker *worker);
/* After the offload pool has ended: jobs come home to the worker's loop. */
void worker_free(struct worker *worker);

/* The end of a request's way: logs it, frees what it holds, puts it on the free list. */
void request_end(struct request *request);

/* Whether, with so many bytes more, more would wait for slow readers than `answers.bytes_total` allows this worker. */
bool worker_answers_full(const struct worker *worker, uint64_t more_bytes);

/* "GET"; "-": none that is known, or none was read. */
extern const struct slice method_words[METER_METHODS];

/* Whether this request will have a line in the log: problems, slow ones, one in `log.sample` of the others. */
bool worker_log_due(const struct request *request);

/* Appends the request's line to the log of this turn, where log_due. */
void request_log(struct request *request);

extern const struct net_events connection_events; /* connection.c: connections as a source of requests */

#endif
