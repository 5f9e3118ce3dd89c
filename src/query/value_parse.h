/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of single kinds of value, between value.c, value_number.c and value_text.c: one function a kind, listed in
 * value.c's table. Each gets text that is not yet known to be anything, and answers with a bind or false. */
#ifndef LEAT_QUERY_VALUE_PARSE_H
#define LEAT_QUERY_VALUE_PARSE_H

#include "query/value.h"

typedef bool value_reader(const struct value_scope *scope, const struct type *type, struct slice text,
                          struct bind *ret_bind);

value_reader value_read_bool, value_read_int, value_read_numeric, value_read_float, value_read_decimal;
value_reader value_read_text, value_read_uuid, value_read_bytea, value_read_enum;
value_reader value_read_date, value_read_timestamp, value_read_timestamptz, value_read_time,
    value_read_timetz;

/* A DECIMAL(p,s) as it is stored: digits behind the scale are rounded, halves away from zero, as PostgreSQL does. */
value_reader value_round_decimal;

/* A word of PostgreSQL's that stands beyond all numbers or times. */
bool value_is_infinity(struct slice text, struct slice *ret_canonical) must_check;

#endif
