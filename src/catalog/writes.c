/* SPDX-License-Identifier: Apache-2.0 */
/* What a resource says of its writes, resolved: the column that marks a deleted row, the one that tells its versions, and those that Leat fills in. Both may be
 * hidden from clients. See resolve.h. Failure: complaints. */
#include "base/check.h"
#include "catalog/resolve.h"

static bool is_of(const struct column *column, const enum value_kind *kinds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (column->type.kind == kinds[i])
            return true;
    return false;
}

/* The column as one that may be written, or NULL and a complaint. */
static const struct column *writable(const struct resolver *r, const struct columns_known *known,
                                     const char *what, struct place at, struct slice name)
{
    const struct column *column = resolve_column(r, known, at, name);
    if (!column || !column->generated)
        return column;
    complain(r->complaints, at, "`%s`: the database itself fills in `" SLICE_FMT "`, which is generated",
             what, SLICE_ARG(name));
    return NULL;
}

static void resolve_deleted(const struct resolver *r, const struct columns_known *known,
                            struct resource *resource)
{
    static const enum value_kind kinds[] = {VALUE_TIMESTAMPTZ, VALUE_TIMESTAMP, VALUE_DATE, VALUE_BOOL};
    const struct word *name = &resource->config->deleted;
    const struct column *column =
        name->text.data ? writable(r, known, "deleted", name->at, name->text) : NULL;
    if (!column)
        return;
    if (!is_of(column, kinds, ARRAY_LEN(kinds)))
        complain(r->complaints, name->at,
                 "`deleted`: `" SLICE_FMT "` is of type " SLICE_FMT
                 ": a column that marks deleted rows is a timestamp, a date or a boolean",
                 SLICE_ARG(name->text), SLICE_ARG(column->type.name));
    else if (!column->nullable && column->type.kind != VALUE_BOOL)
        complain(r->complaints, name->at,
                 "`deleted`: `" SLICE_FMT "` is never NULL: a row is there while this column is",
                 SLICE_ARG(name->text));
    resource->deleted = column;
}

static void resolve_set(const struct resolver *r, const struct columns_known *known,
                        struct resource *resource)
{
    static const enum value_kind kinds[] = {VALUE_TIMESTAMPTZ, VALUE_TIMESTAMP, VALUE_DATE, VALUE_TEXT};
    const struct config_resource *config = resource->config;
    resource->set = ARENA_ARRAY(r->arena, struct resource_set, config->set_count + 1);
    for (unsigned i = 0; i < config->set_count; i++) {
        const struct config_set *set = &config->set[i];
        const struct column *column = writable(r, known, "set", set->at, set->column);
        if (column && set->value == SET_NOW && !is_of(column, kinds, ARRAY_LEN(kinds)))
            complain(r->complaints, set->at,
                     "`set`: `:now` is no value for `" SLICE_FMT "`, of type " SLICE_FMT,
                     SLICE_ARG(set->column), SLICE_ARG(column->type.name));
        else if (column)
            resource->set[resource->set_count++] = (struct resource_set){.column = column, .config = set};
    }
}

static bool is_of_key(const struct resource *resource, const struct column *column)
{
    for (unsigned i = 0; i < resource->key_count; i++)
        if (resource->key[i] == column)
            return true;
    return false;
}

static void resolve_behind(const struct resolver *r, const struct columns_known *known,
                           struct resource *resource)
{
    const struct config_resource *config = resource->config;
    resource->behind = ARENA_ARRAY(r->arena, const struct column *, config->behind_count + 1);
    for (unsigned i = 0; i < config->behind_count; i++) {
        const struct word *name = &config->behind[i].column;
        const struct column *column = writable(r, known, "behind", name->at, name->text);
        resource->behind[i] = column;
        if (column && is_of_key(resource, column))
            complain(r->complaints, name->at,
                     "`behind`: `" SLICE_FMT "` says which row it is: that cannot be written later",
                     SLICE_ARG(name->text));
    }
}

/* xmin as a column: the transaction that wrote the row. As a text, which has an order. */
static const struct column *make_xmin(struct arena *arena)
{
    struct column *column = ARENA_NEW(arena, struct column);
    *column = (struct column){.name = SLICE("xmin"),
                              .computed = true,
                              .sql = SLICE("xmin::text"),
                              .json = SLICE("\"xmin\":"),
                              .type = {.kind = VALUE_TEXT, .name = SLICE("text"), .orderable = true}};
    return column;
}

static void resolve_version(const struct resolver *r, const struct columns_known *known,
                            struct resource *resource)
{
    const struct word *name = &resource->config->version;
    if (!name->text.data) {
        resource->version = resource->table->has_xmin ? make_xmin(r->arena) : NULL;
        return;
    }
    const struct column *column = resolve_column(r, known, name->at, name->text);
    if (column && !column->type.orderable)
        complain(r->complaints, name->at,
                 "`version`: `" SLICE_FMT "` is of type " SLICE_FMT
                 ": a version is a number, a moment or a text",
                 SLICE_ARG(name->text), SLICE_ARG(column->type.name));
    resource->version = column;
}

void resolve_writes(const struct resolver *r, struct resource *resource)
{
    PRE(resource->table && resource->config);
    struct columns_known known = resolve_known(r, resource->config, resource->table);
    resolve_deleted(r, &known, resource);
    resolve_version(r, &known, resource);
    resolve_set(r, &known, resource);
    resolve_behind(r, &known, resource);
}
