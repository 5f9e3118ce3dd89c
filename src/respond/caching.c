/* SPDX-License-Identifier: Apache-2.0 */
/* Fields for caches. See caching.h. */
#include "respond/caching.h"

#include "base/check.h"
#include "http/field.h"
#include "http/path.h"
#include "http/writer.h"

/* A longer one would have no room in a client's head. */
#define TAG_BYTES_MAX 1024

/* `, name` or `name`, in a list that `*first` begins. */
static void item(struct buf *out, bool *first, const char *name)
{
    buf_add(out, *first ? SLICE("Cache-Control: ") : SLICE(", "));
    buf_add(out, slice_str(name));
    *first = false;
}

static void item_seconds(struct buf *out, bool *first, const char *name, unsigned seconds)
{
    if (!seconds)
        return;
    item(out, first, name);
    buf_uint(out, seconds);
}

/* RFC 9111 section 5.2.2, RFC 5861. Without a tag and an age there is nothing that a cache could do with it. */
static void write_control(struct buf *out, const struct caching *caching)
{
    bool first = true;
    if (caching->no_store) {
        item(out, &first, "no-store");
    } else if (caching->etag.len || caching->max_age_s) {
        if (caching->is_private)
            item(out, &first, "private");
        if (!caching->max_age_s)
            item(out, &first, "no-cache");
        item_seconds(out, &first, "max-age=", caching->max_age_s);
        item_seconds(out, &first, "s-maxage=", caching->is_private ? 0 : caching->s_maxage_s);
        item_seconds(out, &first, "stale-while-revalidate=", caching->stale_s);
        item_seconds(out, &first, "stale-if-error=", caching->stale_s);
    }
    if (!first)
        buf_lit(out, "\r\n");
}

static void write_vary(struct buf *out, const struct caching *caching)
{
    if (caching->vary_accept && caching->vary_encoding)
        buf_lit(out, "Vary: Accept, Accept-Encoding\r\n");
    else if (caching->vary_accept)
        buf_lit(out, "Vary: Accept\r\n");
    else if (caching->vary_encoding)
        buf_lit(out, "Vary: Accept-Encoding\r\n");
}

/* Fastly and Varnish part them by a space, Cloudflare and Akamai by a comma. */
static void write_tags(struct buf *out, const struct caching *caching)
{
    if (!caching->tag_count)
        return;
    buf_lit(out, "Surrogate-Key: ");
    for (unsigned i = 0; i < caching->tag_count; i++) {
        buf_add(out, i ? SLICE(" ") : SLICE(""));
        buf_add(out, caching->tags[i]);
    }
    buf_lit(out, "\r\nCache-Tag: ");
    for (unsigned i = 0; i < caching->tag_count; i++) {
        buf_add(out, i ? SLICE(",") : SLICE(""));
        buf_add(out, caching->tags[i]);
    }
    buf_lit(out, "\r\n");
}

struct slice caching_tag(struct arena *arena, struct slice version, const char digest[33])
{
    struct buf tag;
    buf_init(&tag, TAG_BYTES_MAX);
    buf_byte(&tag, '"');
    if (version.data) {
        http_encode(&tag, version);
        buf_byte(&tag, '.');
    }
    buf_append(&tag, digest, 32);
    buf_byte(&tag, '"');
    struct slice copy = tag.failed ? (struct slice){0} : arena_copy(arena, buf_slice(&tag));
    buf_done(&tag);
    return copy;
}

struct slice caching_tag_coded(struct arena *arena, struct slice tag, enum coding coding)
{
    static const struct slice endings[CODING_COUNT] = {SLICE_INIT("\""), SLICE_INIT("-gzip\""),
                                                       SLICE_INIT("-br\"")};
    PRE(coding < CODING_COUNT);
    if (!tag.len)
        return tag;
    return arena_format(arena, SLICE_FMT SLICE_FMT, (int)tag.len - 1, tag.data, SLICE_ARG(endings[coding]));
}

void caching_write(struct buf *out, const struct caching *caching)
{
    PRE(caching != NULL);
    if (caching->etag.len && !caching->no_store) {
        buf_lit(out, "ETag: ");
        buf_add(out, caching->etag);
        buf_lit(out, "\r\n");
    }
    write_control(out, caching);
    write_vary(out, caching);
    if (!caching->no_store)
        write_tags(out, caching);
}

/* RFC 9211 section 2: of what went on we tell what an operator may want to know, and no key. */
void cache_told_write(struct buf *out, const struct cache_told *told)
{
    static const struct slice ways[] = {
        [TOLD_HIT] = SLICE_INIT("; hit"),
        [TOLD_MISS] = SLICE_INIT("; fwd=miss"),
        [TOLD_STALE] = SLICE_INIT("; fwd=stale"),
        [TOLD_BYPASS] = SLICE_INIT("; fwd=bypass"),
    };
    PRE(told->way < ARRAY_LEN(ways));
    if (told->way == TOLD_NOTHING)
        return;
    if (told->way == TOLD_HIT)
        http_write_field_uint(out, SLICE("Age"), told->age_s);
    buf_lit(out, "Cache-Status: Leat");
    buf_add(out, ways[told->way]);
    if (told->stored)
        buf_lit(out, "; stored");
    if (told->collapsed)
        buf_lit(out, "; collapsed");
    if (told->way == TOLD_HIT || told->stored) {
        buf_lit(out, "; ttl=");
        buf_int(out, told->ttl_s);
    }
    if (told->shared)
        buf_lit(out, "; detail=redis");
    buf_lit(out, "\r\n");
}

bool caching_matches(struct slice if_none_match, struct slice etag)
{
    struct slice rest = if_none_match, one;
    PRE(etag.len > 2);
    while (http_list_next(&rest, &one)) {
        struct slice bare = slice_starts(one, SLICE("W/")) ? slice_skip(one, 2) : one;
        if (slice_eq(bare, etag) || slice_eq(bare, SLICE("*")))
            return true;
    }
    return false;
}
