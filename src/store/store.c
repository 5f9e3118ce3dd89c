/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch: which driver a URL belongs to, and the calls of store.h handed on to it. No logic of its own, cannot fail
 * otherwise than its driver. Ownership and threads: store.h. */
#include "store/store.h"

#include <stdio.h>

#include "store/driver.h"

static const struct store_driver *driver_of(enum dialect dialect)
{
    return dialect == DIALECT_PG ? &store_driver_pg : &store_driver_sqlite;
}

enum error store_open(const struct store_options *options, struct offload *offload, struct store **ret_store,
                      char ret_why[512])
{
    PRE(options->workers > 0 && offload != NULL);
    enum dialect dialect;
    if (!store_url_dialect(options->url, &dialect)) {
        snprintf(ret_why, 512,
                 "a database URL begins with sqlite: or postgresql://, as in sqlite:data.db or "
                 "postgresql://user@host/name");
        return ERR_INVALID;
    }
    const struct store_driver *driver = driver_of(dialect);
    enum error error = driver->open(options, offload, ret_store, ret_why);
    IMPLIES(error == OK, (*ret_store)->driver == driver);
    return error;
}

enum error store_catalog(struct store *store, struct catalog **ret_catalog, char ret_why[512])
{
    return store->driver->catalog(store, ret_catalog, ret_why);
}

enum error store_functions(struct store *store, struct catalog *catalog, char ret_why[512])
{
    PRE(catalog->function_count == 0);
    return store->driver->functions ? store->driver->functions(store, catalog, ret_why) : OK;
}

enum error store_describe(struct store *store, struct model *model, struct complaints *complaints)
{
    return store->driver->describe(store, model, complaints);
}

struct port *store_attach(struct store *store, struct loop *loop, unsigned worker)
{
    PRE(loop != NULL);
    struct port *port = store->driver->attach(store, loop, worker);
    POST(port == NULL || port->store == store);
    return port;
}

bool store_is_quiet(struct port *port)
{
    return port->store->driver->is_quiet(port);
}

void store_detach(struct port *port)
{
    if (port != NULL)
        port->store->driver->detach(port);
}

enum submit store_submit(struct port *port, struct fetch *fetch)
{
    return port->store->driver->submit(port, fetch);
}

void store_cancel(struct port *port, struct fetch *fetch)
{
    port->store->driver->cancel(port, fetch);
}

void store_refresh(struct port *port)
{
    port->store->driver->refresh(port);
}

void store_state(struct store *store, struct store_state *ret_state)
{
    store->driver->state(store, ret_state);
}

void store_metrics(struct store *store, struct metrics_page *page)
{
    struct store_state state;
    store_state(store, &state);
    metrics_gauge(page, "leat_database_up", "Whether the last try to connect or run succeeded.", state.up);
    metrics_gauge(page, "leat_pool_connections", "Connections to the database.", state.connections);
    metrics_gauge(page, "leat_pool_connections_max", "Connections to the database that may be open.",
                  state.connections_max);
    metrics_gauge(page, "leat_pool_busy", "Connections to the database that work.", state.busy);
    metrics_gauge(page, "leat_pool_waiting", "Statements that wait for a connection.", state.waiting);
    metrics_counter(page, "leat_statements_total", "Statements that were asked for.", state.fetches);
    metrics_counter(page, "leat_statement_failures_total", "Statements that failed.", state.failures);
    metrics_counter(page, "leat_statements_gathered_total", "Reads that shared another's statement.",
                    state.gathered);
    metrics_counter(page, "leat_statements_resent_total", "Statements that were sent again.", state.resent);
    metrics_counter(page, "leat_pool_reconnects_total",
                    "Connections to the database that were lost and made again.", state.reconnects);
}

struct listener *store_listen(struct store *store, struct loop *loop, const struct listener_events *events)
{
    PRE(events->on_change != NULL && events->on_hearing != NULL);
    return store->driver->listen(store, loop, events);
}

bool store_listener_is_quiet(const struct listener *listener)
{
    return listener->store->driver->listener_is_quiet(listener);
}

void store_unlisten(struct listener *listener)
{
    if (listener != NULL)
        listener->store->driver->unlisten(listener);
}

struct slice store_tellers_sql(const struct store *store, enum teller teller, bool remove)
{
    PRE(teller < TELLERS);
    const char *sql = store->driver->tellers[teller][remove];
    return sql ? slice_str(sql) : SLICE("");
}

enum error store_tellers_run(struct store *store, enum teller teller, bool remove, char ret_why[512])
{
    struct slice sql = store_tellers_sql(store, teller, remove);
    return sql.len ? store->driver->run_tellers(store, sql.data, ret_why) : OK;
}

enum error store_replication_check(struct store *store, char ret_why[512], char ret_unheard[512])
{
    ret_unheard[0] = 0;
    return store->driver->check_replication ? store->driver->check_replication(store, ret_why, ret_unheard)
                                            : OK;
}

void store_close(struct store *store)
{
    if (store != NULL)
        store->driver->close(store);
}
