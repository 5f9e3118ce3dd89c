/* SPDX-License-Identifier: Apache-2.0 */
/* Pages: envelopes, limits, the cells kept for cursors, pages read backwards, and the cap. */
#include "lib/unit.h"

#include <stdio.h>

#include "base/check.h"
#include "base/json.h"
#include "encode/page.h"

enum { COLUMNS = 3, BODY_MAX = 1 << 20 };

/* id int, na"me text, ok boolean; the order is (na"me, id). */
struct fixture {
    struct arena arena;
    struct column columns[COLUMNS];
    const struct column *pointers[COLUMNS];
    unsigned order_cells[2];
    struct page_spec spec;
    struct page page;
};

static int begin(void **state)
{
    static const struct column columns[COLUMNS] = {{.name = SLICE_INIT("id"), .type = {.kind = VALUE_INT}},
                                                   {.name = SLICE_INIT("na\"me"),
                                                    .type = {.kind = VALUE_TEXT}},
                                                   {.name = SLICE_INIT("ok"), .type = {.kind = VALUE_BOOL}}};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    arena_init(&fixture->arena, 4096);
    for (unsigned i = 0; i < COLUMNS; i++) {
        fixture->columns[i] = columns[i];
        column_names_make(&fixture->arena, &fixture->columns[i]);
        fixture->pointers[i] = &fixture->columns[i];
    }
    fixture->order_cells[0] = 1;
    fixture->order_cells[1] = 0;
    fixture->spec = (struct page_spec){.columns = fixture->pointers,
                                       .column_count = COLUMNS,
                                       .order_cells = fixture->order_cells,
                                       .order_count = 2,
                                       .limit = 3};
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    page_done(&fixture->page);
    arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

static const struct envelope rows_first = {.members = {{SLICE_INIT("items"), ENVELOPE_ROWS},
                                                       {SLICE_INIT("next_cursor"), ENVELOPE_NEXT},
                                                       {SLICE_INIT("prev_cursor"), ENVELOPE_PREV},
                                                       {SLICE_INIT("has_more"), ENVELOPE_MORE}},
                                           .count = 4};

static const struct envelope rows_last = {.members = {{SLICE_INIT("page"), ENVELOPE_PAGE},
                                                      {SLICE_INIT("page_size"), ENVELOPE_SIZE},
                                                      {SLICE_INIT("total"), ENVELOPE_TOTAL},
                                                      {SLICE_INIT("pages"), ENVELOPE_PAGES},
                                                      {SLICE_INIT("rows \"here\""), ENVELOPE_ROWS}},
                                          .count = 5};

static const struct envelope rows_alone = {.members = {{SLICE_INIT("rows"), ENVELOPE_ROWS}}, .count = 1};

static const struct page_facts no_facts;

static void init(struct fixture *fixture, const struct envelope *envelope)
{
    page_init(&fixture->page, &fixture->spec, envelope, &fixture->arena, BODY_MAX);
}

/* A row whose cells live no longer than the call, as a store's. */
static bool add(struct fixture *fixture, unsigned id)
{
    char text[2][16];
    snprintf(text[0], sizeof text[0], "%u", id);
    snprintf(text[1], sizeof text[1], "n%u", id);
    struct slice cells[COLUMNS] = {slice_str(text[0]), slice_str(text[1]), SLICE("t")};
    bool wants_more = page_row(&fixture->page, cells, COLUMNS);
    memset(text, 'x', sizeof text);
    return wants_more;
}

#define ROW(id) "{\"id\":" id ",\"na\\\"me\":\"n" id "\",\"ok\":true}"

static void assert_body(struct fixture *fixture, const char *body)
{
    assert_false(fixture->page.body.failed);
    assert_slice(buf_slice(&fixture->page.body), body);
    assert_true(json_is_valid(buf_slice(&fixture->page.body)));
}

static void without_an_envelope_the_body_is_an_array(void **state)
{
    struct fixture *fixture = *state;
    init(fixture, NULL);
    assert_true(add(fixture, 1));
    assert_true(add(fixture, 2));
    page_finish(&fixture->page, NULL, &no_facts);
    assert_body(fixture, "[" ROW("1") "," ROW("2") "]");
}

static void no_rows_are_an_empty_array_in_every_form(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const struct envelope *envelope;
        const char *body;
    } forms[] = {
        {NULL, "[]"},
        {&rows_alone, "{\"rows\":[]}"},
        {&rows_first, "{\"items\":[],\"next_cursor\":null,\"prev_cursor\":null,\"has_more\":false}"},
        {&rows_last,
         "{\"page\":null,\"page_size\":0,\"total\":null,\"pages\":null,\"rows \\\"here\\\"\":[]}"},
    };
    for (unsigned i = 0; i < 2 * ARRAY_LEN(forms); i++) {
        fixture->spec.reverse = i % 2;
        init(fixture, forms[i / 2].envelope);
        page_finish(&fixture->page, forms[i / 2].envelope, &no_facts);
        assert_body(fixture, forms[i / 2].body);
        assert_null(fixture->page.first);
        assert_null(fixture->page.last);
        buf_done(&fixture->page.body);
    }
}

