/* SPDX-License-Identifier: Apache-2.0 */
/* CHECK expressions: their tokens read part by part. See check.h. What is not understood ends the reading of its part. */
#include "openapi/check.h"

#include "openapi/doc.h"
#include "openapi/token.h"

#define VALUES_MAX 256

/* ---- reading ---- */

/* A piece of an expression, and what it may speak of. */
struct part {
    struct arena *arena;
    const struct table *table;
    struct bounds *bounds;
    const struct token *at, *end;
    const struct column *only; /* say nothing of other columns; NULL: of all */
};

enum operand_kind { OPERAND_COLUMN, OPERAND_LENGTH, OPERAND_NUMBER, OPERAND_TEXT };

struct operand {
    enum operand_kind kind;
    const struct column *column; /* COLUMN, LENGTH */
    struct slice text;           /* NUMBER, TEXT */
};

static bool take_sign(struct part *part, const char *sign)
{
    if (part->at == part->end || !token_is_sign(part->at, sign))
        return false;
    part->at++;
    return true;
}

static bool take_word(struct part *part, const char *word)
{
    if (part->at == part->end || !token_is_word(part->at, word))
        return false;
    part->at++;
    return true;
}

static const struct column *take_column(struct part *part)
{
    if (part->at == part->end || part->at->kind > TOKEN_QUOTED_NAME)
        return NULL;
    bool call = part->at + 1 < part->end && token_is_sign(part->at + 1, "(");
    for (unsigned i = 0; i < part->table->column_count && !call; i++) {
        const struct column *column = &part->table->columns[i];
        bool same = part->at->kind == TOKEN_NAME ? slice_eq_nocase(column->name, part->at->text)
                                                 : slice_eq(column->name, part->at->text);
        if (same) {
            part->at++;
            return column;
        }
    }
    return NULL;
}

/* Casts that leave a column's value what it is: PostgreSQL writes them itself. */
static bool keeps_value(struct slice first, unsigned words)
{
    static const char *const types[] = {"text", "numeric", "double", "character", "bpchar"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (slice_eq(first, slice_str(types[i])) && words <= 2)
            return true;
    return false;
}

/* `::character varying`, `::text[]`. False: one that may change a column's value. */
static bool take_casts(struct part *part, bool of_column)
{
    while (take_sign(part, "::")) {
        const struct token *first = part->at;
        while (part->at < part->end && part->at->kind == TOKEN_NAME && part->at - first < 4)
            part->at++;
        if (part->at == first || (of_column && !keeps_value(first->text, (unsigned)(part->at - first))))
            return false;
        if (part->at < part->end && token_is_sign(part->at, "(")) {
            if (of_column)
                return false;
            while (part->at < part->end && !token_is_sign(part->at, ")"))
                part->at++;
            part->at += part->at < part->end;
        }
        if (take_sign(part, "[") && !take_sign(part, "]"))
            return false;
    }
    return true;
}

static bool take_operand(struct part *part, struct operand *ret_operand);

static bool take_length(struct part *part, struct operand *ret_operand)
{
    struct operand inner;
    if (!take_word(part, "length") && !take_word(part, "char_length") && !take_word(part, "character_length"))
        return false;
    if (!take_sign(part, "(") || !take_operand(part, &inner) || !take_sign(part, ")"))
        return false;
    *ret_operand = (struct operand){.kind = OPERAND_LENGTH, .column = inner.column};
    return inner.kind == OPERAND_COLUMN;
}

static bool take_constant(struct part *part, struct operand *ret_operand)
{
    bool minus = take_sign(part, "-");
    if (part->at == part->end ||
        (part->at->kind != TOKEN_NUMBER && (minus || part->at->kind != TOKEN_STRING)))
        return false;
    ret_operand->kind = part->at->kind == TOKEN_NUMBER ? OPERAND_NUMBER : OPERAND_TEXT;
    ret_operand->text =
        minus ? arena_format(part->arena, "-" SLICE_FMT, SLICE_ARG(part->at->text)) : part->at->text;
    part->at++;
    return true;
}

static bool take_operand(struct part *part, struct operand *ret_operand)
{
    struct operand operand = {.kind = OPERAND_COLUMN};
    const struct token *from = part->at;
    if (take_sign(part, "(")) {
        if (!take_operand(part, &operand) || !take_sign(part, ")"))
            return false;
    } else if ((operand.column = take_column(part)) == NULL) {
        if (!take_length(part, &operand)) {
            part->at = from;
            if (!take_constant(part, &operand))
                return false;
        }
    }
    *ret_operand = operand;
    return take_casts(part, operand.column != NULL);
}

/* ---- what was read, as bounds ---- */

static struct bounds *bounds_of(const struct part *part, const struct column *column)
{
    return part->only && part->only != column ? NULL : &part->bounds[column->position];
}

/* Whose values are compared as they are: no blanks that a char(n) adds, no collation that takes two for one. */
static bool is_text(const struct column *column)
{
    return column->type.kind == VALUE_TEXT && column->deterministic;
}

/* A constant for a number's column. SQLite's DECIMAL is compared as a scaled integer, so of it only 0 means what it says. */
static bool is_number_for(const struct column *column, const struct operand *constant)
{
    bool zero = slice_eq(constant->text, SLICE("0"));
    return type_is_number(&column->type) && doc_is_number(constant->text) &&
           (column->type.kind != VALUE_DECIMAL || zero);
}

static void bound_number(struct bounds *bounds, struct slice sign, struct slice number)
{
    bool equal = slice_eq(sign, SLICE("=")) || slice_eq(sign, SLICE("=="));
    if (sign.data[0] == '>' || equal) {
        bounds->low = number;
        bounds->above_low = sign.len == 1 && !equal;
    }
    if ((sign.data[0] == '<' && !slice_eq(sign, SLICE("<>"))) || equal) {
        bounds->high = number;
        bounds->below_high = sign.len == 1 && !equal;
    }
}

static void bound_length(struct bounds *bounds, struct slice sign, struct slice number)
{
    int64_t length;
    bool equal = slice_eq(sign, SLICE("=")) || slice_eq(sign, SLICE("=="));
    if (!slice_to_int(number, &length) || length < 0 || length > UINT32_MAX - 1)
        return;
    if (sign.data[0] == '>' || equal) {
        bounds->has_length_min = true;
        bounds->length_min = (uint32_t)length + (sign.len == 1 && !equal);
    }
    bool less = sign.data[0] == '<' && !slice_eq(sign, SLICE("<>"));
    if ((less && (length > 0 || sign.len == 2)) || equal) {
        bounds->has_length_max = true;
        bounds->length_max = (uint32_t)length - (sign.len == 1 && !equal);
    }
}

/* Patterns that mean the same to PostgreSQL and to JavaScript: no classes by name, no escapes but the usual, no options. */
static bool is_common_pattern(struct slice pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.data[i], next = i + 1 < pattern.len ? pattern.data[i + 1] : 0;
        bool class = c == '[' && (next == '[' || next == ':' || next == '.' || next == '=');
        bool option =
            c == '(' && next == '?' && (i + 2 == pattern.len || !strchr(":=!", pattern.data[i + 2]));
        if (class || option || (c == '\\' && (!next || !strchr("dws.*+?()[]{}|^$/\\-", next))))
            return false;
        i += c == '\\';
    }
    return !slice_starts(pattern, SLICE("***")) && pattern.len > 0 && slice_is_utf8(pattern);
}

