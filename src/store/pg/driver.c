/* SPDX-License-Identifier: Apache-2.0 */
/* The PostgreSQL driver: opening, the state for health and metrics, closing; and the table of its calls. See driver.h.
 * Failure: a URL that cannot be read; all else shows when connections are made. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/mem.h"
#include "store/pg/catalog.h"
#include "store/pg/gather.h"
#include "store/pg/port.h"
#include "store/pg/tellers.h"
#include "store/pg/triggers.h"

enum { STORE_MAGIC = 0x50475353, LANES_PER_PORT_MAX = SHAPE_LANES_MAX };

static struct pg_store *store_of(struct store *store)
{
    struct pg_store *mine = container_of(store, struct pg_store, base);
    CHECK_MAGIC(mine, STORE_MAGIC);
    return mine;
}

/* Random, so that no other process has it, nor this one's successor. */
static void make_instance(struct pg_store *store)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        number = (uint64_t)clock_wall().us ^ (uint64_t)(uintptr_t)store;
    snprintf(store->instance, sizeof store->instance, "%016" PRIx64, number);
}

static void make_settings(struct pg_store *store)
{
    bool local = !store->options.prepared;
    for (unsigned kind = 0; kind < SESSION_KINDS; kind++) {
        int64_t timeout_ms =
            kind == SESSION_POINT || kind == SESSION_LIST ? FAST_TIMEOUT_MS : store->options.timeout_ms;
        struct slice text = pg_settings_text(&store->arena, kind, timeout_ms, local);
        if (kind == SESSION_WRITE)
            text = arena_format(&store->arena, SLICE_FMT ", pg_catalog.set_config('leat.instance', '%s', %s)",
                                SLICE_ARG(text), store->instance, local ? "true" : "false");
        store->sessions.settings[kind] = text;
        store->preambles[kind] = local ? text : (struct slice){0};
    }
    if (store->options
            .replication) /* what it writes itself is known by this, as it is by the setting where triggers tell */
        store->preambles[SESSION_WRITE] =
            arena_format(&store->arena, "SELECT pg_catalog.pg_logical_emit_message(true, '%s', '%s')",
                         PG_CHANNEL, store->instance);
    store->catalog_settings = pg_settings_text(&store->arena, SESSION_CATALOG, 0, true);
    store->describe_settings = pg_settings_text(&store->arena, SESSION_SLOW, 0, true);
}

/* Three quarters of the pool at most are fast lanes, four a worker; but every worker has one, and there is at least one to lend:
 * a pool too small for that is taken as large enough. */
static void make_pool(struct pg_store *store)
{
    const struct store_options *options = &store->options;
    unsigned lanes = options->pool_size * 3 / 4 / options->workers;
    lanes = lanes > LANES_PER_PORT_MAX ? LANES_PER_PORT_MAX : lanes;
    store->lanes_per_port = lanes > 0 ? lanes : 1;
    unsigned least = options->workers * store->lanes_per_port + 1;
    unsigned size = options->pool_size > least ? options->pool_size : least;
    pg_pool_init(&store->pool, size, size + options->pool_overflow, options->pool_recycle_ms);
}

static void pg_close(struct store *base)
{
    struct pg_store *store = store_of(base);
    pg_pool_done(&store->pool);
    arena_done(&store->arena);
    store->magic = 0;
    mem_free(store);
}

static enum error pg_open(const struct store_options *options, struct offload *offload,
                          struct store **ret_store, char why[512])
{
    struct pg_store *store = mem_must(sizeof *store);
    arena_init(&store->arena, 4096);
    enum error error = pg_target_parse(&store->arena, options->url, &store->target, why);
    if (error != OK) {
        arena_done(&store->arena);
        mem_free(store);
        return error;
    }
    store->base.driver = &store_driver_pg;
    store->magic = STORE_MAGIC;
    store->options = *options;
    store->options.url = arena_copy(&store->arena, options->url);
    if (store->options.gather_max > GATHER_KEYS_MAX)
        store->options.gather_max = GATHER_KEYS_MAX;
    store->offload = offload;
    store->sessions = (struct session_plan){&store->target, offload, options->prepared, {{0}}};
    make_instance(store);
    make_settings(store);
    make_pool(store);
    if (store->arena.failed) { /* settings that are cut would not be read-only */
        snprintf(why, 512, "there is not enough memory to open the database");
        pg_close(&store->base);
        return ERR_MEMORY;
    }
    *ret_store = &store->base;
    return OK;
}

static void add_port(struct store_state *state, const struct port_counters *counters)
{
    state->fetches += atomic_load_explicit(&counters->fetches, memory_order_relaxed);
    state->failures += atomic_load_explicit(&counters->failures, memory_order_relaxed);
    state->reconnects += atomic_load_explicit(&counters->reconnects, memory_order_relaxed);
    state->gathered += atomic_load_explicit(&counters->gathered, memory_order_relaxed);
    state->resent += atomic_load_explicit(&counters->resent, memory_order_relaxed);
    state->waiting += atomic_load_explicit(&counters->waiting, memory_order_relaxed);
    state->connections += atomic_load_explicit(&counters->lanes_open, memory_order_relaxed);
    state->busy += atomic_load_explicit(&counters->lanes_busy, memory_order_relaxed) +
                   atomic_load_explicit(&counters->loans_running, memory_order_relaxed);
}

static void pg_state(struct store *base, struct store_state *ret_state)
{
    struct pg_store *store = store_of(base);
    struct pool *pool = &store->pool;
    memset(ret_state, 0, sizeof *ret_state);
    pthread_mutex_lock(&pool->lock);
    LIST_EACH (&pool->ports, link)
        add_port(ret_state, &container_of(link, struct pg_port, link)->counters);
    ret_state->up = pool->up;
    ret_state->connections += pool->sides[LOAN_SLOW].open + pool->sides[LOAN_WRITE].open;
    ret_state->connections_max = pool->max;
    if (!pool->up)
        snprintf(ret_state->why, sizeof ret_state->why, "%.255s", pool->failure.cause);
    pthread_mutex_unlock(&pool->lock);
}

const struct store_driver store_driver_pg = {
    .scheme = SLICE_INIT("postgresql://"),
    .dialect = DIALECT_PG,
    .open = pg_open,
    .catalog = pg_catalog_read,
    .functions = pg_catalog_functions,
    .describe = pg_catalog_describe,
    .attach = pg_port_attach,
    .is_quiet = pg_port_is_quiet,
    .detach = pg_port_detach,
    .submit = pg_port_submit,
    .cancel = pg_port_cancel,
    .refresh = pg_port_refresh,
    .state = pg_state,
    .listen = pg_listen,
    .listener_is_quiet = pg_listener_is_quiet,
    .unlisten = pg_unlisten,
    .tellers = {[TELLER_TRIGGERS] = {pg_triggers_sql, pg_no_triggers_sql},
                [TELLER_PUBLICATION] = {pg_publication_sql, pg_no_publication_sql}},
    .run_tellers = pg_tellers_run,
    .check_replication = pg_replication_check,
    .close = pg_close,
};
