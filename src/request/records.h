/* SPDX-License-Identifier: Apache-2.0 */
/* A body that came whole (BODY) → records, some at a time, so that whoever writes them sets the pace. The body stays: what must be
 * done again may begin again. Memory is a decoder, lent by the worker, and a piece of the body.
 * Failure: ERR_PROBLEM (request->problem tells), ERR_MEMORY, or what the sink said. */
#ifndef LEAT_REQUEST_RECORDS_H
#define LEAT_REQUEST_RECORDS_H

#include "request/request.h"

/* Begins, or begins again, at the body's first record. */
enum error records_begin(struct request *request, const struct decode_sink *sink) must_check;

/* Reads the next RECORDS_PIECE_BYTES of the body and gives their records to the sink. *ret_ended: that was all of it. */
enum error records_more(struct request *request, bool *ret_ended) must_check;
/* The same of fewer bytes, for those who bound how many records come at once. */
enum error records_some(struct request *request, size_t bytes_max, bool *ret_ended) must_check;

#define RECORDS_PIECE_BYTES (64 * 1024)

/* Gives the decoder back. Of one that never began, too. */
void records_end(struct request *request);

#endif
