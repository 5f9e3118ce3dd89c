/* SPDX-License-Identifier: Apache-2.0 */
/* `select=`: each form of its grammar by the members it gives, each mistake by its sentence and place. */
#include "worlds.h"

#include <stdio.h>

static struct world rel_pg, rel_sqlite;

static int open_all(void **state)
{
    world_open_related(&rel_pg, DIALECT_PG);
    world_open_related(&rel_sqlite, DIALECT_SQLITE);
    return worlds_open(state);
}

static int close_all(void **state)
{
    world_close(&rel_pg);
    world_close(&rel_sqlite);
    return worlds_close(state);
}

/* The members of a row, with commas between. */
static void expect_members(struct world *world, const char *resource, const char *select,
                           const char *expected)
{
    char query[400], names[400] = "";
    snprintf(query, sizeof(query), "select=%s", select);
    const struct plan *plan = world_list(world, resource, query);
    for (unsigned i = 0; i < plan->column_count; i++) {
        const struct column *column = plan->columns[i];
        size_t len = strlen(names);
        snprintf(names + len, sizeof(names) - len, "%s%.*s", i ? "," : "", SLICE_ARG(column->name));
    }
    if (strcmp(names, expected) != 0)
        fail_msg("select=%s gives %s, not %s", select, names, expected);
}

static void columns_stand_in_the_order_in_which_they_are_named(void **state)
{
    (void)state;
    expect_members(&pg, "transactions", "note,id,amount", "note,id,amount");
    expect_members(&pg, "members", "*", "org,name,since");
    expect_members(&pg, "members", "since,*", "since,org,name");
    expect_members(&pg, "members", " org , name ", "org,name");
    expect_members(&pg, "members", "org,org", "org");
    expect_members(&pg, "things", "\"odd \\\"name\\\", x\",id", "odd \"name\", x,id");
}

static void a_column_has_another_name_a_type_or_a_path(void **state)
{
    (void)state;
    expect_members(&pg, "members", "o:org,\"a b\":name", "o,a b");
    expect_members(&pg, "transactions", "amount::text,n:amount::integer,note:id", "amount,n,note");
    expect_members(&pg, "transactions", "meta->>ip,meta->device->0->id,x:meta->y", "ip,id,x");
    expect_members(&pg, "transactions", "meta->0,t:meta->>\"a b\"", "0,t");
    expect_members(&pg, "transactions", "meta->>\"a b\",meta->\"c\"->0", "a b,c");
    expect_members(&sqlite, "transactions", "meta->>ip::int,amount::float8", "ip,amount");
}

static void aggregates_are_named_by_their_function(void **state)
{
    (void)state;
    expect_members(&pg, "transactions", "status,count(),amount.sum(),n:id.max()", "status,count,sum,n");
    expect_members(&pg, "transactions", "amount.avg()::text,id.count()", "avg,count");
    expect_members(&pg, "transactions", "amount::float8.sum()", "sum");
    expect_members(&pg, "transactions", "meta->>n::int.sum()", "sum");
}

static void embedded_rows_are_one_member_each(void **state)
{
    (void)state;
    struct world *worlds[] = {&rel_pg, &rel_sqlite};
    for (size_t i = 0; i < ARRAY_LEN(worlds); i++) {
        expect_members(worlds[i], "users", "id,teams(name)", "id,teams");
        expect_members(worlds[i], "users", "team:teams{name},boss_id(name,teams(id))", "team,boss_id");
        expect_members(worlds[i], "users", "f:flags!user_id!inner(id),g:flags!flags_by_id_fkey!left(*)",
                       "f,g");
        expect_members(worlds[i], "users", "id,teams()", "id");
        expect_members(worlds[i], "flags", "words( word , id ),flag_words(word_id)", "words,flag_words");
    }
}

static void spread_members_stand_in_their_place(void **state)
{
    (void)state;
    expect_members(&rel_pg, "users", "id,...teams(team:name,tid:id),name", "id,team,tid,name");
    expect_members(&rel_pg, "flags", "...user_id(name,...teams(team:name)),id", "name,team,id");
    expect_members(&rel_sqlite, "users", "id,...teams(team:name,tid:id),name",
                   "id,teams,name"); /* one cell */
}

/* The code, a part of the sentence. */
static void expect_refusal(struct world *world, const char *resource, const char *query, const char *code,
                           const char *said)
{
    assert_string_equal(world_refused(world, resource, query), code);
    struct slice detail = world->problem.detail;
    if (!memmem(detail.data, detail.len, said, strlen(said)))
        fail_msg("%s: %.*s", query, SLICE_ARG(detail));
}

