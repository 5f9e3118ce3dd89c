/* SPDX-License-Identifier: Apache-2.0 */
/* See worlds.h. */
#include "worlds.h"

struct world pg, sqlite;

int worlds_open(void **state)
{
    (void)state;
    world_open_usual(&pg, DIALECT_PG);
    world_open_usual(&sqlite, DIALECT_SQLITE);
    return 0;
}

int worlds_close(void **state)
{
    (void)state;
    world_close(&pg);
    world_close(&sqlite);
    return 0;
}
