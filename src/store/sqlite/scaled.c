/* SPDX-License-Identifier: Apache-2.0 */
/* Are the integers of a DECIMAL(p,s) column scaled? The declaration cannot tell: with SQLite's NUMERIC affinity other software's
 * 12.00 is stored as the integer 12, which we would take for 0.12. But its 12.50 is stored as a real, which a column of ours never
 * holds. So a few rows are looked at when the catalogue is read.
 * Failure: what cannot be looked at is taken as declared. */
#include "store/sqlite/scaled.h"

#include "store/sqlite/declared.h"

#define SCALED_ROWS "1000"

static bool holds_a_real(sqlite3 *db, const char *table, const char *column)
{
    char *text = sqlite3_mprintf("SELECT 1 FROM (SELECT \"%w\" AS v FROM main.\"%w\" LIMIT " SCALED_ROWS
                                 ") WHERE typeof(v) = 'real' LIMIT 1",
                                 column, table);
    sqlite3_stmt *stmt = NULL;
    bool found = text != NULL && sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK &&
                 sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_finalize(stmt);
    sqlite3_free(text);
    return found;
}

struct type lite_column_type(sqlite3 *db, struct arena *arena, sqlite3_stmt *stmt, int at)
{
    struct type type = lite_declared_type(arena, sqlite3_column_decltype(stmt, at));
    if (type.kind != VALUE_DECIMAL)
        return type;
    const char *table = sqlite3_column_table_name(stmt, at), *column = sqlite3_column_origin_name(stmt, at);
    if (table != NULL && column != NULL && holds_a_real(db, table, column))
        return lite_declared_type(arena, "NUMERIC");
    return type;
}
