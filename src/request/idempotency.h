/* SPDX-License-Identifier: Apache-2.0 */
/* A write with an Idempotency-Key: done once, however often it is asked for; query/idempotency.h has the header and the table.
 *
 *   the write's own transaction:
 *
 *   CLAIM ─ it is ours ───→ WORK (the write's statements) ─ compose ─→ KEEP ─→ [AUDIT] ─→ [SWEEP] ─→ COMMIT
 *     │   └ used before ──→ FIND ─→ the other's answer, or 422 ─→ ROLLBACK
 *     └ there is no table: the unit failed; MAKE in a unit of its own, then CLAIM again, once
 *
 * The answer is composed before the commit, and is in the database exactly when what it tells of is. A write that fails takes its
 * claim along: the key is free again. So is that of a write whose commit nobody knows of: whoever asks again either finds the answer,
 * or is the first.
 * Threads: as write_steps.h. Failure: 400 "bad-idempotency-key", 422 "idempotency-key-reused", 503 "idempotency-unavailable" where
 * the table is not to be had: nothing was changed then. */
#ifndef LEAT_REQUEST_IDEMPOTENCY_H
#define LEAT_REQUEST_IDEMPOTENCY_H

#include "base/digest.h"
#include "query/idempotency.h"
#include "request/request.h"

struct idempotency {
    enum { KEY_CLAIM, KEY_WORK, KEY_FIND, KEY_KEEP, KEY_AUDIT, KEY_SWEEP, KEY_MAKE } state;
    struct idempotency_entry entry;
    struct digest digest;           /* of the request, as it comes */
    struct statement first;         /* the work's (unit.h); text empty: it has none */
    struct slice found[KEPT_COUNT]; /* data of the status NULL: nothing */
    unsigned making;                /* the statement of MAKE */
    bool was_making, sweeps;
};

/* BODY begins: reads the head. OK when there is no key, too. */
enum error idempotency_read(struct request *request) must_check;
/* A piece of the body. */
void idempotency_add(struct request *request, struct slice piece);

/* Before fetch is submitted, where the request has a key: the claim goes first. */
void idempotency_begin(struct request *request);
/* After fetch's end: true: it was exchanged and is to be submitted again. Else fetch->problem tells, or all is well. */
bool idempotency_goes_on(struct request *request);

#endif
