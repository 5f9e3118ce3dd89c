/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables a statement touches, by its plan: EXPLAIN (FORMAT JSON, VERBOSE) names each relation with its schema. Views are read as
 * the tables below them, partitions as their root. The plan is to be made without pruning of partitions.
 *
 * What functions do within, the plan does not tell. Those that are IMMUTABLE read no table, by what the word means, and of the system's
 * only those do that are told a query as a text, a table or a sequence. So a text in which no name of any other function stands calls none:
 * it need not be understood, and a name that stands there as something else makes the answer more careful, not wrong.
 *
 * Pure; the tables go into the model's arena. */
#ifndef LEAT_STORE_PG_TOUCHED_H
#define LEAT_STORE_PG_TOUCHED_H

#include <libpq-fe.h>

#include "catalog/model.h"

/* Functions that may read whatever they like. */
#define PG_READERS \
    " pg_proc p JOIN pg_namespace pn ON pn.oid = p.pronamespace JOIN pg_language pl ON pl.oid = p.prolang" \
    " WHERE p.provolatile <> 'i' AND pn.nspname NOT IN ('pg_catalog', 'information_schema')" \
    " AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND p.prokind <> 'p'"
/* Whether they are called without being named: by operators, casts, aggregates and domains. C is trusted there. */
#define PG_READERS_HIDDEN \
    "EXISTS (SELECT FROM pg_depend pd JOIN (SELECT p.oid, pl.lanname FROM" PG_READERS \
    ") pr ON pr.oid = pd.refobjid" \
    " WHERE pd.refclassid = 'pg_proc'::regclass AND pr.lanname NOT IN ('c', 'internal')" \
    " AND (pd.classid IN ('pg_operator'::regclass, 'pg_cast'::regclass)" \
    " OR pd.classid = 'pg_proc'::regclass AND pd.objid IN (SELECT pa.aggfnoid FROM pg_aggregate pa)" \
    " OR pd.classid = 'pg_constraint'::regclass AND pd.objid IN" \
    " (SELECT pc.oid FROM pg_constraint pc WHERE pc.contypid <> 0)))"
/* Whether one of them may be named in the text, which is in small letters, be it as an escape. */
#define PG_READERS_NAMED(TEXT) \
    "(" TEXT \
    " LIKE ANY (ARRAY['%u&%', '%to\\_xml%', '%ts\\_stat%', '%ts\\_rewrite%', '%nextval%', '%currval%'," \
    " '%lastval%', '%setval%', '%sequence%']) OR EXISTS (SELECT FROM" PG_READERS \
    " AND (p.proname ~ '\"' OR position(lower(p.proname) IN " TEXT ") > 0" \
    " AND (p.proname !~ '^\\w+$' OR " TEXT " ~ ('\\m' || lower(p.proname) || '\\M')))))"
/* A partitioned table without partitions is in no plan. */
#define PG_PARTS_MISSING \
    "EXISTS (SELECT FROM pg_class pe WHERE pe.relkind = 'p' AND NOT EXISTS" \
    " (SELECT FROM pg_inherits ph WHERE ph.inhparent = pe.oid))"
/* Whether what a statement of this text reads may be more than its relations. */
#define PG_READS_UNTOLD(TEXT) "(" PG_READERS_HIDDEN " OR " PG_READERS_NAMED(TEXT) ")"

/* The partitions there are: schema and name of each, then of its root. */
extern const char pg_touched_parts_sql[];

/* Notes them in the query. False: the plan names one that the catalogue does not know, or shows that it names not all. */
bool pg_touched_read(struct model *model, struct named_query *query, struct slice plan,
                     const PGresult *parts) must_check;

/* Whether the text may name a view that calls a function which reads. */
bool pg_touched_names_untold(const struct catalog *catalog, struct slice text);

#endif
