/* SPDX-License-Identifier: Apache-2.0 */
/* Growing buffers: how they grow, and the writers of numbers and of JSON strings that every answer goes through. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/mem.h"

enum { CAP_MIN = 256 };

void buf_init(struct buf *buf, size_t max)
{
    PRE(max > 0);
    *buf = (struct buf){.max = max};
}

void buf_done(struct buf *buf)
{
    mem_free(buf->data);
    *buf = (struct buf){.max = buf->max};
}

/* Twice what it was, at least what is wanted, at most what is allowed. */
static size_t next_cap(const struct buf *buf, size_t wanted)
{
    size_t cap = buf->cap > buf->max / 2 ? buf->max : buf->cap * 2;
    if (cap < CAP_MIN)
        cap = CAP_MIN < buf->max ? CAP_MIN : buf->max;
    return cap < wanted ? wanted : cap;
}

char *buf_grow(struct buf *buf, size_t n)
{
    if (!buf->failed && n <= buf->cap - buf->len)
        return buf->data + buf->len;
    if (buf->failed || n > buf->max || buf->len > buf->max - n) {
        buf->failed = true;
        return NULL;
    }
    size_t cap = next_cap(buf, buf->len + n);
    char *data = mem_resize(buf->data, cap);
    if (!data) {
        buf->failed = buf->no_memory = true;
        return NULL;
    }
    buf->data = data;
    buf->cap = cap;
    POST(buf->cap <= buf->max && n <= buf->cap - buf->len);
    return buf->data + buf->len;
}

void buf_trim(struct buf *buf)
{
    if (buf->len == 0 || buf->len == buf->cap)
        return;
    char *data = mem_resize(buf->data, buf->len);
    if (!data)
        return; /* it stays as large as it is */
    buf->data = data;
    buf->cap = buf->len;
}

/* Digits are written two at a time, from the last to the first. */
void buf_uint(struct buf *buf, uint64_t value)
{
    static const char pairs[] =
        "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243"
        "4445464748495051525354555657585960616263646566676869707172737475767778798081828384858687"
        "888990919293949596979899";
    char digits[20];
    char *first = digits + sizeof digits;
    while (value >= 100) {
        first -= 2;
        memcpy(first, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        first -= 2;
        memcpy(first, pairs + value * 2, 2);
    } else {
        *--first = (char)('0' + value);
    }
    buf_append(buf, first, (size_t)(digits + sizeof digits - first));
}

void buf_int(struct buf *buf, int64_t value)
{
    size_t before = buf->len;
    if (value < 0)
        buf_byte(buf, '-');
    buf_uint(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    if (buf->failed)
        buf->len = before;
}

void buf_format(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    PRE(len >= 0);
    char *to = buf_room(buf, (size_t)len + 1);
    if (to) {
        vsnprintf(to, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

/* JSON strings. Most text needs no escape, so runs of plain bytes are copied eight at a time while they are looked at.
 * A word's bytes are tested all at once (Mycroft's test, "Bit Twiddling Hacks": haszero and hasless): the top bit of the
 * lowest byte set in the result is exact, those above it may be false alarms. The lowest byte is the first in memory
 * only on a little-endian machine. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "plain_bytes counts bytes from the low end");

#define EACH_BYTE(byte) (0x0101010101010101u * (uint64_t)(byte))

static uint64_t has_below(uint64_t word, unsigned char bound)
{
    return (word - EACH_BYTE(bound)) & ~word & EACH_BYTE(0x80);
}

static uint64_t has_byte(uint64_t word, unsigned char byte)
{
    return has_below(word ^ EACH_BYTE(byte), 1);
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* Copies the plain bytes that `from` begins with and returns how many. `to` has room for len. */
static size_t copy_plain(char *to, const char *from, size_t len)
{
    size_t done = 0;
    for (; len - done >= sizeof(uint64_t); done += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, from + done, sizeof word);
        memcpy(to + done, &word, sizeof word);
        uint64_t special = has_below(word, 0x20) | has_byte(word, '"') | has_byte(word, '\\');
        if (special)
            return done + (size_t)__builtin_ctzll(special) / 8;
    }
    for (; done < len && is_plain((unsigned char)from[done]); done++)
        to[done] = from[done];
    return done;
}

/* Writes the escape for one byte that is not plain (at most 6 bytes) and returns its length. */
static size_t write_escape(char *to, unsigned char byte)
{
    static const char letters[256] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\'};
    static const char hex[] = "0123456789abcdef";
    if (letters[byte]) {
        memcpy(to, (char[]){'\\', letters[byte]}, 2);
        return 2;
    }
    memcpy(to, (char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 6);
    return 6;
}

enum { ESCAPE_MAX = 6 };

/* What stands between the quotes. */
static void write_escaped(struct buf *buf, struct slice text)
{
    while (text.len) {
        char *to = buf_room(buf, text.len);
        if (!to)
            return;
        size_t plain = copy_plain(to, text.data, text.len);
        buf->len += plain;
        text = slice_skip(text, plain);
        if (text.len == 0)
            return;
        char escape[ESCAPE_MAX];
        buf_append(buf, escape, write_escape(escape, (unsigned char)text.data[0]));
        text = slice_skip(text, 1);
    }
}

void buf_json(struct buf *buf, struct slice text)
{
    size_t before = buf->len;
    buf_byte(buf, '"');
    write_escaped(buf, text);
    buf_byte(buf, '"');
    if (buf->failed)
        buf->len = before;
}

void buf_json_mended(struct buf *buf, struct slice bytes)
{
    size_t before = buf->len;
    buf_byte(buf, '"');
    for (;;) {
        size_t good = slice_utf8_span(bytes);
        write_escaped(buf, slice_of(bytes.data, good));
        if (good == bytes.len)
            break;
        buf_lit(buf, "\xef\xbf\xbd");
        bytes = slice_skip(bytes, good + 1);
    }
    buf_byte(buf, '"');
    if (buf->failed)
        buf->len = before;
}
