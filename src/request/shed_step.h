/* SPDX-License-Identifier: Apache-2.0 */
/* Load shedding on the way of a request: who would only wait in a line that grows is told so at once.
 *
 *   a write, before its body ─► shed_refuses ┬ 503 over-capacity
 *                                            └ BODY … FETCH: let in, for its body is here
 *   a read, before its statement ─► shed_admits ┬ 503 over-capacity
 *                                               └ FETCH ─► request_shed_left, when the database is done with it
 *
 * Health, limits, documents and what a cache answers never ask. Lanes are those of the database: what is quick (fast lanes,
 * SQLite's inline), what is slow (slow lanes, the offload pool), writes. A shape's lane is known from its last time; before its first it
 * counts as slow, which is how it runs.
 * Threads: the worker's; shed_metrics any. */
#ifndef LEAT_REQUEST_SHED_STEP_H
#define LEAT_REQUEST_SHED_STEP_H

#include "limit/shed.h"
#include "request/request.h"

struct metrics_page;
struct service;

enum lane_kind { LANE_SLOW, LANE_QUICK, LANE_WRITE, LANE_KINDS };

enum { SHED_SHAPES = 1024 };

/* A worker's. Zeroed: empty. */
struct worker_shed {
    struct shed_lane lanes[LANE_KINDS];
    uint8_t quick[SHED_SHAPES]; /* by the hash of a statement's text: its last lane was a quick one */
};

/* Of a write whose body is not here yet. True: request->problem says so. */
bool request_shed_refuses(struct request *request);
/* Of what is about to be asked of the database. False: request->problem says so. */
bool request_shed_admits(struct request *request);
/* The database is done with it; nothing where it was not let in, or has left. */
void request_shed_left(struct request *request);

/* Families leat_shed_… */
void shed_metrics(const struct service *service, struct metrics_page *page);

#endif
