/* SPDX-License-Identifier: Apache-2.0 */
/* From options to a snapshot: configuration, supply, catalogue, model, the description of its named queries. At start, and
 * again for each reload, on the main thread: the workers go on meanwhile. What fails half way leaves nothing open.
 * Failure: complaints with file:line:column on standard error; exit code 2 for what the user wrote, 1 for what the world did. */
#include <stdio.h>
#include <unistd.h>

#include "auth/trust.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/mem.h"
#include "limit/rules.h"
#include "net/seats.h"
#include "request/service.h"
#include "request/worker.h"
#include "store/listen.h"

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

uint64_t service_cache_bytes(const struct config *config)
{
    bool part = config->cache.memory_bytes == CACHE_MEMORY_AUTO;
    return part ? machine_memory_bytes() / 100 * CACHE_MEMORY_AUTO_PERCENT : config->cache.memory_bytes;
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
                                          .answer_bytes_max = config->answers.bytes_max,
                                          .replication = config->cache.changes == CHANGES_REPLICATION};
}

/* What a snapshot is made of, as far as it has come; what is here at the end was not taken over. */
struct load {
    struct service *service;
    struct complaints *complaints;
    struct config *config; /* NULL: the model has it */
    struct supply *supply;
    struct model *model;
    struct limit_rules *limits;
    struct trust *trust;
};

/* The present snapshot's supply, unless the configuration asks for another. */
static enum error find_supply(struct load *load)
{
    const struct snapshot *present = load->service->snapshot;
    struct store_options options;
    service_store_options(load->config, &options);
    if (present && supply_is_for(present->supply, &options)) {
        load->supply = supply_ref(present->supply);
        return OK;
    }
    char why[512] = "";
    enum error error = supply_open(&options, load->service->offload, &load->supply, why);
    if (error)
        complain(load->complaints, load->config->database.url.at, "%s", why);
    return error;
}

enum error service_check_replication(const struct config *config, struct store *store,
                                     struct complaints *complaints)
{
    char why[512] = "", unheard[512];
    if (config->cache.changes != CHANGES_REPLICATION)
        return OK;
    enum error error = store_replication_check(store, why, unheard);
    if (error)
        complain(complaints, config->database.url.at, "%s", why);
    else if (unheard[0])
        complain_softly(
            complaints, config->database.url.at,
            "what others write to tables that are not published is not heard (%s): `leat publication` "
            "prints what publishes them",
            unheard);
    return error;
}

/* What tells of writes by others, where that is to be made. */
static enum error make_triggers(struct load *load)
{
    char why[512] = "";
    const struct config *config = load->config;
    if (config->cache.changes != CHANGES_TRIGGERS ||
        store_tellers_run(load->supply->store, TELLER_TRIGGERS, false, why) == OK)
        return OK;
    complain(load->complaints, config->database.url.at, "%s; `changes: listen` hears those that are there",
             why);
    return ERR_SYSTEM;
}

/* Catalogue and model. */
static enum error load_model(struct load *load)
{
    char why[512] = "";
    struct config *config = load->config;
    struct catalog *catalog = NULL;
    enum error error = make_triggers(load);
    if (!error)
        error = service_check_replication(config, load->supply->store, load->complaints);
    if (error)
        return error;
    error = store_catalog(load->supply->store, &catalog, why);
    if (!error && config->function_count)
        error = store_functions(load->supply->store, catalog, why);
    if (error) {
        complain(load->complaints, config->database.url.at, "%s", why);
        catalog_free(catalog);
        return ERR_SYSTEM;
    }
    if (config->open)
        model_open_resources(config, catalog);
    if (config->open && config->resource_count == 0)
        complain_softly(load->complaints, config->database.url.at,
                        "the database has no tables that could be served: make some, then send SIGHUP");
    error = model_build(config, catalog, load->complaints, &load->model);
    if (error)
        catalog_free(catalog);
    else
        load->config = NULL;
    return error;
}

