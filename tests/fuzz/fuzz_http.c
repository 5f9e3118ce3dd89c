/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request: whole, in two pieces and byte by byte give the same; what must hold of heads, bodies, paths
 * and queries holds (unit/http/reading.c); what is read can be written and read again. Limits are small, so that they
 * are reached. */
#include "http/path.h"
#include "http/writer.h"
#include "unit/http/reading.h"

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_limits limits = {.line_bytes_max = 300,
                                          .head_bytes_max = 1500,
                                          .body_bytes_max = 700};

static void check_same(const struct reading *a, struct reading *b)
{
    PRE(reading_differs(a, b) == NULL);
    reading_end(b);
}

static void check_text(struct slice raw, char *room)
{
    struct slice text = {NULL, 0};
    if (!http_decode_query(raw, room, &text))
        return;
    PRE(text.len <= raw.len && slice_is_utf8(text));
    PRE(text.len == 0 || !memchr(text.data, '\0', text.len));
}

static void check_target(const struct http_head *head)
{
    char *room = mem_must(head->target.len);
    struct slice name, value, rest = head->query;
    struct http_path path;
    if (http_path_split(head->path, room, &path) == NULL) {
        for (unsigned i = 0; i < path.count; i++)
            PRE(path.segments[i].len > 0 && !slice_eq(path.segments[i], SLICE("..")));
    }
    while (http_query_next(&rest, &name, &value)) {
        check_text(name, room);
        check_text(value, room);
    }
    mem_free(room);
}

/* Writes the fields and the body into a request of our own: it must be read as they were. */
static void check_written(const struct reading *original)
{
    struct buf out;
    struct reading again;
    buf_init(&out, 1 << 16);
    buf_lit(&out, "POST / HTTP/1.1\r\nHost: a\r\n");
    http_write_chunked(&out);
    for (unsigned i = 0; i < original->head.field_count; i++)
        http_write_field(&out, SLICE("X-Copy"), original->head.fields[i].value);
    http_write_end(&out);
    http_write_chunk(&out, buf_slice(&original->body_text));
    http_write_chunks_last(&out);
    reading_whole(&again, NULL, buf_slice(&out));
    if (original->head.field_count + 2 <= HTTP_FIELDS_MAX) {
        PRE(again.got == HTTP_DONE && again.used == out.len);
        PRE(slice_eq(buf_slice(&again.body_text), buf_slice(&original->body_text)));
        for (unsigned i = 0; i < original->head.field_count; i++)
            PRE(slice_eq(again.head.fields[i + 2].value, original->head.fields[i].value));
    }
    reading_end(&again);
    buf_done(&out);
}

/* The request as data, with nothing around it, and the ones pipelined behind it. */
static size_t check_request(struct slice all)
{
    struct reading whole, other;
    reading_whole(&whole, &limits, all);
    reading_cut(&other, &limits, all, (size_t)(uint8_t)all.data[all.len - 1] * all.len / 256);
    check_same(&whole, &other);
    reading_bytewise(&other, &limits, all);
    check_same(&whole, &other);
    if (whole.head_done)
        check_target(&whole.head);
    if (whole.got == HTTP_DONE)
        check_written(&whole);
    size_t used = whole.got == HTTP_DONE ? whole.used : all.len;
    reading_end(&whole);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size);
    char room[256];
    if (size > 0 && size <= sizeof(room))
        check_text(rest, room);
    while (rest.len > 0 && size <= 4096)
        rest = slice_skip(rest, check_request(rest));
    return 0;
}
