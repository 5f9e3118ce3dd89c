/* SPDX-License-Identifier: Apache-2.0 */
/* POST PREFIX/auth/login and PREFIX/auth/logout.
 *
 *   login, PLAN    the body → account and password
 *   login, FETCH   ⏳ the user's row ─→ ⏳ the password (verifier.h) ─┬ right ─→ [⏳ session, audit] ─→ 200 with a token
 *                                                                   └ wrong ─→ [⏳ audit] ─→ 401
 *   logout, FETCH  ⏳ what was shown is revoked ─→ 204
 *
 * Only failed logins count against limits of `on: login.failed`: each is taken for one before its password is verified.
 * An account that is not there costs what one costs that is: the same statement, and a verification against a decoy.
 * Threads: the request's worker. Failure: 400 "bad-login" (the body), 401 "login-failed", 503 where passwords wait in a queue that is
 * full, or the database is away. */
#ifndef LEAT_REQUEST_LOGIN_H
#define LEAT_REQUEST_LOGIN_H

#include <stdatomic.h>

#include "request/limit_step.h"
#include "request/request.h"
#include "request/verifier.h"

struct login {
    struct request *request;
    struct slice account, password; /* as sent */
    struct slice user, tenant, role, hash;
    unsigned rows;
    bool right;
    struct asker asker;
    const char *why;                /* it failed: for the log */
    struct statement statements[3]; /* of the unit */
    unsigned statement_count, at;
    struct slice token;
    char session_id[TOKEN_ID_LEN + 1]; /* of a stored session; else empty */
    int64_t session_expires_s;
    struct limit_event limits; /* taken as if it failed, given back when it does not */
};

enum step login_plan(struct request *request);
enum step login_fetch(struct request *request);
enum step logout_fetch(struct request *request);

/* For metrics; any thread. */
struct login_counts {
    atomic_uint_fast64_t logins, failures, logouts;
};

#endif
