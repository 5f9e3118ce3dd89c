/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of what the stores read as catalogue: its tables and columns by name, and where a view has its columns from. What is
 * not there fails the test. */
#ifndef LEAT_TESTS_CATALOG_H
#define LEAT_TESTS_CATALOG_H

#include <stdio.h>
#include <string.h>

#include "catalog/catalog.h"
#include "lib/unit.h"

static inline const struct table *table_named(const struct catalog *catalog, const char *name)
{
    bool many;
    const struct table *table = catalog_find(catalog, slice_str(name), &many);
    if (table == NULL)
        fail_msg("no table %s", name);
    return table;
}

static inline const struct column *column_named(const struct table *table, const char *name)
{
    const struct column *column = table_column(table, slice_str(name));
    if (column == NULL)
        fail_msg("no column %s", name);
    return column;
}

/* "users.id" or "-" for each column. */
static inline void assert_origins(const struct catalog *catalog, const char *view, const char *expected)
{
    const struct table *of = table_named(catalog, view);
    char text[1000] = "";
    for (unsigned i = 0; i < of->column_count; i++) {
        const struct table *origin = of->columns[i].origin;
        size_t len = strlen(text);
        if (origin)
            snprintf(text + len, sizeof text - len, "%s" SLICE_FMT "." SLICE_FMT, i ? " " : "",
                     SLICE_ARG(origin->name), SLICE_ARG(origin->columns[of->columns[i].origin_column].name));
        else
            snprintf(text + len, sizeof text - len, "%s-", i ? " " : "");
        if (origin) /* as it is now, after all sorting */
            assert_ptr_equal(origin, table_named(catalog, origin->name.data));
    }
    assert_string_equal(text, expected);
}

#endif
