/* SPDX-License-Identifier: Apache-2.0 */
/* The types of named queries' parameters: a word of the head (config/query_params.c lists them) → struct type.
 * Pure; what it returns points to literals. */
#ifndef LEAT_CATALOG_PARAM_TYPE_H
#define LEAT_CATALOG_PARAM_TYPE_H

#include "catalog/catalog.h"

/* False: no such type. `name` is what PostgreSQL casts to; on SQLite numbers with a fraction are REAL. */
bool param_type_find(enum dialect dialect, struct slice word, struct type *ret_type);

#endif
