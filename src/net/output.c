/* SPDX-License-Identifier: Apache-2.0 */
/* The output of a connection; output.h has the picture. */
#include "net/output.h"

#include "net/sys.h"

enum { BYTES_MAX = 64 * 1024 * 1024, BYTES_KEPT = 16 * 1024, PIECES_MAX = 2 * OUTPUT_PARTS_MAX + 1 };

void output_init(struct output *output, uint64_t *held_bytes)
{
    *output = (struct output){.held_bytes = held_bytes};
    buf_init(&output->bytes, BYTES_MAX);
}

static void part_drop(struct output *output, struct output_part *part)
{
    PRE(*output->held_bytes >= part->body.len);
    *output->held_bytes -= part->body.len;
    if (part->release)
        part->release(part->owner);
    else
        buf_done(&part->body);
}

void output_reset(struct output *output)
{
    for (unsigned i = output->part_at; i < output->part_count; i++)
        part_drop(output, &output->parts[i]);
    if (output->bytes.cap > BYTES_KEPT)
        buf_done(&output->bytes);
    buf_clear(&output->bytes);
    output->bytes_ready = output->bytes_sent = output->part_sent = 0;
    output->part_count = output->parts_ready = output->part_at = 0;
}

void output_done(struct output *output)
{
    output_reset(output);
    buf_done(&output->bytes);
}

void output_take(struct output *output, struct buf *body)
{
    PRE(!body->failed);
    if (body->len == 0 || output->part_count == OUTPUT_PARTS_MAX) {
        buf_add(&output->bytes, buf_slice(body));
        buf_done(body);
        return;
    }
    output->parts[output->part_count++] = (struct output_part){.body = *body, .after = output->bytes.len};
    *output->held_bytes += body->len;
    buf_init(body, body->max);
}

void output_share(struct output *output, struct slice body, void (*release)(void *owner), void *owner)
{
    PRE(release && body.len > 0);
    if (output->part_count == OUTPUT_PARTS_MAX) {
        buf_add(&output->bytes, body);
        release(owner);
        return;
    }
    struct buf bytes = {.data = (char *)(uintptr_t)body.data, .len = body.len};
    output->parts[output->part_count++] =
        (struct output_part){.body = bytes, .after = output->bytes.len, .release = release, .owner = owner};
    *output->held_bytes += body.len;
}

void output_commit(struct output *output)
{
    output->bytes_ready = output->bytes.len;
    output->parts_ready = output->part_count;
}

size_t output_pending(const struct output *output)
{
    size_t pending = output->bytes_ready - output->bytes_sent;
    for (unsigned i = output->part_at; i < output->parts_ready; i++)
        pending += output->parts[i].body.len;
    return pending - output->part_sent;
}

static size_t add_piece(struct iovec *pieces, size_t count, const char *data, size_t len)
{
    if (len == 0)
        return count;
    pieces[count] = (struct iovec){(void *)data, len};
    return count + 1;
}

/* Lays out what is committed and not sent, in order. */
static size_t lay_out(const struct output *output, struct iovec *pieces)
{
    const struct buf *bytes = &output->bytes;
    size_t count = 0, at = output->bytes_sent, skip = output->part_sent;
    for (unsigned i = output->part_at; i < output->parts_ready; i++) {
        const struct output_part *part = &output->parts[i];
        count = add_piece(pieces, count, bytes->data + at, part->after - at);
        count = add_piece(pieces, count, part->body.data + skip, part->body.len - skip);
        at = part->after;
        skip = 0;
    }
    count = add_piece(pieces, count, bytes->data + at, output->bytes_ready - at);
    POST(count <= PIECES_MAX);
    return count;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Notes that the next `sent` bytes (or as many as lie in one piece) are gone; returns how many those were. */
static size_t advance_piece(struct output *output, size_t sent)
{
    struct output_part *part = output->part_at < output->parts_ready ? &output->parts[output->part_at] : NULL;
    if (part == NULL || output->bytes_sent < part->after) {
        size_t end = part != NULL ? part->after : output->bytes_ready;
        size_t step = least(sent, end - output->bytes_sent);
        output->bytes_sent += step;
        return step;
    }
    size_t step = least(sent, part->body.len - output->part_sent);
    output->part_sent += step;
    if (output->part_sent == part->body.len) {
        part_drop(output, part);
        output->part_at++;
        output->part_sent = 0;
    }
    return step;
}

static void advance(struct output *output, size_t sent)
{
    output->taken_bytes += sent;
    while (sent > 0) {
        size_t step = advance_piece(output, sent);
        PRE(step > 0);
        sent -= step;
    }
}

enum io output_send(struct output *output, int fd)
{
    struct iovec pieces[PIECES_MAX];
    size_t count = lay_out(output, pieces), sent;
    if (count == 0)
        return IO_OK;
    enum io io = sys_send(fd, pieces, count, &sent);
    if (io != IO_OK)
        return io == IO_AGAIN ? IO_AGAIN : IO_ERROR;
    advance(output, sent);
    if (output_pending(output) > 0)
        return IO_AGAIN; /* a short write: the socket is full, an edge will tell when it is not */
    if (output->bytes_sent == output->bytes.len && output->part_at == output->part_count)
        output_reset(output);
    return IO_OK;
}
