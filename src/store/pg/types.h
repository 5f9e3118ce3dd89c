/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's types → struct type: by what rule a value is checked, bound and written. Domains are taken for their base types.
 * A type's name carries no length or precision: a cast to varchar(3) or numeric(4,1) would cut or round what a client asks for.
 * Ownership: names and labels lie in the arena given; the table is freed with pg_types_done. Pure but for the result it reads. */
#ifndef LEAT_STORE_PG_TYPES_H
#define LEAT_STORE_PG_TYPES_H

#include <libpq-fe.h>

#include "catalog/catalog.h"

struct types {
    struct arena *arena;
    struct pg_type *items; /* by oid */
    unsigned count;
};

/* The query, in two halves: between them stands a query for the oids wanted. Its columns are what pg_types_take reads. */
#define TYPES_SQL_BEGIN "WITH RECURSIVE used(oid) AS (SELECT oid FROM ("
#define TYPES_SQL_END \
    ") AS wanted(oid) UNION SELECT t.typbasetype FROM pg_type t JOIN used USING (oid) WHERE t.typtype = 'd')" \
    " SELECT t.oid, format_type(t.oid, -1), t.typtype, t.typbasetype, t.typtypmod," \
    " t.typcategory = 'A' AND t.typelem <> 0, t.typname," \
    " t.typtype IN ('e', 'r', 'm') OR t.typcategory = 'A' OR EXISTS (SELECT FROM pg_opclass o" \
    " WHERE o.opcmethod = 403 AND o.opcdefault AND o.opcintype = CASE t.oid WHEN 1043 THEN 25 ELSE t.oid END)," \
    " (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder)::text FROM pg_enum e WHERE e.enumtypid = t.oid)" \
    " FROM pg_type t JOIN used USING (oid) ORDER BY t.oid;"

void pg_types_take(struct types *types, struct arena *arena, const PGresult *result);
void pg_types_done(struct types *types);

/* typmod: as of the column; *ret_deterministic: equal texts are the only equal values. An unknown oid is VALUE_OTHER. */
struct type pg_types_find(const struct types *types, Oid oid, int typmod, bool *ret_deterministic);

/* Reads the text of an array of texts, `{a,"b c"}`, into slices of the arena. */
struct slice *pg_array_read(struct arena *arena, struct slice text, unsigned *ret_count);

#endif
