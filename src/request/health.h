/* SPDX-License-Identifier: Apache-2.0 */
/* Health: a check of the database each second in the background, by worker 0; /health answers from the last result and never
 * waits. Threads: written by worker 0, read by all, under its lock. */
#ifndef LEAT_REQUEST_HEALTH_H
#define LEAT_REQUEST_HEALTH_H

#include <pthread.h>

#include "base/clock.h"
#include "loop/loop.h"

struct service;
struct worker;

struct health_result {
    bool checked, up;
    struct mono checked_at;
    int64_t took_us;
    char why[256]; /* when down: for operators */
};

struct health {
    pthread_mutex_t lock; /* guards last */
    struct health_result last;
};

struct health_check; /* the timer and the fetch of the checks */

void health_init(struct health *health);
/* Begins to check each second on this worker's loop and port. */
struct health_check *health_check_start(struct worker *worker);
/* No further checks; one that is out comes back later. */
void health_check_stop(struct health_check *check);
/* After the port is detached, so that nothing is out. Takes NULL. */
void health_check_free(struct health_check *check);

/* Up at the last check, which is no older than 5 s. */
bool health_ready(struct service *service);

#endif
