/* SPDX-License-Identifier: Apache-2.0 */
/* Types of the database by oid. See types.h. */
#include "store/pg/types.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "store/pg/cells.h"

struct pg_type {
    Oid oid, base; /* base: of a domain, else 0 */
    int base_typmod;
    char typtype;
    bool is_array, orderable, is_citext;
    struct slice name;
    struct slice *labels;
    unsigned label_count;
};

/* What to_json() writes without help. All others are turned to JSON by the database. The oids are fixed (pg_type.dat). */
static const struct {
    Oid oid;
    enum value_kind kind;
    unsigned bits;
} known[] = {
    {16, VALUE_BOOL, 0},          {21, VALUE_INT, 16},      {23, VALUE_INT, 32},
    {20, VALUE_INT, 64},          {1700, VALUE_NUMERIC, 0}, {700, VALUE_FLOAT, 32},
    {701, VALUE_FLOAT, 64},       {25, VALUE_TEXT, 0},      {1043, VALUE_TEXT, 0},
    {1042, VALUE_TEXT, 0},        {19, VALUE_TEXT, 0},      {18, VALUE_TEXT, 0},
    {2950, VALUE_UUID, 0},        {1082, VALUE_DATE, 0},    {1114, VALUE_TIMESTAMP, 0},
    {1184, VALUE_TIMESTAMPTZ, 0}, {1083, VALUE_TIME, 0},    {1266, VALUE_TIMETZ, 0},
    {1186, VALUE_INTERVAL, 0},    {17, VALUE_BYTEA, 0},     {114, VALUE_JSON, 0},
    {3802, VALUE_JSON, 0},
};
enum { OID_BPCHAR = 1042, OID_VARCHAR = 1043, OID_NUMERIC = 1700, TYPMOD_BASE = 4 };

/* ---- arrays ---- */

static void add_element(struct arena *arena, struct buf *buf, struct slice *to)
{
    *to = arena_copy(arena, buf_slice(buf));
    buf_clear(buf);
}

static unsigned count_at_most(struct slice text)
{
    unsigned commas = 1;
    for (size_t i = 0; i < text.len; i++)
        commas += text.data[i] == ',';
    return commas;
}

struct slice *pg_array_read(struct arena *arena, struct slice text, unsigned *ret_count)
{
    *ret_count = 0;
    if (text.len < 3 || text.data[0] != '{')
        return NULL;
    struct slice *items = ARENA_ARRAY(arena, struct slice, count_at_most(text));
    struct buf buf;
    bool quoted = false;
    buf_init(&buf, text.len);
    for (size_t i = 1; i < text.len; i++) {
        char c = text.data[i];
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && i + 1 < text.len)
            buf_byte(&buf, text.data[++i]);
        else if (!quoted && (c == ',' || c == '}'))
            add_element(arena, &buf, &items[(*ret_count)++]);
        else
            buf_byte(&buf, c);
    }
    buf_done(&buf);
    return items;
}

/* ---- the table ---- */

void pg_types_take(struct types *types, struct arena *arena, const PGresult *result)
{
    PRE(types->items == NULL);
    types->arena = arena;
    types->count = (unsigned)PQntuples(result);
    types->items = mem_must((types->count + 1) * sizeof *types->items);
    for (unsigned i = 0; i < types->count; i++) {
        int row = (int)i;
        struct pg_type *type = &types->items[i];
        type->oid = cell_oid(result, row, 0);
        type->name = arena_copy(arena, cell_text(result, row, 1));
        type->typtype = PQgetvalue(result, row, 2)[0];
        type->base = cell_oid(result, row, 3);
        type->base_typmod = (int)cell_number(result, row, 4);
        type->is_array = cell_true(result, row, 5);
        type->is_citext = slice_eq(cell_text(result, row, 6), SLICE("citext"));
        type->orderable = cell_true(result, row, 7);
        type->labels = pg_array_read(arena, cell_text(result, row, 8), &type->label_count);
    }
}

void pg_types_done(struct types *types)
{
    mem_free(types->items);
    *types = (struct types){0};
}

static int compare(const void *key, const void *item)
{
    Oid a = *(const Oid *)key, b = ((const struct pg_type *)item)->oid;
    return a < b ? -1 : a > b;
}

static const struct pg_type *find(const struct types *types, Oid oid)
{
    return bsearch(&oid, types->items, types->count, sizeof *types->items, compare);
}

static void set_kind(struct type *type, const struct pg_type *found)
{
    type->kind = VALUE_OTHER;
    if (found->typtype == 'e')
        type->kind = VALUE_ENUM;
    else if (found->is_citext)
        type->kind = VALUE_TEXT;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i].oid == found->oid) {
            type->kind = known[i].kind;
            type->bits = known[i].bits;
        }
}

struct type pg_types_find(const struct types *types, Oid oid, int typmod, bool *ret_deterministic)
{
    const struct pg_type *found = find(types, oid);
    *ret_deterministic = true;
    for (; found != NULL && found->typtype == 'd'; found = find(types, found->base))
        typmod = found->base_typmod;
    struct type type = {.kind = VALUE_OTHER, .name = SLICE_INIT("text")};
    if (found == NULL)
        return type;
    set_kind(&type, found);
    type.name = found->name;
    type.orderable = found->orderable;
    type.is_array = found->is_array;
    type.labels = found->labels;
    type.label_count = found->label_count;
    if (found->oid == OID_NUMERIC && typmod >= TYPMOD_BASE)
        type.scale = (unsigned)(typmod - TYPMOD_BASE) & 0x7ff;
    if ((found->oid == OID_BPCHAR || found->oid == OID_VARCHAR) && typmod > TYPMOD_BASE)
        type.length_max = (unsigned)(typmod - TYPMOD_BASE);
    *ret_deterministic =
        !found->is_citext && found->oid != OID_BPCHAR; /* char(n) compares without trailing blanks */
    return type;
}
