/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue's indexes and foreign keys. catalog.c has the rest and the rules. */
#include <limits.h>

#include "base/check.h"
#include "store/sqlite/catalog.h"

/* ---- indexes ---- */

/* pragma_index_xinfo: cid (-1: the rowid, -2: an expression), desc. */
static bool load_index_columns(struct lite_loader *loader, const struct table *table, struct index *index)
{
    unsigned count;
    if (!lite_loader_rows(loader->index_columns, index->name, &count))
        return false;
    index->columns = ARENA_ARRAY(&loader->catalog->arena, unsigned, count);
    index->descending = ARENA_ARRAY(&loader->catalog->arena, bool, count);
    while (sqlite3_step(loader->index_columns) == SQLITE_ROW && index->count < count) {
        int position = sqlite3_column_int(loader->index_columns, 0);
        bool known = position >= 0 && (unsigned)position < table->column_count;
        index->columns[index->count] = known ? (unsigned)position : UINT_MAX;
        index->descending[index->count++] = sqlite3_column_int(loader->index_columns, 1) != 0;
    }
    sqlite3_reset(loader->index_columns);
    return true;
}

/* pragma_index_list: name, unique, origin (c: CREATE INDEX, u: UNIQUE, pk), partial. */
static bool load_index(struct lite_loader *loader, struct table *table)
{
    sqlite3_stmt *stmt = loader->indexes;
    struct index *index = &table->indexes[table->index_count++];
    index->name = lite_loader_text(loader, stmt, 0);
    index->unique = sqlite3_column_int(stmt, 1) != 0;
    index->primary = slice_eq(lite_loader_text(loader, stmt, 2), SLICE("pk"));
    index->partial = sqlite3_column_int(stmt, 3) != 0;
    index->method = SLICE("btree");
    return load_index_columns(loader, table, index);
}

/* A table is itself the index of its rowid; it has no name. */
static void add_rowid(struct lite_loader *loader, struct table *table)
{
    struct index *index = &table->indexes[table->index_count++];
    *index = (struct index){
        .unique = true, .primary = true, .count = 1, .name = SLICE(""), .method = SLICE("btree")};
    index->columns = ARENA_NEW(&loader->catalog->arena, unsigned);
    index->descending = ARENA_NEW(&loader->catalog->arena, bool);
    index->columns[0] = table->key[0];
}

bool lite_load_indexes(struct lite_loader *loader, struct table *table)
{
    unsigned count;
    if (!lite_loader_rows(loader->indexes, table->name, &count))
        return false;
    table->indexes = ARENA_ARRAY(&loader->catalog->arena, struct index, count + 1);
    bool good = true, primary = false;
    while (good && sqlite3_step(loader->indexes) == SQLITE_ROW && table->index_count < count) {
        good = load_index(loader, table);
        primary |= table->indexes[table->index_count - 1].primary;
    }
    sqlite3_reset(loader->indexes);
    if (!primary && table->key_count == 1 && table->kind == TABLE_TABLE)
        add_rowid(loader, table);
    return good;
}

/* ---- foreign keys ---- */

static bool acts(struct slice action)
{
    return !slice_eq(action, SLICE("NO ACTION")) && !slice_eq(action, SLICE("RESTRICT"));
}

/* SQLite does not tell a constraint's name; this is PostgreSQL's for one without. */
static struct slice name_of(struct lite_loader *loader, const struct foreign_key *key)
{
    struct slice name = key->table->name;
    for (unsigned i = 0; i < key->count; i++)
        name = arena_format(&loader->catalog->arena, SLICE_FMT "_" SLICE_FMT, SLICE_ARG(name),
                            SLICE_ARG(key->table->columns[key->columns[i]].name));
    return arena_format(&loader->catalog->arena, SLICE_FMT "_fkey", SLICE_ARG(name));
}

/* One column pair: from → to; a `to` that is left out means the target's primary key. False: a column is
 * not there. */
