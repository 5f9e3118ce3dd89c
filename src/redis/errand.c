/* SPDX-License-Identifier: Apache-2.0 */
/* A command that is its own owner. See errand.h. */
#include "redis/errand.h"

#include "base/mem.h"

enum { DEADLINE_MS = 1000 };

static void ended(struct redis_command *command, const struct redis_reply *reply)
{
    (void)reply;
    mem_free(command);
}

void redis_errand(struct redis *redis, const struct slice *words, unsigned count, struct slice key)
{
    PRE(count > 0);
    struct redis_command *command = mem_must(sizeof *command);
    command->on_end = ended;
    if (redis_send(redis, command, key, words, count, DEADLINE_MS) != OK)
        mem_free(command);
}
