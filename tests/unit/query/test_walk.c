/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors over random lists of a real SQLite database. See walk.h. */
#include "walk.h"

static int open_walk(void **state)
{
    static struct walk walk = {.still_count = 400, .changing_count = 300};
    database_open_sqlite(&walk.database);
    walk_open(&walk);
    *state = &walk;
    return 0;
}

static int close_walk(void **state)
{
    walk_close(*state);
    return 0;
}

int main(void)
{
    return walk_tests(__FILE__, open_walk, close_walk);
}
