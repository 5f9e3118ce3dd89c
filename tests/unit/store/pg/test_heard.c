/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream has told, until it is visible: messages made here, answers made here, and what is told on. */
#include "lib/unit.h"
#include "store/pg/heard.h"

static struct heard *heard;
static char said[4096]; /* what was told: one word a change */
static bool told;

static void say(struct slice text)
{
    size_t at = strlen(said);
    for (size_t i = 0; i < text.len && at + i + 1 < sizeof said; i++) {
        said[at + i] = text.data[i] ? text.data[i] : '/'; /* between the values of a key */
        said[at + i + 1] = 0;
    }
}

static void on_change(void *context, const struct change *change)
{
    static const char *const kinds[] = {"added", "row", "rows", "all"};
    (void)context;
    say(slice_str(said[0] ? " " : ""));
    say(slice_str(kinds[change->kind]));
    say(slice_str(change->kind == CHANGE_ALL ? "" : ":"));
    say(change->table);
    say(slice_str(change->kind == CHANGE_ROW ? "=" : ""));
    say(change->key);
}

static const struct listener_events to = {.on_change = on_change};

static int begin(void **state)
{
    (void)state;
    heard = heard_new(SLICE("me"));
    said[0] = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    heard_free(heard);
    return 0;
}

/* ---- messages ---- */

static enum error take(struct pgoutput message)
{
    return heard_take(heard, &message);
}

static void begins(uint32_t xid)
{
    assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_BEGIN, .xid = xid}), OK);
}

static void commits(void)
{
    assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_COMMIT}), OK);
}

/* Columns a, b (of the key) and c. */
static void describes(uint32_t relation)
{
    static const struct slice columns = SLICE_INIT("\1a\0........\1b\0........\0c\0........");
    assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_RELATION,
                                            .relation = relation,
                                            .table = SLICE("t"),
                                            .count = 3,
                                            .items = columns}),
                     OK);
}

static void inserts(uint32_t relation)
{
    assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_INSERT, .relation = relation}), OK);
}

/* Of the row with the key (a, 1). */
static void updates(uint32_t relation, char a)
{
    char row[] = "t\0\0\0\1?t\0\0\0\1"
                 "1n";
    row[5] = a;
    assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_UPDATE,
                                            .relation = relation,
                                            .count = 3,
                                            .items = slice_of(row, sizeof row - 1)}),
                     OK);
}

/* ---- answers ---- */

static bool asks_for_places(void)
{
    struct buf sql;
    buf_init(&sql, 1 << 20);
    heard_ask(heard, &sql);
    buf_byte(&sql, 0);
    bool asks = strstr(sql.data, "pg_class") != NULL;
    buf_done(&sql);
    return asks;
}

static void is_at(uint32_t relation, const char *schema, const char *table, const char *keys)
{
    heard_place(heard, &(struct heard_place){relation, slice_str(schema), slice_str(table), slice_str(keys)});
}

/* What is told at this answer. */
static const char *at_snapshot(const char *snapshot)
{
    said[0] = 0;
    assert_int_equal(heard_settle(heard, slice_str(snapshot), &to, &told), OK);
    assert_int_equal(told, said[0] != 0);
    return said;
}

static const char *asked_at(const char *snapshot)
{
    if (asks_for_places())
        is_at(1, "s", "t", "b\037a");
    return at_snapshot(snapshot);
}

/* ---- tests ---- */

static void a_commit_is_told_when_it_is_visible(void **state)
{
    (void)state;
    begins(100);
    describes(1);
    inserts(1);
    assert_false(heard_waits(heard));
    commits();
    assert_true(heard_waits(heard));
    assert_string_equal(asked_at("90:100:"), "");
    assert_string_equal(asked_at("90:105:95,100,104"), "");
    assert_string_equal(asked_at("90:105:95,104"), "added:t");
    assert_false(heard_waits(heard));
}

