/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a configuration, gathered so that one run shows all of it.
 *
 * Cannot fail: what does not fit is counted. Texts and file names are copied to the complaints' arena, so they outlive the
 * configuration they are about. A complaint quotes what it found; bytes that would move a terminal's cursor become `?`. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/complaints.h"

static struct slice formatted(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    POST(len >= 0);
    char *text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, args);
    for (int i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = '?';
    return slice_of(text, (size_t)len);
}

/* Most complaints are about the same file as the one before: its name is kept once. */
static const char *file_kept(const struct complaints *complaints, const char *file)
{
    const char *before = complaints->count ? complaints->items[complaints->count - 1].at.file : NULL;
    if (before && file && strcmp(before, file) == 0)
        return before;
    return file ? arena_copy(complaints->arena, slice_str(file)).data : NULL;
}

static void __attribute__((format(printf, 4, 0)))
add(struct complaints *complaints, struct place at, bool warning, const char *format, va_list args)
{
    PRE(complaints->arena);
    if (complaints->count == COMPLAINTS_MAX) {
        complaints->more++;
        complaints->more_errors += !warning;
        return;
    }
    at.file = file_kept(complaints, at.file);
    complaints->items[complaints->count] =
        (struct complaint){.at = at, .text = formatted(complaints->arena, format, args), .warning = warning};
    complaints->count++;
}

void complain(struct complaints *complaints, struct place at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(complaints, at, false, format, args);
    va_end(args);
}

void complain_softly(struct complaints *complaints, struct place at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(complaints, at, true, format, args);
    va_end(args);
}

unsigned complaints_errors(const struct complaints *complaints)
{
    unsigned errors = complaints->more_errors;
    for (unsigned i = 0; i < complaints->count; i++)
        errors += !complaints->items[i].warning;
    return errors;
}

static void print_one(const struct complaint *complaint, int fd)
{
    const char *kind = complaint->warning ? "warning: " : "";
    const char *file = complaint->at.file ? complaint->at.file : "leat";
    if (complaint->at.line)
        dprintf(fd, "%s:%u:%u: %s" SLICE_FMT "\n", file, complaint->at.line, complaint->at.column, kind,
                SLICE_ARG(complaint->text));
    else
        dprintf(fd, "%s: %s" SLICE_FMT "\n", file, kind, SLICE_ARG(complaint->text));
}

void complaints_print(const struct complaints *complaints, int fd)
{
    for (unsigned i = 0; i < complaints->count; i++)
        print_one(&complaints->items[i], fd);
    if (complaints->more)
        dprintf(fd, "and %u more\n", complaints->more);
}

static int by_place(const void *left, const void *right)
{
    const struct complaint *a = left, *b = right;
    int files = strcmp(a->at.file ? a->at.file : "", b->at.file ? b->at.file : "");
    if (files)
        return files;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    if (a->at.column != b->at.column)
        return a->at.column < b->at.column ? -1 : 1;
    return slice_cmp(a->text, b->text);
}

void complaints_sort(struct complaints *complaints)
{
    qsort(complaints->items, complaints->count, sizeof complaints->items[0], by_place);
}
