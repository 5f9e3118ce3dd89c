/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics: what every part has counted, on one page (observe/metrics.h). Made when it is asked for, by the worker that is
 * asked: it reads the others' counters and waits for nobody. */
#ifndef LEAT_REQUEST_METRICS_PAGE_H
#define LEAT_REQUEST_METRICS_PAGE_H

#include "request/request.h"

/* Of ROUTE_METRICS: the step that follows. */
enum step metrics_answer(struct request *request);

#endif
