/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of writes, on both stores: their texts and binds, bundles, what follows a statement, and what is refused. */
#include <stdio.h>

#include "worlds.h"

#include "query/write.h"

/* A write in the making; its members are what write_begin wants to stay. */
struct making {
    struct world *world;
    struct plan_context context;
    struct prefer prefer;
    struct write_asked asked;
    struct write *write;
    struct statement statement;
};

static enum error begin(struct making *making, struct world *world, enum write_verb verb,
                        const char *resource, const char *id, const char *query)
{
    making->world = world;
    making->context = world_context(world);
    making->asked.resource = world_resource(world, resource);
    making->asked.verb = verb;
    making->asked.id = id ? slice_str(id) : (struct slice){NULL, 0};
    making->asked.query_string = slice_str(query);
    making->asked.prefer = &making->prefer;
    world->problem = (struct problem){0};
    return write_begin(&making->context, &making->asked, &making->write, &world->problem);
}

/* Of "id=5,note=x", numbers where they are digits; "note" alone is NULL. */
static enum error add(struct making *making, const char *text)
{
    struct slice rest = slice_str(text);
    struct field fields[8];
    struct record record = {.number = 1, .fields = fields};
    while (rest.data && text[0]) {
        struct slice value = slice_cut(&rest, ','), name = slice_cut(&value, '=');
        bool digits = value.len && value.data[0] >= '0' && value.data[0] <= '9';
        fields[record.count++] = (struct field){.name = name,
                                                .token = !value.data ? TOKEN_NULL
                                                         : digits    ? TOKEN_NUMBER
                                                                     : TOKEN_STRING,
                                                .text = value};
    }
    return write_add(making->write, &record, &making->world->problem);
}

static void begin_fine(struct making *making, struct world *world, enum write_verb verb, const char *resource,
                       const char *id, const char *query)
{
    if (begin(making, world, verb, resource, id, query) != OK)
        fail_msg("%.*s", SLICE_ARG(world->problem.detail));
}

static void settle(struct making *making)
{
    if (write_statement(making->write, &making->statement, &making->world->problem) != OK)
        fail_msg("%.*s", SLICE_ARG(making->world->problem.detail));
}

static void assert_binds(const struct statement *statement, const char *joined)
{
    char text[512] = "";
    unsigned count = statement->bind_count * (statement->runs ? statement->runs : 1);
    for (unsigned i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? "|" : "",
                 statement->binds[i].text.data ? statement->binds[i].text.data : "NULL");
    assert_string_equal(text, joined);
}

#define ASSERT_WRITE(making, sql_text, binds) \
    do { \
        assert_slice((making)->statement.text, sql_text); \
        assert_binds(&(making)->statement, binds); \
        write_end((making)->write); \
    } while (0)

static void one_row_is_an_insert_of_values(void **state)
{
    (void)state;
    struct making making = {0};
    begin_fine(&making, &pg, WRITE_POST, "members", NULL, "");
    assert_int_equal(add(&making, "name=anna,org=5,since"), OK);
    settle(&making);
    ASSERT_WRITE(
        &making,
        "INSERT INTO \"public\".\"members\" (\"name\",\"org\",\"since\") VALUES ($1::text,$2::integer,$3::date)",
        "anna|5|NULL");
    begin_fine(&making, &sqlite, WRITE_POST, "members", NULL, "");
    assert_int_equal(add(&making, "name=anna,org=5,since"), OK);
    settle(&making);
    ASSERT_WRITE(&making, "INSERT INTO \"main\".\"members\" (\"name\",\"org\",\"since\") VALUES (?1,?2,?3)",
                 "anna|5|NULL");
}

