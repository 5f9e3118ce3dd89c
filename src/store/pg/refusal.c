/* SPDX-License-Identifier: Apache-2.0 */
/* Constraint, column and value of a row that was refused. See refusal.h. */
#include "store/pg/refusal.h"

#include <stdio.h>

#include "base/check.h"

/* Cuts to the room there is, never within a character. */
static void copy(char *to, size_t to_max, struct slice from)
{
    size_t len = from.len < to_max - 1 ? from.len : to_max - 1;
    while (len < from.len && len > 0 && ((unsigned char)from.data[len] & 0xc0) == 0x80)
        len--;
    memcpy(to, from.data, len);
    to[len] = '\0';
}

static struct slice between(const char *begin, const char *end)
{
    PRE(begin <= end);
    return slice_of(begin, (size_t)(end - begin));
}

/* A name that PostgreSQL has put in quotes; not a list of such names, nor an expression. */
static struct slice unquoted(struct slice name)
{
    if (name.len < 3 || name.data[0] != '"' ||
        memchr(name.data + 1, '"', name.len - 1) != name.data + name.len - 1)
        return name;
    return slice_of(name.data + 1, name.len - 2);
}

void pg_refusal_take_key(struct refusal *refusal, const char *detail, bool exclusion)
{
    const char *open = strchr(detail, '('), *middle = strstr(detail, ")=(");
    if (open == NULL || middle == NULL || middle < open)
        return;
    copy(refusal->column, sizeof refusal->column, unquoted(between(open + 1, middle)));
    const char *value = middle + 3;
    const char *end = exclusion ? strstr(value, ") conflicts with ") : strrchr(value, ')');
    if (end == NULL)
        return;
    copy(refusal->value, sizeof refusal->value, between(value, end));
    refusal->has_value = true;
}

static void take_field(char *to, size_t to_max, const PGresult *result, int field)
{
    const char *text = PQresultErrorField(result, field);
    copy(to, to_max, slice_str(text ? text : ""));
}

void pg_refusal_of_result(const PGresult *result, const char *sqlstate, struct refusal *ret_refusal)
{
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    struct refusal *refusal = ret_refusal;
    *refusal = (struct refusal){0};
    if (strncmp(sqlstate, "23", 2) != 0 && strncmp(sqlstate, "44", 2) != 0)
        return;
    take_field(refusal->constraint, sizeof refusal->constraint, result, PG_DIAG_CONSTRAINT_NAME);
    take_field(refusal->table, sizeof refusal->table, result, PG_DIAG_TABLE_NAME);
    take_field(refusal->column, sizeof refusal->column, result, PG_DIAG_COLUMN_NAME);
    if (detail == NULL || strcmp(sqlstate, "23514") == 0 || strcmp(sqlstate, "23502") == 0)
        return; /* the DETAIL of these is the whole row, which may hold what nobody is to see */
    pg_refusal_take_key(refusal, detail, strcmp(sqlstate, "23P01") == 0);
    if (strstr(detail, " is not present in table ") != NULL)
        refusal->reference = REFERENCE_ABSENT;
    else if (strstr(detail, " is still referenced from table ") != NULL)
        refusal->reference = REFERENCE_HELD;
}

/* ---- words ---- */

static struct slice key_words(const struct refusal *refusal, struct arena *arena)
{
    if (refusal->column[0] == '\0')
        return SLICE("this key");
    if (!refusal->has_value)
        return arena_format(arena, "this `%s`", refusal->column);
    return arena_format(arena, "`%s` = `%s`", refusal->column, refusal->value);
}

static const char *reference_words(const struct refusal *refusal)
{
    switch (refusal->reference) {
    case REFERENCE_ABSENT:
        return "There is no row to refer to with " SLICE_FMT " (`%s`).";
    case REFERENCE_HELD:
        return "Other rows still refer to the one with " SLICE_FMT " (`%s`).";
    case REFERENCE_UNTOLD:
        break;
    }
    return "A reference between rows would be broken by " SLICE_FMT " (`%s`).";
}

struct slice pg_refusal_sentence(const struct refusal *refusal, const char *sqlstate, struct arena *arena)
{
    struct slice key = key_words(refusal, arena);
    const char *constraint = refusal->constraint;
    if (strcmp(sqlstate, "23502") == 0 && refusal->column[0] != '\0')
        return arena_format(arena, "`%s` must have a value: it cannot be null.", refusal->column);
    if (constraint[0] == '\0')
        return (struct slice){0};
    if (strcmp(sqlstate, "23505") == 0)
        return arena_format(arena, "There is already a row with " SLICE_FMT " (`%s`).", SLICE_ARG(key),
                            constraint);
    if (strcmp(sqlstate, "23503") == 0 || strcmp(sqlstate, "23001") == 0)
        return arena_format(arena, reference_words(refusal), SLICE_ARG(key), constraint);
    if (strcmp(sqlstate, "23P01") == 0)
        return arena_format(arena, "Another row stands in the way of " SLICE_FMT " (`%s`).", SLICE_ARG(key),
                            constraint);
    return arena_format(arena, "The values given break the rule `%s`.", constraint);
}
