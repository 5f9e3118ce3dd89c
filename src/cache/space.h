/* SPDX-License-Identifier: Apache-2.0 */
/* The application's own cache: values that other programs put under names of theirs, with a time to live, tags, and the user they
 * belong to. A cache of its own, with a budget of its own, so that nobody's values push out answers.
 *
 * What a tenant's callers put and ask for is theirs alone: the tenant is part of every name, tag and user. A value is dropped by its
 * name or a pattern at once; by tag or user it becomes stale by one increment, however many there are, and its memory is used for others
 * by and by. What was put before such a deletion is not found after it, on whatever thread.
 *
 * Failure: as said. Ownership: values are copied; what is found is a reference. Threads: any. */
#ifndef LEAT_CACHE_SPACE_H
#define LEAT_CACHE_SPACE_H

#include "base/error.h"
#include "cache/cache.h"

enum { SPACE_TAGS_MAX = 16, SPACE_NAME_BYTES_MAX = 512 };

struct space;

struct space_value {
    struct slice tenant; /* data NULL: none */
    struct slice name;   /* 1 to SPACE_NAME_BYTES_MAX bytes */
    struct slice bytes, type;
    struct slice user; /* data NULL: nobody's */
    struct slice tags[SPACE_TAGS_MAX];
    unsigned tag_count;
    int64_t ttl_ms; /* > 0 */
};

struct space *space_new(uint64_t memory_bytes, struct tags *tags);
void space_free(struct space *space); /* takes NULL */
void space_resize(struct space *space, uint64_t memory_bytes);

/* ERR_MEMORY; ERR_LIMIT: it is too large to be kept. */
enum error space_put(struct space *space, const struct space_value *value) must_check;
/* entry_body is the value, entry_head its type; NULL: there is none. */
struct entry *space_get(struct space *space, struct slice tenant, struct slice name, struct mono now);

bool space_delete(struct space *space, struct slice tenant, struct slice name); /* false: it was not there */
void space_delete_tag(struct space *space, struct slice tenant, struct slice tag);
void space_delete_user(struct space *space, struct slice tenant, struct slice user);
/* `*` is any number of characters, `?` one. Returns how many went; looks at each name of the space. */
uint64_t space_delete_pattern(struct space *space, struct slice tenant, struct slice pattern);

void space_stats(struct space *space, struct cache_stats *ret_stats);

#endif
