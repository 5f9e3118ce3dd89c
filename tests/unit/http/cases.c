/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of request files. TEST_DATA is the folder tests/data. */
#include "unit/http/cases.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/check.h"
#include "http/chars.h"

static void check(bool good, const char *why, struct slice line)
{
    if (good)
        return;
    fprintf(stderr, "tests/data/http: %s: " SLICE_FMT "\n", why, SLICE_ARG(line));
    exit(1);
}

static void unescape(struct slice text, struct buf *out);

/* "\*N{text}" at the start: writes the text N times, returns how long the escape is. */
static size_t repeat(struct slice text, struct buf *out)
{
    size_t open = slice_find(text, '{'), close = slice_find(text, '}');
    int64_t times = 0;
    check(close < text.len && open < close, "\\* without braces", text);
    check(slice_to_int(slice_of(text.data + 2, open - 2), &times), "\\* without a number", text);
    for (int64_t i = 0; i < times; i++)
        unescape(slice_of(text.data + open + 1, close - open - 1), out);
    return close + 1;
}

/* One escape at the start; returns its length. */
static size_t escape(struct slice text, struct buf *out)
{
    static const char letters[] = "rnt\\", bytes[] = "\r\n\t\\";
    check(text.len >= 2, "a backslash at the end", text);
    const char *letter = strchr(letters, text.data[1]);
    if (letter && *letter) {
        buf_byte(out, bytes[letter - letters]);
        return 2;
    }
    if (text.data[1] == '*')
        return repeat(text, out);
    check(text.data[1] == 'x' && text.len >= 4 && char_hex(text.data[2]) >= 0 && char_hex(text.data[3]) >= 0,
          "an unknown escape", text);
    buf_byte(out, (char)(char_hex(text.data[2]) << 4 | char_hex(text.data[3])));
    return 4;
}

static void unescape(struct slice text, struct buf *out)
{
    while (text.len) {
        size_t taken = 1;
        if (text.data[0] == '\\')
            taken = escape(text, out);
        else
            buf_byte(out, text.data[0]);
        text = slice_skip(text, taken);
    }
}

/* "== name | status" or "== name" */
static void begin_case(struct cases *cases, struct slice line)
{
    check(cases->count < ARRAY_LEN(cases->items), "too many cases", line);
    struct http_case *item = &cases->items[cases->count++];
    struct slice status = slice_skip(line, 3);
    item->name = slice_cut(&status, '|');
    if (status.data) {
        int64_t number = 0;
        check(slice_to_int(slice_trim(status), &number), "a status that is no number", line);
        item->status = (unsigned)number;
    }
    item->name = arena_copy(&cases->arena, slice_trim(item->name));
}

/* "-> key value" */
static void expect_line(struct cases *cases, struct http_case *item, struct slice line, struct buf *scratch)
{
    check(item->expected_count < ARRAY_LEN(item->expected), "too many -> lines", line);
    struct slice value = slice_skip(line, 3);
    struct slice key = slice_cut(&value, ' ');
    buf_clear(scratch);
    unescape(value, scratch);
    item->expected[item->expected_count++] =
        (struct case_line){arena_copy(&cases->arena, key), arena_copy(&cases->arena, buf_slice(scratch))};
}

static void add_bytes(struct cases *cases, struct http_case *item, struct slice line, struct buf *scratch)
{
    buf_clear(scratch);
    buf_add(scratch, item->request);
    unescape(line, scratch);
    check(!scratch->failed, "too long a request", line);
    item->request = arena_copy(&cases->arena, buf_slice(scratch));
}

static void take_line(struct cases *cases, struct slice line, struct buf *scratch)
{
    if (line.len == 0 || line.data[0] == '#')
        return;
    if (slice_starts(line, SLICE("== "))) {
        begin_case(cases, line);
        return;
    }
    check(cases->count > 0, "bytes before the first ==", line);
    struct http_case *item = &cases->items[cases->count - 1];
    if (slice_starts(line, SLICE("-> ")))
        expect_line(cases, item, line, scratch);
    else
        add_bytes(cases, item, line, scratch);
}

static void load_file(struct cases *cases, const char *path)
{
    static const size_t bytes_max = 1 << 20;
    struct buf text, scratch;
    buf_init(&text, bytes_max);
    buf_init(&scratch, bytes_max);
    FILE *file = fopen(path, "rb");
    char *room = buf_room(&text, bytes_max);
    check(file && room, "cannot be read", slice_str(path));
    text.len = fread(room, 1, bytes_max, file);
    fclose(file);
    struct slice rest = buf_slice(&text);
    while (rest.len)
        take_line(cases, slice_cut(&rest, '\n'), &scratch);
    buf_done(&text);
    buf_done(&scratch);
}

void cases_load(struct cases *cases, const char *path)
{
    char pattern[4096];
    bool file = slice_ends(slice_str(path), SLICE(".txt"));
    snprintf(pattern, sizeof(pattern), "%s/http/%s%s", TEST_DATA, path, file ? "" : "/*.txt");
    if (cases->count == 0)
        arena_init(&cases->arena, 1 << 16);
    glob_t found;
    check(glob(pattern, 0, NULL, &found) == 0, "no such file", slice_str(pattern));
    for (size_t i = 0; i < found.gl_pathc; i++)
        load_file(cases, found.gl_pathv[i]);
    globfree(&found);
}

void cases_free(struct cases *cases)
{
    arena_done(&cases->arena);
    cases->count = 0;
}
