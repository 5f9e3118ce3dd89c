/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors over random lists of a real SQLite database. See walk.h. */
#include "walk.h"

static struct walk walk;

static int open_walk(void **state)
{
    (void)state;
    database_open_sqlite(&walk.database);
    walk_open(&walk, 20260131);
    return 0;
}

static int close_walk(void **state)
{
    (void)state;
    walk_close(&walk);
    return 0;
}

static void walking_on_and_back_gives_each_row_once_in_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 400; i++)
        walk_still(&walk);
}

static void rows_that_stay_are_given_once_while_others_come_and_go(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++)
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
