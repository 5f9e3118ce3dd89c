/* SPDX-License-Identifier: Apache-2.0 */
/* The body, byte by byte where it is framing, in slices where it is data.
 *
 *              ┌──────────────────── CR LF ───────────────────┐
 *              ▼                                              │
 *   SIZE ──(;ext)──► SIZE_LF ──size > 0──► DATA ──► DATA_CR ──► DATA_LF
 *                       │
 *                    size = 0 ──► TRAILER ──CR──► LAST_LF ──► END
 *                                 ▲  │ name ":" value CR
 *                      TRAILER_LF ┴──┘
 *
 * A body with a length begins at DATA and goes from there to END. Stricter than RFC 9112: no blanks in the size line
 * outside of quoted strings, at most 16 digits, and no trailer of a name that Leat knows: what is framing, routing or
 * right is said before the body or not at all. It fails by a fault of 400, 413 or 431. */
#include "http/body.h"

#include "http/chars.h"

static bool refuse(struct http_body *body, unsigned status, const char *reason)
{
    body->fault = (struct http_fault){status, reason};
    return false;
}

void http_body_init(struct http_body *body, const struct http_head *head, uint64_t bytes_max)
{
    PRE(head->at == HTTP_AT_END);
    static const enum http_body_at begin[] = {
        [HTTP_BODY_NONE] = HTTP_AT_BODY_END,
        [HTTP_BODY_LENGTH] = HTTP_AT_DATA,
        [HTTP_BODY_CHUNKED] = HTTP_AT_SIZE,
    };
    memset(body, 0, sizeof(*body));
    body->at = begin[head->framing];
    body->chunked = head->framing == HTTP_BODY_CHUNKED;
    body->left = head->framing == HTTP_BODY_LENGTH ? head->content_length : 0;
    body->bytes_max = bytes_max;
    if (body->left > bytes_max)
        refuse(body, 413, "the body is too large");
}

static void begin_size(struct http_body *body)
{
    PRE(body->left == 0);
    body->at = HTTP_AT_SIZE;
    body->size_digits = 0;
    body->line_extension_bytes = 0;
}

static bool take_size(struct http_body *body, char c)
{
    int digit = char_hex(c);
    if (digit >= 0) {
        body->left = body->left << 4 | (unsigned)digit;
        body->size_digits++;
        return body->size_digits <= HTTP_CHUNK_SIZE_DIGITS_MAX ||
               refuse(body, 400, "the size of a chunk is too long");
    }
    if (body->size_digits == 0 || (c != '\r' && c != ';'))
        return refuse(body, 400, "the size of a chunk must be hexadecimal digits");
    if (body->left > body->bytes_max - body->bytes)
        return refuse(body, 413, "the body is too large");
    body->at = c == '\r' ? HTTP_AT_SIZE_LF : HTTP_AT_EXTENSION;
    body->extension_at = HTTP_EXTENSION_NAME_START;
    return true;
}

/* Where this byte of ";name", ";name=value" or ";name="value"" leads; -1: it may not stand there. */
static int extension_next(enum http_extension_at at, char c)
{
    bool token = char_is(c, CHAR_TOKEN);
    switch (at) {
    case HTTP_EXTENSION_NAME_START:
        return token ? HTTP_EXTENSION_NAME : -1;
    case HTTP_EXTENSION_NAME:
        return token ? HTTP_EXTENSION_NAME : c == '=' ? HTTP_EXTENSION_VALUE_START : -1;
    case HTTP_EXTENSION_VALUE_START:
        return token ? HTTP_EXTENSION_VALUE : c == '"' ? HTTP_EXTENSION_QUOTED : -1;
    case HTTP_EXTENSION_VALUE:
        return token ? HTTP_EXTENSION_VALUE : -1;
    case HTTP_EXTENSION_QUOTED:
        if (c == '"')
            return HTTP_EXTENSION_CLOSED;
        return c == '\\' ? HTTP_EXTENSION_ESCAPED : char_is(c, CHAR_QUOTED) ? HTTP_EXTENSION_QUOTED : -1;
    case HTTP_EXTENSION_ESCAPED:
        return char_is(c, CHAR_VALUE) ? HTTP_EXTENSION_QUOTED : -1;
    case HTTP_EXTENSION_CLOSED:
        return -1;
    }
    UNREACHABLE("a place in an extension");
}

static bool take_extension(struct http_body *body, char c)
{
    bool too_long = ++body->line_extension_bytes > HTTP_CHUNK_LINE_EXTENSION_MAX ||
                    ++body->extension_bytes > HTTP_CHUNK_EXTENSIONS_MAX;
    if (too_long)
        return refuse(body, 400, "too many chunk extensions");
    enum http_extension_at at = body->extension_at;
    bool may_end = at == HTTP_EXTENSION_NAME || at == HTTP_EXTENSION_VALUE || at == HTTP_EXTENSION_CLOSED;
    if (may_end && c == '\r') {
        body->at = HTTP_AT_SIZE_LF;
        return true;
    }
    int next = may_end && c == ';' ? (int)HTTP_EXTENSION_NAME_START : extension_next(at, c);
    if (next < 0)
        return refuse(body, 400, "a chunk extension must be ;name or ;name=value");
    body->extension_at = (enum http_extension_at)next;
    return true;
}

