/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of items, and PostgREST's words for those that cannot be given. See range.h.
 *
 *   [ 'items=' ] first '-' [ last ]
 */
#include "query/range.h"

#include "base/check.h"

static void refuse_range(struct slice code, struct slice details, struct problem *ret_problem)
{
    *ret_problem = (struct problem){.status = 416,
                                    .code = code,
                                    .pg_code = SLICE("PGRST103"),
                                    .detail = SLICE("Requested range not satisfiable"),
                                    .details = details};
}

static enum error refuse_value(struct slice value, struct slice details, struct arena *arena,
                               struct problem *ret_problem)
{
    refuse_range(SLICE("bad-range"), details, ret_problem);
    ret_problem->hint = SLICE("Write `Range: 0-24` for the first 25 rows, `Range: 25-` for all behind them.");
    ret_problem->place = SLICE("Range");
    ret_problem->value =
        arena_copy(arena,
                   slice_of(value.data, value.len < PROBLEM_VALUE_MAX ? value.len : PROBLEM_VALUE_MAX));
    return ERR_PROBLEM;
}

/* Whether the range counts items; what stands in front of `=` is cut off. */
static bool is_of_items(struct slice *value, struct slice unit)
{
    size_t equals = slice_find(*value, '=');
    if (equals < value->len) {
        unit = slice_of(value->data, equals);
        *value = slice_skip(*value, equals + 1);
    }
    return !unit.data || slice_eq_nocase(slice_trim(unit), SLICE("items"));
}

/* Digits alone: no sign, no blanks. */
static bool read_bound(struct slice text, int64_t *ret_bound)
{
    return text.len > 0 && text.data[0] >= '0' && text.data[0] <= '9' && slice_to_int(text, ret_bound);
}

enum error range_parse(struct slice value, struct slice unit, struct arena *arena, struct range *ret_range,
                       struct problem *ret_problem)
{
    PRE(ret_range && ret_problem);
    int64_t first, last = INT64_MAX;
    *ret_range = (struct range){.given = false};
    if (!value.data || !is_of_items(&value, unit))
        return OK;
    struct slice end = slice_trim(value), begin = slice_cut(&end, '-');
    if (!read_bound(begin, &first) || !end.data || (end.len > 0 && !read_bound(end, &last)))
        return refuse_value(value, SLICE("A range is two numbers from 0 on with a `-` between them."), arena,
                            ret_problem);
    if (last < first)
        return refuse_value(value,
                            SLICE(
                                "The lower boundary must be lower than or equal to the upper boundary in the "
                                "Range header."),
                            arena, ret_problem);
    int64_t behind_first = last - first;
    *ret_range = (struct range){
        .given = true,
        .first = first,
        .rows = last == INT64_MAX ? INT64_MAX : behind_first + 1,
    };
    return OK;
}

void range_refuse_limit(struct slice value, struct problem *ret_problem)
{
    PRE(value.len <= PROBLEM_VALUE_MAX);
    refuse_range(SLICE("bad-page"), SLICE("Limit should be greater than or equal to zero."), ret_problem);
    ret_problem->place = SLICE("limit");
    ret_problem->value = value;
}

void range_refuse_beyond(uint64_t offset, uint64_t total, struct arena *arena, struct problem *ret_problem)
{
    PRE(offset > total);
    struct slice details =
        arena_format(arena, "An offset of %llu was requested, but there are only %llu rows.",
                     (unsigned long long)offset, (unsigned long long)total);
    refuse_range(SLICE("beyond-the-end"), details, ret_problem);
}
