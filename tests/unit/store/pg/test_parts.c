/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the PostgreSQL store that need no server: URLs and settings, shapes, failures, array literals, the pool's counts. */
#include <stdio.h>

#include "fixture.h"
#include "store/pg/gather.h"
#include "store/pg/loan.h"
#include "store/pg/read.h"
#include "store/pg/triggers.h"

/* ---- messages of triggers ---- */

static struct change read_message(const char *text, const char *instance, bool *ret_of_others)
{
    static char message[200];
    struct change change;
    snprintf(message, sizeof message, "%s", text);
    *ret_of_others = pg_change_read(message, slice_str(instance), &change);
    return change;
}

static void a_message_of_a_trigger_tells_what_was_written(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        enum change_kind kind;
    } cases[] = {
        {"\037"
         "added\037s\037t",
         CHANGE_ADDED},
        {"\037"
         "rows\037s\037t",
         CHANGE_ROWS},
        {"\037row\037s\037t\0377", CHANGE_ROW},
        {"\037row\037s\037t\037", CHANGE_ROWS},
        {"\037row\037s\037t", CHANGE_ROWS},
        {"\037"
         "all\037\037",
         CHANGE_ALL},
        {"\037"
         "added\037s",
         CHANGE_ALL},
        {"\037"
         "gone\037s\037t",
         CHANGE_ALL},
        {"anybody may say this", CHANGE_ALL},
        {"", CHANGE_ALL},
    };
    bool of_others;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(read_message(cases[i].message, "me", &of_others).kind, cases[i].kind);
    struct change change = read_message("\037row\037s\037t\037"
                                        "7\037x y",
                                        "me", &of_others);
    assert_true(of_others && slice_eq(change.schema, SLICE("s")) && slice_eq(change.table, SLICE("t")));
    assert_true(slice_eq(change.key, slice_of("7\0x y", 5)));
}

static void a_message_of_ones_own_is_known(void **state)
{
    (void)state;
    bool of_others;
    (void)read_message("me\037rows\037s\037t", "me", &of_others);
    assert_false(of_others);
    (void)read_message("you\037rows\037s\037t", "me", &of_others);
    assert_true(of_others);
    (void)read_message("\037rows\037s\037t", "", &of_others);
    assert_true(of_others);
}

/* ---- URLs and settings ---- */

static struct target parse(struct arena *arena, const char *url)
{
    struct target target;
    char why[512] = "";
    if (pg_target_parse(arena, slice_str(url), &target, why) != OK)
        fail_msg("%s", why);
    return target;
}

static void a_host_that_is_a_name_is_to_be_resolved_and_an_address_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool has_names;
    } cases[] = {
        {"postgresql://u@localhost/d", true},
        {"postgresql://u@127.0.0.1/d", false},
        {"postgresql://u@[::1]:5433/d", false},
        {"postgresql:///d?host=/var/run/postgresql", false},
        {"postgresql:///d?host=@abstract", false},
        {"postgresql://10.0.0.1,db.example/d", true},
        {"postgresql://db.example/d?hostaddr=10.0.0.1", false},
        {"postgresql:///d", false},
    };
    struct arena arena;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(parse(&arena, cases[i].url).has_names, cases[i].has_names);
    arena_done(&arena);
}

static void a_url_that_cannot_be_read_is_told_why(void **state)
{
    (void)state;
    struct arena arena;
    struct target target;
    char why[512] = "";
    arena_init(&arena, 4096);
    assert_int_equal(pg_target_parse(&arena, SLICE("postgresql://h/d?colour=red"), &target, why),
                     ERR_INVALID);
    assert_non_null(strstr(why, "colour"));
    assert_int_equal(pg_target_parse(&arena, SLICE("postgresql://[::1/d"), &target, why), ERR_INVALID);
    arena_done(&arena);
}

