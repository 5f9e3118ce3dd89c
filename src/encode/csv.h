/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as CSV (RFC 4180): NULL is nothing between two commas, an empty text is "", what JSON writes as a string stands without
 * JSON's quotes and escapes, objects and arrays as their JSON text. doc/values.md says how each type looks.
 * Pure; any thread. Failure: sticky in the bufs. */
#ifndef LEAT_ENCODE_CSV_H
#define LEAT_ENCODE_CSV_H

#include "encode/page.h"

/* The line of names. */
void csv_write_names(struct buf *out, const struct page_spec *spec);

/* A row. scratch: room for values on the way, from row to row the same. */
void csv_write_row(struct buf *out, struct buf *scratch, const struct page_spec *spec,
                   const struct slice *cells);

/* One field: a text, quoted where it must be. */
void csv_write_text(struct buf *out, struct slice text);

/* One field: the JSON value that `json` holds, which is spent by it. `null` is as NULL. */
void csv_write_json(struct buf *out, struct buf *json);

#endif
