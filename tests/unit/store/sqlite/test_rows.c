/* SPDX-License-Identifier: Apache-2.0 */
/* Cells made of every storage class, kept and given. */
#include "store/sqlite/rows.h"

#include "lib/unit.h"

struct sheet {
    sqlite3 *db;
    sqlite3_stmt *stmt;
    struct lite_rows rows;
    struct buf seen;
    unsigned rows_max;
};

static bool on_row(void *context, const struct slice *cells, unsigned count)
{
    struct sheet *sheet = context;
    for (unsigned i = 0; i < count; i++) {
        buf_add(&sheet->seen, cells[i].data ? cells[i] : SLICE("<null>"));
        buf_byte(&sheet->seen, i + 1 < count ? '|' : ';');
    }
    return --sheet->rows_max > 0;
}

static void sheet_init(struct sheet *sheet, const char *sql, size_t bytes_max, size_t cells_max)
{
    *sheet = (struct sheet){.rows_max = 1000};
    assert_int_equal(sqlite3_open(":memory:", &sheet->db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(sheet->db, sql, -1, &sheet->stmt, NULL), SQLITE_OK);
    lite_rows_init(&sheet->rows, bytes_max, cells_max);
    buf_init(&sheet->seen, 1 << 20);
    assert_true(lite_rows_begin(&sheet->rows, (unsigned)sqlite3_column_count(sheet->stmt)));
}

static void sheet_done(struct sheet *sheet)
{
    sqlite3_finalize(sheet->stmt);
    sqlite3_close(sheet->db);
    lite_rows_done(&sheet->rows);
    buf_done(&sheet->seen);
}

/* Adds rows until one does not fit; returns how many did. */
static unsigned add_all(struct sheet *sheet, bool dynamic, bool copy)
{
    const bool columns[8] = {dynamic, dynamic, dynamic, dynamic, dynamic, dynamic, dynamic, dynamic};
    unsigned count = 0;
    while (sqlite3_step(sheet->stmt) == SQLITE_ROW && lite_rows_add(&sheet->rows, sheet->stmt, columns, copy))
        count++;
    return count;
}

static const struct row_sink *sink_of(struct sheet *sheet, struct row_sink *sink)
{
    *sink = (struct row_sink){.on_row = on_row, .context = sheet};
    return sink;
}

static void each_storage_class_has_its_text(void **state)
{
    (void)state;
    struct sheet sheet;
    struct row_sink sink;
    unsigned given = 0;
    sheet_init(&sheet, "SELECT 42, -1.5, 'te\"xt', x'4142', NULL, ''", 1000, 100);
    assert_int_equal(add_all(&sheet, false, true), 1);
    assert_true(lite_rows_give(&sheet.rows, sink_of(&sheet, &sink), &given));
    assert_slice(buf_slice(&sheet.seen), "42|-1.5|te\"xt|AB|<null>|;");
    assert_int_equal(given, 1);
    sheet_done(&sheet);
}

static void dynamic_columns_are_json(void **state)
{
    (void)state;
    struct sheet sheet;
    struct row_sink sink;
    unsigned given = 0;
    sheet_init(&sheet, "SELECT 42, -1.5, 'te\"xt', x'4142', NULL, '', -9e999", 1000, 100);
    assert_int_equal(add_all(&sheet, true, true), 1);
    assert_true(lite_rows_give(&sheet.rows, sink_of(&sheet, &sink), &given));
    assert_slice(buf_slice(&sheet.seen), "42|-1.5|\"te\\\"xt\"|\"\\\\x4142\"|<null>|\"\"|\"-Infinity\";");
    sheet_done(&sheet);
}

static const char three_rows[] = "SELECT 1, 'one' UNION ALL SELECT 2, 'two' UNION ALL SELECT 3, 'three'";

static void rows_kept_are_given_in_order_after_the_statement_is_gone(void **state)
{
    (void)state;
    struct sheet sheet;
    struct row_sink sink;
    unsigned given = 0;
    sheet_init(&sheet, three_rows, 1000, 100);
    assert_int_equal(add_all(&sheet, false, true), 3);
    sqlite3_finalize(sheet.stmt);
    sheet.stmt = NULL;
    assert_true(lite_rows_give(&sheet.rows, sink_of(&sheet, &sink), &given));
    assert_slice(buf_slice(&sheet.seen), "1|one;2|two;3|three;");
    assert_int_equal(given, 3);
    assert_true(lite_rows_give(&sheet.rows, &sink, &given)); /* they are forgotten */
    assert_int_equal(given, 3);
    sheet_done(&sheet);
}

static void giving_stops_when_the_sink_has_enough(void **state)
{
    (void)state;
    struct sheet sheet;
    struct row_sink sink;
    unsigned given = 0;
    sheet_init(&sheet, three_rows, 1000, 100);
    sheet.rows_max = 2;
    add_all(&sheet, false, true);
    assert_false(lite_rows_give(&sheet.rows, sink_of(&sheet, &sink), &given));
    assert_int_equal(given, 2);
    assert_slice(buf_slice(&sheet.seen), "1|one;2|two;");
    sheet_done(&sheet);
}

static void more_bytes_or_cells_than_may_be_kept_are_refused(void **state)
{
    (void)state;
    struct sheet sheet;
    sheet_init(&sheet, three_rows, 1000, 4);
    assert_int_equal(add_all(&sheet, false, true), 2);
    sheet_done(&sheet);
    sheet_init(&sheet, "SELECT 'aaaaaaaaaaaaaaaaaaaa' UNION ALL SELECT 'bbbbbbbbbbbbbbbbbbbb'", 30, 100);
    assert_int_equal(add_all(&sheet, false, true), 1);
    assert_true(lite_rows_begin(&sheet.rows, 1)); /* a new answer begins anew */
    sqlite3_reset(sheet.stmt);
    assert_int_equal(add_all(&sheet, false, true), 1);
    sheet_done(&sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_storage_class_has_its_text),
        cmocka_unit_test(dynamic_columns_are_json),
        cmocka_unit_test(rows_kept_are_given_in_order_after_the_statement_is_gone),
        cmocka_unit_test(giving_stops_when_the_sink_has_enough),
        cmocka_unit_test(more_bytes_or_cells_than_may_be_kept_are_refused),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
