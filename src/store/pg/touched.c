/* SPDX-License-Identifier: Apache-2.0 */
/* The relations of a plan. See touched.h. */
#include "store/pg/touched.h"

#include "base/check.h"
#include "store/pg/cells.h"

const char pg_touched_parts_sql[] =
    "SELECT n.nspname, c.relname, rn.nspname, r.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_class r ON r.oid = pg_partition_root(c.oid) JOIN pg_namespace rn ON rn.oid = r.relnamespace"
    " WHERE c.relispartition AND c.relkind IN ('r', 'f')";

/* The text behind `"NAME": "`, taken off *rest with all before it; data NULL: there is none more. One with a backslash in it is none
 * that the catalogue would know. */
static struct slice take_member(struct slice *rest, struct slice name)
{
    const char *at = rest->len ? memmem(rest->data, rest->len, name.data, name.len) : NULL;
    if (!at)
        return (struct slice){NULL, 0};
    *rest = slice_skip(*rest, (size_t)(at - rest->data) + name.len);
    return slice_cut(rest, '"');
}

static bool is_of_system(struct slice schema)
{
    return slice_eq(schema, SLICE("pg_catalog")) || slice_eq(schema, SLICE("information_schema"));
}

/* The table of this name, or whose partition it is; NULL: neither. */
static const struct table *find_table(const struct model *model, struct slice schema, struct slice name,
                                      const PGresult *parts)
{
    for (int row = 0; row < PQntuples(parts); row++)
        if (slice_eq(cell_text(parts, row, 1), name) && slice_eq(cell_text(parts, row, 0), schema))
            return catalog_table(model->catalog, cell_text(parts, row, 2), cell_text(parts, row, 3));
    return catalog_table(model->catalog, schema, name);
}

/* A part that can never have rows was left out with its tables; a join on another server has no Relation Name. */
static bool hides_tables(struct slice plan)
{
    return take_member(&plan, SLICE("\"One-Time Filter\": \"false")).data ||
           take_member(&plan, SLICE("\"Relations\": \"")).data;
}

bool pg_touched_read(struct model *model, struct named_query *query, struct slice plan, const PGresult *parts)
{
    bool known = !hides_tables(plan);
    for (;;) {
        struct slice name = take_member(&plan, SLICE("\"Relation Name\": \""));
        if (!name.data)
            return known;
        struct slice behind = plan, schema = take_member(&behind, SLICE("\"Schema\": \""));
        const struct table *table = find_table(model, schema, name, parts);
        if (table)
            named_query_note(&model->arena, query, table);
        else
            known = known && is_of_system(schema);
    }
}

/* Wherever it stands, be it as part of another name; one with a quote in it is written otherwise. */
static bool may_name(struct slice text, struct slice name)
{
    if (memchr(name.data, '"', name.len))
        return true;
    for (size_t at = 0; at + name.len <= text.len; at++)
        if (slice_eq_nocase(slice_of(text.data + at, name.len), name))
            return true;
    return false;
}

bool pg_touched_names_untold(const struct catalog *catalog, struct slice text)
{
    PRE(catalog);
    for (unsigned i = 0; i < catalog->table_count; i++) {
        const struct table *view = &catalog->tables[i];
        if (view->kind == TABLE_VIEW && view->bases_unknown && may_name(text, view->name))
            return true;
    }
    return false;
}
