/* SPDX-License-Identifier: Apache-2.0 */
/* Triggers for what others write. See triggers.h.
 *
 * They are by statement, with transition tables: a statement sends one message, however many rows it writes, and none where it writes
 * none. A single row is told by its key, whose columns stand in the trigger; when they are not there any more (one was renamed), or the key
 * is too long, the table is told: a trigger of ours must never make a write of others fail. No statement is made of text, so plans are
 * kept. An UPDATE of one row by a client took 33 µs without, 91 µs with them (450 µs with a key found by EXECUTE). */
#include "store/pg/triggers.h"

/* Made only where it is missing or tells something else, for it locks its table. All of it is one transaction. */
const char pg_triggers_sql[] =
    "BEGIN;\n"
    "SET LOCAL lock_timeout = '5s';\n"
    "SET LOCAL standard_conforming_strings = on;\n"
    "SELECT pg_advisory_xact_lock(7811888411632821366);\n"
    "CREATE OR REPLACE FUNCTION public.leat_changed() RETURNS trigger LANGUAGE plpgsql\n"
    "SET search_path = pg_catalog AS $leat$\n"
    "-- Arguments: schema and table, empty where more is touched; the columns of the key.\n"
    "DECLARE\n"
    "    what text := 'rows';\n"
    "    columns text[] := TG_ARGV[2];\n"
    "    keys bigint := 2;\n"
    "    key text;\n"
    "BEGIN\n"
    "    IF TG_OP = 'INSERT' THEN\n"
    "        PERFORM FROM leat_new LIMIT 1;\n"
    "        IF NOT FOUND THEN RETURN NULL; END IF;\n"
    "        what := 'added';\n"
    "    ELSIF TG_OP <> 'TRUNCATE' THEN\n"
    "        PERFORM FROM leat_old LIMIT 1;\n"
    "        IF NOT FOUND THEN RETURN NULL; END IF;\n"
    "        BEGIN\n"
    "            IF TG_OP = 'DELETE' THEN\n"
    "                SELECT count(*), min(k) INTO keys, key FROM (SELECT\n"
    "                    (SELECT string_agg(j ->> c, E'\\x1f' ORDER BY n) FROM unnest(columns) WITH ORDINALITY u(c, n)) AS k\n"
    "                    FROM (SELECT to_jsonb(o) AS j FROM leat_old o LIMIT 2) AS r) AS d;\n"
    "            ELSE\n"
    "                SELECT count(DISTINCT k), min(k) INTO keys, key FROM (SELECT\n"
    "                    (SELECT string_agg(j ->> c, E'\\x1f' ORDER BY n) FROM unnest(columns) WITH ORDINALITY u(c, n)) AS k\n"
    "                    FROM ((SELECT to_jsonb(o) AS j FROM leat_old o LIMIT 2) UNION ALL\n"
    "                        (SELECT to_jsonb(o) FROM leat_new o LIMIT 2)) AS r) AS d;\n"
    "            END IF;\n"
    "        EXCEPTION WHEN OTHERS THEN keys := 2;\n"
    "        END;\n"
    "        IF keys = 1 AND octet_length(key) BETWEEN 1 AND 4000\n"
    "            AND octet_length(key) - octet_length(replace(key, E'\\x1f', '')) = cardinality(columns) - 1 THEN\n"
    "            what := 'row';\n"
    "        END IF;\n"
    "    END IF;\n"
    "    IF TG_ARGV[1] = '' THEN what := 'all'; END IF;\n"
    "    PERFORM pg_notify('" PG_CHANNEL "', concat_ws(E'\\x1f',\n"
    "        coalesce(current_setting('leat.instance', true), ''), what, TG_ARGV[0], TG_ARGV[1],\n"
    "        CASE what WHEN 'row' THEN key END));\n"
    "    RETURN NULL;\n"
    "END\n"
    "$leat$;\n"
    "DO $leat$\n"
    "DECLARE\n"
    "    t record;\n"
    "    args text;\n"
    "BEGIN\n"
    "    FOR t IN\n"
    "        SELECT c.oid, e.event, e.passes, CASE WHEN heirs THEN '' ELSE n.nspname END AS schema,\n"
    "            CASE WHEN heirs THEN '' ELSE r.relname END AS name, coalesce(k.columns, '{}')::text AS columns\n"
    "        FROM pg_class c\n"
    "        JOIN pg_class r ON r.oid = CASE WHEN c.relispartition THEN pg_partition_root(c.oid) ELSE c.oid END\n"
    "        JOIN pg_namespace n ON n.oid = r.relnamespace\n"
    "        CROSS JOIN LATERAL (SELECT NOT c.relispartition AND EXISTS\n"
    "            (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid) AS heirs) h\n"
    "        LEFT JOIN LATERAL (SELECT array_agg(a.attname ORDER BY i.place) AS columns\n"
    "            FROM pg_index x CROSS JOIN unnest(x.indkey::int2[]) WITH ORDINALITY i(number, place)\n"
    "            JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = i.number\n"
    "            WHERE x.indrelid = c.oid AND x.indisprimary AND i.place <= x.indnkeyatts) k ON true\n"
    "        CROSS JOIN (VALUES ('insert', 'REFERENCING NEW TABLE AS leat_new'),\n"
    "            ('update', 'REFERENCING OLD TABLE AS leat_old NEW TABLE AS leat_new'),\n"
    "            ('delete', 'REFERENCING OLD TABLE AS leat_old'), ('truncate', '')) e(event, passes)\n"
    "        WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.relname !~ '^leat_'\n"
    "            AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND has_table_privilege(c.oid, 'TRIGGER')\n"
    "            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid\n"
    "                AND d.deptype = 'e')\n"
    "        ORDER BY c.oid\n"
    "    LOOP\n"
    "        SELECT string_agg(encode(convert_to(arg, 'UTF8'), 'escape'), '\\000' ORDER BY place) || '\\000' INTO args\n"
    "            FROM unnest(ARRAY[t.schema, t.name, t.columns]) WITH ORDINALITY a(arg, place);\n"
    "        CONTINUE WHEN EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = t.oid\n"
    "            AND g.tgname = '" PG_TRIGGERS "' || t.event AND encode(g.tgargs, 'escape') = args);\n"
    "        EXECUTE format('CREATE OR REPLACE TRIGGER " PG_TRIGGERS
    "%s AFTER %s ON %s %s FOR EACH STATEMENT'\n"
    "            ' EXECUTE FUNCTION public.leat_changed(%L, %L, %L)', t.event, t.event, t.oid::regclass, t.passes,\n"
    "            t.schema, t.name, t.columns);\n"
    "    END LOOP;\n"
    "END\n"
    "$leat$;\n"
    "COMMIT;\n";