static void those_visible_do_not_wait_for_those_that_are_not(void **state)
{
    (void)state;
    describes(1);
    for (uint32_t xid = 100; xid < 103; xid++) {
        begins(xid);
        updates(1, (char)('0' + xid - 100));
        commits();
    }
    assert_string_equal(asked_at("100:103:100,102"), "row:t=1/1");
    assert_string_equal(asked_at("103:103:"), "row:t=1/0 row:t=1/2");
}

static void numbers_that_began_anew_are_known_by_their_neighbours(void **state)
{
    (void)state;
    describes(1);
    begins(0xfffffff0);
    inserts(1);
    commits();
    begins(5);
    updates(1, 'x');
    commits();
    assert_string_equal(asked_at("12884901872:12884901888:12884901872"), ""); /* 3 * 2^32 - 16 : 3 * 2^32 */
    assert_string_equal(asked_at("12884901888:12884901888:"), "added:t");
    assert_string_equal(asked_at("12884901894:12884901894:"), "row:t=1/x");
}

static void a_table_is_told_once_by_what_is_known_of_its_rows(void **state)
{
    (void)state;
    static const struct {
        const char *rows; /* +: an INSERT; else an UPDATE of that row */
        const char *told;
    } cases[] = {{"+", "added:t"},    {"++", "added:t"}, {"1", "row:t=1/1"}, {"+1", "row:t=1/1"},
                 {"11", "row:t=1/1"}, {"12", "rows:t"},  {"121", "rows:t"},  {"1+", "row:t=1/1"}};
    describes(1);
    for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
        begins(i + 1);
        for (const char *row = cases[i].rows; *row; row++) {
            if (*row == '+')
                inserts(1);
            else
                updates(1, *row);
        }
        commits();
        assert_string_equal(asked_at("50:50:"), cases[i].told);
    }
}

static void a_key_that_is_not_told_whole_makes_rows_of_it(void **state)
{
    (void)state;
    char long_row[5 + 4096 + 8] = "t\0\0\x10";
    memset(long_row + 5, 'x', 4096);
    memcpy(long_row + 5 + 4096,
           "t\0\0\0\1"
           "1n",
           7);
    const struct pgoutput cases[] = {
        {.count = 3,
         .items = SLICE_INIT("ut\0\0\0\1"
                             "1n")},                                                 /* not sent */
        {.count = 1, .items = SLICE_INIT("n")},                                      /* of other columns */
        {.count = 3, .has_old = true, .items = SLICE_INIT("t\0\0\0\1xt\0\0\0\1yn")}, /* it has another now */
        {.count = 3, .items = {long_row, 5 + 4096 + 7}},
    };
    describes(1);
    for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pgoutput message = cases[i];
        message.kind = PGOUTPUT_UPDATE;
        message.relation = 1;
        begins(i + 1);
        assert_int_equal(take(message), OK);
        commits();
        assert_string_equal(asked_at("50:50:"), "rows:t");
    }
}

static void a_key_of_other_columns_than_the_primary_one_is_not_told(void **state)
{
    (void)state;
    describes(1);
    begins(1);
    updates(1, 'x');
    commits();
    assert_true(asks_for_places());
    is_at(1, "s", "t", "id");
    assert_string_equal(at_snapshot("50:50:"), "rows:t");
    assert_false(asks_for_places());
    describes(1);
    assert_true(asks_for_places());
}

static void where_a_table_belongs_is_asked_and_waited_for(void **state)
{
    (void)state;
    assert_false(asks_for_places());
    begins(100);
    describes(1);
    describes(2);
    inserts(1);
    inserts(2);
    commits();
    assert_string_equal(at_snapshot("101:101:"), ""); /* the answer to a question from before */
    assert_true(asks_for_places());
    is_at(1, "s", "root", "a");
    is_at(2, "", "", "");
    assert_string_equal(at_snapshot("101:101:"), "added:root all");
}

static void a_table_that_is_not_there_is_everything_and_one_not_there_yet_is_asked_for_again(void **state)
{
    (void)state;
    describes(1);
    begins(100);
    inserts(1);
    commits();
    assert_true(asks_for_places());
    assert_string_equal(at_snapshot("100:101:100"), ""); /* whoever made it is not visible */
    assert_true(asks_for_places());
    is_at(1, "s", "t", "a");
    assert_string_equal(at_snapshot("101:101:"), "added:t");
    describes(1);
    begins(101);
    inserts(1);
    commits();
    assert_true(asks_for_places());
    assert_string_equal(at_snapshot("102:102:"), "all");
}

