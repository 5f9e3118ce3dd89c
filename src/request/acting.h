/* SPDX-License-Identifier: Apache-2.0 */
/* `auth: {rights: database}`: what a request asks of the database is asked as its caller, whose role and claims row security decides by
 * (store/fetch.h). What an answer hangs on is then the whole caller, and tables that nobody tells.
 * Threads: the request's worker. Cannot fail. */
#ifndef LEAT_REQUEST_ACTING_H
#define LEAT_REQUEST_ACTING_H

#include "request/request.h"

/* NULL: Leat decides alone, and all is asked as the connection's own role. Of the request's arena. */
const struct acting *acting_of(struct request *request);

/* The request's plan is made: notes what its answer hangs on beside it. */
void acting_planned(struct request *request);

/* request->problem is the database's: what it does not allow to nobody in particular, it may allow to somebody. */
void acting_judge(struct request *request);

#endif
