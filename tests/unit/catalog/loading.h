/* SPDX-License-Identifier: Apache-2.0 */
/* Models of real databases, of both stores: what the tests of relations and functions share. */
#ifndef LEAT_TESTS_CATALOG_LOADING_H
#define LEAT_TESTS_CATALOG_LOADING_H

#include "lib/pg.h"
#include "shop.h"

/* A server and a file, both made by the same SQL. */
struct world {
    struct postgres *server;
    char folder[64];
    char urls[2][128]; /* by dialect */
};

struct world *world_new(const char *sql);
void world_free(struct world *world);

/* Reads the catalogue, its functions if the YAML declares some, and builds; free it by building_free. */
struct building *build_from(const char *url, const char *yaml);

#endif