/* What cannot change while running is said and refused. */
static enum error check_unchanged(const struct config *now, const struct config *start,
                                  struct complaints *complaints)
{
    bool same = now->listen_count == start->listen_count;
    for (unsigned i = 0; same && i < now->listen_count; i++)
        same = slice_eq(now->listen[i].text, start->listen[i].text);
    if (!same)
        complain(complaints, now->listen_count ? now->listen[0].at : (struct place){0},
                 "listen addresses cannot change while Leat runs: restart it");
    if (!slice_eq(now->admin.text, start->admin.text))
        complain(complaints, now->admin.at, "the admin address cannot change while Leat runs: restart it");
    if (service_workers(now) != service_workers(start))
        complain(complaints, (struct place){0}, "workers cannot change while Leat runs: restart it");
    if (now->spool.bytes != start->spool.bytes || !slice_eq(now->spool.folder.text, start->spool.folder.text))
        complain(complaints, now->spool.folder.at, "the spool cannot change while Leat runs: restart it");
    if (now->limiter.keys != start->limiter.keys)
        complain(complaints, (struct place){0}, "limiter.keys cannot change while Leat runs: restart it");
    if (!slice_eq(now->redis.text, start->redis.text))
        complain(complaints, now->redis.at, "redis cannot change while Leat runs: restart it");
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

/* Instances that count together have the same keys, which nobody else can reckon who does not know Redis' password. 0: alone. */
static uint64_t limiter_seed(const struct config_redis *redis)
{
    const struct redis_url *url = &redis->url;
    struct digest digest;
    if (redis->text.data == NULL)
        return 0;
    digest_begin(&digest);
    digest_add_field(&digest, url->user);
    digest_add_field(&digest, url->password);
    digest_add_field(&digest, url->prefix);
    return digest_end(&digest);
}

/* The limiter is made at the first load, and stays: reloads change its rules. */
static enum error make_limits(struct load *load)
{
    const struct config *config = load->model->config;
    struct limiter_options options = {.keys_max = config->limiter.keys,
                                      .seed = limiter_seed(&config->redis),
                                      .now = clock_mono(),
                                      .wall = clock_wall()};
    struct limiter **limiter = &load->service->limiter;
    if (!*limiter && !(*limiter = limiter_new(&options))) {
        complain(load->complaints, (struct place){0}, "there is not enough memory for limiter.keys");
        return ERR_MEMORY;
    }
    load->limits = limit_rules_new(*limiter, config);
    if (load->limits)
        return OK;
    complain(load->complaints, (struct place){0},
             "there are too many rules of `limits`: with those of requests that still run more than %d",
             LIMIT_RULES_MAX);
    return ERR_INVALID;
}

/* ret_exit: what the process exits with if this is its start. */
static enum error build(struct load *load, int *ret_exit)
{
    struct service *service = load->service;
    struct complaints *complaints = load->complaints;
    *ret_exit = 2;
    if (service->start && check_unchanged(load->config, service->config, complaints) != OK)
        return ERR_INVALID;
    enum error error = find_supply(load);
    if (error) {
        *ret_exit = error == ERR_INVALID ? 2 : 1;
        return error;
    }
    error = load_model(load);
    if (error) {
        *ret_exit = error == ERR_SYSTEM ? 1 : 2;
        return error;
    }
    error = store_describe(load->supply->store, load->model, complaints);
    if (!error)
        error = model_settle_queries(load->model, complaints);
    if (!error)
        error = plan_check(load->model, complaints);
    if (!error)
        error = trust_new(load->model, complaints, &load->trust);
    if (!error)
        error = check_memory(load->model, complaints);
    if (!error)
        error = make_limits(load);
    *ret_exit = error == ERR_MEMORY ? 1 : 2;
    return error;
}

static void load_done(struct load *load)
{
    trust_free(load->trust);
    model_unref(load->model);
    config_free(load->config);
    supply_unref(load->supply);
    limit_rules_free(load->limits);
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

/* The first thing that is wrong. */
static void tell_why(const struct complaints *complaints, char ret_why[512])
{
    ret_why[0] = 0;
    for (unsigned i = 0; i < complaints->count; i++) {
        const struct complaint *complaint = &complaints->items[i];
        if (complaint->warning)
            continue;
        const struct place *at = &complaint->at;
        struct slice text = complaint->text;
        if (at->line)
            (void)snprintf(ret_why, 512, "%s:%u:%u: " SLICE_FMT, at->file ? at->file : "leat", at->line,
                           at->column, SLICE_ARG(text));
        else
            (void)snprintf(ret_why, 512, SLICE_FMT, SLICE_ARG(text));
        return;
    }
}

enum error service_load(const struct service_options *options, struct service *service,
                        struct snapshot **ret_snapshot, int *ret_exit, char ret_why[512])
{
    struct arena arena;
    arena_init(&arena, 16 * 1024);
    struct complaints *complaints = ARENA_NEW(&arena, struct complaints);
    complaints->arena = &arena;
    struct load load = {.service = service, .complaints = complaints};
    *ret_exit = 2;
    enum error error = load_config(options, complaints, &load.config);
    if (!error)
        error = build(&load, ret_exit);
    complaints_print(complaints, STDERR_FILENO);
    tell_why(complaints, ret_why);
    arena_done(&arena);
    if (error) {
        load_done(&load);
        return error;
    }
    apply_log_level(load.model->config);
    *ret_snapshot = snapshot_new(load.model, load.trust, load.supply, load.limits, service->meter_names,
                                 service->snapshot);
    *ret_exit = 0;
    return OK;
}
