/* SPDX-License-Identifier: Apache-2.0 */
/* A service as the files of upstream/ share it; upstream.h is what others see.
 * Threads: the breaker under `lock`, counters atomic; the rest does not change. */
#ifndef LEAT_UPSTREAM_SERVICE_H
#define LEAT_UPSTREAM_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "upstream/upstream.h"

struct upstream {
    uint32_t magic;
    atomic_uint refs;
    struct upstream_options options; /* the origin is ours */
    pthread_mutex_t lock;
    struct breaker breaker; /* guarded by lock */
    atomic_uint in_flight;
    _Atomic uint64_t ended[UPSTREAM_OUTCOMES], retries, cancelled;
};

/* Whether a call may go: GOING, or why not: OPEN, FULL. One that may is given back to service_leave. */
enum upstream_outcome service_enter(struct upstream *service, bool *ret_probe);
/* What it came to; GOING: it was cancelled. */
void service_leave(struct upstream *service, bool probe, enum upstream_outcome outcome, uint32_t chance);

#endif
