/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a cell from a value of SQLite; rows.h has the table of how each storage class looks. Here, and not in rows.c alone, because
 * tuples.c writes cells too. The numbers are formatted by us and not by sqlite3_column_text, which would allocate and print
 * for each. Failure: as the buf's. Pure. */
#ifndef LEAT_STORE_SQLITE_CELL_H
#define LEAT_STORE_SQLITE_CELL_H

#include <sqlite3.h>

#include "base/buf.h"

void lite_cell_integer(struct buf *to, int64_t value);
/* json: an infinity is a JSON string. */
void lite_cell_real(struct buf *to, double value, bool json);
/* "\\x…" with its quotes. */
void lite_cell_json_blob(struct buf *to, struct slice blob);

/* Any value that is not NULL. json: as one without declared type. */
void lite_cell_value(struct buf *to, sqlite3_value *value, bool json);

#endif
