/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a write: those of the records, those that Leat fills in, the key in the path. See write_rows.h. */
#include <limits.h>

#include "query/list.h"
#include "query/value.h"
#include "query/write_rows.h"

static bool refuse_unwritable(struct build *build, const struct column *column, const char *why)
{
    refuse(build, REFUSE_NOT_WRITABLE, column->name, "`" SLICE_FMT "` %s", SLICE_ARG(column->name), why);
    build->problem->column = column->name;
    return false;
}

static struct write_column *find(struct write *write, const struct column *column)
{
    for (unsigned i = 0; i < write->column_count; i++)
        if (write->columns[i].column == column)
            return &write->columns[i];
    return NULL;
}

static struct write_column *add(struct write *write, const struct column *column)
{
    PRE(write->column_count < write->stride);
    struct write_column *added = &write->columns[write->column_count++];
    *added = (struct write_column){.column = column, .missing = write->rows};
    for (unsigned row = 0; row < write->rows; row++)
        write->absent[row * write->stride + write->column_count - 1] = true;
    return added;
}

/* --- what Leat fills in --- */

/* text: data NULL for NULL. */
static bool add_constant(struct write *write, const struct column *column, struct slice text)
{
    struct build *build = &write->listing.build;
    struct value_scope scope = {build->arena, write->listing.plan->dialect, build->context->now};
    struct value_refusal refusal;
    struct write_column *constant = add(write, column);
    constant->constant = true;
    if (!text.data) {
        constant->value = bind_null();
        return true;
    }
    if (value_parse(&scope, &column->type, text, &constant->value, &refusal))
        return true;
    return refuse_value(build, column->name, text, &refusal);
}

static bool is_creation(enum write_verb verb)
{
    return verb == WRITE_POST || verb == WRITE_PUT;
}

/* data NULL: the caller has no such part. */
static struct slice set_text(const struct write *write, const struct config_set *set)
{
    const struct caller *caller = &write->listing.build.context->caller;
    switch (set->value) {
    case SET_NOW:
        return SLICE("now");
    case SET_USER:
        return caller->user;
    case SET_TENANT:
        return caller->tenant;
    case SET_ROLE:
        return caller->role_name;
    case SET_TEXT:
        return set->text;
    }
    UNREACHABLE("a value of `set` that is none");
}

static bool add_set(struct write *write)
{
    const struct resource *resource = write->asked->resource;
    for (unsigned i = 0; i < resource->set_count; i++) {
        const struct config_set *set = resource->set[i].config;
        if (set->on_create_only && !is_creation(write->asked->verb))
            continue;
        if (write->asked->verb == WRITE_DELETE)
            continue;
        struct slice text = set_text(write, set);
        if (!add_constant(write, resource->set[i].column, text))
            return false;
        write->columns[write->column_count - 1].create_only = set->on_create_only;
    }
    return true;
}

bool write_refuse_tenant(struct write *write, struct slice named)
{
    struct build *build = &write->listing.build;
    struct slice column = write->asked->resource->tenant->name;
    refuse(build, REFUSE_OTHER_TENANT, column,
           "`" SLICE_FMT "` is `" SLICE_FMT "`, which is not the caller's tenant", SLICE_ARG(column),
           SLICE_ARG(named.data ? shown(named) : SLICE("null")));
    build->problem->column = column;
    return refuse_hint(build, "Leave `" SLICE_FMT "` out: it is filled in", SLICE_ARG(column));
}

/* Of what is written, the tenant is the caller's: rows are made so, and stay so. */
static bool add_tenant(struct write *write)
{
    struct build *build = &write->listing.build;
    const struct column *column = write->asked->resource->tenant;
    if (!column || column->generated || write->asked->verb == WRITE_DELETE)
        return true;
    struct bind own = level_tenant(build, column);
    if (own.kind == BIND_NULL && is_creation(write->asked->verb))
        return refuse(build, REFUSE_NO_TENANT, column->name,
                      "Rows of `" SLICE_FMT "` belong to tenants, and the caller is of none",
                      SLICE_ARG(build->resource->config->name.text));
    const struct write_column *key = find(write, column);
    if (key)
        return !is_creation(write->asked->verb) || slice_eq(key->value.text, own.text) ||
               write_refuse_tenant(write, key->value.text);
    struct write_column *tenant = add(write, column);
    tenant->constant = tenant->create_only = true;
    tenant->value = own;
    return true;
}

static void add_key(struct write *write)
{
    const struct resource *resource = write->asked->resource;
    for (unsigned i = 0; write->key && i < resource->key_count; i++) {
        struct write_column *key = add(write, resource->key[i]);
        key->constant = true;
        key->value = write->key[i];
    }
}

/* --- names --- */

static bool is_set(const struct resource *resource, const struct column *column)
{
    for (unsigned i = 0; i < resource->set_count; i++)
        if (resource->set[i].column == column)
            return true;
    return false;
}

static bool check_column(struct build *build, const struct column *column)
{
    if (column->generated)
        return refuse_unwritable(build, column, "is made by the database, and cannot be given");
    if (is_set(build->resource, column))
        return refuse_unwritable(build, column, "is filled in by the server, and cannot be given");
    return true;
}

