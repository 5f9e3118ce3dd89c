/* SPDX-License-Identifier: Apache-2.0 */
/* The tenant in plans: a condition of every level that reads rows of tenants, a column that Leat fills in, a check of what written
 * rows refer to. What real databases make of it: tests/flow/test_tenants.py. */
#include "worlds.h"

#include "query/write.h"

static const struct world_table tables[] = {
    {.name = "orgs",
     .columns = {COLUMN("id", VALUE_INT, "integer", .bits = 32), COLUMN("name", VALUE_TEXT, "text")},
     .key = "id"},
    {.name = "users",
     .columns = {COLUMN("id", VALUE_INT, "integer", .bits = 32),
                 COLUMN("org", VALUE_INT, "integer", .bits = 32), COLUMN("name", VALUE_TEXT, "text")},
     .key = "id",
     .references = {{"org", "orgs", "id"}}},
    {.name = "flags",
     .columns = {COLUMN("id", VALUE_INT, "integer", .bits = 32),
                 COLUMN("org", VALUE_INT, "integer", .bits = 32),
                 COLUMN("user_id", VALUE_INT, "integer", .bits = 32),
                 COLUMN("level", VALUE_INT, "integer", .bits = 32)},
     .key = "id",
     .references = {{"org", "orgs", "id"}, {"user_id", "users", "id"}}},
    {.name = NULL},
};

static int open_both(void **state)
{
    (void)state;
    static const char resources[] =
        "  orgs: {tenant: id}\n  users: {write: anonymous, columns: {anonymous: 'id,org', "
        "admin: '*'}}\n  flags: {write: anonymous, rows: {viewer: level=lt.3}}\n"
        "auth: {tenant: org, roles: viewer < admin}\n";
    world_open(&pg, DIALECT_PG, tables, resources);
    world_open(&sqlite, DIALECT_SQLITE, tables, resources);
    return 0;
}

static struct plan_context context_of(struct world *world, const char *tenant, unsigned role)
{
    struct plan_context context = world_context(world);
    context.caller = (struct caller){.role = role, .roles = role | ROLE_ANONYMOUS, .role_name = SLICE("x")};
    if (tenant)
        context.caller.tenant = slice_str(tenant);
    return context;
}

static const struct plan *list(struct world *world, const char *tenant, const char *resource,
                               const char *query)
{
    struct plan_context context = context_of(world, tenant, ROLE_ANONYMOUS << 2);
    struct plan *plan;
    if (plan_list(&context, world_resource(world, resource), slice_str(query), &plan, &world->problem) != OK)
        fail_msg("%.*s", SLICE_ARG(world->problem.detail));
    return plan;
}

static void assert_binds(const struct statement *statement, const char *joined)
{
    struct slice rest = slice_str(joined);
    for (unsigned i = 0; i < statement->bind_count; i++) {
        struct slice one = slice_cut(&rest, '|'), text = statement->binds[i].text;
        assert_true(slice_eq(text.data ? text : SLICE("NULL"), one));
    }
    assert_int_equal(rest.len, 0);
}

static void every_level_is_bound(void **state)
{
    (void)state;
    const struct plan *plan = list(&pg, "7", "orgs", "select=id,users(id,flags(id))&order=id");
    const char *at = plan->statement.text.data;
    static const char *const conditions[] = {"t2.\"org\" = $3::integer", "t1.\"org\" = $2::integer",
                                             "WHERE \"id\" = $1::integer"};
    for (unsigned i = 0; i < ARRAY_LEN(conditions); i++)
        assert_non_null(strstr(at, conditions[i]));
    assert_binds(&plan->statement, "7|7|7");
    assert_int_equal(plan->uses, CALLER_ROLE | CALLER_TENANT);
}

static void who_has_none_equals_nothing(void **state)
{
    (void)state;
    static const char *const none[] = {NULL, "", "seven", "7.5", "99999999999"};
    const struct plan *plan = list(&pg, "7", "flags", "order=id");
    for (unsigned i = 0; i < ARRAY_LEN(none); i++) {
        const struct plan *other = list(&pg, none[i], "flags", "order=id");
        assert_true(slice_eq(plan->statement.text, other->statement.text));
        assert_binds(&other->statement, "NULL");
    }
}

static void keys_of_totals_and_cursors_are_a_tenants_own(void **state)
{
    (void)state;
    const struct plan *one = list(&sqlite, "1", "flags", "org=1"),
                      *two = list(&sqlite, "2", "flags", "org=1");
    assert_false(slice_eq(one->total_key, two->total_key));
    assert_true(one->shape != two->shape);
}

static void a_row_is_found_by_its_key_and_its_tenant(void **state)
{
    (void)state;
    pg.cache = plan_cache_new(pg.model);
    struct plan_context context = context_of(&pg, "7", ROLE_ANONYMOUS << 2);
    struct plan *plan;
    assert_int_equal(plan_row(&context, world_resource(&pg, "flags"), SLICE("5"), SLICE(""), &plan,
                              &pg.problem),
                     OK);
    assert_non_null(strstr(plan->statement.text.data, "WHERE \"id\" = $1::integer AND \"org\" = $2::"));
    assert_int_equal(plan->statement.bind_count, 2);
    assert_slice(plan->statement.binds[0].text, "5");
    assert_slice(plan->statement.binds[1].text, "7");
    assert_non_null(plan->statement.gather);
    assert_non_null(
        strstr(plan->statement.gather->text.data, "WHERE \"id\" = ANY($1::integer[]) AND \"org\" = $2::"));
    assert_true(plan->uses & CALLER_TENANT);
    struct plan_context nobody = context_of(&pg, NULL, ROLE_ANONYMOUS);
    assert_int_equal(plan_row(&nobody, world_resource(&pg, "flags"), SLICE("5"), SLICE(""), &plan,
                              &pg.problem),
                     OK);
    assert_int_equal(plan->statement.bind_count, 2);
    assert_int_equal(plan->statement.binds[1].kind, BIND_NULL);
}

