/* SPDX-License-Identifier: Apache-2.0 */
/* The one object that travels. A request comes from a source, walks the table of steps (request/steps.c), and ends in its
 * sink. No step knows a connection.
 *
 * Ownership: its worker keeps requests on a free list; the arena holds all that one needs and is reset at its end. It
 * pins the model and the database it began with. Threads: its worker's alone; while a fetch is out, the store may write into the page.
 * Cancel: request_cancel takes the sink away; the request ends at once, or when what it waits for has come back. */
#ifndef LEAT_REQUEST_REQUEST_H
#define LEAT_REQUEST_REQUEST_H

#include "auth/identify.h"
#include "base/spool.h"
#include "decode/decode.h"
#include "encode/page.h"
#include "query/plan.h"
#include "request/sink.h"
#include "request/step.h"
#include "respond/accept.h"
#include "respond/respond.h"
#include "route/route.h"

struct batch;
struct entry;
struct gzip_stream;
struct keeping;
struct login;
struct outgoing;
struct part;
struct shed_lane;
struct showing;
struct stream;
struct tap;
struct upstream_call;
struct worker;
struct request;

#define REQUEST_MAGIC 0x52657155u

struct request {
    uint32_t magic;
    enum step step;
    struct worker *worker;
    struct snapshot *snapshot; /* pinned: model, routes, limits */
    struct tap *tap;           /* pinned: the port to the snapshot's database */
    struct arena arena;
    struct list link; /* among the worker's running or free ones */

    const struct request_sink *sink; /* NULL: cancelled, nobody waits */
    void *sink_context;
    const struct http_head
        *head; /* the source's: valid until delivered or cancelled; copied from before parking */
    const struct sockaddr_storage *peer;
    struct slice query_string, target;
    enum http_method method;
    char id[17]; /* 16 hex digits and NUL: X-Request-Id, and the key of its log lines */

    struct route route;
    struct principal principal;
    bool by_admin;                /* it came by the address of `admin:` */
    bool is_operator;             /* it may see what is for operators: set by IDENTIFY */
    struct showing *showing;      /* a credential under way: auth_steps.c */
    struct login *login;          /* of a login or logout: login.h */
    struct prefer prefer;         /* what is heeded of it: see asked.h */
    struct range range;           /* of a read: what `Range` asks for */
    enum format format;           /* of a read's answer: set by CACHE */
    enum body_format body_format; /* of a write */
    struct spool body_in;         /* its body, whole when PLAN begins; empty where there was none */
    struct decoder *decoder;      /* while records are made of it: records.h */
    uint64_t body_at;             /* so much of it is decoded */
    char *body_piece;             /* RECORDS_PIECE_BYTES of the arena; NULL until needed */
    struct keeping *keeping;      /* of a read whose answer may be kept: cache_step.h */
    struct entry *entry;          /* the kept answer that is given; NULL: `body` or the page's */
    struct plan *plan;
    struct part *part;                 /* of a batch: whose source and sink it is: batch.h; else NULL */
    struct batch *batch;               /* that it bears; else NULL */
    struct writing *writing;           /* of a write: write_steps.h */
    const struct work *work;           /* of what changes something: unit.h */
    struct precondition *precondition; /* of a write with If-Match: precondition.h */
    struct idempotency *idempotency;   /* of a write with an Idempotency-Key: idempotency.h */
    struct page page;
    struct slice version;       /* of the row that the answer is: its tag begins with it; data NULL: none */
    bool formed;                /* its tag and coding are settled: forms.h */
    struct gzip_stream *packer; /* of an answer in pieces that is coded; else NULL */
    struct shed_lane *shed;     /* the lane it was let into and has not left: shed_step.h */
    struct stream *stream;      /* of an export, or of an answer too large for memory; else NULL */
    struct outgoing *outgoing;  /* what another service is asked: upstream_step.c */
    struct upstream_call *call; /* of what another service answers: upstream_step.h */
    struct task turn;           /* STREAM or UPSTREAM goes on */
    bool streaming;             /* the head has gone ahead of the body */
    bool sending;               /* the socket has not taken all that was handed to it */
    struct fetch fetch, total_fetch;
    const struct acting *as;   /* of both: acting.h */
    struct arena total_arena;  /* the total's fetch may end on another thread than the page's */
    bool fetch_out, total_out; /* submitted, on_end has not come */
    bool job_out;              /* another thread has its body, or its password: a letter will come */
    bool fetching;             /* inside step_fetch: what ends there is noted, not resumed */
    uint64_t total;            /* of which more may be counted yet, while total_out */
    bool has_total;

    struct problem problem;
    struct answer answer;
    struct buf body; /* of what is not a page */
    bool cancelled, log_due;
    bool audited;    /* the last statement of its unit is the audit's */
    bool background; /* nobody asked: for the cache */

    struct mono began;
    int64_t took_us; /* at its end */
    uint64_t sent_bytes;
};

/* A request with its arena, id and time set, at STEP_ROUTE. */
struct request *request_new(struct worker *worker, const struct request_sink *sink, void *sink_context);

/* The body of its answer, whole: for the sink's `deliver`. */
struct slice request_body(const struct request *request);

/* Walks from where it is until it ends or parks. */
void request_run(struct request *request);

/* Wakes a parked request: `next` must be a step its present one may go to. */
void request_resume(struct request *request, enum step next);

/* A piece of the body of a request that waits in BODY; last: nothing follows. The request may be freed when this returns. */
void request_body_piece(struct request *request, struct slice piece, bool last);

/* Nobody waits for the answer any more. The request may be freed when this returns. */
void request_cancel(struct request *request);

/* Ends one that waits for another service, whoever waits for it: of the worker's end. */
void request_abandon(struct request *request);

/* Frees one that is in no list: of request_end and the worker's end. */
void request_free(struct request *request);

/* Sets the problem and names the step that answers it. */
enum step request_fail(struct request *request, unsigned status, struct slice code, struct slice detail);

/* The same for memory that ran out. */
enum step request_fail_memory(struct request *request);

/* The same for answers that wait for slow readers: there is no room for one more. */
enum step request_fail_full(struct request *request);
/* The same for one object asked of another number of rows. */
enum step request_fail_not_one(struct request *request, unsigned long long rows, struct slice hint);
/* The same for an answer larger than so many bytes. */
enum step request_fail_large(struct request *request, uint64_t bytes_max);

#endif
