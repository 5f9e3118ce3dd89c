/* SPDX-License-Identifier: Apache-2.0 */
/* See walk.h. The order that is expected is written here anew, with every direction and place of NULL in words, and sorted by the
 * database itself. Rows with an even `id` stay, odd ones come and go. */
#include "walk.h"

#include <stdio.h>

#define ROWS_MAX 80

static const struct world_table walk_pg[] = {
    {.name = "walk",
     .columns = {COLUMN("id", VALUE_INT, "bigint", .bits = 64),
                 COLUMN("a", VALUE_INT, "integer", .bits = 32, .nullable = true),
                 COLUMN("b", VALUE_TEXT, "text", .nullable = true),
                 COLUMN("c", VALUE_FLOAT, "double precision", .bits = 64, .nullable = true),
                 COLUMN("d", VALUE_BOOL, "boolean"),
                 COLUMN("e", VALUE_TIMESTAMPTZ, "timestamp with time zone", .nullable = true),
                 COLUMN("f", VALUE_INT, "integer", .bits = 32),
                 COLUMN("g", VALUE_NUMERIC, "numeric(8,2)", .nullable = true)},
     .key = "id",
     .indexes = {INDEX("id", .primary = true), INDEX("a"), INDEX("f,a desc"), INDEX("e desc")}},
    {.name = "pairs",
     .columns = {COLUMN("id", VALUE_INT, "bigint", .bits = 64), COLUMN("x", VALUE_INT, "integer", .bits = 32),
                 COLUMN("y", VALUE_TEXT, "text"),
                 COLUMN("v", VALUE_INT, "integer", .bits = 32, .nullable = true)},
     .key = "x,y",
     .indexes = {INDEX("x,y", .primary = true), INDEX("v")}},
    {.name = NULL},
};

static const struct world_table walk_sqlite[] = {
    {.name = "walk",
     .columns = {COLUMN("id", VALUE_INT, "INTEGER", .bits = 64),
                 COLUMN("a", VALUE_INT, "INTEGER", .bits = 64, .nullable = true),
                 COLUMN("b", VALUE_TEXT, "TEXT", .nullable = true),
                 COLUMN("c", VALUE_FLOAT, "REAL", .bits = 64, .nullable = true),
                 COLUMN("d", VALUE_BOOL, "BOOLEAN"),
                 COLUMN("e", VALUE_TIMESTAMPTZ, "TIMESTAMP", .nullable = true),
                 COLUMN("f", VALUE_INT, "INTEGER", .bits = 64),
                 COLUMN("g", VALUE_DECIMAL, "DECIMAL(8,2)", .scale = 2, .nullable = true)},
     .key = "id",
     .indexes = {INDEX("id", .primary = true), INDEX("a"), INDEX("f,a desc"), INDEX("e desc")}},
    {.name = "pairs",
     .columns = {COLUMN("id", VALUE_INT, "INTEGER", .bits = 64),
                 COLUMN("x", VALUE_INT, "INTEGER", .bits = 64), COLUMN("y", VALUE_TEXT, "TEXT"),
                 COLUMN("v", VALUE_INT, "INTEGER", .bits = 64, .nullable = true)},
     .key = "x,y",
     .indexes = {INDEX("x,y", .primary = true), INDEX("v")}},
    {.name = NULL},
};

void walk_open(struct walk *walk)
{
    bool pg = walk->database.dialect == DIALECT_PG;
    walk->random.state = 20260131;
    world_open(&walk->world, walk->database.dialect, pg ? walk_pg : walk_sqlite, "  walk: {}\n  pairs: {}\n");
    database_run(&walk->database, "DROP TABLE IF EXISTS walk; DROP TABLE IF EXISTS pairs");
    database_run(
        &walk->database,
        "CREATE TABLE walk (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c %s, d BOOLEAN NOT NULL, e %s,"
        " f INTEGER NOT NULL, g %s)",
        pg ? "double precision" : "REAL", pg ? "timestamptz" : "TEXT", pg ? "numeric(8,2)" : "INTEGER");
    database_run(&walk->database, "CREATE INDEX wa ON walk(a); CREATE INDEX wfa ON walk(f, a DESC);"
                                  "CREATE INDEX we ON walk(e DESC)");
    database_run(&walk->database,
                 "CREATE TABLE pairs (id INTEGER, x INTEGER NOT NULL, y TEXT NOT NULL, v INTEGER,"
                 " PRIMARY KEY (x, y))");
    database_run(&walk->database, "CREATE INDEX pv ON pairs(v)");
}

