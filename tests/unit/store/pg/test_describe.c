/* SPDX-License-Identifier: Apache-2.0 */
/* What named queries answer, asked of a real server. The model is made by hand: one query of pieces and parameters. */
#include "fixture.h"

enum { PARAMS_MAX = 4 };

struct asking {
    struct catalog catalog; /* nothing is in it */
    struct model model;
    struct complaints complaints;
    struct named_query query;
    struct config_query config;
    struct config_sql sql;
    struct slice pieces[PARAMS_MAX + 1];
    unsigned order[PARAMS_MAX];
    struct config_param config_params[PARAMS_MAX];
    struct query_param params[PARAMS_MAX];
    enum error error;
};

/* pieces end with NULL; between them stand parameters p0 of type bigint, p1 of type text… in turn. */
static void ask(struct asking *asking, struct postgres *server, enum query_returns returns,
                const char *const *pieces)
{
    static const char *types[PARAMS_MAX] = {"bigint", "text", "timestamptz", "boolean"};
    static const char *names[PARAMS_MAX] = {"p0", "p1", "p2", "p3"};
    *asking = (struct asking){0};
    struct arena *arena = &asking->model.arena;
    struct slice text = SLICE("");
    arena_init(arena, 4096);
    asking->complaints.arena = arena;
    for (unsigned i = 0; pieces[i] != NULL; i++) {
        asking->pieces[i] = slice_str(pieces[i]);
        text = arena_format(arena, SLICE_FMT "%s", SLICE_ARG(text), pieces[i]);
        if (pieces[i + 1] == NULL)
            break;
        asking->order[i] = i;
        asking->config_params[i].name.text = slice_str(names[i]);
        asking->params[i] = (struct query_param){&asking->config_params[i], {.name = slice_str(types[i])}};
        text = arena_format(arena, SLICE_FMT "$%u::%s", SLICE_ARG(text), i + 1, types[i]);
        asking->sql.count++;
    }
    asking->sql.pieces = asking->pieces;
    asking->sql.params = asking->order;
    asking->sql.at = (struct place){"q.sql", 10, 1};
    asking->config.path = SLICE("things/top");
    asking->config.returns = returns;
    asking->query = (struct named_query){.config = &asking->config,
                                         .sql = &asking->sql,
                                         .params = asking->params,
                                         .text = text};
    asking->query.param_count = asking->sql.count;
    asking->model.catalog = &asking->catalog;
    asking->model.queries = &asking->query;
    asking->model.query_count = 1;

    struct fixture fixture = {.offload = offload_new(1, 8)};
    struct store_options options = fixture_options(server);
    char why[512];
    assert_int_equal(store_open(&options, fixture.offload, &fixture.store, why), OK);
    asking->error = store_describe(fixture.store, &asking->model, &asking->complaints);
    store_close(fixture.store);
    offload_free(fixture.offload);
}

static void done(struct asking *asking)
{
    arena_done(&asking->model.arena);
}

static void expect_complaint(struct asking *asking, unsigned line, unsigned column, const char *word)
{
    assert_int_equal(asking->error, ERR_INVALID);
    for (unsigned i = 1; i < asking->complaints.count; i++)
        print_error("also: %.*s\n", SLICE_ARG(asking->complaints.items[i].text));
    assert_int_equal(asking->complaints.count, 1);
    const struct complaint *complaint = &asking->complaints.items[0];
    if (memmem(complaint->text.data, complaint->text.len, word, strlen(word)) == NULL)
        fail_msg("%.*s", SLICE_ARG(complaint->text));
    assert_int_equal(complaint->at.line, line);
    assert_int_equal(complaint->at.column, column);
    done(asking);
}

static void a_query_has_the_columns_the_database_says(void **state)
{
    struct asking asking;
    static const char *pieces[] = {
        "SELECT id, name AS \"the name\", amount, made, id = 1 AS first FROM things WHERE id > ",
        " AND name <> ", "", NULL};
    ask(&asking, *state, RETURNS_ROWS, pieces);
    assert_int_equal(asking.error, OK);
    assert_int_equal(asking.query.column_count, 5);
    const struct column *columns = asking.query.columns;
    static const enum value_kind kinds[] = {VALUE_INT, VALUE_TEXT, VALUE_NUMERIC, VALUE_TIMESTAMPTZ,
                                            VALUE_BOOL};
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(columns[i].type.kind, kinds[i]);
    assert_slice(columns[1].name, "the name");
    assert_slice(columns[1].json, "\"the name\":");
    assert_int_equal(columns[2].type.scale, 2);
    assert_true(slice_starts(asking.query.text, SLICE("SELECT id, name"))); /* as it was */
    done(&asking);
}

