/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of functions: /rpc/NAME. GET with the arguments as parameters where an overload only reads, POST with them as a
 * body. */
#include "openapi/doc.h"

static bool writes(const struct function *function)
{
    return function->volatility == FUNCTION_VOLATILE;
}

/* Whether an overload does, or does not. */
static bool any_writes(const struct rpc *rpc, bool expected)
{
    for (unsigned i = 0; i < rpc->overload_count; i++)
        if (writes(rpc->overloads[i]) == expected)
            return true;
    return false;
}

static bool any_returns_set(const struct rpc *rpc, bool by_get)
{
    for (unsigned i = 0; i < rpc->overload_count; i++)
        if (rpc->overloads[i]->returns_set && !(by_get && writes(rpc->overloads[i])))
            return true;
    return false;
}

static bool has_names(const struct function *function)
{
    for (unsigned i = 0; i < function->arg_count; i++)
        if (!function->args[i].name.len)
            return false;
    return true;
}

/* ---- what goes in ---- */

static void argument_parameter(struct doc *doc, const struct function_arg *arg, bool required)
{
    doc_open(doc, NULL, '{');
    doc_text(doc, "name", arg->name);
    doc_text(doc, "in", SLICE("query"));
    if (required)
        doc_true(doc, "required");
    column_schema(doc, SLICE("schema"), &arg->type, false);
    doc_close(doc, '}');
}

/* Whether one of the first overloads, of those that GET calls, has an argument of that name. */
static bool is_argument(const struct rpc *rpc, unsigned overloads, struct slice name)
{
    for (unsigned i = 0; i < overloads; i++)
        for (unsigned j = 0; j < rpc->overloads[i]->arg_count && !writes(rpc->overloads[i]); j++)
            if (slice_eq(rpc->overloads[i]->args[j].name, name))
                return true;
    return false;
}

/* What in a query string is never an argument, though one be called so. */
static bool is_of_result(struct slice name)
{
    static const char *const names[] = {"select", "fields", "order", "limit", "offset"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_eq(name, slice_str(names[i])))
            return true;
    return false;
}

/* A parameter stands once, whatever overloads have it. */
static void argument_parameters(struct doc *doc, const struct rpc *rpc)
{
    for (unsigned i = 0; i < rpc->overload_count; i++)
        for (unsigned j = 0; j < rpc->overloads[i]->arg_count && !writes(rpc->overloads[i]); j++) {
            const struct function_arg *arg = &rpc->overloads[i]->args[j];
            if (arg->name.len && !is_of_result(arg->name) && !is_argument(rpc, i, arg->name))
                argument_parameter(doc, arg, rpc->overload_count == 1 && !arg->optional && !arg->variadic);
        }
}

/* Of a list: what is shown of it, in which order, how much. */
static void result_parameters(struct doc *doc, const struct doc_prefix *prefix, const struct rpc *rpc)
{
    const struct resource *resource = rpc->resource;
    struct page_policy page = resource ? resource->config->page : doc->model->config->page;
    page.size = page.max;
    if (resource && doc_may_see(doc, resource))
        doc_ref(doc, NULL, "parameters/select.", resource->config->name.text, "");
    else
        operation_parameter(doc, "select");
    operation_parameter(doc, "order");
    limit_parameters(doc, prefix, &page);
}

/* Filters of a result that has the columns of a resource; by GET an argument's name is the argument's. */
static void result_filters(struct doc *doc, const struct rpc *rpc, bool by_get)
{
    const struct resource *resource = rpc->resource;
    unsigned overloads = by_get ? rpc->overload_count : 0;
    for (unsigned i = 0; resource && doc_may_see(doc, resource) && i < resource->column_count; i++)
        if (!is_argument(rpc, overloads, resource->columns[i]->name))
            resource_filter(doc, resource, resource->columns[i]);
}

