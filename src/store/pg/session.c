/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting without blocking: the state machine of session.h. libpq opens a socket per address it tries, so the watch is
 * taken off before each PQconnectPoll and set anew after it. */
#include "store/pg/session.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "loop/fault.h"

enum { SESSION_MAGIC = 0x50475345, CONNECT_MS_MAX = 10000 };

/* ---- states ---- */

static const unsigned moves[] = {
    [SESSION_CLOSED] = 1u << SESSION_RESOLVING | 1u << SESSION_CONNECTING,
    [SESSION_RESOLVING] = 1u << SESSION_CONNECTING | 1u << SESSION_CLOSED,
    [SESSION_CONNECTING] = 1u << SESSION_SETTING | 1u << SESSION_READY | 1u << SESSION_CLOSED,
    [SESSION_SETTING] = 1u << SESSION_READY | 1u << SESSION_CLOSED,
    [SESSION_READY] = 1u << SESSION_CLOSED,
};

static void move(struct session *session, enum session_state to)
{
    CHECK_MAGIC(session, SESSION_MAGIC);
    PRE(moves[session->state] & 1u << to);
    session->state = to;
}

/* ---- the watch ---- */

static void on_events(struct watch *watch, uint32_t events);
static void begin(struct task *task);

static bool watch_for(struct session *session, uint32_t events)
{
    session->watched = events;
    session->watch.fd = PQsocket(session->conn);
    return session->watch.fd >= 0 && loop_watch_level(session->loop, &session->watch, events) == OK;
}

void pg_session_flush(struct session *session)
{
    PRE(session->state == SESSION_READY);
    int left = PQflush(session->conn); /* < 0: broken, which reading will tell */
    uint32_t wanted = left > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN;
    if (wanted != session->watched) {
        session->watched = wanted;
        loop_watch_change(&session->watch, wanted);
    }
}

/* ---- ends ---- */

static void deadline_due(struct timer *timer)
{
    struct session *session = container_of(timer, struct session, deadline);
    pg_session_fail(session, "08001", "no connection within 10 s");
}

struct resolution {
    struct job job;
    struct session *session; /* NULL: closed meanwhile. Touched on the loop's thread alone */
    const struct target *target;
    unsigned *jobs_out;
    bool found;
    struct addresses addresses;
};

void pg_session_init(struct session *session, const struct session_plan *plan, enum session_kind kind,
                     const struct session_events *events)
{
    memset(session, 0, sizeof *session);
    session->magic = SESSION_MAGIC;
    session->plan = plan;
    session->kind = kind;
    session->events = events;
    session->watch.on_events = on_events;
    session->deadline.on_due = deadline_due;
    session->begin.run = begin;
}

void pg_session_close(struct session *session)
{
    CHECK_MAGIC(session, SESSION_MAGIC);
    if (session->resolution != NULL)
        session->resolution->session = NULL;
    session->resolution = NULL;
    loop_task_cancel(&session->begin);
    loop_timer_stop(&session->deadline);
    if (PQsocket(session->conn) >= 0) /* takes NULL */
        loop_unwatch(&session->watch);
    else
        loop_watch_gone(&session->watch); /* libpq closes what it cannot read */
    PQfinish(session->conn);              /* takes NULL */
    session->conn = NULL;
    if (session->state != SESSION_CLOSED)
        move(session, SESSION_CLOSED);
}

void pg_session_fail_with(struct session *session, const struct failure *failure)
{
    PRE(session->state != SESSION_CLOSED);
    session->failure = *failure;
    pg_session_close(session);
    session->events->on_failed(session);
}

void pg_session_fail(struct session *session, const char *sqlstate, const char *text)
{
    struct failure failure;
    pg_failure_make(&failure, sqlstate, text);
    pg_session_fail_with(session, &failure);
}

static void fail_of_conn(struct session *session)
{
    struct failure failure;
    pg_failure_of_connection(session->conn, &failure);
    pg_session_fail_with(session, &failure);
}

/* ---- SETTING ---- */

static void become_ready(struct session *session)
{
    if (PQsetnonblocking(session->conn, 1) != 0 || PQenterPipelineMode(session->conn) != 1) {
        fail_of_conn(session);
        return;
    }
    PQsetErrorVerbosity(session->conn, PQERRORS_DEFAULT);
    loop_timer_stop(&session->deadline);
    session->ready_at = loop_now(session->loop);
    move(session, SESSION_READY);
    session->events->on_ready(session);
}

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static void connected(struct session *session)
{
    PQsetNoticeReceiver(session->conn, ignore_notice, NULL);
    if (!watch_for(session, EPOLLIN)) {
        pg_session_fail(session, "08006", "the socket cannot be watched");
    } else if (!session->plan->prepared) {
        become_ready(session);
    } else if (PQsendQuery(session->conn, session->plan->settings[session->kind].data) != 1) {
        fail_of_conn(session);
    } else {
        move(session, SESSION_SETTING);
    }
}

static void read_settings(struct session *session)
{
    if (PQconsumeInput(session->conn) != 1) {
        fail_of_conn(session);
        return;
    }
    while (!PQisBusy(session->conn)) {
        PGresult *result = PQgetResult(session->conn);
        if (result == NULL) {
            become_ready(session);
            return;
        }
        bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
        struct failure failure;
        pg_failure_of_result(result, &failure);
        PQclear(result);
        if (!good) {
            pg_session_fail_with(session, &failure);
            return;
        }
    }
}

