/* SPDX-License-Identifier: Apache-2.0 */
/* Header fields: a name and a value, the names that Leat knows, and lists in values (RFC 9110 section 5).
 * Slices point into the bytes of the head. Pure; any thread. */
#ifndef LEAT_HTTP_FIELD_H
#define LEAT_HTTP_FIELD_H

#include "base/slice.h"

/* The names that are found without a search. Those marked 1 may come once only: a second one is a 400, even when equal. */
enum http_known {
    HTTP_UNKNOWN,
    HTTP_ACCEPT,
    HTTP_ACCEPT_ENCODING,
    HTTP_ACCEPT_PROFILE,
    HTTP_AUTHORIZATION, /* 1 */
    HTTP_CACHE_CONTROL,
    HTTP_CONNECTION,
    HTTP_CONTENT_ENCODING,
    HTTP_CONTENT_LENGTH, /* 1 */
    HTTP_CONTENT_PROFILE,
    HTTP_CONTENT_TYPE, /* 1 */
    HTTP_COOKIE,
    HTTP_CORS_HEADERS,    /* Access-Control-Request-Headers */
    HTTP_CORS_METHOD,     /* Access-Control-Request-Method */
    HTTP_EXPECT,          /* 1 */
    HTTP_HOST,            /* 1 */
    HTTP_IDEMPOTENCY_KEY, /* 1 */
    HTTP_IF_MATCH,
    HTTP_IF_MODIFIED_SINCE, /* 1 */
    HTTP_IF_NONE_MATCH,
    HTTP_KEEP_ALIVE,
    HTTP_LAST_EVENT_ID, /* 1 */
    HTTP_ORIGIN,        /* 1 */
    HTTP_PREFER,
    HTTP_RANGE, /* 1 */
    HTTP_RANGE_UNIT,
    HTTP_TE,
    HTTP_TRACEPARENT,
    HTTP_TRACESTATE,
    HTTP_TRAILER,
    HTTP_TRANSFER_ENCODING, /* 1 */
    HTTP_UPGRADE,
    HTTP_USER_AGENT,
    HTTP_X_API_KEY, /* 1 */
    HTTP_X_FORWARDED_FOR,
    HTTP_X_FORWARDED_PROTO,
    HTTP_X_REQUEST_ID,
    HTTP_KNOWN_COUNT
};

struct http_field {
    struct slice name, value; /* as sent; the value without blanks around it */
    enum http_known known;
};

/* Which known name this is, letter case aside. */
enum http_known http_field_known(struct slice name);

/* Whether a request may bear it once only. */
bool http_field_is_single(enum http_known known);

/* The next item of a comma-separated list, without blanks around it; empty items are passed over (RFC 9110 section
 * 5.6.1), commas in quoted strings do not part. False at the end. Begin with *rest = the value. */
bool http_list_next(struct slice *rest, struct slice *ret_item);

#endif
