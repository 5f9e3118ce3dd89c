/* SPDX-License-Identifier: Apache-2.0 */
/* Whose rows are, and which of their columns a role sees: `tenant:`, `columns:`. See walk.h. Columns are looked up by
 * catalog/tenants.c. */
#include "config/walk.h"

/* --- tenant: organization_id | none --- */

static void read_tenant(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    kind_text.read(walk, key, node, field);
}

static void print_tenant(struct printer *printer, const struct key *key, const void *field)
{
    kind_text.print(printer, key, field);
}

const struct kind kind_tenant = {.expected = "a column such as `organization_id`, or `none`",
                                 .read = read_tenant,
                                 .print = print_tenant};

/* --- columns: '*,-password_hash' | {viewer: 'id,name', admin: '*'} --- */

static bool read_columns_of(struct walk *walk, const struct key *key, const struct node *node,
                            struct config_columns *columns)
{
    *columns = (struct config_columns){0};
    if (!role_find(walk, node->key, &columns->role)) {
        role_refuse(walk, node->key_at, key->name, node->key, false);
        return false;
    }
    if (node->kind != NODE_TEXT || node->text.len == 0) {
        walk_expected(walk, node, key->name, kind_names.expected);
        return false;
    }
    columns->names = walk_word(node);
    return true;
}

static void read_columns(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_resource *resource = field;
    if (node->kind == NODE_TEXT) {
        kind_names.read(walk, key, node, &resource->columns);
        return;
    }
    if (node->kind != NODE_MAP || node->count == 0) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    resource->columns_of = ARENA_ARRAY(walk->arena, struct config_columns, node->count);
    for (const struct node *child = node->first; child; child = child->next)
        resource->columns_of_count +=
            read_columns_of(walk, key, child, &resource->columns_of[resource->columns_of_count]);
    resource->columns.at = node->at;
    POST(resource->columns_of_count <= node->count);
}

static void print_columns(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_resource *resource = field;
    if (resource->columns_of_count == 0) {
        kind_names.print(printer, key, &resource->columns);
        return;
    }
    print_name(printer, key->name);
    for (unsigned i = 0; i < resource->columns_of_count; i++) {
        buf_format(printer->out, "%s" SLICE_FMT ": ", i ? ", " : " {",
                   SLICE_ARG(config_role_name(&printer->config->auth, resource->columns_of[i].role)));
        config_print_text(printer->out, resource->columns_of[i].names.text);
    }
    buf_lit(printer->out, "}\n");
}

const struct kind kind_columns = {
    .expected =
        "names of columns such as `'*,-password_hash'`, or such by role: `{viewer: 'id,name', admin: '*'}`",
    .read = read_columns,
    .print = print_columns};
