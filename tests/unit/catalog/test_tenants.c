/* SPDX-License-Identifier: Apache-2.0 */
/* Whose rows are, and what of them a role sees; what is said of it that cannot be. */
#include "lib/mistakes.h"

#include "shop.h"

static const struct resource *find(const struct building *building, const char *name)
{
    assert_non_null(building->model);
    for (unsigned i = 0; i < building->model->resource_count; i++)
        if (slice_eq(building->model->resources[i].config->name.text, slice_str(name)))
            return &building->model->resources[i];
    fail_msg("no resource %s", name);
    return NULL;
}

static void a_table_with_the_column_is_bound_and_others_are_told(void **state)
{
    (void)state;
    struct building *building =
        build("auth: {tenant: user_id}\nresources:\n  orders: {}\n  totals: {key: user_id}\n"
              "  users: {tenant: id}\n  logs: {}\n  app.events: {tenant: none}\n",
              DIALECT_PG);
    assert_slice(find(building, "orders")->tenant->name, "user_id");
    assert_slice(find(building, "totals")->tenant->name, "user_id");
    assert_slice(find(building, "users")->tenant->name, "id");
    assert_null(find(building, "logs")->tenant);
    assert_false(find(building, "logs")->of_all);
    assert_true(find(building, "events")->of_all);
    assert_said(
        building,
        "leat.yaml:8:3: warning: `logs` has no column `user_id`: every tenant sees all of its rows. Name "
        "their owner by `tenant: COLUMN`, or say `tenant: none`\n");
    building_free(building);
}

static void tables_that_are_not_served_have_owners_too(void **state)
{
    (void)state;
    struct building *building =
        build("auth: {tenant: user_id}\nresources: {users: {tenant: id}}\n", DIALECT_PG);
    const struct model *model = building->model;
    assert_slice(model->tenants[0]->name, "id");
    assert_slice(model->tenants[1]->name, "user_id");
    assert_null(model->tenants[3]);
    building_free(building);
}

static void a_role_sees_what_is_said_of_it_and_of_those_before_it(void **state)
{
    (void)state;
    struct building *building = build(
        "auth: {roles: viewer < analyst < admin}\nresources:\n  users: {read: viewer, order: created_at, "
        "columns: {viewer: 'id,email', admin: '*,-password_hash'}}\n",
        DIALECT_PG);
    const struct resource *users = find(building, "users");
    assert_columns(users->columns, users->column_count, "id|email|data|created_at");
    const struct resource *viewer = resource_seen(users, 1u << 1), *analyst = resource_seen(users, 1u << 2),
                          *admin = resource_seen(users, 1u << 3);
    assert_columns(viewer->columns, viewer->column_count, "id|email");
    assert_columns(viewer->select, viewer->select_count, "id|email");
    assert_int_equal(viewer->order_count, 0);
    assert_columns(analyst->columns, analyst->column_count, "id|email");
    assert_columns(admin->columns, admin->column_count, "id|email|data|created_at");
    assert_int_equal(admin->order_count, 1);
    assert_ptr_equal(resource_seen(users, ROLES_ALL), users);
    assert_null(resource_column(viewer, SLICE("created_at")));
    building_free(building);
}

static const struct mistake mistakes[] = {
    {"auth: {tenant: organisation_id}\nresources: {users: {tenant: none}}\n",
     "leat.yaml:3:16: `tenant`: no table has a column `organisation_id`: expected the one that says whose a row is\n"},
    {"resources: {users: {tenant: user}}\n", "leat.yaml:3:29: `users` has no column `user`\n"},
    {"resources: {users: {tenant: data}}\n",
     "leat.yaml:3:29: `tenant`: `users.data` is of type json: expected a column of integers, UUIDs or texts\n"},
    {"auth: {tenant: user_id}\nresources: {orders: {tenant: none}}\n",
     "leat.yaml:4:30: `tenant: none` opens the rows of all tenants of `orders`, and `anonymous` may read them: name "
     "a role by `read:` and `write:`\n"},
    {"auth: {tenant: user_id}\nresources: {orders: {set: {user_id: ':tenant'}}}\n",
     "leat.yaml:4:28: `set`: `user_id` is the tenant's column, which is filled in without being told: take it out\n"},
    {"auth: {roles: viewer}\nresources: {users: {columns: {viewer: id}}}\n",
     "leat.yaml:4:30: `columns`: `anonymous` may read or write `users`, and no column is shown to it: add it, or a "
     "role before it\n"},
    {"auth: {roles: viewer}\nresources: {users: {read: viewer, columns: {viewer: idd}}}\n",
     "leat.yaml:4:13: `users` shows no column: begin `columns` with `*`, or name some\n"
     "leat.yaml:4:53: `users` has no column `idd`: did you mean `id`?\n"},
};

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(mistakes); i++) {
        struct building *building = build(mistakes[i].text, DIALECT_PG);
        assert_null(building->model);
        assert_said(building, mistakes[i].said);
        building_free(building);
    }
}

static void a_database_that_cannot_decide_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
        enum dialect dialect;
    } cases[] = {
        {"auth: {rights: database, roles: viewer}\nresources: {users: {}}\n",
         "leat.yaml:3:16: `rights: database`: SQLite knows no roles: take it out, and say by `auth.tenant`, `rows:` and "
         "`columns:` whose rows are and who sees what\n",
         DIALECT_SQLITE},
        {"auth: {rights: database, roles: viewer}\nresources: {users: {}}\n",
         "leat.yaml:3:16: `rights: database`: there is no role `anonymous` in the database that this connection may act "
         "as: CREATE ROLE \"anonymous\", and GRANT it to the user of `database.url`\n"
         "leat.yaml:3:33: `rights: database`: there is no role `viewer` in the database that this connection may act "
         "as: CREATE ROLE \"viewer\", and GRANT it to the user of `database.url`\n",
         DIALECT_PG},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct building *building = build(cases[i].text, cases[i].dialect);
        assert_null(building->model);
        assert_said(building, cases[i].said);
        building_free(building);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_table_with_the_column_is_bound_and_others_are_told),
    cmocka_unit_test(tables_that_are_not_served_have_owners_too),
    cmocka_unit_test(a_role_sees_what_is_said_of_it_and_of_those_before_it),
    cmocka_unit_test(a_database_that_cannot_decide_is_refused),
    cmocka_unit_test(mistakes_are_told_with_their_place),
};

UNIT_TEST_MAIN(tests)
