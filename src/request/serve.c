/* SPDX-License-Identifier: Apache-2.0 */
/* Start, stop, change: the main thread of `leat serve`.
 *
 *   load → listen → workers → wait for signals ─┬─ SIGHUP   reload, stay
 *                                               ├─ SIGUSR2  start a successor on the same sockets (successor.c), stay
 *                                               └─ SIGTERM, SIGINT → drain → stop
 *   drain: /health/ready says 503; wait drain.delay, still accepting; accept what is queued, then no more; answers bear
 *          Connection: close; idle connections go after drain.idle; all are gone, or drain.max is over → stop
 *
 * The listening sockets (sockets.h) are the process's, live until it exits, and can be handed over. A successor that is ready sends SIGTERM to LEAT_PREDECESSOR. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "limit/limiter.h"
#include "request/cache_api.h"
#include "request/outside.h"
#include "request/sockets.h"
#include "request/successor.h"
#include "request/worker.h"

#define OFFLOAD_QUEUE_MAX 4096
#define LOGINS_QUEUE_MAX 256 /* passwords that wait for a core */
#define STOP_MS_MAX 5000     /* from the end of the drain to the exit */

static void block(sigset_t *set, int number)
{
    (void)sigaddset(set, number);
    (void)pthread_sigmask(SIG_BLOCK, set, NULL); /* threads made later inherit it */
}

/* While starting, what asks to stop just ends the process: there is nothing to drain, and the database may be slow. */
static void block_signals_of_change(sigset_t *ret_set)
{
    (void)sigemptyset(ret_set);
    static const int numbers[] = {SIGHUP, SIGUSR2, SIGCHLD};
    for (unsigned i = 0; i < ARRAY_LEN(numbers); i++)
        block(ret_set, numbers[i]);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a log that may grow no more loses lines, not the service */
}

/* As many descriptors as we are allowed: connections are counted by our own limits. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void start_workers(struct service *service)
{
    service->worker_count = service_workers(service->config);
    service->workers = mem_must(service->worker_count * sizeof *service->workers);
    service->meters = mem_must(service->worker_count * sizeof *service->meters);
    for (unsigned i = 0; i < service->worker_count; i++)
        service->meters[i] = meter_new();
    for (unsigned i = 0; i < service->worker_count; i++)
        service->workers[i] = worker_new(service, i);
    for (unsigned i = 0; i < service->worker_count; i++)
        worker_start(service->workers[i]); /* each may ask about all of them */
}

static void sleep_ms(int64_t ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
        ;
}

/* A successor that answers lets its predecessor go. */
static void dismiss_predecessor(struct service *service)
{
    const char *text = getenv("LEAT_PREDECESSOR");
    int64_t pid = 0;
    if (!text || !slice_to_int(slice_str(text), &pid) || pid != getppid())
        return;
    for (unsigned i = 0; i < 500 && !health_ready(service); i++)
        sleep_ms(10);
    if (health_ready(service))
        (void)kill((pid_t)pid, SIGTERM);
    (void)unsetenv("LEAT_PREDECESSOR");
}

static void drain(struct service *service)
{
    const struct config *config = service->snapshot->model->config;
    atomic_store(&service->draining, true);
    log_event(LOG_INFO, "draining");
    sleep_ms(config->drain.delay_ms);
    for (unsigned i = 0; i < service->worker_count; i++)
        worker_post_drain(service->workers[i], (unsigned)config->drain.idle_ms);
    struct mono until = mono_after_ms(clock_mono(), config->drain.max_ms);
    while (atomic_load(&service->workers_drained) < service->worker_count &&
           mono_diff_us(until, clock_mono()) > 0)
        sleep_ms(10);
}

/* A call that libpq makes for us at a database that went silent (PQcancel has no time limit) must not keep us from ending. */
static void *end_regardless(void *context)
{
    sleep_ms(STOP_MS_MAX);
    log_event(LOG_WARN, "stopped", LOG_STR("left", "a call to the database that does not return"));
    _exit(0);
    return context;
}

static void bound_stop(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, end_regardless, NULL) == 0)
        (void)pthread_detach(thread);
}

