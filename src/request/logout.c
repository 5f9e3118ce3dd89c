/* SPDX-License-Identifier: Apache-2.0 */
/* Logout: what was shown is revoked in the database, which all instances look at, and here at once. See login.h. */
#include "auth/ledger.h"
#include "request/auth_steps.h"
#include "request/login_unit.h"
#include "request/session_copy.h"
#include "request/steps.h"
#include "request/worker.h"

/* So long others may hold it for good: one of them may have moved a session's end meanwhile. */
static int64_t revoked_until_s(const struct request *request)
{
    const struct principal *principal = &request->principal;
    int64_t session_s = request->snapshot->model->config->auth.session_ms / 1000;
    int64_t moved_s = clock_wall().us / 1000000 + session_s;
    bool moves = principal->credential == CREDENTIAL_SESSION && moved_s > principal->expires_s;
    return moves ? moved_s : principal->expires_s;
}

static enum step finish(struct request *request)
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
    atomic_fetch_add_explicit(&request->worker->service->logins.logouts, 1, memory_order_relaxed);
    request->answer.status = 204;
    return STEP_RESPOND;
}

static void on_end(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->fetch_out = false;
    if (!request->fetching)
        request_resume(request, request->cancelled ? STEP_END : finish(request));
}

enum step logout_fetch(struct request *request)
{
    const struct principal *principal = &request->principal;
    enum dialect dialect = request->snapshot->model->catalog->dialect;
    struct login *login = request->login = ARENA_NEW(&request->arena, struct login);
    struct slice id = slice_of(principal->token_id, TOKEN_ID_LEN);
    PRE(principal->credential == CREDENTIAL_TOKEN || principal->credential == CREDENTIAL_SESSION);
    request->target = arena_copy(&request->arena, request->target);
    login->user = principal->caller.user;
    login->tenant = principal->caller.tenant;
    login->role = principal->caller.role_name;
    login_unit_add(request, ledger_revoke(&request->arena, dialect, id, revoked_until_s(request)));
    if (principal->credential == CREDENTIAL_SESSION)
        login_unit_add(request, ledger_session_end(&request->arena, dialect, id));
    login_unit_audit(request, SLICE("logout"));
    return login_unit_submit(request, on_end) ? STEP_WAIT : finish(request);
}
