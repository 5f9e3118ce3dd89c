/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a mapping by its table of keys, and telling what is wrong in one manner. See walk.h. */
#include "config/walk.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/nearest.h"

enum { FOUND_BYTES_MAX = 80 };

static const struct key *key_of(const struct section *section, struct slice name)
{
    for (const struct key *key = section->keys; key->name; key++)
        if (slice_eq(name, slice_str(key->name)))
            return key;
    return NULL;
}

/* The keys one may write, for "expected one of …". */
static struct slice keys_listed(struct walk *walk, const struct section *section)
{
    struct buf list;
    buf_init(&list, 4096);
    for (const struct key *key = section->keys; key->name; key++)
        if (key->kind)
            buf_format(&list, "%s%s", list.len ? ", " : "", key->name);
    struct slice copy = arena_copy(walk->arena, buf_slice(&list));
    buf_done(&list);
    return copy;
}

static void complain_unknown(struct walk *walk, const struct section *section, const struct node *child,
                             const char *called)
{
    struct nearest nearest = nearest_begin(child->key);
    for (const struct key *key = section->keys; key->name; key++)
        nearest_offer(&nearest, slice_str(key->name));
    if (nearest.best.data)
        complain(walk->complaints, child->key_at,
                 "%s has no key `" SLICE_FMT "`: did you mean `" SLICE_FMT "`?", called,
                 SLICE_ARG(child->key), SLICE_ARG(nearest.best));
    else
        complain(walk->complaints, child->key_at, "%s has no key `" SLICE_FMT "`: expected one of " SLICE_FMT,
                 called, SLICE_ARG(child->key), SLICE_ARG(keys_listed(walk, section)));
}

/* True when every child's key is one of the section's and built. The others are complained of. */
static void check_keys(struct walk *walk, const struct section *section, const struct node *node,
                       const char *called)
{
    for (const struct node *child = node->first; child; child = child->next) {
        const struct key *key = key_of(section, child->key);
        if (!key)
            complain_unknown(walk, section, child, called);
        else if (!key->kind)
            complain(walk->complaints, child->key_at, "`%s` is not built yet: take it out", key->name);
    }
}

void walk_section(struct walk *walk, const struct section *section, const struct node *node,
                  const char *called, void *base)
{
    PRE(walk && section && base);
    if (node->kind != NODE_MAP) {
        struct slice keys = keys_listed(walk, section);
        complain(walk->complaints, node->at,
                 "%s: found " SLICE_FMT ", expected a mapping with the keys " SLICE_FMT, called,
                 SLICE_ARG(walk_found(walk, node)), SLICE_ARG(keys));
        return;
    }
    check_keys(walk, section, node, called);
    for (const struct key *key = section->keys; key->name; key++) {
        const struct node *child = key->kind ? node_child(node, slice_str(key->name)) : NULL;
        if (child)
            key->kind->read(walk, key, child, (char *)base + key->offset);
    }
}

struct slice walk_found(struct walk *walk, const struct node *node)
{
    if (node->kind == NODE_LIST)
        return SLICE("a list");
    if (node->kind == NODE_MAP)
        return SLICE("a mapping");
    if (node->text.len == 0)
        return SLICE("nothing");
    bool cut = node->text.len > FOUND_BYTES_MAX;
    struct slice text = slice_of(node->text.data, cut ? FOUND_BYTES_MAX : node->text.len);
    while (cut && text.len && ((unsigned char)text.data[text.len] & 0xc0) == 0x80)
        text.len--; /* not in the midst of a letter */
    return arena_format(walk->arena, "`" SLICE_FMT "%s`", SLICE_ARG(text), cut ? "…" : "");
}

void walk_expected(struct walk *walk, const struct node *node, const char *key, const char *expected)
{
    PRE(key && expected);
    complain(walk->complaints, node->at, "`%s`: found " SLICE_FMT ", expected %s", key,
             SLICE_ARG(walk_found(walk, node)), expected);
}

struct slice walk_nearest(struct walk *walk, struct slice typed, const char *const *words)
{
    struct nearest nearest = nearest_begin(typed);
    for (; *words; words++)
        nearest_offer(&nearest, slice_str(*words));
    if (!nearest.best.data)
        return SLICE("");
    return arena_format(walk->arena, ": did you mean `" SLICE_FMT "`?", SLICE_ARG(nearest.best));
}

struct word walk_word(const struct node *node)
{
    PRE(node->kind == NODE_TEXT);
    return (struct word){.text = node->text, .at = node->at};
}

struct slice walk_path(struct walk *walk, struct slice path)
{
    if (!walk->folder || slice_starts(path, SLICE("/")))
        return path;
    struct slice joined = arena_format(walk->arena, "%s/" SLICE_FMT, walk->folder, SLICE_ARG(path));
    return joined;
}
