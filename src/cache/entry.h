/* SPDX-License-Identifier: Apache-2.0 */
/* An answer ready to be sent, or a marker in its place. One allocation, never changed once it is shared, but for the compressed forms
 * of its body: each is added once, by whoever made it first.
 *
 *   ENTRY_ANSWER   head, body, etag
 *   ENTRY_VARIES   no answer: `varies` says which further parts the key of the answer needs; ask again with that
 *   ENTRY_PASS     no answer: what is asked here is not kept, until fresh_until; nobody waits for another's
 *
 *   sent ──► stored ─────── fresh_until ──── grace_until ──── error_until
 *            served as fresh │ served while   │ served when a new one │ dropped
 *                            │ one is made    │ cannot be made        │
 *
 * A tag bumped since `sent` ends freshness and grace at once; error_until remains.
 *
 * Ownership: counted; entry_new gives one reference, entry_ref and entry_unref from any thread. Failure: no memory (NULL, false). */
#ifndef LEAT_CACHE_ENTRY_H
#define LEAT_CACHE_ENTRY_H

#include "base/check.h"
#include "base/clock.h"
#include "base/list.h"
#include "cache/key.h"
#include "cache/tags.h"

enum entry_kind { ENTRY_ANSWER, ENTRY_VARIES, ENTRY_PASS };
enum entry_form { ENTRY_GZIP, ENTRY_BROTLI, ENTRY_FORMS };

/* What an entry is made of. Zero it, set what counts; all bytes are copied. */
struct entry_parts {
    struct cache_key key;
    enum entry_kind kind;
    uint16_t status; /* of HTTP */
    uint32_t varies; /* ENTRY_VARIES: bits whose meaning is the caller's */
    struct mono stored, fresh_until, grace_until, error_until; /* in this order */
    int64_t cost_us;                                           /* what making it took; 0: unknown */
    const struct tag_seen *seen;
    size_t seen_count;
    struct slice head;  /* opaque: what goes before the body */
    struct slice body;  /* as it is, not compressed */
    struct slice etag;  /* ≤ 255 bytes */
    struct slice asked; /* opaque: how it was asked for, so that warming can ask again */
};

struct entry_bytes; /* a compressed form */

struct entry {
    uint32_t magic;
    _Atomic uint32_t refs;
    struct cache_key key;
    struct entry *next; /* the cache's, under its shard's lock, like all up to `uses` */
    struct list link;
    uint32_t charged; /* bytes of the budget */
    uint32_t hits;    /* since who counts them set it to 0 */
    uint8_t where;
    uint8_t uses; /* hits since it was last looked at for eviction, to 3 */
    uint8_t kind; /* enum entry_kind; from here on immutable */
    uint8_t etag_len;
    uint16_t status;
    uint16_t seen_count;
    uint32_t varies;
    struct mono stored, fresh_until, grace_until, error_until;
    uint32_t cost_us;
    uint32_t head_len, body_len, asked_len;
    _Atomic uint8_t claimed; /* forms that somebody makes or has made */
    _Atomic(struct entry_bytes *) forms[ENTRY_FORMS];
    struct tag_seen seen[]; /* then head, body, etag, asked */
};

struct entry *entry_new(const struct entry_parts *parts) must_check; /* NULL: no memory, or more than 1 GiB */
struct entry *entry_ref(struct entry *entry);
void entry_unref(struct entry *entry); /* takes NULL */

struct slice entry_head(const struct entry *entry);
struct slice entry_body(const struct entry *entry);
struct slice entry_etag(const struct entry *entry);
struct slice entry_asked(const struct entry *entry);

/* Whether no write came between: none of what it depends on was bumped since it was seen. */
bool entry_is_current(const struct tags *tags, const struct entry *entry);

/* Whether it may be served as fresh. */
static inline bool entry_is_fresh(const struct tags *tags, const struct entry *entry, struct mono now)
{
    return now.us < entry->fresh_until.us && entry_is_current(tags, entry);
}

/* The compressed body; data NULL: nobody has made it yet; empty: it was tried, and is not worth it. Valid as long as the caller's
 * reference. */
struct slice entry_form(const struct entry *entry, enum entry_form form);
/* Adds it, by copying. When another was quicker, its bytes stay. False: no memory, and there is none. An entry that may lie in a cache is
 * given it by cache_add_form, which counts the bytes. No larger than the body. */
bool entry_add_form(struct entry *entry, enum entry_form form, struct slice bytes);

/* Whether the caller is the one to make it: then it adds it, if only as empty, or gives the claim back. Others meanwhile use the body. */
bool entry_claim_form(struct entry *entry, enum entry_form form) must_check;
void entry_unclaim_form(struct entry *entry, enum entry_form form);

/* What it takes of the machine's memory, gaps between allocations included. */
uint64_t entry_bytes(const struct entry *entry);

/* A time to live with up to a tenth taken away, so that what was made together does not end together; the same for the same key. */
int64_t entry_jitter_ms(struct cache_key key, int64_t ttl_ms);

#endif
