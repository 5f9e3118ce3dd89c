/* SPDX-License-Identifier: Apache-2.0 */
/* See auth_steps.h. */
#include "request/auth_steps.h"

#include "auth/holder.h"
#include "auth/ledger.h"
#include "auth/trust.h"
#include "request/behind.h"
#include "request/session_copy.h"
#include "request/worker.h"

/* How old what is known of a key, and of a session, may be: COPIED where Redis bears copies. That a session was ended is heard of
 * sooner: keeper.h. */
enum { KEY_FRESH_MS = 1000, SESSION_FRESH_MS = 5000, SESSION_COPIED_FRESH_MS = 1000 };
/* A session's end is moved when this much of its time is over, or a tenth of it; that of a copy, or a sixtieth. */
enum { SLIDE_S = 60 };

/* A credential under way. */
struct showing {
    unsigned char hash[CREDENTIAL_HASH_BYTES];
    struct slice credential;
    struct holder holder;
    struct slice key_hash; /* of the row */
    bool found;
    struct session_question question;
};

enum step auth_refuse(struct request *request, const char *why)
{
    (void)request_fail(request, 401, SLICE("bad-credential"), SLICE("The credential is not accepted."));
    request->problem.hint = SLICE("Log in again, or ask for another key.");
    request->problem.cause = arena_format(&request->arena, "auth: %s", why);
    return STEP_LIMIT; /* where it is counted */
}

enum step auth_unready(struct request *request)
{
    enum step next = request_fail(request, 503, SLICE("identity-unavailable"),
                                  SLICE("Who may cannot be told until the database has answered."));
    request->problem.retry_after_s = 1;
    return next;
}

static struct identity *identity_of(const struct request *request)
{
    return request->tap->supply->identity;
}

static const struct config_auth *auth_of(const struct request *request)
{
    return &request->snapshot->model->config->auth;
}

/* --- an end well --- */

static void admit(struct request *request, struct showing *showing)
{
    showing->holder.generation = request->snapshot->model->number;
    known_put(request->worker->known, showing->hash, &showing->holder);
    holder_become(&showing->holder, auth_of(request), &request->arena, &request->principal);
}

static bool is_revoked(struct request *request, struct holder *holder)
{
    struct identity *identity = identity_of(request);
    uint64_t revocations = identity_revocations(identity);
    if (holder->revocations == revocations || holder->credential == CREDENTIAL_KEY)
        return false;
    if (identity_has_revoked(identity, holder->token_id))
        return true;
    holder->revocations = revocations;
    return false;
}

/* --- tokens --- */

static enum error verify(struct request *request, struct slice token, struct jwt_claims *claims,
                         const char **ret_why)
{
    const struct trust *trust = request->snapshot->trust;
    const struct jwt_issuer *own = trust->secret_is_auto ? identity_own(identity_of(request)) : &trust->own;
    struct wall now = clock_wall();
    *ret_why = "it is no token of ours";
    if (own && jwt_verify(own, 1, token, now, &request->arena, claims, ret_why) == OK)
        return OK;
    if (trust->foreign_count == 0)
        return ERR_INVALID;
    return jwt_verify(trust->foreign, trust->foreign_count, token, now, &request->arena, claims, ret_why);
}

static bool show_token(struct request *request, struct showing *showing, enum step *ret_step)
{
    struct jwt_claims claims;
    const char *why;
    if (verify(request, showing->credential, &claims, &why) != OK) {
        *ret_step = auth_refuse(request, why);
        return false;
    }
    showing->holder = (struct holder){.credential = CREDENTIAL_TOKEN,
                                      .user = claims.user,
                                      .tenant = claims.tenant,
                                      .role = claims.role,
                                      .expires_s = claims.expires_s + JWT_LEEWAY_S,
                                      .fresh_until = {INT64_MAX},
                                      .revocations = UINT64_MAX}; /* they are to be looked at */
    token_id(jwt_signed_part(showing->credential), showing->holder.token_id);
    if (is_revoked(request, &showing->holder)) {
        *ret_step = auth_refuse(request, "the token was revoked");
        return false;
    }
    admit(request, showing);
    return true;
}

/* --- keys and sessions: rows --- */

static struct slice cell(struct request *request, struct slice text)
{
    return text.data ? arena_copy(&request->arena, text) : text;
}

