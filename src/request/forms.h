/* SPDX-License-Identifier: Apache-2.0 */
/* The form of an answer that is held whole: its tag, whether the client has it already (304), and its coding.
 *
 *   body ─→ tag ─┬ the client has it ─→ 304, no body
 *                └→ small, or not worth it ─→ as it is
 *                   larger ─→ coded here; beyond FORMS_INLINE_BYTES on the offload pool, so that the loop is never held for long
 *
 * A kept answer is coded once, with more time, and keeps its forms.
 *
 * Threads: the worker's; the pool reads the body and writes what it becomes. Failure: the body goes as it is. */
#ifndef LEAT_REQUEST_FORMS_H
#define LEAT_REQUEST_FORMS_H

#include "encode/compress.h"
#include "request/request.h"

/* Coding so much takes about a millisecond. */
#define FORMS_INLINE_BYTES ((size_t)192 * 1024)

/* The answer and request->body are complete. True: the pool has it; request_resume comes, to RESPOND. */
bool forms_begin(struct request *request) must_check;

/* Of an answer in pieces, before its head: gzip, where the client takes it. */
void forms_begin_stream(struct request *request);
/* At the request's end. */
void forms_done(struct request *request);

/* The tag of the body as it is. */
struct slice forms_tag(struct request *request);
/* A kept answer's body in that coding; data NULL: nobody has made it yet. */
struct slice forms_kept(const struct entry *entry, enum coding coding);

#endif
