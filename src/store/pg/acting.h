/* SPDX-License-Identifier: Apache-2.0 */
/* Acting as a caller: the role and the claims by which row security decides, set for the transaction that follows.
 *
 *   [set_config(role), set_config(claims)] statement … Sync
 *
 * What is set ends with the Sync, whether it commits or rolls back, and no other's statement stands before it: so nothing of a caller
 * outlives its unit, on whatever connection (PostgreSQL, set_config with is_local; a pipeline's statements up to a Sync are one
 * transaction). No round trip is added: it goes out with the statement.
 * Failure: a role that is gone or may not be taken aborts the unit; pg_acting_failed makes an honest failure of it. */
#ifndef LEAT_STORE_PG_ACTING_H
#define LEAT_STORE_PG_ACTING_H

#include "store/pg/failure.h"
#include "store/store.h"

/* NULL: as the connection's own role again. False: libpq refuses, the connection is broken. */
bool pg_acting_send(PGconn *conn, const struct acting *as);

/* Its own failure, as that of whoever waits for it: no fault of the request's. */
void pg_acting_failed(struct failure *failure);

#endif
