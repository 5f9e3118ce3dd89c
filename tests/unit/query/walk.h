/* SPDX-License-Identifier: Apache-2.0 */
/* The property of cursors, for both stores: over random tables with NULLs and ties, in random orders, with random filters and page
 * sizes, walking on and back by cursors gives each row exactly once and in order; and while other rows come and go, each row that
 * stays is still given exactly once. */
#ifndef LEAT_TESTS_QUERY_WALK_H
#define LEAT_TESTS_QUERY_WALK_H

#include "database.h"
#include "world.h"

struct walk {
    struct world world;
    struct database database; /* opened by the caller */
    struct unit_random random;
    unsigned still_count,
        changing_count; /* how many random tables while nothing changes, and while rows come and go */
};

/* Makes the tables and the model. */
void walk_open(struct walk *walk);
void walk_close(struct walk *walk);

/* Runs the tests; open leaves the walk in *state. */
int walk_tests(const char *name, CMFixtureFunction open, CMFixtureFunction close);

#endif
