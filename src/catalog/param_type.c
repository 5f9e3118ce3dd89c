/* SPDX-License-Identifier: Apache-2.0 */
/* See param_type.h. */
#include "catalog/param_type.h"

#include "base/check.h"

#define ROW(word, cast, kind_, bits_) \
    { \
        SLICE_INIT(word), \
        { \
            .kind = (kind_), .name = SLICE_INIT(cast), .bits = (bits_) \
        } \
    }

static const struct {
    struct slice word;
    struct type type;
} types[] = {
    ROW("smallint", "smallint", VALUE_INT, 16),
    ROW("int", "integer", VALUE_INT, 32),
    ROW("integer", "integer", VALUE_INT, 32),
    ROW("bigint", "bigint", VALUE_INT, 64),
    ROW("numeric", "numeric", VALUE_NUMERIC, 0),
    ROW("decimal", "numeric", VALUE_NUMERIC, 0),
    ROW("real", "real", VALUE_FLOAT, 32),
    ROW("double", "double precision", VALUE_FLOAT, 64),
    ROW("double precision", "double precision", VALUE_FLOAT, 64),
    ROW("text", "text", VALUE_TEXT, 0),
    ROW("boolean", "boolean", VALUE_BOOL, 0),
    ROW("bool", "boolean", VALUE_BOOL, 0),
    ROW("uuid", "uuid", VALUE_UUID, 0),
    ROW("date", "date", VALUE_DATE, 0),
    ROW("time", "time", VALUE_TIME, 0),
    ROW("timestamp", "timestamp", VALUE_TIMESTAMP, 0),
    ROW("timestamptz", "timestamptz", VALUE_TIMESTAMPTZ, 0),
    ROW("interval", "interval", VALUE_INTERVAL, 0),
    ROW("json", "json", VALUE_JSON, 0),
    ROW("jsonb", "jsonb", VALUE_JSON, 0),
};

/* SQLite keeps one kind of moment, in UTC, and floating numbers. */
static void adapt_to_sqlite(struct type *type)
{
    if (type->kind == VALUE_TIMESTAMP)
        type->kind = VALUE_TIMESTAMPTZ;
    if (type->kind == VALUE_NUMERIC) {
        type->kind = VALUE_FLOAT;
        type->bits = 64;
    }
}

bool param_type_find(enum dialect dialect, struct slice word, struct type *ret_type)
{
    PRE(dialect == DIALECT_PG || dialect == DIALECT_SQLITE);
    for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
        if (!slice_eq(types[i].word, word))
            continue;
        *ret_type = types[i].type;
        ret_type->orderable = ret_type->kind != VALUE_JSON;
        if (dialect == DIALECT_SQLITE)
            adapt_to_sqlite(ret_type);
        return true;
    }
    return false;
}