static void bound_by(const struct part *part, const struct operand *left, struct slice sign,
                     const struct operand *right)
{
    struct bounds *bounds = bounds_of(part, left->column);
    bool text = is_text(left->column);
    if (!bounds)
        return;
    if (left->kind == OPERAND_LENGTH && text && right->kind == OPERAND_NUMBER)
        bound_length(bounds, sign, right->text);
    else if (left->kind == OPERAND_COLUMN && is_number_for(left->column, right))
        bound_number(bounds, sign, right->text);
    else if (left->kind == OPERAND_COLUMN && text && slice_eq(sign, SLICE("~")) &&
             right->kind == OPERAND_TEXT && is_common_pattern(right->text))
        bounds->pattern = right->text;
}

static struct slice turned(struct slice sign)
{
    static const struct slice pairs[][2] = {{SLICE_INIT("<"), SLICE_INIT(">")},
                                            {SLICE_INIT("<="), SLICE_INIT(">=")},
                                            {SLICE_INIT(">"), SLICE_INIT("<")},
                                            {SLICE_INIT(">="), SLICE_INIT("<=")}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (slice_eq(pairs[i][0], sign))
            return pairs[i][1];
    return sign;
}

/* a <= b; one of them is a constant. */
static void read_comparison(struct part *part, const struct operand *left)
{
    struct operand right;
    if (part->at == part->end || part->at->kind != TOKEN_SIGN)
        return;
    struct slice sign = part->at++->text;
    bool known = slice_eq(sign, SLICE("=")) || slice_eq(sign, SLICE("==")) || slice_eq(sign, SLICE("~")) ||
                 turned(sign).data != sign.data;
    if (!known || !take_operand(part, &right) || part->at != part->end || !left->column == !right.column)
        return;
    if (left->column)
        bound_by(part, left, sign, &right);
    else if (!slice_eq(sign, SLICE("~")))
        bound_by(part, &right, turned(sign), left);
}

static void read_between(struct part *part, const struct operand *left)
{
    struct operand low, high;
    if (!take_operand(part, &low) || !take_word(part, "and") || !take_operand(part, &high) ||
        part->at != part->end || low.column || high.column)
        return;
    bound_by(part, left, SLICE(">="), &low);
    bound_by(part, left, SLICE("<="), &high);
}

/* Behind `IN (` or `ARRAY[`: constants up to the closing sign. 0: something else stands among them. */
static unsigned take_values(struct part *part, const struct column *column, const char *close,
                            struct slice values[VALUES_MAX])
{
    bool text = is_text(column);
    unsigned count = 0;
    do {
        struct operand value;
        if (count == VALUES_MAX || !take_operand(part, &value) || value.column)
            return 0;
        if (text ? value.kind != OPERAND_TEXT : !is_number_for(column, &value))
            return 0;
        values[count++] = value.text;
    } while (take_sign(part, ","));
    return take_sign(part, close) ? count : 0;
}

static void read_values(struct part *part, const struct operand *left, const char *close)
{
    struct slice *values = ARENA_ARRAY(part->arena, struct slice, VALUES_MAX);
    struct bounds *bounds = bounds_of(part, left->column);
    unsigned count = take_values(part, left->column, close, values);
    while (part->at < part->end && (token_is_sign(part->at, ")") || token_is_sign(part->at, "::")))
        if (token_is_sign(part->at, ")"))
            part->at++;
        else if (!take_casts(part, false))
            return;
    if (!bounds || !count || part->at != part->end || bounds->value_count)
        return;
    bounds->values = values;
    bounds->value_count = count;
}

/* = ANY (ARRAY[…]), with the parentheses and casts that PostgreSQL puts around. */
static bool take_any(struct part *part)
{
    const struct token *from = part->at;
    if (take_sign(part, "=") && take_word(part, "any")) {
        while (take_sign(part, "("))
            ;
        if (take_word(part, "array") && take_sign(part, "["))
            return true;
    }
    part->at = from;
    return false;
}

static void read_condition(struct part *part)
{
    struct operand left;
    if (!take_operand(part, &left))
        return;
    if (left.column && take_word(part, "between"))
        read_between(part, &left);
    else if (left.kind == OPERAND_COLUMN && left.column && take_word(part, "in")) {
        if (take_sign(part, "("))
            read_values(part, &left, ")");
    } else if (left.kind == OPERAND_COLUMN && left.column && take_any(part))
        read_values(part, &left, "]");
    else
        read_comparison(part, &left);
}

/* ---- parts ---- */

static int depth_of(const struct token *token)
{
    bool opens = token_is_sign(token, "(") || token_is_sign(token, "["),
         closes = token_is_sign(token, ")") || token_is_sign(token, "]");
    return (int)opens - (int)closes;
}

/* The first such word outside parentheses, but for BETWEEN's AND; `end` when there is none. */
static const struct token *find_word(const struct token *at, const struct token *end, const char *word)
{
    int depth = 0;
    bool between = false;
    for (; at < end; at++) {
        depth += depth_of(at);
        if (depth == 0 && between && token_is_word(at, "and"))
            between = false;
        else if (depth == 0 && token_is_word(at, word))
            return at;
        between |= depth == 0 && token_is_word(at, "between");
    }
    return end;
}

/* Without parentheses that hold all of it. */
static void strip(struct part *part)
{
    while (part->end - part->at > 2 && token_is_sign(part->at, "(")) {
        int depth = 0;
        const struct token *at = part->at;
        do
            depth += depth_of(at++);
        while (depth > 0 && at < part->end);
        if (at != part->end || depth != 0)
            return;
        part->at++;
        part->end--;
    }
}

static struct part piece(const struct part *part, const struct token *from, const struct token *end)
{
    struct part piece = *part;
    piece.at = from;
    piece.end = end;
    return piece;
}

/* `x IS NULL`: the column; NULL: something else. */
static const struct column *read_is_null(struct part part)
{
    strip(&part);
    const struct column *column = take_column(&part);
    bool null = column && take_word(&part, "is") && take_word(&part, "null") && part.at == part.end;
    return null ? column : NULL;
}

static void read_part(struct part part);

/* `x IS NULL OR` what is said of x: NULL passes every CHECK in any case. */
static void read_or(struct part part, const struct token * or)
{
    struct part left = piece(&part, part.at, or), right = piece(&part, or +1, part.end);
    const struct column *column = read_is_null(left);
    if (!column || (part.only && part.only != column) || find_word(right.at, right.end, "or") != right.end)
        return;
    right.only = column;
    read_part(right);
}

static void read_part(struct part part)
{
    strip(&part);
    const struct token * or = find_word(part.at, part.end, "or"), *and = find_word(part.at, part.end, "and");
    if (find_word(part.at, part.end, "case") != part.end)
        return;
    if (or != part.end) {
        read_or(part, or);
    } else if (and != part.end) {
        read_part(piece(&part, part.at, and));
        read_part(piece(&part, and+1, part.end));
    } else {
        read_condition(&part);
    }
}

struct bounds *checks_read(struct arena *arena, const struct table *table)
{
    struct bounds *bounds = ARENA_ARRAY(arena, struct bounds, table->column_count + 1);
    for (unsigned i = 0; i < table->check_count; i++) {
        struct part part = {.arena = arena, .table = table, .bounds = bounds};
        struct token *tokens;
        unsigned count;
        if (!tokens_cut(arena, table->checks[i].expression, &tokens, &count))
            continue;
        part.at = tokens;
        part.end = tokens + count;
        read_part(part);
    }
    return bounds;
}
