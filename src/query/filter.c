/* SPDX-License-Identifier: Apache-2.0 */
/* One filter after the other: the level it belongs to, column, operator, operand. What cannot be had is refused in so many words: no
 * filter is ever silently left out. See filter.h; groups are read in group.c, lists in list.c. */
#include "query/filter.h"

#include "query/level.h"
#include "query/list.h"
#include "query/operand.h"
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

static bool is_sqlite(const struct reading *reading)
{
    return reading->build->sql == &sql_sqlite;
}

static bool compares_equal(const struct reading *reading, const struct type *type)
{
    bool sqlite = is_sqlite(reading);
    if (type->kind == VALUE_JSON)
        return !sqlite && slice_eq(type->name, SLICE("jsonb"));
    if (type->kind == VALUE_DYNAMIC)
        return false;
    return type->kind != VALUE_OTHER || type->orderable || type->is_array;
}

static bool takes_lists(const struct reading *reading, const struct type *type)
{
    return !type->is_array && !(type->kind == VALUE_BYTEA && is_sqlite(reading));
}

/* tsvector, and what to_tsvector() takes. */
static bool is_searchable(const struct type *type)
{
    return type->kind == VALUE_TEXT || type->kind == VALUE_JSON || slice_eq(type->name, SLICE("tsvector"));
}

/* Ranges, and other types of PostgreSQL whose operators are not known here: it has the last word. */
static bool is_range(const struct type *type)
{
    return type->kind == VALUE_OTHER && !type->is_array;
}

static bool operator_fits(const struct reading *reading, const struct type *type)
{
    enum is_word is = reading->condition->is;
    switch (reading->condition->op) {
    case FILTER_LIKE:
    case FILTER_ILIKE:
    case FILTER_MATCH:
    case FILTER_IMATCH:
        return type->kind == VALUE_TEXT;
    case FILTER_EQ:
    case FILTER_NEQ:
    case FILTER_ISDISTINCT:
        return compares_equal(reading, type);
    case FILTER_IN:
        return compares_equal(reading, type) && takes_lists(reading, type);
    case FILTER_IS:
        return is == IS_NULL || is == IS_NOT_NULL || type->kind == VALUE_BOOL;
    case FILTER_FTS:
    case FILTER_PLFTS:
    case FILTER_PHFTS:
    case FILTER_WFTS:
        return is_searchable(type);
    case FILTER_CS:
    case FILTER_CD:
        return type->is_array || is_range(type) || slice_eq(type->name, SLICE("jsonb"));
    case FILTER_OV:
        return type->is_array || is_range(type);
    case FILTER_SL:
    case FILTER_SR:
    case FILTER_NXR:
    case FILTER_NXL:
    case FILTER_ADJ:
        return is_range(type);
    default:
        return type->orderable;
    }
}

/* Regular expressions, text search, arrays and ranges. */
static bool is_postgresqls(enum filter_op op)
{
    return op == FILTER_MATCH || op == FILTER_IMATCH || operator_is_search(op) ||
           (op >= FILTER_CS && op < FILTER_COUNT);
}

static bool refuse_on_sqlite(struct reading *reading)
{
    refuse(reading->build, REFUSE_WRONG_OPERATOR, reading->param->name,
           "`" SLICE_FMT "` is not to be had on SQLite, only on PostgreSQL",
           SLICE_ARG(shown(reading->head.word)));
    reading->build->problem->column = reading->condition->column->name;
    return false;
}

