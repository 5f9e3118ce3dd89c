/* SPDX-License-Identifier: Apache-2.0 */
/* How many rows a list has in all: whether that is asked, and the statements that answer it.
 *
 *   exact      SELECT count(*) with the list's conditions; of groups, of them
 *   planned    what the planner expects (PostgreSQL), or the catalogue's number of a whole table (SQLite)
 *   estimated  exact while the rows are no more than a page may have, else as planned
 *
 * Where a store cannot guess it counts. Pure; in the build's arena. */
#ifndef LEAT_QUERY_COUNTS_H
#define LEAT_QUERY_COUNTS_H

#include "query/listing.h"

/* What the request prefers, or else what the envelope shows. Exports have no total. */
enum prefer_count counts_wanted(const struct plan_context *context, const struct envelope *envelope);

/* With the list's own statement written: plan->total, plan->planned, or plan->total_guess. */
void counts_write(struct listing *listing, const struct list_sql *list);

#endif
