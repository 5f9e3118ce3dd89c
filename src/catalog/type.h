/* SPDX-License-Identifier: Apache-2.0 */
/* Types of values: by what rule a value of a column, parameter or argument is checked, bound and written.
 * Ownership: names and labels belong to who made the type, most often the catalogue's arena. Plain data; any thread. */
#ifndef LEAT_CATALOG_TYPE_H
#define LEAT_CATALOG_TYPE_H

#include "base/slice.h"

enum dialect { DIALECT_PG, DIALECT_SQLITE };

/* How a value is checked, bound and written. Cells (store/store.h) hold the database's own text form. */
enum value_kind {
    VALUE_BOOL,      /* pg: t/f; sqlite: 0/1 → true/false */
    VALUE_INT,       /* written raw; type.bits 16, 32, 64 */
    VALUE_NUMERIC,   /* pg numeric: raw, NaN and infinities as strings */
    VALUE_FLOAT,     /* pg float4/float8 (bits 32, 64): raw, NaN and infinities as strings; sqlite REAL */
    VALUE_DECIMAL,   /* sqlite DECIMAL(p,s): the cell is the scaled INTEGER, written with type.scale digits */
    VALUE_TEXT,      /* a JSON string */
    VALUE_UUID,      /* a JSON string; filters are checked */
    VALUE_DATE,      /* pg date: YYYY-MM-DD [BC], infinity */
    VALUE_TIMESTAMP, /* pg timestamp; sqlite TIMESTAMP is VALUE_TIMESTAMPTZ, its text ends in Z */
    VALUE_TIMESTAMPTZ, /* written with T and offset as to_json() does */
    VALUE_TIME,
    VALUE_TIMETZ,
    VALUE_INTERVAL, /* JSON strings */
    VALUE_BYTEA,    /* `\x…` as a JSON string; sqlite BLOB: the cell holds the raw bytes */
    VALUE_ENUM,     /* a JSON string; filters are checked against labels */
    VALUE_JSON,     /* embedded as it is */
    VALUE_OTHER, /* pg: selected as to_json(column)::text, embedded: arrays, composites, ranges, extension types */
    VALUE_NESTED, /* sqlite: rows embedded in this one, as leat_tuple() and leat_tuples() frame them: type.nested */
    VALUE_DYNAMIC, /* sqlite: a result column without a declared type (count(*), avg(x)): the store hands out
                    * ready JSON, embedded as it is; neither filtered nor ordered by */
};

struct column;

/* What a cell of embedded rows holds. A tuple: each value as a length (u32, little-endian; UINT32_MAX: NULL) and its bytes. A list of
 * tuples: each as a length and its bytes. */
struct nested {
    const struct column *const *columns;
    unsigned count;
    bool list;   /* of rows: an array; else one row, an object, NULL when there is none */
    bool spread; /* its members stand among those of the row around it */
};

struct type {
    enum value_kind kind;
    struct slice name; /* as SQL writes it, safe to put in a cast: `bigint`, `numeric(12,2)`, `public.mood` */
    unsigned bits, scale;
    unsigned length_max;  /* of varchar(n) and char(n), in characters; 0: as long as one likes */
    bool orderable;       /* may stand in ORDER BY and be compared with < */
    bool is_array;        /* then `kind` is VALUE_OTHER */
    struct slice *labels; /* of an enum */
    unsigned label_count;
    const struct nested *nested; /* of VALUE_NESTED */
};

#endif
