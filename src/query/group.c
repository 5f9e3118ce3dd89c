/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of conditions: `or=(a.eq.1,and(b.gt.2,c.lt.9),not.d.in.(1,2),e.eq."x,y")`.
 *
 *   group  := '(' member { ',' member } ')'
 *   member := [ 'not.' ] ( 'and' | 'or' ) group
 *           | name '.' [ 'not.' ] operator '.' value
 *   value  := '"' … '"' | text up to the ',' or ')' that ends it; brackets and quotes within are skipped over
 *
 * Failure: a problem with the place, counted in characters from 1. Pure. */
#include "query/filter.h"

#include "query/level.h"
#include "query/list.h"

struct group_reader {
    struct build *build;
    const struct param *param;
    size_t at;
    unsigned depth;
};

static bool fail_at(struct group_reader *reader, const char *why)
{
    refuse(reader->build, REFUSE_BAD_GROUP, reader->param->name, "`" SLICE_FMT "`, at character %zu: %s",
           SLICE_ARG(shown(reader->param->name)), reader->at + 1, why);
    reader->build->problem->value = shown(reader->param->value);
    return refuse_hint(reader->build, "Write `or=(a.eq.1,and(b.gt.2,not.c.is.null))`");
}

static struct slice rest_of(const struct group_reader *reader)
{
    return slice_skip(reader->param->value, reader->at);
}

static char next_char(const struct group_reader *reader)
{
    struct slice rest = rest_of(reader);
    return rest.len ? rest.data[0] : '\0';
}

static bool take(struct group_reader *reader, struct slice word)
{
    bool here = slice_starts(rest_of(reader), word);
    reader->at += here ? word.len : 0;
    return here;
}

/* How long a quoted text at the start is, quotes included; 0: it never ends. */
static size_t quoted_length(struct slice text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] == '"')
            return i + 1;
        i += text.data[i] == '\\';
    }
    return 0;
}

/* The end of a bare text: a `,` or `)` outside of brackets and quotes. */
static bool bare_length(struct slice text, size_t *ret_length)
{
    unsigned open = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool begins = i == 0 || strchr("(,{[.", text.data[i - 1]);
        if (c == '"' && begins) {
            size_t quoted = quoted_length(slice_skip(text, i));
            if (quoted == 0)
                return false;
            i += quoted - 1;
        } else if (c == '(' || c == '{' || c == '[') {
            open++;
        } else if ((c == ',' || c == ')') && open == 0) {
            *ret_length = i;
            return true;
        } else if ((c == ')' || c == '}' || c == ']') && open > 0) {
            open--;
        }
    }
    return false;
}

/* A column's name up to its dot: quoted, or with arrows and keys. */
static bool take_name(struct group_reader *reader, struct slice *ret_name)
{
    struct slice rest = rest_of(reader);
    size_t end = 0;
    while (end < rest.len && rest.data[end] != '.' && rest.data[end] != ',' && rest.data[end] != ')') {
        size_t quoted = rest.data[end] == '"' ? quoted_length(slice_skip(rest, end)) : 1;
        if (quoted == 0)
            return fail_at(reader, "a quote is not closed");
        end += quoted;
    }
    *ret_name = slice_trim(slice_of(rest.data, end));
    reader->at += end;
    if (ret_name->len == 0 || !take(reader, SLICE(".")))
        return fail_at(reader, "a column, a dot, an operator, a dot and a value were expected");
    return true;
}

/* `"x,y"` behind the last dot of a value is unquoted, so that it may hold anything. */
static struct slice without_quotes(struct arena *arena, struct slice value)
{
    size_t quote = slice_find(value, '"');
    struct slice rest = slice_skip(value, quote), text;
    if (quote == 0 || quote >= value.len || value.data[quote - 1] != '.' || quoted_length(rest) != rest.len ||
        !quoted_take(arena, &rest, &text))
        return value;
    return arena_format(arena, SLICE_FMT SLICE_FMT, (int)quote, value.data, SLICE_ARG(text));
}

static bool read_filter(struct group_reader *reader, struct condition *ret_condition)
{
    struct param member;
    size_t begin = reader->at, length;
    bool filters;
    if (!take_name(reader, &member.name))
        return false;
    if (!bare_length(rest_of(reader), &length))
        return fail_at(reader, "what begins here never ends: a `)` or a quote is missing");
    struct slice value = slice_of(rest_of(reader).data, length);
    member.value = without_quotes(reader->build->arena, value);
    reader->at += length;
    *ret_condition = (struct condition){.kind = CONDITION_TEST};
    if (filter_parse(reader->build, &member, false, ret_condition, &filters)) {
        if (!filters)
            return fail_at(reader, "a word that filters nothing has no place in a group");
        return true;
    }
    if (reader->build->problem->place.len == 0 || slice_eq(reader->build->problem->place, member.name))
        reader->build->problem->place = shown(
            arena_format(reader->build->arena, SLICE_FMT ", at character %zu: " SLICE_FMT,
                         SLICE_ARG(shown(reader->param->name)), begin + 1, SLICE_ARG(shown(member.name))));
    return false;
}

static bool read_group(struct group_reader *reader, enum condition_kind kind,
                       struct condition *ret_condition);

static bool read_member(struct group_reader *reader, struct condition *ret_condition)
{
    size_t begin = reader->at;
    bool negated = take(reader, SLICE("not."));
    bool is_and = take(reader, SLICE("and("));
    bool is_or = !is_and && take(reader, SLICE("or("));
    if (!is_and && !is_or) {
        reader->at = begin;
        return read_filter(reader, ret_condition);
    }
    reader->at--;
    if (!read_group(reader, is_and ? CONDITION_AND : CONDITION_OR, ret_condition))
        return false;
    ret_condition->negated = negated;
    return true;
}

static bool read_group(struct group_reader *reader, enum condition_kind kind, struct condition *ret_condition)
{
    unsigned max = build_config(reader->build)->query.depth;
    struct conditions parts = {0};
    if (++reader->depth > max)
        return refuse(reader->build, REFUSE_TOO_MUCH, reader->param->name,
                      "Groups are nested deeper than the limit `query.depth` of %u", max);
    if (!take(reader, SLICE("(")))
        return fail_at(reader, "a `(` was expected");
    do {
        struct condition part;
        while (take(reader, SLICE(" ")))
            ;
        if (!read_member(reader, &part))
            return false;
        conditions_add(reader->build, &parts, &part);
    } while (take(reader, SLICE(",")));
    if (!take(reader, SLICE(")")))
        return fail_at(reader, "a `,` or a `)` was expected");
    reader->depth--;
    *ret_condition = (struct condition){.kind = kind, .parts = parts.items, .part_count = parts.count};
    return true;
}

bool group_parse(struct build *build, const struct param *param, enum condition_kind kind,
                 struct condition *ret_condition)
{
    PRE(kind == CONDITION_AND || kind == CONDITION_OR);
    struct group_reader reader = {.build = build, .param = param};
    if (!param->value.data)
        return refuse(build, REFUSE_MISSING_PARAMETER, param->name, "`" SLICE_FMT "` has no value",
                      SLICE_ARG(param->name));
    if (!read_group(&reader, kind, ret_condition))
        return false;
    if (reader.at < param->value.len)
        return fail_at(&reader, next_char(&reader) == ')' ? "a `)` too many" : "something follows the group");
    return true;
}
