/* SPDX-License-Identifier: Apache-2.0 */
/* The log's two forms. For programs:  {"time":"2026-01-31T09:05:07.123456Z","level":"info","event":"listening","port":80}
 * for people, when standard error is a terminal:  09:05:07.123 info  listening  port=80
 * Each is made in a buffer and written by one call. What cannot be written is lost: nobody is left to tell. */
#include "base/log.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"

enum { LINE_BYTES_MAX = 16 * 1024, TAIL_BYTES = 32 };

static _Atomic enum log_level level_least = LOG_INFO;

void log_level_set(enum log_level level)
{
    atomic_store_explicit(&level_least, level, memory_order_relaxed);
}

bool log_level_on(enum log_level level)
{
    return level >= atomic_load_explicit(&level_least, memory_order_relaxed);
}

static struct slice level_word(enum log_level level)
{
    static const struct slice words[] = {SLICE_INIT("debug"), SLICE_INIT("info"), SLICE_INIT("warn"),
                                         SLICE_INIT("error")};
    PRE((unsigned)level < ARRAY_LEN(words));
    return words[level];
}

/* A JSON string of text that may be any bytes: what is not UTF-8 is taken for Latin-1, one \u00XX for each high byte. */
static void put_text(struct buf *line, struct slice text)
{
    if (slice_is_utf8(text)) {
        buf_json(line, text);
        return;
    }
    buf_byte(line, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\')
            buf_format(line, "\\u%04x", byte);
        else
            buf_byte(line, (char)byte);
    }
    buf_byte(line, '"');
}

/* For people a word stands bare; anything else is quoted, so that no text can forge a field or move the cursor. */
static void put_word(struct buf *line, struct slice text)
{
    bool bare = text.len > 0;
    for (size_t i = 0; i < text.len && bare; i++)
        bare = text.data[i] > ' ' && text.data[i] != '"' && text.data[i] < 0x7f;
    if (bare)
        buf_add(line, text);
    else
        put_text(line, text);
}

static void put_value(struct buf *line, const struct log_field *field, bool for_people)
{
    if (field->kind == 'i')
        buf_int(line, field->number);
    else if (field->kind == 'b')
        buf_add(line, field->number ? SLICE("true") : SLICE("false"));
    else if (field->kind == 'j')
        buf_add(line, field->text);
    else if (field->kind == 's' && for_people)
        put_word(line, field->text);
    else if (field->kind == 's')
        put_text(line, field->text);
    else
        UNREACHABLE("a log field of no known kind");
}

static void put_name(struct buf *line, const char *name, bool for_people)
{
    if (for_people)
        buf_format(line, " %s=", name);
    else
        buf_format(line, ",\"%s\":", name);
}

/* A field that does not fit is taken back whole. Returns whether it stands. */
static bool put_field(struct buf *line, const struct log_field *field, bool for_people)
{
    size_t before = line->len;
    put_name(line, field->name, for_people);
    put_value(line, field, for_people);
    if (!line->failed)
        return true;
    line->len = before;
    line->failed = false;
    return false;
}

static void put_head(struct buf *line, enum log_level level, const char *event, bool for_people)
{
    char time[28];
    wall_format(clock_wall(), time);
    struct slice word = level_word(level);
    if (for_people) {
        buf_format(line, "%.12s %-5.*s %s ", time + sizeof "2026-01-31", SLICE_ARG(word), event);
        return;
    }
    buf_format(line, "{\"time\":\"%s\",\"level\":\"%.*s\",\"event\":", time, SLICE_ARG(word));
    put_text(line, slice_str(event));
}

static void put_line(struct buf *line, enum log_level level, const char *event,
                     const struct log_field *fields, bool for_people)
{
    put_head(line, level, event, for_people);
    bool whole = true;
    for (const struct log_field *field = fields; field->name; field++)
        whole = put_field(line, field, for_people) && whole;
    line->max += TAIL_BYTES;
    if (!whole)
        put_field(line, &LOG_BOOL("cut", true), for_people);
    buf_add(line, for_people ? SLICE("\n") : SLICE("}\n"));
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    PRE(event && fields);
    if (!log_level_on(level))
        return;
    struct buf line;
    buf_init(&line, LINE_BYTES_MAX - TAIL_BYTES);
    put_line(&line, level, event, fields, isatty(STDERR_FILENO));
    struct slice out = line.failed
                           ? SLICE("{\"level\":\"error\",\"event\":\"a log line was lost: out of memory\"}\n")
                           : buf_slice(&line);
    ssize_t written = write(STDERR_FILENO, out.data, out.len);
    (void)written;
    buf_done(&line);
}