static bool on_key_row(void *context, const struct slice *cells, unsigned count)
{
    struct request *request = context;
    struct showing *showing = request->showing;
    struct holder *holder = &showing->holder;
    PRE(count == KEY_CELLS);
    showing->found = true;
    showing->key_hash = cell(request, cells[KEY_HASH]);
    holder->role = cell(request, cells[KEY_ROLE]);
    holder->tenant = cell(request, cells[KEY_TENANT]);
    holder->scope = cell(request, cells[KEY_SCOPE]);
    if (cells[KEY_EXPIRES].data && !slice_to_int(cells[KEY_EXPIRES], &holder->expires_s))
        holder->expires_s = 1; /* none of ours: long over */
    return false;
}

static bool on_session_row(void *context, const struct slice *cells, unsigned count)
{
    struct request *request = context;
    struct showing *showing = request->showing;
    struct holder *holder = &showing->holder;
    PRE(count == SESSION_CELLS);
    int64_t copied_s = holder->expires_s, copied_stored_s = holder->stored_s; /* 0: there was no copy */
    showing->found = cells[SESSION_EXPIRES].data && slice_to_int(cells[SESSION_EXPIRES], &holder->stored_s);
    bool heeded =
        copied_s > holder->stored_s && copied_stored_s <= holder->stored_s; /* nobody has shortened it */
    holder->expires_s = heeded ? copied_s : holder->stored_s;
    holder->confirmed_s = clock_wall().us / 1000000;
    holder->user = cell(request, cells[SESSION_USER]);
    holder->tenant = cell(request, cells[SESSION_TENANT]);
    holder->role = cell(request, cells[SESSION_ROLE]);
    return false;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A session that is used lives on: where there are copies they are told, and the database rarely. True: its copy is to be told. */
static bool slide(struct request *request, struct holder *holder)
{
    int64_t session_s = auth_of(request)->session_ms / 1000;
    int64_t until_s = clock_wall().us / 1000000 + session_s;
    bool copied = session_copy_is_used(request);
    int64_t step_s = least(session_s / (copied ? 60 : 10), SLIDE_S);
    int64_t stored_step_s = copied ? least(session_s / 10, SESSION_STORE_S) : step_s;
    bool moved = until_s - holder->expires_s > step_s, stored = until_s - holder->stored_s > stored_step_s;
    if (stored) {
        behind_slide(request->worker->behind, slice_of(holder->token_id, TOKEN_ID_LEN), until_s);
        holder->stored_s = until_s;
    }
    if (moved || stored)
        holder->expires_s = until_s;
    return moved || stored;
}

/* NULL: the row makes a principal. Else why not. */
static const char *judge(struct request *request, struct showing *showing)
{
    struct holder *holder = &showing->holder;
    int64_t now_s = clock_wall().us / 1000000;
    bool is_key = holder->credential == CREDENTIAL_KEY;
    if (!showing->found)
        return is_key ? "there is no such key, or it was revoked" : "there is no such session";
    if (is_key) {
        char digits[2 * CREDENTIAL_HASH_BYTES + 1];
        credential_hash_text(showing->credential, digits);
        if (!credential_hash_eq(slice_str(digits), showing->key_hash))
            return "the secret of the key is another";
    }
    if (holder->expires_s && holder->expires_s <= now_s)
        return is_key ? "the key has expired" : "the session has expired";
    if (is_revoked(request, holder))
        return "the session was ended";
    return NULL;
}

/* A row, or a copy of one, has been found or not. */
static enum step settle(struct request *request, bool confirmed)
{
    struct showing *showing = request->showing;
    struct holder *holder = &showing->holder;
    bool is_session = holder->credential == CREDENTIAL_SESSION;
    const char *why = judge(request, showing);
    if (why) {
        known_drop(request->worker->known, showing->hash);
        return auth_refuse(request, why);
    }
    bool moved = is_session && slide(request, holder);
    if (moved || (is_session && confirmed))
        session_copy_put(request, holder, confirmed);
    int64_t fresh_ms = !is_session                     ? KEY_FRESH_MS
                       : session_copy_is_used(request) ? SESSION_COPIED_FRESH_MS
                                                       : SESSION_FRESH_MS;
    holder->fresh_until = mono_after_ms(loop_now(request->worker->loop), fresh_ms);
    admit(request, showing);
    return request_identified(request);
}

static enum step after_fetch(struct request *request)
{
    if (problem_is(&request->fetch.problem)) {
        request->problem = request->fetch.problem;
        return STEP_RESPOND;
    }
    return settle(request, true);
}

static void on_end(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->fetch_out = false;
    if (!request->fetching)
        request_resume(request, request->cancelled ? STEP_END : after_fetch(request));
}

/* It goes on by after_fetch. */
static enum step look_up(struct request *request, struct statement statement,
                         bool (*on_row)(void *, const struct slice *, unsigned))
{
    request->target = arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    request->fetch = (struct fetch){.statement = statement,
                                    .sink = {on_row, request},
                                    .on_end = on_end,
                                    .arena = &request->arena};
    request->fetching = true;
    request->fetch_out = true;
    request->fetch_out = store_submit(request->tap->port, &request->fetch) == SUBMIT_PENDING;
    request->fetching = false;
    return request->fetch_out ? STEP_WAIT : after_fetch(request);
}

static enum step show_key(struct request *request, struct showing *showing, struct slice id)
{
    enum dialect dialect = request->snapshot->model->catalog->dialect;
    showing->holder = (struct holder){.credential = CREDENTIAL_KEY, .key_id = id};
    return look_up(request, ledger_key_find(&request->arena, dialect, id), on_key_row);
}

static enum step look_up_session(struct request *request)
{
    enum dialect dialect = request->snapshot->model->catalog->dialect;
    struct slice id = slice_of(request->showing->holder.token_id, TOKEN_ID_LEN);
    struct session_counts *counts = &request->worker->service->sessions;
    atomic_fetch_add_explicit(&counts->database, 1, memory_order_relaxed);
    return look_up(request, ledger_session_find(&request->arena, dialect, id), on_session_row);
}

static enum step after_copy(struct request *request, bool found)
{
    if (request->cancelled)
        return STEP_END;
    request->showing->found = found;
    return found ? settle(request, false) : look_up_session(request);
}

static void on_copy(struct request *request, bool found)
{
    enum step next = after_copy(request, found);
    if (next != STEP_WAIT)
        request_resume(request, next);
}

static enum step show_session(struct request *request, struct showing *showing)
{
    showing->holder = (struct holder){.credential = CREDENTIAL_SESSION, .revocations = UINT64_MAX};
    token_id(showing->credential, showing->holder.token_id);
    showing->question =
        (struct session_question){.request = request, .on_end = on_copy, .holder = &showing->holder};
    request->target = arena_copy(&request->arena, request->target); /* as in look_up */
    return session_copy_ask(&showing->question) ? STEP_WAIT : look_up_session(request);
}

/* --- what is shown --- */

/* "Bearer x" → "x". */
static bool bearer(struct slice field, struct slice *ret_credential)
{
    struct slice rest = slice_trim(field), scheme = slice_cut(&rest, ' ');
    *ret_credential = slice_trim(rest);
    return slice_eq_nocase(scheme, SLICE("Bearer")) && ret_credential->len > 0;
}

static bool show(struct request *request, struct showing *showing, enum step *ret_step)
{
    struct slice id;
    struct holder *holder = known_get(request->worker->known, showing->hash, request->snapshot->model->number,
                                      loop_now(request->worker->loop), clock_wall());
    if (holder && !is_revoked(request, holder)) {
        if (holder->credential == CREDENTIAL_SESSION && slide(request, holder))
            session_copy_put(request, holder, false);
        holder_become(holder, auth_of(request), &request->arena, &request->principal);
        return true;
    }
    showing->credential = arena_copy(&request->arena, showing->credential);
    bool is_key = api_key_read(showing->credential, &id);
    if (!is_key && !session_token_is(showing->credential))
        return show_token(request, showing, ret_step);
    *ret_step = is_key ? show_key(request, showing, id) : show_session(request, showing);
    return false;
}

bool auth_identify(struct request *request, enum step *ret_step)
{
    struct slice field = http_head_get(request->head, HTTP_AUTHORIZATION);
    if (!field.data || !config_auth_is_on(auth_of(request)))
        return true;
    struct showing *showing = ARENA_NEW(&request->arena, struct showing);
    request->showing = showing;
    if (!bearer(field, &showing->credential)) {
        *ret_step = auth_refuse(request, "the header is no `Bearer` with a credential");
        return false;
    }
    if (!identity_is_ready(identity_of(request))) {
        *ret_step = auth_unready(request);
        return false;
    }
    known_hash(request->worker->known, showing->credential, showing->hash);
    return show(request, showing, ret_step);
}
