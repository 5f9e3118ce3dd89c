/* SPDX-License-Identifier: Apache-2.0 */
/* Known names are found by a perfect hash of their length, first and last letter: one look into a table, one comparison.
 * A new name whose slot is taken does not compile (-Woverride-init): choose other factors for SLOT then. */
#include "http/field.h"

#include "base/check.h"

struct known_name {
    struct slice lower;
    bool single;
};

static const struct known_name names[HTTP_KNOWN_COUNT] = {
    [HTTP_ACCEPT] = {SLICE_INIT("accept"), false},
    [HTTP_ACCEPT_ENCODING] = {SLICE_INIT("accept-encoding"), false},
    [HTTP_ACCEPT_PROFILE] = {SLICE_INIT("accept-profile"), false},
    [HTTP_AUTHORIZATION] = {SLICE_INIT("authorization"), true},
    [HTTP_CACHE_CONTROL] = {SLICE_INIT("cache-control"), false},
    [HTTP_CONNECTION] = {SLICE_INIT("connection"), false},
    [HTTP_CONTENT_ENCODING] = {SLICE_INIT("content-encoding"), false},
    [HTTP_CONTENT_LENGTH] = {SLICE_INIT("content-length"), true},
    [HTTP_CONTENT_PROFILE] = {SLICE_INIT("content-profile"), false},
    [HTTP_CONTENT_TYPE] = {SLICE_INIT("content-type"), true},
    [HTTP_COOKIE] = {SLICE_INIT("cookie"), false},
    [HTTP_CORS_HEADERS] = {SLICE_INIT("access-control-request-headers"), false},
    [HTTP_CORS_METHOD] = {SLICE_INIT("access-control-request-method"), false},
    [HTTP_EXPECT] = {SLICE_INIT("expect"), true},
    [HTTP_HOST] = {SLICE_INIT("host"), true},
    [HTTP_IDEMPOTENCY_KEY] = {SLICE_INIT("idempotency-key"), true},
    [HTTP_IF_MATCH] = {SLICE_INIT("if-match"), false},
    [HTTP_IF_MODIFIED_SINCE] = {SLICE_INIT("if-modified-since"), true},
    [HTTP_IF_NONE_MATCH] = {SLICE_INIT("if-none-match"), false},
    [HTTP_KEEP_ALIVE] = {SLICE_INIT("keep-alive"), false},
    [HTTP_LAST_EVENT_ID] = {SLICE_INIT("last-event-id"), true},
    [HTTP_ORIGIN] = {SLICE_INIT("origin"), true},
    [HTTP_PREFER] = {SLICE_INIT("prefer"), false},
    [HTTP_RANGE] = {SLICE_INIT("range"), true},
    [HTTP_RANGE_UNIT] = {SLICE_INIT("range-unit"), false},
    [HTTP_TE] = {SLICE_INIT("te"), false},
    [HTTP_TRACEPARENT] = {SLICE_INIT("traceparent"), false},
    [HTTP_TRACESTATE] = {SLICE_INIT("tracestate"), false},
    [HTTP_TRAILER] = {SLICE_INIT("trailer"), false},
    [HTTP_TRANSFER_ENCODING] = {SLICE_INIT("transfer-encoding"), true},
    [HTTP_UPGRADE] = {SLICE_INIT("upgrade"), false},
    [HTTP_USER_AGENT] = {SLICE_INIT("user-agent"), false},
    [HTTP_X_API_KEY] = {SLICE_INIT("x-api-key"), true},
    [HTTP_X_FORWARDED_FOR] = {SLICE_INIT("x-forwarded-for"), false},
    [HTTP_X_FORWARDED_PROTO] = {SLICE_INIT("x-forwarded-proto"), false},
    [HTTP_X_REQUEST_ID] = {SLICE_INIT("x-request-id"), false},
};

#define SLOT(len, first, last) (((len)*1u + (first)*7u + (last)*11u) % 128u)

