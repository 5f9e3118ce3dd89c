/* SPDX-License-Identifier: Apache-2.0 */
/* leat_ilike, leat_must: functions.h says what they do.
 *
 * The pattern is read once a statement, into folded characters, and kept by sqlite3_set_auxdata. Matching
 * remembers the last % alone: it goes back there when it is stuck, one character further on. That is enough
 * for patterns of % and _ (a later % makes the choices of an earlier one irrelevant) and bounds the work by
 * text × pattern, where recursion would be exponential.
 *
 * Failure: a pattern that ends in its escape is an error, as on PostgreSQL; so is one above
 * PATTERN_BYTES_MAX. */
#include "store/sqlite/functions.h"

#include <wctype.h>

#include "base/check.h"
#include "base/mem.h"

enum { PATTERN_BYTES_MAX = 4096, ANY_ONE = -1, ANY_MANY = -2 };

struct pattern {
    unsigned count;
    int32_t items[]; /* a folded character, ANY_ONE or ANY_MANY */
};

/* The character at *at, which moves behind it. Bytes that are no UTF-8 are characters of their own (above
 * Unicode's). */
static int32_t take_char(const unsigned char **at, const unsigned char *end)
{
    const unsigned char *p = *at;
    unsigned more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
    if (*p < 0x80 || more == 0 || (size_t)(end - p) <= more) {
        *at = p + 1;
        return *p < 0x80 ? *p : 0x110000 + *p;
    }
    int32_t value = *p & (0x3f >> more);
    for (unsigned i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *at = p + 1;
            return 0x110000 + *p;
        }
        value = value << 6 | (p[i] & 0x3f);
    }
    *at = p + 1 + more;
    return value;
}

static int32_t fold(int32_t value, locale_t locale)
{
    if (value < 0x80)
        return value >= 'A' && value <= 'Z' ? value + 32 : value;
    return locale != (locale_t)0 && value < 0x110000 ? (int32_t)towlower_l((wint_t)value, locale) : value;
}

/* NULL with *ret_why set: not a pattern; NULL without: out of memory. */
static struct pattern *pattern_read(struct slice text, locale_t locale, const char **ret_why)
{
    *ret_why = NULL;
    if (text.len > PATTERN_BYTES_MAX) {
        *ret_why = "LIKE pattern is too long";
        return NULL;
    }
    struct pattern *pattern = mem_try(sizeof *pattern + text.len * sizeof pattern->items[0]);
    const unsigned char *at = (const unsigned char *)text.data, *end = at + text.len;
    while (pattern && at < end) {
        bool escaped = *at == '\\';
        at += escaped;
        if (at == end) {
            *ret_why = "LIKE pattern must not end with escape character";
            mem_free(pattern);
            return NULL;
        }
        int32_t one = take_char(&at, end);
        bool wild = !escaped && (one == '%' || one == '_');
        pattern->items[pattern->count++] = !wild ? fold(one, locale) : one == '%' ? ANY_MANY : ANY_ONE;
    }
    return pattern;
}

static bool pattern_matches(const struct pattern *pattern, struct slice text, locale_t locale)
{
    const unsigned char *at = (const unsigned char *)text.data, *end = at + text.len, *again_at = NULL;
    unsigned item = 0, again_item = 0;
    while (at < end) {
        const unsigned char *next = at;
        int32_t wanted = item < pattern->count ? pattern->items[item] : 0;
        if (wanted == ANY_MANY) {
            again_item = ++item;
            again_at = at;
        } else if (item < pattern->count &&
                   (wanted == fold(take_char(&next, end), locale) || wanted == ANY_ONE)) {
            item++;
            at = next;
        } else if (again_at) {
            take_char(&again_at, end);
            at = again_at;
            item = again_item;
        } else {
            return false;
        }
    }
    while (item < pattern->count && pattern->items[item] == ANY_MANY)
        item++;
    return item == pattern->count;
}

static struct slice argument(sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    return slice_of(text, text ? (size_t)sqlite3_value_bytes(value) : 0);
}

/* The pattern of this call: kept from the row before, or read now. NULL: the result is set. */
static struct pattern *pattern_of(sqlite3_context *context, sqlite3_value *value, locale_t locale)
{
    struct pattern *pattern = sqlite3_get_auxdata(context, 1);
    if (pattern)
        return pattern;
    const char *why;
    pattern = pattern_read(argument(value), locale, &why);
    if (why)
        sqlite3_result_error(context, why, -1);
    else if (!pattern)
        sqlite3_result_error_nomem(context);
    return pattern;
}

static void ilike(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    PRE(count == 2);
    locale_t locale = (locale_t)sqlite3_user_data(context);
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL || sqlite3_value_type(arguments[1]) == SQLITE_NULL)
        return; /* NULL */
    bool kept = sqlite3_get_auxdata(context, 1) != NULL;
    struct pattern *pattern = pattern_of(context, arguments[1], locale);
    if (!pattern)
        return;
    sqlite3_result_int(context, pattern_matches(pattern, argument(arguments[0]), locale));
    if (!kept)
        sqlite3_set_auxdata(context, 1, pattern, mem_free); /* may free it at once: the last use */
}

static void must(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    PRE(count == 2);
    if (sqlite3_value_int(arguments[0]) == 0) /* NULL is not true either */
        sqlite3_result_error(context, (const char *)sqlite3_value_text(arguments[1]), -1);
}

bool lite_functions_add(sqlite3 *db, locale_t locale)
{
    int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS, pure = flags | SQLITE_DETERMINISTIC;
    return sqlite3_create_function(db, "leat_ilike", 2, pure, locale, ilike, NULL, NULL) == SQLITE_OK &&
           sqlite3_create_function(db, "leat_must", 2, flags, NULL, must, NULL, NULL) == SQLITE_OK;
}
