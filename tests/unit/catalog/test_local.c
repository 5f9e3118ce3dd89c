/* SPDX-License-Identifier: Apache-2.0 */
/* Which answers are to stay in the process: by the columns that their statements name. */
#include "lib/mistakes.h"

#include "shop.h"

#include "catalog/local.h"

static bool is_local(const struct model *model, unsigned table, const char *statement)
{
    const struct table *read = &model->catalog->tables[table];
    return model_statement_is_local(model, slice_str(statement), &read, 1, false);
}

static void a_statement_that_names_a_local_column_of_what_it_reads_is_local(void **state)
{
    (void)state;
    struct building *building =
        build("resources: {users: {cache: {row: 1m, local: 'email,data'}}, orders: {}}\n", DIALECT_PG);
    const struct model *model = building->model;
    assert_non_null(model);
    assert_true(is_local(model, 0, "SELECT \"email\" FROM users"));
    assert_true(is_local(model, 0, "SELECT \"id\" FROM users WHERE \"data\" IS NULL"));
    assert_false(is_local(model, 0, "SELECT \"id\", \"emails\" FROM users"));
    assert_false(is_local(model, 1, "SELECT \"email\" FROM orders"));
    assert_true(
        model_statement_is_local(model, SLICE("SELECT 1"), NULL, 0, true)); /* who knows what it reads */
    building_free(building);
}

static void without_any_nothing_is_local(void **state)
{
    (void)state;
    struct building *building = build("resources: {users: {cache: 1m}}\n", DIALECT_PG);
    assert_false(is_local(building->model, 0, "SELECT \"email\" FROM users"));
    assert_false(model_statement_is_local(building->model, SLICE("SELECT 1"), NULL, 0, true));
    building_free(building);
}

static void all_columns_of_all_resources_may_be_local(void **state)
{
    (void)state;
    struct building *building =
        build_with(shop_catalog(DIALECT_PG), "database: sqlite:/x\n"
                                             "defaults: {read: anonymous, cache: {list: 1m, local: '*'}}\n"
                                             "resources: {users: {}, orders: {}}\n");
    assert_true(is_local(building->model, 0, "SELECT \"id\" FROM users"));
    assert_true(is_local(building->model, 1, "SELECT \"n\" FROM orders"));
    building_free(building);
}

static void what_a_view_shows_of_one_is_local(void **state)
{
    (void)state;
    struct catalog *catalog = shop_catalog(DIALECT_PG);
    catalog->tables[2].columns[1].origin = &catalog->tables[0]; /* total is users.email */
    catalog->tables[2].columns[1].origin_column = 1;
    struct building *building =
        build_with(catalog, "database: sqlite:/x\ndefaults: {read: anonymous}\n"
                            "resources: {users: {cache: {row: 1m, local: email}}, totals: {key: total}}\n");
    assert_true(is_local(building->model, 2, "SELECT \"total\" FROM totals"));
    assert_false(is_local(building->model, 2, "SELECT \"user_id\" FROM totals"));
    building_free(building);
}

static const struct {
    const char *text, *said;
} mistakes[] = {
    {"database: sqlite:/x\ndefaults: {read: anonymous}\n"
     "resources: {users: {cache: {row: 1m, local: 'id,emial'}}}\n",
     "leat.yaml:3:45: `users` has no column `emial`: did you mean `email`?\n"},
    {"database: sqlite:/x\ndefaults: {read: anonymous, cache: {list: 1m, local: email}}\n"
     "resources: {users: {}, orders: {}}\n",
     "leat.yaml:2:54: `local`: found `email`, expected `*` in `defaults`: columns are named by the resource "
     "that has them\n"},
};

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(mistakes); i++) {
        struct building *building = build_with(shop_catalog(DIALECT_PG), mistakes[i].text);
        assert_null(building->model);
        assert_said(building, mistakes[i].said);
        building_free(building);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_statement_that_names_a_local_column_of_what_it_reads_is_local),
    cmocka_unit_test(without_any_nothing_is_local),
    cmocka_unit_test(all_columns_of_all_resources_may_be_local),
    cmocka_unit_test(what_a_view_shows_of_one_is_local),
    cmocka_unit_test(mistakes_are_told_with_their_place),
};

UNIT_TEST_MAIN(tests)
