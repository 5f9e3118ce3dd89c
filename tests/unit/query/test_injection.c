/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile names and values wherever a request's text could reach SQL: what is refused is refused, and what is planned has nothing
 * of the value in its text, whatever the value. The same statements run on a real database and do no harm. */
#include "worlds.h"

#include <ctype.h>
#include <stdio.h>

#include "database.h"

static const char *const hostile[] = {
    "zq'; DROP TABLE transactions; --",
    "zq' OR '1'='1",
    "zq\" OR \"1\"=\"1",
    "zq\\' OR 1=1 --",
    "zq$$; SELECT pg_sleep(10); $$",
    "zq/*",
    "zq*/",
    "zq--",
    "zq;",
    "zq)",
    "zq(",
    "zq' UNION SELECT 1 --",
    "zq\xef\xbc\x87 OR 1=1", /* a full-width apostrophe */
    "zq\xca\xbc",            /* a modifier apostrophe */
    "zq%27",
    "zq%2527",
    "zq{\"a\":1}",
    "zq{},{NULL}",
    "zq\"},{\"",
    "zq$1",
    "zq?1",
    "zq:x",
    "zq@x",
    "zq\r\n; SELECT 1",
    "zq\t",
    "zq\x01",
    "zq::text",
    "zq||version()",
    "zq\\",
    "zqE'\\x41'",
    "zq\xf0\x9f\x92\xa3",
};

/* The text, percent-encoded: every byte that is no letter or digit. */
static void encode(const char *text, char *ret_encoded, size_t size)
{
    size_t n = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c && n + 4 < size; c++)
        n += (size_t)snprintf(ret_encoded + n, size - n, isalnum(*c) ? "%c" : "%%%02X", *c);
}

/* NULL when it is refused. */
static struct plan *try(struct world *world, const char *query)
{
    const struct plan_context context = {.model = world->model,
                                         .arena = &world->arena,
                                         .manner = world->manner,
                                         .caller = {.role = ROLE_ANONYMOUS, .roles = ROLE_ANONYMOUS},
                                         .now = {1769850307123456}};
    struct plan *plan = NULL;
    struct problem problem = {0};
    enum error error =
        plan_list(&context, world_resource(world, "transactions"), slice_str(query), &plan, &problem);
    assert_true((error == OK) == (plan != NULL));
    return plan;
}

/* Only what SQL is written with: names of the catalogue, keywords, numbers of binds. `zq` begins every hostile text. */
static void assert_clean(const struct plan *plan)
{
    struct slice texts[] = {plan->statement.text, plan->total.text};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct slice text = texts[i];
        assert_null(text.len ? memmem(text.data, text.len, "zq", 2) : NULL);
        for (size_t k = 0; k < text.len; k++)
            if (!isalnum((unsigned char)text.data[k]) && !strchr("\"_.,()$?:[] =<>*'\\", text.data[k]))
                fail_msg("a byte %02x in %s", (unsigned char)text.data[k], text.data);
    }
}

static void nothing_of_a_value_reaches_the_text(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "note=%s",
        "note=eq.%s",
        "note=neq.%s",
        "note=gt.%s",
        "note=like.%s",
        "note=like.*%s*",
        "note=ilike.%s",
        "note=in.(%s)",
        "note=in.(a,%s)",
        "note=in.(%%22%s%%22)",
        "note=not.eq.%s",
        "note=not.in.(%s,b)",
        "currency=%s",
        "note=is.%s",
        "user_id=%s",
        "amount=gte.%s",
        "status=%s",
        "created_at=%s",
        "ok=%s",
        "user_id=in.(1,%s)",
        "order=%s",
        "order=id.%s",
        "order=%%22%s%%22",
        "select=%s",
        "select=id,%%22%s%%22",
        "limit=%s",
        "offset=%s",
        "page=%s",
        "cursor=%s",
        "%s=eq.1",
        "note=%s&note=gt.%s",
    };
    struct world *worlds[] = {&pg, &sqlite};
    unsigned planned = 0;
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        char value[300], query[1000];
        encode(hostile[i], value, sizeof(value));
        for (size_t k = 0; k < ARRAY_LEN(forms); k++) {
            snprintf(query, sizeof(query), forms[k], value, value);
            for (size_t w = 0; w < 4; w++) {
                worlds[w % 2]->manner = w < 2 ? MANNER_PLAIN : MANNER_POSTGREST;
                const struct plan *plan = try(worlds[w % 2], query);
                if (plan)
                    assert_clean(plan);
                planned += plan != NULL;
            }
        }
    }
    pg.manner = sqlite.manner = MANNER_PLAIN;
    assert_true(planned > 1500); /* text columns take them all as values */
}

