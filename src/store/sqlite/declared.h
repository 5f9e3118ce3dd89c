/* SPDX-License-Identifier: Apache-2.0 */
/* A column's declared type → struct type. SQLite takes any words for a type and stores what it is given;
 * what the words mean here (letters' case and lengths such as INT(11) do not matter):
 *
 *   INT INTEGER TINYINT SMALLINT MEDIUMINT BIGINT INT2 INT4 INT8 UNSIGNED   VALUE_INT, 64 bits
 *   BOOL BOOLEAN            VALUE_BOOL          0 and 1
 *   DECIMAL(p,s) NUMERIC(p,s) DECIMAL(p)        VALUE_DECIMAL: an INTEGER of units of 10^-s
 *   DECIMAL NUMERIC         VALUE_NUMERIC       whatever number it holds
 *   REAL DOUBLE FLOAT       VALUE_FLOAT, 64 bits
 *   TIMESTAMP TIMESTAMPTZ   VALUE_TIMESTAMPTZ   text YYYY-MM-DDTHH:MM:SS.ffffffZ
 *   DATE                    VALUE_DATE          text YYYY-MM-DD
 *   JSON JSONB              VALUE_JSON          text
 *   UUID                    VALUE_UUID          text
 *   BLOB BYTEA              VALUE_BYTEA
 *   nothing                 VALUE_DYNAMIC
 *   all else (TEXT, VARCHAR(20), DATETIME…)     VALUE_TEXT
 * Pure; the names are literals, but for DECIMAL's, which is in the arena. */
#ifndef LEAT_STORE_SQLITE_DECLARED_H
#define LEAT_STORE_SQLITE_DECLARED_H

#include "catalog/catalog.h"

/* declared: as SQLite gives it; NULL: none. */
struct type lite_declared_type(struct arena *arena, const char *declared);

#endif
