/* SPDX-License-Identifier: Apache-2.0 */
/* Words for errors, for log lines. */
#include "base/error.h"

const char *error_word(enum error error)
{
    static const char *const words[] = {
        [OK] = "ok",
        [ERR_MEMORY] = "memory",
        [ERR_LIMIT] = "limit",
        [ERR_INVALID] = "invalid",
        [ERR_ABSENT] = "absent",
        [ERR_SYSTEM] = "system",
        [ERR_PROBLEM] = "problem",
    };
    PRE((unsigned)error < ARRAY_LEN(words));
    return words[error];
}
