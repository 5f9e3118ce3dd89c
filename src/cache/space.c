/* SPDX-License-Identifier: Apache-2.0 */
/* The application's own cache, as a struct cache whose entries remember their names. See space.h.
 *
 * A name is found by the key of its full spelling: the tenant's length, the tenant, the name. The same bytes are what an entry was
 * `asked` by, so that patterns find it. Tags and users are tags of the table all caches share. */
#include "cache/space.h"

#include "base/map.h"
#include "base/mem.h"

enum { SPACE_MAGIC = 0x53706163, TENANT_BYTES_MAX = 512 };

struct space {
    uint32_t magic;
    struct cache_secret secret;
    struct tags *tags;
    struct cache *cache;
};

struct space *space_new(uint64_t memory_bytes, struct tags *tags)
{
    struct space *space = mem_must(sizeof *space);
    space->magic = SPACE_MAGIC;
    space->tags = tags;
    space->cache = cache_new(&(struct cache_options){.memory_bytes = memory_bytes, .tags = tags});
    cache_secret_random(&space->secret);
    return space;
}

void space_free(struct space *space)
{
    if (!space)
        return;
    CHECK_MAGIC(space, SPACE_MAGIC);
    cache_free(space->cache);
    space->magic = 0;
    mem_free(space);
}

void space_resize(struct space *space, uint64_t memory_bytes)
{
    CHECK_MAGIC(space, SPACE_MAGIC);
    cache_resize(space->cache, memory_bytes);
}

/* ---- names ---- */

struct full_name {
    char data[2 + TENANT_BYTES_MAX + SPACE_NAME_BYTES_MAX];
};

static struct slice spell(struct full_name *full, struct slice tenant, struct slice name)
{
    PRE(tenant.len <= TENANT_BYTES_MAX && name.len <= SPACE_NAME_BYTES_MAX);
    char *to = full->data;
    *to++ = (char)(tenant.len >> 8);
    *to++ = (char)tenant.len;
    if (tenant.len)
        to = mempcpy(to, tenant.data, tenant.len);
    if (name.len)
        to = mempcpy(to, name.data, name.len);
    return slice_of(full->data, (size_t)(to - full->data));
}

static struct cache_key key_of(const struct space *space, struct slice tenant, struct slice name)
{
    CHECK_MAGIC(space, SPACE_MAGIC);
    struct full_name full;
    return cache_key_of(&space->secret, spell(&full, tenant, name));
}

/* The same on all instances. */
static uint32_t tag_for(struct slice kind, struct slice tenant, struct slice name)
{
    struct full_name full;
    uint64_t hash = hash_stable(kind) ^ hash_stable(spell(&full, tenant, name));
    return tag_of(hash);
}

static uint32_t tag_of_tag(struct slice tenant, struct slice tag)
{
    return tag_for(SLICE("leat cache tag"), tenant, tag);
}

static uint32_t tag_of_user(struct slice tenant, struct slice user)
{
    return tag_for(SLICE("leat cache user"), tenant, user);
}

/* ---- values ---- */

static unsigned see_tags(const struct space *space, const struct space_value *value,
                         struct tag_seen seen[SPACE_TAGS_MAX + 1])
{
    unsigned count = 0;
    for (unsigned i = 0; i < value->tag_count; i++)
        seen[count++] = tags_now(space->tags, tag_of_tag(value->tenant, value->tags[i]));
    if (value->user.data)
        seen[count++] = tags_now(space->tags, tag_of_user(value->tenant, value->user));
    return count;
}

enum error space_put(struct space *space, const struct space_value *value)
{
    CHECK_MAGIC(space, SPACE_MAGIC);
    PRE(value->name.len > 0 && value->tag_count <= SPACE_TAGS_MAX && value->ttl_ms > 0);
    struct tag_seen seen[SPACE_TAGS_MAX + 1];
    struct full_name full;
    struct mono now = clock_mono(), until = mono_after_ms(now, value->ttl_ms);
    struct entry_parts parts = {.status = 200,
                                .stored = now,
                                .fresh_until = until,
                                .grace_until = until,
                                .error_until = until,
                                .seen = seen,
                                .seen_count = see_tags(space, value, seen),
                                .head = value->type,
                                .body = value->bytes,
                                .asked = spell(&full, value->tenant, value->name)};
    parts.key = cache_key_of(&space->secret, parts.asked);
    struct entry *entry = entry_new(&parts);
    if (!entry)
        return ERR_MEMORY;
    bool kept = cache_put(space->cache, entry), deleted = !entry_is_current(space->tags, entry);
    if (!kept) /* nor what was there before */
        cache_drop(space->cache, parts.key);
    entry_unref(entry);
    return kept || deleted ? OK : ERR_LIMIT;
}

struct entry *space_get(struct space *space, struct slice tenant, struct slice name, struct mono now)
{
    return cache_find(space->cache, key_of(space, tenant, name), now);
}

bool space_delete(struct space *space, struct slice tenant, struct slice name)
{
    return cache_drop(space->cache, key_of(space, tenant, name));
}

void space_delete_tag(struct space *space, struct slice tenant, struct slice tag)
{
    CHECK_MAGIC(space, SPACE_MAGIC);
    tags_bump(space->tags, tag_of_tag(tenant, tag));
}

void space_delete_user(struct space *space, struct slice tenant, struct slice user)
{
    CHECK_MAGIC(space, SPACE_MAGIC);
    tags_bump(space->tags, tag_of_user(tenant, user));
}

/* ---- patterns ---- */

/* Goes back to the last `*` alone: what an earlier one took need never be changed. */
static bool matches(struct slice pattern, struct slice text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, after_star = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            after_star = t;
        } else if (p < pattern.len && (pattern.data[p] == '?' || pattern.data[p] == text.data[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++after_star;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*')
        p++;
    return p == pattern.len;
}

struct search {
    struct slice prefix, pattern; /* prefix: how the tenant's full names begin */
};

static bool is_found(void *context, const struct entry *entry)
{
    const struct search *search = context;
    struct slice name = entry_asked(entry);
    return slice_starts(name, search->prefix) &&
           matches(search->pattern, slice_skip(name, search->prefix.len));
}

uint64_t space_delete_pattern(struct space *space, struct slice tenant, struct slice pattern)
{
    CHECK_MAGIC(space, SPACE_MAGIC);
    struct full_name full;
    struct search search = {.prefix = spell(&full, tenant, (struct slice){"", 0}), .pattern = pattern};
    return cache_drop_if(space->cache, is_found, &search);
}

void space_stats(struct space *space, struct cache_stats *ret_stats)
{
    CHECK_MAGIC(space, SPACE_MAGIC);
    cache_stats(space->cache, ret_stats);
}
