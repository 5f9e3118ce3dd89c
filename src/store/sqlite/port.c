/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's port: the inline way of a read. store.h (of this folder) has the picture, pool.c the other
 * way.
 *
 * The reads of one turn of the loop share a transaction, begun at the first and committed by the turn's
 * end: a row by key costs 1.5 µs so, 2.7 µs with a transaction of its own. They therefore see one state of
 * the database, the one at the first of them; once the writer has committed since, another begins, for somebody may know of
 * the commit already. Once a second the path is looked at: when it leads to another file or one was copied over it, the
 * connection is opened anew; when it leads nowhere, reads are answered 503 until a file is there again. */
#include "store/sqlite/store.h"

#include "base/mem.h"
#include "store/sqlite/guard.h"
#include "store/sqlite/run.h"
#include "store/sqlite/trouble.h"
#include "store/sqlite/writer.h"

enum {
    STATEMENTS_MAX = 256,
    CACHE_KIB = 8000,
    INLINE_BYTES_MAX = 256 * 1024,
    INLINE_CELLS_MAX = 16 * 1024,
    FILE_LOOK_US = 1000 * 1000,
    TORN_LOOK_MS = 1000,
};

/* ---- the connection ---- */

static void close_reader(struct lite_port *port)
{
    PRE(!port->in_turn);
    lite_reader_close(port->reader);
    port->reader = NULL;
}

static bool open_reader(struct lite_port *port, char why[512])
{
    struct lite_reader_options options = {
        .path = port->store->path,
        .locale = port->store->locale,
        .statements_max = STATEMENTS_MAX,
        .cache_kib = CACHE_KIB,
        .map_bytes_max = port->store->map_bytes_max,
        .bytes_max = INLINE_BYTES_MAX,
        .cells_max = INLINE_CELLS_MAX,
    };
    port->file_seen = loop_now(port->loop);
    return lite_reader_open(&options, &port->reader, why) == OK;
}

static bool file_is_ours(struct lite_port *port)
{
    struct lite_reader *reader = port->reader;
    struct mono now = loop_now(port->loop);
    int64_t since_us = mono_diff_us(now, port->file_seen);
    if (since_us < FILE_LOOK_US)
        return true;
    port->file_seen = now;
    struct lite_file file;
    if (!lite_file_at(port->store->path, &file) || !lite_file_same(file, reader->file))
        return false;
    unsigned commits = lite_reader_weigh_map(reader, since_us);
    if (commits == 0 && !lite_file_untouched(file, reader->file))
        return false;
    reader->file = file;
    return true;
}

/* Closes the connection when it is torn, or the path leads to another file or nowhere, or the file was changed and not by a commit:
 * then another was copied over it, and what SQLite keeps of the old one is wrong. (After a checkpoint it is closed for nothing.) */
static void look_at_file(struct lite_port *port)
{
    if (!lite_guard_is_torn() && file_is_ours(port))
        return;
    close_reader(port);
    lite_count(&port->reopened);
}

static void turn_end(struct lite_port *port)
{
    if (!port->in_turn)
        return;
    lite_reader_commit(port->reader);
    port->in_turn = false;
}

static void on_turn_end(struct task *task)
{
    turn_end(container_of(task, struct lite_port, turn_end));
}

/* False: there is no connection; the fetch's problem tells why. */
static bool have_reader(struct lite_port *port, struct fetch *fetch)
{
    if (port->in_turn)
        return true;
    if (port->reader)
        look_at_file(port);
    char why[512];
    if (port->reader || open_reader(port, why))
        return true;
    fetch->problem = lite_problem_unavailable(fetch->arena, why);
    return false;
}

/* While a commit is under way another reader may see it already, and nobody is to see less after that: then each read begins anew. */
static void turn_begin(struct lite_port *port)
{
    bool settled = !atomic_load(&port->store->committing); /* before the count, which is moved before it */
    uint64_t commits = atomic_load(&port->store->commits);
    if (port->in_turn && settled && port->turn_commits == commits)
        return;
    turn_end(port);
    port->turn_commits = commits;
    lite_reader_begin(port->reader);
    port->in_turn = true;
    loop_at_turn_end(port->loop, &port->turn_end);
}

/* ---- what operators see ---- */

static void note_down(struct lite_port *port, const struct problem *problem)
{
    struct lite_store *store = port->store;
    size_t len = problem->cause.len < sizeof store->why - 1 ? problem->cause.len : sizeof store->why - 1;
    pthread_mutex_lock(&store->lock);
    memcpy(store->why, problem->cause.data, len);
    store->why[len] = '\0';
    pthread_mutex_unlock(&store->lock);
    atomic_store_explicit(&store->down, true, memory_order_relaxed);
}

void lite_port_note(struct lite_port *port, const struct problem *problem)
{
    lite_count(&port->fetches);
    if (problem_is(problem))
        lite_count(&port->failures);
    if (slice_eq(problem->code, SLICE("database-unavailable")))
        note_down(port, problem);
    else if (!problem_is(problem) && atomic_load_explicit(&port->store->down, memory_order_relaxed))
        atomic_store_explicit(&port->store->down, false, memory_order_relaxed);
}