void walk_close(struct walk *walk)
{
    world_close(&walk->world);
    database_close(&walk->database);
}

static unsigned pick(struct walk *walk, unsigned bound)
{
    return (unsigned)unit_random_below(&walk->random, bound);
}

/* A literal, NULL once in three. */
static const char *maybe(struct walk *walk, const char *const *literals, unsigned count)
{
    return pick(walk, 3) == 0 ? "NULL" : literals[pick(walk, count)];
}

static void insert_row(struct walk *walk, unsigned id)
{
    static const char *const numbers[] = {"-1", "0", "1", "2"};
    static const char *const texts[] = {"''", "'a'", "'b'", "'\xc3\xa9'", "'a'"};
    static const char *const reals[] = {"-0.1", "0.1", "0.30000000000000004", "1e300"};
    static const char *const pg_times[] = {"'2026-01-01T00:00:00Z'", "'2026-01-01T00:00:00.000001Z'",
                                           "'1969-01-01T00:00:00Z'"};
    static const char *const lite_times[] = {"'2026-01-01T00:00:00.000000Z'", "'2026-01-01T00:00:00.000001Z'",
                                             "'1969-01-01T00:00:00.000000Z'"};
    static const char *const decimals[] = {"0", "150", "151"};
    bool pg = walk->database.dialect == DIALECT_PG;
    database_run(&walk->database, "INSERT INTO walk VALUES (%u,%s,%s,%s,%s,%s,%u,%s)", id,
                 maybe(walk, numbers, 4), maybe(walk, texts, 5), maybe(walk, reals, 4),
                 pick(walk, 2) ? "true" : "false", maybe(walk, pg ? pg_times : lite_times, 3), pick(walk, 3),
                 maybe(walk, decimals, 3));
    database_run(&walk->database, "INSERT INTO pairs VALUES (%u,%u,'%c%u',%s)", id, pick(walk, 4),
                 (char)('a' + (int)pick(walk, 3)), id, maybe(walk, numbers, 3));
}

static void fill(struct walk *walk)
{
    database_run(&walk->database, "DELETE FROM walk; DELETE FROM pairs");
    unsigned rows = pick(walk, ROWS_MAX);
    for (unsigned id = 0; id < rows; id++)
        if (pick(walk, 4))
            insert_row(walk, id);
}

/* --- a random list --- */

struct list_case {
    const char *table;
    char query[200]; /* without cursor */
    char sql[400];   /* the ids, in the order that is right */
};

static void add(char *text, size_t size, const char *format, const char *word)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, format, word);
}

static void add_term(struct walk *walk, struct list_case *list, const char *column, bool first)
{
    bool descending = pick(walk, 2), nulls_said = pick(walk, 2);
    bool nulls_first = nulls_said ? pick(walk, 2) : descending;
    add(list->query, sizeof(list->query), first ? "%s" : ",%s", column);
    add(list->query, sizeof(list->query), "%s", descending ? ".desc" : pick(walk, 2) ? ".asc" : "");
    if (nulls_said)
        add(list->query, sizeof(list->query), "%s", nulls_first ? ".nullsfirst" : ".nullslast");
    add(list->sql, sizeof(list->sql), "%s", column);
    add(list->sql, sizeof(list->sql), " %s", descending ? "DESC" : "ASC");
    add(list->sql, sizeof(list->sql), " NULLS %s,", nulls_first ? "FIRST" : "LAST");
}

static void choose_order(struct walk *walk, struct list_case *list)
{
    static const char *const walk_columns[] = {"a", "b", "c", "d", "e", "f", "g", "id"};
    static const char *const pair_columns[] = {"x", "y", "v"};
    bool pairs = strcmp(list->table, "pairs") == 0;
    unsigned terms = pick(walk, 4);
    if (terms)
        add(list->query, sizeof(list->query), "%s", "&order=");
    for (unsigned i = 0; i < terms; i++) {
        const char *column = pairs ? pair_columns[pick(walk, 3)] : walk_columns[pick(walk, 8)];
        add_term(walk, list, column, i == 0);
    }
}

