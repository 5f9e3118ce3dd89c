/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: events that have a name. Raised by POST /v1/signals/NAME, or by a write to the resource that the signal is `on`.
 * What hangs on it is stale before anybody is told, here; other instances hear of it from Redis, and content networks by purge.h.
 * Threads: the request's worker. Cannot fail. */
#ifndef LEAT_REQUEST_SIGNALS_H
#define LEAT_REQUEST_SIGNALS_H

#include "observe/metrics.h"
#include "request/request.h"
#include "request/service.h"

/* BUILTIN of /v1/signals/NAME: 204. */
enum step signal_answer(struct request *request);

/* The request's write stands, or it may. */
void signals_raise_for_write(struct request *request);

/* leat_signals_…, leat_purges_…; none where no signal is declared. */
void signals_metrics(struct service *service, const struct config *config, struct metrics_page *page);

#endif
