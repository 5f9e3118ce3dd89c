/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables a statement touches, by its plan: EXPLAIN (FORMAT JSON, VERBOSE) names each relation with its schema. Views are read as
 * the tables below them.
 * Pure; the tables go into the model's arena. */
#ifndef LEAT_STORE_PG_TOUCHED_H
#define LEAT_STORE_PG_TOUCHED_H

#include "catalog/model.h"

/* Notes them in the query. False: the plan names one that the catalogue does not know. */
bool pg_touched_read(struct model *model, struct named_query *query, struct slice plan) must_check;

#endif
