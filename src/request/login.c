/* SPDX-License-Identifier: Apache-2.0 */
/* Login: the body, the user, the password, the answer. See login.h. */
#include "request/login_unit.h"

#include "auth/trust.h"
#include "request/auth_steps.h"
#include "request/behind.h"
#include "request/records.h"
#include "request/signals.h"
#include "request/steps.h"
#include "request/worker.h"

static const struct config_auth *auth_of(const struct request *request)
{
    return &request->snapshot->model->config->auth;
}

static const struct accounts *accounts_of(const struct request *request)
{
    return &request->snapshot->trust->accounts;
}

/* --- PLAN: the body --- */

static enum step bad_login(struct request *request, const char *why)
{
    enum step next = request_fail(request, 400, SLICE("bad-login"), arena_format(&request->arena, "%s", why));
    request->problem.hint = arena_format(&request->arena, "Send {\"" SLICE_FMT "\": …, \"password\": …}.",
                                         SLICE_ARG(accounts_of(request)->account->name));
    return next;
}

/* The account's member is called as its column, or as clients of other services send it. */
static bool is_account(const struct request *request, struct slice name)
{
    return slice_eq(name, accounts_of(request)->account->name) || slice_eq(name, SLICE("email")) ||
           slice_eq(name, SLICE("username"));
}

static enum error on_record(void *context, const struct record *record)
{
    struct request *request = context;
    struct login *login = request->login;
    if (record->number > 1 || !record->alone)
        return ERR_INVALID;
    for (unsigned i = 0; i < record->count; i++) {
        const struct field *field = &record->fields[i];
        bool text = field->token == TOKEN_STRING || field->token == TOKEN_TEXT;
        struct slice *to = is_account(request, field->name)           ? &login->account
                           : slice_eq(field->name, SLICE("password")) ? &login->password
                                                                      : NULL;
        if (to && text)
            *to = arena_copy(&request->arena, field->text);
    }
    return OK;
}

static enum error read_body(struct request *request)
{
    const struct decode_sink sink = {on_record, request};
    bool ended = spool_bytes(&request->body_in) == 0;
    enum error error = ended ? OK : records_begin(request, &sink);
    while (!error && !ended)
        error = records_more(request, &ended);
    records_end(request);
    return error;
}

enum step login_plan(struct request *request)
{
    request->login = ARENA_NEW(&request->arena, struct login);
    enum error error = read_body(request);
    if (error == ERR_PROBLEM)
        return STEP_RESPOND;
    if (error == ERR_MEMORY)
        return request_fail_memory(request);
    const struct login *login = request->login;
    if (error || !login->account.data || !login->password.data)
        return bad_login(request, "A login is one object with an account and a password, both texts.");
    return STEP_FETCH;
}

/* --- the end --- */

static struct login_counts *counts_of(const struct request *request)
{
    return &request->worker->service->logins;
}

static void wipe(struct login *login)
{
    credential_wipe(login->password);
}

/* It was no failed login, whatever else it was. */
static enum step not_failed(struct request *request, enum step next)
{
    request_limit_event_undo(request, &request->login->limits);
    return next;
}

static enum step fail(struct request *request)
{
    struct login *login = request->login;
    atomic_fetch_add_explicit(&counts_of(request)->failures, 1, memory_order_relaxed);
    enum step next =
        request_fail(request, 401, SLICE("login-failed"), SLICE("The account or the password is not right."));
    request->problem.cause = arena_format(&request->arena, "auth: %s", login->why);
    return next;
}

static enum step succeed(struct request *request)
{
    const struct login *login = request->login;
    if (login->session_id[0])
        login_session_copy(request);
    atomic_fetch_add_explicit(&counts_of(request)->logins, 1, memory_order_relaxed);
    if (accounts_of(request)->seen)
        behind_see(request->worker->behind, login->user, clock_wall());
    signals_raise_for_login(request);
    buf_init(&request->body, JWT_BYTES_MAX + 256);
    buf_lit(&request->body, "{\"access_token\":");
    buf_json(&request->body, login->token);
    buf_format(&request->body, ",\"token_type\":\"bearer\",\"expires_in\":%lld}",
               (long long)(auth_of(request)->session_ms / 1000));
    request->answer.status = 200;
    request->answer.caching.no_store = true;
    return request->body.failed ? request_fail_memory(request) : STEP_RESPOND;
}

static enum step finish(struct request *request)
{
    if (problem_is(&request->fetch.problem)) {
        request->problem = request->fetch.problem;
        return not_failed(request, STEP_RESPOND);
    }
    return request->login->right ? succeed(request) : fail(request);
}

static void on_unit_end(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->fetch_out = false;
    if (!request->fetching)
        request_resume(request, request->cancelled ? STEP_END : finish(request));
}

/* What is to be written of it, then its answer. */
static enum step write_unit(struct request *request)
{
    bool writes = request->login->statement_count > 0;
    return writes && login_unit_submit(request, on_unit_end) ? STEP_WAIT : finish(request);
}

/* --- a right password --- */

static bool make_token(struct request *request, struct wall now)
{
    struct login *login = request->login;
    const struct trust *trust = request->snapshot->trust;
    const struct jwt_issuer *own =
        trust->secret_is_auto ? identity_own(request->tap->supply->identity) : &trust->own;
    char id[33];
    if (!own)
        return false;
    random_digits(id, 16);
    const struct jwt_claims claims = {.user = login->user,
                                      .tenant = login->tenant,
                                      .role = login->role,
                                      .expires_s = now.us / 1000000 + auth_of(request)->session_ms / 1000};
    login->token = jwt_sign(own, &claims, slice_of(id, 32), now, &request->arena);
    return true;
}

