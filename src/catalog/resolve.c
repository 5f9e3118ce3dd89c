/* SPDX-License-Identifier: Apache-2.0 */
/* Names of tables and columns, found in the catalogue or told with the nearest right one. See resolve.h.
 *
 * A list of names is the URL's grammar: commas between, "double quotes" around a name that holds a comma or a dot. */
#include "catalog/resolve.h"

#include "base/nearest.h"

enum { NAMES_SHOWN_MAX = 12 };

/* "public.users", or "users" where the schema goes without saying. */
static struct slice table_called(const struct resolver *r, const struct table *table)
{
    bool many;
    if (catalog_find(r->catalog, table->name, &many) == table)
        return table->name;
    return arena_format(r->arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(table->schema), SLICE_ARG(table->name));
}

static struct slice tables_listed(const struct resolver *r)
{
    struct slice list = SLICE("");
    for (unsigned i = 0; i < r->catalog->table_count && i < NAMES_SHOWN_MAX; i++)
        list = arena_format(r->arena, SLICE_FMT "%s" SLICE_FMT, SLICE_ARG(list), i ? ", " : "",
                            SLICE_ARG(table_called(r, &r->catalog->tables[i])));
    if (r->catalog->table_count > NAMES_SHOWN_MAX)
        list = arena_format(r->arena, SLICE_FMT ", …", SLICE_ARG(list));
    return list;
}

static void complain_table(const struct resolver *r, const struct word *name)
{
    struct nearest nearest = nearest_begin(name->text);
    for (unsigned i = 0; i < r->catalog->table_count; i++)
        nearest_offer(&nearest, table_called(r, &r->catalog->tables[i]));
    if (nearest.best.data)
        complain(r->complaints, name->at,
                 "the database has no table `" SLICE_FMT "`: did you mean `" SLICE_FMT "`?",
                 SLICE_ARG(name->text), SLICE_ARG(nearest.best));
    else if (r->catalog->table_count == 0)
        complain(r->complaints, name->at, "the database has no table `" SLICE_FMT "`: it has none at all",
                 SLICE_ARG(name->text));
    else
        complain(r->complaints, name->at, "the database has no table `" SLICE_FMT "`; it has " SLICE_FMT,
                 SLICE_ARG(name->text), SLICE_ARG(tables_listed(r)));
}

const struct table *resolve_table(const struct resolver *r, const struct config_resource *resource)
{
    PRE(resource->table.text.data && r->catalog);
    bool many;
    const struct table *table = catalog_find(r->catalog, resource->table.text, &many);
    if (table)
        return table;
    if (many)
        complain(r->complaints, resource->table.at,
                 "several schemas have a table `" SLICE_FMT "`: write `schema." SLICE_FMT "`",
                 SLICE_ARG(resource->table.text), SLICE_ARG(resource->table.text));
    else
        complain_table(r, &resource->table);
    return NULL;
}

struct tables_told resolve_tables(const struct resolver *r, const struct config_tables *named)
{
    struct tables_told tables = {.told = named->told};
    tables.items = ARENA_ARRAY(r->arena, const struct table *, named->count + 1);
    for (unsigned i = 0; i < named->count; i++) {
        struct config_resource one = {.table = named->names[i]};
        const struct table *table = resolve_table(r, &one);
        if (table)
            tables.items[tables.count++] = table;
    }
    return tables;
}

