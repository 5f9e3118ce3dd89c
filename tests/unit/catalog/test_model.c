/* SPDX-License-Identifier: Apache-2.0 */
/* Resources resolved against a catalogue, and what is said of those that cannot be. */
#include "lib/mistakes.h"

#include "shop.h"

static const struct resource *only_resource(const struct building *building)
{
    assert_non_null(building->model);
    assert_int_equal(building->model->resource_count, 1);
    return &building->model->resources[0];
}

static void a_table_of_which_nothing_is_said_is_served_whole(void **state)
{
    (void)state;
    struct building *building = build("resources: {users: {}}", DIALECT_PG);
    const struct resource *resource = only_resource(building);
    assert_columns(resource->columns, resource->column_count, "id|email|password_hash|data|created_at");
    assert_columns(resource->select, resource->select_count, "id|email|password_hash|data|created_at");
    assert_columns(resource->key, resource->key_count, "id");
    assert_int_equal(resource->order_count, 0);
    assert_said(building, "");
    building_free(building);
}

static void hidden_columns_do_not_exist_for_clients(void **state)
{
    (void)state;
    struct building *building = build("resources: {users: {columns: '*,-password_hash'}}", DIALECT_PG);
    const struct resource *resource = only_resource(building);
    assert_columns(resource->columns, resource->column_count, "id|email|data|created_at");
    assert_columns(resource->select, resource->select_count, "id|email|data|created_at");
    assert_null(resource_column(resource, SLICE("password_hash")));
    assert_non_null(resource_column(resource, SLICE("email")));
    building_free(building);
}

static void named_columns_keep_the_tables_order_and_a_selection_its_own(void **state)
{
    (void)state;
    struct building *building =
        build("resources: {users: {columns: 'email, id,created_at', select: 'created_at,id,created_at'}}",
              DIALECT_PG);
    const struct resource *resource = only_resource(building);
    assert_columns(resource->columns, resource->column_count, "id|email|created_at");
    assert_columns(resource->select, resource->select_count, "created_at|id");
    building_free(building);
}

static void a_key_may_be_hidden(void **state)
{
    (void)state;
    struct building *building = build("resources: {users: {columns: email}}", DIALECT_PG);
    const struct resource *resource = only_resource(building);
    assert_columns(resource->columns, resource->column_count, "email");
    assert_columns(resource->key, resource->key_count, "id");
    building_free(building);
}

static void a_composite_key_keeps_its_order(void **state)
{
    (void)state;
    struct building *building = build("resources: {orders: {}}", DIALECT_SQLITE);
    const struct resource *resource = only_resource(building);
    assert_columns(resource->key, resource->key_count, "user_id|n");
    building_free(building);
}

static void a_view_has_the_key_that_is_declared(void **state)
{
    (void)state;
    struct building *building = build("resources: {totals: {key: user_id}}", DIALECT_PG);
    const struct resource *resource = only_resource(building);
    assert_columns(resource->key, resource->key_count, "user_id");
    assert_said(building, "");
    building_free(building);
}

static void a_view_without_a_key_is_served_with_a_warning(void **state)
{
    (void)state;
    struct building *building = build("resources: {totals: {}}", DIALECT_PG);
    assert_int_equal(only_resource(building)->key_count, 0);
    assert_said(
        building,
        "leat.yaml:3:13: warning: `totals` has no primary key, so no /totals/{id} and no cursors: name unique columns "
        "by `key:`\n");
    building_free(building);
}

static void quotes_hold_names_with_commas(void **state)
{
    (void)state;
    struct building *building =
        build("resources: {orders: {columns: '*,-\"a,b\"', key: '\"a,b\",n'}}", DIALECT_PG);
    const struct resource *resource = only_resource(building);
    assert_columns(resource->columns, resource->column_count, "user_id|n|amount");
    assert_columns(resource->key, resource->key_count, "a,b|n");
    building_free(building);
}

