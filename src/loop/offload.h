/* SPDX-License-Identifier: Apache-2.0 */
/* The offload pool: a few threads for what blocks (name resolution, PQcancel, SQLite statements that are not plain index
 * searches, password hashing). A job runs on one of them and comes home as a letter to the loop that sent it.
 * Ownership: the job lies inside its owner, who must not touch it between offload_submit and on_done.
 * Failure: a full queue (queue_max) refuses with ERR_LIMIT: the request is answered 503. */
#ifndef LEAT_LOOP_OFFLOAD_H
#define LEAT_LOOP_OFFLOAD_H

#include "loop/loop.h"

struct offload;

struct job {
    void (*run)(struct job *job);     /* on a pool thread */
    void (*on_done)(struct job *job); /* on home's thread */
    struct loop *home;
    struct letter letter; /* the pool's */
    struct list link;     /* the pool's */
};

struct offload *offload_new(unsigned threads, unsigned queue_max);

/* Finishes what is queued, then ends the threads. The loops the jobs come home to must still exist. Takes NULL. */
void offload_free(struct offload *offload);

enum error offload_submit(struct offload *offload, struct job *job) must_check;

/* Jobs waiting for a thread: for the metric. */
unsigned offload_waiting(struct offload *offload);

#endif
