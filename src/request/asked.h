/* SPDX-License-Identifier: Apache-2.0 */
/* What the head of a request asks beside its URL, `Prefer` and `Range`, and what the head of the answer says of that:
 * `Content-Range`, 206, 416.
 * Threads: the request's worker. Failure: request->problem. */
#ifndef LEAT_REQUEST_ASKED_H
#define LEAT_REQUEST_ASKED_H

#include "request/request.h"

/* Reads every `Prefer` into request->prefer. */
enum error asked_preferences(struct request *request) must_check;

/* Reads `Range` into request->range. */
enum error asked_range(struct request *request) must_check;

/* "0-24/100": what of the whole the page's rows are. */
struct slice asked_content_range(struct request *request);

/* Which part of the whole a page is that has all its rows. False: it begins behind the end. */
bool asked_part_say(struct request *request) must_check;

#endif
