/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks, and dates as people and HTTP write them. Calendar arithmetic is Howard Hinnant's "civil_from_days"
 * (chrono-Compatible Low-Level Date Algorithms): no time zone files, no locale, no locks. */
#include "base/clock.h"

#include <string.h>
#include <time.h>

#include "base/check.h"

#define DAY_US (86400 * INT64_C(1000000))

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    int failed = clock_gettime(id, &now);
    POST(!failed);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct mono clock_mono(void)
{
    return (struct mono){read_us(CLOCK_MONOTONIC)};
}

struct wall clock_wall(void)
{
    return (struct wall){read_us(CLOCK_REALTIME)};
}

struct civil {
    unsigned year, month, day; /* month and day from 1 */
    unsigned weekday;          /* 0: Sunday */
    unsigned hour, minute, second, us;
};

/* Years are counted from March, so that the leap day is the last of its year; an era is 400 years, 146,097 days. */
static void set_date(struct civil *civil, int64_t days)
{
    PRE(days >= -719528 && days <= 2932896); /* 0000-01-01 to 9999-12-31 */
    unsigned since_march_0 = (unsigned)(days + 719468 + 146097);
    unsigned era = since_march_0 / 146097; /* one too many, so that nothing is negative */
    unsigned day_of_era = since_march_0 % 146097;
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    civil->day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    civil->month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    civil->year = year_of_era + era * 400 - 400 + (civil->month <= 2);
    civil->weekday = (unsigned)((days + 719528 + 6) % 7); /* 0000-01-01 was a Saturday */
}

static struct civil civil_of(struct wall wall)
{
    int64_t days = wall.us / DAY_US - (wall.us % DAY_US < 0);
    int64_t us = wall.us - days * DAY_US;
    struct civil civil = {
        .hour = (unsigned)(us / INT64_C(3600000000)),
        .minute = (unsigned)(us / 60000000 % 60),
        .second = (unsigned)(us / 1000000 % 60),
        .us = (unsigned)(us % 1000000),
    };
    set_date(&civil, days);
    return civil;
}

static char *put_digits(char *to, unsigned value, int width)
{
    for (int i = width; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + width;
}

/* `digits` is the values' widths, `marks` what follows each: the shape 2026-01-31 is "422" and "--". */
static char *put_group(char *to, const unsigned *values, const char *widths, const char *marks)
{
    for (int i = 0; widths[i]; i++) {
        to = put_digits(to, values[i], widths[i] - '0');
        if (marks[i])
            *to++ = marks[i];
    }
    return to;
}

void wall_format(struct wall wall, char ret_text[28])
{
    struct civil at = civil_of(wall);
    unsigned values[] = {at.year, at.month, at.day, at.hour, at.minute, at.second, at.us};
    char *end = put_group(ret_text, values, "4222226", "--T::.Z");
    *end = '\0';
    POST(end - ret_text == 27);
}

void wall_format_http(struct wall wall, char ret_text[30])
{
    static const char weekdays[] = "Sun, Mon, Tue, Wed, Thu, Fri, Sat, ";
    static const char months[] = " Jan  Feb  Mar  Apr  May  Jun  Jul  Aug  Sep  Oct  Nov  Dec ";
    struct civil at = civil_of(wall);
    memcpy(ret_text, weekdays + 5 * at.weekday, 5);
    char *to = put_digits(ret_text + 5, at.day, 2);
    memcpy(to, months + 5 * (at.month - 1), 5);
    unsigned values[] = {at.year, at.hour, at.minute, at.second};
    to = put_group(to + 5, values, "4222", " :: ");
    memcpy(to, "GMT", 4);
    POST(to - ret_text == 26);
}
