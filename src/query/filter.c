/* SPDX-License-Identifier: Apache-2.0 */
/* One filter after the other: column, operator, operand. What a later version will understand is refused as not-yet, so that
 * no filter is ever silently left out. See filter.h; lists in parentheses are read in list.c. */
#include "query/filter.h"

#include "query/list.h"
#include "query/sql.h"
#include "query/value.h"

static const struct {
    struct slice word;
    enum is_word is;
} is_words[] = {
    {SLICE_INIT("null"), IS_NULL},   {SLICE_INIT("not_null"), IS_NOT_NULL}, {SLICE_INIT("true"), IS_TRUE},
    {SLICE_INIT("false"), IS_FALSE}, {SLICE_INIT("unknown"), IS_UNKNOWN},
};

/* A filter on its way to a condition. */
struct reading {
    struct build *build;
    const struct param *param;
    struct condition *condition;
    struct operator_read head; /* what stands in front of the value */
};

/* --- operators and types --- */

static bool compares_equal(const struct reading *reading, const struct type *type)
{
    bool sqlite = reading->build->sql == &sql_sqlite;
    if (type->kind == VALUE_JSON)
        return !sqlite && slice_eq(type->name, SLICE("jsonb"));
    if (type->kind == VALUE_DYNAMIC)
        return false;
    return type->kind != VALUE_OTHER || type->orderable || type->is_array;
}

static bool operator_fits(const struct reading *reading, const struct type *type)
{
    enum is_word is = reading->condition->is;
    bool blob_list = type->kind == VALUE_BYTEA && reading->build->sql == &sql_sqlite;
    switch (reading->condition->op) {
    case FILTER_LIKE:
    case FILTER_ILIKE:
        return type->kind == VALUE_TEXT;
    case FILTER_EQ:
    case FILTER_NEQ:
        return compares_equal(reading, type);
    case FILTER_IN:
        return compares_equal(reading, type) && !type->is_array && !blob_list;
    case FILTER_IS:
        return is == IS_NULL || is == IS_NOT_NULL || type->kind == VALUE_BOOL;
    default:
        return type->orderable;
    }
}

static bool check_operator(struct reading *reading)
{
    const struct column *column = reading->condition->column;
    if (operator_fits(reading, &column->type))
        return true;
    bool is = reading->condition->op == FILTER_IS;
    struct slice word = is ? reading->param->value : reading->head.word;
    refuse(reading->build, REFUSE_WRONG_OPERATOR, reading->param->name,
           "`" SLICE_FMT "` cannot be used on `" SLICE_FMT "`, which is of type " SLICE_FMT,
           SLICE_ARG(shown(word)), SLICE_ARG(column->name), SLICE_ARG(column->type.name));
    reading->build->problem->column = column->name;
    return false;
}

/* --- operands --- */

bool refuse_value(struct build *build, struct slice name, struct slice value,
                  const struct value_refusal *refusal)
{
    refuse(build, REFUSE_WRONG_TYPE, name,
           "`" SLICE_FMT "` is not a value for `" SLICE_FMT "`: expected " SLICE_FMT, SLICE_ARG(shown(value)),
           SLICE_ARG(shown(name)), SLICE_ARG(refusal->expected));
    build->problem->value = shown(value);
    return refuse_nearest(build, &refusal->nearest);
}

static bool read_value(struct reading *reading, struct slice text, struct bind *ret_bind)
{
    struct build *build = reading->build;
    const struct column *column = reading->condition->column;
    struct value_scope scope = {build->arena, build->context->model->catalog->dialect, build->context->now};
    struct value_refusal refusal;
    if (value_parse(&scope, &column->type, text, ret_bind, &refusal))
        return true;
    refuse_value(build, column->name, text, &refusal);
    build->problem->place = reading->param->name;
    build->problem->column = column->name;
    bool whole = slice_eq(text, reading->param->value); /* no operator stood before it */
    return whole && !refusal.nearest.best.data && operator_refuse_meant(build, text);
}

static bool read_is(struct reading *reading)
{
    for (size_t i = 0; i < ARRAY_LEN(is_words); i++) {
        if (!slice_eq_nocase(is_words[i].word, reading->head.operand))
            continue;
        reading->condition->is = is_words[i].is;
        return true;
    }
    struct nearest nearest = nearest_begin(reading->head.operand);
    for (size_t i = 0; i < ARRAY_LEN(is_words); i++)
        nearest_offer(&nearest, is_words[i].word);
    refuse(reading->build, REFUSE_UNKNOWN_OPERATOR, reading->param->name,
           "`is." SLICE_FMT "`: `is` takes null, not_null, true, false or unknown",
           SLICE_ARG(shown(reading->head.operand)));
    return refuse_nearest(reading->build, &nearest);
}

