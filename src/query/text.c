/* SPDX-License-Identifier: Apache-2.0 */
/* The growing text: doubles its room in the arena; what it outgrew goes when the arena goes. See text.h. */
#include "query/text.h"

#include "base/check.h"

void text_init(struct text *text, struct arena *arena, size_t room)
{
    PRE(text && arena && room > 0);
    *text = (struct text){.arena = arena, .data = arena_alloc(arena, room), .cap = room};
}

static void grow(struct text *text, size_t len)
{
    size_t cap = text->cap * 2 + len;
    char *data = arena_alloc(text->arena, cap);
    memcpy(data, text->data, text->len);
    text->data = data;
    text->cap = cap;
}

void text_bytes(struct text *text, const char *data, size_t len)
{
    if (len == 0)
        return;
    if (len > text->cap - text->len)
        grow(text, len);
    memcpy(text->data + text->len, data, len);
    text->len += len;
    POST(text->len <= text->cap);
}

void text_uint(struct text *text, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    text_bytes(text, digits + at, sizeof(digits) - at);
}

struct slice text_done(struct text *text)
{
    text_byte(text, '\0');
    return slice_of(text->data, --text->len);
}

void text_json(struct text *text, struct slice s)
{
    text_byte(text, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c < 0x20) {
            text_lit(text, "\\u00");
            text_byte(text, "0123456789abcdef"[c >> 4]);
            text_byte(text, "0123456789abcdef"[c & 15]);
            continue;
        }
        if (c == '"' || c == '\\')
            text_byte(text, '\\');
        text_byte(text, (char)c);
    }
    text_byte(text, '"');
}

void text_array_element(struct text *text, struct slice element)
{
    text_byte(text, '"');
    for (size_t i = 0; i < element.len; i++) {
        char c = element.data[i];
        if (c == '"' || c == '\\')
            text_byte(text, '\\');
        text_byte(text, c);
    }
    text_byte(text, '"');
}
