/* SPDX-License-Identifier: Apache-2.0 */
/* From options to a snapshot: configuration, store, catalogue, model, the description of its named queries. At start, and
 * again for each reload, on the main thread: the workers go on meanwhile.
 * Failure: complaints with file:line:column on standard error; exit code 2 for what the user wrote, 1 for what the world did. */
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/seats.h"
#include "request/service.h"
#include "request/worker.h"

#define OVERRIDES_MAX 64

/* The options that are short for `--set`: they win over the file and over --set. */
static unsigned gather_overrides(const struct service_options *options, struct arena *arena,
                                 struct config_override overrides[OVERRIDES_MAX])
{
    unsigned count = 0;
    for (; count < options->override_count && count < OVERRIDES_MAX - 3; count++)
        overrides[count] = options->overrides[count];
    if (options->listen)
        overrides[count++] =
            (struct config_override){SLICE("listen"), slice_str(options->listen), "--listen"};
    if (options->database_url && options->config_file)
        overrides[count++] =
            (struct config_override){SLICE("database.url"), slice_str(options->database_url), "--database"};
    if (options->workers)
        overrides[count++] =
            (struct config_override){SLICE("workers"), arena_format(arena, "%u", options->workers),
                                     "--workers"};
    return count;
}

static enum error load_config(const struct service_options *options, struct complaints *complaints,
                              struct config **ret_config)
{
    struct config_override overrides[OVERRIDES_MAX];
    unsigned count = gather_overrides(options, complaints->arena, overrides);
    if (options->config_file)
        return config_load(options->config_file, overrides, count, complaints, ret_config);
    return config_without_file(options->database_url, overrides, count, complaints, ret_config);
}

_Static_assert((int)WORKERS_MAX <= (int)SEATS_MAX, "each worker has a seat");

unsigned service_workers(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned each_core = cores > WORKERS_MAX ? WORKERS_MAX : cores > 0 ? (unsigned)cores : 1;
    return config->workers ? config->workers : each_core;
}

void service_store_options(const struct config *config, struct store_options *ret_options)
{
    *ret_options = (struct store_options){.url = config->database.url.text,
                                          .workers = service_workers(config),
                                          .pool_size = config->database.pool_size,
                                          .pool_overflow = config->database.pool_overflow,
                                          .pool_wait_ms = config->database.pool_wait_ms,
                                          .pool_recycle_ms = config->database.pool_recycle_ms,
                                          .timeout_ms = config->database.timeout_ms,
                                          .prepared = config->database.prepared,
                                          .gather_max = config->database.gather_max,
                                          .answer_bytes_max = config->answers.bytes_max};
}

static enum error open_store(const struct config *config, struct service *service,
                             struct complaints *complaints)
{
    if (service->store)
        return OK;
    struct store_options options;
    service_store_options(config, &options);
    char why[512] = "";
    enum error error = store_open(&options, service->offload, &service->store, why);
    if (error)
        complain(complaints, config->database.url.at, "%s", why);
    return error;
}

/* Catalogue and model for a configuration, which the model takes over on success. */
static enum error load_model(struct config *config, struct service *service, struct complaints *complaints,
                             struct model **ret_model)
{
    char why[512] = "";
    struct catalog *catalog = NULL;
    enum error error = store_catalog(service->store, &catalog, why);
    if (error) {
        complain(complaints, config->database.url.at, "%s", why);
        return ERR_SYSTEM;
    }
    if (config->open)
        model_open_resources(config, catalog);
    if (config->open && config->resource_count == 0)
        complain_softly(complaints, config->database.url.at,
                        "the database has no tables that could be served: make some, then send SIGHUP");
    error = model_build(config, catalog, complaints, ret_model);
    if (error)
        catalog_free(catalog);
    return error;
}

/* What cannot change while running is said and refused. */
static enum error check_unchanged(const struct config *now, const struct config *start,
                                  struct complaints *complaints)
{
    if (!slice_eq(now->database.url.text, start->database.url.text))
        complain(complaints, now->database.url.at, "the database cannot change while Leat runs: restart it");
    bool same = now->listen_count == start->listen_count;
    for (unsigned i = 0; same && i < now->listen_count; i++)
        same = slice_eq(now->listen[i].text, start->listen[i].text);
    if (!same)
        complain(complaints, now->listen_count ? now->listen[0].at : (struct place){0},
                 "listen addresses cannot change while Leat runs: restart it");
    if (service_workers(now) != service_workers(start))
        complain(complaints, (struct place){0}, "workers cannot change while Leat runs: restart it");
    return complaints_errors(complaints) ? ERR_INVALID : OK;
}