/* --- writes --- */

struct making {
    struct plan_context context;
    struct prefer prefer;
    struct write_asked asked;
    struct write *write;
};

static enum error begin(struct making *making, struct world *world, enum write_verb verb,
                        const char *resource, const char *tenant, unsigned role)
{
    making->context = context_of(world, tenant, role);
    making->asked = (struct write_asked){.resource = world_resource(world, resource),
                                         .verb = verb,
                                         .query_string = verb == WRITE_PATCH ? SLICE("id=gt.0") : SLICE(""),
                                         .prefer = &making->prefer};
    return write_begin(&making->context, &making->asked, &making->write, &world->problem);
}

static enum error add(struct making *making, struct world *world, const char *name, const char *value)
{
    struct field field = {.name = slice_str(name), .token = TOKEN_NUMBER, .text = slice_str(value)};
    struct record record = {.number = 1, .alone = true, .fields = &field, .count = 1};
    return write_add(making->write, &record, &world->problem);
}

static bool take_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context;
    return cells && count > 0;
}

static void the_tenant_is_filled_in_and_references_are_checked(void **state)
{
    (void)state;
    struct making making = {0};
    struct statement statement;
    assert_int_equal(begin(&making, &pg, WRITE_POST, "flags", "7", ROLE_ANONYMOUS << 2), OK);
    assert_int_equal(add(&making, &pg, "user_id", "3"), OK);
    assert_int_equal(write_statement(making.write, &statement, &pg.problem), OK);
    assert_slice(
        statement.text,
        "INSERT INTO \"public\".\"flags\" (\"org\",\"user_id\") VALUES ($1::integer,$2::integer) RETURNING "
        "CASE WHEN \"flags\".\"user_id\" IS NULL OR EXISTS (SELECT 1 FROM \"public\".\"users\" AS leat_f "
        "WHERE leat_f.\"id\" = \"flags\".\"user_id\" AND leat_f.\"org\" = $3::integer) THEN NULL ELSE "
        "concat('leat-refused:flags_user_id_fkey')::boolean END");
    assert_binds(&statement, "7|3|7");
    assert_ptr_not_equal(write_sink(making.write, (struct row_sink){take_row, NULL}).on_row, take_row);
    write_end(making.write);
}

static void a_change_leaves_the_tenant_and_checks_the_rows_of_the_role(void **state)
{
    (void)state;
    struct making making = {0};
    struct statement statement;
    assert_int_equal(begin(&making, &sqlite, WRITE_PATCH, "flags", "7", ROLE_ANONYMOUS << 1), OK);
    assert_int_equal(add(&making, &sqlite, "level", "2"), OK);
    assert_int_equal(write_statement(making.write, &statement, &sqlite.problem), OK);
    assert_slice(statement.text,
                 "UPDATE \"main\".\"flags\" SET \"level\" = ?1 WHERE \"id\" > ?2 AND \"org\" = ?3 AND "
                 "\"level\" < ?4 RETURNING leat_must(\"level\" < ?5,'leat-refused:')");
    assert_binds(&statement, "2|0|7|3|3");
    write_end(making.write);
}

static void another_tenant_and_none_are_refused(void **state)
{
    (void)state;
    struct making making = {0};
    assert_int_equal(begin(&making, &pg, WRITE_POST, "flags", NULL, ROLE_ANONYMOUS), ERR_PROBLEM);
    assert_slice(pg.problem.code, "no-tenant");
    assert_int_equal(begin(&making, &pg, WRITE_PATCH, "flags", "7", ROLE_ANONYMOUS << 2), OK);
    assert_int_equal(add(&making, &pg, "org", "8"), ERR_PROBLEM);
    assert_slice(pg.problem.code, "other-tenant");
    assert_int_equal(pg.problem.status, 403);
    write_end(making.write);
}

static void what_a_role_does_not_see_it_cannot_write(void **state)
{
    (void)state;
    struct making making = {0};
    assert_int_equal(begin(&making, &pg, WRITE_POST, "users", "7", ROLE_ANONYMOUS), OK);
    assert_int_equal(add(&making, &pg, "name", "8"), ERR_PROBLEM);
    assert_slice(pg.problem.code, "unknown-column");
    write_end(making.write);
    assert_int_equal(list(&pg, "7", "users", "select=name")->column_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_is_bound),
        cmocka_unit_test(who_has_none_equals_nothing),
        cmocka_unit_test(keys_of_totals_and_cursors_are_a_tenants_own),
        cmocka_unit_test(a_row_is_found_by_its_key_and_its_tenant),
        cmocka_unit_test(the_tenant_is_filled_in_and_references_are_checked),
        cmocka_unit_test(a_change_leaves_the_tenant_and_checks_the_rows_of_the_role),
        cmocka_unit_test(another_tenant_and_none_are_refused),
        cmocka_unit_test(what_a_role_does_not_see_it_cannot_write),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_both, worlds_close);
}
