/* SPDX-License-Identifier: Apache-2.0 */
/* `when:` of signals: cells of the statement that writes, or of the one that reads what was written; what they say. What real databases
 * make of it: tests/flow/test_signals_when.py. */
#include <stdio.h>

#include "worlds.h"

#include "config/complaints.h"
#include "query/write.h"

static const struct world_table tables[] = {
    {.name = "users",
     .columns = {COLUMN("id", VALUE_INT, "integer", .bits = 32), COLUMN("name", VALUE_TEXT, "text")},
     .key = "id"},
    {.name = "flags",
     .columns = {COLUMN("id", VALUE_INT, "integer", .bits = 32),
                 COLUMN("user_id", VALUE_INT, "integer", .bits = 32),
                 COLUMN("level", VALUE_INT, "integer", .bits = 32),
                 COLUMN("hidden", VALUE_TEXT, "text", .nullable = true)},
     .key = "id",
     .references = {{"user_id", "users", "id"}}},
    {.name = NULL},
};

/* The second has no `when`, and so comes last. */
#define RESOURCES \
    "  users: {write: anonymous}\n" \
    "  flags: {write: anonymous, unfiltered: allowed, columns: '*,-hidden'}\n"
#define SIGNALS \
    "signals: {high: {on: flags, when: level=gt.2}, any: {on: flags}, odd: {on: flags, when: " \
    "'or=(level.lt.0,hidden.is.null)'}}\n"

static int open_both(void **state)
{
    (void)state;
    world_open(&pg, DIALECT_PG, tables, RESOURCES SIGNALS);
    world_open(&sqlite, DIALECT_SQLITE, tables, RESOURCES SIGNALS);
    return 0;
}

enum { HIGH = 1, ODD = 2, ANY = 4 };

struct making {
    struct plan_context context;
    struct prefer prefer;
    struct write_asked asked;
    struct write *write;
    struct statement statement;
    unsigned rows; /* that came to the answer's sink */
};

static bool count_row(void *context, const struct slice *cells, unsigned count)
{
    struct making *making = context;
    making->rows += cells && count > 0;
    return true;
}

static void row(struct making *making, const char *joined)
{
    struct slice cells[8], rest = slice_str(joined);
    unsigned count = 0;
    while (rest.data) {
        cells[count] = slice_cut(&rest, '|');
        if (slice_eq(cells[count], SLICE("NULL")))
            cells[count] = (struct slice){0};
        count++;
    }
    struct row_sink sink = write_sink(making->write, (struct row_sink){count_row, making});
    assert_true(sink.on_row(sink.context, cells, count));
}

static void begin(struct making *making, struct world *world, enum write_verb verb, const char *resource,
                  const char *query)
{
    making->context = world_context(world);
    making->asked.resource = world_resource(world, resource);
    making->asked.verb = verb;
    making->asked.query_string = slice_str(query);
    making->asked.prefer = &making->prefer;
    if (write_begin(&making->context, &making->asked, &making->write, &world->problem) != OK)
        fail_msg("%.*s", SLICE_ARG(world->problem.detail));
}

static void add(struct making *making, struct world *world, const char *level)
{
    struct field fields[] = {{.name = SLICE("level"), .token = TOKEN_NUMBER, .text = slice_str(level)}};
    const struct record record = {.number = 1, .fields = fields, .count = 1};
    assert_int_equal(write_add(making->write, &record, &world->problem), OK);
}

static void settle(struct making *making, struct world *world)
{
    assert_int_equal(write_statement(making->write, &making->statement, &world->problem), OK);
}

static void assert_statement(const struct making *making, const char *text, const char *joined)
{
    const struct statement *statement = &making->statement;
    char binds[256] = "";
    assert_slice(statement->text, text);
    for (unsigned i = 0; i < statement->bind_count * (statement->runs ? statement->runs : 1); i++)
        snprintf(binds + strlen(binds), sizeof binds - strlen(binds), "%s%s", i ? "|" : "",
                 statement->binds[i].text.data);
    assert_string_equal(binds, joined);
}

static void a_statement_tells_of_each_row_it_writes(void **state)
{
    (void)state;
    struct making making = {0};
    begin(&making, &pg, WRITE_PATCH, "flags", "id=5");
    add(&making, &pg, "3");
    settle(&making, &pg);
    assert_statement(&making,
                     "UPDATE \"public\".\"flags\" SET \"level\" = $1::integer WHERE \"id\" = $2::integer"
                     " RETURNING (\"level\" > $3::integer),((\"level\" < $4::integer OR \"hidden\" IS NULL))",
                     "3|5|2|0");
    assert_int_equal(write_raised(making.write), ANY);
    row(&making, "f|NULL");
    assert_int_equal(write_raised(making.write), ANY);
    row(&making, "f|t");
    assert_int_equal(write_raised(making.write), ANY | ODD);
    row(&making, "t|f");
    assert_int_equal(write_raised(making.write), ANY | ODD | HIGH);
    assert_int_equal(making.rows, 0);
    write_end(making.write);
}

