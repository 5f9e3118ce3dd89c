/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: `column=operator.value`. Columns whose types take the same operators share one schema, which names them in `x-operators`:
 * forms are made from it. doc/reading.md has the same table for people. */
#include "openapi/doc.h"

/* Operators that go together. `is` goes with all. */
enum {
    EQUAL = 1 << 0,
    ORDER = 1 << 1,
    LIST = 1 << 2,
    PATTERN = 1 << 3,
    /* PostgreSQL's */
    REGEX = 1 << 4,
    SEARCH = 1 << 5,
    CONTAIN = 1 << 6,
    OVERLAP = 1 << 7,
    RANGE = 1 << 8,
    ON_SQLITE = EQUAL | ORDER | LIST | PATTERN
};

static const struct {
    unsigned group;
    const char *words[5];
} groups[] = {
    {EQUAL, {"eq", "neq", "isdistinct"}},
    {ORDER, {"gt", "gte", "lt", "lte"}},
    {LIST, {"in"}},
    {PATTERN, {"like", "ilike"}},
    {REGEX, {"match", "imatch"}},
    {SEARCH, {"fts", "plfts", "phfts", "wfts"}},
    {CONTAIN, {"cs", "cd"}},
    {OVERLAP, {"ov"}},
    {RANGE, {"sl", "sr", "nxr", "nxl", "adj"}},
};

#define VALUE (EQUAL | ORDER | LIST)

static const struct filter {
    const char *name;
    unsigned groups;
    const char *examples;
} filters[] = {
    {"filter.null", 0, "\"is.null\",\"not.is.null\""},
    {"filter.value", VALUE, "\"is.null\",\"not.is.null\""},
    {"filter.number", VALUE, "\"gte.100\",\"in.(1,2,3)\",\"is.null\""},
    {"filter.time", VALUE, "\"gte.24h ago\",\"lt.2026-01-31\""},
    {"filter.boolean", VALUE, "\"is.true\",\"is.null\""},
    {"filter.text", VALUE | PATTERN | REGEX | SEARCH, "\"eq.open\",\"in.(open,closed)\",\"ilike.*flow*\""},
    {"filter.bytes", EQUAL | ORDER, "\"eq.\\\\x01ff\",\"is.null\""},
    {"filter.json", SEARCH, "\"is.null\""},
    {"filter.jsonb", VALUE | SEARCH | CONTAIN, "\"eq.{}\",\"is.null\""},
    {"filter.array", EQUAL | ORDER | CONTAIN | OVERLAP, "\"eq.{a,b}\",\"is.null\""},
    {"filter.range", VALUE | CONTAIN | OVERLAP | RANGE, "\"ov.[1,5)\",\"is.null\""},
    {"filter.tsvector", VALUE | SEARCH, "\"wfts.cat -dog\",\"is.null\""},
};

static void write_operators(struct doc *doc, unsigned taken)
{
    if (doc->model->catalog->dialect == DIALECT_SQLITE)
        taken &= ON_SQLITE;
    doc_open(doc, "x-operators", '[');
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        for (size_t j = 0; j < ARRAY_LEN(groups[i].words) && groups[i].words[j]; j++)
            if (taken & groups[i].group)
                doc_text(doc, NULL, slice_str(groups[i].words[j]));
    doc_text(doc, NULL, SLICE("is"));
    doc_close(doc, ']');
}

static void write_filter(struct doc *doc, const struct filter *filter)
{
    doc_open(doc, filter->name, '{');
    doc_text(doc, "type", SLICE("string"));
    doc_text(
        doc, "description",
        SLICE(
            "`operator.value`, or `not.operator.value`. In the plain manner a value alone is one to be equal to."));
    write_operators(doc, filter->groups);
    doc_raw(doc, "examples", arena_format(&doc->arena, "[%s]", filter->examples));
    doc_close(doc, '}');
}

void filter_schemas(struct doc *doc)
{
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        write_filter(doc, &filters[i]);
}

/* Of what is no scalar. The operators of PostgreSQL's other types are not known here. */
static const char *filter_of_other(bool sqlite, const struct type *type)
{
    if (type->kind == VALUE_JSON && !sqlite)
        return slice_eq(type->name, SLICE("jsonb")) ? "filter.jsonb" : "filter.json";
    if (type->is_array)
        return "filter.array";
    if (slice_ends(type->name, SLICE("range")))
        return "filter.range";
    if (slice_eq(type->name, SLICE("tsvector")))
        return "filter.tsvector";
    return type->kind == VALUE_OTHER && type->orderable ? "filter.value" : "filter.null";
}

const char *filter_schema(const struct doc *doc, const struct type *type)
{
    bool sqlite = doc->model->catalog->dialect == DIALECT_SQLITE;
    if (type->kind == VALUE_TEXT)
        return "filter.text";
    if (type->kind == VALUE_BOOL)
        return "filter.boolean";
    if (type->kind == VALUE_BYTEA && sqlite)
        return "filter.bytes";
    if (type_is_number(type))
        return "filter.number";
    if (type->kind >= VALUE_DATE && type->kind <= VALUE_TIMESTAMPTZ)
        return "filter.time";
    bool scalar = type->kind < VALUE_JSON;
    return scalar ? "filter.value" : filter_of_other(sqlite, type);
}