static void an_order_has_postgresqls_places_for_nulls(void **state)
{
    (void)state;
    static const struct {
        const char *order;
        bool descending, nulls_first;
    } cases[] = {
        {"id", false, false},
        {"id.asc", false, false},
        {"id.desc", true, true},
        {"id.nullsfirst", false, true},
        {"id.desc.nullslast", true, false},
        {"id.asc.nullsfirst", false, true},
        {"id.nullslast", false, false},
        {"\"id\".desc", true, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char yaml[200];
        snprintf(yaml, sizeof yaml, "resources: {users: {order: 'created_at,%s'}}", cases[i].order);
        struct building *building = build(yaml, DIALECT_PG);
        const struct resource *resource = only_resource(building);
        assert_int_equal(resource->order_count, 2);
        assert_slice(resource->order[0].column->name, "created_at");
        assert_slice(resource->order[1].column->name, "id");
        assert_int_equal(resource->order[1].descending, cases[i].descending);
        assert_int_equal(resource->order[1].nulls_first, cases[i].nulls_first);
        building_free(building);
    }
}

static void a_selection_that_is_more_than_columns_is_left_to_the_query_stage(void **state)
{
    (void)state;
    static const char *const texts[] = {"id,orders(*)", "mail:email", "id::text",
                                        "data->a",      "data->>a",   "id.sum()",
                                        "...orders(n)", "*,o{n}",     "orders!inner(n)"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char yaml[200];
        snprintf(yaml, sizeof yaml, "resources: {users: {columns: 'id,email', select: '%s'}}", texts[i]);
        struct building *building = build(yaml, DIALECT_PG);
        const struct resource *resource = only_resource(building);
        assert_true(resource->select_is_text);
        assert_columns(resource->select, resource->select_count, "id|email");
        assert_slice(resource->config->select.text, texts[i]);
        building_free(building);
    }
}

static void an_order_that_is_more_than_columns_is_left_to_the_query_stage(void **state)
{
    (void)state;
    struct building *building = build("resources: {users: {order: 'id,orders(n).desc'}}", DIALECT_PG);
    assert_true(only_resource(building)->order_is_text);
    assert_false(only_resource(building)->select_is_text);
    assert_int_equal(only_resource(building)->order_count, 0);
    building_free(building);
    building = build("resources: {users: {select: id, order: id.desc}}", DIALECT_PG);
    assert_false(only_resource(building)->order_is_text);
    assert_false(only_resource(building)->select_is_text);
    building_free(building);
}

static void what_is_quoted_is_a_name(void **state)
{
    (void)state;
    struct building *building =
        build("resources: {orders: {select: '\"a,b\",n', order: '\"a,b\".desc'}}", DIALECT_PG);
    assert_columns(only_resource(building)->select, 2, "a,b|n");
    building_free(building);
    building = build("resources: {users: {select: '\"a(b\"'}}", DIALECT_PG);
    assert_null(building->model);
    assert_said(building, "leat.yaml:3:29: `users` has no column `a(b`\n");
    building_free(building);
}

static void words_that_filter_nothing_have_their_column(void **state)
{
    (void)state;
    struct building *building = build("resources: {users: {any: {email: all}}}", DIALECT_PG);
    const struct resource *resource = only_resource(building);
    assert_int_equal(resource->any_count, 1);
    assert_slice(resource->any[0].column->name, "email");
    assert_slice(resource->any[0].word, "all");
    building_free(building);
}

static void resources_of_other_schemas_are_found(void **state)
{
    (void)state;
    struct building *building =
        build("resources: {audit.logs: {}, app.events: {as: app_events}, x: {table: audit.events}}",
              DIALECT_PG);
    assert_int_equal(building->model->resource_count, 3);
    assert_slice(building->model->resources[1].table->schema, "app");
    assert_slice(building->model->resources[2].table->schema, "audit");
    assert_int_equal(building->model->resources[2].index, 2);
    building_free(building);
}

static const struct mistake mistakes[] = {
    {"resources: {usres: {}}", "leat.yaml:3:13: the database has no table `usres`: did you mean `users`?\n"},
    {"resources: {log: {}}", "leat.yaml:3:13: the database has no table `log`: did you mean `logs`?\n"},
    {"resources: {zebras: {}}",
     "leat.yaml:3:13: the database has no table `zebras`; it has users, orders, totals, logs, audit.events, app.events\n"},
    {"resources: {events: {}}",
     "leat.yaml:3:13: several schemas have a table `events`: write `schema.events`\n"},
    {"resources: {u: {table: pubic.users}}",
     "leat.yaml:3:24: the database has no table `pubic.users`; it has users, orders, totals, "
     "logs, audit.events, app.events\n"},
    {"resources: {users: {columns: '*,-pasword_hash'}}",
     "leat.yaml:3:30: `users` has no column `pasword_hash`: did you mean `password_hash`?\n"},
    {"resources: {users: {columns: 'id,zebra'}}", "leat.yaml:3:30: `users` has no column `zebra`\n"},
    {"resources: {users: {columns: '-id'}}",
     "leat.yaml:3:30: `users` shows no column: begin `columns` with `*`, or name some\n"},
    {"resources: {users: {columns: '*,-*'}}",
     "leat.yaml:3:30: `users` shows no column: begin `columns` with `*`, or name some\n"},
    {"resources: {users: {columns: 'id,,email'}}", "leat.yaml:3:30: `users` has no column ``\n"},
    {"resources: {users: {key: 'id,orders(*)'}}",
     "leat.yaml:3:26: `key`: found `id,orders(*)`, expected names of columns\n"},
    {"resources: {users: {columns: '*,-email', select: 'email'}}",
     "leat.yaml:3:50: `users`: the column `email` is hidden by `columns`\n"},
    {"resources: {users: {columns: '*,-email', order: email}}",
     "leat.yaml:3:49: `users`: the column `email` is hidden by `columns`\n"},
    {"resources: {users: {order: emial.desc}}",
     "leat.yaml:3:28: `users` has no column `emial`: did you mean `email`?\n"},
    {"resources: {users: {order: id.down}}",
     "leat.yaml:3:28: `order`: found `.down` behind `id`, expected `.asc` or `.desc`, then "
     "`.nullsfirst` or `.nullslast`\n"},
    {"resources: {users: {order: id.nullsfirst.desc}}",
     "leat.yaml:3:28: `order`: found `.nullsfirst.desc` behind `id`, expected `.asc` or `.desc`, then `.nullsfirst` or `.nullslast`\n"},
    {"resources: {users: {order: 'id,email,id.desc'}}", "leat.yaml:3:28: `order` names `id` twice\n"},
    {"resources: {users: {order: ',,,,'}}", "leat.yaml:3:28: `users` has no column ``\n"
                                            "leat.yaml:3:28: `users` has no column ``\n"
                                            "leat.yaml:3:28: `users` has no column ``\n"
                                            "leat.yaml:3:28: `users` has no column ``\n"
                                            "leat.yaml:3:28: `users` has no column ``\n"},
    {"resources: {users: {order: data}}",
     "leat.yaml:3:28: `order`: the column `data` has no order, being of type json\n"},
    {"resources: {totals: {key: usr_id}}",
     "leat.yaml:3:27: `totals` has no column `usr_id`: did you mean `user_id`?\n"},
    {"resources: {users: {any: {status: all}}}", "leat.yaml:3:27: `users` has no column `status`\n"},
    {"resources: {usres: {}, users: {order: nmae, any: {emial: x}}}",
     "leat.yaml:3:13: the database has no table `usres`: did you mean `users`?\n"
     "leat.yaml:3:39: `users` has no column `nmae`\n"
     "leat.yaml:3:51: `users` has no column `emial`: did you mean `email`?\n"},
};

static void is_told_word_for_word(void **state)
{
    const struct mistake *mistake = *state;
    struct building *building = build(mistake->text, DIALECT_PG);
    char text[8192] = "";
    assert_null(building->model);
    for (unsigned i = 0; i < building->complaints.count; i++) {
        const struct complaint *complaint = &building->complaints.items[i];
        if (!complaint->warning)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s:%u:%u: " SLICE_FMT "\n",
                     complaint->at.file, complaint->at.line, complaint->at.column,
                     SLICE_ARG(complaint->text));
    }
    assert_string_equal(text, mistake->said);
    building_free(building);
}

