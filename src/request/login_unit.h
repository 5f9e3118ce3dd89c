/* SPDX-License-Identifier: Apache-2.0 */
/* What a login or logout writes, in one transaction: the beginning of a stored session, what is revoked, the line of the audit.
 * login.c and logout.c say which of these, and what is answered then.
 * Ownership: of the request's arena. Threads: the request's worker. Failure: request->fetch.problem at the end. */
#ifndef LEAT_REQUEST_LOGIN_UNIT_H
#define LEAT_REQUEST_LOGIN_UNIT_H

#include "request/login.h"

/* The database is asked; ret: whether on_end comes. Else it has ended already. */
bool login_submit(struct request *request, struct fetch fetch) must_check;

void login_unit_add(struct request *request, struct statement statement);
/* Where `audit` has logins. */
void login_unit_audit(struct request *request, struct slice event);
/* A stored session of login->user: its token, and the statement that keeps it. */
void login_unit_session(struct request *request);
/* Sends what was added, which is something. As login_submit. */
bool login_unit_submit(struct request *request, void (*on_end)(struct fetch *fetch)) must_check;

/* The session stands in the database: others need not ask for it there. */
void login_session_copy(struct request *request);

#endif