/* Arenas never refuse: whether one had to draw on the reserve is asked when all is made. */
static enum error check_memory(const struct model *model, struct complaints *complaints)
{
    if (!model->arena.failed && !model->config->arena.failed && !model->catalog->arena.failed)
        return OK;
    complain(complaints, (struct place){0},
             "there is not enough memory for the configuration and its tables");
    return ERR_MEMORY;
}

/* *config becomes NULL when the snapshot has taken it over. */
static enum error build(struct config **config_owned, struct service *service, struct complaints *complaints,
                        struct snapshot **ret_snapshot, int *ret_exit)
{
    struct config *config = *config_owned;
    if (service->first && check_unchanged(config, service->config, complaints) != OK)
        return ERR_INVALID;
    *ret_exit = 1;
    enum error error = open_store(config, service, complaints);
    if (error) {
        *ret_exit = error == ERR_INVALID ? 2 : 1;
        return error;
    }
    struct model *model = NULL;
    error = load_model(config, service, complaints, &model);
    if (error) {
        *ret_exit = error == ERR_SYSTEM ? 1 : 2;
        return error;
    }
    *config_owned = NULL;
    error = store_describe(service->store, model, complaints);
    if (!error)
        error = model_resolve_orders(model, complaints);
    if (!error)
        error = check_memory(model, complaints);
    if (error) {
        *ret_exit = error == ERR_MEMORY ? 1 : 2;
        model_unref(model);
        return error;
    }
    *ret_snapshot = snapshot_new(model);
    return OK;
}

static void apply_log_level(const struct config *config)
{
    static const struct slice words[] = {[LOG_DEBUG] = SLICE_INIT("debug"),
                                         [LOG_INFO] = SLICE_INIT("info"),
                                         [LOG_WARN] = SLICE_INIT("warn"),
                                         [LOG_ERROR] = SLICE_INIT("error")};
    for (unsigned i = 0; i < ARRAY_LEN(words); i++)
        if (slice_eq(config->log.level, words[i]))
            log_level_set((enum log_level)i);
}

enum error service_load(const struct service_options *options, struct service *service,
                        struct snapshot **ret_snapshot, int *ret_exit)
{
    struct arena arena;
    arena_init(&arena, 16 * 1024);
    struct complaints *complaints = ARENA_NEW(&arena, struct complaints);
    complaints->arena = &arena;
    struct config *config = NULL;
    struct snapshot *snapshot = NULL;
    *ret_exit = 2;
    enum error error = load_config(options, complaints, &config);
    if (!error) {
        error = build(&config, service, complaints, &snapshot, ret_exit);
        if (error)
            config_free(config);
    }
    complaints_print(complaints, STDERR_FILENO);
    arena_done(&arena);
    if (error)
        return error;
    apply_log_level(snapshot->model->config);
    *ret_snapshot = snapshot;
    *ret_exit = 0;
    return OK;
}

void service_reload(const struct service_options *options, struct service *service)
{
    struct snapshot *snapshot = NULL;
    int exit_code = 0;
    if (service_load(options, service, &snapshot, &exit_code) != OK) {
        log_event(LOG_ERROR, "reload refused: the old configuration stays");
        return;
    }
    (void)pthread_mutex_lock(&service->lock);
    struct snapshot *old = service->snapshot;
    service->snapshot = snapshot;
    (void)pthread_mutex_unlock(&service->lock);
    const struct config *config = snapshot->model->config;
    gate_limits_set(service->gate, config->http.connections, config->http.per_address);
    for (unsigned i = 0; i < service->worker_count; i++)
        worker_post_snapshot(service->workers[i], snapshot);
    snapshot_unref(old);
    log_event(LOG_INFO, "reloaded", LOG_INT("resources", snapshot->model->resource_count),
              LOG_INT("queries", snapshot->model->query_count));
}