static void a_model_lives_until_its_last_reference_is_gone(void **state)
{
    (void)state;
    struct building *building = build("resources: {users: {}}", DIALECT_PG);
    struct model *model = model_ref(building->model);
    model_unref(model);
    assert_int_equal(building->model->resource_count, 1); /* the sanitizer would see a use after free */
    model_unref(NULL);
    building_free(building);
}

static void two_models_have_different_numbers(void **state)
{
    (void)state;
    struct building *first = build("resources: {users: {}}", DIALECT_PG),
                    *second = build("resources: {users: {}}", DIALECT_PG);
    assert_true(second->model->number > first->model->number);
    building_free(first);
    building_free(second);
}

int main(void)
{
    const struct CMUnitTest sentences[] = {
        cmocka_unit_test(a_table_of_which_nothing_is_said_is_served_whole),
        cmocka_unit_test(hidden_columns_do_not_exist_for_clients),
        cmocka_unit_test(named_columns_keep_the_tables_order_and_a_selection_its_own),
        cmocka_unit_test(a_key_may_be_hidden),
        cmocka_unit_test(a_composite_key_keeps_its_order),
        cmocka_unit_test(a_view_has_the_key_that_is_declared),
        cmocka_unit_test(a_view_without_a_key_is_served_with_a_warning),
        cmocka_unit_test(quotes_hold_names_with_commas),
        cmocka_unit_test(an_order_has_postgresqls_places_for_nulls),
        cmocka_unit_test(a_selection_that_is_more_than_columns_is_left_to_the_query_stage),
        cmocka_unit_test(an_order_that_is_more_than_columns_is_left_to_the_query_stage),
        cmocka_unit_test(what_is_quoted_is_a_name),
        cmocka_unit_test(words_that_filter_nothing_have_their_column),
        cmocka_unit_test(resources_of_other_schemas_are_found),
        cmocka_unit_test(a_model_lives_until_its_last_reference_is_gone),
        cmocka_unit_test(two_models_have_different_numbers),
    };
    struct CMUnitTest tests[ARRAY_LEN(sentences) + ARRAY_LEN(mistakes)];
    memcpy(tests, sentences, sizeof sentences);
    mistakes_add(mistakes, ARRAY_LEN(mistakes), is_told_word_for_word, tests + ARRAY_LEN(sentences));
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
