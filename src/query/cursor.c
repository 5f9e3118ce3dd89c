/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of cursors. See cursor.h for the format. Decoding takes any bytes: they come from outside. */
#include "query/cursor.h"

#define CURSOR_VERSION 1
#define FLAG_BACKWARDS 1u
#define HEAD_BYTES 10
#define LENGTH_BYTES_MAX 5

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* --- base64url (RFC 4648 section 5), without padding --- */

static struct slice base64_encode(struct arena *arena, const uint8_t *bytes, size_t len)
{
    char *text = arena_alloc(arena, len / 3 * 4 + 4);
    size_t n = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        for (held += 8; held >= 6; held -= 6)
            text[n++] = letters[bits >> (held - 6) & 63];
    }
    if (held)
        text[n++] = letters[bits << (6 - held) & 63];
    return slice_of(text, n);
}

static int letter_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* One text for each sequence of bytes: left-over bits that are not 0 are refused. */
static bool base64_decode(struct arena *arena, struct slice text, const uint8_t **ret_bytes, size_t *ret_len)
{
    uint8_t *bytes = arena_alloc(arena, text.len / 4 * 3 + 3);
    size_t n = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = letter_value(text.data[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8)
            bytes[n++] = (uint8_t)(bits >> (held -= 8));
    }
    if (held == 6 || (bits & ((1u << held) - 1)))
        return false;
    *ret_bytes = bytes;
    *ret_len = n;
    return true;
}

/* --- writing --- */

static size_t put_length(uint8_t *at, uint32_t length)
{
    size_t n = 0;
    for (; length >= 0x80; length >>= 7)
        at[n++] = (uint8_t)(length | 0x80);
    at[n++] = (uint8_t)length;
    return n;
}

static size_t bytes_max(const struct cursor *cursor)
{
    size_t bytes = HEAD_BYTES;
    for (unsigned i = 0; i < cursor->count; i++)
        bytes += LENGTH_BYTES_MAX + cursor->cells[i].len;
    return bytes;
}

struct slice cursor_encode(struct arena *arena, const struct cursor *cursor, size_t max)
{
    PRE(cursor->count == 0 || cursor->cells);
    size_t room = bytes_max(cursor), n = HEAD_BYTES;
    if (room > max)
        return (struct slice){NULL, 0}; /* values that alone are longer than a cursor may be */
    uint8_t *bytes = arena_alloc(arena, room);
    bytes[0] = CURSOR_VERSION;
    bytes[1] = cursor->backwards ? FLAG_BACKWARDS : 0;
    for (unsigned i = 0; i < 8; i++)
        bytes[2 + i] = (uint8_t)(cursor->hash >> (8 * i));
    for (unsigned i = 0; i < cursor->count; i++) {
        struct slice cell = cursor->cells[i];
        n += put_length(bytes + n, cell.data ? (uint32_t)cell.len + 1 : 0);
        if (cell.len)
            memcpy(bytes + n, cell.data, cell.len);
        n += cell.len;
    }
    POST(n <= room);
    struct slice text = base64_encode(arena, bytes, n);
    return text.len <= max ? text : (struct slice){NULL, 0};
}

/* --- reading --- */

struct bytes {
    const uint8_t *at;
    size_t left;
};

static bool take_length(struct bytes *bytes, uint32_t *ret_length)
{
    uint64_t length = 0;
    for (unsigned i = 0; i < LENGTH_BYTES_MAX; i++) {
        if (bytes->left == 0)
            return false;
        uint8_t byte = *bytes->at++;
        bytes->left--;
        length |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            bool shortest = i == 0 || byte != 0;
            *ret_length = (uint32_t)length;
            return shortest && length <= UINT32_MAX;
        }
    }
    return false;
}

static bool take_cell(struct bytes *bytes, struct slice *ret_cell)
{
    uint32_t length;
    if (!take_length(bytes, &length))
        return false;
    if (length == 0) {
        *ret_cell = (struct slice){NULL, 0};
        return true;
    }
    if (--length > bytes->left)
        return false;
    *ret_cell = slice_of((const char *)bytes->at, length);
    bytes->at += length;
    bytes->left -= length;
    return true;
}

static bool take_cells(struct bytes *bytes, struct slice *cells, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!take_cell(bytes, &cells[i]))
            return false;
    return bytes->left == 0;
}

enum cursor_fault cursor_decode(struct arena *arena, struct slice text, uint64_t hash, unsigned count,
                                struct cursor *ret_cursor)
{
    PRE(ret_cursor);
    const uint8_t *raw;
    size_t len;
    if (!base64_decode(arena, text, &raw, &len) || len < HEAD_BYTES)
        return CURSOR_MALFORMED;
    if (raw[0] != CURSOR_VERSION)
        return CURSOR_OTHER_VERSION;
    struct cursor cursor = {.count = count, .backwards = raw[1] & FLAG_BACKWARDS};
    for (unsigned i = 0; i < 8; i++)
        cursor.hash |= (uint64_t)raw[2 + i] << (8 * i);
    if (raw[1] & ~FLAG_BACKWARDS)
        return CURSOR_MALFORMED;
    if (cursor.hash != hash)
        return CURSOR_OTHER_QUERY;
    struct slice *cells = ARENA_ARRAY(arena, struct slice, count + 1);
    struct bytes bytes = {raw + HEAD_BYTES, len - HEAD_BYTES};
    if (!take_cells(&bytes, cells, count))
        return CURSOR_MALFORMED;
    cursor.cells = cells;
    *ret_cursor = cursor;
    return CURSOR_FINE;
}
