/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked for how often at which hour of the week, so that it can be made ready before that hour comes again. A question is a
 * text of the caller's; the least asked ones make room for others. Each hour's count is halved a week later, before it is added to, so that
 * what people no longer ask for fades.
 *
 * It is kept in a file of lines, "QUESTION TAB HOUR:COUNT …", replaced as a whole. What there is wrong with it costs what it held, no more.
 * Ownership: it copies. One thread at a time. Failure: memory (what comes then is not noted), and the file's system calls. */
#ifndef LEAT_CACHE_HEAT_H
#define LEAT_CACHE_HEAT_H

#include "base/clock.h"
#include "base/error.h"
#include "base/slice.h"

enum { HEAT_HOURS = 7 * 24, HEAT_QUESTIONS_MAX = 1000 };

struct heat;

struct heat *heat_new(void);
void heat_free(struct heat *heat); /* takes NULL */

/* 0 to HEAT_HOURS - 1, from Thursday's midnight on, UTC. */
unsigned heat_hour_of(struct wall wall);

/* So many more in the hour of `at`. A question with a tab or a line's end is not noted. */
void heat_note(struct heat *heat, struct slice question, unsigned count, struct wall at);

/* The most asked in that hour of the week, and of them that were asked as often then, the most asked at all; at most `room`. Returns how
 * many; they are valid until the next note. */
unsigned heat_top(const struct heat *heat, unsigned hour, struct slice *ret_questions, unsigned room);

enum error heat_load(struct heat *heat, const char *path) must_check; /* ERR_ABSENT: there is no such file */
enum error heat_save(const struct heat *heat, const char *path) must_check;

#endif
