/* SPDX-License-Identifier: Apache-2.0 */
/* What tells of the API: /openapi.json, made once for each role of a snapshot, and the page at /docs that shows it. Each has an
 * ETag, so that a client that has it is answered 304.
 *
 * Ownership: the snapshot's. Any thread. */
#ifndef LEAT_REQUEST_DOCUMENTS_H
#define LEAT_REQUEST_DOCUMENTS_H

#include "request/request.h"

struct documents;

struct documents *documents_new(const struct model *model);
void documents_free(struct documents *documents); /* takes NULL */

/* Of ROUTE_OPENAPI and ROUTE_DOCS: the step that follows. */
enum step documents_answer(struct request *request);

#endif
