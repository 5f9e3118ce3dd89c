/* SPDX-License-Identifier: Apache-2.0 */
/* Running one statement of a fetch on a reader. Two manners:
 *
 *   inline   rows are kept until the statement is complete, then given to the sink. Over the budget of time
 *            (1 ms) or of memory, or before a lock: RUN_ELSEWHERE, nothing has been given, the same
 *            fetch can run on the pool.
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

/* The fetch ends with what SQLite said last on this connection. */
enum lite_run lite_run_failed(struct lite_reader *reader, struct fetch *fetch, int code);

#endif
