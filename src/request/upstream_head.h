/* SPDX-License-Identifier: Apache-2.0 */
/* The head of another service's answer, for upstream_step.c alone: what of it goes into the request's answer, and what it says of being
 * kept. Pure but for the request's arena. */
#ifndef LEAT_REQUEST_UPSTREAM_HEAD_H
#define LEAT_REQUEST_UPSTREAM_HEAD_H

#include "request/request.h"
#include "upstream/upstream.h"

/* Status, type and fields, but for what is of the connection or Leat's to say. kept: Leat keeps it, and says itself what caches are
 * told. False: no memory. */
bool upstream_head_tell(struct request *request, const struct upstream_answer *from, bool kept) must_check;

/* Whether others may be given it: a 200 or 404 for everybody, by what RFC 9111 has a shared cache heed of Cache-Control, Vary and
 * Set-Cookie; a 5xx, for which an answer of before may stand in. *ret_ttl_ms: no longer than this; INT64_MAX: it does not say. */
bool upstream_head_may_be_kept(const struct upstream_answer *from, int64_t *ret_ttl_ms);

#endif
