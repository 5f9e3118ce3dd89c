/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors over random lists of a real PostgreSQL database. See walk.h. */
#include "lib/pg.h"
#include "walk.h"

static struct postgres *server;

static int open_walk(void **state)
{
    static struct walk walk = {.still_count = 120, .changing_count = 80};
    server = postgres_start(NULL);
    database_open_pg(&walk.database, postgres_url(server));
    walk_open(&walk);
    *state = &walk;
    return 0;
}

static int close_walk(void **state)
{
    walk_close(*state);
    postgres_stop(server);
    return 0;
}

int main(void)
{
    return walk_tests(__FILE__, open_walk, close_walk);
}
