/* SPDX-License-Identifier: Apache-2.0 */
/* Places in files, and what is wrong there: the manner in which every mistake of a configuration is told.
 *
 * Ownership: texts and file names live in the arena that the maker gave. Cannot fail: what does not fit is counted.
 * One thread at a time. */
#ifndef LEAT_CONFIG_COMPLAINTS_H
#define LEAT_CONFIG_COMPLAINTS_H

#include "base/arena.h"
#include "base/error.h"

/* A place in a file, for complaints. line and column count from 1; line 0: a command line option. */
struct place {
    const char *file;
    unsigned line, column;
};

/* What is wrong with a configuration: up to COMPLAINTS_MAX of them are gathered, so that one run shows them all. */
#define COMPLAINTS_MAX 50
struct complaints {
    struct arena *arena;
    unsigned count;
    struct complaint {
        struct place at;
        struct slice text; /* "unknown key `resorces`: did you mean `resources`?" */
        bool warning;      /* said, but no reason to refuse */
    } items[COMPLAINTS_MAX];
    unsigned more, more_errors; /* what did not fit any more, and how many of it are errors */
};

void complain(struct complaints *complaints, struct place at, const char *format, ...) printf_like(3, 4);
void complain_softly(struct complaints *complaints, struct place at, const char *format, ...)
    printf_like(3, 4);
/* How many are errors, not warnings. */
unsigned complaints_errors(const struct complaints *complaints);
/* "leat.yaml:12:5: unknown key …" lines to the stream, in order. */
void complaints_print(const struct complaints *complaints, int fd);
/* Brings them into the order of the files' names and lines. */
void complaints_sort(struct complaints *complaints);

#endif