static void stop(struct service *service)
{
    bound_stop();
    verifier_stop(service->verifier);
    for (unsigned i = 0; i < service->worker_count; i++)
        worker_post_stop(service->workers[i]);
    for (unsigned i = 0; i < service->worker_count; i++)
        worker_join(service->workers[i]);
    remote_stop(service->remote);
    verifier_free(service->verifier);
    offload_free(service->offload); /* jobs that are left come home to loops that still exist */
    for (unsigned i = 0; i < service->worker_count; i++)
        worker_free(service->workers[i]);
    mem_free(service->workers);
    sockets_close(service);
    log_event(LOG_INFO, "stopped");
}

static void serve_until_told(const struct service_options *options, struct service *service,
                             const sigset_t *signals)
{
    for (;;) {
        int number = sigwaitinfo(signals, NULL);
        if (number == SIGHUP)
            service_reload(options, service);
        else if (number == SIGUSR2)
            successor_start(service, options->argv);
        else if (number == SIGCHLD)
            successor_ended();
        else if (number == SIGTERM || number == SIGINT)
            return;
    }
}

static unsigned cores(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 1 ? (unsigned)count : 1;
}

static unsigned offload_threads(void)
{
    return cores() > 2 ? cores() : 2;
}

static void service_done(struct service *service)
{
    snapshot_unref(service->snapshot);
    model_unref(service->start);
    gate_free(service->gate);
    totals_free(service->totals);
    cache_free(service->cache);
    space_free(service->space);
    tags_free(service->tags);
    outside_free(service->outside);
    limiter_free(service->limiter);
    for (unsigned i = 0; i < service->worker_count; i++)
        meter_free(service->meters[i]);
    mem_free(service->meters);
    meter_names_free(service->meter_names);
}

static void make_cache(struct service *service)
{
    service->tags = tags_new();
    service->outside = outside_new();
    const struct cache_options options = {.memory_bytes = service_cache_bytes(service->config),
                                          .tags = service->tags};
    service->cache = cache_new(&options);
    service->space = space_new(cache_api_memory(service->config), service->tags);
    cache_secret_random(&service->cache_secret);
}

/* With those that TLS asks for, files are part of the configuration. */
static bool start_remote(struct service *service)
{
    const struct config_redis *redis = &service->config->redis;
    char why[256];
    if (redis->text.data == NULL)
        return true;
    service->remote = remote_start(redis, service->offload, service->tags, service->limiter, why);
    if (service->remote == NULL)
        dprintf(STDERR_FILENO, "%s:%u:%u: `redis`: %s\n", redis->at.file ? redis->at.file : "leat",
                redis->at.line, redis->at.column, why);
    return service->remote != NULL;
}

int service_run(const struct service_options *options)
{
    struct service service = {.offload = offload_new(offload_threads(), OFFLOAD_QUEUE_MAX),
                              .meter_names = meter_names_new(),
                              .started = clock_wall(),
                              .admin_fd = -1};
    (void)pthread_mutex_init(&service.lock, NULL);
    health_init(&service.health);
    sigset_t signals;
    block_signals_of_change(&signals);
    raise_descriptor_limit();
    int exit_code = 1;
    char why[512];
    if (service_load(options, &service, &service.snapshot, &exit_code, why) != OK)
        goto fail;
    service.start = model_ref(service.snapshot->model);
    service.config = service.start->config;
    exit_code = 1;
    block(&signals, SIGTERM);
    block(&signals, SIGINT);
    if (sockets_open(&service) != OK)
        goto fail;
    service.spool_space = (struct spool_space){.folder = service.config->spool.folder.text.data,
                                               .bytes_max = service.config->spool.bytes};
    service.totals = totals_new();
    make_cache(&service);
    exit_code = 2;
    if (!start_remote(&service))
        goto fail;
    service.verifier = verifier_new(cores(), LOGINS_QUEUE_MAX);
    service.gate = gate_new(service.config->http.connections, service.config->http.per_address);
    start_workers(&service);
    sockets_say(&service);
    dismiss_predecessor(&service);
    serve_until_told(options, &service, &signals);
    drain(&service);
    stop(&service);
    service_done(&service);
    return 0;
fail:
    offload_free(service.offload);
    service_done(&service);
    return exit_code;
}
