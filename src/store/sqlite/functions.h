/* SPDX-License-Identifier: Apache-2.0 */
/* SQL functions that every connection has, so that SQLite filters as PostgreSQL does.
 *   leat_ilike(text, pattern)   `text ILIKE pattern`: % and _ by characters, \ escapes, case folded over all
 *                               of Unicode.
 *   leat_must(condition, text)  NULL; where the condition is not true, the error of that text. */
#ifndef LEAT_STORE_SQLITE_FUNCTIONS_H
#define LEAT_STORE_SQLITE_FUNCTIONS_H

#include <locale.h>
#include <sqlite3.h>
#include <stdbool.h>

#include "base/slice.h"

/* locale: C.UTF-8 for folding, must outlive the connection; (locale_t)0 folds ASCII alone. False: out of
 * memory. */
bool lite_functions_add(sqlite3 *db, locale_t locale);

#endif