static void an_envelope_has_its_members_in_their_order(void **state)
{
    struct fixture *fixture = *state;
    init(fixture, &rows_first);
    add(fixture, 7);
    struct page_facts facts = {.next = SLICE("abc"), .more = true};
    page_finish(&fixture->page, &rows_first, &facts);
    assert_body(fixture,
                "{\"items\":[" ROW("7") "],\"next_cursor\":\"abc\",\"prev_cursor\":null,\"has_more\":true}");
}

static void members_before_the_rows_stand_before_them(void **state)
{
    struct fixture *fixture = *state;
    init(fixture, &rows_last);
    add(fixture, 7);
    add(fixture, 8);
    struct page_facts facts = {.page = 4, .size = 2, .has_total = true, .total = 8, .pages = 4};
    page_finish(&fixture->page, &rows_last, &facts);
    assert_body(fixture, "{\"page\":4,\"page_size\":2,\"total\":8,\"pages\":4,\"rows \\\"here\\\"\":[" ROW(
                             "7") "," ROW("8") "]}");
}

static void the_row_beyond_the_limit_only_says_that_more_follow(void **state)
{
    struct fixture *fixture = *state;
    init(fixture, NULL);
    for (unsigned id = 1; id <= 3; id++)
        assert_true(add(fixture, id));
    assert_false(fixture->page.more);
    assert_false(add(fixture, 4));
    assert_true(fixture->page.more);
    assert_int_equal(fixture->page.rows, 3);
    page_finish(&fixture->page, NULL, &no_facts);
    assert_body(fixture, "[" ROW("1") "," ROW("2") "," ROW("3") "]");
}

static void without_a_limit_every_row_is_written(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.limit = 0;
    init(fixture, NULL);
    for (unsigned id = 0; id < 500; id++)
        assert_true(add(fixture, id));
    page_finish(&fixture->page, NULL, &no_facts);
    assert_int_equal(fixture->page.rows, 500);
    assert_true(json_is_valid(buf_slice(&fixture->page.body)));
}

static void a_full_page_keeps_the_order_cells_of_both_ends(void **state)
{
    struct fixture *fixture = *state;
    init(fixture, NULL);
    for (unsigned id = 1; id <= 4; id++)
        add(fixture, id);
    assert_slice(fixture->page.first[0], "n1");
    assert_slice(fixture->page.first[1], "1");
    assert_slice(fixture->page.last[0], "n3");
    assert_slice(fixture->page.last[1], "3");
}

static void a_null_order_cell_stays_null(void **state)
{
    struct fixture *fixture = *state;
    init(fixture, NULL);
    struct slice cells[COLUMNS] = {SLICE("1"), {NULL, 0}, {NULL, 0}};
    page_row(&fixture->page, cells, COLUMNS);
    cells[1] = SLICE("");
    page_row(&fixture->page, cells, COLUMNS);
    page_row(&fixture->page, cells, COLUMNS);
    assert_null(fixture->page.first[0].data);
    assert_non_null(fixture->page.last[0].data);
    assert_int_equal(fixture->page.last[0].len, 0);
}

static void a_page_read_backwards_is_turned_round(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.reverse = true;
    init(fixture, &rows_first);
    for (unsigned id = 9; id >= 6; id--)
        add(fixture, id);
    assert_slice(fixture->page.first[1], "7");
    assert_slice(fixture->page.last[1], "9");
    struct page_facts facts = {.more = true};
    page_finish(&fixture->page, &rows_first, &facts);
    assert_body(fixture, "{\"items\":[" ROW("7") "," ROW("8") "," ROW(
                             "9") "],\"next_cursor\":null,\"prev_cursor\":null,\"has_more\":true}");
}

