/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-decoding and the cutting of paths and queries (RFC 3986; '+' in queries as HTML forms have it).
 * It fails by saying so: the request is then a 400. */
#include "http/path.h"

#include "http/chars.h"

/* The byte that "%XX" at the start stands for, or -1. */
static int escaped_byte(struct slice s)
{
    if (s.len < 3)
        return -1;
    int high = char_hex(s.data[1]), low = char_hex(s.data[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Writes raw, decoded, to room; false at a bad escape. */
static bool unescape(struct slice raw, bool plus_is_space, char *room, size_t *ret_len)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.data[i];
        if (c == '%') {
            int byte = escaped_byte(slice_skip(raw, i));
            if (byte < 0)
                return false;
            c = (char)byte;
            i += 2;
        }
        room[n++] = c == '+' && plus_is_space && raw.data[i] == '+' ? ' ' : c;
    }
    *ret_len = n;
    return true;
}

static bool decode(struct slice raw, bool plus_is_space, char *room, struct slice *ret_text)
{
    PRE(ret_text && (room || raw.len == 0));
    struct slice text = raw;
    bool as_it_lies = raw.len == 0 ||
                      (!memchr(raw.data, '%', raw.len) && !(plus_is_space && memchr(raw.data, '+', raw.len)));
    if (!as_it_lies) {
        if (!unescape(raw, plus_is_space, room, &text.len))
            return false;
        text.data = room;
    }
    POST(text.len <= raw.len);
    if (!slice_is_utf8(text) || (text.len && memchr(text.data, '\0', text.len)))
        return false;
    *ret_text = text;
    return true;
}

bool http_decode_segment(struct slice raw, char *room, struct slice *ret_text)
{
    return decode(raw, false, room, ret_text);
}

bool http_decode_query(struct slice raw, char *room, struct slice *ret_text)
{
    return decode(raw, true, room, ret_text);
}

static const char *add_segment(struct http_path *path, struct slice raw, char *room)
{
    struct slice text;
    if (raw.len == 0)
        return "an empty segment (//) in the path";
    if (path->count == HTTP_SEGMENTS_MAX)
        return "too many segments in the path";
    if (!http_decode_segment(raw, room, &text))
        return "a bad escape in the path: %XX must be two hexadecimal digits and give UTF-8 without NUL";
    if (slice_eq(text, SLICE(".")) || slice_eq(text, SLICE("..")))
        return "a dot segment (. or ..) in the path";
    path->segments[path->count++] = text;
    return NULL;
}

const char *http_path_split(struct slice path, char *room, struct http_path *ret_path)
{
    PRE(ret_path);
    struct http_path found = {.count = 0};
    if (path.len == 0 || path.data[0] != '/')
        return "the path must begin with /";
    struct slice rest = slice_skip(path, 1);
    while (rest.len) {
        size_t at = (size_t)(rest.data - path.data);
        struct slice raw = slice_cut(&rest, '/');
        const char *why = add_segment(&found, raw, room + at);
        if (why)
            return why;
        found.trailing_slash = rest.data && rest.len == 0;
    }
    *ret_path = found;
    return NULL;
}

bool http_query_next(struct slice *rest, struct slice *ret_name, struct slice *ret_value)
{
    PRE(rest && ret_name && ret_value);
    while (rest->len) {
        struct slice value = slice_cut(rest, '&');
        if (value.len == 0)
            continue;
        *ret_name = slice_cut(&value, '=');
        *ret_value = value;
        return true;
    }
    return false;
}

void http_encode(struct buf *out, struct slice text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
            buf_byte(out, (char)c);
            continue;
        }
        buf_byte(out, '%');
        buf_byte(out, hex[c >> 4]);
        buf_byte(out, hex[c & 15]);
    }
}
