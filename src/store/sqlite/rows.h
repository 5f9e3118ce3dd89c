/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on their way from a statement to a sink: each value as the text of a cell.
 *
 *   storage class   declared column          a column without declared type (count(*), avg(x)…): ready JSON
 *   INTEGER         decimal digits           the same
 *   REAL            the shortest digits      the same; an infinity as "Infinity"
 *   TEXT            its bytes                a JSON string; what is not UTF-8 becomes U+FFFD
 *   BLOB            its bytes                "\\x…"
 *   NULL            data NULL                data NULL
 *
 * A column named leat_tuple… has a BLOB's bytes too (tuples.h).
 *
 * Why rows are kept at all: an inline run hands its rows over only once it is complete, so that one which
 * takes too long can be run again elsewhere without a row given twice. Offloaded rows are added and given
 * one by one. Ownership: cells point into the rows' own memory, or (not copied) into the statement's until
 * its next step. Failure: rows_add returns false when memory or the cap is out. One thread at a time. */
#ifndef LEAT_STORE_SQLITE_ROWS_H
#define LEAT_STORE_SQLITE_ROWS_H

#include <sqlite3.h>

#include "base/buf.h"
#include "store/store.h"

struct lite_span {
    const char *direct; /* not NULL: the statement's own bytes */
    size_t at, len;     /* else in `bytes`; at SIZE_MAX: NULL */
};

struct lite_rows {
    struct buf bytes;
    struct lite_span *spans;
    size_t span_count, span_cap, span_max;
    struct slice *cells; /* of the row being given */
    unsigned cell_cap;
    unsigned columns;
};

/* bytes_max: of all the cells' text kept at a time; cells_max: their number. */
void lite_rows_init(struct lite_rows *rows, size_t bytes_max, size_t cells_max);
void lite_rows_done(struct lite_rows *rows);

/* Forgets all; the rows that follow have so many columns. False: out of memory. */
bool lite_rows_begin(struct lite_rows *rows, unsigned columns) must_check;

/* Adds the row the statement stands on. dynamic[i]: column i has no declared type. copy: the cells outlive
 * the next step. */
bool lite_rows_add(struct lite_rows *rows, sqlite3_stmt *stmt, const bool *dynamic, bool copy) must_check;

/* Hands all rows to the sink and forgets them; false when it wanted no more. *given counts. */
bool lite_rows_give(struct lite_rows *rows, const struct row_sink *sink, unsigned *given) must_check;

#endif
