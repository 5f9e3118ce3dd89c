/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN of a write: a method, a query string and the records of a body → statements, one after the other in one transaction.
 *
 *   write_begin                the query string: which rows (filters, key), what the answer shows (select)
 *   write_add … write_add      records, checked: unknown columns, wrong types
 *   write_statement            the statement for the records since the last; they are forgotten then: a body of any size
 *                              goes through in bundles
 *   write_next                 after it ended: another statement of the same transaction, or none
 *
 *   POST     INSERT; Prefer: resolution= makes it an upsert        one row: VALUES; more: PostgreSQL's unnest() of one array a column, SQLite
 *                                                                  the statement run once a row
 *   PATCH    UPDATE of the rows that the filters or the key say
 *   PUT      UPDATE of the row, and when there is none INSERT: what is not given takes its default (`put: merge`: PATCH of one row)
 *   DELETE   DELETE, or UPDATE of the column that marks
 *
 * What the answer shows comes by RETURNING. Embedded rows: PostgreSQL reads them around the write (WITH … RETURNING), SQLite in a
 * further statement by the keys that were returned.
 * Pure; a write lives in the context's arena, its records in an arena of their own. One thread at a time.
 * Failure: a problem that names the column, the value and the record. */
#ifndef LEAT_QUERY_WRITE_H
#define LEAT_QUERY_WRITE_H

#include "base/record.h"
#include "query/plan.h"
#include "query/prefer.h"

enum write_verb { WRITE_POST, WRITE_PATCH, WRITE_PUT, WRITE_DELETE };

struct write_asked {
    const struct resource *resource;
    enum write_verb verb;
    struct slice id; /* data NULL: the list */
    struct slice query_string;
    const struct prefer *prefer;
    bool shows; /* the answer shows the rows */
    bool names; /* it says where the row is: its key is needed */
    bool
        keeps; /* it is to be kept as the row's own answer: its version is needed; of one row by its key, or named */
};

struct write;

/* context and asked must stay. The arena also frees it: write_end first. */
enum error write_begin(const struct plan_context *context, const struct write_asked *asked,
                       struct write **ret_write, struct problem *ret_problem) must_check;

/* To be called in any case: the records' memory. Takes NULL. */
void write_end(struct write *write);

/* Adds a record. Its slices need to live only during the call. */
enum error write_add(struct write *write, const struct record *record,
                     struct problem *ret_problem) must_check;

/* Enough records for one statement: write_statement is due soon. Some more may be added, those of a piece of the body. */
bool write_is_full(const struct write *write);

/* How large such a piece may be, of bytes_max: the shortest records, `{}`, take room for each of the table's columns. */
size_t write_piece_bytes(const struct write *write, size_t bytes_max);

/* Records added since the last statement. */
unsigned write_pending(const struct write *write);

/* The statement; it stays good until the next write_add. A PATCH or PUT without a record is refused. */
enum error write_statement(struct write *write, struct statement *ret_statement,
                           struct problem *ret_problem) must_check;

/* The statement ended well and changed so many rows. True: there is another one, of the same transaction. */
bool write_next(struct write *write, uint64_t changed, struct statement *ret_statement) must_check;

/* What takes the rows of the present statement; shown: what takes those of the answer. */
struct row_sink write_sink(struct write *write, struct row_sink shown);

/* What the answer's writer needs: columns and, where the key was asked for, its cells as an order. */
const struct plan *write_shown(const struct write *write);

/* Whether what is shown is what a GET of the row shows: it was asked for, and there are columns of its own alone. */
bool write_keeps(const struct write *write);
/* Where the version stands among the order cells of such a row, if the resource has one. */
unsigned write_version_at(const struct write *write);

/* The database refused it and told columns: of a write of one row the problem gets the value, too; where one of them is not shown, a
 * value that the database told is taken away. */
void write_blame(const struct write *write, struct problem *problem);

/* Rows inserted, changed or deleted by the statements that ended, and whether a PUT made its row. */
uint64_t write_changed(const struct write *write);
bool write_created(const struct write *write);

/* The values of the key of the one row that may be written, in the key's order; NULL: it is not said by its key. */
const struct bind *write_key(const struct write *write);

/* Whether rows that are hidden from the caller may stand in the way of an upsert; and, at its end, whether they did. */
bool write_may_be_hindered(const struct write *write);
bool write_is_hindered(const struct write *write);

/* Which of its resource's `raises` the write raises, as bits: those without `when`, and those that a row of the statements that ended
 * meets: as it was written, of a DELETE as it was. */
uint32_t write_raised(const struct write *write);

/* The same of one row of a statement that somebody else sends; at: where its cells say it. */
unsigned write_raises_at(const struct write *write);
uint32_t write_row_raises(const struct resource *resource, const struct slice *cells, unsigned at);
uint32_t write_always_raises(const struct resource *resource);

/* How long what the records give may wait to be written, by `behind:`; 0: not at all, for something of it may not. */
int64_t write_may_wait_ms(const struct write *write);

/* Whether more than the first statement may be needed, however few records there are. */
bool write_goes_on(const struct write *write);

#endif
