/* SPDX-License-Identifier: Apache-2.0 */
/* A value as a URL has it, checked against its column's type → the bind that a statement takes.
 *
 * A bind's text is canonical: equal values have equal texts, which keys of caches and gathered reads rely on. On SQLite it is
 * what the column holds: a DECIMAL's scaled integer, a TIMESTAMP's `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
 * Failure: false, and the refusal tells what was expected. Pure; results live in the arena. */
#ifndef LEAT_QUERY_VALUE_H
#define LEAT_QUERY_VALUE_H

#include "base/nearest.h"
#include "store/store.h"

struct value_scope {
    struct arena *arena;
    enum dialect dialect;
    struct wall now; /* what `now` and `24h ago` count from */
};

struct value_refusal {
    struct slice expected;  /* "an integer from 1 to 9, such as 5": ends a sentence */
    struct nearest nearest; /* of an enum's labels */
};

/* Text from a client. White space around it is dropped, but for text and labels. */
bool value_parse(const struct value_scope *scope, const struct type *type, struct slice text,
                 struct bind *ret_bind, struct value_refusal *ret_refusal) must_check;

/* The raw text of a cell, out of a cursor: what the store once gave, in the database's own form (data not NULL). */
bool value_from_cell(const struct value_scope *scope, const struct type *type, struct slice cell,
                     struct bind *ret_bind) must_check;

/* A value that moves with the clock (`now`, `24h ago`): keys are made of its words, not of what they come to. */
bool value_is_relative(const struct type *type, struct slice text);

/* The name to cast a bind to on PostgreSQL: the type without its modifiers, which would round and cut (numeric(12,2),
 * character varying(3)), and without the checks of a domain where the kind says enough. */
struct slice value_cast_name(const struct type *type);

/* The schema, as SQL writes it, of a type whose operators are its extension's own: citext. The role's search path may be without
 * it, and plain signs would find the operators of text, which mind the case. Empty: plain signs do. */
struct slice value_operator_schema(const struct type *type);

struct bind bind_text(struct arena *arena, struct slice text);
struct bind bind_integer(struct arena *arena, int64_t value);
static inline struct bind bind_null(void)
{
    return (struct bind){.kind = BIND_NULL};
}

#endif
