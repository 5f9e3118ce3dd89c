/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operators, those that are served and those that a later version will serve, and their reading. See operator.h. */
#include "query/operator.h"

static const struct filter_word {
    struct slice word;
    enum filter_op op;
} operators[] = {
    {SLICE_INIT("eq"), FILTER_EQ},     {SLICE_INIT("neq"), FILTER_NEQ},     {SLICE_INIT("gt"), FILTER_GT},
    {SLICE_INIT("gte"), FILTER_GTE},   {SLICE_INIT("lt"), FILTER_LT},       {SLICE_INIT("lte"), FILTER_LTE},
    {SLICE_INIT("like"), FILTER_LIKE}, {SLICE_INIT("ilike"), FILTER_ILIKE}, {SLICE_INIT("in"), FILTER_IN},
    {SLICE_INIT("is"), FILTER_IS},
};

/* Of PostgREST's grammar, but not here yet. */
static const struct slice later_operators[] = {
    SLICE_INIT("match"), SLICE_INIT("imatch"), SLICE_INIT("isdistinct"), SLICE_INIT("fts"),
    SLICE_INIT("plfts"), SLICE_INIT("phfts"),  SLICE_INIT("wfts"),       SLICE_INIT("cs"),
    SLICE_INIT("cd"),    SLICE_INIT("ov"),     SLICE_INIT("sl"),         SLICE_INIT("sr"),
    SLICE_INIT("nxr"),   SLICE_INIT("nxl"),    SLICE_INIT("adj"),
};

enum word_kind { WORD_OTHER, WORD_OPERATOR, WORD_LATER };

static enum word_kind classify(struct slice word, enum filter_op *ret_op)
{
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (!slice_eq(operators[i].word, word))
            continue;
        *ret_op = operators[i].op;
        return WORD_OPERATOR;
    }
    for (size_t i = 0; i < ARRAY_LEN(later_operators); i++)
        if (slice_eq(later_operators[i], word))
            return WORD_LATER;
    return WORD_OTHER;
}

/* `eq(any)` and `fts(english)`: a modifier behind an operator. */
static enum word_kind classify_modified(struct slice word, enum filter_op *ret_op)
{
    struct slice rest = word, bare = slice_cut(&rest, '(');
    if (!rest.data)
        return classify(word, ret_op);
    bool modified = slice_ends(word, SLICE(")")) && classify(bare, ret_op) != WORD_OTHER;
    return modified ? WORD_LATER : WORD_OTHER;
}

static void offer_operators(struct nearest *nearest)
{
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        nearest_offer(nearest, operators[i].word);
}

static bool refuse_operator(struct build *build, const struct param *param, struct slice word)
{
    struct nearest nearest = nearest_begin(word);
    offer_operators(&nearest);
    refuse(build, REFUSE_UNKNOWN_OPERATOR, param->name, "`" SLICE_FMT "` is no operator",
           SLICE_ARG(shown(word)));
    build->problem->value = shown(param->value);
    if (nearest.best.data)
        return refuse_nearest(build, &nearest);
    return refuse_hint(build, "Write `" SLICE_FMT "=eq." SLICE_FMT "` to compare with the whole text",
                       SLICE_ARG(param->name), SLICE_ARG(shown(param->value)));
}

bool operator_refuse_meant(struct build *build, struct slice value)
{
    struct slice rest = value, word = slice_cut(&rest, '.');
    struct nearest nearest = nearest_begin(rest.data ? word : SLICE(""));
    offer_operators(&nearest);
    return refuse_nearest(build, &nearest);
}

static bool refuse_bare(struct build *build, const struct param *param)
{
    struct slice name = param->name, value = shown(param->value);
    refuse(build, REFUSE_OPERATOR_REQUIRED, name,
           "`" SLICE_FMT "=" SLICE_FMT "` has no operator in front of its value", SLICE_ARG(name),
           SLICE_ARG(value));
    build->problem->value = value;
    return refuse_hint(build, "Write `" SLICE_FMT "=eq." SLICE_FMT "`", SLICE_ARG(name), SLICE_ARG(value));
}

static bool refuse_later(struct build *build, const struct param *param, struct slice word)
{
    refuse(build, REFUSE_NOT_YET, param->name, "The operator `" SLICE_FMT "` is not served yet",
           SLICE_ARG(word));
    build->problem->value = shown(param->value);
    return refuse_hint(build, "To compare with a text that begins so, write `" SLICE_FMT "=eq." SLICE_FMT "`",
                       SLICE_ARG(param->name), SLICE_ARG(shown(param->value)));
}

/* Plain manner: what begins with no known operator and a dot is a value to be equal to. */
static bool is_plain_value(const struct build *build, struct slice value)
{
    enum filter_op op;
    struct slice rest = value, word = slice_cut(&rest, '.');
    bool known = rest.data && (classify_modified(word, &op) != WORD_OTHER || slice_eq(word, SLICE("not")));
    return !known && build->context->manner == MANNER_PLAIN;
}

/* operator.operand, behind a `not.` that was taken off. */
static bool read_word(struct build *build, const struct param *param, struct operator_read *read)
{
    struct slice rest = read->operand;
    read->word = slice_cut(&rest, '.');
    if (!rest.data)
        return read->negated ? refuse_operator(build, param, read->word) : refuse_bare(build, param);
    enum word_kind kind = classify_modified(read->word, &read->op);
    if (kind == WORD_OTHER)
        return refuse_operator(build, param, read->word);
    if (kind == WORD_LATER)
        return refuse_later(build, param, read->word);
    read->operand = rest;
    return true;
}

bool operator_read(struct build *build, const struct param *param, struct operator_read *ret_read)
{
    PRE(param->value.data && ret_read);
    struct operator_read read = {.op = FILTER_EQ, .word = SLICE("eq"), .operand = param->value};
    if (!is_plain_value(build, param->value)) {
        read.negated = slice_starts(read.operand, SLICE("not."));
        read.operand = slice_skip(read.operand, read.negated ? 4 : 0);
        if (!read_word(build, param, &read))
            return false;
    }
    *ret_read = read;
    return true;
}
