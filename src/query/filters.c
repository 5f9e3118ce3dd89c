/* SPDX-License-Identifier: Apache-2.0 */
/* The filters of a request: which level each belongs to, and whether it is a filter, a group or a child's order and paging. See
 * filter.h. */
#include "query/filter.h"

#include "query/level.h"
#include "query/paging.h"

/* Where the first word of `flags.severity` ends; a name with quotes or arrows is not cut behind their beginning. */
static size_t first_dot(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '.')
            return i;
        if (name.data[i] == '"' || slice_starts(slice_skip(name, i), SLICE("->")))
            break;
    }
    return name.len;
}

bool filter_is_embedded(struct slice name)
{
    return first_dot(name) < name.len && !slice_starts(name, SLICE("not."));
}

/* `flags.reviews.severity` → the level of reviews, and `severity`. A column's name goes before a child's. */
static struct level *find_level(struct build *build, struct level *level, struct slice *name)
{
    for (;;) {
        size_t dot = first_dot(*name);
        struct level *child = dot < name->len ? level_child(level, slice_of(name->data, dot)) : NULL;
        if (!child || level_find(build, level, *name))
            return level;
        level = child;
        *name = slice_skip(*name, dot + 1);
    }
}

static bool is_group(struct slice name, enum condition_kind *ret_kind, bool *ret_negated)
{
    *ret_negated = slice_starts(name, SLICE("not."));
    struct slice word = slice_skip(name, *ret_negated ? 4 : 0);
    bool is_and = slice_eq(word, SLICE("and"));
    *ret_kind = is_and ? CONDITION_AND : CONDITION_OR;
    return is_and || slice_eq(word, SLICE("or"));
}

/* What a request's parameter of a child is, when it is no filter. Rules are filters alone. */
static bool read_child_slot(struct build *build, const struct param *param, struct slice name, bool *ret_read)
{
    struct level *level = build->level;
    bool is_limit = slice_eq(name, SLICE("limit")), is_offset = slice_eq(name, SLICE("offset"));
    *ret_read = level->parent && !build->trusted && param->value.data &&
                (is_limit || is_offset || slice_eq(name, SLICE("order")));
    if (!*ret_read)
        return true;
    if (is_limit || is_offset)
        return paging_parse_child(build, param, is_offset);
    if (level->order_given)
        return refuse(build, REFUSE_REPEATED_PARAMETER, param->name, "`" SLICE_FMT "` is given twice",
                      SLICE_ARG(param->name));
    level->order_given = true;
    return order_parse(build, param->value, &level->conditions, &level->order);
}

static bool parse_param(struct build *build, const struct param *param, struct conditions *conditions)
{
    struct condition condition = {.kind = CONDITION_TEST};
    bool filters = true, negated, read = false;
    enum condition_kind kind;
    struct param own = *param;
    struct level *level = find_level(build, build->level, &own.name);
    struct build there = build_at(build, level);
    if (is_group(own.name, &kind, &negated) && !level_find(build, level, own.name)) {
        if (!group_parse(&there, param, kind, &condition))
            return false;
        condition.negated = negated;
    } else {
        if (!read_child_slot(&there, param, own.name, &read))
            return false;
        bool bare = build->trusted || build->context->manner == MANNER_PLAIN;
        if (!read && !filter_parse(&there, &own, bare, &condition, &filters))
            return false;
    }
    if (filters && !read)
        conditions_add(build, conditions ? conditions : &level->conditions, &condition);
    return true;
}

bool filters_parse(struct build *build, const struct param *filters, unsigned count)
{
    PRE(build->level && build->counts);
    for (unsigned i = 0; i < count; i++)
        if (!parse_param(build, &filters[i], NULL))
            return false;
    return true;
}

bool filters_read(struct build *build, struct slice text, struct conditions *conditions)
{
    PRE(conditions);
    struct params params;
    if (!params_parse(build, text, &params))
        return false;
    for (unsigned i = 0; i < params.count; i++)
        if (!parse_param(build, &params.items[i], conditions))
            return false;
    return true;
}
