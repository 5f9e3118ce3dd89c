/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens by kinds of columns. See value_record.h.
 *
 *   null           NULL, of every type
 *   JSON columns   every token, as JSON
 *   arrays         a JSON array becomes PostgreSQL's literal: [1,[2,null]] → {1,{2,NULL}}; a text is taken as such a literal
 *   all others     strings, numbers and words of text by value_parse(); true and false for booleans and texts */
#include "query/value_record.h"

#include "base/json.h"
#include "query/text.h"
#include "query/value_parse.h"

/* --- JSON arrays → array literals --- */

struct array_writer {
    struct text *text;
    struct slice rest; /* of the JSON */
    bool json;         /* elements are JSON themselves: jsonb[] */
    unsigned depth;
};

static char next_of(struct array_writer *writer)
{
    while (writer->rest.len && strchr(" \t\r\n", writer->rest.data[0]))
        writer->rest = slice_skip(writer->rest, 1);
    return writer->rest.len ? writer->rest.data[0] : '\0';
}

/* How long the string, number or word, or the object or array at the front is. */
static size_t token_length(struct slice text)
{
    unsigned open = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            open++;
            continue;
        } else if ((c == '}' || c == ']') && open > 0) {
            open--;
        } else if (open == 0 && strchr(",]} \t\r\n", c)) {
            return i;
        } else {
            continue;
        }
        if (!quoted && open == 0)
            return i + 1;
    }
    return text.len;
}

static bool write_element(struct array_writer *writer, struct slice element)
{
    struct slice string;
    if (slice_eq(element, SLICE("null")) && !writer->json) {
        text_lit(writer->text, "NULL");
        return true;
    }
    if (writer->json || element.data[0] != '"') {
        text_array_element(writer->text, element);
        return true;
    }
    if (!json_unescape(writer->text->arena, element, &string) || memchr(string.data, '\0', string.len))
        return false;
    text_array_element(writer->text, string);
    return true;
}

static bool write_array(struct array_writer *writer)
{
    enum { DEPTH_MAX = 6 }; /* PostgreSQL's MAXDIM */
    if (++writer->depth > DEPTH_MAX)
        return false;
    writer->rest = slice_skip(writer->rest, 1);
    text_byte(writer->text, '{');
    for (unsigned i = 0; next_of(writer) != ']'; i++) {
        if (i && next_of(writer) != ',')
            return false;
        writer->rest = slice_skip(writer->rest, i > 0);
        text_add(writer->text, i ? SLICE(",") : SLICE(""));
        if (next_of(writer) == '[' && !writer->json) {
            if (!write_array(writer))
                return false;
            continue;
        }
        size_t length = token_length(writer->rest);
        if (length == 0 || !write_element(writer, slice_of(writer->rest.data, length)))
            return false;
        writer->rest = slice_skip(writer->rest, length);
    }
    writer->rest = slice_skip(writer->rest, 1);
    text_byte(writer->text, '}');
    writer->depth--;
    return true;
}

static bool read_array(const struct value_scope *scope, const struct type *type, struct slice json,
                       struct bind *ret_bind)
{
    struct text text;
    text_init(&text, scope->arena, json.len + 16);
    struct array_writer writer = {.text = &text,
                                  .rest = json,
                                  .json = slice_starts(type->name, SLICE("json"))};
    if (next_of(&writer) != '[' || !write_array(&writer))
        return false;
    *ret_bind = (struct bind){.kind = BIND_TEXT, .text = text_done(&text)};
    return true;
}

/* --- kinds --- */

static bool read_json(const struct value_scope *scope, const struct field *field, struct bind *ret_bind)
{
    struct text text;
    switch (field->token) {
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        *ret_bind = bind_text(scope->arena, field->token == TOKEN_TRUE ? SLICE("true") : SLICE("false"));
        return true;
    case TOKEN_STRING:
        text_init(&text, scope->arena, field->text.len + 16);
        text_json(&text, field->text);
        *ret_bind = (struct bind){.kind = BIND_TEXT, .text = text_done(&text)};
        return true;
    default:
        *ret_bind = bind_text(scope->arena, field->text);
        return field->token != TOKEN_TEXT || json_is_valid(field->text);
    }
}

static bool refuse_kind(struct value_refusal *refusal, const char *expected)
{
    *refusal = (struct value_refusal){.expected = slice_str(expected), .nearest = nearest_begin(SLICE(""))};
    return false;
}

/* A filter compares numbers, of which 1.5 and 1.50 are one; what is stored keeps its digits, or is rounded to them. */
static bool read_single(const struct value_scope *scope, const struct type *type, struct slice text,
                        struct bind *ret_bind, struct value_refusal *ret_refusal)
{
    if (type->kind == VALUE_DECIMAL && value_round_decimal(scope, type, slice_trim(text), ret_bind))
        return true;
    if (!value_parse(scope, type, text, ret_bind, ret_refusal))
        return false;
    if (type->kind == VALUE_NUMERIC && scope->dialect == DIALECT_PG)
        *ret_bind = bind_text(scope->arena, slice_trim(text));
    return true;
}

bool value_from_field(const struct value_scope *scope, const struct type *type, const struct field *field,
                      struct bind *ret_bind, struct value_refusal *ret_refusal)
{
    PRE(scope && type && field);
    bool word = field->token == TOKEN_TRUE || field->token == TOKEN_FALSE;
    if (field->token == TOKEN_NULL) {
        *ret_bind = bind_null();
        return true;
    }
    if (type->kind == VALUE_JSON)
        return read_json(scope, field, ret_bind) || refuse_kind(ret_refusal, "JSON");
    if (field->token == TOKEN_ARRAY && type->is_array)
        return read_array(scope, type, field->text, ret_bind) ||
               refuse_kind(ret_refusal, "a list of values of its type");
    if (field->token == TOKEN_ARRAY || field->token == TOKEN_OBJECT)
        return refuse_kind(ret_refusal, "a single value, no list and no object");
    if (memchr(field->text.data ? field->text.data : "", '\0', field->text.len))
        return refuse_kind(ret_refusal, "a value without the character U+0000");
    if (word && type->kind != VALUE_BOOL && type->kind != VALUE_TEXT)
        return refuse_kind(ret_refusal, "a value of its type, not true or false");
    struct slice text = word ? (field->token == TOKEN_TRUE ? SLICE("true") : SLICE("false")) : field->text;
    return read_single(scope, type, text, ret_bind, ret_refusal);
}
