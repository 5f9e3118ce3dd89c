/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of paging, checked and put together. See paging.h; doc/reading.md says it to users. */
#include "query/paging.h"

#include "query/level.h"

static bool is_given(const struct slots *slots, enum slot slot)
{
    return slots->given[slot].value.data != NULL;
}

static bool refuse_number(struct build *build, const struct param *param, int64_t low)
{
    refuse(build, REFUSE_BAD_PAGE, param->name,
           "`" SLICE_FMT "` must be an integer from %lld on, not `" SLICE_FMT "`", SLICE_ARG(param->name),
           (long long)low, SLICE_ARG(shown(param->value)));
    build->problem->value = shown(param->value);
    return false;
}

/* PostgREST's limit below 0 is a range that cannot be given; its offset below 0 is none. */
static bool read_too_low(struct build *build, enum slot slot, const struct param *param, int64_t low)
{
    if (build->context->manner != MANNER_POSTGREST || low > 0)
        return refuse_number(build, param, low);
    if (slot == SLOT_OFFSET)
        return true;
    range_refuse_limit(shown(param->value), build->problem);
    return false;
}

static bool read_number(struct build *build, const struct slots *slots, enum slot slot, int64_t low,
                        int64_t *number)
{
    PRE(slot < SLOT_COUNT);
    const struct param *param = &slots->given[slot];
    int64_t value;
    if (!is_given(slots, slot))
        return true;
    if (!slice_to_int(slice_trim(param->value), &value))
        return refuse_number(build, param, low);
    if (value < low)
        return read_too_low(build, slot, param, low);
    *number = value;
    return true;
}

static bool refuse_both(struct build *build, const struct slots *slots, enum slot one, enum slot other)
{
    return refuse(build, REFUSE_CONFLICTING_PARAMETERS, slots->given[other].name,
                  "`" SLICE_FMT "` and `" SLICE_FMT "` cannot be used together",
                  SLICE_ARG(slots->given[one].name), SLICE_ARG(slots->given[other].name));
}

static bool check_conflicts(struct build *build, const struct slots *slots)
{
    static const enum slot pairs[][2] = {{SLOT_CURSOR, SLOT_OFFSET},
                                         {SLOT_CURSOR, SLOT_PAGE},
                                         {SLOT_PAGE, SLOT_OFFSET},
                                         {SLOT_LIMIT, SLOT_PAGE_SIZE}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (is_given(slots, pairs[i][0]) && is_given(slots, pairs[i][1]))
            return refuse_both(build, slots, pairs[i][0], pairs[i][1]);
    return true;
}

enum { EXPORT_ROWS_MAX = 1000000 };

static unsigned limit_max(const struct build *build, const struct page_policy *policy)
{
    if (!build->context->exports)
        return policy->max;
    return policy->export_max ? policy->export_max : EXPORT_ROWS_MAX;
}

/* What no number was given for: PostgREST's lists are as long as they may be, exports without end. */
static int64_t default_limit(const struct build *build, const struct page_policy *policy)
{
    if (build->context->exports)
        return INT64_MAX;
    return build->context->manner == MANNER_POSTGREST ? policy->max : policy->size;
}

/* The range of the head, where the query string does not say which page. */
static bool take_range(const struct build *build, const struct slots *slots, int64_t *limit, int64_t *offset)
{
    const struct range *range = &build->context->range;
    for (enum slot slot = SLOT_LIMIT; slot <= SLOT_PAGE_SIZE; slot++)
        if (is_given(slots, slot))
            return false;
    if (!range->given)
        return false;
    *limit = range->rows < INT64_MAX ? range->rows : *limit;
    *offset = range->first;
    return true;
}

bool paging_parse(struct build *build, const struct slots *slots, const struct page_policy *policy,
                  struct plan *plan)
{
    PRE(policy->max > 0 && plan->limit == 0);
    bool postgrest = build->context->manner == MANNER_POSTGREST;
    int64_t limit = default_limit(build, policy), page = 1, offset = 0;
    if (!check_conflicts(build, slots) || !read_number(build, slots, SLOT_LIMIT, postgrest ? 0 : 1, &limit) ||
        !read_number(build, slots, SLOT_PAGE_SIZE, 1, &limit) ||
        !read_number(build, slots, SLOT_PAGE, 1, &page) ||
        !read_number(build, slots, SLOT_OFFSET, 0, &offset))
        return false;
    bool ranged = take_range(build, slots, &limit, &offset);
    unsigned max = limit_max(build, policy);
    plan->capped = limit > max;
    plan->limit = plan->capped ? max : (unsigned)limit;
    bool numbered =
        is_given(slots, SLOT_PAGE) || is_given(slots, SLOT_PAGE_SIZE) || policy->by == PAGE_BY_NUMBER;
    plan->by_offset = ranged || is_given(slots, SLOT_OFFSET);
    plan->by_number = plan->by_offset || (numbered && !is_given(slots, SLOT_CURSOR));
    if (is_given(slots, SLOT_PAGE) && __builtin_mul_overflow(page - 1, (int64_t)plan->limit, &offset))
        return refuse_number(build, &slots->given[SLOT_PAGE], 1);
    plan->offset = (uint64_t)offset;
    plan->page =
        is_given(slots, SLOT_PAGE) || plan->limit == 0 ? (uint64_t)page : plan->offset / plan->limit + 1;
    POST(plan->page > 0 && plan->limit <= max);
    return true;
}

bool paging_parse_child(struct build *build, const struct param *param, bool is_offset)
{
    struct level *level = build->level;
    PRE(level && level->parent && param->value.data);
    bool *given = is_offset ? &level->offset_given : &level->limit_given;
    int64_t number;
    if (*given)
        return refuse(build, REFUSE_REPEATED_PARAMETER, param->name, "`" SLICE_FMT "` is given twice",
                      SLICE_ARG(param->name));
    if (!slice_to_int(slice_trim(param->value), &number) || number < 0)
        return refuse_number(build, param, 0);
    *given = true;
    unsigned max = level->resource->config->page.max;
    if (is_offset)
        level->offset = (uint64_t)number;
    else
        level->limit = number > max ? max : (unsigned)number;
    return true;
}
