/* SPDX-License-Identifier: Apache-2.0 */
/* A little world for tests of PLAN: a catalogue written by hand, a configuration from text, the model of both, and plans made in it.
 * A failed step fails the test. One thread. */
#ifndef LEAT_TESTS_QUERY_WORLD_H
#define LEAT_TESTS_QUERY_WORLD_H

#include "lib/unit.h"

#include "query/plan.h"

struct world {
    enum dialect dialect;
    struct catalog *catalog; /* the model's */
    struct model *model;
    struct plan_cache *cache; /* NULL until asked for */
    enum manner manner;
    enum prefer_count count; /* as the request prefers */
    struct range range;      /* of its head */
    struct arena arena;      /* for plans */
    struct problem problem;  /* of the last refusal */
};

/* A column as a test writes it. */
struct world_column {
    const char *name;
    enum value_kind kind;
    const char *type; /* as SQL writes it */
    unsigned bits, scale;
    bool nullable, unordered;
    const char *labels; /* of an enum: "low,high" */
};

struct world_index {
    const char *columns; /* "user_id,created_at desc"; "": an expression */
    bool primary;
};

/* A foreign key; its name is PostgreSQL's own, `flags_user_id_fkey`. */
struct world_reference {
    const char *columns, *target, *target_columns;
};

struct world_table {
    const char *name;
    struct world_column columns[16]; /* ends with name NULL */
    const char *key;                 /* "id", "a,b"; NULL: none */
    struct world_index indexes[6];   /* ends with columns NULL */
    enum table_kind kind;
    struct world_reference references[4]; /* ends with columns NULL */
};

/* A column and an index in a table of a test; members may follow: COLUMN("id", VALUE_INT, "bigint", .bits = 64). */
#define COLUMN(name_, kind_, type_, ...) \
    { \
        .name = (name_), .kind = (kind_), .type = (type_), __VA_ARGS__ \
    }
#define INDEX(columns_, ...) \
    { \
        .columns = (columns_), __VA_ARGS__ \
    }

/* tables: ended by one without name. resources: YAML below `resources:`, two blanks deep. */
void world_open(struct world *world, enum dialect dialect, const struct world_table *tables,
                const char *resources);
void world_close(struct world *world);

/* The tables and resources that most tests use: transactions, members (key org,name), totals (a view without key), things. */
void world_open_usual(struct world *world, enum dialect dialect);

/* teams, users (of a team, with a boss; some are gone), flags (of a user, by another; JSON), words, flag_words between. Root is hidden. */
void world_open_related(struct world *world, enum dialect dialect);

const struct resource *world_resource(const struct world *world, const char *name);

/* What plans are made in: now is 2026-01-31T09:05:07.123456Z. */
struct plan_context world_context(struct world *world);

/* A plan, or the test fails with the problem's sentence. */
struct plan *world_list(struct world *world, const char *resource, const char *query);
struct plan *world_row(struct world *world, const char *resource, const char *id, const char *query);

/* The code of the problem with which it is refused; the test fails when it is not. world->problem has it. */
const char *world_refused(struct world *world, const char *resource, const char *query);
const char *world_row_refused(struct world *world, const char *resource, const char *id, const char *query);

#define assert_refused(world, resource, query, code) \
    assert_string_equal(world_refused(world, resource, query), code)
#define assert_sql(plan, sql_text) assert_slice((plan)->statement.text, sql_text)

#endif
