/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: how their bytes lie in one allocation, and counting who holds them. See entry.h. */
#include "cache/entry.h"

#include "base/mem.h"

enum { ENTRY_MAGIC = 0x456e7472, TAIL_BYTES_MAX = 1 << 30 };

struct entry_bytes {
    size_t len;
    char data[];
};

static void put(char **at, struct slice bytes)
{
    if (bytes.len)
        memcpy(*at, bytes.data, bytes.len);
    *at += bytes.len;
}

static void fill_in(struct entry *entry, const struct entry_parts *parts)
{
    entry->magic = ENTRY_MAGIC;
    atomic_init(&entry->refs, 1);
    entry->key = parts->key;
    entry->kind = (uint8_t)parts->kind;
    entry->status = parts->status;
    entry->varies = parts->varies;
    entry->stored = parts->stored;
    entry->fresh_until = parts->fresh_until;
    entry->grace_until = parts->grace_until;
    entry->error_until = parts->error_until;
    entry->cost_us = parts->cost_us < UINT32_MAX ? (uint32_t)parts->cost_us : UINT32_MAX;
    entry->seen_count = (uint16_t)parts->seen_count;
    entry->head_len = (uint32_t)parts->head.len;
    entry->body_len = (uint32_t)parts->body.len;
    entry->etag_len = (uint8_t)parts->etag.len;
    entry->asked_len = (uint32_t)parts->asked.len;
    list_init(&entry->link);
}

struct entry *entry_new(const struct entry_parts *parts)
{
    PRE(parts->etag.len <= UINT8_MAX && parts->seen_count <= UINT16_MAX);
    PRE(parts->fresh_until.us <= parts->grace_until.us && parts->grace_until.us <= parts->error_until.us);
    size_t tail = parts->head.len + parts->body.len + parts->etag.len + parts->asked.len;
    if (tail > TAIL_BYTES_MAX)
        return NULL;
    struct entry *entry = mem_resize(NULL, sizeof *entry + parts->seen_count * sizeof *parts->seen + tail);
    if (!entry)
        return NULL;
    memset(entry, 0, sizeof *entry);
    fill_in(entry, parts);
    for (size_t i = 0; i < parts->seen_count; i++)
        entry->seen[i] = parts->seen[i];
    char *at = (char *)&entry->seen[parts->seen_count];
    put(&at, parts->head);
    put(&at, parts->body);
    put(&at, parts->etag);
    put(&at, parts->asked);
    return entry;
}

struct entry *entry_ref(struct entry *entry)
{
    CHECK_MAGIC(entry, ENTRY_MAGIC);
    uint32_t before = atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
    POST(before > 0);
    return entry;
}

void entry_unref(struct entry *entry)
{
    if (!entry)
        return;
    CHECK_MAGIC(entry, ENTRY_MAGIC);
    if (atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < ENTRY_FORMS; i++)
        mem_free(atomic_load_explicit(&entry->forms[i], memory_order_relaxed));
    entry->magic = 0;
    mem_free(entry);
}

/* ---- what it holds ---- */

static const char *tail_of(const struct entry *entry)
{
    CHECK_MAGIC(entry, ENTRY_MAGIC);
    return (const char *)&entry->seen[entry->seen_count];
}

struct slice entry_head(const struct entry *entry)
{
    return slice_of(tail_of(entry), entry->head_len);
}

struct slice entry_body(const struct entry *entry)
{
    return slice_of(tail_of(entry) + entry->head_len, entry->body_len);
}

struct slice entry_etag(const struct entry *entry)
{
    return slice_of(tail_of(entry) + entry->head_len + entry->body_len, entry->etag_len);
}

struct slice entry_asked(const struct entry *entry)
{
    return slice_of(tail_of(entry) + entry->head_len + entry->body_len + entry->etag_len, entry->asked_len);
}

bool entry_is_current(const struct tags *tags, const struct entry *entry)
{
    CHECK_MAGIC(entry, ENTRY_MAGIC);
    return tags_same(tags, entry->seen, entry->seen_count);
}

/* ---- compressed forms ---- */

struct slice entry_form(const struct entry *entry, enum entry_form form)
{
    CHECK_MAGIC(entry, ENTRY_MAGIC);
    PRE(form < ENTRY_FORMS);
    const struct entry_bytes *bytes = atomic_load_explicit(&entry->forms[form], memory_order_acquire);
    return bytes ? slice_of(bytes->data, bytes->len) : (struct slice){NULL, 0};
}

bool entry_claim_form(struct entry *entry, enum entry_form form)
{
    CHECK_MAGIC(entry, ENTRY_MAGIC);
    uint8_t bit = (uint8_t)(1u << form);
    return !(atomic_fetch_or_explicit(&entry->claimed, bit, memory_order_acq_rel) & bit);
}

void entry_unclaim_form(struct entry *entry, enum entry_form form)
{
    CHECK_MAGIC(entry, ENTRY_MAGIC);
    atomic_fetch_and_explicit(&entry->claimed, (uint8_t) ~(1u << form), memory_order_acq_rel);
}

bool entry_add_form(struct entry *entry, enum entry_form form, struct slice bytes)
{
    PRE(bytes.len <= entry->body_len);
    if (entry_form(entry, form).data)
        return true;
    struct entry_bytes *added = mem_resize(NULL, sizeof *added + bytes.len);
    if (!added)
        return false;
    added->len = bytes.len;
    if (bytes.len)
        memcpy(added->data, bytes.data, bytes.len);
    struct entry_bytes *none = NULL;
    if (!atomic_compare_exchange_strong_explicit(&entry->forms[form], &none, added, memory_order_acq_rel,
                                                 memory_order_acquire))
        mem_free(added); /* another was quicker */
    return true;
}

/* ---- figures ---- */

/* What malloc takes for so many bytes: eight of its own, in sixteens; and an eighth for the gaps between them, which were up to three
 * tenths of what is in use when entries of all sizes come and go on two threads. */
static uint64_t taken_by(size_t bytes)
{
    uint64_t block = (bytes + 8 + 15) & ~(uint64_t)15;
    return block + block / 8;
}

uint64_t entry_bytes(const struct entry *entry)
{
    const char *end = tail_of(entry) + entry->head_len + entry->body_len + entry->etag_len + entry->asked_len;
    uint64_t total = taken_by((size_t)(end - (const char *)entry));
    for (enum entry_form form = 0; form < ENTRY_FORMS; form++) {
        struct slice bytes = entry_form(entry, form);
        total += bytes.data ? taken_by(sizeof(struct entry_bytes) + bytes.len) : 0;
    }
    return total;
}

int64_t entry_jitter_ms(struct cache_key key, int64_t ttl_ms)
{
    PRE(ttl_ms >= 0);
    int64_t off = ttl_ms / 10;
    return off ? ttl_ms - (int64_t)(key.high % (uint64_t)off) : ttl_ms;
}
