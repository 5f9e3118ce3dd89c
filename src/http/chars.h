/* SPDX-License-Identifier: Apache-2.0 */
/* Which byte may stand where in HTTP: one table of 256 entries, one bit for each class (RFC 9110 section 5.6, RFC 3986).
 *
 * Carriage return, line feed and NUL are in no class, so a loop over a class ends by itself at the end of a line that
 * has its CR LF. Pure; any thread. */
#ifndef LEAT_HTTP_CHARS_H
#define LEAT_HTTP_CHARS_H

#include "base/slice.h"

enum char_class {
    CHAR_TOKEN = 1,  /* tchar: names of methods, headers, options */
    CHAR_PATH = 2,   /* pchar, '/' and '%': what a path may be written with */
    CHAR_QUERY = 4,  /* visible ASCII but '#': browsers send quotes, braces and bars unescaped */
    CHAR_VALUE = 8,  /* field-content: visible ASCII, space, tab, bytes from 0x80 */
    CHAR_HOST = 16,  /* letters, digits, "-._~": no escapes, no commas, though RFC 3986 has them */
    CHAR_QUOTED = 32 /* qdtext: what stands in a quoted-string without a backslash */
};

extern const uint8_t char_classes[256];

static inline bool char_is(char c, enum char_class classes)
{
    return char_classes[(uint8_t)c] & classes;
}

/* 0 to 15, or -1 for what is no hexadecimal digit. */
static inline int char_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* How many bytes at the start of `s` are of the class. */
static inline size_t char_span(struct slice s, enum char_class classes)
{
    size_t n = 0;
    while (n < s.len && char_is(s.data[n], classes))
        n++;
    return n;
}

/* Every byte is of the class, and there is at least one. */
static inline bool char_all(struct slice s, enum char_class classes)
{
    return s.len > 0 && char_span(s, classes) == s.len;
}

#endif