static bool add_pair(struct lite_loader *loader, struct foreign_key *key)
{
    sqlite3_stmt *stmt = loader->foreign_keys;
    unsigned from = lite_loader_position(key->table, lite_loader_text(loader, stmt, 2));
    unsigned to = UINT_MAX;
    if (sqlite3_column_type(stmt, 3) != SQLITE_NULL)
        to = lite_loader_position(key->target, lite_loader_text(loader, stmt, 3));
    else if (key->count < key->target->key_count)
        to = key->target->key[key->count];
    if (from == UINT_MAX || to == UINT_MAX)
        return false;
    key->columns[key->count] = from;
    key->target_columns[key->count++] = to;
    return true;
}

static void begin_key(struct lite_loader *loader, struct foreign_key *key, struct table *table,
                      unsigned columns_max)
{
    sqlite3_stmt *stmt = loader->foreign_keys;
    *key =
        (struct foreign_key){.table = table,
                             .target = lite_loader_table(loader->catalog, lite_loader_text(loader, stmt, 1))};
    key->columns = ARENA_ARRAY(&loader->catalog->arena, unsigned, columns_max);
    key->target_columns = ARENA_ARRAY(&loader->catalog->arena, unsigned, columns_max);
    key->on_update_acts = acts(lite_loader_text(loader, stmt, 4));
    key->on_delete_acts = acts(lite_loader_text(loader, stmt, 5));
}

/* The keys that are whole, into `keys`; returns how many. One whose table or column is not there is left
 * out. */
static unsigned load_keys_of(struct lite_loader *loader, struct table *table, struct foreign_key *keys,
                             unsigned rows)
{
    unsigned count = 0;
    int id = -1;
    bool whole = false;
    for (unsigned row = 0; row < rows && sqlite3_step(loader->foreign_keys) == SQLITE_ROW; row++) {
        if (sqlite3_column_int(loader->foreign_keys, 0) != id) {
            count += whole;
            id = sqlite3_column_int(loader->foreign_keys, 0);
            begin_key(loader, &keys[count], table, rows);
            whole = keys[count].target != NULL;
        }
        whole = whole && add_pair(loader, &keys[count]);
    }
    sqlite3_reset(loader->foreign_keys);
    return count + whole;
}

static bool load_table_keys(struct lite_loader *loader, struct table *table)
{
    struct catalog *catalog = loader->catalog;
    unsigned rows;
    if (!lite_loader_rows(loader->foreign_keys, table->name, &rows))
        return false;
    struct foreign_key *keys = ARENA_ARRAY(&catalog->arena, struct foreign_key, rows);
    table->foreign_key_count = load_keys_of(loader, table, keys, rows);
    table->foreign_keys = ARENA_ARRAY(&catalog->arena, struct foreign_key *, table->foreign_key_count);
    for (unsigned i = 0; i < table->foreign_key_count; i++) {
        keys[i].name = name_of(loader, &keys[i]);
        table->foreign_keys[i] = &keys[i];
    }
    catalog->foreign_key_count += table->foreign_key_count;
    return true;
}

/* catalog->foreign_keys is one array: the tables' keys are moved into it. */
static void gather(struct catalog *catalog)
{
    catalog->foreign_keys = ARENA_ARRAY(&catalog->arena, struct foreign_key, catalog->foreign_key_count);
    unsigned at = 0;
    for (struct table *table = catalog->tables; table < catalog->tables + catalog->table_count; table++)
        for (unsigned i = 0; i < table->foreign_key_count; i++) {
            catalog->foreign_keys[at] = *table->foreign_keys[i];
            table->foreign_keys[i] = &catalog->foreign_keys[at++];
        }
    POST(at == catalog->foreign_key_count);
}

bool lite_load_foreign_keys(struct lite_loader *loader)
{
    for (unsigned i = 0; i < loader->catalog->table_count; i++)
        if (loader->catalog->tables[i].kind == TABLE_TABLE &&
            !load_table_keys(loader, &loader->catalog->tables[i]))
            return false;
    gather(loader->catalog);
    return true;
}