/* An object of the arguments; a function of one nameless argument takes the body as it is. */
static void body_of(struct doc *doc, const char *key, const struct function *function)
{
    doc_open(doc, key, '{');
    if (has_names(function)) {
        doc_text(doc, "type", SLICE("object"));
        doc_open(doc, "properties", '{');
        for (unsigned i = 0; i < function->arg_count; i++)
            column_schema(doc, function->args[i].name, &function->args[i].type, true);
        doc_close(doc, '}');
        doc_open(doc, "required", '[');
        for (unsigned i = 0; i < function->arg_count; i++)
            if (!function->args[i].optional && !function->args[i].variadic)
                doc_text(doc, NULL, function->args[i].name);
        doc_close(doc, ']');
    } else if (function->args[0].type.kind == VALUE_TEXT) {
        doc_text(doc, "type", SLICE("string"));
    }
    doc_close(doc, '}');
}

static const struct media {
    const char *type;
    bool has_members;
    enum value_kind whole; /* the argument without a name that is such a body; VALUE_DYNAMIC: none is */
} medias[] = {
    {"application/json", true, VALUE_JSON},
    {"application/x-www-form-urlencoded", true, VALUE_DYNAMIC},
    {"text/plain", false, VALUE_TEXT},
    {"application/octet-stream", false, VALUE_BYTEA},
};

static bool takes(const struct function *function, const struct media *media)
{
    return has_names(function) ? media->has_members
                               : function->arg_count == 1 && function->args[0].type.kind == media->whole;
}

static unsigned count_takers(const struct rpc *rpc, const struct media *media)
{
    unsigned count = 0;
    for (unsigned i = 0; i < rpc->overload_count; i++)
        count += takes(rpc->overloads[i], media);
    return count;
}

static void body_content(struct doc *doc, const struct rpc *rpc, const struct media *media)
{
    bool several = count_takers(rpc, media) > 1;
    doc_open(doc, media->type, '{');
    if (several) {
        doc_open(doc, "schema", '{');
        doc_open(doc, "anyOf", '[');
    }
    for (unsigned i = 0; i < rpc->overload_count; i++)
        if (takes(rpc->overloads[i], media))
            body_of(doc, several ? NULL : "schema", rpc->overloads[i]);
    if (several) {
        doc_close(doc, ']');
        doc_close(doc, '}');
    }
    doc_close(doc, '}');
}

