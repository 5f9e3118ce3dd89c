/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: `column=operator.value`. Columns whose types take the same operators share one schema, which names them in `x-operators`:
 * forms are made from it. doc/reading.md has the same table for people. */
#include "openapi/doc.h"

#define EQUALS "\"eq\",\"neq\","
#define ORDERS "\"gt\",\"gte\",\"lt\",\"lte\","
#define REST "\"is\""

/* From the least to the most that a type takes. */
static const struct filter {
    const char *name, *operators, *examples;
} filters[] = {
    {"filter.null", REST, "\"is.null\",\"not.is.null\""},
    {"filter.equal", EQUALS "\"in\"," REST, "\"eq.{}\",\"is.null\""},
    {"filter.ordered", EQUALS ORDERS REST, "\"is.null\""},
    {"filter.bytes", EQUALS ORDERS REST, "\"eq.\\\\x01ff\",\"is.null\""},
    {"filter.value", EQUALS ORDERS "\"in\"," REST, "\"is.null\",\"not.is.null\""},
    {"filter.number", EQUALS ORDERS "\"in\"," REST, "\"gte.100\",\"in.(1,2,3)\",\"is.null\""},
    {"filter.time", EQUALS ORDERS "\"in\"," REST, "\"gte.24h ago\",\"lt.2026-01-31\""},
    {"filter.boolean", EQUALS ORDERS "\"in\"," REST, "\"is.true\",\"is.null\""},
    {"filter.text", EQUALS ORDERS "\"in\",\"like\",\"ilike\"," REST,
     "\"eq.open\",\"in.(open,closed)\",\"ilike.*flow*\""},
};

static void write_filter(struct doc *doc, const struct filter *filter)
{
    doc_open(doc, filter->name, '{');
    doc_text(doc, "type", SLICE("string"));
    doc_text(
        doc, "description",
        SLICE(
            "`operator.value`, or `not.operator.value`. In the plain manner a value alone is one to be equal to."));
    doc_raw(doc, "x-operators", arena_format(&doc->arena, "[%s]", filter->operators));
    doc_raw(doc, "examples", arena_format(&doc->arena, "[%s]", filter->examples));
    doc_close(doc, '}');
}

void filter_schemas(struct doc *doc)
{
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        write_filter(doc, &filters[i]);
}

/* Of what is no scalar. */
static const char *filter_of_other(bool sqlite, const struct type *type)
{
    if (type->kind == VALUE_JSON)
        return !sqlite && slice_eq(type->name, SLICE("jsonb")) ? "filter.equal" : "filter.null";
    if (type->kind == VALUE_DYNAMIC)
        return "filter.null";
    if (type->is_array)
        return "filter.ordered";
    return type->orderable ? "filter.value" : "filter.null";
}

const char *filter_schema(const struct doc *doc, const struct type *type)
{
    bool sqlite = doc->model->catalog->dialect == DIALECT_SQLITE;
    if (type->kind == VALUE_TEXT)
        return "filter.text";
    if (type->kind == VALUE_BOOL)
        return "filter.boolean";
    if (type->kind == VALUE_BYTEA)
        return sqlite ? "filter.bytes" : "filter.value";
    if (type_is_number(type))
        return "filter.number";
    if (type->kind >= VALUE_DATE && type->kind <= VALUE_TIMESTAMPTZ)
        return "filter.time";
    return type->kind >= VALUE_JSON && type->kind != VALUE_ENUM ? filter_of_other(sqlite, type)
                                                                : "filter.value";
}
