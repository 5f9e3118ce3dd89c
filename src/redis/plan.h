/* SPDX-License-Identifier: Apache-2.0 */
/* What all connections to Redis of a process share: where it is, TLS, limits, counters.
 *
 * Ownership: the URL's texts must outlive it; it outlives every client and subscriber. Threads: immutable but for the counters,
 * which are atomic. Failure: a certificate that cannot be read, told in a sentence. */
#ifndef LEAT_REDIS_PLAN_H
#define LEAT_REDIS_PLAN_H

#include <stdatomic.h>

#include "config/redis.h"
#include "loop/offload.h"
#include "redis/tls.h"

/* Why a command ended without a reply. */
enum redis_failure {
    REDIS_FINE,       /* there is a reply, which may be an error of Redis' own */
    REDIS_LOST,       /* the connection went: whether it was carried out is not known */
    REDIS_LATE,       /* its deadline came: likewise */
    REDIS_REDIRECTED, /* the cluster sent it on too often, or to a node that cannot be reached */
    REDIS_FAILURES
};

struct redis_limits {
    unsigned commands; /* on their way, a connection */
    size_t out_bytes, reply_bytes;
    int64_t connect_ms;                 /* until ready: address, TCP, TLS, greeting */
    int64_t silent_ms;                  /* something is asked and nothing comes: lost */
    int64_t again_ms_min, again_ms_max; /* back-off between attempts */
};

struct redis_counters {
    atomic_ullong connections, losses;      /* made; lost again, or never made */
    atomic_ullong commands, errors;         /* sent; answered by an error */
    atomic_ullong failures[REDIS_FAILURES]; /* ended without a reply */
    atomic_ullong refused;                  /* not sent: not ready, or a limit */
    atomic_ullong bytes_in, bytes_out;
};

struct redis_plan {
    const struct redis_url *url;
    struct redis_tls_context *tls; /* NULL: plain */
    struct offload *offload;
    struct redis_limits limits;
    struct redis_counters counters;
};

extern const struct redis_limits redis_limits_usual;

/* NULL: why. */
struct redis_plan *redis_plan_new(const struct redis_url *url, struct offload *offload, char ret_why[256]);
void redis_plan_free(struct redis_plan *plan); /* takes NULL */

#endif
