/* SPDX-License-Identifier: Apache-2.0 */
/* What a write answers: the rows as they are now, or where they are, or how many there were. For write_steps.c alone.
 *
 *   begin     before the first statement: a page that takes the rows of RETURNING
 *   compose   when all that was to be written is, on the store's thread or the worker's: status, head, body
 *
 * Ownership: of the request, whose writing is planned. Failure: request->problem; a page that is too large shows nothing, for
 * what is written is. */
#ifndef LEAT_REQUEST_WRITE_ANSWER_H
#define LEAT_REQUEST_WRITE_ANSWER_H

#include "request/request.h"

void write_answer_begin(struct request *request);
void write_answer_compose(struct request *request);

#endif
