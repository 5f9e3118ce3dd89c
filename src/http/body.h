/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request: takes the framing off (RFC 9112 sections 6 and 7) and hands out slices of what came in.
 *
 * Incremental and pure: every byte is looked at once, nothing is kept but counters and the name of a trailer.
 * Chunk extensions and trailers are checked, bounded and dropped. One thread at a time. */
#ifndef LEAT_HTTP_BODY_H
#define LEAT_HTTP_BODY_H

#include "http/head.h"

/* What a chunked body may bear beside its data; beyond it is 400, for trailers 431. */
#define HTTP_CHUNK_SIZE_DIGITS_MAX 16
#define HTTP_CHUNK_LINE_EXTENSION_MAX 256
#define HTTP_CHUNK_EXTENSIONS_MAX 4096 /* of all chunks together */
#define HTTP_TRAILERS_BYTES_MAX 4096
#define HTTP_TRAILERS_MAX 32

/* Where a chunked body is: see the picture in body.c. */
enum http_body_at {
    HTTP_AT_SIZE,
    HTTP_AT_EXTENSION,
    HTTP_AT_SIZE_LF,
    HTTP_AT_DATA,
    HTTP_AT_DATA_CR,
    HTTP_AT_DATA_LF,
    HTTP_AT_TRAILER,
    HTTP_AT_TRAILER_NAME,
    HTTP_AT_TRAILER_VALUE,
    HTTP_AT_TRAILER_LF,
    HTTP_AT_LAST_LF,
    HTTP_AT_BODY_END
};

/* Where an extension (";name=value") is. */
enum http_extension_at {
    HTTP_EXTENSION_NAME_START,
    HTTP_EXTENSION_NAME,
    HTTP_EXTENSION_VALUE_START,
    HTTP_EXTENSION_VALUE,
    HTTP_EXTENSION_QUOTED,
    HTTP_EXTENSION_ESCAPED,
    HTTP_EXTENSION_CLOSED
};

struct http_body {
    enum http_body_at at;
    enum http_extension_at extension_at;
    bool chunked;
    uint64_t left;      /* of the length or of the chunk */
    uint64_t bytes;     /* handed out so far */
    uint64_t bytes_max; /* beyond it: 413 */
    uint32_t size_digits, line_extension_bytes, extension_bytes, trailer_bytes, trailers;
    uint8_t name_len; /* of the trailer's name, as far as it is kept: */
    char name[39];
    struct http_fault fault; /* on HTTP_FAULT */
};

/* The body that the head announces. bytes_max: the most it may have; a longer Content-Length is a fault at once. */
void http_body_init(struct http_body *body, const struct http_head *head, uint64_t bytes_max);

/* Takes some of the `len` bytes: *ret_used of them are done with.
 * HTTP_PIECE: *ret_piece (not empty) lies in `data`; call again with the rest, even if that is empty.
 * HTTP_MORE: all used. HTTP_DONE: the body has ended, what is left belongs to the next request. HTTP_FAULT: body->fault. */
enum http_got http_body_decode(struct http_body *body, const char *data, size_t len, size_t *ret_used,
                               struct slice *ret_piece) must_check;

/* Whether all of it was handed out: true right after the last piece of a body with a length. */
static inline bool http_body_ended(const struct http_body *body)
{
    return body->at == HTTP_AT_BODY_END;
}

#endif
