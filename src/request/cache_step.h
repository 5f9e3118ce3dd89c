/* SPDX-License-Identifier: Apache-2.0 */
/* CACHE: whether an answer to this is kept already, and who makes it if not. Reads pass it, before PLAN.
 *
 *          ┌── fresh, or old and another makes a new one ──→ RESPOND
 *   CACHE ─┼── it is ours to make ──→ PLAN ─┬→ FETCH … RESPOND: kept, those who wait are woken
 *     ↑    │                                └→ CACHE: the plan hangs on more of the caller than the key says
 *     │    ├── not kept ────────────→ PLAN                       ⏳ PLAN: what other instances have, where there is Redis
 *     └────┴── another makes it: ⏳
 *
 * The key is made of what is asked as it stands in the request: equal questions written differently are kept apart.
 * A request that makes an answer for others goes on when its own client leaves.
 *
 * Ownership: what a request holds of the cache it gives back at its end, whatever happens (cache_done).
 * Threads: the worker's; wakers post a letter. */
#ifndef LEAT_REQUEST_CACHE_STEP_H
#define LEAT_REQUEST_CACHE_STEP_H

#include "request/request.h"

/* PLAN is done: notes what the answer will depend on. The step that follows. */
enum step cache_planned(struct request *request);

/* Asks the other instances, by Redis, before the answer is made here. True: request_resume comes, to FETCH or UPSTREAM, or with what
 * another has made to RESPOND. Of a request that cache_fills, whose dependencies are noted; once. */
bool cache_asks_others(struct request *request) must_check;

/* A write of one row whose answer is to be that of the row, too (`writes: through`): before its statement is sent. key NULL: of a new
 * row. */
void cache_writes(struct request *request, const struct plan *shown, const struct bind *key);

/* What another service answers: the tables it will depend on, before it is asked; and for how long it may be kept at most. */
void cache_note_tables(struct request *request, const struct tables_told *tables);
void cache_limit(struct request *request, int64_t ttl_ms);

/* Whether the answer is for others, too: it says nothing of this request. */
bool cache_fills(const struct request *request);

/* RESPOND has the whole answer, or a problem, which an old answer may stand in for (request->entry). */
void cache_answered(struct request *request);

/* The answer goes out in pieces: it is not kept. */
void cache_gives_up(struct request *request);

/* The client of a request leaves. CACHE_STAYS: it goes on without; CACHE_WAITS: it ends when a letter comes that is on its way. */
enum cache_left { CACHE_ENDS, CACHE_STAYS, CACHE_WAITS };
enum cache_left cache_client_left(struct request *request);

/* The end of a request: of whatever it still holds. */
void cache_done(struct request *request);

#endif
