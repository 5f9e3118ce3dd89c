/* SPDX-License-Identifier: Apache-2.0 */
/* A body decoded in pieces, written down: a line for each record, and how it ended. For unit tests and the fuzz target.
 *
 *   1 a=number:1 b=null:
 *   fine                        (or: 400 malformed-body: the detail) */
#ifndef LEAT_TESTS_DECODING_H
#define LEAT_TESTS_DECODING_H

#include "base/buf.h"
#include "decode/decode.h"

#define DECODING_LIMITS ((struct decode_limits){.record_bytes_max = 1 << 20, .fields_max = 1600})

/* The next piece: how many of the bytes left it has, at least 1. */
typedef size_t (*decoding_cut)(void *context, size_t left);

/* Each piece lies in memory of exactly its length, so that a sanitizer sees a look beyond it. */
void decoding_run(enum body_format format, struct slice body, const struct decode_limits *limits,
                  decoding_cut cut, void *context, struct buf *transcript);

/* Cuts for decoding_run: all in one piece; pieces of *(size_t *)context. */
size_t decoding_whole(void *context, size_t left);
size_t decoding_every(void *context, size_t left);

#endif
