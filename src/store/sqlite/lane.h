/* SPDX-License-Identifier: Apache-2.0 */
/* Where a shape runs: inline on the loop, or on the offload pool. A statement on the loop holds up every
 * other request of its worker, one on the pool costs two hand-overs between threads: so the plan decides,
 * then the measure.
 *
 *   plan    every table is SEARCHed by an index or rowid, or SCANned with a LIMIT; nothing is counted,
 *           grouped or sorted (but for ties within an index's order, and the few limited branches of
 *           a keyset page); lists of values by json_each are no table. What is run for each row (embedded rows,
 *           gathered by leat_tuples; EXISTS) is SEARCHed, with a LIMIT or without
 *   measure of each 256 runs at most 12 (5 %) take 200 µs or more, none 1 ms (the budget, see run.h)
 *
 * A shape that fails the measure goes to the pool for 100 ms, then is tried again; each failure in a row
 * doubles the time, up to 6.4 s: a cold page cache must not banish a good shape, a bad one must not be
 * tried often.
 * Pure but for lite_lane_judge, which asks the database for the plan. The loop's thread. */
#ifndef LEAT_STORE_SQLITE_LANE_H
#define LEAT_STORE_SQLITE_LANE_H

#include <sqlite3.h>

#include "base/clock.h"
#include "base/slice.h"

struct lite_lane {
    bool judged, inline_plan;
    unsigned runs, slow_runs; /* of the present window */
    unsigned strikes;         /* failures in a row */
    struct mono pool_until;   /* by measure */
};

/* Whether the plan of the statement allows it to run inline (by EXPLAIN QUERY PLAN and EXPLAIN; some 50 µs). */
bool lite_lane_judge(sqlite3 *db, struct slice text);

/* Whether the shape runs inline now. It has been judged. */
bool lite_lane_is_inline(const struct lite_lane *lane, struct mono now);

/* An inline run that ended well took so long. */
void lite_lane_measured(struct lite_lane *lane, int64_t run_us, struct mono now);

/* An inline run was broken off: over its budget of time or memory. */
void lite_lane_overran(struct lite_lane *lane, struct mono now);

#endif
