/* SPDX-License-Identifier: Apache-2.0 */
/* `select=`, and its other name `fields=`: the fields of a level and of all that is embedded in it.
 *
 *   list  := item { ',' item }
 *   item  := '*'
 *          | [ alias ':' ] column { '->' key } [ '->>' key ] [ '::' type ] [ '.' aggregate '()' [ '::' type ] ]
 *          | [ alias ':' ] 'count()' [ '::' type ]
 *          | [ alias ':' | '...' ] relation { '!' hint | '!inner' | '!left' } '(' [ list ] ')'
 *
 * `{…}` may stand for `(…)`. A name in "…" may hold anything.
 * Failure: a problem with the place, counted in characters from 1. Pure; in the build's arena. */
#ifndef LEAT_QUERY_SELECT_H
#define LEAT_QUERY_SELECT_H

#include "query/level.h"

/* Fills the build's level; text.data NULL: the resource's default. */
bool select_parse(struct build *build, struct slice text) must_check;

/* embed.c: the relation that is meant. hints: what stood behind the exclamation marks, but for inner and left. */
bool embed_find(struct build *build, struct slice name, const struct slice *hints, unsigned hint_count,
                const struct relation **ret_relation) must_check;

/* Whether a relation could be meant by the name: for advice. */
bool embed_knows(const struct build *build, struct slice name);

#endif
