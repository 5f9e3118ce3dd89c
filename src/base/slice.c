/* SPDX-License-Identifier: Apache-2.0 */
/* Slices: the searches and readings that are too long to be inline. Pure; nothing here can fail but by its answer. */
#include "base/slice.h"

#include "base/check.h"

static unsigned char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : (unsigned char)byte;
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    }
    return true;
}

int slice_cmp(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct slice slice_trim(struct slice s)
{
    while (s.len && is_space(s.data[0]))
        s = slice_skip(s, 1);
    while (s.len && is_space(s.data[s.len - 1]))
        s.len--;
    return s;
}

size_t slice_find(struct slice s, char byte)
{
    const char *found = s.len ? memchr(s.data, byte, s.len) : NULL;
    return found ? (size_t)(found - s.data) : s.len;
}

struct slice slice_cut(struct slice *rest, char separator)
{
    struct slice before = *rest;
    before.len = slice_find(*rest, separator);
    *rest = before.len == rest->len ? (struct slice){NULL, 0} : slice_skip(*rest, before.len + 1);
    return before;
}

bool slice_to_int(struct slice s, int64_t *ret_value)
{
    PRE(ret_value);
    bool negative = s.len && s.data[0] == '-';
    struct slice digits = slice_skip(s, negative);
    int64_t value = 0; /* counted downwards: the negative range is one longer */
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digits.data[i] - '0', &value))
            return false;
    }
    bool minus_zero = negative && value == 0;
    if (digits.len == 0 || minus_zero || (!negative && value == INT64_MIN))
        return false;
    *ret_value = negative ? value : -value;
    return true;
}

static bool in(unsigned char byte, unsigned char from, unsigned char to)
{
    return byte >= from && byte <= to;
}

/* The length of the well-formed sequence that s begins with, or 0: the table of RFC 3629 section 4, row by row. */
static size_t utf8_sequence(const unsigned char *s, size_t len)
{
    if (len >= 1 && s[0] < 0x80)
        return 1;
    if (len < 2)
        return 0;
    if (in(s[0], 0xc2, 0xdf))
        return in(s[1], 0x80, 0xbf) ? 2 : 0;
    if (len < 3 || !in(s[2], 0x80, 0xbf))
        return 0;
    if (s[0] == 0xe0)
        return in(s[1], 0xa0, 0xbf) ? 3 : 0;
    if (s[0] == 0xed)
        return in(s[1], 0x80, 0x9f) ? 3 : 0;
    if (in(s[0], 0xe1, 0xef))
        return in(s[1], 0x80, 0xbf) ? 3 : 0;
    if (len < 4 || !in(s[3], 0x80, 0xbf))
        return 0;
    if (s[0] == 0xf0)
        return in(s[1], 0x90, 0xbf) ? 4 : 0;
    if (s[0] == 0xf4)
        return in(s[1], 0x80, 0x8f) ? 4 : 0;
    return in(s[0], 0xf1, 0xf3) && in(s[1], 0x80, 0xbf) ? 4 : 0;
}

size_t slice_utf8_span(struct slice s)
{
    const unsigned char *next = (const unsigned char *)s.data;
    size_t left = s.len;
    while (left) {
        uint64_t word;
        while (left >= sizeof word) { /* eight ASCII bytes at a time */
            memcpy(&word, next, sizeof word);
            if (word & 0x8080808080808080u)
                break;
            next += sizeof word;
            left -= sizeof word;
        }
        if (left == 0)
            break;
        size_t len = utf8_sequence(next, left);
        if (len == 0)
            break;
        next += len;
        left -= len;
    }
    POST(left <= s.len);
    return s.len - left;
}