static void resolving_gives_lists_of_the_same_length(void **state)
{
    (void)state;
    struct arena arena;
    struct addresses addresses;
    arena_init(&arena, 4096);
    struct target target = parse(&arena, "postgresql://localhost:1111,127.0.0.9:2222,no..where:3333/d");
    assert_true(pg_target_resolve(&target, &addresses));
    unsigned hosts = 1, found = 1, ports = 1;
    for (const char *c = addresses.hosts; *c; c++)
        hosts += *c == ',';
    for (const char *c = addresses.addresses; *c; c++)
        found += *c == ',';
    for (const char *c = addresses.ports; *c; c++)
        ports += *c == ',';
    assert_true(hosts >= 2 && hosts == found && found == ports);
    assert_true(strncmp(addresses.hosts, "localhost", 9) == 0);
    assert_non_null(strstr(addresses.addresses, "127.0.0.9"));
    assert_non_null(strstr(addresses.ports, "2222"));
    assert_null(strstr(addresses.ports, "3333")); /* the one that does not resolve is left out */
    target = parse(&arena, "postgresql://no..where/d");
    assert_false(pg_target_resolve(&target, &addresses));
    assert_non_null(strstr(addresses.why, "no..where"));
    arena_done(&arena);
}

static void settings_are_one_statement(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    const char *text = pg_settings_text(&arena, SESSION_POINT, 250, false).data;
    assert_true(strncmp(text, "SELECT ", 7) == 0);
    assert_null(strchr(text, ';'));
    assert_non_null(strstr(text, "'default_transaction_read_only', 'on', false"));
    assert_non_null(strstr(text, "'statement_timeout', '250', false"));
    assert_non_null(strstr(text, "force_generic_plan"));
    text = pg_settings_text(&arena, SESSION_LIST, 250, true).data;
    assert_non_null(strstr(text, "'transaction_read_only', 'on', true"));
    assert_null(strstr(text, "force_generic_plan"));
    assert_null(strstr(text, "search_path")); /* the role's own */
    arena_done(&arena);
}

static void passwords_are_masked(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } cases[] = {
        {"postgresql://u:secret@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:se@cr:et@h:1/d?x=y", "postgresql://u:***@h:1/d?x=y"},
        {"postgres://h/d?user=u&password=secret&sslmode=require",
         "postgres://h/d?user=u&password=***&sslmode=require"},
        {"postgresql://u@h/d", "postgresql://u@h/d"},
        {"postgresql://h/d", "postgresql://h/d"},
        {"sqlite:a:b@c.db", "sqlite:a:b@c.db"},
        {"", ""},
    };
    struct arena arena;
    arena_init(&arena, 1024);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_slice(store_url_masked(&arena, slice_str(cases[i].url)), cases[i].shown);
    arena_done(&arena);
}

static void a_url_tells_whose_it_is(void **state)
{
    (void)state;
    enum dialect dialect = DIALECT_SQLITE;
    assert_true(store_url_dialect(SLICE("postgresql://h/d"), &dialect));
    assert_int_equal(dialect, DIALECT_PG);
    assert_true(store_url_dialect(SLICE("postgres://h/d"), &dialect));
    assert_true(store_url_dialect(SLICE("sqlite:x.db"), &dialect));
    assert_int_equal(dialect, DIALECT_SQLITE);
    assert_false(store_url_dialect(SLICE("mysql://h/d"), &dialect));
    assert_false(store_url_dialect(SLICE(""), &dialect));
}

/* ---- shapes ---- */

static void nobody_left(struct shape *shape, void *context)
{
    unsigned *gone = context;
    (void)shape;
    (*gone)++;
}

static struct shape *use(struct shapes *shapes, const char *sql, const struct gather *gather, unsigned *gone)
{
    struct statement statement = {.text = slice_str(sql), .gather = gather};
    return pg_shapes_use(shapes, &statement, nobody_left, gone);
}

static void equal_texts_are_one_shape(void **state)
{
    (void)state;
    struct shapes shapes;
    unsigned gone = 0;
    char copy[] = "SELECT 1";
    pg_shapes_init(&shapes);
    struct shape *shape = use(&shapes, "SELECT 1", NULL, &gone);
    assert_ptr_equal(use(&shapes, copy, NULL, &gone), shape);
    assert_ptr_not_equal(use(&shapes, "SELECT 2", NULL, &gone), shape);
    assert_int_equal(shape->uses, 2);
    assert_int_equal(shape->lane, SHAPE_UNKNOWN);
    struct gather gather = {SLICE("SELECT 3 …"), 0};
    assert_int_equal(use(&shapes, "SELECT 3", &gather, &gone)->lane, SHAPE_FAST);
    pg_shapes_done(&shapes);
}

