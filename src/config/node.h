/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as a tree of nodes, each with the place it was read from: what the walker (config/walk.h) reads.
 *
 * Only the plain part of YAML is understood: texts, lists, mappings, one document. Anchors, aliases, tags and doubled keys
 * are refused with a sentence. Every scalar is text: what it means is for its reader to say.
 * Bounds: NODE_BYTES_MAX, NODE_DEPTH_MAX, NODES_MAX, KEY_BYTES_MAX.
 * Ownership: nodes and their texts live in the arena. Pure but for `${NAME}`, which asks the environment; one thread. */
#ifndef LEAT_CONFIG_NODE_H
#define LEAT_CONFIG_NODE_H

#include "config/config.h"

enum { NODE_BYTES_MAX = 1 << 20, NODE_DEPTH_MAX = 32, NODES_MAX = 100000, KEY_BYTES_MAX = 200 };

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    struct place at;
    struct slice text; /* of a text, its ${NAME}s replaced */
    bool quoted;       /* the text stood in quotes: it may be empty */
    struct slice key;  /* of a mapping's child */
    struct place key_at;
    struct node *first, *last, *next; /* children of a list or mapping; the next sibling */
    unsigned count;                   /* of children */
};

/* What is parsed. start: the place of the first byte; line 0: every node bears this place (a command line option). */
struct node_source {
    struct slice bytes;
    struct place start;
};

/* Parses one document. On failure the complaints say why. An empty document is an empty mapping. */
enum error node_parse(struct arena *arena, struct node_source source, struct complaints *complaints,
                      struct node **ret_root) must_check;

/* The child of that key, or NULL. */
struct node *node_child(const struct node *map, struct slice key);
/* Appends a child, or puts it in the place of the one of the same key. */
void node_put(struct node *map, struct node *child);
/* A text without a value: `key:` and nothing behind it. */
bool node_is_nothing(const struct node *node);

/* Replaces `${NAME}` and `${NAME:-default}` by the environment's values; `$${` stands for `${` itself. */
enum error expand_text(struct arena *arena, struct slice text, struct place at, struct complaints *complaints,
                       struct slice *ret_text) must_check;

#endif
