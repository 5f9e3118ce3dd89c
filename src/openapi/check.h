/* SPDX-License-Identifier: Apache-2.0 */
/* CHECK constraints, as far as JSON Schema can say them: what a column's values are bound by. Internal to openapi/.
 *
 * Understood: comparisons of a column, or of its length, with constants; BETWEEN; IN and = ANY (ARRAY[…]); `~` with a pattern that
 * means the same in JavaScript; AND of those; `x IS NULL OR` before what is about x. All else says nothing: a schema that
 * promises too little is right, one that promises too much refuses what the database takes. Pure. */
#ifndef LEAT_OPENAPI_CHECK_H
#define LEAT_OPENAPI_CHECK_H

#include "catalog/catalog.h"

struct bounds {
    struct slice low, high;     /* numbers as JSON writes them; empty: none */
    bool above_low, below_high; /* they are not reached */
    bool has_length_min, has_length_max;
    uint32_t length_min, length_max; /* in characters */
    struct slice *values;            /* one of these; of a number's column numbers, else texts */
    unsigned value_count;
    struct slice pattern;
};

/* One for each column of the table, in the arena. */
struct bounds *checks_read(struct arena *arena, const struct table *table);

#endif
