/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's result codes → problems of a request. doc/problems.md has the codes. Pure. */
#ifndef LEAT_STORE_SQLITE_TROUBLE_H
#define LEAT_STORE_SQLITE_TROUBLE_H

#include <sqlite3.h>

#include "store/store.h"

/* How a run came to its end, as the code that SQLite gave and what we know besides. */
struct lite_trouble {
    int code;            /* extended */
    const char *message; /* sqlite3_errmsg, or NULL */
    bool cancelled;      /* it was asked to end: whatever it died of */
};

/* All texts are in the arena or literals. */
struct problem lite_problem(struct arena *arena, const struct lite_trouble *trouble);

/* 503: there is no connection to be had; why: for the log. */
struct problem lite_problem_unavailable(struct arena *arena, const char *why);
/* 503: waited too long for a connection. */
struct problem lite_problem_exhausted(void);
/* 504. */
struct problem lite_problem_timeout(void);
/* 503: another process writes. */
struct problem lite_problem_busy(void);
/* 503: of a write that went with its group's transaction. */
struct problem lite_problem_undone(void);
/* 503: a COMMIT of which nobody knows the outcome. */
struct problem lite_problem_unknown(void);
/* The answer is wanted no more. */
struct problem lite_problem_cancelled(void);

/* Whether the connection is to be opened anew after this code. */
bool lite_code_is_broken(int code);
/* Whether another connection's lock stood in the way: it may succeed later. */
bool lite_code_is_locked(int code);

#endif
