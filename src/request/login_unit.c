/* SPDX-License-Identifier: Apache-2.0 */
/* See login_unit.h. */
#include "request/login_unit.h"

#include "auth/credential.h"
#include "auth/holder.h"
#include "auth/ledger.h"
#include "request/session_copy.h"
#include "request/worker.h"

static const struct config_auth *auth_of(const struct request *request)
{
    return &request->snapshot->model->config->auth;
}

static enum dialect dialect_of(const struct request *request)
{
    return request->snapshot->model->catalog->dialect;
}

static int64_t now_s(void)
{
    return clock_wall().us / 1000000;
}

/* --- its statements --- */

void login_unit_add(struct request *request, struct statement statement)
{
    struct login *login = request->login;
    PRE(login->statement_count < ARRAY_LEN(login->statements));
    login->statements[login->statement_count++] = statement;
}

void login_unit_audit(struct request *request, struct slice event)
{
    const struct login *login = request->login;
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
    login_unit_add(request, ledger_audit(&request->arena, dialect_of(request), &entry, clock_wall()));
}

void login_unit_session(struct request *request)
{
    struct login *login = request->login;
    char token[SESSION_TOKEN_LEN + 1];
    int64_t begun_s = now_s();
    session_token_new(token);
    login->token = arena_copy(&request->arena, slice_str(token));
    token_id(login->token, login->session_id);
    login->session_expires_s = begun_s + auth_of(request)->session_ms / 1000;
    const struct ledger_session session = {.id = slice_of(login->session_id, TOKEN_ID_LEN),
                                           .user = login->user,
                                           .tenant = login->tenant,
                                           .role = login->role,
                                           .expires_s = login->session_expires_s};
    login_unit_add(request, ledger_session_add(&request->arena, dialect_of(request), &session, begun_s));
}

void login_session_copy(struct request *request)
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

/* --- on its way --- */

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

bool login_submit(struct request *request, struct fetch fetch)
{
    fetch.arena = &request->arena;
    request->fetch = fetch;
    request->fetching = true;
    request->fetch_out = true;
    request->fetch_out = store_submit(request->tap->port, &request->fetch) == SUBMIT_PENDING;
    request->fetching = false;
    return request->fetch_out;
}

bool login_unit_submit(struct request *request, void (*on_end)(struct fetch *fetch))
{
    PRE(request->login->statement_count > 0);
    return login_submit(request, (struct fetch){.statement = request->login->statements[0],
                                                .sink = {ignore_row, NULL},
                                                .on_end = on_end,
                                                .on_statement = on_statement,
                                                .write = true});
}
