/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that tell a content network to forget: `purge:` of a signal. Of each signal a worker makes one at a time; what is raised meanwhile
 * is one more behind it, so that nothing can queue up.
 *
 *   raised ─► CALLING ─┬─ 2xx, 3xx ─────────────────► done, or CALLING once more: it was raised meanwhile
 *               ▲      ├─ 4xx, or PURGE_TRIES_MAX ──► failed: told in the log
 *               └ 1 s, 2 s, 4 s … ◀─ all else
 *
 * Ownership: the worker's, until it ends; each pins its snapshot. Threads: the worker's; services from any.
 * Failure: as drawn. A process that stops waits for those that are out, not for those that would be tried again. */
#ifndef LEAT_REQUEST_PURGE_H
#define LEAT_REQUEST_PURGE_H

#include "config/config.h"

struct snapshot;
struct upstream;
struct worker;

enum { PURGE_TRIES_MAX = 6, PURGE_AGAIN_MS = 1000 };

/* Nothing where the signal has no `purge`. */
void purge_ask(struct worker *worker, struct snapshot *snapshot, const struct config_signal *signal);

/* The end of the worker, outside of a turn of its loop, which it may turn. */
void purges_stop(struct worker *worker);

/* The services of a snapshot, by the place of the signal. */
struct upstream **purges_new(const struct config *config);
void purges_free(struct upstream **purges, const struct config *config);

#endif
