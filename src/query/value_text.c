/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are words: booleans, texts, uuids, bytes, labels of enums, dates and times.
 * It fails by saying no: the request is then a 400. Pure. */
#include "http/chars.h"
#include "query/text.h"
#include "query/time.h"
#include "query/value_parse.h"

bool value_read_bool(const struct value_scope *scope, const struct type *type, struct slice text,
                     struct bind *ret_bind)
{
    (void)type;
    static const struct {
        struct slice word;
        bool value;
    } words[] = {
        {SLICE_INIT("true"), true}, {SLICE_INIT("false"), false}, {SLICE_INIT("t"), true},
        {SLICE_INIT("f"), false},   {SLICE_INIT("yes"), true},    {SLICE_INIT("no"), false},
        {SLICE_INIT("y"), true},    {SLICE_INIT("n"), false},     {SLICE_INIT("on"), true},
        {SLICE_INIT("off"), false}, {SLICE_INIT("1"), true},      {SLICE_INIT("0"), false},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!slice_eq_nocase(words[i].word, text))
            continue;
        bool value = words[i].value;
        *ret_bind = bind_integer(scope->arena, value);
        if (scope->dialect == DIALECT_PG)
            *ret_bind = bind_text(scope->arena, value ? SLICE("true") : SLICE("false"));
        return true;
    }
    return false;
}

bool value_read_text(const struct value_scope *scope, const struct type *type, struct slice text,
                     struct bind *ret_bind)
{
    (void)type;
    *ret_bind = bind_text(scope->arena, text);
    return true;
}

/* 32 hexadecimal digits, in braces or not, a hyphen allowed behind every fourth, as PostgreSQL takes them. */
bool value_read_uuid(const struct value_scope *scope, const struct type *type, struct slice text,
                     struct bind *ret_bind)
{
    (void)type;
    char canonical[36];
    unsigned digits = 0, at = 0;
    if (text.len > 2 && text.data[0] == '{' && text.data[text.len - 1] == '}')
        text = slice_of(text.data + 1, text.len - 2);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '-' && digits % 4 == 0 && digits > 0 && digits < 32 && text.data[i - 1] != '-')
            continue;
        int hex = char_hex(text.data[i]);
        if (hex < 0 || digits == 32)
            return false;
        if (digits == 8 || digits == 12 || digits == 16 || digits == 20)
            canonical[at++] = '-';
        canonical[at++] = "0123456789abcdef"[hex];
        digits++;
    }
    if (digits != 32)
        return false;
    POST(at == sizeof(canonical));
    *ret_bind = bind_text(scope->arena, slice_of(canonical, sizeof(canonical)));
    return true;
}

static struct slice hex_text(struct arena *arena, struct slice bytes)
{
    struct text text;
    text_init(&text, arena, 2 * bytes.len + 3);
    text_lit(&text, "\\x");
    for (size_t i = 0; i < bytes.len; i++) {
        text_byte(&text, "0123456789abcdef"[(unsigned char)bytes.data[i] >> 4]);
        text_byte(&text, "0123456789abcdef"[bytes.data[i] & 15]);
    }
    return text_done(&text);
}

/* `\x` and pairs of hexadecimal digits. */
bool value_read_bytea(const struct value_scope *scope, const struct type *type, struct slice text,
                      struct bind *ret_bind)
{
    (void)type;
    if (!slice_starts(text, SLICE("\\x")) || text.len % 2)
        return false;
    size_t len = text.len / 2 - 1;
    char *bytes = arena_alloc(scope->arena, len + 1);
    for (size_t i = 0; i < len; i++) {
        int high = char_hex(text.data[2 + 2 * i]), low = char_hex(text.data[3 + 2 * i]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (char)(high << 4 | low);
    }
    bytes[len] = '\0';
    if (scope->dialect == DIALECT_SQLITE)
        *ret_bind = (struct bind){.kind = BIND_BLOB, .text = {bytes, len}};
    else
        *ret_bind = (struct bind){.kind = BIND_TEXT, .text = hex_text(scope->arena, slice_of(bytes, len))};
    return true;
}

bool value_read_enum(const struct value_scope *scope, const struct type *type, struct slice text,
                     struct bind *ret_bind)
{
    for (unsigned i = 0; i < type->label_count; i++) {
        if (!slice_eq(type->labels[i], text))
            continue;
        *ret_bind = bind_text(scope->arena, text);
        return true;
    }
    return false;
}

/* Dates and moments may be infinite on PostgreSQL. */
static bool read_infinity(const struct value_scope *scope, struct slice text, struct bind *ret_bind)
{
    struct slice word;
    if (scope->dialect != DIALECT_PG || !value_is_infinity(text, &word))
        return false;
    *ret_bind = bind_text(scope->arena, word.data[0] == '-' ? SLICE("-infinity") : SLICE("infinity"));
    return true;
}

bool value_read_date(const struct value_scope *scope, const struct type *type, struct slice text,
                     struct bind *ret_bind)
{
    (void)type;
    int64_t days;
    struct wall moment;
    if (time_parse_relative(text, scope->now, &moment))
        days = time_day(moment);
    else if (!time_parse_date(text, &days))
        return read_infinity(scope, text, ret_bind);
    *ret_bind = bind_text(scope->arena, time_format_date(scope->arena, days));
    return true;
}

static bool read_moment(const struct value_scope *scope, struct slice text, const char *suffix,
                        struct bind *ret_bind)
{
    struct wall moment;
    if (!time_parse_relative(text, scope->now, &moment) && !time_parse_moment(text, &moment))
        return read_infinity(scope, text, ret_bind);
    struct slice written = time_format_moment(scope->arena, moment, suffix);
    *ret_bind = (struct bind){.kind = BIND_TEXT, .text = written};
    return true;
}

bool value_read_timestamp(const struct value_scope *scope, const struct type *type, struct slice text,
                          struct bind *ret_bind)
{
    (void)type;
    return read_moment(scope, text, scope->dialect == DIALECT_SQLITE ? "Z" : "", ret_bind);
}

bool value_read_timestamptz(const struct value_scope *scope, const struct type *type, struct slice text,
                            struct bind *ret_bind)
{
    (void)type;
    return read_moment(scope, text, "Z", ret_bind);
}

bool value_read_time(const struct value_scope *scope, const struct type *type, struct slice text,
                     struct bind *ret_bind)
{
    (void)type;
    int64_t us;
    int zone_s;
    if (!time_parse_clock(text, false, &us, &zone_s))
        return false;
    *ret_bind = bind_text(scope->arena, time_format_clock(scope->arena, us));
    return true;
}

bool value_read_timetz(const struct value_scope *scope, const struct type *type, struct slice text,
                       struct bind *ret_bind)
{
    (void)type;
    int64_t us;
    int zone_s;
    if (!time_parse_clock(text, true, &us, &zone_s))
        return false;
    int minutes = zone_s < 0 ? -zone_s / 60 : zone_s / 60;
    struct slice clock = time_format_clock(scope->arena, us);
    struct slice written = arena_format(scope->arena, SLICE_FMT "%c%02d:%02d", SLICE_ARG(clock),
                                        zone_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
    *ret_bind = (struct bind){.kind = BIND_TEXT, .text = written};
    return true;
}
