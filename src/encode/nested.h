/* SPDX-License-Identifier: Apache-2.0 */
/* Rows embedded in a row, where the database hands them out as tuples: → objects and arrays of JSON.
 * Pure; any thread. Failure: sticky in the buf. */
#ifndef LEAT_ENCODE_NESTED_H
#define LEAT_ENCODE_NESTED_H

#include "base/buf.h"
#include "base/check.h"
#include "catalog/catalog.h"

/* The value of a cell of kind VALUE_NESTED that is not spread. cell.data NULL: no row. */
void encode_nested(struct buf *out, const struct nested *nested, struct slice cell);

/* `"name":value`, or, of a spread row, all of its members; a comma in front unless it is the first. */
void encode_member(struct buf *out, enum dialect dialect, const struct column *column, struct slice cell,
                   bool *first);

/* Takes a cell off the front of a tuple, or a tuple off a list of them. False: the bytes do not hold one. */
bool nested_take(struct slice *rest, struct slice *ret_bytes) must_check;

#endif
