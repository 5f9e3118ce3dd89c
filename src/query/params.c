/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes behind the `?` to names and values. They are cut first and decoded after, so that an encoded `&` or `=` parts
 * nothing; a name or value that is not UTF-8, or holds NUL, is refused. See params.h. */
#include "query/params.h"

#include "http/path.h"

static const struct {
    struct slice name;
    enum slot slot;
} slot_names[] = {
    {SLICE_INIT("select"), SLOT_SELECT},   {SLICE_INIT("fields"), SLOT_SELECT},
    {SLICE_INIT("order"), SLOT_ORDER},     {SLICE_INIT("limit"), SLOT_LIMIT},
    {SLICE_INIT("offset"), SLOT_OFFSET},   {SLICE_INIT("cursor"), SLOT_CURSOR},
    {SLICE_INIT("page"), SLOT_PAGE},       {SLICE_INIT("page_size"), SLOT_PAGE_SIZE},
    {SLICE_INIT("columns"), SLOT_COLUMNS}, {SLICE_INIT("on_conflict"), SLOT_ON_CONFLICT},
};

static unsigned count_params(struct slice query)
{
    unsigned count = query.len > 0;
    for (size_t i = 0; i < query.len; i++)
        count += query.data[i] == '&';
    return count;
}

/* The room: as many bytes as the raw text; decoded text is never longer. Text without escapes is copied too, so that
 * problems and plans hold nothing of the connection's buffer. */
static bool decode(struct build *build, struct slice raw, struct slice name, struct slice *ret_text)
{
    struct slice copy = arena_copy(build->arena, raw);
    if (http_decode_query(copy, (char *)(uintptr_t)copy.data, ret_text))
        return true;
    return refuse(
        build, REFUSE_BAD_ENCODING, name,
        "A parameter is not well encoded: %%XX must be two hexadecimal digits, give UTF-8 and no NUL");
}

static bool check_length(struct build *build, const struct param *param)
{
    size_t max = build_config(build)->query.url_value_bytes;
    if (slice_eq(param->name, SLICE("cursor")) && max < CURSOR_TEXT_MAX)
        max = CURSOR_TEXT_MAX;
    if (param->value.len <= max && param->name.len <= max)
        return true;
    return refuse(build, REFUSE_TOO_MUCH, param->name,
                  "A parameter is longer than the limit `query.value_bytes` of %zu bytes", max);
}

static bool decode_param(struct build *build, struct slice name, struct slice value, struct param *ret_param)
{
    struct param param = {{"", 0}, {NULL, 0}};
    if (!decode(build, name, SLICE(""), &param.name))
        return false;
    if (value.data && !decode(build, value, param.name, &param.value))
        return false;
    if (!check_length(build, &param))
        return false;
    *ret_param = param;
    return true;
}

bool params_parse(struct build *build, struct slice query_string, struct params *ret_params)
{
    PRE(ret_params);
    unsigned max = build_config(build)->query.params, room = count_params(query_string);
    struct params params = {.items = ARENA_ARRAY(build->arena, struct param, (room < max ? room : max) + 1)};
    struct slice rest = query_string, name, value;
    while (http_query_next(&rest, &name, &value)) {
        if (params.count == max)
            return refuse(build, REFUSE_TOO_MUCH, SLICE(""),
                          "More parameters than the limit `query.params` of %u", max);
        if (!decode_param(build, name, value, &params.items[params.count]))
            return false;
        params.count++;
    }
    *ret_params = params;
    return true;
}

bool slot_known(struct slice name, enum slot *ret_slot)
{
    for (size_t i = 0; i < ARRAY_LEN(slot_names); i++) {
        if (!slice_eq(slot_names[i].name, name))
            continue;
        *ret_slot = slot_names[i].slot;
        return true;
    }
    return false;
}

void slots_offer(struct nearest *nearest)
{
    for (size_t i = 0; i < ARRAY_LEN(slot_names); i++)
        if (slot_names[i].slot < SLOT_COLUMNS)
            nearest_offer(nearest, slot_names[i].name);
}

static bool fill_slot(struct build *build, struct slots *slots, enum slot slot, const struct param *param)
{
    PRE(slot < SLOT_COUNT);
    if (slots->given[slot].value.data)
        return refuse(build, REFUSE_REPEATED_PARAMETER, param->name, "`" SLICE_FMT "` is given twice",
                      SLICE_ARG(param->name));
    if (!param->value.data || param->value.len == 0)
        return refuse(build, REFUSE_MISSING_PARAMETER, param->name, "`" SLICE_FMT "` has no value",
                      SLICE_ARG(param->name));
    slots->given[slot] = *param;
    return true;
}

static bool refuse_of_writes(struct build *build, const struct param *param)
{
    refuse(build, REFUSE_UNKNOWN_PARAMETER, param->name, "`" SLICE_FMT "` is a parameter of writes",
           SLICE_ARG(param->name));
    return refuse_hint(build, "A column so named is filtered as `and=(" SLICE_FMT ".eq.…)`",
                       SLICE_ARG(param->name));
}

bool slots_sort(struct build *build, const struct params *params, struct slots *ret_slots)
{
    PRE(ret_slots);
    struct slots slots = {.filters = ARENA_ARRAY(build->arena, struct param, params->count + 1)};
    for (unsigned i = 0; i < params->count; i++) {
        const struct param *param = &params->items[i];
        enum slot slot;
        if (!slot_known(param->name, &slot))
            slots.filters[slots.filter_count++] = *param;
        else if (slot >= SLOT_COLUMNS && !build->writes)
            return refuse_of_writes(build, param);
        else if (!fill_slot(build, &slots, slot, param))
            return false;
    }
    *ret_slots = slots;
    return true;
}
