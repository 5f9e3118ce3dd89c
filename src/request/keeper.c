/* SPDX-License-Identifier: Apache-2.0 */
/* See keeper.h. */
#include "request/keeper.h"

#include "auth/ledger.h"
#include "auth/trust.h"
#include "base/log.h"
#include "base/mem.h"
#include "request/session_copy.h"
#include "request/worker.h"

#define LOOK_EVERY_MS 500
#define DEADLINE_MS 5000
/* A revocation is committed no longer than this after its time was taken. */
#define OVERLAP_S 10
#define SWEEP_EVERY_S 60
#define SECRET_BYTES 32

struct keeper {
    struct worker *worker;
    struct timer timer;
    struct tap *tap; /* while it is out */
    struct fetch fetch;
    struct arena arena;
    enum { KEEPER_SECRET, KEEPER_KEEP, KEEPER_REVOKED, KEEPER_SWEEP, KEEPER_MAKE } state;
    const struct identity *of; /* whose revocations are known up to since_s: compared, not used */
    int64_t since_s, swept_s;
    unsigned at; /* the statement of a state of several */
    bool was_making, found, failing, submitting, out, stopped;
};

static enum dialect dialect_of(const struct keeper *keeper)
{
    return keeper->worker->snapshot->model->catalog->dialect;
}

static struct identity *identity_of(const struct keeper *keeper)
{
    return keeper->tap->supply->identity;
}

/* --- rows --- */

static bool take_secret(void *context, const struct slice *cells, unsigned count)
{
    struct keeper *keeper = context;
    PRE(count == 1);
    if (cells[0].len >= JWT_SECRET_BYTES_MIN && !identity_own(identity_of(keeper)))
        identity_set_secret(identity_of(keeper), cells[0]);
    keeper->found = true;
    return false;
}

static bool take_revoked(void *context, const struct slice *cells, unsigned count)
{
    struct keeper *keeper = context;
    char id[TOKEN_ID_LEN + 1] = {0};
    int64_t expires_s = 0, revoked_s = 0;
    PRE(count == REVOKED_CELLS);
    if (cells[REVOKED_ID].len != TOKEN_ID_LEN || !slice_to_int(cells[REVOKED_EXPIRES], &expires_s) ||
        !slice_to_int(cells[REVOKED_AT], &revoked_s))
        return true; /* none of ours */
    memcpy(id, cells[REVOKED_ID].data, TOKEN_ID_LEN);
    if (identity_revoke(identity_of(keeper), id, expires_s) != OK)
        log_event(LOG_ERROR, "a revoked token cannot be remembered", LOG_STR("why", "there are too many"));
    keeper->since_s = revoked_s > keeper->since_s ? revoked_s : keeper->since_s;
    return true;
}

static bool ignore_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context, (void)cells, (void)count;
    return true;
}

/* --- what is asked --- */

static void go_on(struct keeper *keeper);

static void on_end(struct fetch *fetch)
{
    struct keeper *keeper = container_of(fetch, struct keeper, fetch);
    keeper->out = false;
    if (!keeper->submitting)
        go_on(keeper);
}

static struct statement sweep_statement(struct keeper *keeper, unsigned n)
{
    int64_t before_s = keeper->swept_s - 2 * JWT_LEEWAY_S;
    if (n == 0)
        return ledger_revoked_sweep(&keeper->arena, dialect_of(keeper), before_s);
    if (n == 1) /* its end in Redis may be later */
        return ledger_session_sweep(&keeper->arena, dialect_of(keeper), before_s - SESSION_STORE_S);
    return (struct statement){0};
}

static enum verdict on_statement(struct fetch *fetch)
{
    struct keeper *keeper = container_of(fetch, struct keeper, fetch);
    keeper->at++;
    if (keeper->state == KEEPER_MAKE)
        fetch->statement = ledger_make(&keeper->arena, dialect_of(keeper), keeper->at);
    else
        fetch->statement = sweep_statement(keeper, keeper->at);
    return fetch->statement.text.len ? VERDICT_NEXT : VERDICT_COMMIT;
}

static void submit(struct keeper *keeper, struct statement statement,
                   bool (*on_row)(void *, const struct slice *, unsigned), bool write)
{
    bool several = keeper->state == KEEPER_MAKE || keeper->state == KEEPER_SWEEP;
    keeper->at = 0;
    keeper->fetch = (struct fetch){.statement = statement,
                                   .sink = {on_row, keeper},
                                   .on_end = on_end,
                                   .on_statement = several ? on_statement : NULL,
                                   .write = write,
                                   .makes = keeper->state == KEEPER_MAKE,
                                   .arena = &keeper->arena,
                                   .deadline = mono_after_ms(loop_now(keeper->worker->loop), DEADLINE_MS)};
    keeper->submitting = keeper->out = true;
    keeper->out = store_submit(keeper->tap->port, &keeper->fetch) == SUBMIT_PENDING;
    keeper->submitting = false;
}

static void keep_secret(struct keeper *keeper)
{
    char secret[2 * SECRET_BYTES + 1];
    random_digits(secret, SECRET_BYTES);
    submit(keeper, ledger_secret_keep(&keeper->arena, dialect_of(keeper), slice_str(secret)), ignore_row,
           true);
}

