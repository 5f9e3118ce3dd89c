/* SPDX-License-Identifier: Apache-2.0 */
/* Filters → conditions with checked binds: `column=operator.value`, groups `or=(a.eq.1,and(b.gt.2,not.c.is.null))`, and those of
 * embedded rows, `flags.severity=eq.high`, `flags=not.is.null`.
 * Failure: a problem that names the column, the operator and the nearest right word. Pure; in the build's arena. */
#ifndef LEAT_QUERY_FILTER_H
#define LEAT_QUERY_FILTER_H

#include "query/operator.h"

enum is_word { IS_NULL, IS_NOT_NULL, IS_TRUE, IS_FALSE, IS_UNKNOWN };

enum condition_kind {
    CONDITION_TEST, /* of a column */
    CONDITION_AND,  /* of its parts */
    CONDITION_OR,
    CONDITION_EXISTS, /* a row of a child, as the child's conditions want it */
};

struct condition {
    enum condition_kind kind;
    bool negated;
    bool of_rules; /* the configuration's, not the request's */
    /* TEST */
    const struct column *column; /* as the level's SELECT writes it */
    enum filter_op op;
    enum quantifier quantifier;
    enum is_word is; /* of FILTER_IS, which has no bind */
    struct bind bind;
    struct slice words;  /* the bind's text, or the words of a moment relative to now: for keys */
    struct slice config; /* of a text search: tame */
    unsigned bind_at;    /* its number in the statement; 0: not numbered yet */
    /* AND, OR */
    struct condition *parts;
    unsigned part_count;
    /* EXISTS */
    struct level *child;
};

struct conditions {
    struct condition
        *items; /* in the order of columns and operators, so that the same filters are one shape */
    unsigned count, room;
};

/* The filters of a request; each to the level that its name leads to. Of a child they may also be its order, limit and offset. */
bool filters_parse(struct build *build, const struct param *filters, unsigned count) must_check;

/* The same from a text, `a=eq.1&or=(…)`: of a rule, for the build's level, into the given conditions. */
bool filters_read(struct build *build, struct slice text, struct conditions *conditions) must_check;

/* Whether a parameter of that name filters embedded rows. */
bool filter_is_embedded(struct slice name);

/* Adds a condition in its place. */
void conditions_add(struct build *build, struct conditions *conditions, const struct condition *condition);

/* The inside of `and=(…)` and `or=(…)`, parentheses included: see group.c. */
bool group_parse(struct build *build, const struct param *param, enum condition_kind kind,
                 struct condition *ret_condition) must_check;

/* One filter of the build's level: a column, perhaps with a path into its JSON, or a child's name. bare: without an operator it is
 * one of equality. *ret_filters false: the word filters nothing. */
bool filter_parse(struct build *build, const struct param *param, bool bare, struct condition *ret_condition,
                  bool *ret_filters) must_check;

/* The column is bound to one value: every row has it. */
bool condition_pins(const struct condition *condition, const struct column *column);
bool conditions_pin(const struct conditions *conditions, const struct column *column);

/* Everything that tells these filters from others, for keys of caches and cursors. */
void conditions_write_key(const struct conditions *conditions, struct text *key);

/* Whether it has a bind: `is` has none. */
static inline bool condition_binds(const struct condition *condition)
{
    return condition->kind == CONDITION_TEST && condition->op != FILTER_IS;
}

/* The refusal of a value, for a column or a parameter of a named query. */
struct value_refusal;
bool refuse_value(struct build *build, struct slice name, struct slice value,
                  const struct value_refusal *refusal);

#endif
