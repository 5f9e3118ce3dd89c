/* SPDX-License-Identifier: Apache-2.0 */
/* Resources for a database without a configuration. */
#include "shop.h"

static struct building *build_open(void)
{
    struct building *building = test_calloc(1, sizeof *building);
    arena_init(&building->arena, 4096);
    building->complaints.arena = &building->arena;
    building->catalog = shop_catalog(DIALECT_PG);
    static const char *const id[] = {"id", "a\"secret", NULL}, *const plain[] = {"id", NULL};
    shop_table(building->catalog, "public", "auth", TABLE_TABLE, plain, 1);
    shop_table(building->catalog, "public", "odd name!", TABLE_TABLE, plain, 1);
    shop_table(building->catalog, "public", "leat_idempotency", TABLE_TABLE, plain, 1);
    shop_table(building->catalog, "public", "unhideable", TABLE_TABLE, id, 1);
    assert_int_equal(config_without_file("sqlite:/x", NULL, 0, &building->complaints, &building->config), OK);
    model_open_resources(building->config, building->catalog);
    assert_int_equal(model_build(building->config, building->catalog, &building->complaints,
                                 &building->model),
                     OK);
    return building;
}

static const struct resource *resource_called(const struct model *model, const char *name)
{
    for (unsigned i = 0; i < model->resource_count; i++)
        if (slice_eq(model->resources[i].config->name.text, slice_str(name)))
            return &model->resources[i];
    return NULL;
}

static void every_table_and_view_is_readable(void **state)
{
    (void)state;
    struct building *building = build_open();
    static const char *const names[] = {"users", "orders", "totals", "logs", "audit_events", "app_events"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct resource *resource = resource_called(building->model, names[i]);
        assert_non_null(resource);
        assert_int_equal(resource->config->read, ROLE_ANONYMOUS);
        assert_slice(resource->config->envelope.rows, names[i]);
        assert_int_equal(resource->config->page.size, 100);
    }
    building_free(building);
}

static void columns_that_look_like_secrets_are_hidden(void **state)
{
    (void)state;
    struct building *building = build_open();
    assert_null(resource_column(resource_called(building->model, "users"), SLICE("password_hash")));
    assert_null(resource_column(resource_called(building->model, "logs"), SLICE("api_key")));
    assert_non_null(resource_column(resource_called(building->model, "users"), SLICE("email")));
    building_free(building);
}

static void names_that_cannot_stand_in_a_path_are_changed(void **state)
{
    (void)state;
    struct building *building = build_open();
    assert_non_null(resource_called(building->model, "public_auth"));
    assert_non_null(resource_called(building->model, "odd_name_"));
    assert_null(resource_called(building->model, "auth"));
    building_free(building);
}

static void a_table_whose_secret_cannot_be_hidden_is_not_served(void **state)
{
    (void)state;
    struct building *building = build_open();
    assert_null(resource_called(building->model, "unhideable"));
    building_free(building);
}

static void the_table_of_used_keys_is_not_served(void **state)
{
    (void)state;
    struct building *building = build_open();
    assert_null(resource_called(building->model, "leat_idempotency"));
    building_free(building);
}

static void a_table_without_a_key_is_warned_of(void **state)
{
    (void)state;
    struct building *building = build_open();
    assert_said(
        building,
        "leat: warning: `totals` has no primary key, so no /totals/{id} and no cursors: name unique columns by `key:`\n");
    building_free(building);
}

static void secrets_are_told_from_other_words(void **state)
{
    (void)state;
    static const char *const secrets[] = {"password",      "password_hash", "PasswordHash", "user_pwd",
                                          "api_key",       "apiKey",        "accessToken",  "refresh_token",
                                          "client_secret", "salt",          "pw_salt",      "ssn",
                                          "hash",          "otp",           "totpSeed",     "privateKey",
                                          "card_cvv",      "credentials",   "PASSWD",       "pin",
                                          "user-pin"};
    static const char *const others[] = {"id",       "email",   "passenger", "basalt",     "hashtag_count",
                                         "spin",     "opinion", "compass",   "created_at", "session_count",
                                         "keyboard", "lesson",  "pinned",    "assn"};
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        if (!column_looks_secret(slice_str(secrets[i])))
            fail_msg("%s should look like a secret", secrets[i]);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (column_looks_secret(slice_str(others[i])))
            fail_msg("%s should not look like a secret", others[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_and_view_is_readable),
        cmocka_unit_test(columns_that_look_like_secrets_are_hidden),
        cmocka_unit_test(names_that_cannot_stand_in_a_path_are_changed),
        cmocka_unit_test(a_table_whose_secret_cannot_be_hidden_is_not_served),
        cmocka_unit_test(the_table_of_used_keys_is_not_served),
        cmocka_unit_test(a_table_without_a_key_is_warned_of),
        cmocka_unit_test(secrets_are_told_from_other_words),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