/* Also with members before the rows, and with more rows than the first room for their ends. */
static void a_long_page_read_backwards_equals_the_same_read_forwards(void **state)
{
    struct fixture *fixture = *state;
    enum { ROWS = 1000 };
    fixture->spec.limit = ROWS;
    init(fixture, &rows_last);
    for (unsigned id = 0; id < ROWS; id++)
        add(fixture, id);
    page_finish(&fixture->page, &rows_last, &no_facts);
    struct page forwards = fixture->page;
    fixture->spec.reverse = true;
    init(fixture, &rows_last);
    for (unsigned id = ROWS; id-- > 0;)
        add(fixture, id);
    page_finish(&fixture->page, &rows_last, &no_facts);
    assert_true(slice_eq(buf_slice(&forwards.body), buf_slice(&fixture->page.body)));
    assert_slice(fixture->page.first[1], "0");
    assert_slice(fixture->page.last[1], "999");
    buf_done(&forwards.body);
}

static void a_single_row_is_an_object_and_a_value_is_itself(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.limit = 1;
    fixture->spec.bare_object = true;
    init(fixture, NULL);
    add(fixture, 5);
    assert_false(add(fixture, 6));
    page_finish(&fixture->page, NULL, &no_facts);
    assert_body(fixture, ROW("5"));
    buf_done(&fixture->page.body);
    fixture->spec.bare_object = false;
    fixture->spec.bare_value = true;
    init(fixture, NULL);
    add(fixture, 5);
    page_finish(&fixture->page, NULL, &no_facts);
    assert_body(fixture, "5");
}

static void add_cells(struct fixture *fixture, const char *id, const char *name, const char *ok)
{
    struct slice cells[COLUMNS] = {slice_str(id), slice_str(name), slice_str(ok)};
    assert_true(page_row(&fixture->page, cells, COLUMNS));
}

static void ndjson_is_a_line_for_each_row(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.form = PAGE_NDJSON;
    init(fixture, NULL);
    add(fixture, 1);
    add(fixture, 2);
    page_finish(&fixture->page, NULL, &no_facts);
    assert_slice(buf_slice(&fixture->page.body), ROW("1") "\n" ROW("2") "\n");
}

static void ndjson_without_rows_is_empty(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.form = PAGE_NDJSON;
    init(fixture, NULL);
    page_finish(&fixture->page, NULL, &no_facts);
    assert_int_equal(fixture->page.body.len, 0);
}

static void csv_begins_with_the_names_also_without_rows(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.form = PAGE_CSV;
    fixture->spec.line_end = SLICE("\r\n");
    init(fixture, NULL);
    assert_slice(buf_slice(&fixture->page.body), "id,\"na\"\"me\",ok\r\n");
    add_cells(fixture, "1", "a,b", "t");
    add_cells(fixture, "2", NULL, "f");
    page_finish(&fixture->page, NULL, &no_facts);
    assert_slice(buf_slice(&fixture->page.body), "id,\"na\"\"me\",ok\r\n1,\"a,b\",true\r\n2,,false\r\n");
}

static void of_the_first_alone_the_others_are_counted(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.first_alone = true;
    init(fixture, NULL);
    for (unsigned id = 1; id <= 3; id++)
        add(fixture, id);
    page_finish(&fixture->page, NULL, &no_facts);
    assert_body(fixture, ROW("1"));
    assert_int_equal(fixture->page.rows, 3);
}

static void members_that_are_null_can_be_left_out(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.strip_nulls = true;
    init(fixture, NULL);
    add_cells(fixture, NULL, "n", NULL);
    add_cells(fixture, NULL, NULL, "t");
    add_cells(fixture, NULL, NULL, NULL);
    page_finish(&fixture->page, NULL, &no_facts);
    assert_body(fixture, "[{\"na\\\"me\":\"n\"},{\"ok\":true},{}]");
}

static struct buf gone;

static bool take_piece(struct page *page)
{
    assert_true(page->body.len >= page->piece_bytes);
    buf_add(&gone, buf_slice(&page->body));
    buf_clear(&page->body);
    return gone.len < 2000;
}

