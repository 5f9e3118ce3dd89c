/* SPDX-License-Identifier: Apache-2.0 */
/* What a constraint of SQLite's refused: status, column and constraint, in the words store/pg has for the same.
 *
 * SQLite tells columns of unique keys and of NOT NULL, the name or text of a CHECK, and of a foreign key nothing at all. So the names
 * of unique keys are looked up among the table's indexes, and of foreign keys those are named that the statement could have broken. Where
 * SQLite keeps no name it is PostgreSQL's for a constraint without one (t_pkey, t_a_b_key, t_a_fkey), as in the catalogue.
 * Values are not told: `value` is left to the caller, who has the binds. The thread of the connection. */
#ifndef LEAT_STORE_SQLITE_REFUSAL_H
#define LEAT_STORE_SQLITE_REFUSAL_H

#include <sqlite3.h>

#include "store/store.h"

/* What a statement does, and to which table: as an authorizer hears of it while the statement is prepared. */
struct lite_target {
    int action; /* SQLITE_INSERT…; 0: nothing yet */
    char table[128];
};

/* For the connection's authorizer to call; the first change that is no trigger's counts. */
void lite_target_note(struct lite_target *target, int action, const char *table, const char *trigger);

/* The problem of a write that has just failed. The connection may be asked PRAGMAs, no limit ends what it is asked, and its authorizer
 * notes in `target`. False: it was no constraint, no RAISE, and nothing that cannot be written. */
bool lite_refused(sqlite3 *db, struct fetch *fetch, int code, struct lite_target *target);

#endif
