/* SPDX-License-Identifier: Apache-2.0 */
/* Heads and chunks, appended to a buf. It fails only as the buf does: by its `failed`. */
#include "http/writer.h"

#include "http/chars.h"

/* RFC 9110 section 15 and its registry: all that Leat may answer, and what an upstream may. */
static const struct slice phrases[] = {
    [100] = SLICE_INIT("Continue"),
    [101] = SLICE_INIT("Switching Protocols"),
    [103] = SLICE_INIT("Early Hints"),
    [200] = SLICE_INIT("OK"),
    [201] = SLICE_INIT("Created"),
    [202] = SLICE_INIT("Accepted"),
    [203] = SLICE_INIT("Non-Authoritative Information"),
    [204] = SLICE_INIT("No Content"),
    [205] = SLICE_INIT("Reset Content"),
    [206] = SLICE_INIT("Partial Content"),
    [300] = SLICE_INIT("Multiple Choices"),
    [301] = SLICE_INIT("Moved Permanently"),
    [302] = SLICE_INIT("Found"),
    [303] = SLICE_INIT("See Other"),
    [304] = SLICE_INIT("Not Modified"),
    [307] = SLICE_INIT("Temporary Redirect"),
    [308] = SLICE_INIT("Permanent Redirect"),
    [400] = SLICE_INIT("Bad Request"),
    [401] = SLICE_INIT("Unauthorized"),
    [402] = SLICE_INIT("Payment Required"),
    [403] = SLICE_INIT("Forbidden"),
    [404] = SLICE_INIT("Not Found"),
    [405] = SLICE_INIT("Method Not Allowed"),
    [406] = SLICE_INIT("Not Acceptable"),
    [407] = SLICE_INIT("Proxy Authentication Required"),
    [408] = SLICE_INIT("Request Timeout"),
    [409] = SLICE_INIT("Conflict"),
    [410] = SLICE_INIT("Gone"),
    [411] = SLICE_INIT("Length Required"),
    [412] = SLICE_INIT("Precondition Failed"),
    [413] = SLICE_INIT("Content Too Large"),
    [414] = SLICE_INIT("URI Too Long"),
    [415] = SLICE_INIT("Unsupported Media Type"),
    [416] = SLICE_INIT("Range Not Satisfiable"),
    [417] = SLICE_INIT("Expectation Failed"),
    [421] = SLICE_INIT("Misdirected Request"),
    [422] = SLICE_INIT("Unprocessable Content"),
    [424] = SLICE_INIT("Failed Dependency"),
    [425] = SLICE_INIT("Too Early"),
    [426] = SLICE_INIT("Upgrade Required"),
    [428] = SLICE_INIT("Precondition Required"),
    [429] = SLICE_INIT("Too Many Requests"),
    [431] = SLICE_INIT("Request Header Fields Too Large"),
    [499] = SLICE_INIT("Client Closed Request"),
    [500] = SLICE_INIT("Internal Server Error"),
    [501] = SLICE_INIT("Not Implemented"),
    [502] = SLICE_INIT("Bad Gateway"),
    [503] = SLICE_INIT("Service Unavailable"),
    [504] = SLICE_INIT("Gateway Timeout"),
    [505] = SLICE_INIT("HTTP Version Not Supported"),
    [507] = SLICE_INIT("Insufficient Storage"),
};

struct slice http_status_phrase(unsigned status)
{
    bool known = status < ARRAY_LEN(phrases) && phrases[status].data;
    return known ? phrases[status] : SLICE("Unknown");
}

void http_write_status(struct buf *out, unsigned status)
{
    PRE(status >= 100 && status <= 599);
    char line[] = "HTTP/1.1 000 ";
    line[9] = (char)('0' + status / 100);
    line[10] = (char)('0' + status / 10 % 10);
    line[11] = (char)('0' + status % 10);
    buf_append(out, line, sizeof(line) - 1);
    buf_add(out, http_status_phrase(status));
    buf_lit(out, "\r\n");
}

void http_write_continue(struct buf *out)
{
    buf_lit(out, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void write_name(struct buf *out, struct slice name)
{
    PRE(char_all(name, CHAR_TOKEN));
    buf_add(out, name);
    buf_lit(out, ": ");
}

static void write_defused(struct buf *out, struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        buf_byte(out, char_is(value.data[i], CHAR_VALUE) ? value.data[i] : ' ');
}

void http_write_field(struct buf *out, struct slice name, struct slice value)
{
    struct slice trimmed = slice_trim(value);
    write_name(out, name);
    if (char_span(trimmed, CHAR_VALUE) == trimmed.len)
        buf_add(out, trimmed);
    else
        write_defused(out, trimmed);
    buf_lit(out, "\r\n");
}

void http_write_field_uint(struct buf *out, struct slice name, uint64_t value)
{
    write_name(out, name);
    buf_uint(out, value);
    buf_lit(out, "\r\n");
}

void http_write_date(struct buf *out, const char date[30])
{
    PRE(date[28] == 'T' && date[29] == '\0');
    buf_lit(out, "Date: ");
    buf_append(out, date, 29);
    buf_lit(out, "\r\n");
}

void http_write_length(struct buf *out, uint64_t bytes)
{
    http_write_field_uint(out, SLICE("Content-Length"), bytes);
}

void http_write_chunked(struct buf *out)
{
    buf_lit(out, "Transfer-Encoding: chunked\r\n");
}

void http_write_connection(struct buf *out, unsigned version_minor, bool keep_alive)
{
    PRE(version_minor <= 1);
    if (!keep_alive)
        buf_lit(out, "Connection: close\r\n");
    else if (version_minor == 0)
        buf_lit(out, "Connection: keep-alive\r\n");
}

void http_write_end(struct buf *out)
{
    buf_lit(out, "\r\n");
}

void http_write_chunk_begin(struct buf *out, uint64_t bytes)
{
    PRE(bytes > 0);
    char text[18];
    char *at = text + sizeof(text);
    *--at = '\n';
    *--at = '\r';
    for (; bytes; bytes >>= 4)
        *--at = "0123456789abcdef"[bytes & 15];
    buf_append(out, at, (size_t)(text + sizeof(text) - at));
}

void http_write_chunk_end(struct buf *out)
{
    buf_lit(out, "\r\n");
}

void http_write_chunk(struct buf *out, struct slice data)
{
    if (data.len == 0)
        return;
    http_write_chunk_begin(out, data.len);
    buf_add(out, data);
    http_write_chunk_end(out);
}

void http_write_chunks_last(struct buf *out)
{
    buf_lit(out, "0\r\n\r\n");
}
