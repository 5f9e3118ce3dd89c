/* SPDX-License-Identifier: Apache-2.0 */
/* What a read is made of beside its steps: for one whose statements are of another's transaction (chain.c).
 * Threads: the store's or the worker's, one at a time. */
#ifndef LEAT_REQUEST_READ_STEPS_H
#define LEAT_REQUEST_READ_STEPS_H

#include "request/request.h"

/* The statement that counts what the page is of, after those that were given before; NULL: none is left. */
const struct statement *read_next_count(struct request *request);
struct row_sink read_count_sink(struct request *request);

/* The rows are there, and the count: the answer's head and body. False: they are no page, or request->problem. */
bool read_compose(struct request *request);

#endif