static void several_rows_are_arrays_or_runs(void **state)
{
    (void)state;
    struct making making = {0};
    for (int i = 0; i < 2; i++) {
        begin_fine(&making, i ? &sqlite : &pg, WRITE_POST, "members", NULL, "");
        assert_int_equal(add(&making, "org=5,name=anna"), OK);
        assert_int_equal(add(&making, "name=b,org=6"), OK);
        settle(&making);
        if (i)
            ASSERT_WRITE(&making, "INSERT INTO \"main\".\"members\" (\"org\",\"name\") VALUES (?1,?2)",
                         "5|anna|6|b");
        else
            ASSERT_WRITE(&making,
                         "INSERT INTO \"public\".\"members\" (\"org\",\"name\") SELECT x.c1,x.c2 FROM"
                         " unnest($1::integer[],$2::text[]) AS x(c1,c2)",
                         "{\"5\",\"6\"}|{\"anna\",\"b\"}");
    }
}

static void what_only_some_rows_give_is_default_for_the_others(void **state)
{
    (void)state;
    struct making making = {0};
    for (int i = 0; i < 2; i++) {
        begin_fine(&making, i ? &sqlite : &pg, WRITE_POST, "members", NULL, "");
        assert_int_equal(add(&making, "org=5,name=a"), OK);
        assert_int_equal(add(&making, "org=6,name=b,since"), OK);
        settle(&making);
        if (i)
            ASSERT_WRITE(&making,
                         "INSERT INTO \"main\".\"members\" (\"org\",\"name\",\"since\") VALUES"
                         " (?1,?2,CASE WHEN ?4 THEN NULL ELSE ?3 END)",
                         "5|a|NULL|1|6|b|NULL|0");
        else
            ASSERT_WRITE(&making,
                         "INSERT INTO \"public\".\"members\" (\"org\",\"name\",\"since\") SELECT x.c1,x.c2,"
                         "CASE WHEN x.m3 THEN NULL ELSE x.c3 END FROM"
                         " unnest($1::integer[],$2::text[],$3::date[],$4::boolean[]) AS x(c1,c2,c3,m3)",
                         "{\"5\",\"6\"}|{\"a\",\"b\"}|{NULL,NULL}|{t,f}");
    }
}

static void an_upsert_sets_all_that_is_given_but_its_key(void **state)
{
    (void)state;
    struct making making = {.prefer = {.resolution = RESOLUTION_MERGE}};
    begin_fine(&making, &pg, WRITE_POST, "members", NULL, "");
    assert_int_equal(add(&making, "org=5,name=a,since"), OK);
    settle(&making);
    ASSERT_WRITE(
        &making,
        "INSERT INTO \"public\".\"members\" (\"org\",\"name\",\"since\") VALUES ($1::integer,$2::text,$3::date)"
        " ON CONFLICT (\"org\",\"name\") DO UPDATE SET \"since\" = excluded.\"since\"",
        "5|a|NULL");
    making.prefer.resolution = RESOLUTION_IGNORE;
    begin_fine(&making, &sqlite, WRITE_POST, "members", NULL, "on_conflict=name,org");
    assert_int_equal(add(&making, "org=5,name=a"), OK);
    settle(&making);
    ASSERT_WRITE(
        &making,
        "INSERT INTO \"main\".\"members\" (\"org\",\"name\") VALUES (?1,?2) ON CONFLICT (\"name\",\"org\") DO NOTHING",
        "5|a");
}

static void patch_is_an_update_of_what_the_filters_find(void **state)
{
    (void)state;
    struct making making = {.asked = {.shows = true}};
    begin_fine(&making, &pg, WRITE_PATCH, "members", NULL, "select=name&since=is.null&org=5");
    assert_int_equal(add(&making, "since=2026-01-31"), OK);
    settle(&making);
    ASSERT_WRITE(
        &making,
        "UPDATE \"public\".\"members\" SET \"since\" = $1::date WHERE \"org\" = $2::integer AND \"since\" IS NULL"
        " RETURNING \"name\"",
        "2026-01-31|5");
}