const struct column *resolve_column(const struct resolver *r, const struct columns_known *known,
                                    struct place at, struct slice name)
{
    struct nearest nearest = nearest_begin(name);
    for (unsigned i = 0; i < known->count; i++) {
        if (slice_eq(known->columns[i]->name, name))
            return known->columns[i];
        nearest_offer(&nearest, known->columns[i]->name);
    }
    if (known->table && table_column(known->table, name))
        complain(r->complaints, at, "`" SLICE_FMT "`: the column `" SLICE_FMT "` is hidden by `columns`",
                 SLICE_ARG(known->owner), SLICE_ARG(name));
    else if (nearest.best.data)
        complain(r->complaints, at,
                 "`" SLICE_FMT "` has no column `" SLICE_FMT "`: did you mean `" SLICE_FMT "`?",
                 SLICE_ARG(known->owner), SLICE_ARG(name), SLICE_ARG(nearest.best));
    else
        complain(r->complaints, at, "`" SLICE_FMT "` has no column `" SLICE_FMT "`", SLICE_ARG(known->owner),
                 SLICE_ARG(name));
    return NULL;
}

/* Takes the next name off, without its quotes; what follows it up to the comma is *ret_behind. */
static struct slice next_name(struct slice *rest, bool dots_end, struct slice *ret_behind)
{
    struct slice text = slice_trim(*rest);
    size_t end = 0, name_at = 0, name_end;
    if (slice_starts(text, SLICE("\""))) {
        name_at = 1;
        name_end = 1 + slice_find(slice_skip(text, 1), '"');
        end = name_end < text.len ? name_end + 1 : text.len;
    } else {
        while (end < text.len && text.data[end] != ',' && !(dots_end && text.data[end] == '.'))
            end++;
        name_end = end;
    }
    struct slice behind = slice_skip(text, end);
    size_t comma = slice_find(behind, ',');
    *ret_behind = slice_of(behind.data, comma);
    *rest = comma < behind.len ? slice_skip(behind, comma + 1) : (struct slice){0};
    return slice_trim(slice_of(text.data + name_at, name_end - name_at));
}

bool names_are_plain(struct slice names)
{
    for (bool quoted = false; names.len; names = slice_skip(names, 1)) {
        quoted ^= names.data[0] == '"';
        if (!quoted &&
            ((names.data[0] && strchr("(){}:!", names.data[0])) || slice_starts(names, SLICE("->"))))
            return false;
    }
    return true;
}

unsigned resolve_names(const struct resolver *r, const struct columns_known *known, const struct word *names,
                       const char *what, const struct column ***ret_columns)
{
    size_t most = known->count + names->text.len + 1;
    const struct column **columns = ARENA_ARRAY(r->arena, const struct column *, most);
    unsigned count = 0;
    *ret_columns = columns;
    if (!names_are_plain(names->text)) {
        complain(r->complaints, names->at, "`%s`: found `" SLICE_FMT "`, expected names of columns", what,
                 SLICE_ARG(names->text));
        return 0;
    }
    for (struct slice rest = names->text, behind; rest.data;) {
        struct slice name = slice_trim(next_name(&rest, false, &behind));
        if (slice_eq(name, SLICE("*"))) {
            for (unsigned i = 0; i < known->count && count < most; i++)
                columns[count++] = known->columns[i];
            continue;
        }
        const struct column *column = resolve_column(r, known, names->at, name);
        for (unsigned i = 0; i < count && column; i++)
            if (columns[i] == column)
                column = NULL;
        if (column && count < most)
            columns[count++] = column;
    }
    POST(count <= most);
    return count;
}

struct columns_known resolve_known(const struct resolver *r, const struct config_resource *config,
                                   const struct table *table)
{
    PRE(table);
    const struct column **all = ARENA_ARRAY(r->arena, const struct column *, table->column_count + 1);
    for (unsigned i = 0; i < table->column_count; i++)
        all[i] = &table->columns[i];
    return (struct columns_known){.owner = config->name.text, .columns = all, .count = table->column_count};
}

void resolve_marks(const struct resolver *r, const struct config_resource *config, const struct table *table,
                   const struct word *names, bool *exposed)
{
    struct columns_known known = resolve_known(r, config, table);
    struct slice rest = names->text.data ? names->text : SLICE("*"), behind;
    while (rest.data) {
        rest = slice_trim(rest);
        bool hides = slice_starts(rest, SLICE("-"));
        rest = slice_skip(rest, hides);
        struct slice name = next_name(&rest, false, &behind);
        if (slice_eq(name, SLICE("*"))) {
            memset(exposed, !hides, table->column_count);
            continue;
        }
        const struct column *column = resolve_column(r, &known, names->at, name);
        if (column)
            exposed[column->position] = !hides;
    }
}

