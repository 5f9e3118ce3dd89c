/* SPDX-License-Identifier: Apache-2.0 */
/* What the lines of a head together must keep: one Host, one way to find the body's end, an honest Connection
 * (RFC 9112 sections 3.2, 6 and 9; RFC 9110 section 10.1.1). What two readers could understand differently is refused:
 * that is what request smuggling lives on. It fails by a fault of 400, 413, 417 or 501. */
#include "http/rules.h"
#include "http/chars.h"

static bool rule_host(struct http_head *head)
{
    struct slice host = http_head_get(head, HTTP_HOST);
    if (!host.data)
        return head->version_minor == 0 || http_refuse(head, 400, "HTTP/1.1 needs a Host header");
    if (!http_authority_valid(host))
        return http_refuse(head, 400, "the Host header is not a valid host");
    if (!head->host.data)
        head->host = host;
    return true;
}

/* 1 to 19 digits and nothing else: less than 2^64. */
static bool read_length(struct slice text, uint64_t *ret_length)
{
    uint64_t length = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        length = length * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (text.len == 0 || text.len > 19)
        return false;
    *ret_length = length;
    return true;
}

static bool rule_length(struct http_head *head, struct slice text, uint64_t body_bytes_max)
{
    uint64_t length = 0;
    if (!read_length(text, &length))
        return http_refuse(head, 400, "Content-Length must be a decimal number");
    if (length > body_bytes_max)
        return http_refuse(head, 413, "the body is too large");
    head->content_length = length;
    head->framing = length ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
    return true;
}

/* Whether it is a list of tokens whose last, and only its last, is "chunked". */
static bool ends_in_chunked(struct slice codings)
{
    struct slice coding, rest = codings;
    bool chunked = false;
    while (http_list_next(&rest, &coding)) {
        if (chunked || !char_all(coding, CHAR_TOKEN))
            return false;
        chunked = slice_eq_nocase(coding, SLICE("chunked"));
    }
    return chunked;
}

static bool rule_chunked(struct http_head *head, struct slice codings)
{
    if (head->version_minor == 0)
        return http_refuse(head, 400, "HTTP/1.0 has no Transfer-Encoding");
    if (head->first[HTTP_CONTENT_LENGTH])
        return http_refuse(head, 400, "Content-Length and Transfer-Encoding together");
    if (!ends_in_chunked(codings))
        return http_refuse(head, 400, "Transfer-Encoding must be chunked");
    if (!slice_eq_nocase(codings, SLICE("chunked")))
        return http_refuse(head, 501, "the only Transfer-Encoding understood is chunked");
    head->framing = HTTP_BODY_CHUNKED;
    return true;
}

static bool rule_framing(struct http_head *head, uint64_t body_bytes_max)
{
    struct slice codings = http_head_get(head, HTTP_TRANSFER_ENCODING);
    struct slice length = http_head_get(head, HTTP_CONTENT_LENGTH);
    if (codings.data)
        return rule_chunked(head, codings);
    return !length.data || rule_length(head, length, body_bytes_max);
}

/* Options that name a field are asked of proxies: "drop it". Dropping one of those we act on is an attack. */
static bool may_be_option(struct slice option)
{
    enum http_known known = http_field_known(option);
    return known == HTTP_UNKNOWN || known == HTTP_KEEP_ALIVE || known == HTTP_UPGRADE || known == HTTP_TE ||
           known == HTTP_TRAILER;
}

static bool rule_connection(struct http_head *head)
{
    bool close = false, keep_alive = false;
    unsigned position = 0;
    struct slice value, option;
    while (http_head_next(head, HTTP_CONNECTION, &position, &value)) {
        while (http_list_next(&value, &option)) {
            if (!char_all(option, CHAR_TOKEN) || !may_be_option(option))
                return http_refuse(
                    head, 400,
                    "Connection must be a list of options, none of them the name of a header that matters");
            close |= slice_eq_nocase(option, SLICE("close"));
            keep_alive |= slice_eq_nocase(option, SLICE("keep-alive"));
        }
    }
    head->keep_alive = !close && (keep_alive || head->version_minor == 1);
    return true;
}

/* protocol-name ["/" protocol-version]; what it asks for is not done, which RFC 9110 section 7.8 allows. */
static bool rule_upgrade(struct http_head *head)
{
    unsigned position = 0;
    struct slice value, protocol;
    while (http_head_next(head, HTTP_UPGRADE, &position, &value)) {
        while (http_list_next(&value, &protocol)) {
            struct slice version = protocol;
            struct slice name = slice_cut(&version, '/');
            if (!char_all(name, CHAR_TOKEN) || (version.data && !char_all(version, CHAR_TOKEN)))
                return http_refuse(head, 400, "Upgrade must be a list of protocols");
        }
    }
    return true;
}

static bool rule_expect(struct http_head *head)
{
    struct slice expect = http_head_get(head, HTTP_EXPECT);
    if (!expect.data)
        return true;
    if (!slice_eq_nocase(expect, SLICE("100-continue")))
        return http_refuse(head, 417, "the only expectation that can be met is 100-continue");
    head->expect_continue = head->version_minor == 1 && head->framing != HTTP_BODY_NONE;
    return true;
}

bool http_apply_rules(struct http_head *head, const struct http_limits *limits)
{
    PRE(head->path.len > 0);
    return rule_host(head) && rule_framing(head, limits->body_bytes_max) && rule_connection(head) &&
           rule_upgrade(head) && rule_expect(head);
}