static void put_resets_what_is_not_given_and_inserts_what_is_not_there(void **state)
{
    (void)state;
    struct making making = {0};
    begin_fine(&making, &pg, WRITE_PUT, "members", "5,anna", "");
    assert_true(write_goes_on(making.write));
    assert_int_equal(add(&making, "org=5"), OK);
    settle(&making);
    assert_slice(
        making.statement.text,
        "UPDATE \"public\".\"members\" SET \"since\" = NULL WHERE \"org\" = $1::integer AND \"name\" = $2::text");
    assert_true(write_next(making.write, 0, &making.statement));
    assert_true(write_created(making.write));
    assert_slice(making.statement.text,
                 "INSERT INTO \"public\".\"members\" (\"org\",\"name\") VALUES ($1::integer,$2::text)");
    assert_binds(&making.statement, "5|anna");
    assert_false(write_next(making.write, 1, &making.statement));
    assert_int_equal(write_changed(making.write), 1);
    write_end(making.write);
}

static bool ignore_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context;
    return cells && count > 0;
}

static void an_order_is_read_around_or_after_the_write(void **state)
{
    (void)state;
    const struct row_sink shown = {ignore_row, NULL};
    struct making making = {.asked = {.shows = true}};
    begin_fine(&making, &pg, WRITE_DELETE, "transactions", NULL, "select=id&user_id=7&order=id.desc");
    settle(&making);
    ASSERT_WRITE(
        &making,
        "WITH leat_w AS (DELETE FROM \"public\".\"transactions\" WHERE \"user_id\" = $1::integer RETURNING *)"
        " SELECT \"id\" FROM leat_w ORDER BY 1 DESC",
        "7");
    begin_fine(&making, &sqlite, WRITE_DELETE, "transactions", NULL, "select=id&user_id=7&order=id.desc");
    settle(&making);
    assert_slice(making.statement.text,
                 "SELECT \"id\" FROM \"main\".\"transactions\" WHERE \"user_id\" = ?1 ORDER BY 1 DESC");
    assert_ptr_equal(write_sink(making.write, shown).on_row, ignore_row);
    assert_true(write_next(making.write, 0, &making.statement));
    ASSERT_WRITE(&making, "DELETE FROM \"main\".\"transactions\" WHERE \"user_id\" = ?1", "7");
    begin_fine(&making, &sqlite, WRITE_PATCH, "transactions", NULL, "select=id&user_id=7&order=id.desc");
    assert_int_equal(add(&making, "note=x"), OK);
    settle(&making);
    assert_slice(
        making.statement.text,
        "UPDATE \"main\".\"transactions\" SET \"note\" = ?1 WHERE \"user_id\" = ?2 RETURNING \"id\"");
    struct row_sink sink = write_sink(making.write, shown);
    struct slice ids[] = {SLICE("4"), SLICE("9")};
    assert_true(sink.on_row(sink.context, &ids[0], 1) && sink.on_row(sink.context, &ids[1], 1));
    assert_true(write_next(making.write, 2, &making.statement));
    ASSERT_WRITE(
        &making,
        "SELECT \"id\" FROM \"main\".\"transactions\" WHERE \"id\" IN (SELECT value FROM json_each(?1)) ORDER BY 1 DESC",
        "[4,9]");
}

/* Around a write its rows are those of leat_w: the table has no name there. */
static void an_order_by_a_child_is_of_what_was_written(void **state)
{
    (void)state;
    struct world related;
    world_open_related(&related, DIALECT_PG);
    struct making making = {.asked = {.shows = true}};
    begin_fine(&making, &related, WRITE_PATCH, "flags", NULL,
               "select=id,user_id!inner()&level=eq.x&order=user_id(name)");
    assert_int_equal(add(&making, "level=y"), OK);
    settle(&making);
    ASSERT_WRITE(
        &making,
        "WITH leat_w AS (UPDATE \"public\".\"flags\" SET \"level\" = $1::text WHERE \"level\" = $2::text AND "
        "EXISTS (SELECT 1 FROM \"public\".\"users\" AS t1 WHERE t1.\"id\" = \"public\".\"flags\".\"user_id\" AND "
        "t1.\"name\" <> $3::text AND t1.\"gone\" IS NULL) RETURNING *) SELECT \"id\",(SELECT t1.\"name\" FROM "
        "\"public\".\"users\" AS t1 WHERE t1.\"id\" = leat_w.\"user_id\" AND t1.\"name\" <> $3::text AND "
        "t1.\"gone\" IS NULL LIMIT 1) FROM leat_w ORDER BY 2,1",
        "y|x|root");
    world_close(&related);
}