static bool check_operator(struct reading *reading)
{
    const struct column *column = reading->condition->column;
    if (is_sqlite(reading) && is_postgresqls(reading->condition->op))
        return refuse_on_sqlite(reading);
    if (operator_fits(reading, &column->type) &&
        (reading->condition->quantifier == QUANTIFIER_NONE || takes_lists(reading, &column->type)))
        return true;
    bool is = reading->condition->op == FILTER_IS;
    struct slice word = is ? reading->param->value : reading->head.word;
    refuse(reading->build, REFUSE_WRONG_OPERATOR, reading->param->name,
           "`" SLICE_FMT "` cannot be used on `" SLICE_FMT "`, which is of %stype " SLICE_FMT,
           SLICE_ARG(shown(word)), SLICE_ARG(column->name), is_sqlite(reading) ? "SQLite's " : "",
           SLICE_ARG(column->type.name));
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

static bool read_pattern(struct reading *reading, struct slice text, struct bind *ret_bind)
{
    struct slice pattern = text;
    bool like = reading->condition->op == FILTER_LIKE || reading->condition->op == FILTER_ILIKE;
    if (like && !pattern_parse(reading->build, reading->param->name, text, &pattern))
        return false;
    *ret_bind = bind_text(reading->build->arena, pattern);
    return true;
}

static bool takes_text(enum filter_op op)
{
    return (op >= FILTER_LIKE && op <= FILTER_IMATCH) || operator_is_search(op);
}

static bool read_one(struct reading *reading, struct slice text, struct bind *ret_bind)
{
    return takes_text(reading->condition->op) ? read_pattern(reading, text, ret_bind)
                                              : read_value(reading, text, ret_bind);
}

static bool read_list(struct reading *reading, const char *brackets)
{
    struct build *build = reading->build;
    struct slice *texts;
    unsigned count;
    if (!list_parse(build, reading->param->name, reading->head.operand, brackets, &texts, &count))
        return false;
    struct bind *binds = ARENA_ARRAY(build->arena, struct bind, count + 1);
    for (unsigned i = 0; i < count; i++)
        if (!read_one(reading, texts[i], &binds[i]))
            return false;
    reading->condition->bind = build->sql->list(build->arena, binds, count);
    return true;
}

static bool read_operand(struct reading *reading)
{
    struct condition *condition = reading->condition;
    if (condition->op == FILTER_IS)
        return true; /* read_is has been there: the type is checked with its word */
    if (condition->op == FILTER_IN)
        return read_list(reading, "()");
    if (condition->quantifier != QUANTIFIER_NONE)
        return read_list(reading, "{}");
    return read_one(reading, reading->head.operand, &condition->bind);
}

/* --- a filter, all filters --- */

/* `any: {status: all}`: ?status=all filters nothing. */
static bool is_any_word(const struct resource *resource, const struct column *column, struct slice value)
{
    for (unsigned i = 0; i < resource->any_count; i++)
        if (resource->any[i].column->position == column->position && !column->computed &&
            slice_eq(resource->any[i].word, value))
            return true;
    return false;
}

/* A mistyped name may have been meant for a column, for embedded rows, or for a parameter. */
static bool refuse_name(struct build *build, const struct param *param)
{
    struct slice rest = param->name, first = slice_cut(&rest, '.');
    (void)refuse_column(build, param->name, param->name);
    if (build->problem->nearest.data)
        return false;
    if (rest.data && first.len > 0)
        return refuse_not_embedded(build, first, param->name);
    struct nearest nearest = nearest_begin(param->name);
    for (const struct level *child = build->level->children; child; child = child->next)
        nearest_offer(&nearest, child->name);
    slots_offer(&nearest);
    return refuse_nearest(build, &nearest);
}

/* `flags=is.null`, `flags=not.is.null`: rows with none of these, rows with some. */
static bool read_child(struct build *build, const struct param *param, struct level *child,
                       struct condition *ret_condition)
{
    struct operator_read head;
    if (!operator_read(build, param, false, &head))
        return false;
    bool null = slice_eq_nocase(head.operand, SLICE("null"));
    if (head.op != FILTER_IS || (!null && !slice_eq_nocase(head.operand, SLICE("not_null")))) {
        refuse(build, REFUSE_WRONG_OPERATOR, param->name,
               "`" SLICE_FMT "` are embedded rows: they are filtered by `is.null` and `not.is.null`",
               SLICE_ARG(shown(param->name)));
        return refuse_hint(build, "For a column of theirs write `" SLICE_FMT ".column=…`",
                           SLICE_ARG(shown(param->name)));
    }
    *ret_condition =
        (struct condition){.kind = CONDITION_EXISTS, .child = child, .negated = null != head.negated};
    return true;
}

static bool count_condition(struct build *build)
{
    unsigned max = build_config(build)->query.conditions;
    if (build->trusted || ++build->counts->conditions <= max)
        return true;
    return refuse(build, REFUSE_TOO_MUCH, SLICE(""), "More filters than the limit `query.conditions` of %u",
                  max);
}

static bool read_test(struct reading *reading, bool bare)
{
    struct build *build = reading->build;
    struct condition *condition = reading->condition;
    if (!operator_read(build, reading->param, bare, &reading->head))
        return false;
    condition->op = reading->head.op;
    condition->negated = reading->head.negated;
    condition->quantifier = reading->head.quantifier;
    condition->config = reading->head.config;
    if (condition->op == FILTER_IS && !read_is(reading))
        return false;
    if (!check_operator(reading) || !read_operand(reading))
        return false;
    bool relative = condition->op < FILTER_LIKE && condition->quantifier == QUANTIFIER_NONE &&
                    value_is_relative(&condition->column->type, reading->head.operand);
    condition->words = relative ? reading->head.operand : condition->bind.text;
    return true;
}

bool filter_parse(struct build *build, const struct param *param, bool bare, struct condition *ret_condition,
                  bool *ret_filters)
{
    PRE(build->level && ret_condition);
    struct reading reading = {.build = build, .param = param, .condition = ret_condition};
    *ret_filters = true;
    if (!count_condition(build))
        return false;
    struct level *child = NULL;
    if (!operand_find(build, param->name, &ret_condition->column))
        return false;
    if (!ret_condition->column && !(child = level_child(build->level, param->name)))
        return refuse_name(build, param);
    if (!param->value.data)
        return refuse(build, REFUSE_MISSING_PARAMETER, param->name, "`" SLICE_FMT "` has no value",
                      SLICE_ARG(param->name));
    if (child)
        return read_child(build, param, child, ret_condition);
    *ret_filters = !is_any_word(build->resource, ret_condition->column, param->value);
    return !*ret_filters || read_test(&reading, bare);
}
