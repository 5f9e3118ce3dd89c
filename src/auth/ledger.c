/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL of Leat's own tables of identity. See ledger.h, and binds.h for what `@`, `#` and `$1` become. */
#include "auth/ledger.h"

#include "auth/binds.h"

/* --- making them --- */

/* Both stores understand these. */
static const char *const making[] = {
    "CREATE TABLE IF NOT EXISTS @leat_secret (name TEXT PRIMARY KEY, secret TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS @leat_sessions (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, tenant TEXT, role TEXT, "
    "created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS leat_sessions_expires_at ON @leat_sessions (expires_at)",
    "CREATE TABLE IF NOT EXISTS @leat_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, "
    "role TEXT NOT NULL, tenant TEXT, scope TEXT, created_at BIGINT NOT NULL, expires_at BIGINT, revoked_at BIGINT)",
    "CREATE TABLE IF NOT EXISTS @leat_revoked (id TEXT PRIMARY KEY, revoked_at BIGINT NOT NULL, "
    "expires_at BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS leat_revoked_revoked_at ON @leat_revoked (revoked_at)",
    "CREATE INDEX IF NOT EXISTS leat_revoked_expires_at ON @leat_revoked (expires_at)",
};
#define AUDIT_COLUMNS \
    "event TEXT NOT NULL, account TEXT, user_id TEXT, tenant TEXT, role TEXT, address TEXT, request TEXT, " \
    "method TEXT, resource TEXT, row_id TEXT, status INTEGER)"
static const char *const making_audit[] = {
    [DIALECT_PG] =
        "CREATE TABLE IF NOT EXISTS @leat_audit (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        "at TIMESTAMPTZ NOT NULL, " AUDIT_COLUMNS,
    [DIALECT_SQLITE] = "CREATE TABLE IF NOT EXISTS @leat_audit (id INTEGER PRIMARY KEY AUTOINCREMENT, "
                       "at TIMESTAMP NOT NULL, " AUDIT_COLUMNS,
};

/* Two that make the same table at once would trip over each other in PostgreSQL's own tables. */
static const char lock[] = "SELECT pg_advisory_xact_lock(7811888411632821365)";

struct statement ledger_make(struct arena *arena, enum dialect dialect, unsigned n)
{
    if (dialect == DIALECT_PG && n-- == 0)
        return (struct statement){.text = slice_str(lock)};
    if (n > ARRAY_LEN(making))
        return (struct statement){0};
    const char *sql = n < ARRAY_LEN(making) ? making[n] : making_audit[dialect];
    return (struct statement){.text = sql_for(arena, dialect, sql)};
}

/* --- statements --- */

static struct statement statement_of(struct arena *arena, enum dialect dialect, const char *sql,
                                     const struct binds *binds)
{
    return binds_statement(arena, sql_for(arena, dialect, sql), binds);
}

/* One with a single number. */
static struct statement by_time(struct arena *arena, enum dialect dialect, const char *sql, int64_t time_s)
{
    struct binds binds = {0};
    binds_int(&binds, arena, time_s);
    return statement_of(arena, dialect, sql, &binds);
}

/* One with a single text. */
static struct statement by_text(struct arena *arena, enum dialect dialect, const char *sql, struct slice text)
{
    struct binds binds = {0};
    binds_text(&binds, arena, text);
    return statement_of(arena, dialect, sql, &binds);
}

/* One with a text and a number. */
static struct statement by_both(struct arena *arena, enum dialect dialect, const char *sql, struct slice text,
                                int64_t number)
{
    struct binds binds = {0};
    binds_text(&binds, arena, text);
    binds_int(&binds, arena, number);
    return statement_of(arena, dialect, sql, &binds);
}

struct statement ledger_secret_find(struct arena *arena, enum dialect dialect)
{
    return by_text(arena, dialect, "SELECT secret FROM @leat_secret WHERE name = $1", SLICE("tokens"));
}

struct statement ledger_secret_keep(struct arena *arena, enum dialect dialect, struct slice secret)
{
    struct binds binds = {0};
    PRE(secret.len > 0);
    binds_text(&binds, arena, SLICE("tokens"));
    binds_text(&binds, arena, secret);
    return statement_of(
        arena, dialect,
        "INSERT INTO @leat_secret (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", &binds);
}

struct statement ledger_revoked_since(struct arena *arena, enum dialect dialect, int64_t since_s)
{
    return by_time(arena, dialect,
                   "SELECT id, expires_at, revoked_at FROM @leat_revoked WHERE revoked_at >= $1", since_s);
}

