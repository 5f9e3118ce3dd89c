/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a read that may take long: on the offload pool, by runners. store.h (of this folder) has the
 * picture.
 *
 *            lite_pool_submit            a thread takes it             it comes home
 *   WAITING ────────────────► QUEUED ─────────────────────► RUNNING ────────────────► ended
 *      │                        │ cancel, wait_ms              │ cancel, limit
 *      └─ cancel, wait_ms ─► ended ◄┘ (the job runs empty)      └─ progress handler or sqlite3_interrupt
 *
 * A port has at most runners_max runners, so one worker cannot take the whole pool; the fetches beyond wait
 * in its list, for at most wait_ms. While anything is out, a patrol of PATROL_MS ends what has waited too
 * long and interrupts what runs too long: again and again, because an interrupt that meets a statement
 * between two steps is lost.
 * Failure: 503 "pool-exhausted", 504 "query-timeout", 503 "cancelled", 503
 * "database-busy" after BUSY_WAIT_MS of a lock. */
#include "store/sqlite/store.h"

#include "base/mem.h"
#include "store/sqlite/guard.h"
#include "store/sqlite/run.h"
#include "store/sqlite/trouble.h"

enum {
    STATEMENTS_MAX = 64,
    CACHE_KIB = 2000,
    CELLS_MAX = 2000, /* one row: SQLite's SQLITE_MAX_COLUMN */
    PATROL_MS = 50,
    BUSY_WAIT_MS = 2000,
    CLOSING_TURN_MS = 10,
};

/* ---- the end of a fetch ---- */

static void gauge(_Atomic unsigned *to, unsigned value)
{
    atomic_store_explicit(to, value, memory_order_relaxed);
}

static void show_state(struct lite_port *port)
{
    gauge(&port->state_connections, port->runner_count);
    gauge(&port->state_busy, port->busy_count);
    gauge(&port->state_waiting, port->waiting_count + port->writes_count);
}

void lite_end(struct lite_port *port, struct fetch *fetch)
{
    lite_port_note(port, &fetch->problem);
    show_state(port);
    fetch->on_end(fetch);
}

/* Not at once: its caller may be in the midst of its own work. */
void lite_end_later(struct lite_port *port, struct fetch *fetch, struct problem problem)
{
    fetch->problem = problem;
    list_push(&port->ended, &fetch->link);
    loop_at_turn_end(port->loop, &port->tell_ended);
}

static void on_tell_ended(struct task *task)
{
    struct lite_port *port = container_of(task, struct lite_port, tell_ended);
    for (struct list *link; (link = list_shift(&port->ended)) != NULL;)
        lite_end(port, container_of(link, struct fetch, link));
}

static void leave_waiting(struct lite_port *port, struct fetch *fetch, struct problem problem)
{
    list_remove(&fetch->link);
    port->waiting_count--;
    fetch->wait_us = mono_diff_us(clock_mono(), fetch->submitted);
    lite_end_later(port, fetch, problem);
}

/* ---- on the pool's thread ---- */

static struct lite_runner *runner_of(struct job *job)
{
    struct lite_runner *runner = container_of(job, struct lite_runner, job);
    CHECK_MAGIC(runner, LITE_RUNNER_MAGIC);
    return runner;
}

static bool open_reader(struct lite_runner *runner)
{
    struct lite_store *store = runner->port->store;
    struct lite_reader_options options = {
        .path = store->path,
        .locale = store->locale,
        .statements_max = STATEMENTS_MAX,
        .cache_kib = CACHE_KIB,
        .bytes_max = store->answer_bytes_max,
        .cells_max = CELLS_MAX,
    };
    char why[512];
    if (lite_reader_open(&options, &runner->reader, why) != OK) {
        runner->fetch->problem = lite_problem_unavailable(runner->fetch->arena, why);
        return false;
    }
    runner->reader->cancelled = &runner->cancelled;
    atomic_store(&runner->db, runner->reader->db);
    return true;
}

static void run(struct job *job)
{
    struct lite_runner *runner = runner_of(job);
    enum lite_stage queued = STAGE_QUEUED;
    if (!atomic_compare_exchange_strong(&runner->stage, &queued, STAGE_RUNNING))
        return; /* abandoned */
    struct fetch *fetch = runner->fetch;
    fetch->sent = clock_mono();
    fetch->wait_us = mono_diff_us(fetch->sent, fetch->submitted);
    if (runner->reader || open_reader(runner)) {
        runner->reader->limit = runner->limit;
        runner->reader->busy_until = mono_after_ms(fetch->sent, BUSY_WAIT_MS);
        runner->broken = lite_run_pool(runner->reader, fetch) == RUN_BROKEN;
    }
    fetch->run_us = mono_diff_us(clock_mono(), fetch->sent);
}

