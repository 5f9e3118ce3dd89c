/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer's head says to caches, of the client and on the way: Cache-Control (RFC 9111), Vary, ETag, tags of content networks,
 * and of Leat's own cache Age and Cache-Status (RFC 9211).
 * Pure; it fails only as its buf does. */
#ifndef LEAT_RESPOND_CACHING_H
#define LEAT_RESPOND_CACHING_H

#include "base/arena.h"
#include "base/buf.h"
#include "http/coding.h"

/* The same for every asker of one kept answer. Zeroed: nothing is said. */
struct caching {
    bool no_store;            /* nobody keeps it; of all others here then only Vary is said */
    bool is_private;          /* who asks has a part in it: the client's own cache alone may keep it */
    struct slice etag;        /* with its quotes */
    unsigned max_age_s;       /* 0, where there is a tag: no-cache, that is, ask whether it changed */
    unsigned s_maxage_s;      /* of shared caches, where it is another one; 0: not said */
    unsigned stale_s;         /* beyond it still good while it is asked for anew, or cannot be; 0: not said */
    bool vary_accept;         /* Vary: Accept */
    bool vary_encoding;       /* Vary: Accept-Encoding */
    const struct slice *tags; /* Surrogate-Key and Cache-Tag: tokens, by which a content network forgets */
    unsigned tag_count;
};

/* What Leat's cache had to do with one answer. Zeroed: nothing is said. */
struct cache_told {
    enum cache_way {
        TOLD_NOTHING,
        TOLD_HIT,    /* hit */
        TOLD_MISS,   /* fwd=miss: it was not there */
        TOLD_STALE,  /* fwd=stale: it was there, and too old */
        TOLD_BYPASS, /* fwd=bypass: it is not kept */
    } way;
    bool stored;    /* the answer is kept from now on */
    bool collapsed; /* another asker's answer was waited for */
    bool shared;    /* with HIT: another instance made it */
    int64_t ttl_s;  /* with HIT or stored: how long it is good; below 0: stale, and served all the same */
    unsigned age_s; /* with HIT: since when it is kept */
};

/* A strong tag: the digest (base/digest.h) of the answer's bytes. A row's that has
 * a version begins with it: `"17.5f0c…"`; If-Match looks at that alone. version: data NULL: there is none. Empty: one so
 * long that no client could send it back. */
struct slice caching_tag(struct arena *arena, struct slice version, const char digest[33]);
/* That of the same bytes in a coding: `"5f0c…-br"`. */
struct slice caching_tag_coded(struct arena *arena, struct slice tag, enum coding coding);

void caching_write(struct buf *out, const struct caching *caching);

/* Age and Cache-Status. */
void cache_told_write(struct buf *out, const struct cache_told *told);

/* Whether If-None-Match's value names this tag (RFC 9110 section 13.1.2, the weak comparison), so that 304 is the answer. */
bool caching_matches(struct slice if_none_match, struct slice etag);

#endif
