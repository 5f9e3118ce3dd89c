/* SPDX-License-Identifier: Apache-2.0 */
/* What can be shown, compared or ordered by: a column, or a value computed from one, as a column of its own: a path into JSON
 * (`meta->a->0->>b`), a cast (`amount::text`), an aggregate (`amount.sum()`), a column of embedded rows (`users(name)`).
 *
 * A computed column's `sql` is its expression, its `name` what the URL said, its position lies behind the table's.
 * Keys of JSON and aliases are the only parts of a request that stand in a statement: name_is_tame says which may (decision 0016).
 * Pure; in the build's arena. */
#ifndef LEAT_QUERY_OPERAND_H
#define LEAT_QUERY_OPERAND_H

#include "query/level.h"

/* `name` or `name->key->>key`. True with *ret_column NULL: no such column. False: a refusal, of a path that cannot be. */
bool operand_find(struct build *build, struct slice text, const struct column **ret_column) must_check;

/* The same, where no such column is a refusal, too. */
bool operand_read(struct build *build, struct slice text, struct slice place,
                  const struct column **ret_column) must_check;

/* Whether the text has an arrow of a path in it. */
bool operand_is_path(struct slice text);

/* The key of a path's value in an answer: its last name. */
struct slice operand_label(struct arena *arena, struct slice text);

/* CAST(column AS type). */
bool operand_cast(struct build *build, const struct column *column, struct slice type,
                  const struct column **ret_column) must_check;

/* column NULL: count(). */
bool operand_aggregate(struct build *build, const struct column *column, struct slice function,
                       const struct column **ret_column) must_check;

/* A column of a child's row, to one, as the build's level orders by it. */
const struct column *operand_of_child(struct build *build, struct level *child, const struct column *column);

/* The column under another name in the answer. */
const struct column *operand_named(struct build *build, const struct column *column, struct slice name);

#endif
