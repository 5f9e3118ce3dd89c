/* SPDX-License-Identifier: Apache-2.0 */
/* A value of a record, JSON or text, checked against its column's type → the bind that a statement takes.
 * As PostgreSQL's json_populate_record() takes them, but stricter: a list is no text, a word no number.
 * Pure; results live in the scope's arena. Failure: false, and the refusal tells what was expected. */
#ifndef LEAT_QUERY_VALUE_RECORD_H
#define LEAT_QUERY_VALUE_RECORD_H

#include "base/record.h"
#include "query/value.h"

bool value_from_field(const struct value_scope *scope, const struct type *type, const struct field *field,
                      struct bind *ret_bind, struct value_refusal *ret_refusal) must_check;

#endif
