/* SPDX-License-Identifier: Apache-2.0 */
/* The members of one record, in their order. The slices are somebody else's; the list is ours until fields_done.
 * Failure: memory. One thread at a time. */
#ifndef LEAT_DECODE_FIELDS_H
#define LEAT_DECODE_FIELDS_H

#include "decode/decode.h"

struct fields {
    struct field *list;
    unsigned count, room;
};

/* ERR_LIMIT: there are max already. A zeroed struct is an empty list; so is one whose count is 0. */
enum error fields_add(struct fields *fields, unsigned max, const struct field *field) must_check;

/* A field whose name an earlier one has. NULL: all differ. */
const struct field *fields_repeated(const struct fields *fields);

void fields_done(struct fields *fields);

#endif