static enum step let_in(struct request *request)
{
    struct login *login = request->login;
    struct wall now = clock_wall();
    login->right = true;
    request_limit_event_undo(request, &login->limits); /* before it is written: others may come meanwhile */
    if (auth_of(request)->sessions == SESSIONS_STORED)
        login_unit_session(request);
    else if (!make_token(request, now))
        return auth_unready(request);
    login_unit_audit(request, SLICE("login"));
    return write_unit(request);
}

static enum step keep_out(struct request *request, const char *why)
{
    request->login->why = why;
    login_unit_audit(request, SLICE("login.failed"));
    return write_unit(request);
}

/* --- the password --- */

static enum step judge(struct request *request, enum password_result result)
{
    struct login *login = request->login;
    wipe(login);
    if (login->rows == 0)
        return keep_out(request, "there is no such account");
    if (login->rows > 1)
        return keep_out(request, "more than one user has this account");
    if (!login->user.data || !login->hash.data)
        return keep_out(request, "the user has no key, or no password");
    if (result == PASSWORD_UNKNOWN)
        return keep_out(request, "the stored hash is of no kind that is known, or costs too much");
    if (result == PASSWORD_WRONG)
        return keep_out(request, "the password is wrong");
    if (login->asker.new_hash[0])
        behind_rehash(request->worker->behind, login->user, login->hash, slice_str(login->asker.new_hash));
    return let_in(request);
}

static enum step too_many(struct request *request)
{
    wipe(request->login);
    enum step next = request_fail(request, 503, SLICE("logins-full"),
                                  SLICE("Too many logins wait: try again in a moment."));
    request->problem.retry_after_s = 1;
    return not_failed(request, next);
}

static void on_result(struct asker *asker)
{
    struct login *login = container_of(asker, struct login, asker);
    struct request *request = login->request;
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->job_out = false;
    if (request->cancelled) {
        wipe(login);
        request_resume(request, STEP_END);
        return;
    }
    enum step next = asker->abandoned ? too_many(request) : judge(request, asker->result);
    if (next != STEP_WAIT)
        request_resume(request, next);
}

/* Counts what may turn out a failed login. False: too many have failed. */
static bool may_guess(struct request *request)
{
    struct login *login = request->login;
    return request_limit_event(request, LIMIT_ON_LOGIN_FAILED, login->account, &login->limits);
}

/* The user's hash, or one that takes as long where there is none. */
static struct slice hash_to_verify(struct request *request)
{
    struct login *login = request->login;
    if (login->rows == 1 && login->user.data && login->hash.data)
        return login->hash;
    char *decoy = arena_alloc(&request->arena, PASSWORD_HASH_BYTES_MAX);
    verifier_decoy(request->worker->service->verifier, decoy);
    return slice_str(decoy);
}

/* A guess is counted while it is verified, once: those who make the very same one meanwhile, or a right one again, make none. */
static enum step verify(struct request *request)
{
    struct login *login = request->login;
    if (!may_guess(request)) {
        wipe(login);
        return STEP_RESPOND;
    }
    login->asker.on_result = on_result;
    login->asker.loop = request->worker->loop;
    switch (verifier_ask(request->worker->service->verifier, &login->asker, login->account, login->password,
                         hash_to_verify(request))) {
    case ASKED_RIGHT:
        return judge(request, PASSWORD_RIGHT);
    case ASKED_FULL:
        return too_many(request);
    case ASKED_SHARED:
        request_limit_event_undo(request, &login->limits);
        break;
    case ASKED_PENDING:
        break;
    }
    request->job_out = true;
    return STEP_WAIT;
}

/* --- the user --- */

static bool on_user(void *context, const struct slice *cells, unsigned count)
{
    struct request *request = context;
    struct login *login = request->login;
    struct slice *const to[ACCOUNT_CELLS] = {&login->user, &login->tenant, &login->role, &login->hash};
    PRE(count == ACCOUNT_CELLS);
    login->rows++;
    for (unsigned i = 0; i < count; i++)
        *to[i] = cells[i].data ? arena_copy(&request->arena, cells[i]) : (struct slice){0};
    return true;
}

static enum step after_user(struct request *request)
{
    if (problem_is(&request->fetch.problem)) {
        wipe(request->login);
        request->problem = request->fetch.problem;
        return not_failed(request, STEP_RESPOND);
    }
    return verify(request);
}

static void on_user_end(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->fetch_out = false;
    if (request->fetching)
        return;
    enum step next = request->cancelled ? STEP_END : after_user(request);
    if (next != STEP_WAIT)
        request_resume(request, next);
}

/* What nobody's password can be is refused without asking. */
static bool is_possible(const struct login *login)
{
    return login->account.len > 0 && login->account.len <= ACCOUNT_BYTES_MAX &&
           !memchr(login->account.data, 0, login->account.len) && password_is_possible(login->password);
}

enum step login_fetch(struct request *request)
{
    struct login *login = request->login;
    PRE(login != NULL && accounts_of(request)->table);
    login->request = request;
    request->target = arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    if (auth_of(request)->sessions == SESSIONS_TOKEN && !identity_is_ready(request->tap->supply->identity))
        return auth_unready(request);
    if (!may_guess(request))
        return STEP_RESPOND;
    if (!is_possible(login)) {
        login->account = (struct slice){0};
        return keep_out(request, "no account or password can be so");
    }
    request_limit_event_undo(request, &login->limits); /* it is counted when it is verified */
    const struct fetch fetch = {.statement =
                                    accounts_find(accounts_of(request), &request->arena, login->account),
                                .sink = {on_user, request},
                                .on_end = on_user_end};
    return login_submit(request, fetch) ? STEP_WAIT : after_user(request);
}
