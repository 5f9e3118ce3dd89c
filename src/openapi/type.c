/* SPDX-License-Identifier: Apache-2.0 */
/* A value's schema from its type: what doc/values.md says, as JSON Schema (2020-12) and OpenAPI's registry of formats say it. */
#include "openapi/doc.h"

static const struct {
    const char *type, *format; /* NULL: not said */
} kinds[] = {
    [VALUE_BOOL] = {"boolean", NULL},
    [VALUE_INT] = {"integer", NULL},
    [VALUE_NUMERIC] = {"number", NULL},
    [VALUE_FLOAT] = {"number", NULL},
    [VALUE_DECIMAL] = {"number", NULL},
    [VALUE_TEXT] = {"string", NULL},
    [VALUE_UUID] = {"string", "uuid"},
    [VALUE_DATE] = {"string", "date"},
    [VALUE_TIMESTAMP] = {"string", "date-time-local"},
    [VALUE_TIMESTAMPTZ] = {"string", "date-time"},
    [VALUE_TIME] = {"string", "time-local"},
    [VALUE_TIMETZ] = {"string", NULL},
    [VALUE_INTERVAL] = {"string", NULL},
    [VALUE_BYTEA] = {"string", NULL},
    [VALUE_ENUM] = {"string", NULL},
    [VALUE_JSON] = {NULL, NULL},
    [VALUE_OTHER] = {NULL, NULL},
    [VALUE_DYNAMIC] = {NULL, NULL},
};

bool type_is_number(const struct type *type)
{
    return type->kind >= VALUE_INT && type->kind <= VALUE_DECIMAL;
}

static void write_type(struct doc *doc, const char *type, bool nullable)
{
    if (!nullable) {
        doc_text(doc, "type", slice_str(type));
        return;
    }
    doc_open(doc, "type", '[');
    doc_text(doc, NULL, slice_str(type));
    doc_text(doc, NULL, SLICE("null"));
    doc_close(doc, ']');
}

static void write_format(struct doc *doc, const struct type *type)
{
    const char *format = kinds[type->kind].format;
    if (type->kind == VALUE_INT)
        format = type->bits == 16 ? "int16" : type->bits == 32 ? "int32" : "int64";
    if (type->kind == VALUE_FLOAT)
        format = type->bits == 32 ? "float" : "double";
    if (format)
        doc_text(doc, "format", slice_str(format));
}

static void write_lengths(struct doc *doc, const struct type *type, const struct bounds *bounds)
{
    uint32_t most = type->length_max ? type->length_max : UINT32_MAX;
    if (bounds->has_length_max && bounds->length_max < most)
        most = bounds->length_max;
    if (most < UINT32_MAX)
        doc_uint(doc, "maxLength", most);
    if (bounds->has_length_min)
        doc_uint(doc, "minLength", bounds->length_min);
}

/* The labels of an enum, or the values a CHECK allows. */
static void write_values(struct doc *doc, const struct type *type, bool nullable, const struct bounds *bounds)
{
    bool labels = type->kind == VALUE_ENUM;
    const struct slice *values = labels ? type->labels : bounds->values;
    unsigned count = labels ? type->label_count : bounds->value_count;
    if (!count)
        return;
    doc_open(doc, "enum", '[');
    for (unsigned i = 0; i < count; i++)
        if (type_is_number(type))
            doc_raw(doc, NULL, values[i]);
        else
            doc_text(doc, NULL, values[i]);
    if (nullable)
        doc_raw(doc, NULL, SLICE("null"));
    doc_close(doc, ']');
}

static void write_bounds(struct doc *doc, const struct bounds *bounds)
{
    if (bounds->low.len)
        doc_raw(doc, bounds->above_low ? "exclusiveMinimum" : "minimum", bounds->low);
    if (bounds->high.len)
        doc_raw(doc, bounds->below_high ? "exclusiveMaximum" : "maximum", bounds->high);
    if (bounds->pattern.len)
        doc_text(doc, "pattern", bounds->pattern);
}

/* `integer[]`: its elements. An array of PostgreSQL may have more dimensions than were declared, and NULLs. */
static void write_items(struct doc *doc, const struct type *type)
{
    static const struct {
        struct slice name;
        const char *type;
    } elements[] = {
        {SLICE_INIT("integer[]"), "integer"},  {SLICE_INIT("bigint[]"), "integer"},
        {SLICE_INIT("smallint[]"), "integer"}, {SLICE_INIT("text[]"), "string"},
        {SLICE_INIT("uuid[]"), "string"},      {SLICE_INIT("boolean[]"), "boolean"},
    };
    for (size_t i = 0; i < ARRAY_LEN(elements); i++)
        if (slice_eq(elements[i].name, type->name)) {
            doc_open(doc, "items", '{');
            doc_open(doc, "type", '[');
            doc_text(doc, NULL, slice_str(elements[i].type));
            doc_text(doc, NULL, SLICE("null"));
            doc_text(doc, NULL, SLICE("array"));
            doc_close(doc, ']');
            doc_close(doc, '}');
        }
}

void type_members(struct doc *doc, const struct type *type, bool nullable, const struct bounds *bounds)
{
    static const struct bounds none;
    const char *word = type->is_array ? "array" : kinds[type->kind].type;
    bounds = bounds ? bounds : &none;
    if (word)
        write_type(doc, word, nullable);
    if (type->is_array)
        write_items(doc, type);
    write_format(doc, type);
    if (type->kind == VALUE_BYTEA)
        doc_text(doc, "pattern", SLICE("^\\\\x([0-9a-f]{2})*$"));
    write_lengths(doc, type, bounds);
    write_values(doc, type, nullable, bounds);
    write_bounds(doc, bounds);
    if (type->name.len && type->kind != VALUE_DYNAMIC)
        doc_text(doc, "x-sql-type", type->name);
}
