/* SPDX-License-Identifier: Apache-2.0 */
/* What a function that can fail returns. Outputs are named ret_x and are untouched on failure.
 * A problem that a client will see is a struct problem (base/problem.h) beside it. */
#ifndef LEAT_BASE_ERROR_H
#define LEAT_BASE_ERROR_H

#include "base/check.h"

enum error {
    OK = 0,
    ERR_MEMORY,  /* an allocation failed */
    ERR_LIMIT,   /* a named limit was reached */
    ERR_INVALID, /* what came from outside is not well-formed or not allowed */
    ERR_ABSENT,  /* the thing asked for is not there */
    ERR_SYSTEM,  /* a system call failed: errno tells */
    ERR_PROBLEM, /* a struct problem tells */
};

/* What reading from or writing to a descriptor came to. */
enum io { IO_OK, IO_AGAIN, IO_CLOSED, IO_ERROR };

/* A word for a log line: "memory", "limit"… */
const char *error_word(enum error error);

#endif
