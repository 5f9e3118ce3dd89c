/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing of dates and times. The calendar arithmetic is Howard Hinnant's ("chrono-compatible low-level date
 * algorithms", 2013): days are counted in eras of 400 years that begin in March. It fails by saying no. */
#include "query/time.h"

#define SECOND_US ((int64_t)1000000)
#define YEAR_MAX 9999

/* --- the calendar --- */

static int64_t days_from_civil(int year, int month, int day)
{
    year -= month <= 2;
    int era = year / 400; /* years are positive here */
    int year_of_era = year - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int64_t)era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    PRE(days >= 0);
    int64_t era = days / 146097;
    int day_of_era = (int)(days - era * 146097);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (5 * day_of_year + 2) / 153;
    *ret_day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *ret_month = shifted < 10 ? shifted + 3 : shifted - 9;
    *ret_year = (int)(year_of_era + era * 400) + (*ret_month <= 2);
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (leap && month == 2);
}

int64_t time_day(struct wall moment)
{
    int64_t days = moment.us / TIME_DAY_US;
    return moment.us % TIME_DAY_US < 0 ? days - 1 : days;
}

/* --- reading: each take_ function eats what it understood from the front --- */

static bool take_byte(struct slice *rest, char byte)
{
    if (rest->len == 0 || rest->data[0] != byte)
        return false;
    *rest = slice_skip(*rest, 1);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Exactly `digits` digits. */
static bool take_number(struct slice *rest, unsigned digits, int *ret_number)
{
    int number = 0;
    if (rest->len < digits)
        return false;
    for (unsigned i = 0; i < digits; i++) {
        if (!is_digit(rest->data[i]))
            return false;
        number = number * 10 + (rest->data[i] - '0');
    }
    *rest = slice_skip(*rest, digits);
    *ret_number = number;
    return true;
}

static bool take_date(struct slice *rest, int64_t *ret_days)
{
    int year, month, day;
    if (!take_number(rest, 4, &year) || !take_byte(rest, '-') || !take_number(rest, 2, &month) ||
        !take_byte(rest, '-') || !take_number(rest, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *ret_days = days_from_civil(year, month, day);
    return true;
}

/* Digits behind the point → microseconds, rounded at the seventh. */
static bool take_fraction(struct slice *rest, int64_t *us)
{
    int64_t scale = SECOND_US;
    size_t n = 0;
    for (; n < rest->len && is_digit(rest->data[n]); n++) {
        int digit = rest->data[n] - '0';
        if (n < 6)
            *us += digit * (scale /= 10);
        else if (n == 6 && digit >= 5)
            *us += 1;
    }
    *rest = slice_skip(*rest, n);
    return n > 0;
}

static bool take_clock(struct slice *rest, int64_t *ret_us)
{
    int hour, minute, second = 0;
    int64_t us = 0;
    if (!take_number(rest, 2, &hour) || !take_byte(rest, ':') || !take_number(rest, 2, &minute))
        return false;
    if (take_byte(rest, ':')) {
        if (!take_number(rest, 2, &second))
            return false;
        if (take_byte(rest, '.') && !take_fraction(rest, &us))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *ret_us = ((int64_t)hour * 3600 + minute * 60 + second) * SECOND_US + us;
    return true;
}

/* "Z", "+02", "+0200", "+02:00", " 02:00" (a plus that was decoded as a space). */
static bool take_zone(struct slice *rest, int *ret_zone_s)
{
    int hours, minutes = 0;
    if (take_byte(rest, 'Z') || take_byte(rest, 'z')) {
        *ret_zone_s = 0;
        return true;
    }
    bool west = take_byte(rest, '-');
    if (!west && !take_byte(rest, '+') && !take_byte(rest, ' '))
        return false;
    if (!take_number(rest, 2, &hours))
        return false;
    if ((take_byte(rest, ':') || rest->len) && !take_number(rest, 2, &minutes))
        return false;
    if (hours > 15 || minutes > 59)
        return false;
    *ret_zone_s = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

bool time_parse_date(struct slice text, int64_t *ret_days)
{
    int64_t days;
    if (!take_date(&text, &days) || text.len)
        return false;
    *ret_days = days;
    return true;
}

bool time_parse_clock(struct slice text, bool zone, int64_t *ret_us, int *ret_zone_s)
{
    PRE(ret_us && ret_zone_s);
    int64_t us;
    int zone_s = 0;
    if (!take_clock(&text, &us) || us >= TIME_DAY_US)
        return false;
    if (zone && !take_zone(&text, &zone_s))
        return false;
    if (text.len)
        return false;
    *ret_us = us;
    *ret_zone_s = zone_s;
    return true;
}

bool time_parse_moment(struct slice text, struct wall *ret_moment)
{
    PRE(ret_moment);
    int64_t days, us = 0;
    int zone_s = 0;
    if (!take_date(&text, &days))
        return false;
    if (text.len) {
        if (!take_byte(&text, 'T') && !take_byte(&text, 't') && !take_byte(&text, ' '))
            return false;
        if (!take_clock(&text, &us) || (text.len && !take_zone(&text, &zone_s)) || text.len)
            return false;
    }
    struct wall moment = {days * TIME_DAY_US + us - zone_s * SECOND_US};
    int64_t day = time_day(moment);
    if (day < days_from_civil(1, 1, 1) || day > days_from_civil(YEAR_MAX, 12, 31))
        return false; /* a zone or a rounding led out of the calendar */
    *ret_moment = moment;
    return true;
}

/* --- relative moments --- */

static int64_t unit_us(struct slice word)
{
    static const struct {
        struct slice word;
        int64_t seconds;
    } units[] = {
        {SLICE_INIT("s"), 1},         {SLICE_INIT("sec"), 1},        {SLICE_INIT("second"), 1},
        {SLICE_INIT("seconds"), 1},   {SLICE_INIT("m"), 60},         {SLICE_INIT("min"), 60},
        {SLICE_INIT("minute"), 60},   {SLICE_INIT("minutes"), 60},   {SLICE_INIT("h"), 3600},
        {SLICE_INIT("hour"), 3600},   {SLICE_INIT("hours"), 3600},   {SLICE_INIT("d"), 86400},
        {SLICE_INIT("day"), 86400},   {SLICE_INIT("days"), 86400},   {SLICE_INIT("w"), 604800},
        {SLICE_INIT("week"), 604800}, {SLICE_INIT("weeks"), 604800},
    };
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (slice_eq(units[i].word, word))
            return units[i].seconds * SECOND_US;
    return 0;
}

bool time_parse_relative(struct slice text, struct wall now, struct wall *ret_moment)
{
    PRE(ret_moment);
    if (slice_eq(text, SLICE("now"))) {
        *ret_moment = now;
        return true;
    }
    if (!slice_ends(text, SLICE(" ago")))
        return false;
    struct slice span = slice_of(text.data, text.len - 4);
    size_t digits = 0;
    while (digits < span.len && is_digit(span.data[digits]))
        digits++;
    int64_t count, unit = unit_us(slice_trim(slice_skip(span, digits)));
    if (!unit || !slice_to_int(slice_of(span.data, digits), &count) ||
        __builtin_mul_overflow(count, unit, &count))
        return false;
    struct wall moment = {now.us - count};
    if (count > now.us - days_from_civil(1, 1, 1) * TIME_DAY_US)
        return false;
    *ret_moment = moment;
    return true;
}

/* --- writing --- */

struct slice time_format_date(struct arena *arena, int64_t days)
{
    int year, month, day;
    civil_from_days(days, &year, &month, &day);
    return arena_format(arena, "%04d-%02d-%02d", year, month, day);
}

struct slice time_format_clock(struct arena *arena, int64_t us)
{
    PRE(us >= 0 && us < TIME_DAY_US);
    int64_t seconds = us / SECOND_US;
    return arena_format(arena, "%02d:%02d:%02d.%06d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                        (int)(seconds % 60), (int)(us % SECOND_US));
}

struct slice time_format_moment(struct arena *arena, struct wall moment, const char *suffix)
{
    int year, month, day;
    int64_t days = time_day(moment);
    int64_t us = moment.us - days * TIME_DAY_US, seconds = us / SECOND_US;
    civil_from_days(days, &year, &month, &day);
    return arena_format(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%06d%s", year, month, day,
                        (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60),
                        (int)(us % SECOND_US), suffix);
}
