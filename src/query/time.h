/* SPDX-License-Identifier: Apache-2.0 */
/* Dates and times as people and programs write them in URLs: ISO 8601 in the forms PostgreSQL takes too, years 0001 to 9999,
 * and moments relative to now. What bears no zone is UTC. Proleptic Gregorian calendar, microseconds. Pure. */
#ifndef LEAT_QUERY_TIME_H
#define LEAT_QUERY_TIME_H

#include "base/arena.h"
#include "base/check.h"
#include "base/clock.h"

/* "2026-01-31". */
bool time_parse_date(struct slice text, int64_t *ret_days) must_check;

/* "2026-01-31", "2026-01-31T09:05[:07[.123456]][Z|±HH[[:]MM]]", with a space for the T; a `+` that came out of a URL as a
 * space is understood. More digits than six are rounded. */
bool time_parse_moment(struct slice text, struct wall *ret_moment) must_check;

/* "09:05[:07[.123456]]" → microseconds of the day. zone: one may follow (and must, where it is required); it is returned in
 * seconds east of UTC. */
bool time_parse_clock(struct slice text, bool zone, int64_t *ret_us, int *ret_zone_s) must_check;

/* "now", "90s ago", "24h ago", "7 days ago". */
bool time_parse_relative(struct slice text, struct wall now, struct wall *ret_moment) must_check;

/* "2026-01-31". */
struct slice time_format_date(struct arena *arena, int64_t days);
/* "2026-01-31T09:05:07.123456" and the suffix ("Z" or ""). */
struct slice time_format_moment(struct arena *arena, struct wall moment, const char *suffix);
/* "09:05:07.123456". */
struct slice time_format_clock(struct arena *arena, int64_t us);

#define TIME_DAY_US ((int64_t)86400 * 1000000)

/* Days since 1970-01-01 of the moment's day, also before that. */
int64_t time_day(struct wall moment);

#endif
