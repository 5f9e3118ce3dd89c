/* SPDX-License-Identifier: Apache-2.0 */
/* Login and logout. See login.h. */
#include "request/login.h"

#include "auth/credential.h"
#include "auth/holder.h"
#include "auth/ledger.h"
#include "auth/trust.h"
#include "request/auth_steps.h"
#include "request/behind.h"
#include "request/records.h"
#include "request/session_copy.h"
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

static enum dialect dialect_of(const struct request *request)
{
    return request->snapshot->model->catalog->dialect;
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

static int64_t now_s(void)
{
    return clock_wall().us / 1000000;
}

/* It stands in the database: others need not ask for it there. */
static void copy_session(struct request *request)
{
    const struct login *login = request->login;
    struct holder holder = {.user = login->user,
                            .tenant = login->tenant,
                            .role = login->role,
                            .expires_s = login->session_expires_s,
                            .stored_s = login->session_expires_s,
                            .confirmed_s = now_s()};
    memcpy(holder.token_id, login->session_id, sizeof holder.token_id);
    session_copy_put(request, &holder, true);
}

static enum step succeed(struct request *request)
{
    const struct login *login = request->login;
    if (login->session_id[0])
        copy_session(request);
    atomic_fetch_add_explicit(&counts_of(request)->logins, 1, memory_order_relaxed);
    if (accounts_of(request)->seen)
        behind_see(request->worker->behind, login->user, clock_wall());
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

/* --- the unit: session, audit --- */

static bool ignore_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context, (void)cells, (void)count;
    return true;
}

/* On the store's thread. */
static enum verdict on_statement(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    struct login *login = request->login;
    if (++login->at == login->statement_count)
        return VERDICT_COMMIT;
    fetch->statement = login->statements[login->at];
    return VERDICT_NEXT;
}

static void submit(struct request *request, struct fetch fetch)
{
    fetch.arena = &request->arena;
    request->fetch = fetch;
    request->fetching = true;
    request->fetch_out = true;
    request->fetch_out = store_submit(request->tap->port, &request->fetch) == SUBMIT_PENDING;
    request->fetching = false;
}

static void audit(struct request *request, struct slice event)
{
    struct login *login = request->login;
    char address[INET6_ADDRSTRLEN];
    if (!(auth_of(request)->audit & AUDIT_LOGINS))
        return;
    address_format(&request->principal.address, address);
    const struct ledger_event entry = {.event = event,
                                       .account = login->account,
                                       .user = login->user,
                                       .tenant = login->tenant,
                                       .role = login->role,
                                       .address = slice_str(address),
                                       .request = slice_of(request->id, 16)};
    login->statements[login->statement_count++] =
        ledger_audit(&request->arena, dialect_of(request), &entry, clock_wall());
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
    struct login *login = request->login;
    if (login->statement_count == 0)
        return finish(request);
    submit(request, (struct fetch){.statement = login->statements[0],
                                   .sink = {ignore_row, NULL},
                                   .on_end = on_unit_end,
                                   .on_statement = on_statement,
                                   .write = true});
    return request->fetch_out ? STEP_WAIT : finish(request);
}

/* --- a right password --- */

static void make_session(struct request *request, int64_t begun_s)
{
    struct login *login = request->login;
    char token[SESSION_TOKEN_LEN + 1];
    session_token_new(token);
    login->token = arena_copy(&request->arena, slice_str(token));
    token_id(login->token, login->session_id);
    login->session_expires_s = begun_s + auth_of(request)->session_ms / 1000;
    const struct ledger_session session = {.id = slice_of(login->session_id, TOKEN_ID_LEN),
                                           .user = login->user,
                                           .tenant = login->tenant,
                                           .role = login->role,
                                           .expires_s = login->session_expires_s};
    login->statements[login->statement_count++] =
        ledger_session_add(&request->arena, dialect_of(request), &session, begun_s);
}

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
        make_session(request, now.us / 1000000);
    else if (!make_token(request, now))
        return auth_unready(request);
    audit(request, SLICE("login"));
    return write_unit(request);
}

static enum step keep_out(struct request *request, const char *why)
{
    request->login->why = why;
    audit(request, SLICE("login.failed"));
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
    submit(request,
           (struct fetch){.statement = accounts_find(accounts_of(request), &request->arena, login->account),
                          .sink = {on_user, request},
                          .on_end = on_user_end});
    return request->fetch_out ? STEP_WAIT : after_user(request);
}

/* --- logout --- */

/* So long others may hold it for good: one of them may have moved a session's end meanwhile. */
static int64_t revoked_until_s(const struct request *request)
{
    const struct principal *principal = &request->principal;
    int64_t moved_s = now_s() + auth_of(request)->session_ms / 1000;
    bool moves = principal->credential == CREDENTIAL_SESSION && moved_s > principal->expires_s;
    return moves ? moved_s : principal->expires_s;
}

static enum step after_logout(struct request *request)
{
    const struct principal *principal = &request->principal;
    if (principal->credential == CREDENTIAL_SESSION)
        session_copy_drop(request, principal->token_id);
    if (problem_is(&request->fetch.problem)) {
        request->problem = request->fetch.problem;
        return STEP_RESPOND;
    }
    if (identity_revoke(request->tap->supply->identity, principal->token_id, revoked_until_s(request)) != OK)
        return auth_unready(request); /* it will be read from the database yet */
    atomic_fetch_add_explicit(&counts_of(request)->logouts, 1, memory_order_relaxed);
    request->answer.status = 204;
    return STEP_RESPOND;
}

static void on_logout_end(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->fetch_out = false;
    if (!request->fetching)
        request_resume(request, request->cancelled ? STEP_END : after_logout(request));
}

enum step logout_fetch(struct request *request)
{
    const struct principal *principal = &request->principal;
    struct login *login = request->login = ARENA_NEW(&request->arena, struct login);
    struct slice id = slice_of(principal->token_id, TOKEN_ID_LEN);
    PRE(principal->credential == CREDENTIAL_TOKEN || principal->credential == CREDENTIAL_SESSION);
    request->target = arena_copy(&request->arena, request->target);
    login->user = principal->caller.user;
    login->tenant = principal->caller.tenant;
    login->role = principal->caller.role_name;
    login->statements[login->statement_count++] =
        ledger_revoke(&request->arena, dialect_of(request), id, revoked_until_s(request));
    if (principal->credential == CREDENTIAL_SESSION)
        login->statements[login->statement_count++] =
            ledger_session_end(&request->arena, dialect_of(request), id);
    audit(request, SLICE("logout"));
    submit(request, (struct fetch){.statement = login->statements[0],
                                   .sink = {ignore_row, NULL},
                                   .on_end = on_logout_end,
                                   .on_statement = on_statement,
                                   .write = true});
    return request->fetch_out ? STEP_WAIT : after_logout(request);
}
