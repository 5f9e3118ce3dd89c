/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over valid JSON: it looks for the ends of values, and for nothing that json_is_valid has seen to. */
#include "base/json_walk.h"

#include "base/json.h"

static bool begin(struct slice text, char open, struct json_walk *ret_walk)
{
    struct slice inner = json_trim(text);
    bool fits = inner.len > 0 && inner.data[0] == open;
    *ret_walk = (struct json_walk){.rest = fits ? slice_skip(inner, 1) : SLICE(""), .object = open == '{'};
    return fits;
}

bool json_walk_object(struct slice text, struct json_walk *ret_walk)
{
    return begin(text, '{', ret_walk);
}

bool json_walk_array(struct slice text, struct json_walk *ret_walk)
{
    return begin(text, '[', ret_walk);
}

static size_t string_span(struct slice text)
{
    size_t at = 1;
    while (at < text.len && text.data[at] != '"')
        at += text.data[at] == '\\' ? 2 : 1;
    return at < text.len ? at + 1 : text.len;
}

/* From an opening bracket to the one that closes it. */
static size_t container_span(struct slice text)
{
    unsigned depth = 0;
    for (size_t at = 0; at < text.len;) {
        char c = text.data[at];
        if (c == '"') {
            at += string_span(slice_skip(text, at));
            continue;
        }
        at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return at;
    }
    return text.len;
}

static size_t value_span(struct slice text)
{
    size_t at = 0;
    PRE(text.len > 0);
    if (text.data[0] == '"')
        return string_span(text);
    if (text.data[0] == '{' || text.data[0] == '[')
        return container_span(text);
    while (at < text.len && !strchr(",]} \t\r\n", text.data[at]))
        at++;
    return at;
}

static struct slice take(struct slice *rest)
{
    size_t span = value_span(*rest);
    struct slice value = slice_of(rest->data, span);
    *rest = json_trim(slice_skip(*rest, span));
    return value;
}

bool json_walk_next(struct json_walk *walk, struct slice *ret_name, struct slice *ret_value)
{
    struct slice rest = json_trim(walk->rest);
    if (rest.len > 0 && rest.data[0] == ',')
        rest = json_trim(slice_skip(rest, 1));
    if (rest.len == 0 || rest.data[0] == '}' || rest.data[0] == ']')
        return false;
    if (walk->object) {
        struct slice name = take(&rest);
        rest = json_trim(slice_skip(rest, 1)); /* the colon */
        PRE(rest.len > 0);
        if (ret_name)
            *ret_name = name;
    }
    *ret_value = take(&rest);
    walk->rest = rest;
    return true;
}

static bool is_named(struct arena *arena, struct slice quoted, struct slice name)
{
    struct slice text = slice_of(quoted.data + 1, quoted.len - 2);
    if (slice_find(text, '\\') == text.len)
        return slice_eq(text, name);
    return json_unescape(arena, quoted, &text) && slice_eq(text, name);
}

enum error json_member(struct arena *arena, struct slice object, struct slice name, struct slice *ret_value)
{
    struct json_walk walk;
    struct slice quoted, value, found = {0};
    if (!json_walk_object(object, &walk))
        return ERR_INVALID;
    while (json_walk_next(&walk, &quoted, &value)) {
        if (!is_named(arena, quoted, name))
            continue;
        if (found.data)
            return ERR_INVALID;
        found = value;
    }
    if (!found.data)
        return ERR_ABSENT;
    *ret_value = found;
    return OK;
}

enum error json_member_text(struct arena *arena, struct slice object, struct slice name,
                            struct slice *ret_text)
{
    struct slice value;
    enum error error = json_member(arena, object, name, &value);
    if (error)
        return error;
    return json_unescape(arena, value, ret_text) ? OK : ERR_INVALID;
}