/* The key that the plan chose to end the order with. */
static void end_order(struct list_case *list, const struct plan *plan)
{
    for (unsigned i = 0; i < plan->order_count; i++) {
        const struct order_term *term = &plan->order[i].term;
        add(list->sql, sizeof(list->sql), "%s", term->column->name.data);
        add(list->sql, sizeof(list->sql), " %s,", term->descending ? "DESC" : "ASC");
    }
    add(list->sql, sizeof(list->sql), "%s", "1");
}

static struct list_case choose_list(struct walk *walk)
{
    struct list_case list = {.table = pick(walk, 3) ? "walk" : "pairs"};
    static const char *const filters[][2] = {{"", ""},
                                             {"", ""},
                                             {"&f=1", " WHERE f = 1"},
                                             {"&a=is.null", " WHERE a IS NULL"}};
    const char *const *filter = filters[strcmp(list.table, "walk") == 0 ? pick(walk, 4) : 0];
    static const char *const selects[] = {"id", "b,id", "*"};
    snprintf(list.query, sizeof(list.query), "select=%s&limit=%u%s",
             strcmp(list.table, "walk") == 0 ? selects[pick(walk, 3)] : "*", 1 + pick(walk, 9), filter[0]);
    snprintf(list.sql, sizeof(list.sql), "SELECT id FROM %s%s ORDER BY ", list.table, filter[1]);
    choose_order(walk, &list);
    end_order(&list, world_list(&walk->world, list.table, list.query));
    return list;
}

/* --- pages --- */

struct ids {
    long id[4 * ROWS_MAX];
    unsigned count;
};

static struct ids ids_of(struct walk *walk, const struct statement *statement, unsigned cell, unsigned most)
{
    struct ids ids = {.count = 0};
    struct slice *cells;
    unsigned columns, rows = database_rows(&walk->database, statement, &walk->world.arena, &cells, &columns);
    for (unsigned i = 0; i < rows && i < most; i++)
        ids.id[ids.count++] = strtol(cells[i * columns + cell].data, NULL, 10);
    return ids;
}

static struct ids expected_ids(struct walk *walk, const struct list_case *list)
{
    const struct statement statement = {.text = slice_str(list->sql)};
    return ids_of(walk, &statement, 0, 4 * ROWS_MAX);
}

struct page_read {
    struct ids ids;           /* in the list's order */
    bool more;                /* further on in the direction it was read in */
    struct slice first, last; /* cursors: back from the first row, on from the last; data NULL: no rows */
};

static unsigned id_cell(const struct plan *plan)
{
    for (unsigned i = 0; i < plan->column_count; i++)
        if (slice_eq(plan->columns[i]->name, SLICE("id")))
            return i;
    fail_msg("id is not selected");
    return 0;
}

static struct slice cursor_at(struct walk *walk, const struct plan *plan, const struct slice *row,
                              bool backwards)
{
    struct slice cells[8];
    assert_true(plan->order_count <= ARRAY_LEN(cells));
    for (unsigned i = 0; i < plan->order_count; i++)
        cells[i] = row[plan->order[i].cell];
    struct slice cursor = plan_cursor(plan, &walk->world.arena, cells, backwards);
    assert_non_null(cursor.data);
    return cursor;
}

/* cursor.data NULL: the first page. */
static struct page_read read_page(struct walk *walk, const struct list_case *list, struct slice cursor)
{
    char query[1000];
    snprintf(query, sizeof(query), "%s%s%.*s", list->query, cursor.data ? "&cursor=" : "", SLICE_ARG(cursor));
    const struct plan *plan = world_list(&walk->world, list->table, query);
    struct slice *cells;
    unsigned columns,
        rows = database_rows(&walk->database, &plan->statement, &walk->world.arena, &cells, &columns);
    struct page_read page = {.more = rows > plan->limit};
    unsigned kept = page.more ? plan->limit : rows;
    assert_int_equal(columns, plan->cell_count);
    for (unsigned i = 0; i < kept; i++) {
        const struct slice *row = cells + (size_t)(plan->backwards ? kept - 1 - i : i) * columns;
        page.ids.id[page.ids.count++] = strtol(row[id_cell(plan)].data, NULL, 10);
        if (i == 0)
            page.first = cursor_at(walk, plan, row, true);
        if (i + 1 == kept)
            page.last = cursor_at(walk, plan, row, false);
    }
    return page;
}

