/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of a key, and the table's SQL. See idempotency.h. */
#include "query/idempotency.h"

#include "base/check.h"
#include "query/text.h"

/* --- the header --- */

/* RFC 8941 section 3.3.3, without blanks. */
static bool read_string(struct slice field, char *to, size_t *ret_len)
{
    size_t len = 0;
    if (field.len < 2 || field.data[0] != '"' || field.data[field.len - 1] != '"')
        return false;
    struct slice inner = slice_of(field.data + 1, field.len - 2);
    for (size_t i = 0; i < inner.len; i++) {
        char byte = inner.data[i];
        if (byte == '"' || (byte == '\\' && ++i == inner.len))
            return false;
        if (byte == '\\' && inner.data[i] != '"' && inner.data[i] != '\\')
            return false;
        to[len++] = inner.data[i];
    }
    *ret_len = len;
    return true;
}

static bool is_visible(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}

bool idempotency_key_read(struct slice field, struct arena *arena, struct slice *ret_key)
{
    struct slice key = slice_trim(field);
    bool quoted = slice_find(key, '"') < key.len;
    if (key.len > 2 * IDEMPOTENCY_KEY_MAX + 2)
        return false;
    if (quoted) {
        char *text = arena_alloc(arena, key.len);
        if (!read_string(key, text, &key.len))
            return false;
        key.data = text;
    }
    if (key.len == 0 || key.len > IDEMPOTENCY_KEY_MAX || !is_visible(key.data, key.len))
        return false;
    *ret_key = arena_copy(arena, key);
    return true;
}

/* --- the table --- */

void idempotency_place(struct arena *arena, struct slice name, struct idempotency_entry *entry)
{
    PRE(name.len > 0);
    struct slice schema = SLICE("public"), rest = name, first = slice_cut(&rest, '.');
    if (rest.data)
        schema = first;
    else
        rest = first;
    struct slice quoted = identifier_quote(arena, rest);
    if (entry->dialect == DIALECT_PG)
        quoted = arena_format(arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(identifier_quote(arena, schema)),
                              SLICE_ARG(quoted));
    entry->table = quoted;
    entry->index = identifier_quote(arena, arena_format(arena, SLICE_FMT "_created_at", SLICE_ARG(rest)));
}

/* --- statements --- */

static struct bind text_bind(struct arena *arena, struct slice text)
{
    if (!text.data)
        return (struct bind){.kind = BIND_NULL};
    return (struct bind){.kind = BIND_TEXT, .text = arena_copy(arena, text)};
}

static struct bind number_bind(struct arena *arena, int64_t number)
{
    return (struct bind){.kind = BIND_INT,
                         .text = arena_format(arena, "%lld", (long long)number),
                         .integer = number};
}

static int64_t now_s(const struct idempotency_entry *entry)
{
    return entry->now.us / 1000000;
}

/* What was made until then need not be kept. */
static int64_t over_s(const struct idempotency_entry *entry)
{
    return now_s(entry) - entry->keep_ms / 1000;
}

/* `@` is the table, `#` its index. */
static struct slice sql_text(struct arena *arena, const struct idempotency_entry *entry, const char *sql)
{
    struct text text;
    PRE(entry->table.len > 0 && entry->index.len > 0);
    text_init(&text, arena, 512);
    for (; *sql; sql++)
        if (*sql == '@')
            text_add(&text, entry->table);
        else if (*sql == '#')
            text_add(&text, entry->index);
        else
            text_byte(&text, *sql);
    return text_done(&text);
}

static struct statement statement_of(struct arena *arena, const struct idempotency_entry *entry,
                                     const char *sql, const struct bind *binds, unsigned count)
{
    return (struct statement){.text = sql_text(arena, entry, sql), .binds = binds, .bind_count = count};
}

static struct bind *binds_new(struct arena *arena, const struct idempotency_entry *entry, unsigned count)
{
    struct bind *binds = ARENA_ARRAY(arena, struct bind, count);
    PRE(count >= 2 && entry->caller.data && entry->key.data);
    binds[0] = text_bind(arena, entry->caller);
    binds[1] = text_bind(arena, entry->key);
    return binds;
}

static bool is_pg(const struct idempotency_entry *entry)
{
    return entry->dialect == DIALECT_PG;
}

