/* SPDX-License-Identifier: Apache-2.0 */
/* See doc.h. */
#include "openapi/doc.h"

static void key_begin(struct doc *doc, struct slice key)
{
    if (doc->comma)
        buf_byte(doc->out, ',');
    if (key.data) {
        buf_json_mended(doc->out, key);
        buf_byte(doc->out, ':');
    }
    doc->comma = true;
}

void doc_open_name(struct doc *doc, struct slice key, char bracket)
{
    PRE(bracket == '{' || bracket == '[');
    key_begin(doc, key);
    buf_byte(doc->out, bracket);
    doc->comma = false;
}

void doc_open(struct doc *doc, const char *key, char bracket)
{
    doc_open_name(doc, slice_str(key), bracket);
}

void doc_close(struct doc *doc, char bracket)
{
    PRE(bracket == '}' || bracket == ']');
    buf_byte(doc->out, bracket);
    doc->comma = true;
}

void doc_text(struct doc *doc, const char *key, struct slice text)
{
    key_begin(doc, slice_str(key));
    buf_json_mended(doc->out, text);
}

void doc_raw(struct doc *doc, const char *key, struct slice json)
{
    PRE(json.len > 0);
    key_begin(doc, slice_str(key));
    buf_add(doc->out, json);
}

void doc_uint(struct doc *doc, const char *key, uint64_t number)
{
    key_begin(doc, slice_str(key));
    buf_uint(doc->out, number);
}

void doc_true(struct doc *doc, const char *key)
{
    doc_raw(doc, key, SLICE("true"));
}

void doc_members(struct doc *doc, struct slice object)
{
    PRE(object.len > 2 && object.data[0] == '{' && slice_ends(object, SLICE("}")));
    key_begin(doc, (struct slice){0});
    buf_append(doc->out, object.data + 1, object.len - 2);
}

struct slice doc_component(struct doc *doc, struct slice name)
{
    char *room = arena_alloc(&doc->arena, name.len * 3 + 1), *to = room;
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i], lower = c | 0x20;
        if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_') {
            *to++ = (char)c;
        } else {
            *to++ = '-';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    return slice_of(room, (size_t)(to - room));
}

void doc_ref(struct doc *doc, const char *key, const char *where, struct slice name, const char *suffix)
{
    key_begin(doc, slice_str(key));
    buf_lit(doc->out, "{\"$ref\":\"#/components/");
    buf_add(doc->out, slice_str(where));
    buf_add(doc->out, doc_component(doc, name));
    buf_add(doc->out, slice_str(suffix));
    buf_lit(doc->out, "\"}");
}

static size_t digits_at(struct slice text, size_t at)
{
    size_t end = at;
    while (end < text.len && text.data[end] >= '0' && text.data[end] <= '9')
        end++;
    return end - at;
}

bool doc_is_number(struct slice text)
{
    size_t at = text.len && text.data[0] == '-', whole = digits_at(text, at), more;
    if (whole == 0 || (whole > 1 && text.data[at] == '0'))
        return false;
    at += whole;
    if (at < text.len && text.data[at] == '.') {
        more = digits_at(text, at + 1);
        at += 1 + more;
        if (more == 0)
            return false;
    }
    return at == text.len;
}

bool doc_may_read(const struct doc *doc, const struct resource *resource)
{
    return (resource->config->read & doc->roles) != 0;
}

static bool may_write(const struct doc *doc, const struct resource *resource)
{
    return (resource->config->write & doc->roles) != 0;
}

bool doc_may_create(const struct doc *doc, const struct resource *resource)
{
    return may_write(doc, resource) && resource->table->insertable;
}

bool doc_may_change(const struct doc *doc, const struct resource *resource)
{
    return may_write(doc, resource) && resource->table->updatable;
}

bool doc_may_remove(const struct doc *doc, const struct resource *resource)
{
    return may_write(doc, resource) && resource->table->deletable;
}

bool doc_may_see(const struct doc *doc, const struct resource *resource)
{
    return doc_may_read(doc, resource) || doc_may_create(doc, resource) || doc_may_change(doc, resource) ||
           doc_may_remove(doc, resource);
}
