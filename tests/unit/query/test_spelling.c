/* SPDX-License-Identifier: Apache-2.0 */
/* A request is what it means, not how it is written: random ones, each written twice (other brackets, quotes, blanks, escapes, another
 * order of its parameters), have the same statement, binds, members and key. */
#include "worlds.h"

#include <stdio.h>

enum { REQUESTS = 3000, TEXT_MAX = 1500, PARAMS_MAX = 12 };

/* The two writings, side by side. */
struct param_pair {
    char name[2][200], value[2][TEXT_MAX];
};

struct writing {
    struct unit_random random;
    struct param_pair params[PARAMS_MAX];
    unsigned count, conditions, items;
};

static bool chance(struct writing *writing, unsigned one_in)
{
    return unit_random_next(&writing->random) % one_in == 0;
}

static unsigned below(struct writing *writing, unsigned end)
{
    return (unsigned)(unit_random_next(&writing->random) % end);
}

static void add(char *text, const char *more)
{
    size_t len = strlen(text);
    assert_true(len + strlen(more) < TEXT_MAX);
    memcpy(text + len, more, strlen(more) + 1);
}

static void either(struct param_pair *pair, const char *one, const char *other)
{
    add(pair->value[0], one);
    add(pair->value[1], other);
}

/* A name, which may stand in quotes. */
static void add_name(struct writing *writing, struct param_pair *pair, const char *name)
{
    char quoted[80];
    snprintf(quoted, sizeof(quoted), "\"%s\"", name);
    either(pair, name, chance(writing, 2) ? quoted : name);
}

static struct param_pair *add_param(struct writing *writing, const char *prefix, const char *name)
{
    struct param_pair *pair = &writing->params[writing->count++];
    assert_true(writing->count <= PARAMS_MAX);
    *pair = (struct param_pair){0};
    for (int i = 0; i < 2; i++)
        snprintf(pair->name[i], sizeof(pair->name[i]), "%s%s", prefix, name);
    return pair;
}

/* --- what is asked for --- */

struct way {
    const char *call, *other; /* the same relation in other words */
    unsigned target;
    bool one;
};

static const struct {
    const char *name, *columns[4];
    struct way ways[4]; /* of each resource; call NULL: no more */
} resources[] = {
    {"users",
     {"id", "name", "team_id", "boss_id"},
     {{"teams", "team_id", 3, true},
      {"boss_id", "users_boss_id_fkey", 0, true},
      {"flags!user_id", "flags!flags_user_id_fkey", 1, false}}},
    {"flags",
     {"id", "level", "user_id", "by_id"},
     {{"user_id", "users!user_id", 0, true}, {"words", "words!flag_words", 2, false}}},
    {"words", {"id", "word", "id", "word"}, {{"flags", "flags!flag_id", 1, false}}},
    {"teams", {"id", "name", "id", "name"}, {{"users", "users!team_id", 0, false}}},
};

static bool is_number(const char *column)
{
    return strstr(column, "id") != NULL;
}

static void add_test(struct writing *writing, struct param_pair *pair, const char *column, bool in_group)
{
    static const char *const signs[] = {"gt", "lte", "neq"};
    char text[40];
    unsigned value = below(writing, 100);
    if (chance(writing, 4)) {
        either(pair, "is.null", "is.NULL");
    } else if (chance(writing, 4)) {
        snprintf(text, sizeof(text), "in.(%u,5)", value);
        add(pair->value[0], text);
        snprintf(text, sizeof(text), "in.(\"%u\",\"5\")", value);
        add(pair->value[1], text);
    } else if (is_number(column)) {
        snprintf(text, sizeof(text), "%s.%u", signs[below(writing, 3)], value);
        either(pair, text, text);
    } else if (in_group) {
        either(pair, "eq.x y", "eq.\"x y\"");
    } else {
        either(pair, "x", "eq.x"); /* the plain manner */
    }
    writing->conditions++;
}

static void add_group(struct writing *writing, const char *prefix, unsigned of)
{
    struct param_pair *pair = add_param(writing, prefix, chance(writing, 2) ? "or" : "not.and");
    either(pair, "(", "( ");
    for (int i = 0; i < 2; i++) {
        const char *column = resources[of].columns[i];
        either(pair, i ? "," : "", i ? ", " : "");
        add_name(writing, pair, column);
        either(pair, ".", ".");
        add_test(writing, pair, column, true);
    }
    either(pair, ")", ")");
}

static void add_filters(struct writing *writing, const char *prefix, unsigned of)
{
    if (writing->count + 5 > PARAMS_MAX || writing->conditions > 5)
        return;
    if (chance(writing, 2)) {
        const char *column = resources[of].columns[below(writing, 2)];
        struct param_pair *pair = add_param(writing, prefix, column);
        if (chance(writing, 2))
            snprintf(pair->name[1], sizeof(pair->name[1]), "%s\"%s\"", prefix, column);
        add_test(writing, pair, column, false);
    }
    if (chance(writing, 4))
        add_group(writing, prefix, of);
    if (chance(writing, 3)) {
        struct param_pair *pair = add_param(writing, prefix, "order");
        either(pair, "id.desc", "\"id\".desc");
    }
}