static const uint8_t slots[128] = {
    [SLOT(6, 'a', 't')] = HTTP_ACCEPT,
    [SLOT(15, 'a', 'g')] = HTTP_ACCEPT_ENCODING,
    [SLOT(14, 'a', 'e')] = HTTP_ACCEPT_PROFILE,
    [SLOT(13, 'a', 'n')] = HTTP_AUTHORIZATION,
    [SLOT(13, 'c', 'l')] = HTTP_CACHE_CONTROL,
    [SLOT(10, 'c', 'n')] = HTTP_CONNECTION,
    [SLOT(16, 'c', 'g')] = HTTP_CONTENT_ENCODING,
    [SLOT(14, 'c', 'h')] = HTTP_CONTENT_LENGTH,
    [SLOT(15, 'c', 'e')] = HTTP_CONTENT_PROFILE,
    [SLOT(12, 'c', 'e')] = HTTP_CONTENT_TYPE,
    [SLOT(6, 'c', 'e')] = HTTP_COOKIE,
    [SLOT(30, 'a', 's')] = HTTP_CORS_HEADERS,
    [SLOT(29, 'a', 'd')] = HTTP_CORS_METHOD,
    [SLOT(6, 'e', 't')] = HTTP_EXPECT,
    [SLOT(4, 'h', 't')] = HTTP_HOST,
    [SLOT(15, 'i', 'y')] = HTTP_IDEMPOTENCY_KEY,
    [SLOT(8, 'i', 'h')] = HTTP_IF_MATCH,
    [SLOT(17, 'i', 'e')] = HTTP_IF_MODIFIED_SINCE,
    [SLOT(13, 'i', 'h')] = HTTP_IF_NONE_MATCH,
    [SLOT(10, 'k', 'e')] = HTTP_KEEP_ALIVE,
    [SLOT(13, 'l', 'd')] = HTTP_LAST_EVENT_ID,
    [SLOT(6, 'o', 'n')] = HTTP_ORIGIN,
    [SLOT(6, 'p', 'r')] = HTTP_PREFER,
    [SLOT(5, 'r', 'e')] = HTTP_RANGE,
    [SLOT(10, 'r', 't')] = HTTP_RANGE_UNIT,
    [SLOT(2, 't', 'e')] = HTTP_TE,
    [SLOT(11, 't', 't')] = HTTP_TRACEPARENT,
    [SLOT(10, 't', 'e')] = HTTP_TRACESTATE,
    [SLOT(7, 't', 'r')] = HTTP_TRAILER,
    [SLOT(17, 't', 'g')] = HTTP_TRANSFER_ENCODING,
    [SLOT(7, 'u', 'e')] = HTTP_UPGRADE,
    [SLOT(10, 'u', 't')] = HTTP_USER_AGENT,
    [SLOT(9, 'x', 'y')] = HTTP_X_API_KEY,
    [SLOT(15, 'x', 'r')] = HTTP_X_FORWARDED_FOR,
    [SLOT(17, 'x', 'o')] = HTTP_X_FORWARDED_PROTO,
    [SLOT(12, 'x', 'd')] = HTTP_X_REQUEST_ID,
};

/* `lower` has only a-z, '-' and digits, and `name` is a token: so setting bit 5 makes no two bytes equal that are not. */
static bool is_lower_of(struct slice name, struct slice lower)
{
    if (name.len != lower.len)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if ((name.data[i] | 0x20) != lower.data[i])
            return false;
    }
    return true;
}

enum http_known http_field_known(struct slice name)
{
    PRE(name.len > 0);
    unsigned first = (uint8_t)(name.data[0] | 0x20);
    unsigned last = (uint8_t)(name.data[name.len - 1] | 0x20);
    enum http_known known = slots[SLOT((unsigned)name.len, first, last)];
    return known && is_lower_of(name, names[known].lower) ? known : HTTP_UNKNOWN;
}

bool http_field_is_single(enum http_known known)
{
    PRE(known < HTTP_KNOWN_COUNT);
    return names[known].single;
}

/* The length of the item at the start: up to a comma that is not in a quoted string. */
static size_t item_len(struct slice list)
{
    bool quoted = false;
    for (size_t i = 0; i < list.len; i++) {
        char c = list.data[i];
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && quoted)
            i++;
        else if (c == ',' && !quoted)
            return i;
    }
    return list.len;
}

bool http_list_next(struct slice *rest, struct slice *ret_item)
{
    PRE(rest && ret_item);
    while (rest->len) {
        size_t len = item_len(*rest);
        struct slice item = slice_trim(slice_of(rest->data, len));
        *rest = slice_skip(*rest, len + 1);
        if (item.len) {
            *ret_item = item;
            return true;
        }
    }
    return false;
}
