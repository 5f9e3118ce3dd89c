/* SPDX-License-Identifier: Apache-2.0 */
/* `cache: {local: 'ssn,iban'}`: columns whose values stay in the process. Which of which tables these are, those of views that show
 * them among them, and whether an answer tells of one. Part of the model, which owns it. Pure; any thread. */
#ifndef LEAT_CATALOG_LOCAL_H
#define LEAT_CATALOG_LOCAL_H

#include "catalog/model.h"

/* Of a table. */
struct local_columns {
    const struct column **columns;
    unsigned count;
};

/* Whether a statement names one, be it to show it, to filter or to order by it. tables: that it reads; unknown: and others. */
bool model_statement_is_local(const struct model *model, struct slice statement,
                              const struct table *const *tables, unsigned count, bool unknown);
/* Whether a query's table has one, which the query's text may show by whatever name. */
bool model_query_is_local(const struct model *model, const struct named_query *query);

#endif
