/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors over random lists of a real PostgreSQL database. See walk.h. */
#include "lib/pg.h"
#include "walk.h"

static struct walk walk;
static struct postgres *server;

static int open_walk(void **state)
{
    (void)state;
    server = postgres_start(NULL);
    database_open_pg(&walk.database, postgres_url(server));
    walk_open(&walk, 20260131);
    return 0;
}

static int close_walk(void **state)
{
    (void)state;
    walk_close(&walk);
    postgres_stop(server);
    return 0;
}

static void walking_on_and_back_gives_each_row_once_in_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 120; i++)
        walk_still(&walk);
}

static void rows_that_stay_are_given_once_while_others_come_and_go(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 80; i++)
        walk_changing(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walking_on_and_back_gives_each_row_once_in_order),
        cmocka_unit_test(rows_that_stay_are_given_once_while_others_come_and_go),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_walk, close_walk);
}