struct statement ledger_revoke(struct arena *arena, enum dialect dialect, struct slice id, int64_t expires_s)
{
    return by_both(arena, dialect,
                   "INSERT INTO @leat_revoked (id, revoked_at, expires_at) VALUES ($1, #, $2) "
                   "ON CONFLICT (id) DO NOTHING",
                   id, expires_s);
}

struct statement ledger_revoked_sweep(struct arena *arena, enum dialect dialect, int64_t before_s)
{
    return by_time(
        arena, dialect,
        "DELETE FROM @leat_revoked WHERE id IN (SELECT id FROM @leat_revoked WHERE expires_at < $1 LIMIT 1000)",
        before_s);
}

struct statement ledger_session_add(struct arena *arena, enum dialect dialect,
                                    const struct ledger_session *session, int64_t now_s)
{
    struct binds binds = {0};
    binds_text(&binds, arena, session->id);
    binds_text(&binds, arena, session->user);
    binds_text(&binds, arena, session->tenant);
    binds_text(&binds, arena, session->role);
    binds_int(&binds, arena, now_s);
    binds_int(&binds, arena, session->expires_s);
    return statement_of(arena, dialect,
                        "INSERT INTO @leat_sessions (id, user_id, tenant, role, created_at, expires_at) "
                        "VALUES ($1, $2, $3, $4, $5, $6)",
                        &binds);
}

struct statement ledger_session_find(struct arena *arena, enum dialect dialect, struct slice id)
{
    return by_text(arena, dialect,
                   "SELECT user_id, tenant, role, expires_at FROM @leat_sessions WHERE id = $1", id);
}

struct statement ledger_session_slide(struct arena *arena, enum dialect dialect, struct slice id,
                                      int64_t expires_s)
{
    return by_both(arena, dialect,
                   "UPDATE @leat_sessions SET expires_at = $2 WHERE id = $1 AND expires_at < $2", id,
                   expires_s);
}

struct statement ledger_session_end(struct arena *arena, enum dialect dialect, struct slice id)
{
    return by_text(arena, dialect, "DELETE FROM @leat_sessions WHERE id = $1", id);
}

struct statement ledger_session_sweep(struct arena *arena, enum dialect dialect, int64_t before_s)
{
    return by_time(
        arena, dialect,
        "DELETE FROM @leat_sessions WHERE id IN (SELECT id FROM @leat_sessions WHERE expires_at < $1 LIMIT 1000)",
        before_s);
}

struct statement ledger_key_find(struct arena *arena, enum dialect dialect, struct slice id)
{
    return by_text(arena, dialect,
                   "SELECT hash, name, role, tenant, scope, expires_at FROM @leat_keys "
                   "WHERE id = $1 AND revoked_at IS NULL",
                   id);
}

struct statement ledger_key_add(struct arena *arena, enum dialect dialect, const struct ledger_key *key,
                                int64_t now_s)
{
    struct binds binds = {0};
    const struct slice texts[] = {key->id, key->name, key->hash, key->role, key->tenant, key->scope};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        binds_text(&binds, arena, texts[i]);
    binds_int(&binds, arena, now_s);
    if (key->expires_s)
        binds_int(&binds, arena, key->expires_s);
    else
        binds_text(&binds, arena, (struct slice){0});
    return statement_of(
        arena, dialect,
        "INSERT INTO @leat_keys (id, name, hash, role, tenant, scope, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &binds);
}

struct statement ledger_key_list(struct arena *arena, enum dialect dialect)
{
    return (struct statement){
        .text = sql_for(
            arena, dialect,
            "SELECT id, name, role, tenant, scope, created_at, expires_at, revoked_at FROM @leat_keys "
            "ORDER BY created_at, id")};
}

struct statement ledger_key_revoke(struct arena *arena, enum dialect dialect, struct slice id, int64_t now_s)
{
    return by_both(arena, dialect,
                   "UPDATE @leat_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", id, now_s);
}

struct statement ledger_audit(struct arena *arena, enum dialect dialect, const struct ledger_event *event,
                              struct wall now)
{
    struct binds binds = {0};
    char at[28];
    wall_format(now, at);
    const struct slice texts[] = {slice_str(at), event->event,    event->account, event->user,
                                  event->tenant, event->role,     event->address, event->request,
                                  event->method, event->resource, event->row};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        binds_text(&binds, arena, texts[i]);
    if (event->status)
        binds_int(&binds, arena, event->status);
    else
        binds_text(&binds, arena, (struct slice){0});
    return statement_of(
        arena, dialect,
        "INSERT INTO @leat_audit (at, event, account, user_id, tenant, role, address, request, method, "
        "resource, row_id, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &binds);
}
