/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN, FETCH and ENCODE of a write, whose body came by way of BODY: records → statements of one transaction → the answer.
 *
 *   records ─► write_add … ─► statement ─► store ─► on_statement ┬ more statements, more records: NEXT
 *   (records.h)               (query/write.h)                    ├ too many rows, not one row, a bad record: ROLLBACK
 *                                                                └ COMMIT ─► on_end
 *
 * The unit that holds them is unit.h's.
 * Failure: as problems; nothing is written then, but for 503 outcome-unknown (store.h). */
#ifndef LEAT_REQUEST_WRITE_STEPS_H
#define LEAT_REQUEST_WRITE_STEPS_H

#include "query/write.h"
#include "request/request.h"

struct writing {
    struct write *write;
    struct plan_context context;
    struct write_asked asked;
    bool alone;      /* the body is one record */
    bool of_one;     /* one row at most is written: that of the path, or the one record of a POST */
    bool body_ended; /* all its records were read */
};

enum step write_plan(struct request *request);
enum step write_fetch(struct request *request);
enum step write_encode(struct request *request);

/* Frees what a write holds. Of a request that is none, too. */
void write_done(struct request *request);

#endif