static void what_it_has_written_itself_is_left_out(void **state)
{
    (void)state;
    describes(1);
    for (unsigned own = 0; own < 2; own++) {
        begins(1);
        assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_MESSAGE,
                                                .transactional = true,
                                                .prefix = SLICE("leat_changes"),
                                                .content = own ? SLICE("me") : SLICE("you")}),
                         OK);
        inserts(1);
        commits();
        assert_string_equal(asked_at("50:50:"), own ? "" : "added:t");
    }
}

static void those_under_way_at_the_beginning_end_with_everything(void **state)
{
    (void)state;
    assert_int_equal(heard_begin(heard, SLICE("10:20:10,15")), OK);
    assert_string_equal(at_snapshot("10:20:10,15"), "");
    assert_string_equal(at_snapshot("15:20:15"), "all");
    assert_string_equal(at_snapshot("20:20:"), "all");
    assert_false(heard_waits(heard));
    assert_int_equal(heard_begin(heard, SLICE("anything")), ERR_INVALID);
    assert_int_equal(heard_settle(heard, SLICE("1:x:"), &to, &told), ERR_INVALID);
}

static void more_tables_than_are_counted_are_everything(void **state)
{
    (void)state;
    begins(1);
    for (uint32_t i = 1; i <= HEARD_TABLES_MAX + 1; i++) {
        describes(i);
        inserts(i);
    }
    commits();
    (void)asks_for_places();
    assert_string_equal(at_snapshot("50:50:"), "all");
}

static void there_is_an_end_to_what_waits_and_to_tables(void **state)
{
    (void)state;
    enum error error = OK;
    uint32_t count = 0;
    describes(1);
    for (; error == OK; count++) {
        begins(count);
        inserts(1);
        error = take((struct pgoutput){.kind = PGOUTPUT_COMMIT});
    }
    assert_int_equal(error, ERR_LIMIT);
    assert_in_range(count, 1000, HEARD_BYTES_MAX / 50);
    heard_clear(heard);
    for (uint32_t i = 0; i < HEARD_RELATIONS_MAX; i++)
        describes(i);
    assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_RELATION, .relation = HEARD_RELATIONS_MAX}),
                     ERR_LIMIT);
}

static void what_cannot_follow_is_refused(void **state)
{
    (void)state;
    assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_COMMIT}), ERR_INVALID);
    assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_INSERT, .relation = 1}), ERR_INVALID);
    begins(1);
    assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_INSERT, .relation = 1}), ERR_INVALID);
    assert_int_equal(take((
                         struct pgoutput){.kind = PGOUTPUT_TRUNCATE, .count = 1, .items = SLICE("\0\0\0\1")}),
                     ERR_INVALID);
    assert_int_equal(take((struct pgoutput){.kind = PGOUTPUT_BEGIN, .xid = 2}), ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_commit_is_told_when_it_is_visible),
        TEST(those_visible_do_not_wait_for_those_that_are_not),
        TEST(numbers_that_began_anew_are_known_by_their_neighbours),
        TEST(a_table_is_told_once_by_what_is_known_of_its_rows),
        TEST(a_key_that_is_not_told_whole_makes_rows_of_it),
        TEST(a_key_of_other_columns_than_the_primary_one_is_not_told),
        TEST(where_a_table_belongs_is_asked_and_waited_for),
        TEST(a_table_that_is_not_there_is_everything_and_one_not_there_yet_is_asked_for_again),
        TEST(what_it_has_written_itself_is_left_out),
        TEST(those_under_way_at_the_beginning_end_with_everything),
        TEST(more_tables_than_are_counted_are_everything),
        TEST(there_is_an_end_to_what_waits_and_to_tables),
        TEST(what_cannot_follow_is_refused),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
