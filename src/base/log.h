/* SPDX-License-Identifier: Apache-2.0 */
/* The log: one JSON object a line on standard error; on a terminal a line for people instead.
 * A line is written by one write(2), so lines of different threads never mix. Any thread.
 * A line is at most 16 KiB: a field that would pass that is left out, and `"cut": true` says so.
 * Text that is not UTF-8 is written byte by byte as \u00XX: a line is always well-formed JSON.
 * Library parts never log: they return; who handles an error logs it, once. */
#ifndef LEAT_BASE_LOG_H
#define LEAT_BASE_LOG_H

#include "base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* One member of a line. kind 's': text; 'i': number; 'j': raw JSON; 'b': boolean (number ≠ 0). */
struct log_field {
    const char *name;
    char kind;
    struct slice text;
    int64_t number;
};

#define LOG_TEXT(name_, slice_) ((struct log_field){.name = (name_), .kind = 's', .text = (slice_)})
#define LOG_STR(name_, str_) ((struct log_field){.name = (name_), .kind = 's', .text = slice_str(str_)})
#define LOG_INT(name_, number_) ((struct log_field){.name = (name_), .kind = 'i', .number = (number_)})
#define LOG_BOOL(name_, truth_) ((struct log_field){.name = (name_), .kind = 'b', .number = (truth_)})
#define LOG_RAW(name_, slice_) ((struct log_field){.name = (name_), .kind = 'j', .text = (slice_)})

/* log_event(LOG_INFO, "listening", LOG_STR("address", a), LOG_INT("workers", n)): `event` is a sentence or a word. */
#define log_event(level, event, ...) \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})

/* fields end with a zeroed one. Never fails: a line that cannot be written is lost. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* Lines below this are dropped. */
void log_level_set(enum log_level level);
bool log_level_on(enum log_level level);

#endif