/* A byte that must be there: else a fault, and the states part ways no further. */
static bool expect(struct http_body *body, char c, char expected, enum http_body_at next)
{
    body->at = next;
    return c == expected ||
           refuse(body, 400, "a chunk and its size line must end in a carriage return and a line feed");
}

static bool take_size_lf(struct http_body *body, char c)
{
    return expect(body, c, '\n', body->left ? HTTP_AT_DATA : HTTP_AT_TRAILER);
}

static bool take_data_lf(struct http_body *body, char c)
{
    begin_size(body);
    return expect(body, c, '\n', HTTP_AT_SIZE);
}

/* The first byte of a line behind the last chunk. */
static bool take_trailer(struct http_body *body, char c)
{
    if (c == '\r') {
        body->at = HTTP_AT_LAST_LF;
        return true;
    }
    if (!char_is(c, CHAR_TOKEN))
        return refuse(body, 400, "a trailer needs a name, of letters, digits and -, and a colon");
    if (++body->trailers > HTTP_TRAILERS_MAX)
        return refuse(body, 431, "too many trailers");
    body->at = HTTP_AT_TRAILER_NAME;
    body->name[0] = c;
    body->name_len = 1;
    return true;
}

static bool take_trailer_name(struct http_body *body, char c)
{
    if (char_is(c, CHAR_TOKEN)) {
        if (body->name_len < sizeof(body->name))
            body->name[body->name_len] = c;
        body->name_len += body->name_len < UINT8_MAX;
        return true;
    }
    if (c != ':')
        return refuse(body, 400, "a trailer needs a name, of letters, digits and -, and a colon");
    bool kept = body->name_len <= sizeof(body->name); /* no known name is longer */
    if (kept && http_field_known(slice_of(body->name, body->name_len)) != HTTP_UNKNOWN)
        return refuse(body, 400, "a trailer that belongs into the head");
    body->at = HTTP_AT_TRAILER_VALUE;
    return true;
}

static bool take_trailer_value(struct http_body *body, char c)
{
    if (c == '\r')
        body->at = HTTP_AT_TRAILER_LF;
    return c == '\r' || char_is(c, CHAR_VALUE) || refuse(body, 400, "a control byte in a trailer");
}

/* One byte of what is not data. */
static bool take_byte(struct http_body *body, char c)
{
    if (body->at >= HTTP_AT_TRAILER && ++body->trailer_bytes > HTTP_TRAILERS_BYTES_MAX)
        return refuse(body, 431, "the trailers are too long");
    switch (body->at) {
    case HTTP_AT_SIZE:
        return take_size(body, c);
    case HTTP_AT_EXTENSION:
        return take_extension(body, c);
    case HTTP_AT_SIZE_LF:
        return take_size_lf(body, c);
    case HTTP_AT_DATA_CR:
        return expect(body, c, '\r', HTTP_AT_DATA_LF);
    case HTTP_AT_DATA_LF:
        return take_data_lf(body, c);
    case HTTP_AT_TRAILER:
        return take_trailer(body, c);
    case HTTP_AT_TRAILER_NAME:
        return take_trailer_name(body, c);
    case HTTP_AT_TRAILER_VALUE:
        return take_trailer_value(body, c);
    case HTTP_AT_TRAILER_LF:
        return expect(body, c, '\n', HTTP_AT_TRAILER);
    case HTTP_AT_LAST_LF:
        return expect(body, c, '\n', HTTP_AT_BODY_END);
    case HTTP_AT_DATA:
    case HTTP_AT_BODY_END:
        break;
    }
    UNREACHABLE("data and the end have no framing");
}

static struct slice take_piece(struct http_body *body, const char *data, size_t len)
{
    PRE(body->left > 0 && len > 0);
    size_t n = body->left < len ? (size_t)body->left : len;
    body->left -= n;
    body->bytes += n;
    if (body->left == 0)
        body->at = body->chunked ? HTTP_AT_DATA_CR : HTTP_AT_BODY_END;
    POST(body->bytes <= body->bytes_max);
    return slice_of(data, n);
}

enum http_got http_body_decode(struct http_body *body, const char *data, size_t len, size_t *ret_used,
                               struct slice *ret_piece)
{
    PRE(body && ret_used && ret_piece);
    size_t used = 0;
    *ret_used = 0;
    while (body->fault.status == 0 && body->at != HTTP_AT_BODY_END && used < len) {
        if (body->at == HTTP_AT_DATA) {
            *ret_piece = take_piece(body, data + used, len - used);
            *ret_used = used + ret_piece->len;
            return HTTP_PIECE;
        }
        if (take_byte(body, data[used]))
            used++;
    }
    *ret_used = used;
    if (body->fault.status)
        return HTTP_FAULT;
    return body->at == HTTP_AT_BODY_END ? HTTP_DONE : HTTP_MORE;
}