static void the_least_recently_used_shape_makes_room_but_not_one_in_use(void **state)
{
    (void)state;
    struct shapes shapes;
    unsigned gone = 0;
    char sql[32];
    pg_shapes_init(&shapes);
    struct shape *held = use(&shapes, "held", NULL, &gone);
    shape_hold(held);
    struct shape *used = use(&shapes, "used", NULL, &gone);
    for (unsigned i = 0; i < 3 * SHAPES_MAX; i++) {
        snprintf(sql, sizeof sql, "SELECT %u", i);
        use(&shapes, sql, NULL, &gone);
        assert_ptr_equal(use(&shapes, "used", NULL, &gone), used);
    }
    assert_int_equal(shapes.count, SHAPES_MAX);
    assert_int_equal(gone, 3 * SHAPES_MAX + 2 - SHAPES_MAX);
    assert_ptr_equal(use(&shapes, "held", NULL, &gone), held);
    shape_release(held);
    pg_shapes_done(&shapes);
}

static void the_p95_estimate_lies_where_it_should(void **state)
{
    (void)state;
    struct shapes shapes;
    struct unit_random random = {12345};
    unsigned gone = 0, above = 0;
    pg_shapes_init(&shapes);
    struct shape *shape = use(&shapes, "SELECT 1", NULL, &gone);
    for (unsigned i = 0; i < 20000; i++) {
        int64_t sample_us = (int64_t)unit_random_below(&random, 10000) + 1; /* uniform: the p95 is 9,500 */
        if (i >= 2000)
            above += sample_us > shape->p95_us;
        pg_shape_measure(shape, sample_us, 100);
    }
    assert_in_range(above, 18000 * 2 / 100, 18000 * 9 / 100);
    assert_int_equal(shape->lane, SHAPE_FAST);
    pg_shapes_done(&shapes);
}

static void a_shape_moves_to_the_lane_it_has_earned(void **state)
{
    (void)state;
    struct shapes shapes;
    unsigned gone = 0;
    pg_shapes_init(&shapes);
    struct shape *shape = use(&shapes, "SELECT 1", NULL, &gone);
    pg_shape_measure(shape, 300, 100);
    assert_int_equal(shape->lane, SHAPE_FAST);
    pg_shape_timed_out(shape, 250000);
    assert_int_equal(shape->lane, SHAPE_SLOW);
    pg_shape_measure(shape, 300, 100);
    assert_int_equal(shape->lane, SHAPE_SLOW); /* one good run is not enough */
    for (int i = 0; i < 200; i++)
        pg_shape_measure(shape, 300, 100);
    assert_int_equal(shape->lane, SHAPE_FAST);
    pg_shape_measure(shape, 300, ANSWER_BYTES_FAST_MAX + 1);
    assert_int_equal(shape->lane, SHAPE_SLOW); /* large */
    for (int i = 0; i < 200; i++)
        pg_shape_measure(shape, 300, 100);
    assert_int_equal(shape->lane, SHAPE_FAST);
    pg_shape_measure_least(shape, 60000);
    assert_int_equal(shape->lane, SHAPE_SLOW);
    pg_shape_forget(shape);
    assert_int_equal(shape->lane, SHAPE_UNKNOWN);
    pg_shapes_done(&shapes);
}

/* ---- failures ---- */

static void every_sqlstate_has_its_documented_problem(void **state)
{
    (void)state;
    static const struct {
        const char *sqlstate;
        unsigned status;
        const char *code;
        bool retry;
    } cases[] = {
        {"22P02", 400, "invalid-value", false},
        {"22003", 400, "invalid-value", false},
        {"P0001", 400, "raised", false},
        {"25006", 405, "method-not-allowed", false},
        {"42501", 403, "not-permitted", false},
        {"42846", 400, "wrong-operator", false},
        {"57014", 504, "query-timeout", false},
        {"40001", 503, "database-busy", true},
        {"40P01", 503, "database-busy", true},
        {"08006", 503, "database-unavailable", true},
        {"28P01", 503, "database-unavailable", true},
        {"3D000", 503, "database-unavailable", true},
        {"53300", 503, "database-unavailable", true},
        {"57P01", 503, "database-unavailable", true},
        {"57P03", 503, "database-unavailable", true},
        {"42P01", 500, "database-error", false},
        {"XX000", 500, "database-error", false},
    };
    struct arena arena;
    arena_init(&arena, 1024);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct failure failure;
        pg_failure_make(&failure, cases[i].sqlstate, "relation \"hidden\" is odd");
        struct problem problem = pg_failure_problem(&failure, &arena);
        assert_int_equal(problem.status, cases[i].status);
        assert_slice(problem.code, cases[i].code);
        assert_slice(problem.pg_code, cases[i].sqlstate);
        assert_int_equal(problem.retry_after_s > 0, cases[i].retry);
        assert_non_null(memmem(problem.cause.data, problem.cause.len, "hidden", 6));
        bool says = cases[i].status == 400;
        assert_int_equal(memmem(problem.detail.data, problem.detail.len, "hidden", 6) != NULL, says);
    }
    arena_done(&arena);
}

