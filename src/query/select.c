/* SPDX-License-Identifier: Apache-2.0 */
/* `select=` (and its other name `fields=`): plain columns and `*`. See select.h. */
#include "query/select.h"

#include "query/list.h"

bool name_item_take(struct arena *arena, struct slice *rest, struct name_item *ret_item)
{
    PRE(rest->data);
    struct name_item item = {0};
    struct slice trimmed = slice_trim(*rest);
    item.quoted = trimmed.len && trimmed.data[0] == '"';
    if (item.quoted) {
        if (!quoted_take(arena, &trimmed, &item.name))
            return false;
        *rest = trimmed;
        item.suffix = slice_trim(slice_cut(rest, ','));
    } else {
        item.name = slice_trim(slice_cut(rest, ','));
    }
    *ret_item = item;
    return true;
}

/* The list as it grows; `seen` by position in the table. */
struct selection {
    const struct column **columns;
    unsigned count;
    bool *seen;
};

static void add_column(struct selection *selection, const struct column *column)
{
    if (selection->seen[column->position])
        return;
    selection->seen[column->position] = true;
    selection->columns[selection->count++] = column;
}

static bool add_item(struct build *build, const struct name_item *item, struct slice place,
                     struct selection *selection)
{
    const struct resource *resource = build->resource;
    const struct column *column;
    if (item->name.len == 0 || item->suffix.len)
        return refuse(build, REFUSE_BAD_SELECT, place, "`select` is a list of columns, such as `id,name`");
    if (!item->quoted && slice_eq(item->name, SLICE("*"))) {
        for (unsigned i = 0; i < resource->column_count; i++)
            add_column(selection, resource->columns[i]);
        return true;
    }
    if (!build_column(build, item->name, place, &column))
        return false;
    add_column(selection, column);
    return true;
}

bool select_parse(struct build *build, struct slice text, const struct column ***ret_columns,
                  unsigned *ret_count)
{
    const struct resource *resource = build->resource;
    PRE(resource && ret_columns && ret_count);
    struct slice place = SLICE("select");
    unsigned max = build_config(build)->query.select, items = 0;
    if (!text.data) {
        *ret_columns = resource->select;
        *ret_count = resource->select_count;
        return true;
    }
    struct selection selection = {
        .columns = ARENA_ARRAY(build->arena, const struct column *, resource->table->column_count),
        .seen = ARENA_ARRAY(build->arena, bool, resource->table->column_count),
    };
    while (text.data) {
        struct name_item item;
        if (items++ == max)
            return refuse(build, REFUSE_TOO_MUCH, place, "More columns than the limit `query.select` of %u",
                          max);
        if (!name_item_take(build->arena, &text, &item))
            return refuse(build, REFUSE_BAD_SELECT, place, "A quote in `select` is not closed");
        if (!add_item(build, &item, place, &selection))
            return false;
    }
    *ret_columns = selection.columns;
    *ret_count = selection.count;
    return true;
}