static void add_level(struct writing *writing, struct param_pair *select, const char *prefix, unsigned of,
                      unsigned depth);

static void add_child(struct writing *writing, struct param_pair *select, const char *prefix, unsigned of,
                      unsigned depth, unsigned number)
{
    const struct way *way = &resources[of].ways[number];
    char alias[16], below_prefix[100];
    bool inner = chance(writing, 4), braces = chance(writing, 2);
    snprintf(alias, sizeof(alias), "e%u", number);
    snprintf(below_prefix, sizeof(below_prefix), "%s%s.", prefix, alias);
    either(select, ",", " , ");
    writing->items++;
    add_name(writing, select, alias);
    either(select, ":", ":");
    either(select, way->call, way->other);
    either(select, inner ? "!inner" : "", inner ? "!inner" : "!left");
    either(select, "(", braces ? "{ " : "( ");
    add_level(writing, select, below_prefix, way->target, depth - 1);
    either(select, ")", braces ? "}" : " )");
}

static void add_level(struct writing *writing, struct param_pair *select, const char *prefix, unsigned of,
                      unsigned depth)
{
    unsigned count = 1 + below(writing, 2);
    for (unsigned i = 0; i < count; i++) {
        either(select, i ? "," : "", i ? ", " : "");
        if (i == 0 && chance(writing, 4))
            either(select, "x:", "\"x\":");
        add_name(writing, select, resources[of].columns[i]);
        writing->items++;
    }
    for (unsigned i = 0; i < 4 && resources[of].ways[i].call && depth > 0 && writing->items < 8; i++)
        if (chance(writing, 2))
            add_child(writing, select, prefix, of, depth, i);
    add_filters(writing, prefix, of);
}

/* --- as a URL --- */

static void write_escaped(struct writing *writing, char *to, const char *text, bool freely)
{
    char escape[4];
    for (; *text; text++) {
        bool must = strchr(" &=+%#\"", *text) || (unsigned char)*text >= 0x80;
        snprintf(escape, sizeof(escape), must || (freely && chance(writing, 4)) ? "%%%02X" : "%c",
                 (unsigned char)*text);
        add(to, escape);
    }
}

static void write_param(struct writing *writing, char *to, const struct param_pair *pair, int which)
{
    const char *name = pair->name[which];
    if (which && strcmp(name, "select") == 0)
        name = "fields";
    if (to[0])
        add(to, "&");
    write_escaped(writing, to, name, which);
    add(to, "=");
    write_escaped(writing, to, pair->value[which], which);
}

/* The second in another order. */
static void write_both(struct writing *writing, char one[TEXT_MAX], char other[TEXT_MAX])
{
    one[0] = other[0] = '\0';
    for (unsigned i = 0; i < writing->count; i++)
        write_param(writing, one, &writing->params[i], 0);
    for (unsigned left = writing->count; left > 0; left--) {
        unsigned pick = below(writing, left);
        struct param_pair picked = writing->params[pick];
        write_param(writing, other, &picked, 1);
        writing->params[pick] = writing->params[left - 1];
    }
}

static void assert_same(const struct plan *a, const struct plan *b, const char *one, const char *other)
{
    bool same = slice_eq(a->statement.text, b->statement.text) &&
                a->statement.bind_count == b->statement.bind_count && a->column_count == b->column_count &&
                a->shape == b->shape && slice_eq(a->total_key, b->total_key);
    for (unsigned i = 0; same && i < a->statement.bind_count; i++)
        same = slice_eq(a->statement.binds[i].text, b->statement.binds[i].text);
    for (unsigned i = 0; same && i < a->column_count; i++)
        same = slice_eq(a->columns[i]->name, b->columns[i]->name);
    if (!same)
        fail_msg("%s\n%s\n%.*s\n%.*s", one, other, SLICE_ARG(a->statement.text),
                 SLICE_ARG(b->statement.text));
}

static void test_world(struct world *world)
{
    char one[TEXT_MAX], other[TEXT_MAX];
    for (uint64_t seed = 1; seed <= REQUESTS; seed++) {
        struct writing writing = {.random = {seed * 0x9e3779b97f4a7c15u}};
        unsigned of = below(&writing, ARRAY_LEN(resources));
        struct param_pair *select = add_param(&writing, "", "select");
        add_level(&writing, select, "", of, 3);
        write_both(&writing, one, other);
        const struct plan *a = world_list(world, resources[of].name, one);
        assert_same(a, world_list(world, resources[of].name, other), one, other);
        arena_reset(&world->arena);
    }
}

static void a_request_is_the_same_however_it_is_written(void **state)
{
    (void)state;
    struct world worlds[2];
    world_open_related(&worlds[0], DIALECT_PG);
    world_open_related(&worlds[1], DIALECT_SQLITE);
    for (int i = 0; i < 2; i++) {
        test_world(&worlds[i]);
        world_close(&worlds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_the_same_however_it_is_written),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
