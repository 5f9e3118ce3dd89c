/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for machines (JSON) and for people (a terminal). */
#include "observe/access.h"

#include <errno.h>
#include <unistd.h>

/* A turn's lines; more are dropped and counted by the line that says so. */
#define LINES_BYTES_MAX (256 * 1024)

void access_log_init(struct access_log *log)
{
    buf_init(&log->lines, LINES_BYTES_MAX);
    log->terminal = isatty(STDERR_FILENO);
}

void access_log_flush(struct access_log *log)
{
    struct slice left = buf_slice(&log->lines);
    while (left.len) {
        ssize_t n = write(STDERR_FILENO, left.data, left.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        left = slice_skip(left, (size_t)n);
    }
    buf_clear(&log->lines);
}

void access_log_done(struct access_log *log)
{
    access_log_flush(log);
    buf_done(&log->lines);
}

static void text(struct buf *out, const char *name, struct slice value)
{
    if (!value.len)
        return;
    buf_format(out, ",\"%s\":", name);
    buf_json(out, value);
}

static void number(struct buf *out, const char *name, int64_t value)
{
    buf_format(out, ",\"%s\":%lld", name, (long long)value);
}

static void line_json(struct buf *out, const struct access *access, const char *at)
{
    buf_format(out, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"request\"", at,
               access->status >= 500 ? "error" : "info");
    text(out, "id", access->id);
    text(out, "method", access->method);
    text(out, "target", access->target);
    number(out, "status", access->status);
    number(out, "bytes", (int64_t)access->bytes);
    number(out, "took_us", access->took_us);
    text(out, "client", access->client);
    text(out, "route", access->route);
    if (access->lane.len) {
        text(out, "lane", access->lane);
        number(out, "rows", access->rows);
        number(out, "wait_us", access->wait_us);
        number(out, "database_us", access->database_us);
    }
    text(out, "problem", access->problem);
    text(out, "cause", access->cause);
    text(out, "sql", access->sql);
    buf_lit(out, "}\n");
}

/* "09:15:03.120 200 GET /api/users?limit=2  1.24 ms  2 rows  fast" */
static void line_people(struct buf *out, const struct access *access, const char *at)
{
    buf_format(out, "%.12s %u " SLICE_FMT " " SLICE_FMT "  %.2f ms", at + 11, access->status,
               SLICE_ARG(access->method), SLICE_ARG(access->target), (double)access->took_us / 1000.0);
    if (access->lane.len)
        buf_format(out, "  %u rows  " SLICE_FMT, access->rows, SLICE_ARG(access->lane));
    if (access->problem.len)
        buf_format(out, "  " SLICE_FMT "  id " SLICE_FMT, SLICE_ARG(access->problem), SLICE_ARG(access->id));
    if (access->cause.len)
        buf_format(out, "\n    cause: " SLICE_FMT, SLICE_ARG(access->cause));
    buf_byte(out, '\n');
}

void access_log_line(struct access_log *log, const struct access *access)
{
    char at[28];
    wall_format(access->at, at);
    size_t before = log->lines.len;
    if (log->terminal)
        line_people(&log->lines, access, at);
    else
        line_json(&log->lines, access, at);
    if (log->lines.failed) { /* no room: whole lines or none */
        log->lines.len = before;
        log->lines.failed = false;
    }
}