static void assert_ids(const struct list_case *list, const struct ids *expected, unsigned at,
                       const struct ids *found)
{
    for (unsigned i = 0; i < found->count; i++)
        if (at + i >= expected->count || expected->id[at + i] != found->id[i])
            fail_msg("%s?%s: row %u is %ld", list->table, list->query, at + i, found->id[i]);
}

static void walk_still(struct walk *walk)
{
    fill(walk);
    struct list_case list = choose_list(walk);
    struct ids expected = expected_ids(walk, &list);
    struct page_read page = read_page(walk, &list, (struct slice){NULL, 0});
    unsigned at = 0;
    assert_ids(&list, &expected, 0, &page.ids);
    while (page.more) {
        at += page.ids.count;
        page = read_page(walk, &list, page.last);
        assert_ids(&list, &expected, at, &page.ids);
    }
    assert_int_equal(at + page.ids.count, expected.count);
    while (page.ids.count && at > 0) {
        page = read_page(walk, &list, page.first);
        assert_true(page.ids.count > 0 && page.ids.count <= at);
        at -= page.ids.count;
        assert_ids(&list, &expected, at, &page.ids);
    }
    assert_false(page.more && page.ids.count == 0);
    arena_reset(&walk->world.arena);
}

/* --- while rows come and go --- */

static void change(struct walk *walk)
{
    for (unsigned i = pick(walk, 4); i > 0; i--) {
        unsigned id = 2 * pick(walk, ROWS_MAX / 2) + 1;
        database_run(&walk->database, "DELETE FROM walk WHERE id = %u; DELETE FROM pairs WHERE id = %u", id,
                     id);
        if (pick(walk, 2))
            insert_row(walk, id);
    }
}

static void keep_even(struct ids *all, const struct ids *page, bool in_front)
{
    struct ids even = {.count = 0};
    for (unsigned i = 0; i < page->count; i++)
        if (page->id[i] % 2 == 0)
            even.id[even.count++] = page->id[i];
    assert_true(all->count + even.count <= ARRAY_LEN(all->id));
    size_t at = in_front ? 0 : all->count;
    memmove(all->id + at + even.count, all->id + at, (all->count - at) * sizeof(long));
    memcpy(all->id + at, even.id, even.count * sizeof(long));
    all->count += even.count;
}

static void walk_changing(struct walk *walk)
{
    fill(walk);
    struct list_case list = choose_list(walk);
    struct ids all = expected_ids(walk, &list), expected = {.count = 0}, on = {.count = 0},
               back = {.count = 0};
    keep_even(&expected, &all, false);
    struct slice cursor = {NULL, 0}, turn = {NULL, 0};
    for (bool more = true; more;) {
        struct page_read page = read_page(walk, &list, cursor);
        keep_even(&on, &page.ids, false);
        more = page.more;
        cursor = page.last;
        if (page.ids.count) {
            turn = page.first;
            back.count = 0;
            keep_even(&back, &page.ids, true); /* the way back begins before the last page that had rows */
        }
        change(walk);
    }
    for (bool more = turn.data != NULL; more;) {
        struct page_read page = read_page(walk, &list, turn);
        keep_even(&back, &page.ids, true);
        more = page.more;
        turn = page.first;
        change(walk);
    }
    assert_int_equal(on.count, expected.count);
    assert_ids(&list, &expected, 0, &on);
    assert_int_equal(back.count, expected.count);
    assert_ids(&list, &expected, 0, &back);
    arena_reset(&walk->world.arena);
}

static void walking_on_and_back_gives_each_row_once_in_order(void **state)
{
    struct walk *walk = *state;
    for (unsigned i = 0; i < walk->still_count; i++)
        walk_still(walk);
}

static void rows_that_stay_are_given_once_while_others_come_and_go(void **state)
{
    struct walk *walk = *state;
    for (unsigned i = 0; i < walk->changing_count; i++)
        walk_changing(walk);
}

int walk_tests(const char *name, CMFixtureFunction open, CMFixtureFunction close)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walking_on_and_back_gives_each_row_once_in_order),
        cmocka_unit_test(rows_that_stay_are_given_once_while_others_come_and_go),
    };
    return cmocka_run_group_tests_name(name, tests, open, close);
}