static void a_body_goes_through_in_bundles(void **state)
{
    (void)state;
    struct making making = {0};
    begin_fine(&making, &pg, WRITE_POST, "members", NULL, "");
    while (!write_is_full(making.write))
        assert_int_equal(add(&making, "org=5,name=a"), OK);
    assert_int_equal(add(&making, "org=5,name=a"), OK); /* of the same piece of the body */
    assert_int_equal(write_pending(making.write), 5001);
    settle(&making);
    assert_false(write_next(making.write, 5001, &making.statement));
    assert_int_equal(write_pending(making.write), 0);
    assert_true(making.statement.binds[0].text.len > 10000); /* the store may look at it yet */
    assert_false(write_is_full(making.write));
    assert_int_equal(add(&making, "org=6,name=b"), OK);
    settle(&making);
    assert_false(write_next(making.write, 1, &making.statement));
    assert_int_equal(write_changed(making.write), 5002);
    write_end(making.write);
}

static void assert_refused_at(struct making *making, enum error error, const char *code, const char *column)
{
    assert_int_equal(error, ERR_PROBLEM);
    assert_slice(making->world->problem.code, code);
    assert_slice(making->world->problem.column, column);
}

static void what_is_wrong_with_a_query_string_is_refused_at_once(void **state)
{
    (void)state;
    static const struct {
        enum write_verb verb;
        const char *query, *code;
    } wrong[] = {
        {WRITE_POST, "org=eq.5", "unknown-parameter"},
        {WRITE_POST, "limit=1", "unknown-parameter"},
        {WRITE_POST, "not.and=(org.eq.5)", "unknown-parameter"},
        {WRITE_PATCH, "", "unfiltered"},
        {WRITE_DELETE, "select=org", "unfiltered"},
        {WRITE_PATCH, "on_conflict=org&org=5", "unknown-parameter"},
        {WRITE_DELETE, "columns=org&org=5", "unknown-parameter"},
        {WRITE_POST, "columns=org,nobody", "unknown-column"},
        {WRITE_PUT, "org=5", "bad-key"},
        {WRITE_PUT, "org=5&name=a&since=is.null", "bad-key"},
        {WRITE_PUT, "org=5&org=6", "bad-key"},
        {WRITE_PUT, "org=5&name=eq(any).{a,b}", "bad-key"},
        {WRITE_PATCH, "org=x", "wrong-type"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct making making = {0};
        if (begin(&making, &pg, wrong[i].verb, "members", NULL, wrong[i].query) == OK)
            fail_msg("%s is not refused", wrong[i].query);
        assert_slice(pg.problem.code, wrong[i].code);
    }
    struct making making = {.prefer = {.resolution = RESOLUTION_MERGE}};
    assert_refused_at(&making, begin(&making, &pg, WRITE_POST, "members", NULL, "on_conflict=since"),
                      "bad-select", "");
    making.asked.shows = true;
    assert_refused_at(&making, begin(&making, &sqlite, WRITE_PATCH, "members", NULL, "org=5&order=since"),
                      "no-key", "");
    assert_refused_at(&making, begin(&making, &pg, WRITE_PATCH, "members", NULL, "org=5&select=count()"),
                      "bad-select", "");
}

static void only_what_leaves_rows_out_is_a_filter(void **state)
{
    (void)state;
    struct world related;
    struct making making = {0};
    world_open_related(&related, DIALECT_PG);
    assert_refused_at(&making,
                      begin(&making, &related, WRITE_DELETE, "flags", NULL,
                            "select=id,user_id(id)&user_id.name=eq.x"),
                      "unfiltered", "");
    assert_refused_at(&making,
                      begin(&making, &related, WRITE_PATCH, "users", NULL, "select=id,teams!inner(id)"),
                      "unfiltered", "");
    begin_fine(&making, &related, WRITE_DELETE, "flags", NULL,
               "select=id,user_id!inner(id)&user_id.name=eq.x");
    write_end(making.write);
    begin_fine(&making, &related, WRITE_PUT, "flags", NULL,
               "id=eq.5&select=id,user_id(id)&user_id.name=eq.x");
    write_end(making.write);
    world_close(&related);
}

static void what_is_wrong_with_a_record_is_refused_by_its_column(void **state)
{
    (void)state;
    struct making making = {0};
    begin_fine(&making, &pg, WRITE_PUT, "members", "5,anna", "");
    assert_refused_at(&making, add(&making, "org=6"), "bad-key", "org");
    assert_refused_at(&making, add(&making, "since=tomorrowish"), "wrong-type", "since");
    assert_slice(pg.problem.value, "tomorrowish");
    assert_int_equal(add(&making, "nobody=5"), ERR_PROBLEM);
    assert_slice(pg.problem.code, "unknown-column");
    write_end(making.write);
    begin_fine(&making, &pg, WRITE_PATCH, "members", "5,anna", "");
    assert_int_equal(add(&making, "org=5"), OK);
    assert_int_equal(write_statement(making.write, &making.statement, &pg.problem), ERR_PROBLEM);
    assert_refused_at(&making, add(&making, "since"), "bad-body", "");
    write_end(making.write);
}

static void a_refusal_of_the_database_gets_the_value_of_a_single_row(void **state)
{
    (void)state;
    struct making making = {0};
    struct problem problem = {.status = 409, .column = SLICE("name")};
    begin_fine(&making, &sqlite, WRITE_POST, "members", NULL, "");
    assert_int_equal(add(&making, "org=5,name=anna"), OK);
    settle(&making);
    write_blame(making.write, &problem);
    assert_slice(problem.value, "anna");
    write_end(making.write);
}

static void a_value_of_columns_that_are_not_all_shown_is_taken_away(void **state)
{
    (void)state;
    struct making making = {0};
    const struct problem told = {.status = 409,
                                 .column = SLICE("id, note"),
                                 .constraint = SLICE("rule"),
                                 .value = SLICE("1, sesame"),
                                 .detail = SLICE("`1, sesame`")};
    struct problem shown = told, hidden = told;
    hidden.column = SLICE("id, secret_hash");
    begin_fine(&making, &pg, WRITE_DELETE, "transactions", "5", "");
    write_blame(making.write, &shown);
    assert_slice(shown.value, "1, sesame");
    assert_slice(shown.detail, "`1, sesame`");
    write_blame(making.write, &hidden);
    assert_null(hidden.value.data);
    assert_slice(hidden.detail, "The rule `rule` of the database would be broken.");
    write_end(making.write);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row_is_an_insert_of_values),
        cmocka_unit_test(several_rows_are_arrays_or_runs),
        cmocka_unit_test(what_only_some_rows_give_is_default_for_the_others),
        cmocka_unit_test(an_upsert_sets_all_that_is_given_but_its_key),
        cmocka_unit_test(patch_is_an_update_of_what_the_filters_find),
        cmocka_unit_test(put_resets_what_is_not_given_and_inserts_what_is_not_there),
        cmocka_unit_test(an_order_is_read_around_or_after_the_write),
        cmocka_unit_test(an_order_by_a_child_is_of_what_was_written),
        cmocka_unit_test(a_body_goes_through_in_bundles),
        cmocka_unit_test(what_is_wrong_with_a_query_string_is_refused_at_once),
        cmocka_unit_test(only_what_leaves_rows_out_is_a_filter),
        cmocka_unit_test(what_is_wrong_with_a_record_is_refused_by_its_column),
        cmocka_unit_test(a_refusal_of_the_database_gets_the_value_of_a_single_row),
        cmocka_unit_test(a_value_of_columns_that_are_not_all_shown_is_taken_away),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, worlds_open, worlds_close);
}
