/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite store as a whole: opening the file, its state, the table of its calls. store/store.h says what
 * each promises. */
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/sqlite/guard.h"
#include "store/sqlite/map.h"
#include "store/sqlite/writer.h"

enum { RUNNERS_MAX = 8 };

/* ---- open, close ---- */

static enum error refuse(char why[512], const char *words)
{
    snprintf(why, 512, "%s", words);
    return ERR_INVALID;
}

/* The file's path behind "sqlite:". */
static enum error path_of(struct slice url, struct slice *ret_path, char why[512])
{
    PRE(slice_starts(url, store_driver_sqlite.scheme));
    struct slice path = slice_skip(url, store_driver_sqlite.scheme.len);
    if (path.len == 0)
        return refuse(why,
                      "the database URL `sqlite:` names no file: write sqlite:PATH, as in sqlite:app.db");
    if (slice_eq(path, SLICE(":memory:")))
        return refuse(why, "sqlite::memory: would be another, empty database for each connection: "
                           "name a file, as in sqlite:app.db");
    if (memchr(path.data, '\0', path.len) != NULL)
        return refuse(why, "the path in the database URL has a NUL in it");
    *ret_path = path;
    return OK;
}

/* What to do, behind why an absent file could not be opened. */
static void add_advice(const char *path, char why[512])
{
    if (access(path, F_OK) == 0)
        return;
    size_t len = strlen(why);
    char folder[256];
    if (strncmp(path, "//", 2) == 0)
        snprintf(why + len, 512 - len,
                 "; sqlite:PATH takes the path as it is: write sqlite:%s for a relative one",
                 path + strspn(path, "/"));
    else if (path[0] != '/' && getcwd(folder, sizeof folder))
        snprintf(why + len, 512 - len, " in %s; create it first, or correct the path", folder);
    else
        snprintf(why + len, 512 - len, "; create it first, or correct the path");
}

/* Tries the file once; store->note is what an operator should know of it. */
static enum error try_file(struct lite_store *store, char why[512])
{
    sqlite3 *db;
    enum error error = lite_connection_open(store->path, store->locale, &db, why);
    if (error != OK) {
        add_advice(store->path, why);
        return error;
    }
    lite_guard_enter();
    sqlite3_stmt *stmt = NULL;
    bool wal = sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &stmt, NULL) == SQLITE_OK &&
               sqlite3_step(stmt) == SQLITE_ROW &&
               sqlite3_stricmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
    sqlite3_finalize(stmt);
    lite_guard_leave();
    lite_connection_close(db);
    if (!wal)
        store->note = "the file is not in WAL mode: its readers and writers wait for each other until "
                      "`PRAGMA journal_mode = WAL` is run on it once";
    return OK;
}

/* Connections of a port's runners: the pool's size over the workers, each having one for itself. Never
 * many: the machine has few cores for statements that take long. */
static unsigned runners_of(const struct store_options *options)
{
    unsigned each = (options->pool_size + options->pool_overflow) / options->workers;
    each = each > 1 ? each - 1 : 1;
    return each < RUNNERS_MAX ? each : RUNNERS_MAX;
}

static void lite_close(struct store *base)
{
    struct lite_store *store = lite_store_of(base);
    PRE(list_empty(&store->ports));
    lite_writer_free(store->writer);
    if (store->locale != (locale_t)0)
        freelocale(store->locale);
    pthread_mutex_destroy(&store->lock);
    mem_free(store->path);
    store->magic = 0;
    mem_free(store);
}

static enum error lite_open(const struct store_options *options, struct offload *offload,
                            struct store **ret_store, char why[512])
{
    PRE(options->workers > 0);
    struct slice path;
    enum error error = path_of(options->url, &path, why);
    if (error != OK)
        return error;
    /* Its counting takes a process-wide lock at each allocation. Refused when SQLite runs already: then it
     * was done before. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct lite_store *store = mem_must(sizeof *store);
    store->base.driver = &store_driver_sqlite;
    store->magic = LITE_STORE_MAGIC;
    store->path = mem_dup(path.data, path.len);
    store->note = "";
    store->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    store->offload = offload;
    store->workers = options->workers;
    store->runners_max = runners_of(options);
    store->wait_ms = options->pool_wait_ms;
    store->timeout_ms = options->timeout_ms;
    store->answer_bytes_max = options->answer_bytes_max > 0 ? options->answer_bytes_max : 4 << 20;
    store->map_bytes_max = lite_map_bytes_max();
    pthread_mutex_init(&store->lock, NULL);
    list_init(&store->ports);
    store->writer = lite_writer_new(store);
    error = try_file(store, why);
    if (error == OK)
        *ret_store = &store->base;
    else
        lite_close(&store->base);
    return error;
}

/* ---- state ---- */

static void add_port(struct store_state *state, struct lite_port *port)
{
    state->fetches += atomic_load_explicit(&port->fetches, memory_order_relaxed);
    state->failures += atomic_load_explicit(&port->failures, memory_order_relaxed);
    state->reconnects += atomic_load_explicit(&port->reopened, memory_order_relaxed);
    state->connections += 1 + atomic_load_explicit(&port->state_connections, memory_order_relaxed);
    state->busy += atomic_load_explicit(&port->state_busy, memory_order_relaxed);
    state->waiting += atomic_load_explicit(&port->state_waiting, memory_order_relaxed);
}

static void lite_state(struct store *base, struct store_state *ret_state)
{
    struct lite_store *store = lite_store_of(base);
    struct store_state state = {.up = !atomic_load_explicit(&store->down, memory_order_relaxed),
                                .connections_max = store->workers * (1 + store->runners_max)};
    pthread_mutex_lock(&store->lock);
    state.fetches = store->gone.fetches;
    state.failures = store->gone.failures;
    state.reconnects = store->gone.reopened;
    LIST_EACH (&store->ports, link)
        add_port(&state, container_of(link, struct lite_port, link));
    snprintf(state.why, sizeof state.why, "%s", state.up ? store->note : store->why);
    pthread_mutex_unlock(&store->lock);
    *ret_state = state;
}

const struct store_driver store_driver_sqlite = {
    .scheme = SLICE_INIT("sqlite:"),
    .dialect = DIALECT_SQLITE,
    .open = lite_open,
    .catalog = lite_catalog,
    .describe = lite_describe,
    .attach = lite_attach,
    .is_quiet = lite_is_quiet,
    .detach = lite_detach,
    .submit = lite_submit,
    .cancel = lite_cancel,
    .refresh = lite_refresh,
    .state = lite_state,
    .listen = lite_listen,
    .listener_is_quiet = lite_listener_is_quiet,
    .unlisten = lite_unlisten,
    .close = lite_close,
};
