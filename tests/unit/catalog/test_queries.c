/* SPDX-License-Identifier: Apache-2.0 */
/* Named queries for a store: which file, which text, which types. The files lie in a folder of their own. */
#include "lib/folder.h"

#include "shop.h"

#include "catalog/param_type.h"
#include "config/query_file.h"

static struct building *build_folder(const struct folder *folder, enum dialect dialect)
{
    char path[400];
    folder_put(folder, "leat.yaml", "database: sqlite:/x\nqueries: .\n");
    snprintf(path, sizeof path, "%s/leat.yaml", folder->path);
    struct building *building = test_calloc(1, sizeof *building);
    arena_init(&building->arena, 4096);
    building->complaints.arena = &building->arena;
    building->catalog = shop_catalog(dialect);
    assert_int_equal(config_load(path, NULL, 0, &building->complaints, &building->config), OK);
    (void)!model_build(building->config, building->catalog, &building->complaints, &building->model);
    return building;
}

#define HEAD "/* leat\nread: anonymous\nparams: {top: int, kind: text?, since: timestamptz = 1d ago}\n*/ "
#define SQL "SELECT :kind, :top::bigint, :since, :top"

static void on_postgresql_parameters_are_cast_to_their_types(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "q.sql", HEAD SQL);
    struct building *building = build_folder(folder, DIALECT_PG);
    assert_slice(building->model->queries[0].text,
                 "SELECT $2::text, $1::integer::bigint, $3::timestamptz, $1::integer");
    assert_int_equal(building->model->queries[0].param_count, 3);
    assert_int_equal(building->model->queries[0].params[0].type.kind, VALUE_INT);
    assert_int_equal(building->model->queries[0].params[0].type.bits, 32);
    building_free(building);
}

static void on_sqlite_parameters_are_numbered(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "q.sql", HEAD "SELECT :kind, :top, :since, :top");
    struct building *building = build_folder(folder, DIALECT_SQLITE);
    assert_slice(building->model->queries[0].text, "SELECT ?2, ?1, ?3, ?1");
    building_free(building);
}

static void the_stores_own_file_wins(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "q.sql", "/* leat */SELECT 'any'");
    folder_put(folder, "q.pg.sql", "SELECT 'pg'");
    struct building *pg = build_folder(folder, DIALECT_PG), *sqlite = build_folder(folder, DIALECT_SQLITE);
    assert_slice(pg->model->queries[0].text, "SELECT 'pg'");
    assert_slice(sqlite->model->queries[0].text, "SELECT 'any'");
    building_free(pg);
    building_free(sqlite);
}

static void a_query_for_the_other_store_alone_is_left_out_with_a_warning(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "p.pg.sql", "/* leat\nread: anonymous\n*/ SELECT 'pg'");
    folder_put(folder, "q.sql", "/* leat */SELECT 'any'");
    struct building *building = build_folder(folder, DIALECT_SQLITE);
    assert_int_equal(building->model->query_count, 1);
    assert_slice(building->model->queries[0].config->path, "q");
    assert_int_equal(building->model->queries[0].index, 0);
    assert_int_equal(building->complaints.count, 1);
    assert_slice(building->complaints.items[0].text, "`p` is not served: there is no file of it for SQLite");
    building_free(building);
}

static void what_sqlite_would_bind_itself_is_refused_there_alone(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "q.sql", "/* leat\nread: anonymous\n*/ SELECT data ? 'key' FROM users");
    struct building *pg = build_folder(folder, DIALECT_PG), *sqlite = build_folder(folder, DIALECT_SQLITE);
    assert_non_null(pg->model);
    assert_null(sqlite->model);
    assert_int_equal(sqlite->complaints.items[0].at.line, 3);
    assert_int_equal(sqlite->complaints.items[0].at.column, 16);
    building_free(pg);
    building_free(sqlite);
}

