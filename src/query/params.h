/* SPDX-License-Identifier: Apache-2.0 */
/* A query string cut into decoded parameters, and those of them that have a name of Leat's own in slots.
 * Failure: a problem — bad escapes, too many, too long, one twice. Pure; all in the build's arena. */
#ifndef LEAT_QUERY_PARAMS_H
#define LEAT_QUERY_PARAMS_H

#include "query/build.h"

struct param {
    struct slice name;
    struct slice value; /* data NULL: there was no `=` */
};

struct params {
    struct param *items;
    unsigned count;
};

bool params_parse(struct build *build, struct slice query_string, struct params *ret_params) must_check;

/* The reserved parameters. */
enum slot {
    SLOT_SELECT,
    SLOT_ORDER,
    SLOT_LIMIT,
    SLOT_OFFSET,
    SLOT_CURSOR,
    SLOT_PAGE,
    SLOT_PAGE_SIZE,
    SLOT_COLUMNS,     /* of writes */
    SLOT_ON_CONFLICT, /* of writes */
    SLOT_COUNT
};

struct slots {
    struct param given[SLOT_COUNT]; /* value.data NULL: absent */
    struct param *filters;          /* the rest */
    unsigned filter_count;
};

/* Sorts the parameters; those of writes are refused unless it is one. */
bool slots_sort(struct build *build, const struct params *params, struct slots *ret_slots) must_check;

/* Whether a word is a reserved name, and the nearest of them for a mistyped one. */
bool slot_known(struct slice name, enum slot *ret_slot);
void slots_offer(struct nearest *nearest);

/* The longest cursor that is taken: cursors have a limit of their own, for they are long and ours. */
#define CURSOR_TEXT_MAX 4096

#endif
