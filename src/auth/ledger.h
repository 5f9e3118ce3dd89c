/* SPDX-License-Identifier: Apache-2.0 */
/* The tables in which identity is kept, Leat's own, and their SQL. On PostgreSQL they lie in the schema public.
 *
 *   leat_secret     what our own tokens are signed with: one row, made by whoever comes first
 *   leat_sessions   stored sessions, by the hash of their token
 *   leat_keys       API keys, by their id; of each its hash
 *   leat_revoked    tokens and sessions that hold no longer, until they would have ended by themselves
 *   leat_audit      who logged in, who tried, and who wrote what
 *
 * They are made when one of them is missed; ledger_make does nothing where they are. Times are seconds since 1970, but for the audit's.
 * Pure; statements live in the arena given. */
#ifndef LEAT_AUTH_LEDGER_H
#define LEAT_AUTH_LEDGER_H

#include "base/clock.h"
#include "catalog/type.h"
#include "store/fetch.h"

/* The n-th statement that makes them; text empty: there is none more. */
struct statement ledger_make(struct arena *arena, enum dialect dialect, unsigned n);

/* One cell, or no row. */
struct statement ledger_secret_find(struct arena *arena, enum dialect dialect);
/* Does nothing where there is one. */
struct statement ledger_secret_keep(struct arena *arena, enum dialect dialect, struct slice secret);

enum { REVOKED_ID, REVOKED_EXPIRES, REVOKED_AT, REVOKED_CELLS };
/* Those revoked at that time, by the database's clock, and later. */
struct statement ledger_revoked_since(struct arena *arena, enum dialect dialect, int64_t since_s);
struct statement ledger_revoke(struct arena *arena, enum dialect dialect, struct slice id, int64_t expires_s);
/* A small portion of what would have ended before. */
struct statement ledger_revoked_sweep(struct arena *arena, enum dialect dialect, int64_t before_s);

struct ledger_session {
    struct slice id, user, tenant, role;
    int64_t expires_s;
};
enum { SESSION_USER, SESSION_TENANT, SESSION_ROLE, SESSION_EXPIRES, SESSION_CELLS };
struct statement ledger_session_add(struct arena *arena, enum dialect dialect,
                                    const struct ledger_session *session, int64_t now_s);
struct statement ledger_session_find(struct arena *arena, enum dialect dialect, struct slice id);
/* Its end is not before that time. */
struct statement ledger_session_slide(struct arena *arena, enum dialect dialect, struct slice id,
                                      int64_t expires_s);
struct statement ledger_session_end(struct arena *arena, enum dialect dialect, struct slice id);
struct statement ledger_session_sweep(struct arena *arena, enum dialect dialect, int64_t before_s);

struct ledger_key {
    struct slice id, name, hash, role, tenant, scope; /* tenant, scope: data NULL: none */
    int64_t expires_s;                                /* 0: never */
};
enum { KEY_HASH, KEY_NAME, KEY_ROLE, KEY_TENANT, KEY_SCOPE, KEY_EXPIRES, KEY_CELLS };
struct statement ledger_key_find(struct arena *arena, enum dialect dialect, struct slice id);
struct statement ledger_key_add(struct arena *arena, enum dialect dialect, const struct ledger_key *key,
                                int64_t now_s);
enum {
    LISTED_ID,
    LISTED_NAME,
    LISTED_ROLE,
    LISTED_TENANT,
    LISTED_SCOPE,
    LISTED_CREATED,
    LISTED_EXPIRES,
    LISTED_REVOKED,
    LISTED_CELLS
};
struct statement ledger_key_list(struct arena *arena, enum dialect dialect);
struct statement ledger_key_revoke(struct arena *arena, enum dialect dialect, struct slice id, int64_t now_s);

struct ledger_event {
    struct slice event;   /* "login", "login.failed", "logout", "write" */
    struct slice account; /* as it was sent; of a write by an API key, the key's id */
    struct slice user, tenant, role, address, request;
    struct slice method, resource,
        row;         /* of a write; data NULL else, and row where it was none by its path */
    unsigned status; /* of a write's answer */
};
struct statement ledger_audit(struct arena *arena, enum dialect dialect, const struct ledger_event *event,
                              struct wall now);

#endif