/* What is said of a query whose statement answers these columns (up to NULL); NULL: nothing. */
static void assert_columns_said(struct folder *folder, const char *returns, const char *const names[],
                                const char *said)
{
    char text[128];
    snprintf(text, sizeof text, "/* leat\nread: anonymous\nreturns: %s\n*/ SELECT 1", returns);
    folder_put(folder, "q.sql", text);
    struct building *building = build_folder(folder, DIALECT_SQLITE);
    struct named_query *query = &building->model->queries[0];
    query->columns = ARENA_ARRAY(&building->model->arena, struct column, 4);
    for (query->column_count = 0; names[query->column_count]; query->column_count++)
        query->columns[query->column_count].name = slice_str(names[query->column_count]);
    enum error error = model_settle_queries(building->model, &building->complaints);
    assert_int_equal(error, said ? ERR_INVALID : OK);
    assert_int_equal(building->complaints.count, said != NULL);
    if (said)
        assert_slice(building->complaints.items[0].text, said);
    building_free(building);
}

static void columns_need_names_of_their_own_and_a_value_is_one(void **state)
{
    struct folder *folder = *state;
    assert_columns_said(folder, "rows", (const char *const[]){"id", "name", NULL}, NULL);
    assert_columns_said(folder, "row", (const char *const[]){"id", "n", "id", NULL},
                        "query `q`: two columns are named `id`: rename one with AS");
    assert_columns_said(folder, "rows", (const char *const[]){"id", "?column?", NULL},
                        "query `q`: column 2 has no name: give it one with AS");
    assert_columns_said(folder, "value", (const char *const[]){"?column?", NULL}, NULL);
    assert_columns_said(folder, "value", (const char *const[]){"id", "name", NULL},
                        "query `q`: `returns: value` wants one column, it answers 2");
}

static void a_paged_querys_order_is_resolved_against_its_described_columns(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "q.sql", "/* leat\nread: anonymous\norder: total.desc,id\n*/ SELECT 1");
    struct building *building = build_folder(folder, DIALECT_PG);
    struct named_query *query = &building->model->queries[0];
    query->columns = ARENA_ARRAY(&building->model->arena, struct column, 2);
    query->columns[0] = (struct column){.name = SLICE("id"), .type.orderable = true};
    query->columns[1] = (struct column){.name = SLICE("total"), .type.orderable = true};
    query->column_count = 2;
    assert_int_equal(model_settle_queries(building->model, &building->complaints), OK);
    assert_int_equal(query->order_count, 2);
    assert_ptr_equal(query->order[0].column, &query->columns[1]);
    assert_true(query->order[0].descending);
    query->columns[1].name = SLICE("totals");
    assert_int_equal(model_settle_queries(building->model, &building->complaints), ERR_INVALID);
    assert_slice(building->complaints.items[0].text, "`q` has no column `total`: did you mean `totals`?");
    building_free(building);
}

static void every_type_a_head_may_name_is_known_for_both_stores(void **state)
{
    (void)state;
    for (const char *const *name = param_type_names; *name; name++) {
        struct type pg, sqlite;
        assert_true(param_type_find(DIALECT_PG, slice_str(*name), &pg));
        assert_true(param_type_find(DIALECT_SQLITE, slice_str(*name), &sqlite));
        assert_true(pg.name.len > 0);
    }
    struct type type;
    assert_false(param_type_find(DIALECT_PG, SLICE("money"), &type));
    assert_true(param_type_find(DIALECT_SQLITE, SLICE("timestamp"), &type));
    assert_int_equal(type.kind, VALUE_TIMESTAMPTZ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(on_postgresql_parameters_are_cast_to_their_types),
        IN_A_FOLDER(on_sqlite_parameters_are_numbered),
        IN_A_FOLDER(the_stores_own_file_wins),
        IN_A_FOLDER(a_query_for_the_other_store_alone_is_left_out_with_a_warning),
        IN_A_FOLDER(what_sqlite_would_bind_itself_is_refused_there_alone),
        IN_A_FOLDER(columns_need_names_of_their_own_and_a_value_is_one),
        IN_A_FOLDER(a_paged_querys_order_is_resolved_against_its_described_columns),
        cmocka_unit_test(every_type_a_head_may_name_is_known_for_both_stores),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
