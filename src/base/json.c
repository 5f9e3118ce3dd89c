/* SPDX-License-Identifier: Apache-2.0 */
/* A checker of JSON texts without recursion: a stack of one bit a level (object or array) and what may come next. */
#include "base/json.h"

#include "base/check.h"

struct scan {
    const char *at, *end;
    unsigned depth;
    uint64_t objects[JSON_DEPTH_MAX / 64]; /* bit set: that level is an object */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end && is_space(*scan->at))
        scan->at++;
}

static bool take(struct scan *scan, char c)
{
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

static bool take_word(struct scan *scan, struct slice word)
{
    struct slice left = slice_of(scan->at, (size_t)(scan->end - scan->at));
    if (!slice_starts(left, word))
        return false;
    scan->at += word.len;
    return true;
}

static bool take_digits(struct scan *scan)
{
    const char *from = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return scan->at > from;
}

static bool take_number(struct scan *scan)
{
    (void)take(scan, '-');
    if (!take(scan, '0') && !take_digits(scan))
        return false;
    if (take(scan, '.') && !take_digits(scan))
        return false;
    if (take(scan, 'e') || take(scan, 'E')) {
        if (!take(scan, '+'))
            (void)take(scan, '-');
        return take_digits(scan);
    }
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool take_escape(struct scan *scan)
{
    if (scan->at == scan->end)
        return false;
    char c = *scan->at++;
    if (c != 'u')
        return c != 0 && strchr("\"\\/bfnrt", c) != NULL;
    for (unsigned i = 0; i < 4; i++)
        if (scan->at == scan->end || !is_hex(*scan->at++))
            return false;
    return true;
}

static bool take_string(struct scan *scan)
{
    if (!take(scan, '"'))
        return false;
    while (scan->at < scan->end) {
        unsigned char c = (unsigned char)*scan->at++;
        if (c == '"')
            return true;
        if (c < 0x20 || (c == '\\' && !take_escape(scan)))
            return false;
    }
    return false;
}

static bool take_scalar(struct scan *scan)
{
    if (scan->at == scan->end)
        return false;
    switch (*scan->at) {
    case '"':
        return take_string(scan);
    case 't':
        return take_word(scan, SLICE("true"));
    case 'f':
        return take_word(scan, SLICE("false"));
    case 'n':
        return take_word(scan, SLICE("null"));
    default:
        return take_number(scan);
    }
}

static bool in_object(const struct scan *scan)
{
    PRE(scan->depth > 0);
    unsigned level = scan->depth - 1;
    return scan->objects[level / 64] >> level % 64 & 1;
}

static bool enter(struct scan *scan, bool object)
{
    if (scan->depth == JSON_DEPTH_MAX)
        return false;
    uint64_t bit = (uint64_t)1 << scan->depth % 64, *word = &scan->objects[scan->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    scan->depth++;
    return true;
}

static bool take_key(struct scan *scan)
{
    skip_space(scan);
    if (!take_string(scan))
        return false;
    skip_space(scan);
    return take(scan, ':');
}

/* Opens containers until a scalar or an empty container is taken: then one value is complete. */
static bool take_value_begin(struct scan *scan)
{
    for (;;) {
        skip_space(scan);
        bool object = take(scan, '{');
        if (!object && !take(scan, '['))
            return take_scalar(scan);
        skip_space(scan);
        if (take(scan, object ? '}' : ']'))
            return true;
        if (!enter(scan, object) || (object && !take_key(scan)))
            return false;
    }
}

bool json_is_valid(struct slice text)
{
    struct scan scan = {.at = text.data, .end = text.data + text.len};
    if (text.len == 0 || !take_value_begin(&scan))
        return false;
    while (scan.depth > 0) { /* a value inside a container is complete: what follows it? */
        bool object = in_object(&scan);
        skip_space(&scan);
        if (take(&scan, object ? '}' : ']'))
            scan.depth--;
        else if (!take(&scan, ',') || (object && !take_key(&scan)) || !take_value_begin(&scan))
            return false;
    }
    skip_space(&scan);
    return scan.at == scan.end && slice_is_utf8(text);
}

bool json_is_number(struct slice text)
{
    struct scan scan = {.at = text.data, .end = text.data + text.len};
    return take_number(&scan) && scan.at == scan.end;
}

struct slice json_trim(struct slice text)
{
    while (text.len > 0 && is_space(text.data[0]))
        text = slice_skip(text, 1);
    while (text.len > 0 && is_space(text.data[text.len - 1]))
        text.len--;
    return text;
}

static bool hex4(struct slice text, uint32_t *ret_unit)
{
    uint32_t unit = 0;
    if (text.len < 4)
        return false;
    for (unsigned i = 0; i < 4; i++) {
        char c = text.data[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return false;
        unit = unit << 4 | digit;
    }
    *ret_unit = unit;
    return true;
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* `u` and its digits, and those of the other half of a pair. */
static bool take_unicode(struct slice *rest, uint32_t *ret_code)
{
    uint32_t high, low;
    if (!hex4(slice_skip(*rest, 1), &high))
        return false;
    *rest = slice_skip(*rest, 5);
    *ret_code = high;
    if (high < 0xd800 || high > 0xdfff)
        return true;
    if (high > 0xdbff || !slice_starts(*rest, SLICE("\\u")) || !hex4(slice_skip(*rest, 2), &low) ||
        low < 0xdc00 || low > 0xdfff)
        return false;
    *rest = slice_skip(*rest, 6);
    *ret_code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static bool decode_escape(struct slice *rest, uint32_t *ret_code)
{
    static const char letters[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
    const char *letter = rest->len ? strchr(letters, rest->data[0]) : NULL;
    if (rest->len && rest->data[0] == 'u')
        return take_unicode(rest, ret_code);
    if (!letter || !*letter)
        return false;
    *ret_code = (unsigned char)codes[letter - letters];
    *rest = slice_skip(*rest, 1);
    return true;
}

bool json_unescape(struct arena *arena, struct slice quoted, struct slice *ret_text)
{
    if (quoted.len < 2 || quoted.data[0] != '"' || quoted.data[quoted.len - 1] != '"')
        return false;
    struct slice rest = slice_of(quoted.data + 1, quoted.len - 2);
    char *begin = arena_alloc(arena, rest.len + 1), *to = begin;
    while (rest.len) {
        uint32_t code;
        if (rest.data[0] != '\\') {
            *to++ = rest.data[0];
            rest = slice_skip(rest, 1);
            continue;
        }
        rest = slice_skip(rest, 1);
        if (!decode_escape(&rest, &code))
            return false;
        to = put_utf8(to, code);
    }
    *to = '\0';
    *ret_text = slice_of(begin, (size_t)(to - begin));
    return true;
}
