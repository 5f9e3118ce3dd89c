/* SPDX-License-Identifier: Apache-2.0 */
/* What only the text of a CREATE statement tells, and what a trial tells: CHECKs of tables; of views, which columns are a table's
 * as they are, and what may be written to. catalog.c has the rest and the rules.
 *
 * A view's origins are those of its `SELECT *` (sqlite3_column_origin_name), which SQLite follows down to the base table. Of a
 * compound (UNION…) it tells those of one part as if they were all: a view in which such a word stands, or the name of a view
 * that has none for that reason, has no origins.
 * Whether a view may be written to (it has INSTEAD OF triggers) is seen by preparing such a statement, which is never run. */
#include <limits.h>

#include "base/buf.h"
#include "base/check.h"
#include "store/sqlite/catalog.h"
#include "store/sqlite/token.h"

/* ---- CHECKs ---- */

/* CHECK and CONSTRAINT are reserved: unquoted they are nothing else, be it a column's or the table's. checks NULL: counts them. */
static unsigned cut_checks(struct arena *arena, struct slice text, struct check_constraint *checks)
{
    struct slice token, name = {0};
    enum lite_token kind;
    unsigned count = 0;
    while ((kind = lite_token_next(&text, &token)) != LITE_TOKEN_END) {
        bool word = kind == LITE_TOKEN_WORD;
        if (word && slice_eq_nocase(token, SLICE("CONSTRAINT"))) {
            lite_token_next(&text, &name);
            continue;
        }
        if (word && slice_eq_nocase(token, SLICE("CHECK")) &&
            lite_token_next(&text, &token) == LITE_TOKEN_OTHER && slice_eq(token, SLICE("("))) {
            struct slice expression = lite_token_parentheses(&text, token);
            if (checks)
                checks[count] =
                    (struct check_constraint){.name = name.len ? lite_token_name(arena, name) : SLICE(""),
                                              .expression = arena_copy(arena, expression)};
            count++;
        }
        name = (struct slice){0};
    }
    return count;
}

static void load_checks(struct lite_loader *loader, struct table *table, struct slice text)
{
    struct arena *arena = &loader->catalog->arena;
    table->check_count = cut_checks(arena, text, NULL);
    table->checks = ARENA_ARRAY(arena, struct check_constraint, table->check_count + 1);
    unsigned cut = cut_checks(arena, text, table->checks);
    POST(cut == table->check_count);
}

/* ---- views ---- */

static bool is_one_of(const struct catalog *catalog, const bool *marked, struct slice name)
{
    for (unsigned i = 0; i < catalog->table_count; i++)
        if (marked[i] && slice_eq_nocase(catalog->tables[i].name, name))
            return true;
    return false;
}

/* Whether a word stands in the text that makes it a compound, or the name of a view without origins. */
static bool has_no_origins(const struct lite_loader *loader, struct arena *arena, struct slice text,
                           const bool *without)
{
    struct slice token;
    enum lite_token kind;
    while ((kind = lite_token_next(&text, &token)) != LITE_TOKEN_END) {
        if (kind == LITE_TOKEN_WORD &&
            (slice_eq_nocase(token, SLICE("UNION")) || slice_eq_nocase(token, SLICE("INTERSECT")) ||
             slice_eq_nocase(token, SLICE("EXCEPT"))))
            return true;
        if (kind != LITE_TOKEN_OTHER && is_one_of(loader->catalog, without, lite_token_name(arena, token)))
            return true;
    }
    return false;
}

static void load_origins(struct lite_loader *loader, struct table *view)
{
    sqlite3_stmt *star = lite_loader_star(loader, view);
    for (unsigned i = 0; star && i < view->column_count; i++) {
        const char *database = sqlite3_column_database_name(star, (int)i);
        const char *table = sqlite3_column_table_name(star, (int)i);
        const char *name = sqlite3_column_origin_name(star, (int)i);
        const struct table *origin = database && table && strcmp(database, "main") == 0
                                         ? lite_loader_table(loader->catalog, slice_str(table))
                                         : NULL;
        unsigned position = origin && name ? lite_loader_position(origin, slice_str(name)) : UINT_MAX;
        if (position == UINT_MAX || origin->kind == TABLE_VIEW)
            continue;
        view->columns[i].origin = origin;
        view->columns[i].origin_column = position;
    }
    sqlite3_finalize(star);
}

/* ---- trials ---- */

static bool can_be_prepared(sqlite3 *db, const struct buf *sql)
{
    sqlite3_stmt *stmt = NULL;
    bool good = !sql->failed && sqlite3_prepare_v2(db, sql->data, (int)sql->len, &stmt, NULL) == SQLITE_OK;
    sqlite3_finalize(stmt);
    return good;
}

static void try_writing(struct lite_loader *loader, struct table *table)
{
    struct buf sql;
    buf_init(&sql, 1 << 20);
    buf_format(&sql, "INSERT INTO " SLICE_FMT " DEFAULT VALUES", SLICE_ARG(table->sql));
    table->insertable = can_be_prepared(loader->db, &sql);
    buf_clear(&sql);
    buf_format(&sql, "DELETE FROM " SLICE_FMT, SLICE_ARG(table->sql));
    table->deletable = can_be_prepared(loader->db, &sql);
    buf_clear(&sql);
    buf_format(&sql, "UPDATE " SLICE_FMT " SET ", SLICE_ARG(table->sql));
    for (unsigned i = 0; i < table->column_count; i++)
        buf_format(&sql, "%s" SLICE_FMT " = NULL", i ? ", " : "", SLICE_ARG(table->columns[i].sql));
    table->updatable = can_be_prepared(loader->db, &sql);
    buf_done(&sql);
}

/* ---- all of it ---- */

/* The text that made it; empty: none. */
static struct slice text_of(struct lite_loader *loader, const struct table *table)
{
    unsigned rows;
    struct slice text = SLICE("");
    if (lite_loader_rows(loader->texts, table->name, &rows) && rows == 1 &&
        sqlite3_step(loader->texts) == SQLITE_ROW)
        text = lite_loader_text(loader, loader->texts, 0);
    sqlite3_reset(loader->texts);
    return text;
}

/* A view may be named before another that it reads: until nothing changes. */
static void find_compounds(struct lite_loader *loader, const struct slice *texts, bool *without)
{
    struct arena arena;
    arena_init(&arena, 4096);
    for (bool again = true; again;) {
        again = false;
        for (unsigned i = 0; i < loader->catalog->table_count; i++) {
            bool view = loader->catalog->tables[i].kind == TABLE_VIEW;
            if (view && !without[i] && has_no_origins(loader, &arena, texts[i], without))
                without[i] = again = true;
            arena_reset(&arena);
        }
    }
    arena_done(&arena);
}

void lite_load_made(struct lite_loader *loader)
{
    struct catalog *catalog = loader->catalog;
    bool *without = ARENA_ARRAY(&catalog->arena, bool, catalog->table_count + 1);
    struct slice *texts = ARENA_ARRAY(&catalog->arena, struct slice, catalog->table_count + 1);
    for (unsigned i = 0; i < catalog->table_count; i++)
        texts[i] = text_of(loader, &catalog->tables[i]);
    find_compounds(loader, texts, without);
    for (unsigned i = 0; i < catalog->table_count; i++) {
        struct table *table = &catalog->tables[i];
        table->insertable = table->updatable = table->deletable = true;
        if (table->kind == TABLE_TABLE)
            load_checks(loader, table, texts[i]);
        else
            try_writing(loader, table);
        if (table->kind == TABLE_VIEW && !without[i])
            load_origins(loader, table);
    }
}
