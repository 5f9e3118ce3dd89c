/* SPDX-License-Identifier: Apache-2.0 */
/* `nulls=stripped`: JSON without the members that are null, as PostgreSQL's json_strip_nulls() has it. At every depth: of embedded
 * rows, composites and documents too. What is null in an array stays, and so does a null alone.
 * Pure; any thread. Does not fail. */
#ifndef LEAT_ENCODE_STRIP_H
#define LEAT_ENCODE_STRIP_H

#include <stddef.h>

/* In place; returns how many bytes are left. text: one JSON text. White space between its tokens goes, too. */
size_t strip_nulls(char *text, size_t len);

#endif
