/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of functions: /rpc/NAME. GET with the arguments as parameters where no overload may write, POST with them as a body. */
#include "openapi/doc.h"

static bool only_reads(const struct rpc *rpc)
{
    for (unsigned i = 0; i < rpc->overload_count; i++)
        if (rpc->overloads[i]->volatility == FUNCTION_VOLATILE)
            return false;
    return true;
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

/* Whether an overload before this one has an argument of that name: a parameter stands once. */
static bool named_before(const struct rpc *rpc, unsigned overload, struct slice name)
{
    for (unsigned i = 0; i < overload; i++)
        for (unsigned j = 0; j < rpc->overloads[i]->arg_count; j++)
            if (slice_eq(rpc->overloads[i]->args[j].name, name))
                return true;
    return false;
}

static void argument_parameters(struct doc *doc, const struct rpc *rpc)
{
    for (unsigned i = 0; i < rpc->overload_count; i++)
        for (unsigned j = 0; j < rpc->overloads[i]->arg_count; j++) {
            const struct function_arg *arg = &rpc->overloads[i]->args[j];
            if (arg->name.len && !named_before(rpc, i, arg->name))
                argument_parameter(doc, arg, rpc->overload_count == 1 && !arg->optional && !arg->variadic);
        }
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
    }
    doc_close(doc, '}');
}

static void request_body(struct doc *doc, const struct rpc *rpc)
{
    doc_open(doc, "requestBody", '{');
    doc_open(doc, "content", '{');
    doc_open(doc, "application/json", '{');
    if (rpc->overload_count == 1) {
        body_of(doc, "schema", rpc->overloads[0]);
    } else {
        doc_open(doc, "schema", '{');
        doc_open(doc, "anyOf", '[');
        for (unsigned i = 0; i < rpc->overload_count; i++)
            body_of(doc, NULL, rpc->overloads[i]);
        doc_close(doc, ']');
        doc_close(doc, '}');
    }
    doc_close(doc, '}');
    doc_close(doc, '}');
    doc_close(doc, '}');
}

/* ---- what comes out ---- */

static void row_of(struct doc *doc, const char *key, const void *of)
{
    const struct rpc *rpc = of;
    const struct function *function = rpc->overloads[0];
    if (rpc->resource && doc_may_read(doc, rpc->resource)) {
        doc_ref(doc, key, "schemas/", rpc->resource->config->name.text, "");
        return;
    }
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

static void answer_one(struct doc *doc, const struct rpc *rpc)
{
    doc_open(doc, "200", '{');
    doc_text(doc, "description", SLICE("What the function returns."));
    doc_open(doc, "content", '{');
    doc_open(doc, "application/json", '{');
    row_of(doc, "schema", rpc);
    doc_close(doc, '}');
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void answers(struct doc *doc, const struct doc_prefix *prefix, const struct rpc *rpc)
{
    doc_open(doc, "responses", '{');
    if (rpc->overloads[0]->returns_void)
        doc_raw(doc, "204", SLICE("{\"description\":\"Done.\"}"));
    else if (rpc->overloads[0]->returns_set)
        answer_list(doc, prefix, NULL, row_of, rpc);
    else
        answer_one(doc, rpc);
    operation_problems(doc, prefix, false, true);
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

void rpc_path(struct doc *doc, const struct doc_prefix *prefix, const struct rpc *rpc)
{
    PRE(rpc->overload_count > 0);
    doc_open_name(doc,
                  arena_format(&doc->arena, SLICE_FMT "/rpc/" SLICE_FMT, SLICE_ARG(prefix->serve->prefix),
                               SLICE_ARG(rpc->config->name.text)),
                  '{');
    if (only_reads(rpc)) {
        begin(doc, prefix, rpc, "get", "call");
        doc_open(doc, "parameters", '[');
        argument_parameters(doc, rpc);
        doc_close(doc, ']');
        answers(doc, prefix, rpc);
        doc_close(doc, '}');
    }
    begin(doc, prefix, rpc, "post", "post");
    request_body(doc, rpc);
    answers(doc, prefix, rpc);
    doc_close(doc, '}');
    doc_close(doc, '}');
}
