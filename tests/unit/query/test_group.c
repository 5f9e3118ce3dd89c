/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of conditions: what they become, and each mistake by its place. */
#include "worlds.h"

#include <stdio.h>

/* The condition that a group becomes. */
static void expect(struct world *world, const char *filters, const char *condition)
{
    char query[400], expected[600];
    snprintf(query, sizeof(query), "select=id&order=id&%s", filters);
    snprintf(expected, sizeof(expected),
             "SELECT \"id\" FROM \"%s\".\"transactions\" WHERE %s ORDER BY 1 LIMIT 101",
             world->dialect == DIALECT_PG ? "public" : "main", condition);
    assert_sql(world_list(world, "transactions", query), expected);
}

static void groups_become_parentheses(void **state)
{
    (void)state;
    expect(&sqlite, "or=(id.eq.1,user_id.eq.2)", "(\"id\" = ?1 OR \"user_id\" = ?2)");
    expect(&sqlite, "and=(id.eq.1,user_id.eq.2)", "(\"id\" = ?1 AND \"user_id\" = ?2)");
    expect(&sqlite, "not.or=(id.eq.1,user_id.eq.2)", "NOT (\"id\" = ?1 OR \"user_id\" = ?2)");
    expect(&sqlite, "or=(id.eq.1)", "(\"id\" = ?1)");
    expect(&sqlite, "or=(id.eq.1,and(user_id.eq.2,not.or(note.is.null,ok.is.true)))",
           "(\"id\" = ?1 OR (\"user_id\" = ?2 AND NOT (\"note\" IS NULL OR \"ok\" IS 1)))");
    expect(&sqlite, "or=(id.not.eq.1,user_id.not.in.(1,2))",
           "(NOT (\"id\" = ?1) OR NOT (\"user_id\" IN (SELECT value FROM json_each(?2))))");
    expect(&pg, "or=( id.eq.1, meta->>ip.eq.x)", "(\"id\" = $1::bigint OR (\"meta\"->>'ip') = $2::text)");
    expect(&pg, "or=(id.eq.1,tags.cs.{a,b})", "(\"id\" = $1::bigint OR \"tags\" @> $2::text[])");
    expect(&pg, "or=(user_id.eq(any).{1,2},id.eq.1)",
           "(\"id\" = $1::bigint OR \"user_id\" = ANY($2::integer[]))");
}

static void the_same_group_is_one_shape_however_it_is_put(void **state)
{
    (void)state;
    const struct plan *one = world_list(&pg, "transactions", "or=(id.eq.1,note.like.a*,user_id.eq.2)");
    const struct plan *other = world_list(&pg, "transactions", "or=(user_id.eq.2,id.eq.1,note.like.a*)");
    assert_true(slice_eq(one->statement.text, other->statement.text));
    assert_true(one->shape == other->shape);
}

/* The bind of `or=(note.eq.VALUE)`. */
static void expect_bind(const char *written, const char *value)
{
    char query[200];
    snprintf(query, sizeof(query), "or=(note.eq.%s,id.eq.1)", written);
    const struct plan *plan = world_list(&pg, "transactions", query);
    assert_int_equal(plan->statement.bind_count, 2);
    assert_slice(plan->statement.binds[1].text, value);
}

static void values_end_at_their_comma_unless_quoted_or_bracketed(void **state)
{
    (void)state;
    expect_bind("abc", "abc");
    expect_bind("", "");
    expect_bind("a.b.c", "a.b.c");
    expect_bind("\"a,b\"", "a,b");
    expect_bind("\"a)b\"", "a)b");
    expect_bind("\"\"", "");
    expect_bind("\"a\\\"b\\\\\"", "a\"b\\");
    expect_bind("f(x,y)", "f(x,y)");
    expect_bind("{x,y}", "{x,y}");
    expect_bind("a\"b", "a\"b");
    expect_bind("5\"", "5\"");
}

