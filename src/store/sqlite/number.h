/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, the way PostgreSQL writes them, so that both stores answer alike. Here because a number
 * is written for every cell: sqlite3_column_text would do it three times as slowly and print fifteen digits
 * of a REAL where seventeen are needed. Pure; cannot fail. */
#ifndef LEAT_STORE_SQLITE_NUMBER_H
#define LEAT_STORE_SQLITE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* The most either function writes. */
enum { LITE_NUMBER_MAX = 32 };

/* Decimal digits; returns how many bytes, no NUL. */
size_t lite_write_integer(char *to, int64_t value);

/* The fewest digits that read back as the same double, laid out as float8out does: 0.1, 5, 1e+20, 1e-07,
 * Infinity. */
size_t lite_write_real(char *to, double value);

#endif
