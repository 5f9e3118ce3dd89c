/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue's own small part: made empty, asked by name, freed. The stores fill it (store/pg, store/sqlite).
 *
 * Cannot fail. A catalogue is filled by one thread, then only read. */
#include "catalog/catalog.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"

struct catalog *catalog_new(enum dialect dialect)
{
    struct catalog *catalog = mem_must(sizeof *catalog);
    arena_init(&catalog->arena, 64 * 1024);
    catalog->dialect = dialect;
    return catalog;
}

void catalog_free(struct catalog *catalog)
{
    if (!catalog)
        return;
    arena_done(&catalog->arena);
    mem_free(catalog);
}

/* The schema whose tables need not be called by it. */
static bool is_home(const struct catalog *catalog, const struct table *table)
{
    return slice_eq(table->schema, catalog->dialect == DIALECT_PG ? SLICE("public") : SLICE("main"));
}

static const struct table *find_bare(const struct catalog *catalog, struct slice name, bool *ret_many)
{
    const struct table *found = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        if (!slice_eq(table->name, name))
            continue;
        if (is_home(catalog, table))
            return table;
        found = table;
        count++;
    }
    *ret_many = count > 1;
    return count == 1 ? found : NULL;
}

const struct table *catalog_table(const struct catalog *catalog, struct slice schema, struct slice name)
{
    PRE(catalog);
    for (unsigned i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        if (slice_eq(table->name, name) && slice_eq(table->schema, schema))
            return table;
    }
    return NULL;
}

const struct table *catalog_find(const struct catalog *catalog, struct slice name, bool *ret_many)
{
    PRE(catalog && ret_many);
    *ret_many = false;
    const struct table *table = find_bare(catalog, name, ret_many);
    size_t dot = slice_find(name, '.');
    if (table || *ret_many || dot == name.len)
        return table;
    return catalog_table(catalog, slice_of(name.data, dot), slice_skip(name, dot + 1));
}

const struct column *table_column(const struct table *table, struct slice name)
{
    PRE(table);
    for (unsigned i = 0; i < table->column_count; i++)
        if (slice_eq(table->columns[i].name, name))
            return &table->columns[i];
    return NULL;
}

struct slice identifier_quote(struct arena *arena, struct slice name)
{
    char *quoted = arena_alloc(arena, 2 * name.len + 3), *to = quoted;
    *to++ = '"';
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '"')
            *to++ = '"';
        *to++ = name.data[i];
    }
    *to++ = '"';
    *to = 0;
    POST((size_t)(to - quoted) <= 2 * name.len + 2);
    return slice_of(quoted, (size_t)(to - quoted));
}

void column_names_make(struct arena *arena, struct column *column)
{
    PRE(column && column->name.data);
    struct buf json;
    buf_init(&json, 6 * column->name.len + 16);
    buf_json(&json, column->name);
    buf_byte(&json, ':');
    arena->failed = arena->failed || json.failed; /* its size is enough: it can only be memory */
    column->json = arena_copy(arena, buf_slice(&json));
    column->sql = identifier_quote(arena, column->name);
    buf_done(&json);
}

/* Counted first, then each table's have their place. */
void catalog_link_references(struct catalog *catalog)
{
    PRE(catalog);
    struct foreign_key **next =
        ARENA_ARRAY(&catalog->arena, struct foreign_key *, catalog->foreign_key_count + 1);
    for (unsigned i = 0; i < catalog->foreign_key_count; i++)
        catalog->foreign_keys[i].target->reference_count++;
    for (unsigned i = 0; i < catalog->table_count; i++) {
        struct table *table = &catalog->tables[i];
        table->references = next;
        next += table->reference_count;
        table->reference_count = 0;
    }
    for (unsigned i = 0; i < catalog->foreign_key_count; i++) {
        struct table *target = catalog->foreign_keys[i].target;
        target->references[target->reference_count++] = &catalog->foreign_keys[i];
    }
}

void table_note_base(struct arena *arena, struct table *view, const struct table *base)
{
    PRE(view && base && view != base);
    for (unsigned i = 0; i < view->base_count; i++)
        if (view->bases[i] == base)
            return;
    ARENA_GROW(arena, view->bases, view->base_count, view->base_room);
    view->bases[view->base_count++] = base;
}
