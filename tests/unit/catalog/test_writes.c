/* SPDX-License-Identifier: Apache-2.0 */
/* What a resource says of its writes, resolved against real databases: `deleted:` and `set:`; and what is said of mistakes. */
#include "lib/mistakes.h"

#include "loading.h"

static const char schema_sql[] =
    "CREATE TABLE posts (id int PRIMARY KEY, gone_at timestamp, gone_on date, gone boolean NOT NULL DEFAULT false,"
    " made_at timestamp NOT NULL, title text, n int, size int GENERATED ALWAYS AS (1 + 1) STORED);";

/* Not in *state: there the mistakes are. */
static struct world *world;

static int start(void **state)
{
    (void)state;
    world = world_new(schema_sql);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

static void a_deleted_row_is_marked_by_a_moment_or_a_truth_value(void **state)
{
    (void)state;
    static const char *const columns[] = {"gone_at", "gone_on", "gone"};
    for (unsigned i = 0; i < ARRAY_LEN(columns) * ARRAY_LEN(world->urls); i++) {
        char yaml[200];
        snprintf(yaml, sizeof yaml, "resources: {posts: {columns: title, deleted: %s}}", columns[i / 2]);
        struct building *building = build_from(world->urls[i % 2], yaml);
        assert_said(building, "");
        assert_slice(building->model->resources[0].deleted->name, columns[i / 2]);
        building_free(building);
    }
}

static void rows_are_deleted_where_nothing_marks_them(void **state)
{
    (void)state;
    struct building *building = build_from(world->urls[DIALECT_SQLITE], "resources: {posts: {}}");
    assert_null(building->model->resources[0].deleted);
    assert_int_equal(building->model->resources[0].set_count, 0);
    building_free(building);
}

static void what_leat_fills_in_has_its_columns_hidden_or_not(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(world->urls); i++) {
        struct building *building =
            build_from(world->urls[i], "resources: {posts: {columns: 'id,n', set: {made_at: ':now on create',"
                                       " gone_on: ':now', title: ':now', n: '7'}}}");
        static const char *const expected[] = {"made_at", "gone_on", "title", "n"};
        const struct resource *resource = &building->model->resources[0];
        assert_said(building, "");
        assert_int_equal(resource->set_count, ARRAY_LEN(expected));
        for (unsigned j = 0; j < resource->set_count; j++) {
            assert_slice(resource->set[j].column->name, expected[j]);
            assert_ptr_equal(resource->set[j].config, &resource->config->set[j]);
        }
        building_free(building);
    }
}

static const struct mistake mistakes[] = {
    {"resources: {posts: {deleted: gone_ta}}",
     "leat.yaml:3:30: `posts` has no column `gone_ta`: did you mean `gone_at`?\n"},
    {"resources: {posts: {deleted: title}}",
     "leat.yaml:3:30: `deleted`: `title` is of type text: a column that marks deleted rows is a timestamp, a date or a boolean\n"},
    {"resources: {posts: {deleted: made_at}}",
     "leat.yaml:3:30: `deleted`: `made_at` is never NULL: a row is there while this column is\n"},
    {"resources: {posts: {deleted: size}}",
     "leat.yaml:3:30: `deleted`: the database itself fills in `size`, which is generated\n"},
    {"resources: {posts: {set: {title: x, made: ':now'}}}", "leat.yaml:3:37: `posts` has no column `made`\n"},
    {"resources: {posts: {set: {mad_at: ':now'}}}",
     "leat.yaml:3:27: `posts` has no column `mad_at`: did you mean `made_at`?\n"},
    {"resources: {posts: {set: {n: ':now'}}}",
     "leat.yaml:3:27: `set`: `:now` is no value for `n`, of type integer\n"},
    {"resources: {posts: {set: {size: '3'}}}",
     "leat.yaml:3:27: `set`: the database itself fills in `size`, which is generated\n"},
    {"resources: {posts: {behind: {titel: 1s}}}",
     "leat.yaml:3:30: `posts` has no column `titel`: did you mean `title`?\n"},
    {"resources: {posts: {behind: {size: 1s}}}",
     "leat.yaml:3:30: `behind`: the database itself fills in `size`, which is generated\n"},
    {"resources: {posts: {behind: {id: 1s}}}",
     "leat.yaml:3:30: `behind`: `id` says which row it is: that cannot be written later\n"},
};

static void is_told_word_for_word(void **state)
{
    const struct mistake *mistake = *state;
    struct building *building = build_from(world->urls[DIALECT_PG], mistake->text);
    assert_null(building->model);
    assert_said(building, mistake->said);
    building_free(building);
}

int main(void)
{
    const struct CMUnitTest sentences[] = {
        cmocka_unit_test(a_deleted_row_is_marked_by_a_moment_or_a_truth_value),
        cmocka_unit_test(rows_are_deleted_where_nothing_marks_them),
        cmocka_unit_test(what_leat_fills_in_has_its_columns_hidden_or_not),
    };
    struct CMUnitTest tests[ARRAY_LEN(sentences) + ARRAY_LEN(mistakes)];
    memcpy(tests, sentences, sizeof sentences);
    mistakes_add(mistakes, ARRAY_LEN(mistakes), is_told_word_for_word, tests + ARRAY_LEN(sentences));
    return cmocka_run_group_tests_name(__FILE__, tests, start, stop);
}
