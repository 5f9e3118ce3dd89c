/* SPDX-License-Identifier: Apache-2.0 */
/* What views read: `SELECT *` of each is prepared, never run, and SQLite tells its authorizer of each table that is read, through
 * views to the ground. catalog.c has the rest and the rules.
 *
 * What is no table of the catalogue and none of SQLite's own is not known: who depends on it depends on every write. */
#include "base/check.h"
#include "store/sqlite/catalog.h"

struct watching {
    struct lite_loader *loader;
    struct table *table; /* the view */
};

/* Of SQLite itself, whose rows change with the schema, or are made of arguments. */
static bool is_of_sqlite(struct slice name)
{
    static const struct slice begins[] = {SLICE_INIT("sqlite_"), SLICE_INIT("json_"), SLICE_INIT("pragma_")};
    for (unsigned i = 0; i < ARRAY_LEN(begins); i++)
        if (slice_starts(name, begins[i]))
            return true;
    return false;
}

static int on_read(void *context, int action, const char *name, const char *b, const char *c, const char *d)
{
    (void)b, (void)c, (void)d;
    struct watching *watching = context;
    struct lite_loader *loader = watching->loader;
    if (action != SQLITE_READ || !name)
        return SQLITE_OK;
    struct table *base = lite_loader_table(loader->catalog, slice_str(name));
    if (base && base->kind != TABLE_VIEW)
        table_note_base(&loader->catalog->arena, watching->table, base);
    else if (!base && !is_of_sqlite(slice_str(name)))
        watching->table->bases_unknown = true;
    return SQLITE_OK;
}

void lite_load_views(struct lite_loader *loader)
{
    struct watching watching = {.loader = loader};
    sqlite3_set_authorizer(loader->db, on_read, &watching);
    for (unsigned i = 0; i < loader->catalog->table_count; i++) {
        struct table *table = &loader->catalog->tables[i];
        table->bases_unknown =
            table->kind == TABLE_FOREIGN; /* a virtual table may read another: FTS5's content */
        if (table->kind != TABLE_VIEW)
            continue;
        watching.table = table;
        sqlite3_stmt *star = lite_loader_star(loader, table);
        table->bases_unknown = table->bases_unknown || !star;
        sqlite3_finalize(star);
    }
    sqlite3_set_authorizer(loader->db, NULL, NULL);
}