static void a_page_that_goes_by_pieces_is_the_same_page(void **state)
{
    struct fixture *fixture = *state;
    struct page_facts facts = {.more = true};
    fixture->spec.limit = 20;
    init(fixture, &rows_first);
    for (unsigned id = 0; id < 20; id++)
        add(fixture, id);
    page_finish(&fixture->page, &rows_first, &facts);
    struct page whole = fixture->page;
    buf_init(&gone, BODY_MAX);
    init(fixture, &rows_first);
    assert_true(fixture->page.goes_on);
    fixture->page.on_piece = take_piece;
    fixture->page.piece_bytes = 100;
    for (unsigned id = 0; id < 20; id++)
        assert_true(add(fixture, id));
    page_finish(&fixture->page, &rows_first, &facts);
    assert_true(gone.len > 0);
    buf_add(&gone, buf_slice(&fixture->page.body));
    assert_true(slice_eq(buf_slice(&gone), buf_slice(&whole.body)));
    buf_done(&gone);
    page_done(&whole);
}

static void who_takes_no_more_pieces_wants_no_more_rows(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.limit = 0;
    buf_init(&gone, BODY_MAX);
    init(fixture, NULL);
    fixture->page.on_piece = take_piece;
    fixture->page.piece_bytes = 100;
    unsigned rows = 1;
    while (add(fixture, 1) && rows < 1000)
        rows++;
    assert_in_range(rows, 10, 999);
    buf_done(&gone);
}

static void what_is_changed_at_its_end_does_not_go_on(void **state)
{
    struct fixture *fixture = *state;
    init(fixture, &rows_last);
    assert_false(fixture->page.goes_on);
    page_done(&fixture->page);
    fixture->spec.reverse = true;
    init(fixture, NULL);
    assert_false(fixture->page.goes_on);
}

static void a_row_without_columns_is_an_empty_object(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.column_count = fixture->spec.order_count = 0;
    init(fixture, NULL);
    add(fixture, 1);
    add(fixture, 2);
    page_finish(&fixture->page, NULL, &no_facts);
    assert_body(fixture, "[{},{}]");
}

/* The cells behind the visible ones are for the order alone. */
static void invisible_cells_are_not_written(void **state)
{
    struct fixture *fixture = *state;
    fixture->spec.column_count = 1;
    init(fixture, NULL);
    add(fixture, 1);
    page_finish(&fixture->page, NULL, &no_facts);
    assert_body(fixture, "[{\"id\":1}]");
    assert_slice(fixture->page.first[0], "n1");
}

static void at_every_cap_a_page_fails_or_is_whole(void **state)
{
    struct fixture *fixture = *state;
    struct slice whole =
        SLICE("{\"page\":null,\"page_size\":0,\"total\":null,\"pages\":null,\"rows \\\"here\\\"\":[" ROW(
            "1") "," ROW("2") "]}");
    fixture->spec.reverse = true;
    for (size_t cap = 1; cap <= whole.len; cap++) {
        page_init(&fixture->page, &fixture->spec, &rows_last, &fixture->arena, cap);
        bool wants_more = add(fixture, 2) && add(fixture, 1);
        assert_true(wants_more || fixture->page.body.failed);
        page_finish(&fixture->page, &rows_last, &no_facts);
        assert_int_equal(fixture->page.body.failed, cap < whole.len);
        assert_true(fixture->page.body.len <= cap);
        assert_true(fixture->page.body.failed || slice_eq(buf_slice(&fixture->page.body), whole));
        buf_done(&fixture->page.body);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
    TEST(without_an_envelope_the_body_is_an_array),
    TEST(no_rows_are_an_empty_array_in_every_form),
    TEST(an_envelope_has_its_members_in_their_order),
    TEST(members_before_the_rows_stand_before_them),
    TEST(the_row_beyond_the_limit_only_says_that_more_follow),
    TEST(without_a_limit_every_row_is_written),
    TEST(a_full_page_keeps_the_order_cells_of_both_ends),
    TEST(a_null_order_cell_stays_null),
    TEST(a_page_read_backwards_is_turned_round),
    TEST(a_long_page_read_backwards_equals_the_same_read_forwards),
    TEST(a_single_row_is_an_object_and_a_value_is_itself),
    TEST(ndjson_is_a_line_for_each_row),
    TEST(ndjson_without_rows_is_empty),
    TEST(csv_begins_with_the_names_also_without_rows),
    TEST(of_the_first_alone_the_others_are_counted),
    TEST(members_that_are_null_can_be_left_out),
    TEST(a_page_that_goes_by_pieces_is_the_same_page),
    TEST(who_takes_no_more_pieces_wants_no_more_rows),
    TEST(what_is_changed_at_its_end_does_not_go_on),
    TEST(a_row_without_columns_is_an_empty_object),
    TEST(invisible_cells_are_not_written),
    TEST(at_every_cap_a_page_fails_or_is_whole),
};

UNIT_TEST_MAIN(tests)
