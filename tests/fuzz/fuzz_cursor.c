/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a cursor: what is taken is written again as the same text. The first byte is the number of cells; the hash is
 * whatever the cursor bears, so that one is taken at all. */
#include "query/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The hash that a text bears: bytes 2 to 9, which are letters 2.7 to 13.3 of base64. Asked of the decoder bit by bit would take
 * 2^64 tries, so it is read here. */
static uint64_t hash_in(struct slice text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint64_t hash = 0;
    for (unsigned byte = 2; byte < 10; byte++) {
        uint64_t value = 0;
        for (unsigned bit = byte * 8; bit < byte * 8 + 8; bit++) {
            const char *letter = bit / 6 < text.len ? memchr(letters, text.data[bit / 6], 64) : NULL;
            value = value << 1 | (letter ? (uint64_t)(letter - letters) >> (5 - bit % 6) & 1 : 0);
        }
        hash |= value << (8 * (byte - 2));
    }
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct arena arena;
    arena_init(&arena, 4096);
    struct slice text = slice_of((const char *)data + 1, size - 1);
    unsigned count = data[0] & 15;
    uint64_t hash = hash_in(text);
    struct cursor cursor;
    if (cursor_decode(&arena, text, hash, count, &cursor) == CURSOR_FINE) {
        PRE(cursor.count == count && cursor.hash == hash);
        struct slice again = cursor_encode(&arena, &cursor, SIZE_MAX);
        PRE(slice_eq(again, text));
        PRE(cursor_decode(&arena, text, hash + 1, count, &cursor) == CURSOR_OTHER_QUERY);
    }
    arena_done(&arena);
    return 0;
}
