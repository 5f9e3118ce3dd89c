/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a body: the same records and the same fault in one piece as in pieces cut anywhere; what is taken as JSON is
 * JSON. The first byte says format and limits, the second begins the cuts. */
#include "base/json.h"
#include "decoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Pieces of 1 to 64 bytes, one in four to the end. */
static size_t cut_anywhere(void *context, size_t left)
{
    unsigned *random = context;
    *random = *random * 1103515245u + 12345u;
    size_t len = 1 + (*random >> 16) % 64;
    return len < left && (*random >> 24) % 4 ? len : left;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    enum body_format format = data[0] & 3;
    struct decode_limits limits = {.record_bytes_max = data[0] & 4 ? 30 : 5000,
                                   .fields_max = data[0] & 8 ? 3 : 1600};
    struct slice body = slice_of((const char *)data + 2, size - 2);
    struct buf whole, pieces;
    buf_init(&whole, SIZE_MAX);
    buf_init(&pieces, SIZE_MAX);
    decoding_run(format, body, &limits, decoding_whole, NULL, &whole);
    unsigned random = data[1];
    decoding_run(format, body, &limits, cut_anywhere, &random, &pieces);
    PRE(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
    bool fine = slice_ends(buf_slice(&whole), SLICE("fine\n"));
    PRE(!fine || format != BODY_JSON || json_is_valid(body));
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