static void messages_are_one_line_and_cut_between_characters(void **state)
{
    (void)state;
    struct failure failure;
    char text[1200] = "  first \r\n\tsecond\t ";
    size_t len = strlen(text);
    while (len + 2 < sizeof text)
        text[len++] = (char)0xc3, text[len++] = (char)0xa9; /* é */
    text[len] = '\0';
    pg_failure_make(&failure, "XX000", text);
    assert_true(strncmp(failure.cause, "first second ", 13) == 0);
    assert_true(slice_is_utf8(slice_str(failure.message)));
    assert_true(slice_is_utf8(slice_str(failure.cause)));
    assert_null(strchr(failure.cause, '\n'));
    pg_failure_make(&failure, "XX000", " \n FATAL:  a \n");
    assert_string_equal(failure.cause, "FATAL: a");
    pg_failure_make(&failure, "XX000", " \n ");
    assert_string_equal(failure.cause, "");
}

static void assert_key(const char *detail, bool exclusion, const char *column, const char *value)
{
    struct refusal refusal = {0};
    pg_refusal_take_key(&refusal, detail, exclusion);
    assert_string_equal(refusal.column, column);
    assert_int_equal(refusal.has_value, value != NULL);
    assert_string_equal(refusal.value, value ? value : "");
}

static void a_refused_key_is_read_from_the_detail_in_any_language(void **state)
{
    (void)state;
    assert_key("Key (email)=(a@b) already exists.", false, "email", "a@b");
    assert_key("Schlüssel »(email)=(a@b)« existiert bereits.", false, "email", "a@b");
    assert_key("Key (\"Name\")=(x) already exists.", false, "Name", "x");
    assert_key("Key (\"A\", \"B\")=(1, 2) already exists.", false, "\"A\", \"B\"", "1, 2");
    assert_key("Key (lower(email))=(a (b)) already exists.", false, "lower(email)", "a (b)");
    assert_key("Key (a)=() already exists.", false, "a", "");
    assert_key("Key (d)=([1,5)) conflicts with existing key (d)=([4,9)).", true, "d", "[1,5)");
    assert_key("Schlüssel (d)=([1,5)) kollidiert mit (d)=([4,9)).", true, "d", NULL);
    assert_key("Failing row contains (1, secret).", false, "", NULL);
    assert_key(")=(", false, "", NULL);
    assert_key("", false, "", NULL);
}

static void a_long_value_is_cut_between_characters(void **state)
{
    (void)state;
    struct refusal refusal = {0};
    char detail[400] = "Key (a)=(x";
    size_t len = strlen(detail);
    while (len < 210)
        detail[len++] = (char)0xc3, detail[len++] = (char)0xa9; /* é */
    memcpy(detail + len, ").", 3);
    pg_refusal_take_key(&refusal, detail, false);
    assert_int_equal(strlen(refusal.value), PROBLEM_VALUE_MAX - 1);
    assert_true(slice_is_utf8(slice_str(refusal.value)));
}

/* ---- the back-off, the pool ---- */

static void the_backoff_grows_to_five_seconds_and_is_never_nothing(void **state)
{
    (void)state;
    struct unit_random random = {99};
    for (unsigned failures = 1; failures < 100; failures++) {
        int64_t wait_ms = pg_backoff_ms(failures, unit_random_next(&random));
        assert_in_range(wait_ms, failures > 8 ? 2500 : 25, 5000);
        if (failures == 1)
            assert_in_range(wait_ms, 25, 50);
    }
}

