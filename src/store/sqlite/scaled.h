/* SPDX-License-Identifier: Apache-2.0 */
/* The type of a result column: as declared, and for DECIMAL(p,s) as it is used. */
#ifndef LEAT_STORE_SQLITE_SCALED_H
#define LEAT_STORE_SQLITE_SCALED_H

#include <sqlite3.h>

#include "catalog/catalog.h"

/* DECIMAL(p,s) is VALUE_DECIMAL, an integer of units of 10^-s, unless a real is found among the first SCALED_ROWS of the
 * column it comes from: then other software writes it, and it is VALUE_NUMERIC, whatever number it holds. */
struct type lite_column_type(sqlite3 *db, struct arena *arena, sqlite3_stmt *stmt, int at);

#endif
