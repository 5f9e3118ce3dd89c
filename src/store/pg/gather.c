/* SPDX-License-Identifier: Apache-2.0 */
/* Array literals and handing rows back by key. See gather.h.
 * The table of keys is made at the answer, not at sending, since reads may have ended meanwhile: open addressing on the stack,
 * equal keys chained through store_data[2]. */
#include "store/pg/gather.h"

#include "store/pg/read.h"

enum { SLOTS = 2 * GATHER_KEYS_MAX };

void pg_gather_begin(struct buf *keys)
{
    buf_clear(keys);
    buf_byte(keys, '{');
}

void pg_gather_finish(struct buf *keys)
{
    buf_lit(keys, "}");
    buf_byte(keys, '\0');
    POST(!keys->failed);
}

/* An element that array_in takes for what it says without quotes: digits, letters, a few signs; but not the word NULL. */
static bool is_plain(struct slice key)
{
    if (key.len == 0 || slice_eq_nocase(key, SLICE("null")))
        return false;
    for (size_t i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.data[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                     c == '_' || c == '.' || c == ':' || c == '+';
        if (!plain)
            return false;
    }
    return true;
}

static void add_quoted(struct buf *keys, struct slice key)
{
    buf_byte(keys, '"');
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] == '"' || key.data[i] == '\\')
            buf_byte(keys, '\\');
        buf_byte(keys, key.data[i]);
    }
    buf_byte(keys, '"');
}

static struct slice key_of(const struct fetch *fetch)
{
    return fetch->statement.binds[0].text;
}

bool pg_gather_add_key(struct buf *keys, const struct fetch *fetch)
{
    struct slice key = key_of(fetch);
    if (fetch->statement.bind_count == 0 || key.data == NULL ||
        keys->len + 2 * key.len + 8 > GATHER_BYTES_MAX)
        return false;
    /* Room for the key and the end: when memory is out it goes alone, and the array of those before it stays whole. */
    if (!buf_room(keys, 2 * key.len + 8)) {
        keys->failed = false;
        return false;
    }
    if (keys->len > 1)
        buf_byte(keys, ',');
    if (is_plain(key))
        buf_add(keys, key);
    else
        add_quoted(keys, key);
    return true;
}

bool pg_gather_fits(const struct fetch *first, const struct fetch *fetch)
{
    const struct statement *a = &first->statement, *b = &fetch->statement;
    PRE(a->bind_count == b->bind_count);
    for (unsigned i = 1; i < a->bind_count; i++) {
        struct slice x = a->binds[i].text, y = b->binds[i].text;
        if ((x.data == NULL) != (y.data == NULL) || !slice_eq(x, y))
            return false;
    }
    return true;
}

/* ---- handing back ---- */

struct slot {
    struct fetch *first; /* NULL: free */
};

static struct slot *find(struct slot *slots, struct slice key)
{
    unsigned at = (unsigned)hash_bytes(key) % SLOTS;
    while (slots[at].first != NULL && !slice_eq(key_of(slots[at].first), key))
        at = (at + 1) % SLOTS;
    return &slots[at];
}

static void fill(struct slot *slots, struct list *fetches)
{
    unsigned count = 0;
    LIST_EACH (fetches, link) {
        struct fetch *fetch = container_of(link, struct fetch, link);
        struct slot *slot = find(slots, key_of(fetch));
        fetch->store_data[2] = slot->first;
        slot->first = fetch;
        count++;
    }
    POST(count <= GATHER_KEYS_MAX);
}

void pg_gather_give_rows(struct pg_port *port, struct list *fetches, const PGresult *result,
                         unsigned key_cell)
{
    struct slot slots[SLOTS] = {0};
    int count = PQntuples(result);
    if (key_cell >= (unsigned)PQnfields(result))
        return;
    fill(slots, fetches);
    for (int row = 0; row < count; row++) {
        struct slice key = {PQgetvalue(result, row, (int)key_cell),
                            (size_t)PQgetlength(result, row, (int)key_cell)};
        for (struct fetch *fetch = find(slots, key)->first; fetch != NULL; fetch = fetch->store_data[2])
            (void)pg_read_give_row(port, fetch, result, row);
    }
}
