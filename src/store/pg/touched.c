/* SPDX-License-Identifier: Apache-2.0 */
/* The relations of a plan. See touched.h. */
#include "store/pg/touched.h"

#include "base/check.h"

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

bool pg_touched_read(struct model *model, struct named_query *query, struct slice plan)
{
    bool known = true;
    for (;;) {
        struct slice name = take_member(&plan, SLICE("\"Relation Name\": \""));
        if (!name.data)
            return known;
        struct slice behind = plan, schema = take_member(&behind, SLICE("\"Schema\": \""));
        const struct table *table = catalog_table(model->catalog, schema, name);
        if (table)
            named_query_note(&model->arena, query, table);
        else
            known = known && is_of_system(schema);
    }
}
