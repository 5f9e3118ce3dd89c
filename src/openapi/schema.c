/* SPDX-License-Identifier: Apache-2.0 */
/* What a resource's rows look like, how they are created, and by what they are filtered: components that its operations refer to.
 *
 * A row's schema requires no member: `select` may leave out any. One to be created requires what has no default. */
#include "openapi/doc.h"

static bool is_key(const struct resource *resource, const struct column *column)
{
    for (unsigned i = 0; i < resource->key_count; i++)
        if (resource->key[i] == column)
            return true;
    return false;
}

/* Filled in by Leat or by the database: a body may not name it. */
static bool is_read_only(const struct resource *resource, const struct column *column)
{
    for (unsigned i = 0; i < resource->set_count; i++)
        if (resource->set[i].column == column)
            return true;
    return column->generated;
}

/* `::character varying`: nothing is computed. */
static bool is_cast(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr("'|+-*/%&<>=~!", text.data[i]))
            return false;
    return slice_starts(text, SLICE("::"));
}

/* 'open'::text and 'open' → open. False: it is no constant text. */
static bool text_of_fallback(struct doc *doc, struct slice fallback, struct slice *ret_text)
{
    char *room = arena_alloc(&doc->arena, fallback.len), *to = room;
    for (size_t i = 1; i < fallback.len && fallback.data[0] == '\''; i++) {
        if (fallback.data[i] == '\'' && (i + 1 == fallback.len || fallback.data[i + 1] != '\'')) {
            struct slice rest = slice_skip(fallback, i + 1);
            *ret_text = slice_of(room, (size_t)(to - room));
            return rest.len == 0 || is_cast(rest);
        }
        i += fallback.data[i] == '\'';
        *to++ = fallback.data[i];
    }
    return false;
}

/* A constant as `default`; what is computed, `now()`, as it is written. */
static void write_default(struct doc *doc, const struct column *column)
{
    struct slice fallback = column->fallback, text;
    const struct type *type = &column->type;
    bool truth = slice_eq(fallback, SLICE("true")) || slice_eq(fallback, SLICE("false"));
    if (!fallback.len || column->generated)
        return;
    if (type_is_number(type) && type->kind != VALUE_DECIMAL && doc_is_number(fallback))
        doc_raw(doc, "default", fallback);
    else if (type->kind == VALUE_BOOL && truth)
        doc_raw(doc, "default", fallback);
    else if ((type->kind == VALUE_TEXT || type->kind == VALUE_ENUM) && text_of_fallback(doc, fallback, &text))
        doc_text(doc, "default", text);
    else
        doc_text(doc, "x-default", fallback);
}

static void write_column(struct doc *doc, const struct resource *resource, const struct column *column)
{
    doc_open_name(doc, column->name, '{');
    type_members(doc, &column->type, column->nullable, &doc->bounds[resource->index][column->position]);
    if (column->comment.len)
        doc_text(doc, "description", column->comment);
    write_default(doc, column);
    if (is_read_only(resource, column))
        doc_true(doc, "readOnly");
    if (is_key(resource, column))
        doc_true(doc, "x-key");
    doc_close(doc, '}');
}

static void write_names(struct doc *doc, const char *key, const struct column *const *columns, unsigned count)
{
    doc_open(doc, key, '[');
    for (unsigned i = 0; i < count; i++)
        doc_text(doc, NULL, columns[i]->name);
    doc_close(doc, ']');
}

static bool shows_relation(const struct doc *doc, const struct relation *relation)
{
    return doc_may_read(doc, relation->target) &&
           (!relation->through || doc_may_read(doc, relation->through));
}

/* A relation whose columns are not exposed is told without them. */
static bool all_exposed(const struct resource *resource, const struct column *const *columns, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!resource_column(resource, columns[i]->name))
            return false;
    return true;
}

static void write_relation(struct doc *doc, const struct relation *relation)
{
    static const struct slice kinds[] = {
        [RELATION_MANY_TO_ONE] = SLICE_INIT("many-to-one"),
        [RELATION_ONE_TO_ONE] = SLICE_INIT("one-to-one"),
        [RELATION_ONE_TO_MANY] = SLICE_INIT("one-to-many"),
        [RELATION_MANY_TO_MANY] = SLICE_INIT("many-to-many"),
    };
    doc_open(doc, NULL, '{');
    doc_text(doc, "to", relation->target->config->name.text);
    doc_text(doc, "kind", kinds[relation->kind]);
    doc_text(doc, "hint", relation->key->name);
    if (relation->through)
        doc_text(doc, "through", relation->through->config->name.text);
    if (all_exposed(relation->source, relation->from, relation->count))
        write_names(doc, "from", relation->from, relation->count);
    if (!relation->through && all_exposed(relation->target, relation->to, relation->count))
        write_names(doc, "columns", relation->to, relation->count);
    doc_close(doc, '}');
}

static void write_relations(struct doc *doc, const struct resource *resource)
{
    doc_open(doc, "x-relations", '[');
    for (unsigned i = 0; i < resource->relation_count; i++)
        if (shows_relation(doc, &resource->relations[i]))
            write_relation(doc, &resource->relations[i]);
    doc_close(doc, ']');
}

