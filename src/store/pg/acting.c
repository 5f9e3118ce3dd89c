/* SPDX-License-Identifier: Apache-2.0 */
/* Setting whom statements act as. See acting.h. */
#include "store/pg/acting.h"

static const char text[] = "SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true)";

bool pg_acting_send(PGconn *conn, const struct acting *as)
{
    const char *values[] = {as ? as->role.data : "none", as ? as->claims.data : ""};
    PRE(values[0] != NULL && values[1] != NULL);
    return PQsendQueryParams(conn, text, 2, NULL, values, NULL, NULL, 0) == 1;
}

void pg_acting_failed(struct failure *failure)
{
    struct failure whole;
    if (!pg_failure_is(failure, "22") && !pg_failure_is(failure, "42"))
        return;
    pg_failure_make(&whole, "XX000", failure->cause);
    *failure = whole;
}
