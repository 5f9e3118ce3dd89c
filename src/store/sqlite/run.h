/* SPDX-License-Identifier: Apache-2.0 */
/* Running one statement of a fetch on a reader. Three manners:
 *
 *   inline   rows are kept until the statement is complete, then given to the sink. Over the budget of time
 *            (1 ms) or of memory, or before a lock: RUN_ELSEWHERE, nothing has been given, the same
 *            fetch can run on the pool.
 *   write    within a transaction of the caller's (group.c)
 *   pool     each row is given as it comes; the statement ends at reader->limit, by cancelling, or when the
 *            sink has enough.
 *
 * The fetch's problem and rows are set; its times and lane are the caller's. The reader's thread. */
#ifndef LEAT_STORE_SQLITE_RUN_H
#define LEAT_STORE_SQLITE_RUN_H

#include "store/sqlite/reader.h"
#include "store/store.h"

enum lite_run {
    RUN_DONE,      /* fetch->problem tells how it ended */
    RUN_BROKEN,    /* the same, and the connection is to be opened anew */
    RUN_ELSEWHERE, /* of inline ones: to be run on the pool */
};

/* Its lane has been asked already; started: now. Within a guarded section (guard.h). */
enum lite_run lite_run_inline(struct lite_reader *reader, struct lite_statement *statement,
                              struct fetch *fetch, struct mono started) must_check;

enum lite_run lite_run_pool(struct lite_reader *reader, struct fetch *fetch) must_check;

/* The rows of a write: kept until its commit, so that it can be run again; or, when they are many or somebody is to be asked what
 * comes next, given as they come. */
struct lite_harvest {
    struct lite_rows rows;
    bool keeps;  /* none was given yet */
    bool enough; /* the sink wants no more; the write goes on */
};

/* Zero it once. bytes_max: of one row, and of what is kept beside. */
void lite_harvest_begin(struct lite_harvest *harvest, bool keeps, size_t bytes_max);
/* What is kept is given, or forgotten. */
void lite_harvest_end(struct lite_harvest *harvest, struct fetch *fetch, bool give);

/* A write's statement, all its runs: their rows, and fetch->changed. SQLITE_DONE, or the code it failed with; then `changed` is
 * how many runs ended well. */
int lite_run_write(struct lite_reader *reader, struct fetch *fetch, struct lite_harvest *harvest) must_check;

/* SQLITE_FULL for what SQLite does not know as such, as over a quota; to be asked at once, else the code. */
int lite_code_meant(sqlite3 *db, int code);

/* The fetch ends with what SQLite said last on this connection. */
enum lite_run lite_run_failed(struct lite_reader *reader, struct fetch *fetch, int code);

#endif