static void what_does_not_fit_the_grammar_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *select, *said;
    } cases[] = {
        {"id,", "at character 4: a column was expected"},
        {",id", "at character 1: a column was expected"},
        {"id,,name", "at character 4: a column was expected"},
        {"id,teams(name", "at character 14: a `,` or a `)` was expected"},
        {"id,teams(name))", "at character 15: a `,` was expected"},
        {"id)", "at character 3: a `,` was expected"},
        {"id,\"name", "at character 4: a quote is not closed"},
        {"id,\"name\"x", "at character 10: something follows a quote"},
        {"teams!inner", "at character 12: a `(` was expected"},
        {"...name", "at character 8: `...` stands in front of embedded rows"},
        {"sum()", "at character 4: an aggregate was expected in front of `()`"},
        {"id.sum()x", "at character 9: a `,` was expected"},
        {"leat_x:id", "at character 7: another name must be"},
        {"a'b:id", "at character 4: another name must be"},
        {"teams!a!b!c!d!e(name)", "too many hints"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char query[200];
        snprintf(query, sizeof(query), "select=%s", cases[i].select);
        expect_refusal(&rel_pg, "users", query, "bad-select", cases[i].said);
        expect_refusal(&rel_sqlite, "users", query, "bad-select", cases[i].said);
    }
}

static void two_members_of_one_name_are_refused(void **state)
{
    (void)state;
    static const char *const selects[] = {"name:id,name",
                                          "id,teams(id),teams(name)",
                                          "teams:id,teams(id)",
                                          "teams(id),teams:id",
                                          "id,...teams(id)",
                                          "...teams(id),id",
                                          "...teams(x:id),...boss_id(x:id)",
                                          "x:name,...boss_id(id,...teams(x:id))"};
    for (size_t i = 0; i < ARRAY_LEN(selects); i++) {
        char query[200];
        snprintf(query, sizeof(query), "select=%s", selects[i]);
        expect_refusal(&rel_pg, "users", query, "bad-select", "Two fields would be named");
        expect_refusal(&rel_sqlite, "users", query, "bad-select", "Two fields would be named");
    }
}

static void relations_and_functions_that_are_not_there_are_refused(void **state)
{
    (void)state;
    expect_refusal(&rel_pg, "users", "select=temas(id)", "unknown-relation", "no relation `temas`");
    assert_slice(rel_pg.problem.nearest, "teams");
    expect_refusal(&rel_pg, "users", "select=teams!boss_id(id)", "unknown-relation", "`teams`");
    expect_refusal(&rel_pg, "users", "select=flags(id)", "ambiguous-relation", "from `users` to `flags`");
    assert_slice(rel_pg.problem.hint, "Say which: `flags!by_id`, `flags!user_id`.");
    expect_refusal(&rel_pg, "users", "select=...flags!by_id(id)", "not-to-one", "only a single row");
    expect_refusal(&rel_pg, "users", "select=id.smu()", "bad-select", "`smu()` is no aggregate");
    expect_refusal(&rel_pg, "users", "select=name.sum()", "wrong-operator",
                   "`sum()` cannot be used on `name`");
    expect_refusal(&rel_pg, "users", "select=name::nonsense", "bad-select", "`name::nonsense`");
    expect_refusal(&rel_pg, "users", "select=name->x", "wrong-operator", "there are no paths into it");
    expect_refusal(&rel_pg, "flags", "select=meta->>a->b", "bad-value", "no arrow can follow it");
    expect_refusal(&rel_pg, "flags", "select=meta->", "bad-value", "a key must be");
    expect_refusal(&rel_pg, "users", "select=secret_hash", "unknown-column", "`secret_hash`");
    expect_refusal(&rel_pg, "teams", "select=users(secret_hash)", "unknown-column", "`secret_hash`");
}

static void limits_are_named(void **state)
{
    (void)state;
    const char *deep = "select=a:boss_id(b:boss_id(c:boss_id(d:boss_id(e:boss_id(id)))))";
    expect_refusal(&rel_pg, "users", deep, "too-much-asked", "`query.depth` of 4");
    expect_refusal(&rel_pg, "users", "select=id,teams(id,id,id,id,id,id,id,id,id,id,id)", "too-much-asked",
                   "`query.select` of 12");
    expect_refusal(&rel_pg, "flags", "select=meta->a->b->c->d->e", "too-much-asked", "`query.depth` of 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_in_the_order_in_which_they_are_named),
        cmocka_unit_test(a_column_has_another_name_a_type_or_a_path),
        cmocka_unit_test(aggregates_are_named_by_their_function),
        cmocka_unit_test(embedded_rows_are_one_member_each),
        cmocka_unit_test(spread_members_stand_in_their_place),
        cmocka_unit_test(what_does_not_fit_the_grammar_is_refused_with_its_place),
        cmocka_unit_test(two_members_of_one_name_are_refused),
        cmocka_unit_test(relations_and_functions_that_are_not_there_are_refused),
        cmocka_unit_test(limits_are_named),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_all, close_all);
}
