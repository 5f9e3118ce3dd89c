/* SPDX-License-Identifier: Apache-2.0 */
/* The usual world on both stores, for the files of tests that plan each thing twice. worlds_open and worlds_close are the setup and
 * teardown of their group. One thread. */
#ifndef LEAT_TESTS_QUERY_WORLDS_H
#define LEAT_TESTS_QUERY_WORLDS_H

#include "world.h"

extern struct world pg, sqlite;

int worlds_open(void **state);
int worlds_close(void **state);

#endif
