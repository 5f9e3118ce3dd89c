/* SPDX-License-Identifier: Apache-2.0 */
/* What resources declare of writing, and of the rows a role has to do with: `put:`, `unfiltered:`, `set:`, `rows:`. See walk.h.
 * Columns are looked up by catalog/model.c; the conditions of `rows:` are read by query/, whose grammar they are. */
#include "config/units.h"
#include "config/walk.h"

/* --- put: merge | replace; unfiltered: allowed | refused --- */

/* A choice of two words whose field is a bool: the second is true. */
static void read_either(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    unsigned which = *(const bool *)field;
    PRE(key->choices[1] && !key->choices[2]);
    kind_choice.read(walk, key, node, &which);
    *(bool *)field = which;
}

static void print_either(struct printer *printer, const struct key *key, const void *field)
{
    unsigned which = *(const bool *)field;
    kind_choice.print(printer, key, &which);
}

const struct kind kind_either = {.expected = "a word", .read = read_either, .print = print_either};

/* --- set: {updated_at: ':now', created_at: ':now on create', source: 'web'} --- */

#define ON_CREATE SLICE(" on create")

static const char *const set_words[] = {":now", ":user", ":tenant", ":role", NULL};
static const enum set_value set_values[] = {SET_NOW, SET_USER, SET_TENANT, SET_ROLE};

/* What stands behind the colon; false and a complaint: nothing that can be filled in. */
static bool read_set_word(struct walk *walk, const struct node *node, struct config_set *set)
{
    PRE(slice_starts(set->text, SLICE(":")));
    for (unsigned i = 0; set_words[i]; i++)
        if (slice_eq(set->text, slice_str(set_words[i]))) {
            set->value = set_values[i];
            return true;
        }
    complain(
        walk->complaints, node->at,
        "`set`: found `" SLICE_FMT
        "`, expected `:now`, `:user`, `:tenant` or `:role`, or a text that begins without a colon" SLICE_FMT,
        SLICE_ARG(set->text), SLICE_ARG(walk_nearest(walk, set->text, set_words)));
    return false;
}

static bool read_set_member(struct walk *walk, const struct key *key, const struct node *node,
                            struct config_set *set)
{
    *set = (struct config_set){.column = node->key, .value = SET_TEXT, .at = node->key_at};
    if (node->kind != NODE_TEXT || node_is_nothing(node)) {
        walk_expected(walk, node, key->name, "a text for the column, or a word such as `:now` or `:user`");
        return false;
    }
    set->text = node->text;
    set->on_create_only = slice_ends(node->text, ON_CREATE);
    if (set->on_create_only)
        set->text.len -= ON_CREATE.len;
    return !slice_starts(set->text, SLICE(":")) || read_set_word(walk, node, set);
}

static void read_set(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_resource *resource = field;
    if (node->kind != NODE_MAP || node->count == 0) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    resource->set = ARENA_ARRAY(walk->arena, struct config_set, node->count);
    for (const struct node *child = node->first; child; child = child->next)
        resource->set_count += read_set_member(walk, key, child, &resource->set[resource->set_count]);
    POST(resource->set_count <= node->count);
}

static void print_set(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_resource *resource = field;
    if (resource->set_count == 0)
        return;
    struct arena arena;
    arena_init(&arena, 1024);
    print_name(printer, key->name);
    for (unsigned i = 0; i < resource->set_count; i++) {
        const struct config_set *set = &resource->set[i];
        struct slice value = set->text;
        value =
            arena_format(&arena, SLICE_FMT "%s", SLICE_ARG(value), set->on_create_only ? ON_CREATE.data : "");
        buf_add(printer->out, i ? SLICE(", ") : SLICE(" {"));
        print_key(printer->out, set->column);
        buf_lit(printer->out, ": ");
        config_print_text(printer->out, value);
    }
    buf_lit(printer->out, "}\n");
    arena_done(&arena);
}

const struct kind kind_set = {
    .expected =
        "columns and what Leat fills in, such as `{updated_at: ':now', created_at: ':now on create'}`",
    .read = read_set,
    .print = print_set};

/* --- rows: {anonymous: 'escalation_level=lt.3'} --- */

static bool read_rows_of(struct walk *walk, const struct key *key, const struct node *node,
                         struct config_rows *rows)
{
    *rows = (struct config_rows){0};
    if (!role_find(walk, node->key, &rows->role)) {
        role_refuse(walk, node->key_at, key->name, node->key, false);
        return false;
    }
    if (node->kind != NODE_TEXT || node->text.len == 0) {
        walk_expected(walk, node, key->name, "a condition such as 'status=eq.open'");
        return false;
    }
    rows->when = walk_word(node);
    return true;
}

static void read_rows(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_resource *resource = field;
    if (node->kind != NODE_MAP || node->count == 0) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    resource->rows = ARENA_ARRAY(walk->arena, struct config_rows, node->count);
    for (const struct node *child = node->first; child; child = child->next)
        resource->rows_count += read_rows_of(walk, key, child, &resource->rows[resource->rows_count]);
    POST(resource->rows_count <= node->count);
}

static void print_rows(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_resource *resource = field;
    if (resource->rows_count == 0)
        return;
    print_name(printer, key->name);
    for (unsigned i = 0; i < resource->rows_count; i++) {
        buf_format(printer->out, "%s" SLICE_FMT ": ", i ? ", " : " {",
                   SLICE_ARG(config_role_name(&printer->config->auth, resource->rows[i].role)));
        config_print_text(printer->out, resource->rows[i].when.text);
    }
    buf_lit(printer->out, "}\n");
}

const struct kind kind_rows = {
    .expected = "roles and the rows they have to do with, such as `{anonymous: 'status=eq.open'}`",
    .read = read_rows,
    .print = print_rows};

/* --- behind: {last_login: 1s} --- */

enum { BEHIND_MS_MIN = 1000, BEHIND_MS_MAX = 3600 * 1000 };

static bool read_behind_of(struct walk *walk, const struct key *key, const struct node *node,
                           struct config_behind *behind)
{
    behind->column = (struct word){.text = node->key, .at = node->key_at};
    if (node->kind != NODE_TEXT || !units_read_duration(node->text, &behind->within_ms) ||
        behind->within_ms < BEHIND_MS_MIN || behind->within_ms > BEHIND_MS_MAX) {
        walk_expected(walk, node, key->name,
                      "how long a value may wait to be written, 1s to 1h, such as `1s`");
        return false;
    }
    return true;
}

static void read_behind(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_resource *resource = field;
    if (node->kind != NODE_MAP || node->count == 0) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    resource->behind = ARENA_ARRAY(walk->arena, struct config_behind, node->count);
    resource->behind_count = 0;
    for (const struct node *child = node->first; child; child = child->next)
        resource->behind_count += read_behind_of(walk, key, child, &resource->behind[resource->behind_count]);
}

static void print_behind(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_resource *resource = field;
    if (resource->behind_count == 0)
        return;
    print_name(printer, key->name);
    for (unsigned i = 0; i < resource->behind_count; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(" {"));
        print_key(printer->out, resource->behind[i].column.text);
        buf_lit(printer->out, ": ");
        units_print_duration(printer->out, resource->behind[i].within_ms);
    }
    buf_lit(printer->out, "}\n");
}

const struct kind kind_behind = {
    .expected = "columns and how long their values may wait to be written, such as `{last_login: 1s}`",
    .read = read_behind,
    .print = print_behind};