/* ---- CONNECTING ---- */

static void advance(struct session *session)
{
    PRE(session->state == SESSION_CONNECTING);
    loop_unwatch(&session->watch);
    PostgresPollingStatusType next = PQconnectPoll(session->conn);
    if (next == PGRES_POLLING_OK)
        connected(session);
    else if (next == PGRES_POLLING_FAILED ||
             !watch_for(session, next == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT))
        fail_of_conn(session);
}

/* libpq takes later values of a keyword over earlier ones. */
static PGconn *start(const struct target *target, const struct addresses *addresses)
{
    const char *keywords[TARGET_KEYWORDS_MAX + 4], *values[TARGET_KEYWORDS_MAX + 4];
    unsigned n = target->count;
    memcpy(keywords, target->keywords, n * sizeof *keywords);
    memcpy(values, target->values, n * sizeof *values);
    if (addresses != NULL) {
        keywords[n] = "host", values[n++] = addresses->hosts;
        keywords[n] = "hostaddr", values[n++] = addresses->addresses;
        keywords[n] = "port", values[n++] = addresses->ports;
    }
    keywords[n] = values[n] = NULL;
    return PQconnectStartParams(keywords, values, 0);
}

static void begin_connecting(struct session *session, const struct addresses *addresses)
{
    move(session, SESSION_CONNECTING);
    if (fault_hits(FAULT_CONNECT)) {
        pg_session_fail(session, "08001", "connect failed on purpose");
        return;
    }
    session->conn = start(session->plan->target, addresses);
    if (session->conn == NULL || PQstatus(session->conn) == CONNECTION_BAD) {
        fail_of_conn(session);
        return;
    }
    PQsetErrorVerbosity(session->conn, PQERRORS_VERBOSE); /* has the SQLSTATE of a refusal */
    if (!watch_for(session, EPOLLOUT))
        fail_of_conn(session);
}

/* ---- RESOLVING ---- */

static void resolve_run(struct job *job)
{
    struct resolution *resolution = container_of(job, struct resolution, job);
    resolution->found = pg_target_resolve(resolution->target, &resolution->addresses);
}

static void resolve_done(struct job *job)
{
    struct resolution *resolution = container_of(job, struct resolution, job);
    struct session *session = resolution->session;
    (*resolution->jobs_out)--;
    if (session != NULL) {
        session->resolution = NULL;
        if (resolution->found)
            begin_connecting(session, &resolution->addresses);
        else
            pg_session_fail(session, "08001", resolution->addresses.why);
    }
    mem_free(resolution);
}

static bool begin_resolving(struct session *session, unsigned *jobs_out)
{
    struct resolution *resolution = mem_must(sizeof *resolution);
    resolution->job = (struct job){.run = resolve_run, .on_done = resolve_done, .home = session->loop};
    resolution->target = session->plan->target;
    resolution->session = session;
    resolution->jobs_out = jobs_out;
    if (offload_submit(session->plan->offload, &resolution->job) != OK) {
        mem_free(resolution);
        return false;
    }
    (*jobs_out)++;
    session->resolution = resolution;
    return true;
}

/* ---- what owners call ---- */

/* At the turn's end, so that a failure is never told from within pg_session_open. */
static void begin(struct task *task)
{
    struct session *session = container_of(task, struct session, begin);
    PRE(session->state == SESSION_RESOLVING);
    if (session->plan->target->has_names && !begin_resolving(session, session->jobs_out)) {
        pg_session_fail(session, "08001", "the offload pool is full");
        return;
    }
    loop_timer_set(session->loop, &session->deadline, CONNECT_MS_MAX);
    if (!session->plan->target->has_names)
        begin_connecting(session, NULL);
}

void pg_session_open(struct session *session, struct loop *loop, unsigned *jobs_out)
{
    CHECK_MAGIC(session, SESSION_MAGIC);
    session->loop = loop;
    session->jobs_out = jobs_out;
    move(session, SESSION_RESOLVING);
    loop_at_turn_end(loop, &session->begin);
}

void pg_session_leave(struct session *session)
{
    PRE(session->state == SESSION_READY);
    loop_unwatch(&session->watch);
    session->loop = NULL;
    session->jobs_out = NULL;
}

bool pg_session_join(struct session *session, struct loop *loop)
{
    PRE(session->state == SESSION_READY && session->watch.loop == NULL);
    session->loop = loop;
    if (watch_for(session, EPOLLIN))
        return true;
    pg_session_close(session);
    return false;
}

bool pg_session_is_sound(const struct session *session)
{
    char byte;
    PRE(session->state == SESSION_READY);
    if (PQstatus(session->conn) != CONNECTION_OK)
        return false;
    ssize_t got = recv(PQsocket(session->conn), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static void on_events(struct watch *watch, uint32_t events)
{
    struct session *session = container_of(watch, struct session, watch);
    CHECK_MAGIC(session, SESSION_MAGIC);
    if (session->state == SESSION_CONNECTING) {
        advance(session);
    } else if (session->state == SESSION_SETTING) {
        read_settings(session);
    } else {
        PRE(session->state == SESSION_READY);
        if (events & EPOLLOUT)
            pg_session_flush(session);
        if (events & ~(uint32_t)EPOLLOUT)
            session->events->on_readable(session);
    }
}
