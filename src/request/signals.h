/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: events that have a name. Raised by POST /v1/signals/NAME, by a login, or by a write to the resource that the signal is `on`, where
 * a row that was written meets its `when` (query/write.h). Of changes whose rows nobody here sees, those of queries, functions and other
 * services, only the tables are known: these raise whatever is on a resource of one of them.
 * What hangs on it is stale before anybody is told, here; other instances hear of it from Redis, and content networks by purge.h.
 * Threads: the request's worker. Cannot fail. */
#ifndef LEAT_REQUEST_SIGNALS_H
#define LEAT_REQUEST_SIGNALS_H

#include "observe/metrics.h"
#include "request/request.h"
#include "request/service.h"

/* BUILTIN of /v1/signals/NAME: 204. */
enum step signal_answer(struct request *request);

/* What the request changes, these tables, stands. sure: it is known to; else it may. */
void signals_raise_for_change(struct request *request, const struct tables_told *tables, bool sure);
/* Tables were written to, who knows which rows; any of them, where nobody tells. */
void signals_raise_for_tables(struct worker *worker, struct snapshot *snapshot,
                              const struct tables_told *tables);
void signals_raise_for_login(struct request *request);

/* Those of the resource's `raises` whose bits are set. */
void signals_raise(struct worker *worker, struct snapshot *snapshot, const struct resource *resource,
                   uint32_t bits);

/* leat_signals_…, leat_purges_…; none where no signal is declared. */
void signals_metrics(struct service *service, const struct config *config, struct metrics_page *page);

#endif
