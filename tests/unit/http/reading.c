/* SPDX-License-Identifier: Apache-2.0 */
/* The model of a connection that reading.h describes. */
#include "unit/http/reading.h"

#include "base/mem.h"

void reading_begin(struct reading *reading, const struct http_limits *limits)
{
    static const struct http_limits usual = {8192, 16384, 1 << 20};
    memset(reading, 0, sizeof(*reading));
    reading->limits = limits ? *limits : usual;
    http_head_init(&reading->head, reading->fields, HTTP_FIELDS_MAX);
    buf_init(&reading->body_text, 1 << 20);
}

void reading_end(struct reading *reading)
{
    mem_free(reading->bytes);
    buf_done(&reading->body_text);
}

static bool lies_in(struct slice inner, const char *data, size_t len)
{
    return !inner.data || (inner.data >= data && inner.data + inner.len <= data + len);
}

static void check_head(const struct reading *reading)
{
    const struct http_head *head = &reading->head;
    const struct slice own[] = {head->method_text, head->target, head->path, head->query, head->host};
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        PRE(lies_in(own[i], reading->bytes, head->bytes));
    for (unsigned i = 0; i < head->field_count; i++) {
        PRE(lies_in(head->fields[i].name, reading->bytes, head->bytes) && head->fields[i].name.len > 0);
        PRE(lies_in(head->fields[i].value, reading->bytes, head->bytes) && head->fields[i].value.data);
    }
    PRE(head->bytes <= reading->len && head->bytes <= reading->limits.head_bytes_max);
    PRE(head->path.len > 0 && head->method_text.len > 0 && head->target.len > 0);
    IMPLIES(head->version_minor == 1, head->host.len > 0);
    PRE((head->framing == HTTP_BODY_LENGTH) == (head->content_length > 0));
    PRE(head->content_length <= reading->limits.body_bytes_max);
    IMPLIES(head->first[HTTP_TRANSFER_ENCODING], head->framing == HTTP_BODY_CHUNKED);
}

static void read_head(struct reading *reading)
{
    struct http_head *head = &reading->head;
    reading->got = http_head_parse(head, &reading->limits, reading->bytes, reading->len);
    if (reading->got == HTTP_FAULT)
        reading->fault = head->fault;
    if (reading->got != HTTP_DONE)
        return;
    check_head(reading);
    reading->head_done = true;
    reading->used = head->bytes;
    http_body_init(&reading->body, head, reading->limits.body_bytes_max);
}

static void take_piece(struct reading *reading, struct slice piece)
{
    PRE(piece.len > 0);
    PRE(lies_in(piece, reading->bytes + reading->used, reading->len - reading->used));
    buf_add(&reading->body_text, piece);
    PRE(reading->body_text.len == reading->body.bytes &&
        reading->body.bytes <= reading->limits.body_bytes_max);
    IMPLIES(reading->head.framing == HTTP_BODY_LENGTH, reading->body.bytes <= reading->head.content_length);
}

static void read_body(struct reading *reading)
{
    do {
        struct slice piece = {NULL, 0};
        size_t used = 0, left = reading->len - reading->used;
        reading->got = http_body_decode(&reading->body, reading->bytes + reading->used, left, &used, &piece);
        PRE(used <= left);
        if (reading->got == HTTP_PIECE)
            take_piece(reading, piece);
        reading->used += used;
    } while (reading->got == HTTP_PIECE);
    IMPLIES(reading->got == HTTP_MORE, reading->used == reading->len);
    PRE((reading->got == HTTP_DONE) == http_body_ended(&reading->body) || reading->got == HTTP_FAULT);
    if (reading->got == HTTP_FAULT)
        reading->fault = reading->body.fault;
}

void reading_arrive(struct reading *reading, struct slice all, size_t len)
{
    PRE(len <= all.len && len >= reading->len);
    if (reading->got != HTTP_MORE)
        return;
    char *moved = mem_must(len ? len : 1);
    if (len)
        memcpy(moved, all.data, len);
    if (reading->head_done)
        http_head_rebase(&reading->head, moved);
    mem_free(reading->bytes);
    reading->bytes = moved;
    reading->len = len;
    if (!reading->head_done)
        read_head(reading);
    if (reading->head_done)
        read_body(reading);
}

void reading_whole(struct reading *reading, const struct http_limits *limits, struct slice all)
{
    reading_begin(reading, limits);
    reading_arrive(reading, all, all.len);
}

void reading_cut(struct reading *reading, const struct http_limits *limits, struct slice all, size_t cut)
{
    reading_begin(reading, limits);
    reading_arrive(reading, all, cut);
    reading_arrive(reading, all, all.len);
}

void reading_bytewise(struct reading *reading, const struct http_limits *limits, struct slice all)
{
    reading_begin(reading, limits);
    for (size_t len = 0; len <= all.len; len++)
        reading_arrive(reading, all, len);
}

static const char *head_differs(const struct http_head *a, const struct http_head *b)
{
    if (a->method != b->method || !slice_eq(a->method_text, b->method_text))
        return "method";
    if (!slice_eq(a->path, b->path) || !slice_eq(a->query, b->query) || !a->query.data != !b->query.data)
        return "target";
    if (!slice_eq(a->host, b->host) || a->version_minor != b->version_minor)
        return "host or version";
    if (a->framing != b->framing || a->content_length != b->content_length)
        return "framing";
    if (a->keep_alive != b->keep_alive || a->expect_continue != b->expect_continue)
        return "keep-alive or expectation";
    if (a->field_count != b->field_count || memcmp(a->first, b->first, sizeof(a->first)))
        return "headers";
    for (unsigned i = 0; i < a->field_count; i++) {
        if (!slice_eq(a->fields[i].name, b->fields[i].name) ||
            !slice_eq(a->fields[i].value, b->fields[i].value))
            return "a header";
    }
    return NULL;
}

const char *reading_differs(const struct reading *a, const struct reading *b)
{
    if (a->got != b->got)
        return "verdict";
    if (a->fault.status != b->fault.status || a->fault.reason != b->fault.reason)
        return "fault";
    if (a->head_done != b->head_done || a->used != b->used)
        return "bytes used";
    if (!slice_eq(buf_slice(&a->body_text), buf_slice(&b->body_text)))
        return "body";
    return a->head_done ? head_differs(&a->head, &b->head) : NULL;
}
