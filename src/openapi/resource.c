/* SPDX-License-Identifier: Apache-2.0 */
/* A resource's paths: the list, and the row below it. Which operations stand there follows from the caller's rights, the
 * key, and what the table or view can do. */
#include "openapi/doc.h"

static void row_ref(struct doc *doc, const char *key, const void *of)
{
    const struct resource *resource = of;
    doc_ref(doc, key, "schemas/", resource->config->name.text, "");
}

static void begin(struct doc *doc, const struct doc_prefix *prefix, const struct resource *resource,
                  const char *method, const char *verb, const char *summary)
{
    struct slice name = resource->config->name.text;
    operation_begin(doc, prefix, method, verb, name, name);
    doc_text(doc, "summary", arena_format(&doc->arena, summary, SLICE_ARG(name)));
}

static void select_parameter(struct doc *doc, const struct resource *resource)
{
    doc_ref(doc, NULL, "parameters/select.", resource->config->name.text, "");
}

static void filters(struct doc *doc, const struct resource *resource)
{
    for (unsigned i = 0; i < resource->column_count; i++)
        resource_filter(doc, resource, resource->columns[i]);
    operation_parameter(doc, "and");
    operation_parameter(doc, "or");
}

static bool is_postgrest(const struct doc_prefix *prefix)
{
    return prefix->serve->manner == MANNER_POSTGREST;
}

void limit_parameters(struct doc *doc, const struct doc_prefix *prefix, const struct page_policy *page)
{
    doc_open(doc, NULL, '{');
    doc_text(doc, "name", SLICE("limit"));
    doc_text(doc, "in", SLICE("query"));
    doc_text(doc, "description", SLICE("Rows a page may have; beyond the maximum it has the maximum."));
    doc_open(doc, "schema", '{');
    doc_text(doc, "type", SLICE("integer"));
    doc_uint(doc, "minimum", is_postgrest(prefix) ? 0 : 1);
    doc_uint(doc, "default", is_postgrest(prefix) ? page->max : page->size);
    doc_uint(doc, "x-maximum", page->max);
    doc_close(doc, '}');
    doc_close(doc, '}');
    operation_parameter(doc, "offset");
}

void paging_parameters(struct doc *doc, const struct doc_prefix *prefix, const struct page_policy *page,
                       bool cursor)
{
    limit_parameters(doc, prefix, page);
    if (cursor)
        operation_parameter(doc, "cursor");
    if (!is_postgrest(prefix)) {
        operation_parameter(doc, "page");
        operation_parameter(doc, "page_size");
    }
}

