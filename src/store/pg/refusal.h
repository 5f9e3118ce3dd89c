/* SPDX-License-Identifier: Apache-2.0 */
/* What a database says of a row it refused: which constraint, column and value. The value is told in the error's DETAIL alone, as
 * `Key (email)=(a@b.c) already exists.`, in the server's language, but for its parentheses.
 *
 * Ownership: points to nothing. Failure: what is not told, or not understood, stays empty. Pure. */
#ifndef LEAT_STORE_PG_REFUSAL_H
#define LEAT_STORE_PG_REFUSAL_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/problem.h"

struct refusal {
    char constraint[64], table[64];
    char column[200]; /* several, and expressions, as the database lists them: "a, b" */
    char value[PROBLEM_VALUE_MAX + 1];
    bool has_value;
    enum { REFERENCE_UNTOLD, REFERENCE_ABSENT, REFERENCE_HELD } reference; /* what is wrong with it */
};

void pg_refusal_of_result(const PGresult *result, const char *sqlstate, struct refusal *ret_refusal);

/* The key of a DETAIL. exclusion: of two, this one is the first. */
void pg_refusal_take_key(struct refusal *refusal, const char *detail, bool exclusion);

/* One sentence for people; empty: nothing is known that would make one. */
struct slice pg_refusal_sentence(const struct refusal *refusal, const char *sqlstate, struct arena *arena);

#endif
