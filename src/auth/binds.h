/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of auth/'s own: their SQL is written once, with PostgreSQL's `$1`, and their binds are texts and integers. Pure. */
#ifndef LEAT_AUTH_BINDS_H
#define LEAT_AUTH_BINDS_H

#include "catalog/type.h"
#include "store/fetch.h"

enum { BINDS_MAX = 12 };

struct binds {
    struct bind items[BINDS_MAX];
    unsigned count;
};

void binds_text(struct binds *binds, struct arena *arena, struct slice text); /* data NULL: NULL */
void binds_int(struct binds *binds, struct arena *arena, int64_t number);

/* The binds are copied. */
struct statement binds_statement(struct arena *arena, struct slice sql, const struct binds *binds);

/* `$1` as the store writes it, `@` as the schema of Leat's own tables with its dot, `#` as now, in seconds by the database's clock. */
struct slice sql_for(struct arena *arena, enum dialect dialect, const char *sql);

#endif
