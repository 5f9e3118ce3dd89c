/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of the catalogue's answers, as libpq's text. NULL reads as empty, false or 0. They live as long as the result. */
#ifndef LEAT_STORE_PG_CELLS_H
#define LEAT_STORE_PG_CELLS_H

#include <libpq-fe.h>
#include <stdlib.h>

#include "base/slice.h"

static inline struct slice cell_text(const PGresult *result, int row, int column)
{
    return slice_of(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static inline bool cell_true(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}

static inline long cell_number(const PGresult *result, int row, int column)
{
    return strtol(PQgetvalue(result, row, column), NULL, 10);
}

static inline Oid cell_oid(const PGresult *result, int row, int column)
{
    return (Oid)strtoul(PQgetvalue(result, row, column), NULL, 10);
}

#endif