/* ---- runners ---- */

static void close_reader(struct lite_runner *runner)
{
    atomic_store(&runner->db, NULL);
    lite_reader_close(runner->reader);
    runner->reader = NULL;
}

static void free_runner(struct lite_runner *runner)
{
    PRE(runner->fetch == NULL);
    close_reader(runner);
    runner->magic = 0;
    mem_free(runner);
}

/* When the port's own connection was opened anew since, for its file was replaced, so is this one. */
static void freshen(struct lite_runner *runner)
{
    uint64_t reopened = atomic_load_explicit(&runner->port->reopened, memory_order_relaxed);
    if (runner->broken || runner->reopened != reopened || lite_guard_is_torn())
        close_reader(runner);
    else if (runner->stale && runner->reader)
        lite_statements_clear(&runner->reader->statements);
    runner->broken = runner->stale = false;
    runner->reopened = reopened;
}

static void pump(struct lite_port *port);

static void on_home(struct job *job)
{
    struct lite_runner *runner = runner_of(job);
    struct lite_port *port = runner->port;
    struct fetch *fetch = runner->fetch;
    runner->fetch = NULL;
    atomic_store(&runner->stage, STAGE_IDLE);
    list_remove(&runner->link);
    list_push(&port->idle, &runner->link);
    port->busy_count--;
    freshen(runner);
    if (fetch)
        lite_end(port, fetch);
    pump(port);
}

/* An idle runner, or a new one while there may be more. */
static struct lite_runner *take_runner(struct lite_port *port)
{
    struct list *link = list_shift(&port->idle);
    if (link)
        return container_of(link, struct lite_runner, link);
    if (port->runner_count == port->store->runners_max)
        return NULL;
    struct lite_runner *runner = mem_must(sizeof *runner);
    runner->magic = LITE_RUNNER_MAGIC;
    runner->port = port;
    runner->job.run = run;
    runner->job.on_done = on_home;
    runner->job.home = port->loop;
    port->runner_count++;
    return runner;
}

/* The earlier of the fetch's deadline and the store's timeout. */
struct mono lite_limit_of(const struct lite_store *store, const struct fetch *fetch)
{
    struct mono limit = {0};
    if (store->timeout_ms > 0)
        limit = mono_after_ms(clock_mono(), store->timeout_ms);
    if (fetch->deadline.us != 0 && (limit.us == 0 || fetch->deadline.us < limit.us))
        limit = fetch->deadline;
    return limit;
}

static void dispatch(struct lite_port *port, struct lite_runner *runner, struct fetch *fetch)
{
    PRE(runner->fetch == NULL && atomic_load(&runner->stage) == STAGE_IDLE);
    list_remove(&fetch->link);
    port->waiting_count--;
    freshen(runner);
    runner->fetch = fetch;
    runner->limit = lite_limit_of(port->store, fetch);
    fetch->store_data[0] = runner;
    atomic_store(&runner->cancelled, false);
    atomic_store(&runner->stage, STAGE_QUEUED);
    list_push(&port->busy, &runner->link);
    port->busy_count++;
    if (offload_submit(port->store->offload, &runner->job) == OK)
        return;
    list_remove(&runner->link);
    list_push(&port->idle, &runner->link);
    port->busy_count--;
    runner->fetch = NULL;
    atomic_store(&runner->stage, STAGE_IDLE);
    fetch->store_data[0] = NULL;
    lite_end_later(port, fetch, lite_problem_exhausted());
}

/* Gives runners to those that wait. */
static void pump(struct lite_port *port)
{
    while (!list_empty(&port->waiting)) {
        struct lite_runner *runner = take_runner(port);
        if (!runner)
            break;
        dispatch(port, runner, container_of(port->waiting.next, struct fetch, link));
    }
    show_state(port);
}

void lite_pool_patrol(struct lite_port *port)
{
    if (port->patrol.loop == NULL)
        loop_timer_set(port->loop, &port->patrol, PATROL_MS);
}

void lite_pool_submit(struct lite_port *port, struct fetch *fetch)
{
    fetch->lane = "offload";
    fetch->run_us = 0;
    fetch->submitted = clock_mono();
    fetch->store_data[0] = NULL;
    list_push(&port->waiting, &fetch->link);
    port->waiting_count++;
    pump(port);
    lite_pool_patrol(port);
}

/* ---- stopping ---- */

static void interrupt(struct lite_runner *runner)
{
    sqlite3 *db = atomic_load(&runner->db);
    if (db && atomic_load(&runner->stage) == STAGE_RUNNING)
        sqlite3_interrupt(db);
}

