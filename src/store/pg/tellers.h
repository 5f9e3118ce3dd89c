/* SPDX-License-Identifier: Apache-2.0 */
/* What must stand in a database before it tells what others write: triggers (triggers.h), or a publication for a replication slot.
 * Blocking, each on a connection of its own: at start, at a reload, for commands. Any thread. */
#ifndef LEAT_STORE_PG_TELLERS_H
#define LEAT_STORE_PG_TELLERS_H

#include "store/store.h"

#define PG_PUBLICATION "leat_changes"

extern const char pg_publication_sql[], pg_no_publication_sql[];

/* See store_tellers_run and store_replication_check. */
enum error pg_tellers_run(struct store *store, const char *sql, char ret_why[512]) must_check;
enum error pg_replication_check(struct store *store, char ret_why[512], char ret_unheard[512]) must_check;

#endif
