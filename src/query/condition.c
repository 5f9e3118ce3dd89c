/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions that have been read: kept in order, so that the same filters are one shape; and as keys. See filter.h. */
#include "query/filter.h"
#include "query/level.h"

static bool comes_before(const struct condition *a, const struct condition *b)
{
    if (a->kind != b->kind || a->kind != CONDITION_TEST)
        return a->kind < b->kind;
    if (a->column->position != b->column->position)
        return a->column->position < b->column->position;
    if (a->op != b->op)
        return a->op < b->op;
    return a->negated < b->negated;
}

/* Insertion: there are few, and equal ones stay as they came. */
void conditions_add(struct build *build, struct conditions *conditions, const struct condition *condition)
{
    ARENA_GROW(build->arena, conditions->items, conditions->count, conditions->room);
    unsigned at = conditions->count++;
    for (; at > 0 && comes_before(condition, &conditions->items[at - 1]); at--)
        conditions->items[at] = conditions->items[at - 1];
    conditions->items[at] = *condition;
    conditions->items[at].of_rules = build->trusted;
}

static bool is_same(const struct column *a, const struct column *b)
{
    return a == b || (!a->computed && !b->computed && a->position == b->position);
}

bool condition_pins(const struct condition *condition, const struct column *column)
{
    return condition->kind == CONDITION_TEST && is_same(condition->column, column) &&
           condition->op == FILTER_EQ && condition->quantifier == QUANTIFIER_NONE && !condition->negated;
}

bool conditions_pin(const struct conditions *conditions, const struct column *column)
{
    for (unsigned i = 0; i < conditions->count; i++)
        if (condition_pins(&conditions->items[i], column))
            return true;
    return false;
}

static void write_key(const struct condition *condition, struct text *key);

static void write_test_key(const struct condition *condition, struct text *key)
{
    text_add(key, condition->column->computed ? condition->column->sql : condition->column->name);
    text_byte(key, condition->negated ? '!' : '=');
    text_byte(key, (char)('a' + (int)condition->op));
    text_byte(key, (char)('a' + (int)condition->is));
    text_byte(key, (char)('a' + (int)condition->quantifier));
    text_add(key, condition->config);
    text_byte(key, ':');
    text_uint(key, condition->words.len);
    text_byte(key, ':');
    text_add(key, condition->words);
}

static void write_exists_key(const struct level *child, struct text *key)
{
    const struct relation *relation = child->relation;
    text_add(key, relation->target->config->name.text);
    text_byte(key, '.');
    text_add(key, relation->key->name);
    text_uint(key, relation->kind);
    text_byte(key, relation->outgoing ? '>' : '<');
    text_add(key, relation->through_key ? relation->through_key->name : SLICE(""));
    conditions_write_key(&child->conditions, key);
    conditions_write_key(&child->between, key);
}

static void write_key(const struct condition *condition, struct text *key)
{
    if (condition->kind == CONDITION_TEST) {
        write_test_key(condition, key);
        return;
    }
    text_byte(key, condition->negated ? '!' : '=');
    text_byte(key, "?&|E"[condition->kind]);
    text_byte(key, '(');
    for (unsigned i = 0; i < condition->part_count; i++) {
        text_byte(key, i ? ',' : ' ');
        write_key(&condition->parts[i], key);
    }
    if (condition->kind == CONDITION_EXISTS)
        write_exists_key(condition->child, key);
    text_byte(key, ')');
}

void conditions_write_key(const struct conditions *conditions, struct text *key)
{
    for (unsigned i = 0; i < conditions->count; i++) {
        text_byte(key, '&');
        write_key(&conditions->items[i], key);
    }
}