static void the_pool_counts_and_says_when_it_is_full_or_down(void **state)
{
    (void)state;
    struct pool pool;
    struct list port;
    struct loop *loop = loop_new();
    struct pool_waiter waiter = {.loop = loop};
    struct loan *loan;
    struct failure failure;
    struct mono now = clock_mono();
    list_init(&port);
    pg_pool_init(&pool, 3, 4, 1000);
    pg_pool_add_port(&pool, &port, 2);
    assert_int_equal(pg_pool_take(&pool, &waiter, true, now, &loan, &failure), POOL_MAY_OPEN);
    assert_int_equal(pg_pool_take(&pool, &waiter, false, now, &loan, &failure),
                     POOL_FULL); /* told to open none */
    assert_int_equal(pg_pool_take(&pool, &waiter, true, now, &loan, &failure), POOL_MAY_OPEN);
    assert_int_equal(pg_pool_take(&pool, &waiter, true, now, &loan, &failure), POOL_FULL);
    assert_int_equal(pool.open, 4);
    pg_pool_leave_line(&pool, &waiter);
    pg_pool_gone(&pool, LOAN_SLOW);
    pg_failure_make(&failure, "53300", "too many");
    pg_pool_is_down(&pool, &failure, now);
    assert_int_equal(pg_pool_take(&pool, &waiter, true, now, &loan, &failure),
                     POOL_FULL); /* another may be given back */
    pg_pool_leave_line(&pool, &waiter);
    pg_pool_gone(&pool, LOAN_SLOW);
    assert_int_equal(pg_pool_take(&pool, &waiter, true, now, &loan, &failure), POOL_DOWN);
    assert_string_equal(failure.sqlstate, "53300");
    assert_int_equal(pg_pool_take(&pool, &waiter, true, mono_after_ms(now, 60), &loan, &failure),
                     POOL_MAY_OPEN);
    pg_pool_gone(&pool, LOAN_SLOW);
    pg_pool_remove_port(&pool, &port, 2);
    assert_int_equal(pool.open, 0);
    pg_pool_done(&pool);
    loop_free(loop);
}

static void ignore_letter(struct letter *letter)
{
    (void)letter;
}

/* A pool of which four can be lent: one kind may have them all until the other asks. */
static void each_kind_has_its_half_of_a_full_pool(void **state)
{
    (void)state;
    struct pool pool;
    struct list port;
    struct loop *loop = loop_new();
    struct pool_waiter slow = {.loop = loop, .kind = LOAN_SLOW}, write = {.loop = loop, .kind = LOAN_WRITE};
    struct loan *loan;
    struct failure failure;
    struct mono now = clock_mono();
    slow.letter.on_receive = write.letter.on_receive = ignore_letter;
    list_init(&port);
    pg_pool_init(&pool, 6, 6, 0);
    pg_pool_add_port(&pool, &port, 2);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pg_pool_take(&pool, &slow, true, now, &loan, &failure), POOL_MAY_OPEN);
    assert_int_equal(pg_pool_take(&pool, &slow, true, now, &loan, &failure), POOL_FULL);
    assert_false(pg_pool_others_wait(&pool, &slow));
    assert_int_equal(pg_pool_take(&pool, &write, true, now, &loan, &failure), POOL_FULL);
    for (int i = 0; i < 2; i++) {
        assert_true(pg_pool_others_wait(&pool, &slow)); /* it owes the other one */
        pg_pool_gone(&pool, LOAN_SLOW);
        assert_true(pg_pool_is_calling(&pool, &write));
        loop_turn(loop, 0);
        pg_pool_answered(&pool, &write);
        assert_int_equal(pg_pool_take(&pool, &write, true, now, &loan, &failure), POOL_MAY_OPEN);
        assert_int_equal(pg_pool_take(&pool, &write, true, now, &loan, &failure), POOL_FULL);
    }
    assert_false(pg_pool_others_wait(&pool, &slow)); /* both have two */
    assert_false(pg_pool_others_wait(&pool, &write));
    pg_pool_leave_line(&pool, &slow);
    pg_pool_leave_line(&pool, &write);
    for (int i = 0; i < 2; i++) {
        pg_pool_gone(&pool, LOAN_SLOW);
        pg_pool_gone(&pool, LOAN_WRITE);
    }
    pg_pool_remove_port(&pool, &port, 2);
    pg_pool_done(&pool);
    loop_free(loop);
}

/* ---- what is prepared on a connection ---- */

