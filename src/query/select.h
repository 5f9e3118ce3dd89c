/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of columns: what `select=` shows, and the cutting of such lists into names, which `order=` shares.
 * Failure: a problem. Pure; in the build's arena. */
#ifndef LEAT_QUERY_SELECT_H
#define LEAT_QUERY_SELECT_H

#include "query/build.h"

/* `a,b,*` → visible columns, each once, in the order of their first mention; data NULL: the resource's default. */
bool select_parse(struct build *build, struct slice text, const struct column ***ret_columns,
                  unsigned *ret_count) must_check;

/* An item of a comma-separated list. A name in "…" may hold anything; what follows it up to the comma is its suffix. */
struct name_item {
    struct slice name;
    struct slice suffix; /* of a quoted name alone */
    bool quoted;
};

/* Cuts off the next item; *rest gets data NULL behind the last. False: a quote that never ends. */
bool name_item_take(struct arena *arena, struct slice *rest, struct name_item *ret_item) must_check;

#endif
