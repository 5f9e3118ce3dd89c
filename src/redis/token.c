/* SPDX-License-Identifier: Apache-2.0 */
/* See token.h. */
#include "redis/token.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/check.h"

void redis_token_make(char ret_token[REDIS_TOKEN_LEN + 1])
{
    uint64_t random;
    ssize_t got = getrandom(&random, sizeof random, 0); /* so few bytes come whole */
    POST(got == sizeof random);
    snprintf(ret_token, REDIS_TOKEN_LEN + 1, "%016llx", (unsigned long long)random);
}