const char pg_no_triggers_sql[] = "DROP FUNCTION IF EXISTS public.leat_changed() CASCADE;\n";

static const struct {
    struct slice word;
    enum change_kind kind;
} kinds[] = {
    {SLICE_INIT("added"), CHANGE_ADDED},
    {SLICE_INIT("row"), CHANGE_ROW},
    {SLICE_INIT("rows"), CHANGE_ROWS},
};

/* Parts of a key are parted by NUL everywhere else. */
static struct slice read_key(char *message, struct slice rest)
{
    for (char *at = message + (rest.data - message); *at; at++)
        if (*at == 0x1f)
            *at = 0;
    return rest;
}

bool pg_change_read(char *message, struct slice instance, struct change *ret_change)
{
    struct slice rest = slice_str(message), sender = slice_cut(&rest, 0x1f), word = slice_cut(&rest, 0x1f);
    struct change change = {.kind = CHANGE_ALL};
    change.schema = slice_cut(&rest, 0x1f);
    change.table = slice_cut(&rest, 0x1f);
    for (size_t i = 0; i < ARRAY_LEN(kinds) && change.schema.len && change.table.len; i++)
        if (slice_eq(word, kinds[i].word))
            change.kind = kinds[i].kind;
    if (change.kind == CHANGE_ROW && rest.len == 0)
        change.kind = CHANGE_ROWS;
    if (change.kind == CHANGE_ROW)
        change.key = read_key(message, rest);
    *ret_change = change;
    return instance.len == 0 || !slice_eq(sender, instance);
}