static bool refuse_name(struct build *build, struct slice name)
{
    (void)refuse_column(build, name, name);
    build->problem->pg_code = SLICE("PGRST204");
    return false;
}

bool write_column_find(struct write *write, struct slice name, unsigned hint, unsigned *ret_at)
{
    struct build *build = &write->listing.build;
    if (hint < write->column_count && slice_eq(write->columns[hint].column->name, name) &&
        !write->columns[hint].constant) {
        *ret_at = hint;
        return true;
    }
    const struct column *column = resource_column(build->resource, name);
    *ret_at = UINT_MAX;
    if (write->columns_fixed && (!column || !find(write, column)))
        return true;
    if (!column)
        return refuse_name(build, name);
    struct write_column *known = find(write, column);
    if (!known && !check_column(build, column))
        return false;
    if (known && known->constant && is_set(build->resource, column))
        return check_column(build, column);
    if (!known)
        known = add(write, column);
    *ret_at = (unsigned)(known - write->columns);
    return true;
}

/* `columns=a,b`: these alone count, whatever else the records hold. */
static bool fix_columns(struct write *write, struct slice text)
{
    struct build *build = &write->listing.build;
    write->columns_fixed = text.data != NULL;
    while (text.data) {
        struct name_item item;
        if (!name_item_take(build->arena, &text, &item) || item.suffix.len)
            return refuse(build, REFUSE_BAD_SELECT, SLICE("columns"),
                          "`columns` is a list of columns, such as `id,name`");
        const struct column *column = resource_column(build->resource, item.name);
        if (!column)
            return refuse_name(build, item.name);
        if (!check_column(build, column))
            return false;
        if (!find(write, column))
            (void)add(write, column);
    }
    return true;
}

static bool read_conflict(struct write *write, struct slice text)
{
    struct build *build = &write->listing.build;
    const struct resource *resource = build->resource;
    write->conflict = resource->key;
    write->conflict_count = resource->key_count;
    if (!text.data)
        return true;
    write->conflict = ARENA_ARRAY(build->arena, const struct column *, resource->column_count + 1);
    write->conflict_count = 0;
    while (text.data) {
        struct name_item item;
        if (!name_item_take(build->arena, &text, &item) || item.suffix.len)
            return refuse(build, REFUSE_BAD_SELECT, SLICE("on_conflict"),
                          "`on_conflict` is a list of columns that are unique together, such as `email`");
        const struct column *column = resource_column(resource, item.name);
        if (!column)
            return refuse_name(build, item.name);
        if (write->conflict_count < resource->column_count)
            write->conflict[write->conflict_count++] = column;
    }
    return true;
}

/* Keys are those of a primary key, or of an index without conditions. */
static bool is_unique(const struct write *write)
{
    const struct resource *resource = write->asked->resource;
    const struct table *table = resource->table;
    if (write->conflict == resource->key)
        return resource->key_count > 0;
    for (unsigned i = 0; i < table->index_count; i++) {
        const struct index *index = &table->indexes[i];
        unsigned found = 0;
        for (unsigned k = 0; k < index->count && index->count == write->conflict_count; k++)
            for (unsigned c = 0; c < write->conflict_count; c++)
                found += index->columns[k] == write->conflict[c]->position;
        if (index->unique && !index->partial && found > 0 && found == index->count)
            return true;
    }
    unsigned found = 0;
    for (unsigned k = 0; k < resource->key_count; k++)
        for (unsigned c = 0; c < write->conflict_count; c++)
            found += resource->key[k] == write->conflict[c];
    return found > 0 && found == write->conflict_count && found == resource->key_count;
}

bool write_columns_begin(struct write *write, struct slice columns, struct slice on_conflict)
{
    struct build *build = &write->listing.build;
    write->stride = build->resource->table->column_count;
    write->columns = ARENA_ARRAY(build->arena, struct write_column, write->stride + 1);
    add_key(write);
    if (!add_tenant(write) || !add_set(write) || !fix_columns(write, columns) ||
        !read_conflict(write, on_conflict))
        return false;
    bool upserts = write->asked->verb == WRITE_POST && write->asked->prefer->resolution != RESOLUTION_NONE;
    if (!upserts || is_unique(write))
        return true;
    refuse(build, REFUSE_BAD_SELECT, SLICE("on_conflict"),
           "`" SLICE_FMT "` has no unique key of these columns, by which a conflict could be told",
           SLICE_ARG(build->resource->config->name.text));
    build->problem->pg_code = SLICE("42P10");
    return false;
}

/* How long the column's value may wait; 0: it may not. */
static int64_t within_ms(const struct resource *resource, const struct column *column)
{
    for (unsigned i = 0; i < resource->config->behind_count; i++)
        if (resource->behind[i] == column)
            return resource->config->behind[i].within_ms;
    return 0;
}

int64_t write_may_wait_ms(const struct write *write)
{
    int64_t least_ms = 0;
    for (unsigned i = 0; i < write->column_count; i++) {
        const struct write_column *column = &write->columns[i];
        if (column->constant || !write_gives(write, column->column))
            continue;
        int64_t ms = within_ms(write->asked->resource, column->column);
        if (ms == 0)
            return 0;
        least_ms = least_ms && least_ms < ms ? least_ms : ms;
    }
    return least_ms;
}
