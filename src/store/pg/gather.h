/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering: reads of one row by key, of one shape, go out as one statement with `= ANY($1)`; its rows are handed back by the text
 * of their key cell. Equal keys share a row. A read without a row gets none: it ends well with rows = 0.
 *
 * Ownership: `keys` is the port's buffer, written anew for each statement. One worker's thread.
 * Failure: pg_gather_add_key says when the array is full; the caller sends the read alone. */
#ifndef LEAT_STORE_PG_GATHER_H
#define LEAT_STORE_PG_GATHER_H

#include "base/buf.h"
#include "store/pg/port.h"

enum { GATHER_KEYS_MAX = 256, GATHER_BYTES_MAX = 64 * 1024 };

/* Writes `{1,2,"a b"}`, NUL-terminated by pg_gather_finish. */
void pg_gather_begin(struct buf *keys);
bool pg_gather_add_key(struct buf *keys, const struct fetch *fetch);
void pg_gather_finish(struct buf *keys);

/* Whether two reads of a shape can share a statement: all that they bind beside their keys is the same. */
bool pg_gather_fits(const struct fetch *first, const struct fetch *fetch);

/* Gives each row to the reads of its key. Which sinks wanted no more does not matter: one row is all there is. */
void pg_gather_give_rows(struct pg_port *port, struct list *fetches, const PGresult *result,
                         unsigned key_cell);

#endif
