/* SPDX-License-Identifier: Apache-2.0 */
/* Several requests in one (doc/batch.md). Each part is an ordinary request with a source and a sink of its own: its head is made as
 * bytes and parsed by http/, so that everything is checked; who asks is taken over from the batch.
 *
 *   BODY → PLAN: the body's parts (batch_read.c) → BATCH ⏳ the parts → RESPOND
 *
 *   part:  ROUTE → … → RESPOND ─→ its answer as JSON, its request ends ─→ the next part; behind the last: the batch
 *
 * In a transaction (chain.c) a part stops in FETCH, where others submit their statement, until all are there:
 *
 *   worker:  part 1 ROUTE → … → PLAN → FETCH ⏳      one failed: nothing is run
 *            part 2 ROUTE → … → PLAN → FETCH ⏳
 *   store:   1's statements → 1's answer → 2's statements → 2's answer → COMMIT
 *                   └ it fails: ROLLBACK; it is the culprit, all others are 424
 *   worker:  each part goes on: → RESPOND
 *
 * Ownership: a batch and its parts are of the arena of the request that bears them, which ends when all parts' requests have. Threads:
 * the worker's; in a transaction the parts' units are the store's between submit and end, as any unit is.
 * Failure: a problem of a part is its answer; of the batch: 400 "bad-batch", and in a transaction what concerns all of it. */
#ifndef LEAT_REQUEST_BATCH_H
#define LEAT_REQUEST_BATCH_H

#include "request/request.h"

struct part {
    struct batch *batch;
    unsigned number; /* from 0 */
    /* As the body says. */
    enum http_method method;
    struct slice path, headers, body; /* headers: lines, as a head has them; body: data NULL: none */
    /* Its request. */
    struct request *request; /* NULL: not begun, or ended */
    struct slice head_bytes;
    struct http_head head;
    struct task body_due;
    enum { PART_WAITS, PART_RUNS, PART_JOINED, PART_ENDED } state;
    /* Its answer. */
    unsigned status;
    struct slice answer; /* a JSON object */
};

struct batch {
    struct request *request; /* that bears it */
    bool transaction;
    struct part *parts;
    unsigned count, begun, running; /* running: their requests have not ended */
    uint64_t answer_bytes;          /* of all answers so far */
    struct task turn;               /* BATCH goes on */
    /* of a transaction */
    struct part **joined;
    unsigned joined_count, at; /* at: whose statements run; joined_count: all are done */
    bool settled;              /* the joined ones have their outcome, or are being run */
};

/* Of the parts of a transaction, when another failed. */
extern const struct problem failed_dependency;

/* PLAN of a batch: its parts. */
enum step batch_plan(struct request *request);

/* The client has left. */
void batch_cancel(struct batch *batch);

/* A part's request has ended, and is not to be touched any more. */
void batch_part_ended(struct part *part);

/* batch_read.c. The body is parts, sound in form; else request->problem. */
enum error batch_read(struct request *request, struct slice body, struct batch *batch) must_check;
/* The bytes of a part's head. */
struct slice batch_head(struct arena *arena, const struct part *part);

/* batch_answer.c. A part's answer out of its request, as it is delivered. */
void batch_take_answer(struct part *part, struct request *request);
/* The same of a problem that no request bears. */
void batch_refuse(struct part *part, const struct problem *problem);
/* "{"responses":[…]}" into the batch's own request. */
void batch_write(struct batch *batch);

/* chain.c. Whether the request is a part whose statements are of the batch's transaction. */
static inline bool batch_is_chained(const struct request *request)
{
    return request->part && request->part->batch->transaction;
}
/* Instead of store_submit, of a part's unit: it waits for the others. */
void chain_join(struct request *request);
/* All parts have joined or ended: their transaction begins, or they learn why not. */
void chain_settle(struct batch *batch);
/* FETCH of a read in a transaction. */
enum step chain_read(struct request *request);

#endif