void resolve_exposed(const struct resolver *r, const struct config_resource *config,
                     struct resource *resource)
{
    const struct table *table = resource->table;
    PRE(resource->column_count == 0);
    resource->columns = ARENA_ARRAY(r->arena, const struct column *, table->column_count + 1);
    bool *all = ARENA_ARRAY(r->arena, bool, table->column_count + 1);
    if (config->columns_of_count == 0)
        resolve_marks(r, config, table, &config->columns, all);
    for (unsigned i = 0; i < config->columns_of_count; i++) {
        bool *some = ARENA_ARRAY(r->arena, bool, table->column_count + 1);
        resolve_marks(r, config, table, &config->columns_of[i].names, some);
        for (unsigned at = 0; at < table->column_count; at++)
            all[at] |= some[at];
    }
    for (unsigned i = 0; i < table->column_count; i++)
        if (all[i])
            resource->columns[resource->column_count++] = &table->columns[i];
    if (resource->column_count == 0)
        complain(r->complaints, config->columns.text.data ? config->columns.at : config->at,
                 "`" SLICE_FMT "` shows no column: begin `columns` with `*`, or name some",
                 SLICE_ARG(config->name.text));
}

/* `.desc.nullslast`, in this order, each at most once. */
static bool read_direction(struct slice words, struct order_term *term)
{
    term->descending = false;
    if (slice_starts(words, SLICE(".desc")) || slice_starts(words, SLICE(".asc"))) {
        term->descending = words.data[1] == 'd';
        words = slice_skip(words, term->descending ? 5 : 4);
    }
    term->nulls_first = term->descending;
    if (slice_eq(words, SLICE(".nullsfirst")) || slice_eq(words, SLICE(".nullslast"))) {
        term->nulls_first = slice_ends(words, SLICE("first"));
        return true;
    }
    return words.len == 0;
}

static bool resolve_term(const struct resolver *r, const struct columns_known *known,
                         const struct word *order, struct slice name, struct slice direction,
                         struct order_term *ret_term)
{
    if (!read_direction(slice_trim(direction), ret_term)) {
        complain(r->complaints, order->at,
                 "`order`: found `" SLICE_FMT "` behind `" SLICE_FMT
                 "`, expected `.asc` or `.desc`, then `.nullsfirst` or `.nullslast`",
                 SLICE_ARG(direction), SLICE_ARG(name));
        return false;
    }
    ret_term->column = resolve_column(r, known, order->at, name);
    if (ret_term->column && !ret_term->column->type.orderable) {
        complain(r->complaints, order->at,
                 "`order`: the column `" SLICE_FMT "` has no order, being of type " SLICE_FMT,
                 SLICE_ARG(name), SLICE_ARG(ret_term->column->type.name));
        return false;
    }
    return ret_term->column;
}

unsigned resolve_order(const struct resolver *r, const struct columns_known *known, const struct word *order,
                       struct order_term **ret_terms)
{
    struct order_term *terms = ARENA_ARRAY(r->arena, struct order_term, order->text.len + 2);
    unsigned count = 0;
    for (struct slice rest = order->text, behind; rest.data;) {
        struct slice name = next_name(&rest, true, &behind);
        bool resolved = resolve_term(r, known, order, name, behind, &terms[count]);
        for (unsigned i = 0; resolved && i < count; i++)
            if (terms[i].column == terms[count].column)
                complain(r->complaints, order->at, "`order` names `" SLICE_FMT "` twice", SLICE_ARG(name));
        count += resolved;
    }
    *ret_terms = terms;
    POST(count <= order->text.len + 1);
    return count;
}
