/* SPDX-License-Identifier: Apache-2.0 */
/* Content codings: bytes of an answer → gzip (RFC 1952) or brotli (RFC 7932). Whole answers by libdeflate and libbrotli; answers in
 * pieces by zlib, as gzip alone: libdeflate has no streams, and whoever takes brotli takes gzip, too. Decision 0023 has the figures.
 *
 * Ownership: a compressor and a stream own their memory, which does not grow with what they are given: some 60 KB to 1.5 MB each.
 * Threads: one at a time. Failure: false, when memory is out, or the bytes do not become fewer: they go as they are then. */
#ifndef LEAT_ENCODE_COMPRESS_H
#define LEAT_ENCODE_COMPRESS_H

#include "base/buf.h"
#include "base/check.h"
#include "http/coding.h"

/* For one asker, or kept for many: then more time is worth it. */
enum effort { EFFORT_ONCE, EFFORT_KEPT, EFFORT_COUNT };

struct compressor;

struct compressor *compressor_new(void) __attribute__((returns_nonnull));
void compressor_free(struct compressor *compressor); /* takes NULL */

/* The bytes, coded, into a buf that is empty: its memory is as large as the bytes were until it is trimmed. */
bool compress_whole(struct compressor *compressor, enum coding coding, enum effort effort, struct slice bytes,
                    struct buf *out) must_check;

struct gzip_stream;

struct gzip_stream *gzip_stream_new(void);         /* NULL: memory is out */
void gzip_stream_free(struct gzip_stream *stream); /* takes NULL */

/* Appends what the piece becomes, all of it: its reader sees every byte. last: nothing follows; the piece may be empty then.
 * False: memory is out, and the stream is broken. */
bool gzip_stream_add(struct gzip_stream *stream, struct slice piece, bool last, struct buf *out) must_check;

#endif