static void what_is_no_group_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *filters, *said;
    } cases[] = {
        {"or=", "at character 1: a `(` was expected"},
        {"or=id.eq.1", "at character 1: a `(` was expected"},
        {"or=()", "at character 2: a column, a dot"},
        {"or=(id)", "at character 4: a column, a dot"},
        {"or=(id.eq.1", "at character 5: what begins here never ends"},
        {"or=(id.eq.1,", "at character 10: a column, a dot"},
        {"or=(id.eq.1,)", "at character 10: a column, a dot"},
        {"or=(id.eq.1))", "at character 10: a `)` too many"},
        {"or=(id.eq.1)x", "at character 10: something follows the group"},
        {"or=(id.eq.1 and id.eq.2", "never ends"},
        {"or=(note.eq.\"x,id.eq.1)", "at character 7: what begins here never ends"},
        {"or=(\"note.eq.1,id.eq.1)", "at character 2: a quote is not closed"},
        {"or=(and(id.eq.1)", "at character 14: a `,` or a `)` was expected"},
        {"or=(andid.eq.1)", "`andid`"},
        {"or=(id.eq.1,status.eq.pending)&and=(id.eq.1", "`and`, at character 5"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        (void)world_refused(&pg, "transactions", cases[i].filters);
        struct slice detail = pg.problem.detail;
        if (!memmem(detail.data, detail.len, cases[i].said, strlen(cases[i].said)))
            fail_msg("%s: %.*s", cases[i].filters, SLICE_ARG(detail));
    }
}

static void a_mistake_of_a_member_names_its_place_in_the_group(void **state)
{
    (void)state;
    assert_refused(&pg, "transactions", "or=(id.eq.1,nmae.eq.x)", "unknown-column");
    assert_slice(pg.problem.place, "or, at character 10: nmae");
    assert_refused(&pg, "transactions", "or=(id.eq.1,and(user_id.eq.x,id.eq.1))", "wrong-type");
    assert_slice(pg.problem.place, "or, at character 14: user_id");
    assert_refused(&pg, "transactions", "or=(id.eq.1,note.lik.x)", "unknown-operator");
    assert_slice(pg.problem.nearest, "like");
    assert_refused(&pg, "transactions", "or=(id.eq.1,user_id.5)", "operator-required");
    assert_refused(&pg, "transactions", "or=(status.all,id.eq.1)", "bad-group"); /* filters nothing */
}

static void a_name_in_quotes_may_hold_anything(void **state)
{
    (void)state;
    const struct plan *plan =
        world_list(&pg, "things", "select=small&or=(\"odd \\\"name\\\", x\".eq.5,small.eq.1)");
    assert_slice(plan->statement.binds[1].text, "5");
}

static void limits_are_named(void **state)
{
    (void)state;
    assert_refused(&pg, "transactions", "or=(and(or(and(or(id.eq.1)))))", "too-much-asked");
    assert_slice(pg.problem.detail, "Groups are nested deeper than the limit `query.depth` of 4.");
    assert_refused(
        &pg, "transactions",
        "or=(id.eq.1,id.eq.1,id.eq.1,id.eq.1,id.eq.1,id.eq.1,id.eq.1,id.eq.1,id.eq.1,id.eq.1,id.eq.1)",
        "too-much-asked");
    assert_slice(pg.problem.detail, "More filters than the limit `query.conditions` of 10.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_become_parentheses),
        cmocka_unit_test(the_same_group_is_one_shape_however_it_is_put),
        cmocka_unit_test(values_end_at_their_comma_unless_quoted_or_bracketed),
        cmocka_unit_test(what_is_no_group_is_refused_with_its_place),
        cmocka_unit_test(a_mistake_of_a_member_names_its_place_in_the_group),
        cmocka_unit_test(a_name_in_quotes_may_hold_anything),
        cmocka_unit_test(limits_are_named),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, worlds_open, worlds_close);
}
