/* SPDX-License-Identifier: Apache-2.0 */
/* The service: what the workers share. Made at start by serve.c's main thread, which also carries out reload and drain.
 *
 * Threads: `snapshot` is swapped under `lock`; counters are atomic; totals and health have locks of their own; all else is
 * set before the workers start and does not change. */
#ifndef LEAT_REQUEST_SERVICE_H
#define LEAT_REQUEST_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/spool.h"
#include "cache/space.h"
#include "loop/offload.h"
#include "net/net.h"
#include "observe/meter.h"
#include "query/plan.h"
#include "request/fingerprint.h"
#include "request/health.h"
#include "request/login.h"
#include "request/remote.h"
#include "request/supply.h"
#include "request/totals.h"
#include "route/route.h"

struct documents;
struct outside;
struct limiter;
struct limit_rules;
struct trust;
struct worker;

enum { LISTENERS_MAX = 8 };

/* Configuration, catalogue, plans, routes and database of one moment. Ref-counted: the service, each worker and each request pin it. */
struct snapshot {
    atomic_uint refs;
    const struct model *model;
    struct trust *trust;            /* whom it believes */
    struct fingerprint fingerprint; /* of the model */
    struct route_table *routes;
    struct plan_cache *plans;
    unsigned *meter_numbers;     /* by the number of a route's template */
    struct documents *documents; /* /openapi.json; NULL: `docs: off` */
    struct limit_rules *limits;
    struct upstream **upstreams; /* as configured, in that order; NULL: none */
    struct upstream **purges;    /* of config->cache.signals, in that order; NULL in it: none */
    struct supply *supply;       /* where the rows come from: often the same as that of the one before */
};

/* Takes all over, but the names. before: the one it takes the place of, whose services that are the same it shares; NULL: none. */
struct snapshot *snapshot_new(const struct model *model, struct trust *trust, struct supply *supply,
                              struct limit_rules *limits, struct meter_names *names,
                              const struct snapshot *before);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot); /* takes NULL */

/* While workers stand still: each waits at one, then at the other, as does who asked for it. */
struct pause {
    pthread_barrier_t all_stand, all_go;
};

/* What became of the reloads: for /health, and so for `leat reload`. */
struct reload_result {
    unsigned begun, ended;
    bool refused;  /* the last one that ended */
    char why[512]; /* when refused: the first complaint, for operators */
};

struct service {
    struct model *start;         /* of the start */
    const struct config *config; /* its configuration: addresses, workers */
    struct offload *offload;
    struct gate *gate;
    struct spool_space spool_space; /* of large bodies and answers, for all workers */
    int listen_fds[LISTENERS_MAX];
    unsigned listen_count;
    int admin_fd; /* worker 0's; -1: none */
    struct worker **workers;
    struct meter **meters; /* one for each worker, who alone writes it */
    struct meter_names *meter_names;
    unsigned worker_count;

    pthread_mutex_t lock;
    struct snapshot *snapshot;    /* guarded by lock; the present one */
    struct reload_result reloads; /* guarded by lock */

    struct totals *totals;
    struct tags *tags;
    struct cache *cache;
    struct space *space;   /* values of other programs */
    struct remote *remote; /* NULL: no Redis */
    struct outside *outside;
    struct signal_counts {
        _Atomic uint64_t raised, purged, retried, failed;
    } signals;
    struct cache_secret cache_secret;
    struct limiter *limiter;   /* made by the first load */
    struct verifier *verifier; /* of passwords */
    struct login_counts logins;
    struct session_counts { /* where sessions were found that a worker did not know */
        atomic_uint_fast64_t redis, database, strange; /* strange: copies that nobody like us has sealed */
    } sessions;
    struct health health;
    struct wall started;
    struct pause pause; /* made at the first hand-over, kept: a worker may still be leaving it */
    bool pause_made;
    atomic_bool draining;
    atomic_uint workers_drained;
    atomic_uint snapshots_taken; /* by workers, in all */
    unsigned snapshots_posted;   /* to workers, in all: the main thread's */
};

/* What `leat serve` was asked for. */
struct service_options {
    const char *config_file; /* NULL: database_url alone, without a file */
    const char *database_url;
    const char *listen;
    unsigned workers; /* 0: as the configuration says, else one per core */
    const struct config_override *overrides;
    unsigned override_count;
    char **argv; /* for a successor on SIGUSR2 */
};

/* Serves until told to stop. Returns the exit code: 0 done, 1 failed, 2 wrong configuration. */
int service_run(const struct service_options *options);

/* serve.c's parts, by file. */

/* load.c: configuration + catalogue → snapshot, with the present one's supply where that serves; complaints go to standard
 * error, the first of them into ret_why too. */
enum error service_load(const struct service_options *options, struct service *service,
                        struct snapshot **ret_snapshot, int *ret_exit, char ret_why[512]) must_check;
/* How many workers a configuration asks for. */
unsigned service_workers(const struct config *config);
/* How much memory it gives to kept answers. */
uint64_t service_cache_bytes(const struct config *config);
/* What a configuration asks of the store: for `leat check` and `leat init` too. */
void service_store_options(const struct config *config, struct store_options *ret_options);
/* Where `changes: replication` is: whether it can be, and a warning of tables that nobody tells of. Blocking. */
enum error service_check_replication(const struct config *config, struct store *store,
                                     struct complaints *complaints) must_check;
/* reload.c: SIGHUP. A bad configuration is refused and the old stays. Returns when all workers have taken the new one. */
void service_reload(const struct service_options *options, struct service *service);

#endif
