/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line overrides is put into the file's tree before it is walked, so it is checked by the same tables. Its
 * place in complaints is the option as it was written. See walk.h. */
#include "config/walk.h"

static struct node *new_node(struct walk *walk, enum node_kind kind, struct place at, struct slice key)
{
    struct node *node = ARENA_NEW(walk->arena, struct node);
    *node = (struct node){.kind = kind, .at = at, .key = key, .key_at = at};
    return node;
}

/* `database: URL` becomes `database: {url: URL}`. */
static void open_short_form(struct walk *walk, struct node *root)
{
    struct node *database = node_child(root, SLICE("database"));
    if (!database || database->kind != NODE_TEXT || node_is_nothing(database))
        return;
    struct node *url = new_node(walk, NODE_TEXT, database->at, SLICE("url"));
    url->text = database->text;
    url->quoted = database->quoted;
    database->kind = NODE_MAP;
    node_put(database, url);
}

static struct node *value_node(struct walk *walk, const struct config_override *override, struct place at)
{
    struct node *value = new_node(walk, NODE_TEXT, at, SLICE(""));
    value->text = override->value;
    value->quoted = true;
    if (override->option || slice_trim(override->value).len == 0)
        return value;
    struct node_source source = {.bytes = override->value, .start = at};
    return node_parse(walk->arena, source, walk->complaints, &value) ? NULL : value;
}

/* The mapping that the path's next segment leads to, made where it is absent. */
static struct node *step(struct walk *walk, struct node *map, struct slice segment, struct place at)
{
    PRE(map->kind == NODE_MAP);
    struct node *child = node_child(map, segment);
    if (!child) {
        child = new_node(walk, NODE_MAP, at, segment);
        node_put(map, child);
    }
    if (node_is_nothing(child))
        child->kind = NODE_MAP;
    if (child->kind == NODE_MAP)
        return child;
    complain(walk->complaints, at, "`" SLICE_FMT "` is not a mapping", SLICE_ARG(segment));
    return NULL;
}

static void apply(struct walk *walk, const struct config_override *override, struct node *root)
{
    struct slice written = override->option
                               ? slice_str(override->option)
                               : arena_format(walk->arena, "--set " SLICE_FMT, SLICE_ARG(override->path));
    struct place at = {.file = arena_copy(walk->arena, written).data};
    struct node *map = root, *value = value_node(walk, override, at);
    struct slice rest = override->path, segment = slice_cut(&rest, '.');
    for (; segment.len && rest.data && map; segment = slice_cut(&rest, '.'))
        map = step(walk, map, segment, at);
    if (!map || !value)
        return;
    if (segment.len == 0) {
        complain(walk->complaints, at, "expected a path and a value such as `--set database.timeout=5s`");
        return;
    }
    value->key = arena_copy(walk->arena, segment);
    value->key_at = at;
    node_put(map, value);
}

void override_apply(struct walk *walk, const struct config_override *overrides, unsigned count,
                    struct node *root)
{
    if (root->kind != NODE_MAP)
        return;
    open_short_form(walk, root);
    for (unsigned i = 0; i < count; i++)
        apply(walk, &overrides[i], root);
    open_short_form(walk, root);
}