static void every_value_of_one_filter_is_one_shape(void **state)
{
    (void)state;
    char value[300], query[400];
    struct slice shape = {NULL, 0};
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        encode(hostile[i], value, sizeof(value));
        snprintf(query, sizeof(query), "note=eq.%s", value);
        const struct plan *plan = world_list(&pg, "transactions", query);
        assert_true(!shape.data || slice_eq(shape, plan->statement.text));
        assert_slice(plan->statement.binds[0].text, hostile[i]);
        shape = plan->statement.text;
    }
}

static void hostile_keys_are_values(void **state)
{
    (void)state;
    char value[300], id[400];
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        encode(hostile[i], value, sizeof(value));
        snprintf(id, sizeof(id), "1,%s", value);
        const struct plan *plan = world_row(&pg, "members", id, "");
        assert_clean(plan);
        assert_slice(plan->statement.binds[1].text, hostile[i]);
        assert_string_equal(world_row_refused(&pg, "transactions", value, ""), "wrong-type");
    }
}

/* A cursor of any bytes may be sent: they come as binds, too. */
static void hostile_cells_of_cursors_are_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        const struct plan *plan = world_list(&pg, "transactions", "order=note");
        const struct slice cells[] = {slice_str(hostile[i]), slice_str(hostile[i])};
        struct slice cursor = plan_cursor(plan, &pg.arena, cells, false);
        plan = world_list(&pg, "transactions",
                          arena_format(&pg.arena, "order=note&cursor=%.*s", SLICE_ARG(cursor)).data);
        assert_clean(plan);
        assert_slice(plan->statement.binds[0].text, hostile[i]);
    }
}

static void a_real_database_finds_the_hostile_text_and_keeps_its_tables(void **state)
{
    (void)state;
    struct database database;
    char value[300], query[400];
    database_open_sqlite(&database);
    database_run(&database,
                 "CREATE TABLE transactions (id INTEGER PRIMARY KEY, user_id INTEGER, amount INTEGER,"
                 " currency TEXT, status TEXT, created_at TEXT, note TEXT, ok BOOLEAN, meta TEXT,"
                 " secret_hash TEXT)");
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        char *literal = sqlite3_mprintf("%Q", hostile[i]);
        database_run(&database, "INSERT INTO transactions(id, note) VALUES (%u, %s)", (unsigned)i + 1,
                     literal);
        sqlite3_free(literal);
    }
    static const char *const forms[] = {"select=id&note=eq.%s", "select=id&note=in.(nothing,%%22%s%%22)"};
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        encode(hostile[i], value, sizeof(value));
        for (size_t k = 0; k < ARRAY_LEN(forms); k++) {
            if (k == 1 && strpbrk(hostile[i], "\"\\"))
                continue; /* would have to be escaped in a list */
            snprintf(query, sizeof(query), forms[k], value);
            const struct plan *plan = world_list(&sqlite, "transactions", query);
            struct slice *cells;
            unsigned columns;
            assert_int_equal(database_rows(&database, &plan->statement, &sqlite.arena, &cells, &columns), 1);
            assert_int_equal(strtol(cells[0].data, NULL, 10), (long)i + 1);
        }
    }
    database_close(&database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_a_value_reaches_the_text),
        cmocka_unit_test(every_value_of_one_filter_is_one_shape),
        cmocka_unit_test(hostile_keys_are_values),
        cmocka_unit_test(hostile_cells_of_cursors_are_values),
        cmocka_unit_test(a_real_database_finds_the_hostile_text_and_keeps_its_tables),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, worlds_open, worlds_close);
}