#define CLAIM(p) \
    "INSERT INTO @ AS kept (caller, key, fingerprint, created_at) VALUES (" p "1, " p "2, " p "3, " p "4) " \
    "ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, created_at = excluded.created_at " \
    "WHERE kept.created_at <= " p "5"
#define FIND(p) \
    "SELECT fingerprint, status, content_type, location, content_range, preference_applied, body " \
    "FROM @ WHERE caller = " p "1 AND key = " p "2"
#define KEEP(p) \
    "UPDATE @ SET status = " p "3, content_type = " p "4, location = " p "5, content_range = " p "6, " \
    "preference_applied = " p "7, body = " p "8 WHERE caller = " p "1 AND key = " p "2"
#define SWEEP(p, lock) \
    "DELETE FROM @ WHERE (caller, key) IN (SELECT caller, key FROM @ WHERE created_at <= " p "1 " \
    "ORDER BY created_at LIMIT 100" lock ")"

struct statement idempotency_claim(struct arena *arena, const struct idempotency_entry *entry)
{
    struct bind *binds = binds_new(arena, entry, 5);
    binds[2] = text_bind(arena, entry->fingerprint);
    binds[3] = number_bind(arena, now_s(entry));
    binds[4] = number_bind(arena, over_s(entry));
    return statement_of(arena, entry, is_pg(entry) ? CLAIM("$") : CLAIM("?"), binds, 5);
}

struct statement idempotency_find(struct arena *arena, const struct idempotency_entry *entry)
{
    return statement_of(arena, entry, is_pg(entry) ? FIND("$") : FIND("?"), binds_new(arena, entry, 2), 2);
}

struct statement idempotency_keep(struct arena *arena, const struct idempotency_entry *entry,
                                  const struct slice kept[KEPT_COUNT])
{
    struct bind *binds = binds_new(arena, entry, KEPT_COUNT + 1);
    int64_t status = 0;
    bool number = slice_to_int(kept[KEPT_STATUS], &status);
    PRE(number);
    binds[2] = number_bind(arena, status);
    for (unsigned i = KEPT_TYPE; i < KEPT_COUNT; i++)
        binds[i + 1] = text_bind(arena, kept[i]);
    return statement_of(arena, entry, is_pg(entry) ? KEEP("$") : KEEP("?"), binds, KEPT_COUNT + 1);
}

/* What another sweeps already is left to it. */
struct statement idempotency_sweep(struct arena *arena, const struct idempotency_entry *entry)
{
    struct bind *binds = ARENA_ARRAY(arena, struct bind, 1);
    binds[0] = number_bind(arena, over_s(entry));
    return statement_of(arena, entry, is_pg(entry) ? SWEEP("$", " FOR UPDATE SKIP LOCKED") : SWEEP("?", ""),
                        binds, 1);
}

/* --- making it --- */

/* Both stores understand these. */
static const char *const making[] = {
    "CREATE TABLE IF NOT EXISTS @ (caller TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, "
    "created_at BIGINT NOT NULL, status INTEGER, content_type TEXT, location TEXT, content_range TEXT, "
    "preference_applied TEXT, body TEXT, PRIMARY KEY (caller, key))",
    "CREATE INDEX IF NOT EXISTS # ON @ (created_at)",
};

/* Two that make the same table at once would trip over each other in PostgreSQL's own tables. */
static const char lock[] = "SELECT pg_advisory_xact_lock(7811888411632821364)";

struct statement idempotency_make(struct arena *arena, const struct idempotency_entry *entry, unsigned n)
{
    if (is_pg(entry) && n == 0)
        return (struct statement){.text = slice_str(lock)};
    unsigned at = is_pg(entry) ? n - 1 : n;
    if (at >= ARRAY_LEN(making))
        return (struct statement){0};
    return statement_of(arena, entry, making[at], NULL, 0);
}

struct slice idempotency_make_text(struct arena *arena, const struct idempotency_entry *entry)
{
    struct slice text = SLICE("");
    for (size_t i = 0; i < ARRAY_LEN(making); i++)
        text = arena_format(arena, SLICE_FMT SLICE_FMT "; ", SLICE_ARG(text),
                            SLICE_ARG(sql_text(arena, entry, making[i])));
    return text;
}