static void list_operation(struct doc *doc, const struct doc_prefix *prefix, const struct resource *resource)
{
    begin(doc, prefix, resource, "get", "list", "Rows of " SLICE_FMT);
    doc_open(doc, "parameters", '[');
    select_parameter(doc, resource);
    filters(doc, resource);
    operation_parameter(doc, "order");
    paging_parameters(doc, prefix, &resource->config->page, resource->key_count > 0);
    operation_parameter(doc, "prefer-read");
    if (is_postgrest(prefix))
        operation_parameter(doc, "range");
    operation_profile(doc, prefix, false);
    doc_close(doc, ']');
    doc_open(doc, "responses", '{');
    answer_list(doc, prefix, &resource->config->envelope, row_ref, resource);
    answer_part(doc, prefix, row_ref, resource);
    operation_problems(doc, prefix, false, false);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

/* ---- bodies and answers of writes ---- */

static void json_schema(struct doc *doc, const char *type, const struct resource *resource,
                        const char *suffix)
{
    doc_open(doc, type, '{');
    doc_ref(doc, "schema", "schemas/", resource->config->name.text, suffix);
    doc_close(doc, '}');
}

/* counted: or how many there were. */
static void one_or_many(struct doc *doc, const struct resource *resource, const char *suffix, bool counted)
{
    doc_open(doc, "application/json", '{');
    doc_open(doc, "schema", '{');
    doc_open(doc, counted ? "anyOf" : "oneOf", '[');
    doc_ref(doc, NULL, "schemas/", resource->config->name.text, suffix);
    doc_open(doc, NULL, '{');
    doc_text(doc, "type", SLICE("array"));
    doc_ref(doc, "items", "schemas/", resource->config->name.text, suffix);
    doc_close(doc, '}');
    if (counted)
        doc_ref(doc, NULL, "schemas/", (struct slice){0}, "http.counted");
    doc_close(doc, ']');
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void begin_body(struct doc *doc)
{
    doc_open(doc, "requestBody", '{');
    doc_true(doc, "required");
    doc_open(doc, "content", '{');
}

static void end_body(struct doc *doc)
{
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void create_body(struct doc *doc, const struct resource *resource)
{
    begin_body(doc);
    one_or_many(doc, resource, ".create", false);
    json_schema(doc, "application/x-ndjson", resource, ".create");
    json_schema(doc, "application/x-www-form-urlencoded", resource, ".create");
    doc_raw(doc, "text/csv", SLICE("{\"schema\":{\"type\":\"string\"}}"));
    end_body(doc);
}

static void row_body(struct doc *doc, const struct resource *resource)
{
    begin_body(doc);
    json_schema(doc, "application/json", resource, "");
    end_body(doc);
}

static void write_parameters(struct doc *doc, const struct doc_prefix *prefix,
                             const struct resource *resource, bool filtered)
{
    if (filtered)
        filters(doc, resource);
    select_parameter(doc, resource);
    operation_parameter(doc, "prefer-write");
    operation_key(doc);
    operation_profile(doc, prefix, true);
}

static void written_response(struct doc *doc, const struct resource *resource)
{
    struct slice name = doc_component(doc, resource->config->name.text);
    doc_open_name(doc, arena_format(&doc->arena, SLICE_FMT ".written", SLICE_ARG(name)), '{');
    doc_text(doc, "description",
             SLICE("Done: the row as it is now, or was. Where a filter or the body named several: how many, "
                   "or with `Prefer: return=representation` the rows. "
                   "There is no body with `Prefer: return=minimal`."));
    doc_open(doc, "headers", '{');
    operation_header(doc, "Location");
    operation_header(doc, "Preference-Applied");
    operation_header(doc, "X-Request-Id");
    doc_close(doc, '}');
    doc_open(doc, "content", '{');
    one_or_many(doc, resource, "", true);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void row_response(struct doc *doc, const struct resource *resource)
{
    struct slice name = doc_component(doc, resource->config->name.text);
    doc_open_name(doc, arena_format(&doc->arena, SLICE_FMT ".row", SLICE_ARG(name)), '{');
    doc_text(doc, "description", SLICE("The row."));
    doc_open(doc, "content", '{');
    json_schema(doc, "application/json", resource, "");
    doc_close(doc, '}');
    doc_close(doc, '}');
}

void resource_responses(struct doc *doc, const struct resource *resource)
{
    if (resource->key_count && doc_may_read(doc, resource))
        row_response(doc, resource);
    if (doc_may_create(doc, resource) || doc_may_change(doc, resource) || doc_may_remove(doc, resource))
        written_response(doc, resource);
}

/* What a write answers: the status with what was written, and 204 without. */
static void answer_written(struct doc *doc, const char *status, const struct resource *resource)
{
    doc_ref(doc, status, "responses/", resource->config->name.text, ".written");
}

static void answer_done(struct doc *doc)
{
    doc_ref(doc, "204", "responses/done", (struct slice){0}, "");
}

static void create_operation(struct doc *doc, const struct doc_prefix *prefix,
                             const struct resource *resource)
{
    begin(doc, prefix, resource, "post", "create", "Create rows of " SLICE_FMT);
    doc_open(doc, "parameters", '[');
    write_parameters(doc, prefix, resource, false);
    operation_parameter(doc, "columns");
    operation_parameter(doc, "on_conflict");
    doc_close(doc, ']');
    create_body(doc, resource);
    doc_open(doc, "responses", '{');
    answer_written(doc, "201", resource);
    operation_problems(doc, prefix, false, true);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void begin_write(struct doc *doc, const struct doc_prefix *prefix, const struct resource *resource,
                        const char *method, const char *verb, const char *summary, bool filtered)
{
    begin(doc, prefix, resource, method, verb, summary);
    doc_open(doc, "parameters", '[');
    write_parameters(doc, prefix, resource, filtered);
    if (!filtered && resource->version)
        operation_parameter(doc, "if-match");
    doc_close(doc, ']');
}

/* The answers of a write to rows that are there; creates: or to one that is not; later: it may be written then. */
static void end_write(struct doc *doc, const struct doc_prefix *prefix, const struct resource *resource,
                      bool creates, bool not_found, bool later)
{
    doc_open(doc, "responses", '{');
    answer_written(doc, "200", resource);
    if (creates)
        answer_written(doc, "201", resource);
    if (later)
        doc_raw(doc, "202", SLICE("{\"description\":\"It is to be written soon.\"}"));
    answer_done(doc);
    operation_problems(doc, prefix, not_found, true);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

/* PATCH of those a filter finds, or of one row. */
static void change_operation(struct doc *doc, const struct doc_prefix *prefix,
                             const struct resource *resource, bool many)
{
    begin_write(doc, prefix, resource, "patch", many ? "change_all" : "change",
                many ? "Change rows of " SLICE_FMT " that a filter finds" : "Change a row of " SLICE_FMT,
                many);
    row_body(doc, resource);
    end_write(doc, prefix, resource, false, !many, !many && resource->config->behind_count > 0);
}

static void remove_operation(struct doc *doc, const struct doc_prefix *prefix,
                             const struct resource *resource, bool many)
{
    begin_write(doc, prefix, resource, "delete", many ? "remove_all" : "remove",
                many ? "Remove rows of " SLICE_FMT " that a filter finds" : "Remove a row of " SLICE_FMT,
                many);
    end_write(doc, prefix, resource, false, !many, false);
}

static bool may_replace(const struct doc *doc, const struct resource *resource)
{
    return doc_may_create(doc, resource) && doc_may_change(doc, resource);
}

/* PUT of the row that a path names, or filters, as PostgREST has it. */
static void replace_operation(struct doc *doc, const struct doc_prefix *prefix,
                              const struct resource *resource, bool filtered)
{
    bool merges = resource->config->put_merges;
    begin_write(doc, prefix, resource, "put", filtered ? "replace_by_filter" : "replace",
                merges ? "Change a row of " SLICE_FMT : "Replace a row of " SLICE_FMT ", or create it",
                filtered);
    row_body(doc, resource);
    end_write(doc, prefix, resource, !merges, merges, false);
}

/* ---- paths ---- */

static void read_operation(struct doc *doc, const struct doc_prefix *prefix, const struct resource *resource)
{
    begin(doc, prefix, resource, "get", "read", "A row of " SLICE_FMT);
    doc_open(doc, "parameters", '[');
    select_parameter(doc, resource);
    operation_profile(doc, prefix, false);
    doc_close(doc, ']');
    doc_open(doc, "responses", '{');
    doc_ref(doc, "200", "responses/", resource->config->name.text, ".row");
    operation_problems(doc, prefix, true, false);
    doc_close(doc, '}');
    doc_close(doc, '}');
}

/* {id}: the key; its columns with commas between where it has several. */
static void id_parameter(struct doc *doc, const struct resource *resource)
{
    const struct column *column = resource->key[0];
    bool single = resource->key_count == 1;
    struct buf names;
    buf_init(&names, 1 << 16);
    for (unsigned i = 0; i < resource->key_count; i++)
        buf_format(&names, "%s`" SLICE_FMT "`", i ? ", " : "", SLICE_ARG(resource->key[i]->name));
    doc_open(doc, NULL, '{');
    doc_text(doc, "name", SLICE("id"));
    doc_text(doc, "in", SLICE("path"));
    doc_true(doc, "required");
    doc_text(doc, "description",
             arena_format(&doc->arena, single ? SLICE_FMT : SLICE_FMT ": their values, with commas between",
                          SLICE_ARG(buf_slice(&names))));
    doc_open(doc, "schema", '{');
    if (single)
        type_members(doc, &column->type, false, NULL);
    else
        doc_text(doc, "type", SLICE("string"));
    doc_close(doc, '}');
    doc_close(doc, '}');
    buf_done(&names);
}

static void list_path(struct doc *doc, const struct doc_prefix *prefix, const struct resource *resource)
{
    doc_open_name(doc,
                  arena_format(&doc->arena, SLICE_FMT "/" SLICE_FMT, SLICE_ARG(prefix->serve->prefix),
                               SLICE_ARG(resource->config->name.text)),
                  '{');
    if (doc_may_read(doc, resource))
        list_operation(doc, prefix, resource);
    if (doc_may_create(doc, resource))
        create_operation(doc, prefix, resource);
    if (is_postgrest(prefix) && may_replace(doc, resource))
        replace_operation(doc, prefix, resource, true);
    if (doc_may_change(doc, resource))
        change_operation(doc, prefix, resource, true);
    if (doc_may_remove(doc, resource))
        remove_operation(doc, prefix, resource, true);
    doc_close(doc, '}');
}

static void row_path(struct doc *doc, const struct doc_prefix *prefix, const struct resource *resource)
{
    doc_open_name(doc,
                  arena_format(&doc->arena, SLICE_FMT "/" SLICE_FMT "/{id}", SLICE_ARG(prefix->serve->prefix),
                               SLICE_ARG(resource->config->name.text)),
                  '{');
    doc_open(doc, "parameters", '[');
    id_parameter(doc, resource);
    doc_close(doc, ']');
    if (doc_may_read(doc, resource))
        read_operation(doc, prefix, resource);
    if (may_replace(doc, resource))
        replace_operation(doc, prefix, resource, false);
    if (doc_may_change(doc, resource))
        change_operation(doc, prefix, resource, false);
    if (doc_may_remove(doc, resource))
        remove_operation(doc, prefix, resource, false);
    doc_close(doc, '}');
}

void resource_paths(struct doc *doc, const struct doc_prefix *prefix, const struct resource *resource)
{
    PRE(doc_may_see(doc, resource));
    list_path(doc, prefix, resource);
    bool of_rows =
        doc_may_read(doc, resource) || doc_may_change(doc, resource) || doc_may_remove(doc, resource);
    if (resource->key_count && of_rows)
        row_path(doc, prefix, resource);
}
