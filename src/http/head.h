/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request: from bytes to a struct http_head, by RFC 9112 at its strictest. http/README.md lists where we
 * are stricter than it.
 *
 * The parser is incremental and pure: it is called with all bytes received since the head began and remembers how far
 * it has looked, so that a head that trickles in is read once. The verdict does not depend on how the bytes were cut.
 *
 * Ownership: the caller owns the bytes and the room for fields. The slices of a head point into the bytes: they must
 * outlive it, or the caller moves them and says so (http_head_rebase).  One thread at a time. */
#ifndef LEAT_HTTP_HEAD_H
#define LEAT_HTTP_HEAD_H

#include "base/check.h"
#include "http/field.h"

/* What a parser came to. */
enum http_got {
    HTTP_MORE,  /* all bytes are looked at; more must come */
    HTTP_PIECE, /* bodies only: a piece of it is handed out */
    HTTP_DONE,  /* the head, or the body, is whole */
    HTTP_FAULT  /* refused: answer with the fault's status and close */
};

struct http_fault {
    unsigned status;    /* 400, 413, 414, 417, 431, 501 or 505; 0: none */
    const char *reason; /* one sentence for people, a literal */
};

/* GET first, so that a zeroed head is harmless. What is none of these is OTHER: see method_text. */
enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER
};

enum http_framing { HTTP_BODY_NONE, HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED };

struct http_limits {
    size_t line_bytes_max;   /* request line with its CR LF: longer is 414 */
    size_t head_bytes_max;   /* the whole head: longer is 431 */
    uint64_t body_bytes_max; /* a Content-Length beyond it is 413 */
};

#define HTTP_FIELDS_MAX 100 /* a sensible fields_max; one more is 431 */

struct http_head {
    enum http_method method;
    struct slice method_text;
    struct slice target;    /* as sent */
    struct slice path;      /* of the target, raw; begins with '/', or is "*" (OPTIONS only); never empty */
    struct slice query;     /* raw, without '?'; data NULL: there was no '?' */
    struct slice host;      /* host and port: the target's own, else of Host; empty only in HTTP/1.0 */
    unsigned version_minor; /* 0 or 1 */
    enum http_framing framing;
    uint64_t content_length; /* not 0 exactly when framing is HTTP_BODY_LENGTH */
    bool keep_alive;         /* the client would keep the connection */
    bool expect_continue;    /* it waits for "100 Continue" before it sends its body */

    struct http_field *fields; /* the caller's room */
    unsigned field_count, fields_max;
    uint8_t first[HTTP_KNOWN_COUNT]; /* of each known name: 1 + index of the first such field, 0: absent */

    size_t bytes;            /* on HTTP_DONE: how many bytes the head had */
    struct http_fault fault; /* on HTTP_FAULT */

    /* The parser's own. */
    const char *base;     /* the bytes that the slices point into */
    size_t line_at, seen; /* where the unfinished line begins; how far it was looked at */
    enum { HTTP_AT_START, HTTP_AT_REQUEST_LINE, HTTP_AT_FIELDS, HTTP_AT_END } at;
};

/* An empty head with room for fields_max (≤ 255) fields. Called before each request. */
void http_head_init(struct http_head *head, struct http_field *fields, unsigned fields_max);

/* Parses: `data` are all `len` bytes since the head began (they may lie elsewhere than at the last call). HTTP_MORE, or
 * HTTP_DONE with head->bytes, or HTTP_FAULT with head->fault. After the last two: http_head_init first. */
enum http_got http_head_parse(struct http_head *head, const struct http_limits *limits, const char *data,
                              size_t len) must_check;

/* The bytes of the head now lie at `data`. */
void http_head_rebase(struct http_head *head, const char *data);

/* The value of a known field (the first, where there are several); data NULL: absent. */
static inline struct slice http_head_get(const struct http_head *head, enum http_known known)
{
    unsigned first = head->first[known];
    return first ? head->fields[first - 1].value : (struct slice){NULL, 0};
}

/* Each value of a known field in turn: begin with *position = 0; false at the end. */
bool http_head_next(const struct http_head *head, enum http_known known, unsigned *position,
                    struct slice *ret_value);

/* The first field of any name, letter case aside; data NULL: absent. */
struct slice http_head_find(const struct http_head *head, struct slice name);

#endif