static bool read_in(struct reading *reading)
{
    struct build *build = reading->build;
    struct slice *texts;
    unsigned count;
    if (!list_parse(build, reading->param->name, reading->head.operand, &texts, &count))
        return false;
    struct bind *binds = ARENA_ARRAY(build->arena, struct bind, count + 1);
    for (unsigned i = 0; i < count; i++)
        if (!read_value(reading, texts[i], &binds[i]))
            return false;
    reading->condition->bind = build->sql->list(build->arena, binds, count);
    return true;
}

static bool read_pattern(struct reading *reading)
{
    struct slice pattern;
    if (!pattern_parse(reading->build, reading->param->name, reading->head.operand, &pattern))
        return false;
    reading->condition->bind = bind_text(reading->build->arena, pattern);
    return true;
}

static bool read_operand(struct reading *reading)
{
    struct condition *condition = reading->condition;
    switch (condition->op) {
    case FILTER_IS:
        return true; /* read_is has been there: the type is checked with its word */
    case FILTER_IN:
        return read_in(reading);
    case FILTER_LIKE:
    case FILTER_ILIKE:
        return read_pattern(reading);
    default:
        return read_value(reading, reading->head.operand, &condition->bind);
    }
}

/* --- a filter, all filters --- */

/* `any: {status: all}`: ?status=all filters nothing. */
static bool is_any_word(const struct resource *resource, const struct column *column, struct slice value)
{
    for (unsigned i = 0; i < resource->any_count; i++)
        if (resource->any[i].column == column && slice_eq(resource->any[i].word, value))
            return true;
    return false;
}

/* A mistyped name may have been meant for a parameter as well as for a column. */
static bool refuse_name(struct build *build, const struct param *param)
{
    const struct column *column;
    if (build_column(build, param->name, param->name, &column))
        UNREACHABLE("the name was not found a moment ago");
    if (build->problem->nearest.data)
        return false;
    struct nearest nearest = nearest_begin(param->name);
    slots_offer(&nearest);
    return refuse_nearest(build, &nearest);
}

static bool parse_filter(struct build *build, const struct param *param, struct condition *condition,
                         bool *ret_filters)
{
    struct reading reading = {.build = build, .param = param, .condition = condition};
    condition->column = resource_column(build->resource, param->name);
    if (!condition->column)
        return refuse_name(build, param);
    if (!param->value.data)
        return refuse(build, REFUSE_MISSING_PARAMETER, param->name, "`" SLICE_FMT "` has no value",
                      SLICE_ARG(param->name));
    *ret_filters = !is_any_word(build->resource, condition->column, param->value);
    if (!*ret_filters)
        return true;
    if (!operator_read(build, param, &reading.head))
        return false;
    condition->op = reading.head.op;
    condition->negated = reading.head.negated;
    if (condition->op == FILTER_IS && !read_is(&reading))
        return false;
    if (!check_operator(&reading) || !read_operand(&reading))
        return false;
    bool relative =
        condition->op < FILTER_LIKE && value_is_relative(&condition->column->type, reading.head.operand);
    condition->words = relative ? reading.head.operand : condition->bind.text;
    return true;
}

static bool comes_before(const struct condition *a, const struct condition *b)
{
    if (a->column->position != b->column->position)
        return a->column->position < b->column->position;
    if (a->op != b->op)
        return a->op < b->op;
    return a->negated < b->negated;
}

/* Insertion: there are few, and equal ones stay as they came. */
static void insert_sorted(struct conditions *conditions, const struct condition *condition)
{
    unsigned at = conditions->count++;
    for (; at > 0 && comes_before(condition, &conditions->items[at - 1]); at--)
        conditions->items[at] = conditions->items[at - 1];
    conditions->items[at] = *condition;
}

bool filters_parse(struct build *build, const struct param *filters, unsigned count,
                   struct conditions *ret_conditions)
{
    PRE(build->resource && ret_conditions);
    unsigned max = build_config(build)->query.conditions;
    if (count > max)
        return refuse(build, REFUSE_TOO_MUCH, SLICE(""),
                      "More filters than the limit `query.conditions` of %u", max);
    struct conditions conditions = {.items = ARENA_ARRAY(build->arena, struct condition, count + 1)};
    for (unsigned i = 0; i < count; i++) {
        struct condition condition = {0};
        bool filters_something = true;
        if (!parse_filter(build, &filters[i], &condition, &filters_something))
            return false;
        if (filters_something)
            insert_sorted(&conditions, &condition);
    }
    *ret_conditions = conditions;
    return true;
}

bool conditions_pin(const struct conditions *conditions, const struct column *column)
{
    for (unsigned i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->items[i];
        if (condition->column == column && condition->op == FILTER_EQ && !condition->negated)
            return true;
    }
    return false;
}

void conditions_write_key(const struct conditions *conditions, struct text *key)
{
    for (unsigned i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->items[i];
        text_byte(key, '&');
        text_add(key, condition->column->name);
        text_byte(key, condition->negated ? '!' : '=');
        text_byte(key, (char)('a' + (int)condition->op));
        text_byte(key, (char)('a' + (int)condition->is));
        text_uint(key, condition->words.len);
        text_byte(key, ':');
        text_add(key, condition->words);
    }
}