static void a_mistake_is_told_at_its_place_in_the_file(void **state)
{
    struct asking asking;
    static const char *pieces[] = {"SELECT id,\n       nmae\n  FROM things\n", NULL};
    ask(&asking, *state, RETURNS_ROWS, pieces);
    expect_complaint(&asking, 11, 8, "nmae");
}

static void a_mistake_behind_parameters_is_told_at_its_place_too(void **state)
{
    struct asking asking;
    static const char *pieces[] = {"SELECT 'ü' AS u,\n ", " + 1 AS x, ", " || nothing AS y", NULL};
    ask(&asking, *state, RETURNS_ROWS, pieces); /*  :p0 + 1 AS x, :p1 || nothing */
    expect_complaint(&asking, 11, 23, "nothing");
}

static void a_statement_without_columns_is_refused(void **state)
{
    struct asking asking;
    static const char *pieces[] = {"SELECT 1 AS a INTO nope", NULL};
    ask(&asking, *state, RETURNS_ROWS, pieces);
    expect_complaint(&asking, 10, 1, "no columns");
}

static void what_changes_rows_is_known_by_its_statement(void **state)
{
    static const struct {
        const char *text;
        bool changes;
        unsigned columns;
    } cases[] = {
        {"SELECT id FROM things", false, 1},
        {"DELETE FROM things", true, 0},
        {"UPDATE things SET amount = 0 RETURNING id, amount", true, 2},
        {"WITH gone AS (DELETE FROM things RETURNING id) SELECT id FROM gone", true, 1},
        {"WITH a AS (SELECT 1) INSERT INTO things (id) SELECT 1 FROM a", true, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct asking asking;
        const char *pieces[] = {cases[i].text, NULL};
        ask(&asking, *state, RETURNS_ROWS, pieces);
        assert_int_equal(asking.error, OK);
        assert_int_equal(asking.query.changes, cases[i].changes);
        assert_int_equal(asking.query.column_count, cases[i].columns);
        done(&asking);
    }
}

/* The wrapped text must run, keep the inner order and answer JSON in the cells that need it. */
static void what_only_the_database_can_turn_to_json_is_wrapped(void **state)
{
    struct asking asking;
    struct fixture fixture;
    static const char *pieces[] = {
        "SELECT id, ARRAY[id, 2] AS \"li\"\"st\", int4range(1, 3) AS span, ROW(1, 'x') AS pair FROM things WHERE id <= ",
        " ORDER BY id DESC LIMIT 2 ; -- the end", NULL};
    ask(&asking, *state, RETURNS_ROWS, pieces);
    assert_int_equal(asking.error, OK);
    assert_int_equal(asking.query.column_count, 4);
    assert_slice(asking.query.columns[1].name, "li\"st");
    assert_int_equal(asking.query.columns[1].type.kind, VALUE_OTHER);
    fixture_init(&fixture, *state);
    struct reading reading;
    reading_init(&reading, "");
    reading.fetch.statement.text = asking.query.text;
    reading_bind(&reading, "5");
    reading_run(&fixture, &reading);
    if (reading.fetch.problem.status != 0)
        fail_msg("%.*s", SLICE_ARG(reading.fetch.problem.cause));
    assert_slice(buf_slice(&reading.out),
                 "5|[5,2]|\"[1,3)\"|{\"f1\":1,\"f2\":\"x\"};4|[4,2]|\"[1,3)\"|{\"f1\":1,\"f2\":\"x\"};");
    reading_done(&reading);
    fixture_free(&fixture);
    done(&asking);
}

static void describing_runs_nothing(void **state)
{
    struct asking asking;
    struct fixture fixture;
    static const char *pieces[] = {"SELECT nextval('numbers') AS n, pg_sleep(100) IS NULL AS slept", NULL};
    ask(&asking, *state, RETURNS_ROWS, pieces);
    assert_int_equal(asking.error, OK);
    done(&asking);
    fixture_init(&fixture, *state);
    assert_reads(&fixture, "SELECT is_called FROM numbers", "f;", NULL);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_has_the_columns_the_database_says),
        cmocka_unit_test(a_mistake_is_told_at_its_place_in_the_file),
        cmocka_unit_test(a_mistake_behind_parameters_is_told_at_its_place_too),
        cmocka_unit_test(a_statement_without_columns_is_refused),
        cmocka_unit_test(what_changes_rows_is_known_by_its_statement),
        cmocka_unit_test(what_only_the_database_can_turn_to_json_is_wrapped),
        cmocka_unit_test(describing_runs_nothing),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, server_start, server_stop);
}
