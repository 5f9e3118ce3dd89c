/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operators, and their reading. See operator.h. */
#include "query/operator.h"

static const struct filter_word {
    struct slice word, sign, search;
    bool quantifies;
} operators[FILTER_COUNT] = {
    [FILTER_EQ] = {SLICE_INIT("eq"), SLICE_INIT("="), {0}, true},
    [FILTER_NEQ] = {SLICE_INIT("neq"), SLICE_INIT("<>"), {0}, true},
    [FILTER_GT] = {SLICE_INIT("gt"), SLICE_INIT(">"), {0}, true},
    [FILTER_GTE] = {SLICE_INIT("gte"), SLICE_INIT(">="), {0}, true},
    [FILTER_LT] = {SLICE_INIT("lt"), SLICE_INIT("<"), {0}, true},
    [FILTER_LTE] = {SLICE_INIT("lte"), SLICE_INIT("<="), {0}, true},
    [FILTER_LIKE] = {SLICE_INIT("like"), SLICE_INIT("~~"), {0}, true},
    [FILTER_ILIKE] = {SLICE_INIT("ilike"), SLICE_INIT("~~*"), {0}, true},
    [FILTER_MATCH] = {SLICE_INIT("match"), SLICE_INIT("~"), {0}, true},
    [FILTER_IMATCH] = {SLICE_INIT("imatch"), SLICE_INIT("~*"), {0}, true},
    [FILTER_IN] = {SLICE_INIT("in"), {0}, {0}, false},
    [FILTER_IS] = {SLICE_INIT("is"), {0}, {0}, false},
    [FILTER_ISDISTINCT] = {SLICE_INIT("isdistinct"), {0}, {0}, false},
    [FILTER_FTS] = {SLICE_INIT("fts"), SLICE_INIT("@@"), SLICE_INIT("to_tsquery"), false},
    [FILTER_PLFTS] = {SLICE_INIT("plfts"), SLICE_INIT("@@"), SLICE_INIT("plainto_tsquery"), false},
    [FILTER_PHFTS] = {SLICE_INIT("phfts"), SLICE_INIT("@@"), SLICE_INIT("phraseto_tsquery"), false},
    [FILTER_WFTS] = {SLICE_INIT("wfts"), SLICE_INIT("@@"), SLICE_INIT("websearch_to_tsquery"), false},
    [FILTER_CS] = {SLICE_INIT("cs"), SLICE_INIT("@>"), {0}, false},
    [FILTER_CD] = {SLICE_INIT("cd"), SLICE_INIT("<@"), {0}, false},
    [FILTER_OV] = {SLICE_INIT("ov"), SLICE_INIT("&&"), {0}, false},
    [FILTER_SL] = {SLICE_INIT("sl"), SLICE_INIT("<<"), {0}, false},
    [FILTER_SR] = {SLICE_INIT("sr"), SLICE_INIT(">>"), {0}, false},
    [FILTER_NXR] = {SLICE_INIT("nxr"), SLICE_INIT("&<"), {0}, false},
    [FILTER_NXL] = {SLICE_INIT("nxl"), SLICE_INIT("&>"), {0}, false},
    [FILTER_ADJ] = {SLICE_INIT("adj"), SLICE_INIT("-|-"), {0}, false},
};

struct slice operator_sign(enum filter_op op)
{
    PRE((unsigned)op < FILTER_COUNT);
    return operators[op].sign;
}

struct slice operator_search(enum filter_op op)
{
    PRE(operator_is_search(op));
    return operators[op].search;
}

static bool find_operator(struct slice word, enum filter_op *ret_op)
{
    for (unsigned i = 0; i < FILTER_COUNT; i++) {
        if (!slice_eq(operators[i].word, word))
            continue;
        *ret_op = (enum filter_op)i;
        return true;
    }
    return false;
}

/* `english`: a name as SQL has it without quotes. */
static bool is_language(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i], letter = (char)(c | 0x20);
        if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return name.len > 0 && name.len <= NAME_BYTES_MAX;
}

/* `eq`, `eq(any)`, `fts(english)`: the operator and what stands in parentheses behind it. */
static bool read_modified(struct slice word, struct operator_read *read)
{
    struct slice rest = word, bare = slice_cut(&rest, '(');
    if (!find_operator(bare, &read->op))
        return false;
    if (!rest.data)
        return true;
    if (!slice_ends(rest, SLICE(")")))
        return false;
    struct slice modifier = slice_of(rest.data, rest.len - 1);
    if (operator_is_search(read->op)) {
        read->config = modifier;
        return is_language(modifier);
    }
    bool any = slice_eq_nocase(modifier, SLICE("any"));
    read->quantifier = any ? QUANTIFIER_ANY : QUANTIFIER_ALL;
    return operators[read->op].quantifies && (any || slice_eq_nocase(modifier, SLICE("all")));
}

static void offer_operators(struct nearest *nearest)
{
    for (unsigned i = 0; i < FILTER_COUNT; i++)
        nearest_offer(nearest, operators[i].word);
}

static bool refuse_operator(struct build *build, const struct param *param, struct slice word)
{
    struct slice rest = word;
    struct nearest nearest = nearest_begin(slice_cut(&rest, '('));
    offer_operators(&nearest);
    refuse(build, REFUSE_UNKNOWN_OPERATOR, param->name, "`" SLICE_FMT "` is no operator",
           SLICE_ARG(shown(word)));
    build->problem->value = shown(param->value);
    if (rest.data)
        return refuse_hint(
            build,
            "In parentheses stand `any` or `all` behind eq, neq, gt, gte, lt, lte, like, ilike, match and "
            "imatch, and a language behind fts, plfts, phfts and wfts");
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

/* Plain manner: what begins with no known operator and a dot is a value to be equal to. */
static bool is_plain_value(struct slice value)
{
    struct operator_read read = {0};
    struct slice rest = value, word = slice_cut(&rest, '.');
    return !rest.data || (!read_modified(word, &read) && !slice_eq(word, SLICE("not")));
}

bool operator_begins(struct slice value)
{
    return !is_plain_value(value);
}

/* operator.operand, behind a `not.` that was taken off. */
static bool read_word(struct build *build, const struct param *param, struct operator_read *read)
{
    struct slice rest = read->operand;
    read->word = slice_cut(&rest, '.');
    if (!rest.data)
        return read->negated ? refuse_operator(build, param, read->word) : refuse_bare(build, param);
    if (!read_modified(read->word, read))
        return refuse_operator(build, param, read->word);
    read->operand = rest;
    return true;
}

bool operator_read(struct build *build, const struct param *param, bool bare, struct operator_read *ret_read)
{
    PRE(param->value.data && ret_read);
    struct operator_read read = {.op = FILTER_EQ, .word = SLICE("eq"), .operand = param->value};
    if (!bare || !is_plain_value(param->value)) {
        read.negated = slice_starts(read.operand, SLICE("not."));
        read.operand = slice_skip(read.operand, read.negated ? 4 : 0);
        if (!read_word(build, param, &read))
            return false;
    }
    *ret_read = read;
    return true;
}
