/* SPDX-License-Identifier: Apache-2.0 */
/* See compress.h. A list of 20 KB: once by gzip 73 µs and by brotli 58 µs, to 0.21 and 0.22 of it; kept by 250 and 400 µs, to 0.19 and
 * 0.18. */
#include "encode/compress.h"

#include <brotli/encode.h>
#include <libdeflate.h>
#include <zlib.h>

#include "base/mem.h"

/* Windows of 256 KiB: brotli's lowest qualities take memory by the bytes given, the higher ones by the window. */
#define BROTLI_WINDOW_BITS 18
/* gzip in a wrapper of its own (RFC 1952), the usual window and memory: some 260 KB a stream. */
enum { GZIP_WINDOW_BITS = 15 + 16, GZIP_MEMORY_LEVEL = 8, GZIP_STREAM_LEVEL = 1 };

static const int gzip_levels[EFFORT_COUNT] = {[EFFORT_ONCE] = 1, [EFFORT_KEPT] = 6};
static const uint32_t brotli_qualities[EFFORT_COUNT] = {[EFFORT_ONCE] = 1, [EFFORT_KEPT] = 5};

struct compressor {
    struct libdeflate_compressor *gzip[EFFORT_COUNT]; /* made when first needed */
};

struct compressor *compressor_new(void)
{
    return mem_must(sizeof(struct compressor));
}

void compressor_free(struct compressor *compressor)
{
    if (!compressor)
        return;
    for (unsigned i = 0; i < EFFORT_COUNT; i++)
        libdeflate_free_compressor(compressor->gzip[i]);
    mem_free(compressor);
}

/* --- whole --- */

static size_t whole_gzip(struct compressor *compressor, enum effort effort, struct slice bytes, char *room)
{
    struct libdeflate_compressor **gzip = &compressor->gzip[effort];
    if (!*gzip)
        *gzip = libdeflate_alloc_compressor(gzip_levels[effort]);
    return *gzip ? libdeflate_gzip_compress(*gzip, bytes.data, bytes.len, room, bytes.len) : 0;
}

static void *brotli_alloc(void *context, size_t size)
{
    (void)context;
    return mem_try(size);
}

static void brotli_free(void *context, void *memory)
{
    (void)context;
    mem_free(memory);
}

static size_t whole_brotli(enum effort effort, struct slice bytes, char *room)
{
    BrotliEncoderState *state = BrotliEncoderCreateInstance(brotli_alloc, brotli_free, NULL);
    const uint8_t *in = (const uint8_t *)bytes.data;
    uint8_t *out = (uint8_t *)room;
    size_t in_left = bytes.len, room_left = bytes.len;
    uint32_t hint = bytes.len < UINT32_MAX ? (uint32_t)bytes.len : UINT32_MAX;
    bool done =
        state && BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, brotli_qualities[effort]) &&
        BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, BROTLI_WINDOW_BITS) &&
        BrotliEncoderSetParameter(state, BROTLI_PARAM_SIZE_HINT, hint) &&
        BrotliEncoderCompressStream(state, BROTLI_OPERATION_FINISH, &in_left, &in, &room_left, &out, NULL) &&
        BrotliEncoderIsFinished(state);
    BrotliEncoderDestroyInstance(state);
    return done ? bytes.len - room_left : 0;
}

bool compress_whole(struct compressor *compressor, enum coding coding, enum effort effort, struct slice bytes,
                    struct buf *out)
{
    PRE(out->len == 0 && effort < EFFORT_COUNT);
    char *room = bytes.len ? buf_room(out, bytes.len) : NULL;
    if (!room)
        return false;
    switch (coding) {
    case CODING_GZIP:
        out->len = whole_gzip(compressor, effort, bytes, room);
        break;
    case CODING_BROTLI:
        out->len = whole_brotli(effort, bytes, room);
        break;
    default:
        UNREACHABLE("identity is no work");
    }
    POST(out->len <= bytes.len);
    return out->len > 0 && out->len < bytes.len;
}

/* --- in pieces --- */

#define GZIP_STREAM_MAGIC 0x677a5374u

struct gzip_stream {
    uint32_t magic;
    z_stream z;
};

static void *zlib_alloc(void *context, unsigned count, unsigned size)
{
    (void)context;
    return mem_try((size_t)count * size);
}

static void zlib_free(void *context, void *memory)
{
    (void)context;
    mem_free(memory);
}

struct gzip_stream *gzip_stream_new(void)
{
    struct gzip_stream *stream = mem_try(sizeof *stream);
    if (!stream)
        return NULL;
    stream->magic = GZIP_STREAM_MAGIC;
    stream->z = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free};
    if (deflateInit2(&stream->z, GZIP_STREAM_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) == Z_OK)
        return stream;
    mem_free(stream);
    return NULL;
}

void gzip_stream_free(struct gzip_stream *stream)
{
    if (!stream)
        return;
    CHECK_MAGIC(stream, GZIP_STREAM_MAGIC);
    (void)deflateEnd(&stream->z);
    stream->magic = 0;
    mem_free(stream);
}

/* How much room deflate is given at a time. */
#define ROOM_BYTES ((size_t)16 * 1024)

bool gzip_stream_add(struct gzip_stream *stream, struct slice piece, bool last, struct buf *out)
{
    CHECK_MAGIC(stream, GZIP_STREAM_MAGIC);
    PRE((piece.len > 0 || last) && piece.len <= UINT32_MAX);
    z_stream *z = &stream->z;
    z->next_in = (z_const Bytef *)(uintptr_t)piece.data;
    z->avail_in = (uInt)piece.len;
    do {
        char *room = buf_room(out, ROOM_BYTES);
        if (!room)
            return false;
        z->next_out = (Bytef *)room;
        z->avail_out = ROOM_BYTES;
        int got = deflate(z, last ? Z_FINISH : Z_SYNC_FLUSH);
        POST(got == Z_OK || got == Z_STREAM_END ||
             got == Z_BUF_ERROR); /* the last: there was no more to flush */
        out->len += ROOM_BYTES - z->avail_out;
    } while (z->avail_out == 0);
    POST(z->avail_in == 0);
    return true;
}
