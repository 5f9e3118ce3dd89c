/* SPDX-License-Identifier: Apache-2.0 */
/* FETCH of what changes something: a unit, that is, one transaction of its own (store/fetch.h).
 *
 *   first statement → on_statement ┬ NEXT, ROLLBACK
 *                                  └ COMMIT → compose ┬ the answer stands: committed → RESPOND
 *                                                     └ it cannot be given: rolled back → RESPOND
 *
 * With an Idempotency-Key the key's own statements stand around the work's (idempotency.h). A work that nothing depends on, and without a
 * key, goes without being asked: one round trip; its answer is composed in ENCODE.
 * Threads: begun and ended on the worker's; between, the work is called on the store's, which may be another: it touches nothing but
 * its request, which waits. Failure: request->problem. */
#ifndef LEAT_REQUEST_UNIT_H
#define LEAT_REQUEST_UNIT_H

#include "request/request.h"

struct work {
    /* fetch->statement is the work's first: its sink is due. */
    void (*begin)(struct request *request);
    /* As of struct fetch; on ROLLBACK with request->problem. */
    enum verdict (*on_statement)(struct request *request);
    /* Sets the answer and its body, or request->problem. */
    void (*compose)(struct request *request);
    /* It failed: adds to request->problem what the store cannot know; NULL: nothing. */
    void (*blame)(struct request *request);
};

/* fetch.statement is the first; text empty, with a key alone: there is none. asks: on_statement decides. */
enum step unit_fetch(struct request *request, const struct work *work, bool asks);

/* The answer, before the commit; true: it stands. */
bool unit_compose(struct request *request);

#endif