/* Ends a fetch that no thread has taken yet; its job will find nothing to do. False: a thread has it. */
static bool abandon(struct lite_runner *runner, struct problem problem)
{
    enum lite_stage queued = STAGE_QUEUED;
    if (!atomic_compare_exchange_strong(&runner->stage, &queued, STAGE_ABANDONED))
        return false;
    struct fetch *fetch = runner->fetch;
    runner->fetch = NULL;
    fetch->store_data[0] = NULL;
    fetch->wait_us = mono_diff_us(clock_mono(), fetch->submitted);
    lite_end_later(runner->port, fetch, problem);
    return true;
}

void lite_cancel(struct port *base, struct fetch *fetch)
{
    struct lite_port *port = lite_port_of(base);
    if (fetch->write) {
        lite_write_cancel(port, fetch);
        return;
    }
    struct lite_runner *runner = fetch->store_data[0];
    if (!runner && problem_is(&fetch->problem))
        return; /* its end is on the way */
    if (!runner) {
        leave_waiting(port, fetch, lite_problem_cancelled());
        return;
    }
    PRE(runner->fetch == fetch);
    if (abandon(runner, lite_problem_cancelled()))
        return;
    atomic_store(&runner->cancelled, true);
    interrupt(runner);
}

static bool is_due(struct mono due, struct mono now)
{
    return due.us != 0 && now.us >= due.us;
}

bool lite_waited_too_long(const struct lite_port *port, const struct fetch *fetch, struct mono now)
{
    return is_due(fetch->deadline, now) || is_due(mono_after_ms(fetch->submitted, port->store->wait_ms), now);
}

static void patrol_waiting(struct lite_port *port, struct mono now)
{
    LIST_EACH_SAFE (&port->waiting, link, after) {
        struct fetch *fetch = container_of(link, struct fetch, link);
        if (lite_waited_too_long(port, fetch, now))
            leave_waiting(port, fetch, lite_problem_exhausted());
    }
}

static void patrol_busy(struct lite_port *port, struct mono now)
{
    LIST_EACH (&port->busy, link) {
        struct lite_runner *runner = container_of(link, struct lite_runner, link);
        if (runner->fetch && lite_waited_too_long(port, runner->fetch, now) &&
            abandon(runner, lite_problem_exhausted()))
            continue;
        if (atomic_load(&runner->cancelled) || is_due(runner->limit, now) || lite_guard_is_torn())
            interrupt(runner);
    }
}

static bool is_idle(const struct lite_port *port)
{
    return port->busy_count == 0 && port->waiting_count == 0 && port->writes_count == 0;
}

static void on_patrol(struct timer *timer)
{
    struct lite_port *port = container_of(timer, struct lite_port, patrol);
    struct mono now = clock_mono();
    patrol_waiting(port, now);
    patrol_busy(port, now);
    lite_write_patrol(port, now);
    if (!is_idle(port))
        loop_timer_set(port->loop, timer, PATROL_MS);
}

/* ---- beginning, refreshing, ending ---- */

void lite_pool_init(struct lite_port *port)
{
    list_init(&port->waiting);
    list_init(&port->ended);
    list_init(&port->idle);
    list_init(&port->busy);
    port->tell_ended.run = on_tell_ended;
    port->patrol.on_due = on_patrol;
}

void lite_pool_refresh(struct lite_port *port)
{
    LIST_EACH (&port->idle, link)
        container_of(link, struct lite_runner, link)->stale = true;
    LIST_EACH (&port->busy, link)
        container_of(link, struct lite_runner, link)->stale = true;
}

void lite_pool_let_go(struct lite_port *port)
{
    LIST_EACH (&port->idle, link)
        close_reader(container_of(link, struct lite_runner, link));
}

static void stop_all(struct lite_port *port)
{
    lite_write_stop(port);
    LIST_EACH_SAFE (&port->waiting, link, after)
        leave_waiting(port, container_of(link, struct fetch, link), lite_problem_cancelled());
    LIST_EACH (&port->busy, link) {
        struct lite_runner *runner = container_of(link, struct lite_runner, link);
        if (runner->fetch)
            lite_cancel(&port->base, runner->fetch);
    }
}

void lite_pool_done(struct lite_port *port)
{
    PRE(port->closing);
    while (!is_idle(port)) {
        stop_all(port);
        loop_turn(port->loop, CLOSING_TURN_MS);
    }
    loop_task_cancel(&port->tell_ended);
    on_tell_ended(&port->tell_ended);
    loop_timer_stop(&port->patrol);
    for (struct list *link; (link = list_shift(&port->idle)) != NULL;)
        free_runner(container_of(link, struct lite_runner, link));
}
