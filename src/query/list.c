/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and patterns. See list.h. */
#include "query/list.h"

bool quoted_take(struct arena *arena, struct slice *rest, struct slice *ret_text)
{
    PRE(rest->len && rest->data[0] == '"');
    char *text = arena_alloc(arena, rest->len);
    size_t len = 0;
    for (size_t i = 1; i < rest->len; i++) {
        if (rest->data[i] == '"') {
            *rest = slice_skip(*rest, i + 1);
            *ret_text = slice_of(text, len);
            return true;
        }
        if (rest->data[i] == '\\' && i + 1 < rest->len)
            i++;
        text[len++] = rest->data[i];
    }
    return false;
}

struct slice name_unquoted(struct arena *arena, struct slice text)
{
    struct slice name = slice_trim(text), rest = name, inner;
    bool quoted = name.len && name.data[0] == '"' && quoted_take(arena, &rest, &inner) && rest.len == 0;
    return quoted ? inner : name;
}

bool name_item_take(struct arena *arena, struct slice *rest, struct name_item *ret_item)
{
    PRE(rest->data);
    struct name_item item = {0};
    struct slice trimmed = slice_trim(*rest);
    item.quoted = trimmed.len && trimmed.data[0] == '"';
    if (item.quoted) {
        if (!quoted_take(arena, &trimmed, &item.name))
            return false;
        *rest = trimmed;
        item.suffix = slice_trim(slice_cut(rest, ','));
    } else {
        item.name = slice_trim(slice_cut(rest, ','));
    }
    *ret_item = item;
    return true;
}

static bool refuse_list(struct build *build, struct slice place, struct slice text, const char *brackets,
                        const char *why)
{
    bool in = brackets[0] == '(';
    refuse(build, REFUSE_BAD_LIST, place, "%s; %s",
           in ? "`in` takes a list in parentheses" : "`any` and `all` take a list in braces", why);
    build->problem->value = shown(text);
    return refuse_hint(build, "Write `" SLICE_FMT "=%s`", SLICE_ARG(place),
                       in ? "in.(a,b,\"c,d\")" : "eq(any).{a,b,\"c,d\"}");
}

static unsigned count_values(struct slice inside)
{
    unsigned count = 1;
    for (size_t i = 0; i < inside.len; i++)
        count += inside.data[i] == ',';
    return count;
}

/* One value and the comma behind it; *ret_last: there was none. */
static bool take_value(struct build *build, struct slice *rest, struct slice *ret_value, bool *ret_last)
{
    if (rest->len && rest->data[0] == '"') {
        if (!quoted_take(build->arena, rest, ret_value))
            return false;
        *ret_last = rest->len == 0;
        bool comma = rest->len && rest->data[0] == ',';
        *rest = slice_skip(*rest, 1);
        return *ret_last || comma;
    }
    struct slice value = slice_cut(rest, ',');
    *ret_last = !rest->data;
    *ret_value = value;
    return true;
}

bool list_parse(struct build *build, struct slice place, struct slice text, const char *brackets,
                struct slice **ret_values, unsigned *ret_count)
{
    PRE(ret_values && ret_count);
    if (text.len < 2 || text.data[0] != brackets[0] || text.data[text.len - 1] != brackets[1])
        return refuse_list(build, place, text, brackets, "this has none");
    struct slice rest = slice_of(text.data + 1, text.len - 2);
    unsigned max = build_config(build)->query.in_values, room = count_values(rest), count = 0;
    struct slice *values = ARENA_ARRAY(build->arena, struct slice, room < max ? room : max);
    for (bool last = rest.len == 0; !last;) {
        struct slice value;
        if (!take_value(build, &rest, &value, &last))
            return refuse_list(build, place, text, brackets,
                               "a quote in it is not closed, or something follows one");
        if (count == max)
            return refuse(build, REFUSE_TOO_MUCH, place, "More values than the limit `query.in_values` of %u",
                          max);
        values[count++] = value;
    }
    *ret_values = values;
    *ret_count = count;
    return true;
}

bool pattern_parse(struct build *build, struct slice place, struct slice text, struct slice *ret_pattern)
{
    PRE(ret_pattern);
    struct slice copy = arena_copy(build->arena, text);
    char *pattern = (char *)(uintptr_t)copy.data;
    for (size_t i = 0; i < copy.len; i++) {
        if (pattern[i] == '*')
            pattern[i] = '%';
        if (pattern[i] == '\\' && ++i == copy.len)
            return refuse(
                build, REFUSE_BAD_VALUE, place,
                "The pattern ends in a backslash with nothing behind it: write `\\\\` for a backslash");
    }
    *ret_pattern = copy;
    return true;
}
