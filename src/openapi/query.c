/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of named queries. */
#include "openapi/doc.h"

static void query_row(struct doc *doc, const char *key, const void *of)
{
    const struct named_query *query = of;
    doc_open(doc, key, '{');
    doc_text(doc, "type", SLICE("object"));
    doc_open(doc, "properties", '{');
    for (unsigned i = 0; i < query->column_count; i++)
        column_schema(doc, query->columns[i].name, &query->columns[i].type, query->columns[i].nullable);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

/* A default that is a value of the schema; `24h ago` is none and is told in words. */
static void write_default(struct doc *doc, const struct query_param *param)
{
    struct slice fallback = param->config->fallback;
    if (type_is_number(&param->type) && doc_is_number(fallback))
        doc_raw(doc, "default", fallback);
    else if (param->type.kind == VALUE_BOOL && slice_eq(fallback, SLICE("true")))
        doc_true(doc, "default");
    else if (param->type.kind == VALUE_BOOL && slice_eq(fallback, SLICE("false")))
        doc_raw(doc, "default", SLICE("false"));
    else if (param->type.kind == VALUE_TEXT)
        doc_text(doc, "default", fallback);
    else
        doc_text(doc, "x-default", fallback);
}

static struct bounds bounds_of(struct doc *doc, const struct query_param *param)
{
    struct bounds bounds = {.values = param->config->in, .value_count = param->config->in_count};
    if (param->config->has_range) {
        bounds.low = arena_format(&doc->arena, "%lld", (long long)param->config->low);
        bounds.high = arena_format(&doc->arena, "%lld", (long long)param->config->high);
    }
    return bounds;
}

static bool is_required(const struct query_param *param)
{
    return !param->config->optional && !param->config->fallback.data;
}

/* nullable: in a body, where null is for one that is optional. */
static void param_schema(struct doc *doc, struct slice key, const struct query_param *param, bool nullable)
{
    struct bounds bounds = bounds_of(doc, param);
    doc_open_name(doc, key, '{');
    if (param->type.kind >= VALUE_DATE &&
        param->type.kind <= VALUE_TIMESTAMPTZ) { /* `24h ago` is none of the format's */
        doc_raw(doc, "type", nullable ? SLICE("[\"string\",\"null\"]") : SLICE("\"string\""));
        doc_raw(doc, "examples", SLICE("[\"2026-01-31\",\"24h ago\"]"));
    } else {
        type_members(doc, &param->type, nullable, &bounds);
    }
    if (param->config->fallback.data)
        write_default(doc, param);
    doc_close(doc, '}');
}

static void write_param(struct doc *doc, const struct query_param *param)
{
    doc_open(doc, NULL, '{');
    doc_text(doc, "name", param->config->name.text);
    doc_text(doc, "in", SLICE("query"));
    if (is_required(param))
        doc_true(doc, "required");
    param_schema(doc, SLICE("schema"), param, false);
    doc_close(doc, '}');
}

/* ---- what changes something: its parameters are members of a body ---- */

static void body_form(struct doc *doc, const char *type, const struct named_query *query)
{
    doc_open(doc, type, '{');
    doc_open(doc, "schema", '{');
    doc_text(doc, "type", SLICE("object"));
    doc_open(doc, "properties", '{');
    for (unsigned i = 0; i < query->param_count; i++)
        if (!query->params[i].config->from)
            param_schema(doc, query->params[i].config->name.text, &query->params[i],
                         query->params[i].config->optional);
    doc_close(doc, '}');
    doc_open(doc, "required", '[');
    for (unsigned i = 0; i < query->param_count; i++)
        if (is_required(&query->params[i]))
            doc_text(doc, NULL, query->params[i].config->name.text);
    doc_close(doc, ']');
    doc_raw(doc, "additionalProperties", SLICE("false"));
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void request_body(struct doc *doc, const struct named_query *query)
{
    doc_open(doc, "requestBody", '{');
    doc_text(doc, "description", SLICE("The parameters, which may stand in the query string instead."));
    doc_open(doc, "content", '{');
    body_form(doc, "application/json", query);
    body_form(doc, "application/x-www-form-urlencoded", query);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void answer_one(struct doc *doc, const struct named_query *query)
{
    bool value = query->config->returns == RETURNS_VALUE;
    doc_open(doc, "200", '{');
    doc_text(doc, "description", value ? SLICE("The value.") : SLICE("The row."));
    doc_open(doc, "content", '{');
    doc_open(doc, "application/json", '{');
    if (value && query->column_count)
        column_schema(doc, SLICE("schema"), &query->columns[0].type, query->columns[0].nullable);
    else
        query_row(doc, "schema", query);
    doc_close(doc, '}');
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void answer(struct doc *doc, const struct doc_prefix *prefix, const struct named_query *query)
{
    if (query->changes && query->column_count == 0)
        doc_raw(
            doc, "200",
            SLICE(
                "{\"description\":\"How many rows were changed.\",\"content\":{\"application/json\":{\"schema\":"
                "{\"type\":\"object\",\"properties\":{\"changed\":{\"type\":\"integer\"}}}}}}"));
    else if (query->config->returns == RETURNS_ROWS)
        answer_list(doc, prefix, &query->config->envelope, query_row, query);
    else
        answer_one(doc, query);
    if (query->order_count)
        answer_part(doc, prefix, query_row, query);
}

void query_path(struct doc *doc, const struct doc_prefix *prefix, const struct named_query *query)
{
    const struct config_query *config = query->config;
    doc_open_name(doc,
                  arena_format(&doc->arena, SLICE_FMT "/" SLICE_FMT, SLICE_ARG(prefix->serve->prefix),
                               SLICE_ARG(config->path)),
                  '{');
    operation_begin(doc, prefix, query->changes ? "post" : "get", "query", config->path, SLICE("queries"));
    doc_text(doc, "summary", config->summary.len ? config->summary : config->path);
    doc_open(doc, "parameters", '[');
    for (unsigned i = 0; i < query->param_count && !query->changes; i++)
        if (!query->params[i].config->from)
            write_param(doc, &query->params[i]);
    if (query->order_count) {
        paging_parameters(doc, prefix, &config->page, true);
        operation_parameter(doc, "prefer-read");
    }
    if (query->changes)
        operation_key(doc);
    doc_close(doc, ']');
    if (query->changes && query->param_count)
        request_body(doc, query);
    doc_open(doc, "responses", '{');
    answer(doc, prefix, query);
    operation_problems(doc, prefix, config->returns != RETURNS_ROWS, query->changes);
    doc_close(doc, '}');
    doc_close(doc, '}');
    doc_close(doc, '}');
}
