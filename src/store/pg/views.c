/* SPDX-License-Identifier: Apache-2.0 */
/* What the columns of views are: the text of each view is prepared and described, never run, all of them in one pipeline. The
 * server tells of each column of the answer which table's column it is as it is, or of none (RowDescription's table and column).
 * When that table is a view again, its own column's origin is meant: views are followed down.
 *
 *   Parse, Describe, Sync │ Parse, Describe, Sync │ …      a view that is refused costs nobody else
 *
 * Failure: a view without origins. Should the connection be lost, so are the origins; the next that is asked of the database
 * will tell. See reading.h. */
#include "base/check.h"
#include "store/pg/ask.h"
#include "store/pg/reading.h"

/* One column of a view's answer: the oid and column number it has by the server; oid 0: none. */
struct source {
    Oid table;
    int attnum;
};

/* As the server told them, by the view's columns; NULL: not told. */
struct sources {
    struct source *of_columns;
};

/* ---- asking ---- */

static bool send_view(PGconn *conn, const char *text)
{
    return PQsendPrepare(conn, "", text, 0, NULL) == 1 && PQsendDescribePrepared(conn, "") == 1 &&
           PQpipelineSync(conn) == 1;
}

static struct source *take_sources(struct reading *reading, const struct table *view,
                                   const PGresult *described)
{
    unsigned count = (unsigned)PQnfields(described);
    struct source *sources = ARENA_ARRAY(reading->arena, struct source, view->column_count);
    for (unsigned i = 0; i < count; i++) {
        const struct column *column = reading_column(reading, view, (int64_t)i + 1);
        if (column)
            sources[column->position] = (struct source){.table = PQftable(described, (int)i),
                                                        .attnum = PQftablecol(described, (int)i)};
    }
    return sources;
}

/* The answers to one view up to its Sync. False: the connection is lost. */
static bool receive_view(struct reading *reading, PGconn *conn, int64_t silence_ms, const struct table *view,
                         struct sources *ret_sources)
{
    unsigned nothings = 0; /* a NULL ends each answer; two in a row: there is no more */
    while (nothings < 2) {
        PGresult *result = pg_ask_next(conn, silence_ms);
        ExecStatusType status = PQresultStatus(result);
        nothings = result ? 0 : nothings + 1;
        if (status == PGRES_COMMAND_OK && PQnfields(result) > 0 && view)
            ret_sources->of_columns = take_sources(reading, view, result);
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC)
            return true;
    }
    return false;
}

static void ask_views(struct reading *reading, PGconn *conn, int64_t silence_ms, struct sources *sources)
{
    int views = rows_of(reading, ANSWER_VIEWS), sent = 0;
    if (views == 0 || PQenterPipelineMode(conn) != 1)
        return;
    while (sent < views && send_view(conn, PQgetvalue(reading->answers[ANSWER_VIEWS], sent, 1)))
        sent++;
    for (int i = 0; i < sent; i++) {
        const struct table *view = reading_table(reading, (Oid)number(reading, ANSWER_VIEWS, i, 0));
        size_t at = view ? (size_t)(view - reading->catalog->tables) : reading->catalog->table_count;
        if (!receive_view(reading, conn, silence_ms, view, &sources[at]))
            return;
    }
}

/* ---- following down ---- */

/* A view's columns came from what was made before it: there is no ring. The bound is for a database that changed between. */
static void settle(struct reading *reading, const struct sources *sources, struct column *column,
                   struct source source)
{
    enum { DEPTH_MAX = 100 };
    for (unsigned depth = 0; source.table != 0 && depth < DEPTH_MAX; depth++) {
        const struct table *table = reading_table(reading, source.table);
        const struct column *base = table ? reading_column(reading, table, source.attnum) : NULL;
        if (!base)
            return;
        if (table->kind != TABLE_VIEW && table->kind != TABLE_MATVIEW) {
            column->origin = table;
            column->origin_column = base->position;
            return;
        }
        const struct source *below = sources[table - reading->catalog->tables].of_columns;
        source = below ? below[base->position] : (struct source){0};
    }
}

void pg_views_read(struct reading *reading, PGconn *conn, int64_t silence_ms)
{
    PRE(reading->catalog && reading->answers[ANSWER_VIEWS]);
    const struct catalog *catalog = reading->catalog;
    struct sources *sources = ARENA_ARRAY(reading->arena, struct sources, catalog->table_count + 1);
    ask_views(reading, conn, silence_ms, sources);
    for (unsigned i = 0; i < catalog->table_count; i++)
        for (unsigned j = 0; sources[i].of_columns && j < catalog->tables[i].column_count; j++)
            settle(reading, sources, &catalog->tables[i].columns[j], sources[i].of_columns[j]);
}