/* Asks what the state is about. */
static void ask(struct keeper *keeper)
{
    enum dialect dialect = dialect_of(keeper);
    keeper->found = false;
    switch (keeper->state) {
    case KEEPER_SECRET:
        submit(keeper, ledger_secret_find(&keeper->arena, dialect), take_secret, false);
        return;
    case KEEPER_KEEP:
        keep_secret(keeper);
        return;
    case KEEPER_REVOKED:
        submit(keeper, ledger_revoked_since(&keeper->arena, dialect, keeper->since_s - OVERLAP_S),
               take_revoked, false);
        return;
    case KEEPER_SWEEP:
        submit(keeper, sweep_statement(keeper, 0), ignore_row, true);
        return;
    case KEEPER_MAKE:
        submit(keeper, ledger_make(&keeper->arena, dialect, 0), ignore_row, true);
        return;
    }
    UNREACHABLE("five states");
}

/* --- what comes next --- */

static bool needs_secret(const struct keeper *keeper)
{
    return keeper->worker->snapshot->trust->secret_is_auto && !identity_own(identity_of(keeper));
}

static bool sweep_is_due(struct keeper *keeper)
{
    int64_t now_s = clock_wall().us / 1000000;
    if (now_s - keeper->swept_s < SWEEP_EVERY_S)
        return false;
    keeper->swept_s = now_s;
    identity_sweep(identity_of(keeper), now_s);
    return true;
}

static void note_failure(struct keeper *keeper, const struct problem *problem)
{
    struct slice why = problem->cause.len ? problem->cause : problem->detail;
    if (!keeper->failing)
        log_event(LOG_ERROR, "identities cannot be kept", LOG_TEXT("why", why));
    keeper->failing = true;
    bool moment = problem->status == 503 || problem->status == 504 || problem->status == 409;
    bool login = keeper->worker->snapshot->trust->accounts.table != NULL;
    if (!moment && !login) /* there are no tables, and nobody makes any */
        identity_set_ready(identity_of(keeper));
}

/* True: keeper->state is to be asked; false: that was all for now. */
static bool choose_next(struct keeper *keeper)
{
    const struct problem *problem = &keeper->fetch.problem;
    bool missed = slice_eq(problem->pg_code, SLICE("42P01")) && !keeper->was_making;
    if (problem_is(problem) && !missed) {
        note_failure(keeper, problem);
        return false;
    }
    switch (keeper->state) {
    case KEEPER_SECRET:
        keeper->state = missed ? KEEPER_MAKE : keeper->found ? KEEPER_REVOKED : KEEPER_KEEP;
        return true;
    case KEEPER_KEEP:
        keeper->state = KEEPER_SECRET;
        return true;
    case KEEPER_MAKE:
        keeper->was_making = true;
        keeper->state = needs_secret(keeper) ? KEEPER_SECRET : KEEPER_REVOKED;
        return true;
    case KEEPER_REVOKED:
        if (missed) {
            keeper->state = KEEPER_MAKE;
            return true;
        }
        keeper->failing = false;
        identity_set_ready(identity_of(keeper));
        keeper->state = KEEPER_SWEEP;
        return sweep_is_due(keeper);
    case KEEPER_SWEEP:
        return false;
    }
    UNREACHABLE("five states");
}

static void rest(struct keeper *keeper)
{
    arena_reset(&keeper->arena);
    tap_unref(keeper->tap);
    keeper->tap = NULL;
    if (!keeper->stopped)
        loop_timer_set(keeper->worker->loop, &keeper->timer, LOOK_EVERY_MS);
}

static void go_on(struct keeper *keeper)
{
    while (!keeper->out) {
        bool left = keeper->tap != keeper->worker->tap; /* its database was left meanwhile */
        if (keeper->stopped || left || !choose_next(keeper)) {
            rest(keeper);
            return;
        }
        ask(keeper);
    }
}

static void on_due(struct timer *timer)
{
    struct keeper *keeper = container_of(timer, struct keeper, timer);
    PRE(!keeper->out && !keeper->tap);
    if (!config_auth_is_on(&keeper->worker->snapshot->model->config->auth)) {
        loop_timer_set(keeper->worker->loop, timer, LOOK_EVERY_MS);
        return;
    }
    keeper->tap = tap_ref(keeper->worker->tap);
    if (keeper->of != identity_of(keeper))
        keeper->since_s = 0;
    keeper->of = identity_of(keeper);
    keeper->was_making = false;
    keeper->state = needs_secret(keeper) ? KEEPER_SECRET : KEEPER_REVOKED;
    ask(keeper);
    go_on(keeper);
}

struct keeper *keeper_start(struct worker *worker)
{
    struct keeper *keeper = mem_must(sizeof *keeper);
    keeper->worker = worker;
    keeper->timer.on_due = on_due;
    arena_init(&keeper->arena, 4096);
    loop_timer_set(worker->loop, &keeper->timer, 1);
    return keeper;
}

void keeper_stop(struct keeper *keeper)
{
    keeper->stopped = true;
    loop_timer_stop(&keeper->timer);
    if (keeper->out)
        store_cancel(keeper->tap->port, &keeper->fetch);
}

void keeper_free(struct keeper *keeper)
{
    if (!keeper)
        return;
    PRE(!keeper->out);
    arena_done(&keeper->arena);
    mem_free(keeper);
}
