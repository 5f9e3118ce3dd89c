/* SPDX-License-Identifier: Apache-2.0 */
/* The request line: method SP target SP version (RFC 9112 section 3), each parted by exactly one space.
 *
 * Forms of target: "/path?query"; "http://host/path?query", whose host stands in place of Host; "*", for OPTIONS alone.
 * "host:port" belongs to CONNECT, which nobody may use here. It fails by a fault of 400, 501 or 505. */
#include <arpa/inet.h>

#include "http/chars.h"
#include "http/rules.h"

static const struct slice methods[] = {
    [HTTP_GET] = SLICE_INIT("GET"),         [HTTP_HEAD] = SLICE_INIT("HEAD"),
    [HTTP_POST] = SLICE_INIT("POST"),       [HTTP_PUT] = SLICE_INIT("PUT"),
    [HTTP_PATCH] = SLICE_INIT("PATCH"),     [HTTP_DELETE] = SLICE_INIT("DELETE"),
    [HTTP_OPTIONS] = SLICE_INIT("OPTIONS"),
};

static enum http_method method_of(struct slice text)
{
    unsigned method = 0;
    while (method < HTTP_OTHER && !slice_eq(text, methods[method]))
        method++;
    return (enum http_method)method;
}

static bool take_method(struct http_head *head, struct slice *rest)
{
    size_t len = char_span(*rest, CHAR_TOKEN);
    if (len == 0 || len == rest->len || rest->data[len] != ' ')
        return http_refuse(head, 400, "a request begins with a method, one space and the target");
    head->method_text = slice_of(rest->data, len);
    head->method = method_of(head->method_text);
    if (slice_eq(head->method_text, SLICE("CONNECT")))
        return http_refuse(head, 501, "CONNECT is not supported");
    *rest = slice_skip(*rest, len + 1);
    return true;
}

static bool is_port(struct slice text)
{
    unsigned port = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || i >= 5)
            return false;
        port = port * 10 + (unsigned)(text.data[i] - '0');
    }
    return port <= UINT16_MAX;
}

/* The length of "[IPv6]", or 0. */
static size_t ipv6_len(struct slice authority)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    size_t end = slice_find(authority, ']');
    if (end == authority.len || end > sizeof(text))
        return 0;
    memcpy(text, authority.data + 1, end - 1);
    text[end - 1] = '\0';
    bool whole = strlen(text) == end - 1; /* no NUL inside */
    return whole && inet_pton(AF_INET6, text, &address) == 1 ? end + 1 : 0;
}

bool http_authority_valid(struct slice authority)
{
    if (authority.len == 0)
        return false;
    size_t host_len = authority.data[0] == '[' ? ipv6_len(authority) : char_span(authority, CHAR_HOST);
    if (host_len == 0 || host_len > 255)
        return false;
    struct slice port = slice_skip(authority, host_len);
    return port.len == 0 || (port.data[0] == ':' && is_port(slice_skip(port, 1)));
}

/* scheme "://" authority, as far as the path. */
static bool take_authority(struct http_head *head, struct slice *rest)
{
    bool http = rest->len >= 7 && slice_eq_nocase(slice_of(rest->data, 7), SLICE("http://"));
    bool https = rest->len >= 8 && slice_eq_nocase(slice_of(rest->data, 8), SLICE("https://"));
    if (!http && !https)
        return http_refuse(head, 400, "the target must be a path that begins with /, or an http URL");
    struct slice after = slice_skip(*rest, https ? 8 : 7);
    size_t len = 0;
    while (len < after.len && !memchr("/? ", after.data[len], 3))
        len++;
    struct slice authority = slice_of(after.data, len);
    if (!http_authority_valid(authority))
        return http_refuse(head, 400, "the target's host is not a valid one");
    head->host = authority;
    *rest = slice_skip(after, len);
    return true;
}

/* The path; an empty one, as in "http://host?query", is "/": the scheme's own slash lends its byte. */
static void take_path(struct http_head *head, struct slice *rest)
{
    size_t len = char_span(*rest, CHAR_PATH);
    head->path = len ? slice_of(rest->data, len) : slice_of(head->host.data - 1, 1);
    *rest = slice_skip(*rest, len);
    POST(head->path.data[0] == '/');
}

static void take_query(struct http_head *head, struct slice *rest)
{
    if (rest->len == 0 || rest->data[0] != '?')
        return;
    *rest = slice_skip(*rest, 1);
    head->query = slice_of(rest->data, char_span(*rest, CHAR_QUERY));
    *rest = slice_skip(*rest, head->query.len);
}

static bool take_target(struct http_head *head, struct slice *rest)
{
    struct slice target = *rest;
    if (slice_starts(target, SLICE("* ")) && head->method == HTTP_OPTIONS) {
        head->path = slice_of(target.data, 1);
        *rest = slice_skip(target, 1);
    } else {
        bool origin_form = target.len > 0 && target.data[0] == '/';
        if (!origin_form && !take_authority(head, rest))
            return false;
        take_path(head, rest);
        take_query(head, rest);
    }
    if (rest->len && rest->data[0] == '#')
        return http_refuse(head, 400, "a fragment (#) in the target");
    if (rest->len == 0 || rest->data[0] != ' ')
        return http_refuse(head, 400,
                           "a byte in the target that must be percent-encoded, or no version behind it");
    head->target = slice_of(target.data, (size_t)(rest->data - target.data));
    *rest = slice_skip(*rest, 1);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_version(struct http_head *head, struct slice version)
{
    bool form = version.len == 8 && slice_starts(version, SLICE("HTTP/")) && is_digit(version.data[5]) &&
                version.data[6] == '.' && is_digit(version.data[7]);
    if (!form)
        return http_refuse(head, 400, "the request line must end in one space and HTTP/1.1");
    if (version.data[5] != '1' || version.data[7] > '1')
        return http_refuse(head, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    head->version_minor = (unsigned)(version.data[7] - '0');
    return true;
}

bool http_take_request_line(struct http_head *head, struct slice line)
{
    PRE(head->method_text.data == NULL);
    struct slice rest = line;
    if (slice_eq(line, SLICE("PRI * HTTP/2.0")))
        return http_refuse(head, 505, "HTTP/2 is not spoken here");
    return take_method(head, &rest) && take_target(head, &rest) && take_version(head, rest);
}