static void shown_rows_are_passed_on(void **state)
{
    (void)state;
    struct making making = {.asked = {.shows = true}};
    begin(&making, &sqlite, WRITE_DELETE, "flags", "select=id&id=5");
    settle(&making, &sqlite);
    assert_statement(&making,
                     "DELETE FROM \"main\".\"flags\" WHERE \"id\" = ?1 RETURNING \"id\","
                     "(\"level\" > ?2) AS leat_tuple,((\"level\" < ?3 OR \"hidden\" IS NULL)) AS leat_tuple",
                     "5|2|0");
    row(&making, "5|1|NULL");
    assert_int_equal(write_raised(making.write), ANY | HIGH);
    assert_int_equal(making.rows, 1);
    write_end(making.write);
}

static void every_run_of_a_bundle_is_asked_the_same(void **state)
{
    (void)state;
    struct making making = {0};
    begin(&making, &sqlite, WRITE_POST, "flags", "");
    add(&making, &sqlite, "1");
    add(&making, &sqlite, "7");
    settle(&making, &sqlite);
    assert_statement(&making,
                     "INSERT INTO \"main\".\"flags\" (\"level\") VALUES (?1) RETURNING (\"level\" > ?2) AS "
                     "leat_tuple,((\"level\" < ?3 OR \"hidden\" IS NULL)) AS leat_tuple",
                     "1|2|0|7|2|0");
    write_end(making.write);
}

static void with_embedded_rows_they_stand_behind_what_is_shown(void **state)
{
    (void)state;
    struct making making = {.asked = {.shows = true}};
    begin(&making, &pg, WRITE_PATCH, "flags", "select=id,users(name)&id=5&order=level");
    add(&making, &pg, "3");
    settle(&making, &pg);
    assert_non_null(strstr(making.statement.text.data,
                           ",p0.c2,p0.c3,p0.c4 FROM (SELECT \"id\" AS c1,\"level\" AS "
                           "c2,(\"level\" > $3::integer) AS c3,((\"level\" < "));
    row(&making, "5|{}|3|t|f");
    assert_int_equal(write_raised(making.write), ANY | HIGH);
    assert_int_equal(making.rows, 1);
    write_end(making.write);
}

/* SQLite: what is deleted is looked at before, what is changed behind. */
static void what_is_read_apart_tells_it(void **state)
{
    (void)state;
    struct making making = {.asked = {.shows = true}};
    begin(&making, &sqlite, WRITE_DELETE, "flags", "select=id,users(name)&id=5");
    settle(&making, &sqlite);
    assert_non_null(strstr(making.statement.text.data, "(\"level\" > ?2) AS c2"));
    row(&making, "5|{}|1|0");
    assert_true(write_next(making.write, 0, &making.statement));
    assert_statement(&making, "DELETE FROM \"main\".\"flags\" WHERE \"id\" = ?1", "5");
    assert_int_equal(write_raised(making.write), ANY | HIGH);
    write_end(making.write);

    begin(&making, &sqlite, WRITE_PATCH, "flags", "select=id,users(name)&id=5");
    add(&making, &sqlite, "3");
    settle(&making, &sqlite);
    assert_statement(&making,
                     "UPDATE \"main\".\"flags\" SET \"level\" = ?1 WHERE \"id\" = ?2 RETURNING \"id\"",
                     "3|5");
    row(&making, "5");
    assert_int_equal(write_raised(making.write), ANY);
    assert_true(write_next(making.write, 1, &making.statement));
    assert_non_null(strstr(making.statement.text.data, "(\"level\" > ?2) AS c2"));
    row(&making, "5|{}|0|1");
    assert_int_equal(write_raised(making.write), ANY | ODD);
    write_end(making.write);
}

static void a_resource_without_signals_is_asked_nothing(void **state)
{
    (void)state;
    struct making making = {0};
    begin(&making, &pg, WRITE_DELETE, "users", "id=5");
    settle(&making, &pg);
    assert_statement(&making, "DELETE FROM \"public\".\"users\" WHERE \"id\" = $1::integer", "5");
    assert_int_equal(write_raised(making.write), 0);
    write_end(making.write);
}

static void a_bad_condition_is_a_mistake_at_its_place(void **state)
{
    (void)state;
    static const char *const said[] = {"`when`: `flags` has no column `levle`", "`when`: `x` is not a value",
                                       "`when`: "};
    struct world world;
    world_open(&world, DIALECT_SQLITE, tables,
               RESOURCES
               "signals:\n  a: {on: flags, when: levle=gt.2}\n  b: {on: flags, when: level=gt.x}\n"
               "  c: {on: flags, when: 'users.name=eq.x'}\n  d: {on: flags, when: 'hidden=eq.x'}\n");
    struct complaints complaints = {.arena = &world.arena};
    assert_int_equal(plan_check(world.model, &complaints), ERR_INVALID);
    assert_int_equal(complaints.count, 3);
    for (unsigned i = 0; i < ARRAY_LEN(said); i++)
        assert_true(slice_starts(complaints.items[i].text, slice_str(said[i])));
    assert_int_equal(complaints.items[0].at.column, 24);
    assert_int_equal(complaints.items[1].at.line, complaints.items[0].at.line + 1);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_tells_of_each_row_it_writes),
        cmocka_unit_test(shown_rows_are_passed_on),
        cmocka_unit_test(every_run_of_a_bundle_is_asked_the_same),
        cmocka_unit_test(with_embedded_rows_they_stand_behind_what_is_shown),
        cmocka_unit_test(what_is_read_apart_tells_it),
        cmocka_unit_test(a_resource_without_signals_is_asked_nothing),
        cmocka_unit_test(a_bad_condition_is_a_mistake_at_its_place),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_both, worlds_close);
}
