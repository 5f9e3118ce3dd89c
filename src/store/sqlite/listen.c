/* SPDX-License-Identifier: Apache-2.0 */
/* Hearing that others have committed: store/listen.h. By the writer's connection, whose data_version changes with the commits of all
 * connections but itself, and all else that this process has can only read.
 *
 * What they wrote SQLite does not tell. A connection that was opened anew may have missed something, so that is told, too. When the file
 * cannot be read at the moment nobody is told, for nobody can read anything else than what is kept. */
#include "base/mem.h"
#include "store/sqlite/guard.h"
#include "store/sqlite/trouble.h"
#include "store/sqlite/writer.h"

static int read_version(struct lite_writer *writer, int *ret_version)
{
    sqlite3_stmt *stmt = writer->words[WORD_VERSION];
    writer->connection->busy_until.us = 0;
    writer->own = true; /* it may be prepared again */
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *ret_version = sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    writer->own = false;
    return code;
}

/* Reads that were begun in a transaction of before must not be kept as if they were of after: ports begin another. */
static void tell(struct lite_writer *writer)
{
    static const struct change all = {.kind = CHANGE_ALL};
    atomic_fetch_add(&writer->store->commits, 1);
    pthread_mutex_lock(&writer->lock);
    struct listener *ears = writer->ears;
    if (ears)
        ears->events.on_change(ears->events.context, &all);
    pthread_mutex_unlock(&writer->lock);
}

static void look(struct lite_writer *writer)
{
    int version = 0;
    char why[512];
    int code = lite_writer_ready(writer, why);
    if (code == SQLITE_OK && writer->connection)
        code = read_version(writer, &version);
    if (code != SQLITE_ROW) {
        writer->broken |= writer->connection && !lite_code_is_locked(code);
        return;
    }
    if (!writer->version_known || version != writer->version)
        tell(writer);
    writer->version_known = true;
    writer->version = version;
    lite_writer_note_file(writer);
}

void lite_writer_look(struct lite_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    bool listens = writer->ears != NULL;
    pthread_mutex_unlock(&writer->lock);
    if (!listens)
        return;
    lite_guard_enter();
    look(writer);
    lite_guard_leave();
    if (writer->broken || lite_guard_is_torn())
        lite_writer_close(writer);
}

/* ---- listeners ---- */

struct lite_listener {
    struct listener base;
    struct loop *loop;
    struct task begin;
    bool hears;
};

/* Not from within store_listen. */
static void on_begin(struct task *task)
{
    struct lite_listener *listener = container_of(task, struct lite_listener, begin);
    const struct listener_events *events = &listener->base.events;
    struct lite_writer *writer = container_of(listener->base.store, struct lite_store, base)->writer;
    listener->hears = lite_writer_listen(writer, &listener->base);
    events->on_hearing(events->context, listener->hears, "the writer's thread cannot be started");
}

struct listener *lite_listen(struct store *store, struct loop *loop, const struct listener_events *events)
{
    struct lite_listener *listener = mem_must(sizeof *listener);
    listener->base = (struct listener){store, *events};
    listener->loop = loop;
    listener->begin.run = on_begin;
    loop_at_turn_end(loop, &listener->begin);
    return &listener->base;
}

bool lite_listener_is_quiet(const struct listener *listener)
{
    return listener != NULL;
}

void lite_unlisten(struct listener *base)
{
    struct lite_listener *listener = container_of(base, struct lite_listener, base);
    struct lite_writer *writer = container_of(base->store, struct lite_store, base)->writer;
    loop_task_cancel(&listener->begin);
    if (listener->hears) {
        bool ended = lite_writer_listen(writer, NULL);
        POST(ended);
    }
    mem_free(listener);
}
