/* SPDX-License-Identifier: Apache-2.0 */
/* A slice is a piece of somebody else's bytes: pointer and length, never owned, never NUL-terminated by promise.
 * Everything inside Leat passes text as slices; NUL strings exist only at libc's edge.
 * Pure; any thread. */
#ifndef LEAT_BASE_SLICE_H
#define LEAT_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *data;
    size_t len;
};

/* The slice of a string literal, for use in expressions and (SLICE_INIT) in static initialisers. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})
/* clang-format off */
#define SLICE_INIT(literal) {"" literal, sizeof(literal) - 1}
/* clang-format on */
/* For printf: `printf("name=" SLICE_FMT, SLICE_ARG(name))`. */
#define SLICE_FMT "%.*s"
#define SLICE_ARG(s) (int)(s).len, (s).len ? (s).data : ""

static inline struct slice slice_of(const char *data, size_t len)
{
    return (struct slice){data, len};
}

static inline struct slice slice_str(const char *nul_terminated)
{
    return (struct slice){nul_terminated, nul_terminated ? strlen(nul_terminated) : 0};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.data + s.len - suffix.len, suffix.data, suffix.len) == 0);
}

/* The slice without its first n bytes (all of them when it has fewer). */
static inline struct slice slice_skip(struct slice s, size_t n)
{
    n = n < s.len ? n : s.len;
    return (struct slice){s.data + n, s.len - n};
}

/* ASCII case-insensitive equality: header names, on/off words. */
bool slice_eq_nocase(struct slice a, struct slice b);

/* Bytewise order: negative, 0, positive. */
int slice_cmp(struct slice a, struct slice b);

/* Without ASCII white space at both ends. */
struct slice slice_trim(struct slice s);

/* Offset of the first such byte, or s.len when there is none. */
size_t slice_find(struct slice s, char byte);

/* Cuts off what precedes the first `separator` and returns it; *rest becomes what follows it. When there is no
 * separator the whole is returned and *rest is empty with data NULL. */
struct slice slice_cut(struct slice *rest, char separator);

/* Reads a decimal integer that fills the whole slice ("-0", "+1", "" and overflow are refused). */
bool slice_to_int(struct slice s, int64_t *ret_value);

/* How many bytes at the front are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms), whole characters. */
size_t slice_utf8_span(struct slice s);

/* True when all of it is. */
static inline bool slice_is_utf8(struct slice s)
{
    return slice_utf8_span(s) == s.len;
}

#endif
