/* SPDX-License-Identifier: Apache-2.0 */
/* What operations of all kinds share: how they begin, the shape of lists, the problems in the words of each manner. */
#include "openapi/doc.h"

/* "list_users", behind the first prefix with it: "list_users.rest.v1". */
static struct slice operation_id(struct doc *doc, const struct doc_prefix *prefix, const char *verb,
                                 struct slice name)
{
    struct buf text;
    struct slice rest = slice_skip(prefix->serve->prefix, 1);
    buf_init(&text, 1 << 16);
    buf_format(&text, "%s_", verb);
    for (struct slice left = name; left.data;) {
        buf_add(&text, doc_component(doc, slice_cut(&left, '/')));
        buf_add(&text, left.data ? SLICE(".") : SLICE(""));
    }
    while (!prefix->first && rest.data) {
        buf_lit(&text, ".");
        buf_add(&text, doc_component(doc, slice_cut(&rest, '/')));
    }
    struct slice id = arena_copy(&doc->arena, buf_slice(&text));
    buf_done(&text);
    return id;
}

void operation_begin(struct doc *doc, const struct doc_prefix *prefix, const char *method, const char *verb,
                     struct slice name, struct slice tag)
{
    doc_open(doc, method, '{');
    doc_text(doc, "operationId", operation_id(doc, prefix, verb, name));
    doc_open(doc, "tags", '[');
    doc_text(doc, NULL, tag);
    doc_close(doc, ']');
}

void operation_parameter(struct doc *doc, const char *name)
{
    doc_ref(doc, NULL, "parameters/", (struct slice){0}, name);
}

void operation_key(struct doc *doc)
{
    if (doc->model->config->idempotency.keep_ms > 0)
        operation_parameter(doc, "idempotency-key");
}

void operation_profile(struct doc *doc, const struct doc_prefix *prefix, bool writes)
{
    if (doc->several_schemas && prefix->serve->manner == MANNER_POSTGREST)
        operation_parameter(doc, writes ? "content-profile" : "accept-profile");
}

void operation_header(struct doc *doc, const char *name)
{
    struct slice component = slice_str(name);
    doc_open(doc, name, '{');
    buf_lit(doc->out, "\"$ref\":\"#/components/headers/");
    buf_add(doc->out, component);
    buf_lit(doc->out, "\"");
    doc_close(doc, '}');
}

static void problem(struct doc *doc, bool postgrest, const char *status, const char *name)
{
    doc_ref(doc, status, postgrest ? "responses/postgrest." : "responses/plain.", (struct slice){0}, name);
}

void operation_problems(struct doc *doc, const struct doc_prefix *prefix, bool not_found, bool conflict)
{
    bool postgrest = prefix->serve->manner == MANNER_POSTGREST;
    problem(doc, postgrest, "400", "bad-request");
    if (not_found)
        problem(doc, postgrest, "404", "not-found");
    if (conflict)
        problem(doc, postgrest, "409", "conflict");
    problem(doc, postgrest, "4XX", "refused");
    problem(doc, postgrest, "5XX", "failed");
}

/* ---- lists ---- */

static void array_of(struct doc *doc, const char *key, void (*row)(struct doc *, const char *, const void *),
                     const void *of)
{
    doc_open(doc, key, '{');
    doc_text(doc, "type", SLICE("array"));
    row(doc, "items", of);
    doc_close(doc, '}');
}

