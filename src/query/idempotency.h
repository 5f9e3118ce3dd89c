/* SPDX-License-Identifier: Apache-2.0 */
/* Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the header's grammar, and the SQL of the one table that remembers
 * which keys were used and what was answered. request/idempotency.h has the way of a write that bears one.
 *
 *   claim   the first statement of the write's transaction: one row changed: the key is ours, else another has used it, and its row
 *           can be read. PostgreSQL waits on the unique index while that other is still at it, SQLite has one writer.
 *           A key older than it need be kept is taken over.
 *   find    the other's row
 *   keep    the last statement: what will be answered, should the transaction commit
 *   sweep   a small portion of what need not be kept any longer
 *   make    the table and its index, statement by statement
 *
 * Pure; statements live in the arena given. Failure: a key that is none. */
#ifndef LEAT_QUERY_IDEMPOTENCY_H
#define LEAT_QUERY_IDEMPOTENCY_H

#include "base/arena.h"
#include "base/clock.h"
#include "catalog/catalog.h"
#include "store/fetch.h"

enum { IDEMPOTENCY_KEY_MAX = 255 };

/* The cells of a row that is found, and, but for the fingerprint, what is kept. */
enum kept {
    KEPT_FINGERPRINT,
    KEPT_STATUS,
    KEPT_TYPE,
    KEPT_LOCATION,
    KEPT_RANGE,
    KEPT_PREFERENCES,
    KEPT_BODY, /* data NULL: it was too large to be kept */
    KEPT_COUNT
};

struct idempotency_entry {
    enum dialect dialect;
    struct slice table, index; /* as SQL: idempotency_place */
    struct slice caller, key;
    struct slice fingerprint; /* of the request: another one must not use the same key */
    struct wall now;
    int64_t keep_ms;
};

/* An RFC 8941 string or a bare token, of visible ASCII. False: neither, or too long. */
bool idempotency_key_read(struct slice field, struct arena *arena, struct slice *ret_key);

/* Sets the table and its index. name: "name" or, on PostgreSQL, "schema.name", as the configuration has it. */
void idempotency_place(struct arena *arena, struct slice name, struct idempotency_entry *entry);

struct statement idempotency_claim(struct arena *arena, const struct idempotency_entry *entry);
struct statement idempotency_find(struct arena *arena, const struct idempotency_entry *entry);
struct statement idempotency_keep(struct arena *arena, const struct idempotency_entry *entry,
                                  const struct slice kept[KEPT_COUNT]);
struct statement idempotency_sweep(struct arena *arena, const struct idempotency_entry *entry);

/* The n-th statement that makes the table; text empty: there is none more. Where it is there already they do nothing. */
struct statement idempotency_make(struct arena *arena, const struct idempotency_entry *entry, unsigned n);

/* The same as one text, for whoever must do it by hand. */
struct slice idempotency_make_text(struct arena *arena, const struct idempotency_entry *entry);

#endif