/* ---- submit ---- */

/* A damaged connection serves nothing more: the next turn opens another. */
static void drop_reader(struct lite_port *port)
{
    turn_end(port);
    loop_task_cancel(&port->turn_end);
    close_reader(port);
    lite_count(&port->reopened);
}

static bool is_inline(struct lite_port *port, struct lite_statement *statement, struct mono now)
{
    if (!statement->lane.judged) {
        statement->lane.inline_plan = lite_lane_judge(port->reader->db, statement->text);
        statement->lane.judged = true;
    }
    return lite_lane_is_inline(&statement->lane, now);
}

/* Runs it here, unless its shape or a lock sends it elsewhere. */
static enum lite_run run_here(struct lite_port *port, struct fetch *fetch)
{
    int code = lite_reader_ready(port->reader);
    if (code != SQLITE_OK)
        return lite_code_is_locked(code) ? RUN_ELSEWHERE : lite_run_failed(port->reader, fetch, code);
    turn_begin(port);
    struct lite_statement *statement = lite_statements_get(&port->reader->statements, fetch->statement.text);
    if (!statement) {
        code = sqlite3_extended_errcode(port->reader->db);
        return lite_code_is_locked(code) ? RUN_ELSEWHERE : lite_run_failed(port->reader, fetch, code);
    }
    struct mono now = clock_mono();
    return is_inline(port, statement, now) ? lite_run_inline(port->reader, statement, fetch, now)
                                           : RUN_ELSEWHERE;
}

static enum lite_run run(struct lite_port *port, struct fetch *fetch)
{
    if (!have_reader(port, fetch))
        return RUN_DONE;
    lite_guard_enter();
    enum lite_run run = run_here(port, fetch);
    lite_guard_leave();
    return run;
}

enum submit lite_submit(struct port *base, struct fetch *fetch)
{
    struct lite_port *port = lite_port_of(base);
    PRE(!port->closing && fetch->on_end != NULL && fetch->sink.on_row != NULL);
    fetch->lane = "inline";
    fetch->rows = 0;
    fetch->wait_us = fetch->run_us = 0;
    fetch->problem = (struct problem){0};
    if (fetch->write) {
        lite_write_submit(port, fetch);
        return SUBMIT_PENDING;
    }
    enum lite_run ended = fetch->stream ? RUN_ELSEWHERE : run(port, fetch);
    if (ended == RUN_ELSEWHERE) {
        lite_pool_submit(port, fetch);
        return SUBMIT_PENDING;
    }
    if (ended == RUN_BROKEN)
        drop_reader(port);
    lite_port_note(port, &fetch->problem);
    return SUBMIT_DONE;
}

void lite_refresh(struct port *base)
{
    struct lite_port *port = lite_port_of(base);
    if (port->reader)
        lite_statements_clear(&port->reader->statements);
    lite_pool_refresh(port);
}

/* ---- a torn map ---- */

/* A port that nobody asks must let go too, for none may open before all have. */
static void on_torn_look(struct timer *timer)
{
    struct lite_port *port = container_of(timer, struct lite_port, torn_look);
    if (lite_guard_is_torn()) {
        if (port->reader)
            drop_reader(port);
        lite_pool_let_go(port);
        lite_writer_wake(port->store->writer);
    }
    loop_timer_set(port->loop, timer, TORN_LOOK_MS);
}

/* ---- attach, detach ---- */

struct port *lite_attach(struct store *base, struct loop *loop, unsigned worker)
{
    (void)worker;
    struct lite_store *store = lite_store_of(base);
    struct lite_port *port = mem_must(sizeof *port);
    port->base.store = base;
    port->magic = LITE_PORT_MAGIC;
    port->store = store;
    port->loop = loop;
    port->turn_end.run = on_turn_end;
    char why[512];
    open_reader(port, why); /* else the first read tries again, and says why */
    lite_pool_init(port);
    port->torn_look.on_due = on_torn_look;
    loop_timer_set(loop, &port->torn_look, TORN_LOOK_MS);
    pthread_mutex_lock(&store->lock);
    list_push(&store->ports, &port->link);
    pthread_mutex_unlock(&store->lock);
    return &port->base;
}

static void leave_store(struct lite_port *port)
{
    struct lite_store *store = port->store;
    pthread_mutex_lock(&store->lock);
    list_remove(&port->link);
    store->gone.fetches += port->fetches;
    store->gone.failures += port->failures;
    store->gone.reopened += port->reopened;
    pthread_mutex_unlock(&store->lock);
}

bool lite_is_quiet(struct port *base)
{
    const struct lite_port *port = lite_port_of(base);
    return port->busy_count == 0 && port->waiting_count == 0 && port->writes_count == 0;
}

/* Unless it is quiet not within a turn of the loop: what runs on the pool comes home by further turns. */
void lite_detach(struct port *base)
{
    struct lite_port *port = lite_port_of(base);
    port->closing = true;
    lite_pool_done(port);
    turn_end(port);
    loop_task_cancel(&port->turn_end);
    loop_timer_stop(&port->torn_look);
    close_reader(port);
    leave_store(port);
    port->magic = 0;
    mem_free(port);
}