static struct slice member_schema(enum envelope_what what)
{
    switch (what) {
    case ENVELOPE_MORE:
        return SLICE("{\"type\":\"boolean\",\"description\":\"Whether a page follows.\"}");
    case ENVELOPE_NEXT:
        return SLICE(
            "{\"type\":[\"string\",\"null\"],\"description\":\"Sent back as `cursor`: the next page.\",\"x-cursor\":\"next\"}");
    case ENVELOPE_PREV:
        return SLICE(
            "{\"type\":[\"string\",\"null\"],\"description\":\"Sent back as `cursor`: the page before.\",\"x-cursor\":\"prev\"}");
    case ENVELOPE_TOTAL:
        return SLICE("{\"type\":\"integer\",\"description\":\"Rows on all pages.\"}");
    case ENVELOPE_PAGES:
        return SLICE("{\"type\":\"integer\",\"description\":\"How many pages there are.\"}");
    case ENVELOPE_PAGE:
        return SLICE("{\"type\":\"integer\",\"description\":\"This page's number, from 1.\"}");
    default:
        return SLICE("{\"type\":\"integer\",\"description\":\"Rows a page may have.\"}");
    }
}

static void envelope_schema(struct doc *doc, const struct envelope *envelope,
                            void (*row)(struct doc *, const char *, const void *), const void *of)
{
    doc_open(doc, "schema", '{');
    doc_text(doc, "type", SLICE("object"));
    doc_open(doc, "properties", '{');
    for (unsigned i = 0; i < envelope->count; i++) {
        const char *name = arena_copy(&doc->arena, envelope->members[i].name).data;
        if (envelope->members[i].what == ENVELOPE_ROWS)
            array_of(doc, name, row, of);
        else
            doc_raw(doc, name, member_schema(envelope->members[i].what));
    }
    doc_close(doc, '}');
    doc_open(doc, "required", '[');
    for (unsigned i = 0; i < envelope->count; i++)
        doc_text(doc, NULL, envelope->members[i].name);
    doc_close(doc, ']');
    doc_close(doc, '}');
}

static void list_headers(struct doc *doc, bool bare)
{
    doc_open(doc, "headers", '{');
    if (bare) {
        operation_header(doc, "Content-Range");
        operation_header(doc, "Link");
    }
    operation_header(doc, "X-Page-Size");
    operation_header(doc, "X-Request-Id");
    doc_close(doc, '}');
}

/* envelope: NULL: the bare array. */
static void list_answer(struct doc *doc, const struct doc_prefix *prefix, const struct envelope *envelope,
                        void (*row)(struct doc *, const char *, const void *), const void *of)
{
    list_headers(doc, !envelope);
    doc_open(doc, "content", '{');
    doc_open(doc, "application/json", '{');
    if (envelope)
        envelope_schema(doc, envelope, row, of);
    else
        array_of(doc, "schema", row, of);
    doc_close(doc, '}');
    doc_raw(doc, "text/csv", SLICE("{\"schema\":{\"type\":\"string\"}}"));
    doc_open(doc, "application/x-ndjson", '{');
    row(doc, "schema", of);
    doc_close(doc, '}');
    if (prefix->serve->manner == MANNER_POSTGREST) {
        doc_open(doc, "application/vnd.pgrst.object+json", '{');
        row(doc, "schema", of);
        doc_close(doc, '}');
    }
    doc_close(doc, '}');
}

void answer_list(struct doc *doc, const struct doc_prefix *prefix, const struct envelope *envelope,
                 void (*row)(struct doc *, const char *, const void *), const void *of)
{
    bool bare = prefix->serve->manner == MANNER_POSTGREST || !envelope || envelope->count == 0;
    doc_open(doc, "200", '{');
    doc_text(doc, "description", SLICE("The rows."));
    list_answer(doc, prefix, bare ? NULL : envelope, row, of);
    doc_close(doc, '}');
}

void answer_part(struct doc *doc, const struct doc_prefix *prefix,
                 void (*row)(struct doc *, const char *, const void *), const void *of)
{
    if (prefix->serve->manner != MANNER_POSTGREST)
        return;
    doc_open(doc, "206", '{');
    doc_text(doc, "description", SLICE("The rows, where they were counted and there are more."));
    list_answer(doc, prefix, NULL, row, of);
    doc_close(doc, '}');
    doc_ref(doc, "416", "responses/postgrest.beyond", (struct slice){0}, "");
}
