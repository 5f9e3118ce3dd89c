/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries: cut first, decode after, so that an encoded '/', '&' or '=' never parts anything.
 *
 * Decoding is strict: a bad escape, an encoded NUL and what is not UTF-8 (overlong forms, surrogates) are refused.
 * Text without escapes is handed back as it lies; otherwise it is written into the caller's room, which may be the
 * raw bytes' own place: the decoded text is never longer.  Pure; any thread. */
#ifndef LEAT_HTTP_PATH_H
#define LEAT_HTTP_PATH_H

#include "base/buf.h"
#include "base/check.h"
#include "base/slice.h"

/* Decodes %XX; room: raw.len bytes. False: refused, *ret_text untouched. */
bool http_decode_segment(struct slice raw, char *room, struct slice *ret_text) must_check;

/* Decodes %XX and '+' (a space): names and values of a query. */
bool http_decode_query(struct slice raw, char *room, struct slice *ret_text) must_check;

#define HTTP_SEGMENTS_MAX 16

/* A path cut and decoded: "/api/users/a%2Fb" is "api", "users", "a/b"; "/" has none. A trailing slash is noted only. */
struct http_path {
    struct slice segments[HTTP_SEGMENTS_MAX];
    unsigned count;
    bool trailing_slash;
};

/* Cuts and decodes; room: path.len bytes, which must outlive ret_path. NULL when it went well, else why not, as a
 * literal sentence: a bad escape, bytes that are not UTF-8, "." or ".." (encoded too), an empty segment, too many. */
const char *http_path_split(struct slice path, char *room, struct http_path *ret_path) must_check;

/* The next `name=value` of a query, raw: empty ones ("a=1&&b=2") are passed over; value.data NULL: there was no '='.
 * False at the end. Begin with *rest = the query. */
bool http_query_next(struct slice *rest, struct slice *ret_name, struct slice *ret_value);

/* Percent-encodes all but unreserved characters (RFC 3986 section 2.3): for a segment or a value. */
void http_encode(struct buf *out, struct slice text);

#endif