static void the_least_recently_used_text_is_dropped(void **state)
{
    (void)state;
    static char texts[NAMED_MAX + 1][16];
    struct named named;
    pg_named_init(&named);
    for (unsigned i = 0; i <= NAMED_MAX; i++)
        snprintf(texts[i], sizeof texts[i], "SELECT %u", i);
    for (unsigned i = 0; i < NAMED_MAX; i++) {
        pg_named_add(&named, slice_str(texts[i]))->ready = true;
        assert_int_equal(pg_named_take_dropped(&named), 0);
    }
    assert_non_null(pg_named_find(&named, slice_str(texts[0]))); /* used */
    pg_named_add(&named, slice_str(texts[NAMED_MAX]));
    assert_int_equal(pg_named_take_dropped(&named), 2);
    assert_int_equal(pg_named_take_dropped(&named), 0);
    assert_null(pg_named_find(&named, slice_str(texts[1])));
    assert_non_null(pg_named_find(&named, slice_str(texts[0])));
    pg_named_forget(&named, pg_named_find(&named, slice_str(texts[0])));
    assert_int_equal(pg_named_take_dropped(&named), 0);
    assert_int_equal(named.count, NAMED_MAX - 1);
    pg_named_done(&named);
}

/* ---- array literals ---- */

static void keys_are_written_so_that_the_database_reads_them_back(void **state)
{
    (void)state;
    static const char *words[] = {"1", "-5", "a b", "", "NULL", "q\"\\", "{,}", "2026-01-01T00:00:00"};
    struct buf keys;
    buf_init(&keys, GATHER_BYTES_MAX + 16);
    pg_gather_begin(&keys);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        struct bind bind = {.kind = BIND_TEXT, .text = slice_str(words[i])};
        struct fetch fetch = {.statement = {.binds = &bind, .bind_count = 1}};
        assert_true(pg_gather_add_key(&keys, &fetch));
    }
    pg_gather_finish(&keys);
    assert_string_equal(keys.data, "{1,-5,\"a b\",\"\",\"NULL\",\"q\\\"\\\\\",\"{,}\",2026-01-01T00:00:00}");
    buf_done(&keys);
}

static void a_key_that_does_not_fit_or_is_null_goes_alone(void **state)
{
    (void)state;
    static char big[GATHER_BYTES_MAX];
    struct buf keys;
    memset(big, 'x', sizeof big - 1);
    struct bind bind = {.kind = BIND_TEXT, .text = slice_str(big)}, null = {.kind = BIND_NULL};
    struct fetch fetch = {.statement = {.binds = &bind, .bind_count = 1}};
    buf_init(&keys, GATHER_BYTES_MAX + 16);
    pg_gather_begin(&keys);
    assert_false(pg_gather_add_key(&keys, &fetch));
    fetch.statement.binds = &null;
    assert_false(pg_gather_add_key(&keys, &fetch));
    pg_gather_finish(&keys);
    assert_string_equal(keys.data, "{}");
    buf_done(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_of_a_trigger_tells_what_was_written),
        cmocka_unit_test(a_message_of_ones_own_is_known),
        cmocka_unit_test(a_host_that_is_a_name_is_to_be_resolved_and_an_address_is_not),
        cmocka_unit_test(a_url_that_cannot_be_read_is_told_why),
        cmocka_unit_test(resolving_gives_lists_of_the_same_length),
        cmocka_unit_test(settings_are_one_statement),
        cmocka_unit_test(passwords_are_masked),
        cmocka_unit_test(a_url_tells_whose_it_is),
        cmocka_unit_test(equal_texts_are_one_shape),
        cmocka_unit_test(the_least_recently_used_shape_makes_room_but_not_one_in_use),
        cmocka_unit_test(the_p95_estimate_lies_where_it_should),
        cmocka_unit_test(a_shape_moves_to_the_lane_it_has_earned),
        cmocka_unit_test(every_sqlstate_has_its_documented_problem),
        cmocka_unit_test(messages_are_one_line_and_cut_between_characters),
        cmocka_unit_test(a_refused_key_is_read_from_the_detail_in_any_language),
        cmocka_unit_test(a_long_value_is_cut_between_characters),
        cmocka_unit_test(each_kind_has_its_half_of_a_full_pool),
        cmocka_unit_test(the_least_recently_used_text_is_dropped),
        cmocka_unit_test(the_backoff_grows_to_five_seconds_and_is_never_nothing),
        cmocka_unit_test(the_pool_counts_and_says_when_it_is_full_or_down),
        cmocka_unit_test(keys_are_written_so_that_the_database_reads_them_back),
        cmocka_unit_test(a_key_that_does_not_fit_or_is_null_goes_alone),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
