/* SPDX-License-Identifier: Apache-2.0 */
/* One value: from a cell (the database's text form) to JSON. doc/values.md says how each type looks.
 * Pure; any thread. Failure: sticky in the buf. */
#ifndef LEAT_ENCODE_VALUE_H
#define LEAT_ENCODE_VALUE_H

#include "base/buf.h"
#include "catalog/catalog.h"

/* PostgreSQL: exactly as to_json() writes it. SQLite: by the declared type; what does not fit it is a JSON string.
 * cell.data NULL: null. */
void encode_value(struct buf *out, enum dialect dialect, const struct type *type, struct slice cell);

#endif
