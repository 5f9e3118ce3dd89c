/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: `column=operator.value` → conditions with checked binds.
 * Failure: a problem that names the column, the operator and the nearest right word. Pure; in the build's arena. */
#ifndef LEAT_QUERY_FILTER_H
#define LEAT_QUERY_FILTER_H

#include "query/operator.h"

enum is_word { IS_NULL, IS_NOT_NULL, IS_TRUE, IS_FALSE, IS_UNKNOWN };

struct condition {
    const struct column *column;
    enum filter_op op;
    bool negated;
    enum is_word is; /* of FILTER_IS, which has no bind */
    struct bind bind;
    struct slice words; /* the bind's text, or the words of a moment relative to now: for keys */
};

struct conditions {
    struct condition
        *items; /* in the order of columns and operators, so that the same filters are one shape */
    unsigned count;
};

bool filters_parse(struct build *build, const struct param *filters, unsigned count,
                   struct conditions *ret_conditions) must_check;

/* The column is bound to one value: every row has it. */
bool conditions_pin(const struct conditions *conditions, const struct column *column);

/* Everything that tells these filters from others, for keys of caches and cursors. */
void conditions_write_key(const struct conditions *conditions, struct text *key);

/* The refusal of a value, for a column or a parameter of a named query. */
struct value_refusal;
bool refuse_value(struct build *build, struct slice name, struct slice value,
                  const struct value_refusal *refusal);

#endif
