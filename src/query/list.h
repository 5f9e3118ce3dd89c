/* SPDX-License-Identifier: Apache-2.0 */
/* The operands that have a grammar of their own: lists, `(a,b,"c,d")` and `{a,b}`, and patterns, `Jo*`.
 * Failure: a problem. Pure; in the build's arena. */
#ifndef LEAT_QUERY_LIST_H
#define LEAT_QUERY_LIST_H

#include "query/build.h"

/* Values without their quotes and escapes; `()` has none. brackets: "()" of `in`, "{}" of `any` and `all`. */
bool list_parse(struct build *build, struct slice place, struct slice text, const char *brackets,
                struct slice **ret_values, unsigned *ret_count) must_check;

/* An item of a comma-separated list of names. A name in "…" may hold anything; what follows it up to the comma is its suffix. */
struct name_item {
    struct slice name;
    struct slice suffix; /* of a quoted name alone */
    bool quoted;
};

/* Cuts off the next item; *rest gets data NULL behind the last. False: a quote that never ends. */
bool name_item_take(struct arena *arena, struct slice *rest, struct name_item *ret_item) must_check;

/* A name without blanks around it and without its quotes, if it has any. */
struct slice name_unquoted(struct arena *arena, struct slice text);

/* `*` becomes `%`, but for one behind a backslash. A backslash at the very end is refused. */
bool pattern_parse(struct build *build, struct slice place, struct slice text,
                   struct slice *ret_pattern) must_check;

/* Reads a "…" at the start of *rest, with \" and \\ in it; false: it never ends. */
bool quoted_take(struct arena *arena, struct slice *rest, struct slice *ret_text) must_check;

#endif
