/* SPDX-License-Identifier: Apache-2.0 */
/* FETCH of a function's call or a named query that may change something: a transaction of its own, whose answer is complete before it
 * is committed. What cannot be told (too large, not the one row asked for) is not done.
 * Threads: begun on the worker's; the answer is composed on the store's, while the fetch is out. Failure: request->problem. */
#ifndef LEAT_REQUEST_CHANGE_STEPS_H
#define LEAT_REQUEST_CHANGE_STEPS_H

#include "request/request.h"

enum step change_fetch(struct request *request);

#endif
