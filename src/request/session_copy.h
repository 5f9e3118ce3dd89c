/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of stored sessions in Redis, so that what one worker asked the database the others, of all instances, need not. The database
 * holds the session; the copy bears its sliding end, which the database is told rarely.
 *
 *   leat:s:{KEY}   user, tenant, role, when it ends, and when the database last confirmed it: sealed (redis/seal.h)    PX until it ends
 *
 * KEY is a keyed hash of the token's hash: names and secrets are those of kept answers (second_level.h). A copy that the database has not
 * confirmed for SESSION_CONFIRM_S, or a tenth of the session, is no answer, but its end is heeded beside that of the row.
 *
 * What keeps an ended session from coming back: a copy is made only of what the database has just told; a new end takes the place of a
 * copy that is there, or of none; and whoever reads one looks into what was revoked (identity.h).
 *
 * Ownership: a question is of its request's arena, until on_end. Threads: the request's worker. Failure: there is no copy, after 250 ms at
 * the latest; while Redis is away or slower than that, and for databases that are files, nothing is asked. */
#ifndef LEAT_REQUEST_SESSION_COPY_H
#define LEAT_REQUEST_SESSION_COPY_H

#include "auth/holder.h"
#include "redis/redis.h"
#include "request/second_level.h"

/* The database's row may have an end that is earlier than the copy's by SESSION_STORE_S, or by a tenth of the session. */
enum { SESSION_CONFIRM_S = 60, SESSION_STORE_S = 600 };

struct session_question {
    struct request *request;
    /* found: holder's texts, ends and confirmed_s are set; false: its ends alone, 0 where there was no copy. */
    void (*on_end)(struct request *request, bool found);
    struct holder *holder; /* token_id is set; the request's, as are its texts */
    struct redis_command command;
    struct shared_key key;
};

/* Whether copies are made and asked for at the moment. */
bool session_copy_is_used(const struct request *request);

/* What stands before command is set. False: there is nobody to ask, and on_end does not come. It comes from the loop. */
bool session_copy_ask(struct session_question *question) must_check;
/* Nothing is waited for. confirmed: the database has just told it; else only a copy that is there is replaced. */
void session_copy_put(struct request *request, const struct holder *holder, bool confirmed);
void session_copy_drop(struct request *request, const char token_id[TOKEN_ID_LEN + 1]);

#endif
