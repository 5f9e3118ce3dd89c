/* SPDX-License-Identifier: Apache-2.0 */
/* The publication's SQL, whether all is there for a replication slot, and running the one or the triggers'. See tellers.h. */
#include "store/pg/tellers.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/pg/ask.h"
#include "store/pg/catalog.h"
#include "store/pg/port.h"

/* A table without a replica identity is left out: published it would take no UPDATE and no DELETE any more. So is what the role
 * does not own. Partitions are published by their own name, for TRUNCATE of one is told no other way. */
const char pg_publication_sql[] =
    "BEGIN;\n"
    "SET LOCAL lock_timeout = '5s';\n"
    "SELECT pg_advisory_xact_lock(7811888411632821366);\n"
    "DO $leat$\n"
    "DECLARE\n"
    "    t record;\n"
    "BEGIN\n"
    "    IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = '" PG_PUBLICATION "') THEN\n"
    "        CREATE PUBLICATION " PG_PUBLICATION ";\n"
    "    END IF;\n"
    "    FOR t IN\n"
    "        SELECT c.oid, EXISTS (SELECT FROM pg_class l\n"
    "                WHERE (l.oid = c.oid OR l.oid IN (SELECT relid FROM pg_partition_tree(c.oid)))\n"
    "                    AND NOT (l.relreplident = 'f' OR EXISTS (SELECT FROM pg_index x WHERE x.indrelid = l.oid\n"
    "                        AND CASE l.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident END))\n"
    "            ) AS anonymous\n"
    "        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n"
    "        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p' AND c.relname !~ '^leat_'\n"
    "            AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND pg_has_role(c.relowner, 'USAGE')\n"
    "            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid\n"
    "                AND d.deptype = 'e')\n"
    "            AND NOT EXISTS (SELECT FROM pg_publication p WHERE p.pubname = '" PG_PUBLICATION
    "' AND (p.puballtables\n"
    "                OR EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = c.oid)))\n"
    "        ORDER BY c.oid\n"
    "    LOOP\n"
    "        IF t.anonymous THEN\n"
    "            RAISE WARNING '% is left out: it has no primary key. ALTER TABLE % REPLICA IDENTITY FULL, then again',\n"
    "                t.oid::regclass, t.oid::regclass;\n"
    "        ELSE\n"
    "            EXECUTE format('ALTER PUBLICATION " PG_PUBLICATION " ADD TABLE ONLY %s', t.oid::regclass);\n"
    "        END IF;\n"
    "    END LOOP;\n"
    "END\n"
    "$leat$;\n"
    "COMMIT;\n";

const char pg_no_publication_sql[] = "DROP PUBLICATION IF EXISTS " PG_PUBLICATION ";\n";

/* What hinders, and which tables nobody will tell of: leaves, for they are what is written. */
static const char check_sql[] =
    "SELECT CASE\n"
    "    WHEN pg_catalog.pg_is_in_recovery() THEN 'the server is a replica: name the one that is written to'\n"
    "    WHEN pg_catalog.current_setting('wal_level') <> 'logical'\n"
    "        THEN 'the server has wal_level = ' || pg_catalog.current_setting('wal_level')\n"
    "            || ': set it to logical and restart the server'\n"
    "    WHEN pg_catalog.current_setting('max_replication_slots') = '0' THEN 'the server has max_replication_slots = 0'\n"
    "    WHEN pg_catalog.current_setting('synchronous_standby_names') LIKE '%*%'\n"
    "        THEN 'the server has a * in synchronous_standby_names, so that commits would wait for Leat: name the standbys'\n"
    "    WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = '" PG_PUBLICATION "')\n"
    "        THEN 'the publication " PG_PUBLICATION
    " is missing: `leat publication` prints its SQL, `--apply` runs it'\n"
    "    END, count(*), pg_catalog.string_agg(u.name, ', ' ORDER BY u.name) FILTER (WHERE u.n <= 5)\n"
    "FROM (SELECT c.oid::regclass::text AS name, pg_catalog.row_number() OVER (ORDER BY c.oid::regclass::text) AS n\n"
    "    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace\n"
    "    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.relname !~ '^leat_'\n"
    "        AND s.nspname <> 'information_schema' AND s.nspname !~ '^pg_'\n"
    "        AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')\n"
    "        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass\n"
    "            AND d.objid = c.oid AND d.deptype = 'e')\n"
    "        AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_tables p\n"
    "            JOIN pg_catalog.pg_namespace ps ON ps.nspname = p.schemaname\n"
    "            JOIN pg_catalog.pg_class pc ON pc.relnamespace = ps.oid AND pc.relname = p.tablename\n"
    "            WHERE p.pubname = '" PG_PUBLICATION "' AND (pc.oid = c.oid\n"
    "                OR pc.oid IN (SELECT relid FROM pg_catalog.pg_partition_ancestors(c.oid))))) u";

static enum error read_check(const PGresult *result, char ret_why[512], char ret_unheard[512])
{
    const char *hindrance = PQgetvalue(result, 0, 0), *count = PQgetvalue(result, 0, 1);
    if (hindrance[0]) {
        snprintf(ret_why, 512, "`changes: replication`: %.320s", hindrance);
        return ERR_SYSTEM;
    }
    if (strcmp(count, "0") != 0)
        snprintf(ret_unheard, 512, "%.20s: %.400s%s", count, PQgetvalue(result, 0, 2),
                 strtol(count, NULL, 10) > 5 ? "…" : "");
    return OK;
}

static void refuse_connection(const struct failure *failure, char ret_why[512])
{
    if (pg_failure_is(failure, "42501"))
        snprintf(
            ret_why, 512,
            "`changes: replication`: the role may not replicate: ALTER ROLE … REPLICATION gives it the right");
    else
        snprintf(ret_why, 512, "`changes: replication`: the database cannot be reached: %.300s; %s",
                 failure->cause, pg_failure_advice(failure));
}

/* By a connection that replicates, so that whether it may is known, too. */
enum error pg_replication_check(struct store *base, char ret_why[512], char ret_unheard[512])
{
    struct pg_store *store = container_of(base, struct pg_store, base);
    struct target target;
    struct failure failure;
    enum error error = ERR_SYSTEM;
    ret_unheard[0] = 0;
    pg_target_for_replication(&store->target, &target);
    PGconn *conn = pg_ask_target(&target, &failure);
    if (!conn) {
        refuse_connection(&failure, ret_why);
        return ERR_SYSTEM;
    }
    PGresult *result = pg_ask(conn, check_sql, pg_catalog_silence_ms(store));
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        error = read_check(result, ret_why, ret_unheard);
    else
        snprintf(ret_why, 512, "`changes: replication`: the database cannot be asked: %.320s",
                 PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
    return error;
}

enum error pg_tellers_run(struct store *base, const char *sql, char ret_why[512])
{
    struct pg_store *store = container_of(base, struct pg_store, base);
    PGconn *conn = pg_catalog_connect(store, ret_why);
    if (conn == NULL)
        return ERR_SYSTEM;
    PGresult *result = pg_ask(conn, sql, pg_catalog_silence_ms(store));
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    struct failure failure;
    if (!good && result)
        pg_failure_of_result(result, &failure);
    else if (!good)
        pg_failure_of_connection(conn, &failure);
    if (!good)
        snprintf(ret_why, 512, "what tells of writes cannot be changed: %.320s", failure.cause);
    PQclear(result);
    PQfinish(conn);
    return good ? OK : ERR_SYSTEM;
}
