/* SPDX-License-Identifier: Apache-2.0 */
/* Warming: answers that are made before anybody asks, so that the first ones to ask need not wait.
 *
 *   start, reload ─► the file of what was hot is read (pool) ─► a queue: the paths of `cache.warm` for each role that may read them,
 *                    and what was hot at this hour of the week ─► asked for, `cache.warm_rate` a second ─► at rest
 *   each few minutes ─► what was asked for is counted and saved (pool) ─► the next hour is near: a queue of what is hot then
 *
 * A question is "ROLE TARGET". It is an ordinary request without a client, that begins at CACHE with the caller's rights; what hangs on
 * a tenant or a user is not asked, for nobody is there to ask it for.
 *
 * Worker 0 has one. Threads: its worker's; while a job is out, the pool has the counts. Failure: what fails is not warm; a log line says
 * how many. */
#ifndef LEAT_REQUEST_WARM_H
#define LEAT_REQUEST_WARM_H

#include "request/request.h"

struct warm;

struct warm *warm_start(struct worker *worker);
/* Another configuration: nothing of what is kept is found any more. */
void warm_again(struct warm *warm); /* takes NULL */
/* No more is asked. */
void warm_stop(struct warm *warm);
/* After the worker's requests and the pool have ended; saves what was hot. Takes NULL. */
void warm_free(struct warm *warm);

/* How warming would ask for the answer of a request, for entry_asked. data NULL: it cannot. */
struct slice warm_question(struct request *request);

#endif
