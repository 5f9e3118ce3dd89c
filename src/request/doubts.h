/* SPDX-License-Identifier: Apache-2.0 */
/* Writes of unknown outcome: the connection was lost after COMMIT was sent, and the database may commit yet. Who reads what it writes to
 * before it does keeps an old answer, which that commit, unheard, would not end. So what depends on it ends again and again:
 *
 *   lost ─► ended ─► each DOUBTS_MS: ended, and PostgreSQL is asked whether the session is still there
 *                    └─► it is not, and `database.timeout` is over: ended once more, and forgotten
 *
 * So an answer of before is served for DOUBTS_MS at most once the commit is there. A session ends when it next looks at its
 * connection, however long it stood still. One behind a pooler, which gives connections numbers of its own, is not seen: then
 * `database.timeout` alone bounds how long it may run.
 *
 * Failure: a look that fails is tried again. Ownership: the worker's. Threads: the worker's. */
#ifndef LEAT_REQUEST_DOUBTS_H
#define LEAT_REQUEST_DOUBTS_H

#include "catalog/model.h"
#include "store/fetch.h"

enum { DOUBTS_MS = 1000 };

struct doubts;
struct worker;

struct doubts *doubts_new(struct worker *worker);

/* Of a write that ended: nothing, unless its outcome is unknown and may become another. tables: that it was to, of the model. */
void doubts_add(struct doubts *doubts, const struct fetch *fetch, const struct model *model,
                const struct tables_told *tables);

/* The worker's end: what is in doubt then stays so, and nothing is added. A look that is out ends as fetches do. */
void doubts_stop(struct doubts *doubts);
void doubts_free(struct doubts *doubts); /* takes NULL; no look may be out */

#endif
