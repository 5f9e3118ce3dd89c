/* SPDX-License-Identifier: Apache-2.0 */
/* If-Match on the path of a row (RFC 9110 section 13.1.1): the write is done only if the row is the one that the client knows, so that
 * no update is lost. It goes around the work of a unit (unit.h), in the same transaction:
 *
 *   LOOK (the row's version, which nobody else changes until the end) ┬ it is none of the tags': 412, ROLLBACK
 *                                                                     ├ there is no row: 404, of PUT 412, ROLLBACK
 *                                                                     └ it is ─→ the work's statements ─→ …
 *
 * A tag of a row begins with its version (respond/caching.h), which alone is compared: tags are of an answer, the condition is of the row.
 * Threads: as unit.h. Failure: 400 "no-version" where the resource has none, "misplaced-condition" where it is not the path of a row. */
#ifndef LEAT_REQUEST_PRECONDITION_H
#define LEAT_REQUEST_PRECONDITION_H

#include "request/unit.h"

struct precondition {
    struct slice tags; /* of If-Match; data NULL: `*` */
    struct statement look, first;
    const struct work *work; /* what it goes around */
    bool looked, found;
    struct slice version; /* as it stands in a tag; data NULL: it has none */
};

/* BODY begins: reads the head. OK when there is no condition, too. */
enum error precondition_read(struct request *request) must_check;

/* PLAN of a write of a row: the statement that looks, where there is a condition. */
enum error precondition_plan(struct request *request, const struct plan_context *context) must_check;

/* As unit_fetch, of a request with a condition. */
enum step precondition_fetch(struct request *request, const struct work *work);

#endif
