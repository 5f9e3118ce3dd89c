/* SPDX-License-Identifier: Apache-2.0 */
/* Describing tables, asking for them, reading their keys. See sources.h. */
#include "store/pg/sources.h"

#include "base/mem.h"

/* ---- what the stream says ---- */

static struct slice key_of(const uint32_t *oid)
{
    return slice_of((const char *)oid, sizeof *oid);
}

struct source *sources_find(const struct sources *sources, uint32_t oid)
{
    return map_get(&sources->by_oid, key_of(&oid));
}

static void source_free(struct source *source)
{
    buf_done(&source->key);
    mem_free(source->names);
    mem_free(source->place);
    mem_free(source);
}

/* The columns of its identity, by place and name. More than a key may have: it is the whole row. */
static void take_columns(struct source *source, const struct pgoutput *message)
{
    struct slice items = message->items;
    struct buf names;
    buf_init(&names, message->items.len + 1);
    source->column_count = message->count;
    source->key_count = 0;
    for (unsigned i = 0; i < message->count; i++) {
        struct pgoutput_column column = pgoutput_next_column(&items);
        if (!column.is_key)
            continue;
        if (source->key_count == SOURCE_KEY_MAX) {
            source->key_count = 0;
            break;
        }
        source->keys[source->key_count++] = (uint16_t)i;
        buf_add(&names, column.name);
        buf_byte(&names, 0);
    }
    source->key_count = names.failed ? 0 : source->key_count;
    mem_free(source->names);
    source->names = mem_dup(names.len ? names.data : "", names.len);
    buf_done(&names);
}

void sources_ask_again(struct sources *sources, struct source *source)
{
    source->known = source->asked = source->missing = false;
    sources->unknown = true;
}

struct source *sources_describe(struct sources *sources, const struct pgoutput *message)
{
    struct source *source = sources_find(sources, message->relation);
    if (!source) {
        if (sources->by_oid.count == HEARD_RELATIONS_MAX)
            return NULL;
        source = mem_must(sizeof *source);
        source->oid = message->relation;
        buf_init(&source->key, HEARD_KEY_BYTES_MAX);
        map_put(&sources->by_oid, key_of(&source->oid), source);
    }
    sources_ask_again(sources, source);
    source->version++;
    take_columns(source, message);
    return source;
}

/* ---- keys ---- */

bool source_read_key(const struct source *source, const struct pgoutput *message, struct buf *key)
{
    struct slice items = message->items;
    unsigned found = 0;
    if (message->count != source->column_count || source->key_count == 0)
        return false;
    for (unsigned i = 0; i < message->count && found < source->key_count; i++) {
        struct slice value = pgoutput_next_value(&items);
        if (i != source->keys[found])
            continue;
        if (!value.data)
            return false;
        if (found++)
            buf_byte(key, 0);
        buf_add(key, value);
    }
    return found == source->key_count && !key->failed && key->len > 0;
}

bool source_order_key(const struct source *source, struct slice key, struct buf *ordered)
{
    struct slice values[SOURCE_KEY_MAX], rest = key;
    for (unsigned i = 0; i < source->key_count; i++)
        values[i] = slice_cut(&rest, 0);
    for (unsigned i = 0; i < source->order_count; i++) {
        if (i)
            buf_byte(ordered, 0);
        buf_add(ordered, values[source->order[i]]);
    }
    return !ordered->failed && ordered->len > 0;
}

/* ---- where they belong ---- */

/* A partition is told as the table it is a part of; an heir by inheritance is read by way of who knows which. */
static const char place_sql[] =
    "SELECT c.oid, CASE WHEN h.heirs THEN '' ELSE n.nspname END, CASE WHEN h.heirs THEN '' ELSE r.relname END, k.columns"
    " FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_class r ON r.oid ="
    " CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid) ELSE c.oid END"
    " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
    " CROSS JOIN LATERAL (SELECT NOT c.relispartition AND EXISTS"
    " (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid) AS heirs) h"
    " LEFT JOIN LATERAL (SELECT pg_catalog.string_agg(a.attname::pg_catalog.text, E'\\x1f' ORDER BY i.place) AS columns"
    " FROM pg_catalog.pg_index x CROSS JOIN pg_catalog.unnest(x.indkey::pg_catalog.int2[]) WITH ORDINALITY i(number, place)"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = i.number"
    " WHERE x.indrelid = c.oid AND x.indisprimary AND i.place <= x.indnkeyatts) k ON true"
    " WHERE c.oid IN (0";

void sources_ask(struct sources *sources, struct buf *sql)
{
    size_t position = 0;
    if (!sources->unknown)
        return;
    buf_format(sql, "; %s", place_sql);
    for (struct map_entry *entry; (entry = map_next(&sources->by_oid, &position)) != NULL;) {
        struct source *source = entry->value;
        source->asked = !source->known;
        if (source->asked)
            buf_format(sql, ",%u", source->oid);
    }
    buf_lit(sql, ")");
    sources->unknown = false;
    sources->asked = true;
}

/* Which of the columns whose values come is the named one; key_count: none. */
static unsigned place_of(const struct source *source, struct slice name)
{
    const char *at = source->names;
    for (unsigned i = 0; i < source->key_count; i++, at += strlen(at) + 1)
        if (slice_eq(slice_str(at), name))
            return i;
    return source->key_count;
}

static void take_order(struct source *source, struct slice names)
{
    source->order_count = 0;
    while (names.len) {
        unsigned at = place_of(source, slice_cut(&names, 0x1f));
        if (at == source->key_count || source->order_count == SOURCE_KEY_MAX) {
            source->order_count = 0;
            return;
        }
        source->order[source->order_count++] = (uint8_t)at;
    }
}

void sources_place(struct sources *sources, const struct heard_place *place)
{
    struct source *source = sources_find(sources, place->relation);
    if (!source || !source->asked)
        return;
    size_t schema = place->schema.len, table = place->table.len;
    mem_free(source->place);
    source->place = mem_must(schema + table + 1);
    memcpy(source->place, place->schema.data, schema);
    memcpy(source->place + schema, place->table.data, table);
    source->schema = slice_of(source->place, schema);
    source->table = slice_of(source->place + schema, table);
    take_order(source, place->keys);
    source->known = true;
    source->asked = false;
}

/* A table that was asked for and is not there was dropped, so that nobody knows any more what it was a part of; or whoever made it is not
 * visible yet. */
void sources_give_up(struct sources *sources)
{
    size_t position = 0;
    for (struct map_entry *entry;
         sources->asked && (entry = map_next(&sources->by_oid, &position)) != NULL;) {
        struct source *source = entry->value;
        if (!source->asked)
            continue;
        sources_place(sources, &(struct heard_place){source->oid, SLICE(""), SLICE(""), SLICE("")});
        source->missing = true;
    }
    sources->asked = false;
}

void sources_clear(struct sources *sources)
{
    size_t position = 0;
    for (struct map_entry *entry; (entry = map_next(&sources->by_oid, &position)) != NULL;)
        source_free(entry->value);
    map_done(&sources->by_oid);
    *sources = (struct sources){0};
}
