/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the catalogue: what catalog.c and views.c share. The answers of the one message, tables in the order of their oids
 * until they are sorted at the end. One thread, blocking. */
#ifndef LEAT_STORE_PG_READING_H
#define LEAT_STORE_PG_READING_H

#include "store/pg/cells.h"
#include "store/pg/types.h"

enum answer {
    ANSWER_BEGIN,
    ANSWER_SETTINGS,
    ANSWER_VERSION,
    ANSWER_TABLES,
    ANSWER_COLUMNS,
    ANSWER_TYPES,
    ANSWER_KEYS,
    ANSWER_INDEXES,
    ANSWER_VIEWS,
    ANSWER_ROLES,
    ANSWER_BASES,
    ANSWER_COMMIT,
    ANSWERS
};

struct reading {
    struct catalog *catalog;
    struct arena *arena;
    PGresult *answers[ANSWERS];
    struct types types;
    Oid *oids; /* of catalog->tables, ascending */
    struct numbers {
        int *positions; /* attnum → position; -1: not to be read */
        long end;
    } * numbers; /* of each table */
};

/* The table of that oid; NULL: one that is not read. */
struct table *reading_table(const struct reading *reading, Oid oid);
/* The table's column of that number; NULL: not to be read, or a system column. */
struct column *reading_column(const struct reading *reading, const struct table *table, int64_t attnum);

/* views.c: asks what the views' columns are, and sets column->origin. What cannot be told has no origin. */
void pg_views_read(struct reading *reading, PGconn *conn, int64_t silence_ms);

/* ---- cells ---- */

static inline struct slice cell(const struct reading *reading, enum answer answer, int row, int column)
{
    return cell_text(reading->answers[answer], row, column);
}

static inline struct slice kept(const struct reading *reading, enum answer answer, int row, int column)
{
    return arena_copy(reading->arena, cell(reading, answer, row, column));
}

static inline long number(const struct reading *reading, enum answer answer, int row, int column)
{
    return cell_number(reading->answers[answer], row, column);
}

static inline bool truth(const struct reading *reading, enum answer answer, int row, int column)
{
    return cell_true(reading->answers[answer], row, column);
}

static inline int rows_of(const struct reading *reading, enum answer answer)
{
    return PQntuples(reading->answers[answer]);
}

#endif