static void request_body(struct doc *doc, const struct rpc *rpc)
{
    doc_open(doc, "requestBody", '{');
    doc_open(doc, "content", '{');
    for (size_t i = 0; i < ARRAY_LEN(medias); i++)
        if (count_takers(rpc, &medias[i]) > 0)
            body_content(doc, rpc, &medias[i]);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

/* ---- what comes out ---- */

/* What a call shows of a resource's rows is what the resource does. */
static void row_of_resource(struct doc *doc, const char *key, const struct resource *resource)
{
    if (doc_may_see(doc, resource)) {
        doc_ref(doc, key, "schemas/", resource->config->name.text, "");
        return;
    }
    doc_open(doc, key, '{');
    doc_text(doc, "type", SLICE("object"));
    doc_open(doc, "properties", '{');
    for (unsigned i = 0; i < resource->column_count; i++)
        column_schema(doc, resource->columns[i]->name, &resource->columns[i]->type, true);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void row_of_function(struct doc *doc, const char *key, const struct function *function)
{
    doc_open(doc, key, '{');
    if (function->column_count) {
        doc_text(doc, "type", SLICE("object"));
        doc_open(doc, "properties", '{');
        for (unsigned i = 0; i < function->column_count; i++)
            column_schema(doc, function->columns[i].name, &function->columns[i].type, true);
        doc_close(doc, '}');
    } else {
        type_members(doc, &function->type, true, NULL);
    }
    doc_close(doc, '}');
}

static void row_of(struct doc *doc, const char *key, const void *of)
{
    const struct rpc *rpc = of;
    if (rpc->resource) {
        row_of_resource(doc, key, rpc->resource);
    } else if (rpc->overload_count == 1) {
        row_of_function(doc, key, rpc->overloads[0]);
    } else {
        doc_open(doc, key, '{');
        doc_open(doc, "anyOf", '[');
        for (unsigned i = 0; i < rpc->overload_count; i++)
            row_of_function(doc, NULL, rpc->overloads[i]);
        doc_close(doc, ']');
        doc_close(doc, '}');
    }
}

static void answer_one(struct doc *doc, const struct rpc *rpc, bool known)
{
    doc_open(doc, "200", '{');
    doc_text(doc, "description", SLICE("What the function returns."));
    doc_open(doc, "content", '{');
    doc_open(doc, "application/json", '{');
    if (known)
        row_of(doc, "schema", rpc);
    else
        doc_raw(doc, "schema", SLICE("{}"));
    doc_close(doc, '}');
    doc_close(doc, '}');
    doc_close(doc, '}');
}

/* Overloads of one name may answer in several forms: which it is depends on the arguments. */
static void answer(struct doc *doc, const struct doc_prefix *prefix, const struct rpc *rpc, bool in_parts)
{
    unsigned sets = 0, voids = 0, count = rpc->overload_count;
    for (unsigned i = 0; i < count; i++) {
        sets += rpc->overloads[i]->returns_set;
        voids += rpc->overloads[i]->returns_void;
    }
    if (sets == count)
        answer_list(doc, prefix, NULL, row_of, rpc);
    else if (voids < count)
        answer_one(doc, rpc, sets + voids == 0);
    if (sets == count && in_parts)
        answer_part(doc, prefix, row_of, rpc);
    if (voids > 0)
        doc_raw(doc, "204", SLICE("{\"description\":\"Done.\"}"));
}

static void answers(struct doc *doc, const struct doc_prefix *prefix, const struct rpc *rpc)
{
    doc_open(doc, "responses", '{');
    answer(doc, prefix, rpc, !any_writes(rpc, true));
    operation_problems(doc, prefix, false, any_writes(rpc, true));
    doc_close(doc, '}');
}

static void begin(struct doc *doc, const struct doc_prefix *prefix, const struct rpc *rpc, const char *method,
                  const char *verb)
{
    struct slice name = rpc->config->name.text, comment = rpc->overloads[0]->comment;
    operation_begin(doc, prefix, method, verb, name, SLICE("functions"));
    doc_text(doc, "summary", arena_format(&doc->arena, "Call " SLICE_FMT, SLICE_ARG(name)));
    if (comment.len)
        doc_text(doc, "description", comment);
}

/* By GET the arguments stand beside them. */
static void parameters(struct doc *doc, const struct doc_prefix *prefix, const struct rpc *rpc, bool by_get)
{
    doc_open(doc, "parameters", '[');
    if (by_get)
        argument_parameters(doc, rpc);
    if (any_returns_set(rpc, by_get)) {
        result_parameters(doc, prefix, rpc);
        result_filters(doc, rpc, by_get);
        operation_parameter(doc, "prefer-read");
        if (by_get && prefix->serve->manner == MANNER_POSTGREST)
            operation_parameter(doc, "range");
    }
    if (!by_get && any_writes(rpc, true))
        operation_key(doc);
    doc_close(doc, ']');
}

void rpc_path(struct doc *doc, const struct doc_prefix *prefix, const struct rpc *rpc)
{
    PRE(rpc->overload_count > 0);
    doc_open_name(doc,
                  arena_format(&doc->arena, SLICE_FMT "/rpc/" SLICE_FMT, SLICE_ARG(prefix->serve->prefix),
                               SLICE_ARG(rpc->config->name.text)),
                  '{');
    if (any_writes(rpc, false)) {
        begin(doc, prefix, rpc, "get", "call");
        parameters(doc, prefix, rpc, true);
        answers(doc, prefix, rpc);
        doc_close(doc, '}');
    }
    begin(doc, prefix, rpc, "post", "post");
    parameters(doc, prefix, rpc, false);
    request_body(doc, rpc);
    answers(doc, prefix, rpc);
    doc_close(doc, '}');
    doc_close(doc, '}');
}
