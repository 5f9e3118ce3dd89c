/* SPDX-License-Identifier: Apache-2.0 */
/* A command that nobody waits for: whether it was carried out is seen by what is found later. It is lost when Redis is away, or does
 * not answer within a second. Threads: the client's loop. Failure: none. */
#ifndef LEAT_REDIS_ERRAND_H
#define LEAT_REDIS_ERRAND_H

#include "redis/redis.h"

/* As redis_send. */
void redis_errand(struct redis *redis, const struct slice *words, unsigned count, struct slice key);

#endif