static void write_row(struct doc *doc, const struct resource *resource)
{
    doc_open_name(doc, doc_component(doc, resource->config->name.text), '{');
    doc_text(doc, "type", SLICE("object"));
    if (resource->table->comment.len)
        doc_text(doc, "description", resource->table->comment);
    doc_open(doc, "properties", '{');
    for (unsigned i = 0; i < resource->column_count; i++)
        write_column(doc, resource, resource->columns[i]);
    doc_close(doc, '}');
    if (resource->relation_count)
        write_relations(doc, resource);
    doc_close(doc, '}');
}

static bool is_required(const struct resource *resource, const struct column *column)
{
    return !column->nullable && !column->has_default && column != resource->tenant &&
           !is_read_only(resource, column);
}

static void write_create(struct doc *doc, const struct resource *resource)
{
    struct slice name = doc_component(doc, resource->config->name.text);
    doc_open_name(doc, arena_format(&doc->arena, SLICE_FMT ".create", SLICE_ARG(name)), '{');
    doc_open(doc, "allOf", '[');
    doc_ref(doc, NULL, "schemas/", resource->config->name.text, "");
    doc_close(doc, ']');
    doc_open(doc, "required", '[');
    for (unsigned i = 0; i < resource->column_count; i++)
        if (is_required(resource, resource->columns[i]))
            doc_text(doc, NULL, resource->columns[i]->name);
    doc_close(doc, ']');
    doc_raw(doc, "unevaluatedProperties", SLICE("false"));
    doc_close(doc, '}');
}

void resource_schemas(struct doc *doc, const struct resource *resource)
{
    write_row(doc, resource);
    if (doc_may_create(doc, resource))
        write_create(doc, resource);
}

/* ---- parameters ---- */

/* A name as `select` takes it: odd ones in quotes. */
static void add_name(struct doc *doc, struct buf *text, struct slice name)
{
    if (text->len)
        buf_lit(text, ", ");
    buf_byte(text, '`');
    if (slice_eq(doc_component(doc, name), name))
        buf_add(text, name);
    else
        buf_json_mended(text, name);
    buf_byte(text, '`');
}

static struct slice describe_select(struct doc *doc, const struct resource *resource)
{
    struct buf columns, related;
    buf_init(&columns, 1 << 20);
    buf_init(&related, 1 << 20);
    for (unsigned i = 0; i < resource->column_count; i++)
        add_name(doc, &columns, resource->columns[i]->name);
    for (unsigned i = 0; i < resource->relation_count; i++)
        if (shows_relation(doc, &resource->relations[i]))
            add_name(doc, &related, resource->relations[i].target->config->name.text);
    struct slice text = arena_format(&doc->arena,
                                     "The columns to show, with commas between; `*`: all. Columns: " SLICE_FMT
                                     ".%s" SLICE_FMT "%s",
                                     SLICE_ARG(buf_slice(&columns)),
                                     related.len ? " Related rows are embedded as `name(columns)`: " : "",
                                     SLICE_ARG(buf_slice(&related)), related.len ? "." : "");
    buf_done(&columns);
    buf_done(&related);
    return text;
}

static void write_select(struct doc *doc, const struct resource *resource)
{
    struct slice name = doc_component(doc, resource->config->name.text);
    doc_open_name(doc, arena_format(&doc->arena, "select." SLICE_FMT, SLICE_ARG(name)), '{');
    doc_text(doc, "name", SLICE("select"));
    doc_text(doc, "in", SLICE("query"));
    doc_text(doc, "description", describe_select(doc, resource));
    if (resource->config->select.text.len)
        doc_text(doc, "x-default", resource->config->select.text);
    doc_raw(doc, "schema", SLICE("{\"type\":\"string\"}"));
    doc_close(doc, '}');
}

static void write_filter(struct doc *doc, const struct resource *resource, const struct column *column)
{
    struct slice owner = doc_component(doc, resource->config->name.text);
    struct slice name = doc_component(doc, column->name);
    doc_open_name(doc, arena_format(&doc->arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(owner), SLICE_ARG(name)),
                  '{');
    doc_text(doc, "name", column->name);
    doc_text(doc, "in", SLICE("query"));
    doc_ref(doc, "schema", "schemas/", (struct slice){0}, filter_schema(doc, &column->type));
    doc_close(doc, '}');
}

/* Names that mean something else in a query string; such a column is filtered by `and=(limit.eq.5)`. */
static bool is_reserved(struct slice name)
{
    static const char *const names[] = {"select", "fields", "order",     "limit",   "offset",
                                        "cursor", "page",   "page_size", "columns", "on_conflict",
                                        "and",    "or",     "not"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_eq(name, slice_str(names[i])))
            return true;
    return false;
}

void resource_parameters(struct doc *doc, const struct resource *resource)
{
    write_select(doc, resource);
    for (unsigned i = 0; i < resource->column_count; i++)
        if (!is_reserved(resource->columns[i]->name))
            write_filter(doc, resource, resource->columns[i]);
}

void resource_filter(struct doc *doc, const struct resource *resource, const struct column *column)
{
    struct slice owner = doc_component(doc, resource->config->name.text);
    if (!is_reserved(column->name))
        doc_ref(doc, NULL, arena_format(&doc->arena, "parameters/" SLICE_FMT ".", SLICE_ARG(owner)).data,
                column->name, "");
}

void column_schema(struct doc *doc, struct slice name, const struct type *type, bool nullable)
{
    doc_open_name(doc, name, '{');
    type_members(doc, type, nullable, NULL);
    doc_close(doc, '}');
}
