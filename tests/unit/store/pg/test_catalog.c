/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue as read from a real server. */
#include "fixture.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/catalog.h"
#include "store/pg/types.h"

static const char schema_sql[] =
    "CREATE SCHEMA shop; CREATE SCHEMA \"Odd Name\"; CREATE EXTENSION citext; CREATE EXTENSION pg_stat_statements;"
    "CREATE TYPE mood AS ENUM ('sad', 'so so', 'a,\"b'); CREATE TYPE pair AS (a int, b text);"
    "CREATE DOMAIN price AS numeric(10,3) CHECK (VALUE >= 0); CREATE DOMAIN cheap AS price;"
    "CREATE COLLATION loose (provider = icu, locale = 'und', deterministic = false);"
    "CREATE TABLE shop.makers (code char(3), year int, name varchar(40), PRIMARY KEY (year, code));"
    "CREATE TABLE shop.items (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, dropped int, year int NOT NULL, code char(3) NOT NULL,"
    " price cheap NOT NULL DEFAULT 1, twice numeric GENERATED ALWAYS AS (1 + 1) STORED, feeling mood, tags text[], at timestamptz,"
    " doc jsonb, size pair, span int4range, nick citext, title text COLLATE loose, raw bytea, ip inet,"
    " CONSTRAINT made_by FOREIGN KEY (year, code) REFERENCES shop.makers (year, code) ON DELETE CASCADE);"
    "ALTER TABLE shop.items DROP COLUMN dropped;"
    "CREATE INDEX items_at ON shop.items (at DESC, id) INCLUDE (feeling); CREATE INDEX items_half ON shop.items (year) WHERE year > 0;"
    "CREATE INDEX items_lower ON shop.items (lower(title), year); CREATE INDEX items_doc ON shop.items USING gin (doc);"
    "CREATE VIEW shop.cheap_items AS SELECT id, price FROM shop.items; CREATE MATERIALIZED VIEW shop.counted AS SELECT 1 AS one;"
    "CREATE TABLE shop.events (id bigint, ts date NOT NULL, PRIMARY KEY (id, ts)) PARTITION BY RANGE (ts);"
    "CREATE TABLE shop.events_2026 PARTITION OF shop.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
    "CREATE TABLE \"Odd Name\".\"with \"\"quote\" (\"a \"\"b\" int);"
    "CREATE TABLE shop.secret (id int); CREATE TABLE shop.halves (open int, shut int); CREATE ROLE guest LOGIN;"
    "GRANT USAGE ON SCHEMA shop TO guest; GRANT SELECT ON shop.makers TO guest; GRANT SELECT (open) ON shop.halves TO guest;";

static int start(void **state)
{
    struct postgres *server = postgres_start("shared_preload_libraries=pg_stat_statements");
    postgres_psql(server, schema_sql);
    *state = server;
    return 0;
}

static void tables_of_every_kind_are_there_in_order_and_no_others(void **state)
{
    struct catalog *catalog = fixture_catalog(*state, "leat");
    static const struct {
        const char *sql;
        enum table_kind kind;
    } expected[] = {
        {"\"Odd Name\".\"with \"\"quote\"", TABLE_TABLE},
        {"\"shop\".\"cheap_items\"", TABLE_VIEW},
        {"\"shop\".\"counted\"", TABLE_MATVIEW},
        {"\"shop\".\"events\"", TABLE_PARTITIONED},
        {"\"shop\".\"halves\"", TABLE_TABLE},
        {"\"shop\".\"items\"", TABLE_TABLE},
        {"\"shop\".\"makers\"", TABLE_TABLE},
        {"\"shop\".\"secret\"", TABLE_TABLE},
    };
    assert_int_equal(catalog->table_count,
                     ARRAY_LEN(expected)); /* not the partition, not the extension's views */
    for (unsigned i = 0; i < catalog->table_count; i++) {
        assert_slice(catalog->tables[i].sql, expected[i].sql);
        assert_int_equal(catalog->tables[i].kind, expected[i].kind);
    }
    assert_true(slice_starts(catalog->server, SLICE("PostgreSQL 15.")));
    assert_int_equal(catalog->dialect, DIALECT_PG);
    catalog_free(catalog);
}

static void columns_have_their_types(void **state)
{
    struct catalog *catalog = fixture_catalog(*state, "leat");
    const struct table *items = table_named(catalog, "shop.items");
    static const struct {
        const char *name, *type;
        enum value_kind kind;
        bool orderable, deterministic;
    } expected[] = {
        {"id", "bigint", VALUE_INT, true, true},
        {"year", "integer", VALUE_INT, true, true},
        {"code", "bpchar", VALUE_TEXT, true, false},
        {"price", "numeric", VALUE_NUMERIC, true, true}, /* a domain over a domain */
        {"twice", "numeric", VALUE_NUMERIC, true, true},
        {"feeling", "public.mood", VALUE_ENUM, true, true},
        {"tags", "text[]", VALUE_OTHER, true, true},
        {"at", "timestamp with time zone", VALUE_TIMESTAMPTZ, true, true},
        {"doc", "jsonb", VALUE_JSON, true, true},
        {"size", "public.pair", VALUE_OTHER, false, true},
        {"span", "int4range", VALUE_OTHER, true, true},
        {"nick", "public.citext", VALUE_TEXT, true, false},
        {"title", "text", VALUE_TEXT, true, false},
        {"raw", "bytea", VALUE_BYTEA, true, true},
        {"ip", "inet", VALUE_OTHER, true, true},
    };
    assert_int_equal(items->column_count, ARRAY_LEN(expected));
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
        const struct column *column = &items->columns[i];
        assert_slice(column->name, expected[i].name);
        assert_slice(column->type.name, expected[i].type);
        assert_int_equal(column->type.kind, expected[i].kind);
        assert_int_equal(column->position, i);
        assert_int_equal(column->deterministic, expected[i].deterministic);
        if (column->type.orderable != expected[i].orderable)
            fail_msg("%s: orderable is %d", expected[i].name, column->type.orderable);
    }
    assert_int_equal(column_named(items, "id")->type.bits, 64);
    assert_int_equal(column_named(items, "price")->type.scale, 3);
    assert_true(column_named(items, "tags")->type.is_array);
    catalog_free(catalog);
}

static void columns_tell_nulls_defaults_and_what_is_generated(void **state)
{
    struct catalog *catalog = fixture_catalog(*state, "leat");
    const struct table *items = table_named(catalog, "shop.items");
    assert_false(column_named(items, "id")->nullable);
    assert_true(column_named(items, "id")->generated);
    assert_true(column_named(items, "id")->has_default);
    assert_true(column_named(items, "price")->has_default);
    assert_false(column_named(items, "price")->generated);
    assert_true(column_named(items, "twice")->generated);
    assert_true(column_named(items, "feeling")->nullable);
    const struct table *odd = table_named(catalog, "Odd Name.with \"quote");
    assert_slice(odd->columns[0].sql, "\"a \"\"b\"");
    assert_slice(odd->columns[0].json, "\"a \\\"b\":");
    catalog_free(catalog);
}

static void an_enum_has_its_labels_in_order(void **state)
{
    struct catalog *catalog = fixture_catalog(*state, "leat");
    const struct type *mood = &column_named(table_named(catalog, "shop.items"), "feeling")->type;
    assert_int_equal(mood->label_count, 3);
    assert_slice(mood->labels[0], "sad");
    assert_slice(mood->labels[1], "so so");
    assert_slice(mood->labels[2], "a,\"b");
    catalog_free(catalog);
}

static void keys_have_their_columns_in_key_order(void **state)
{
    struct catalog *catalog = fixture_catalog(*state, "leat");
    const struct table *makers = table_named(catalog, "shop.makers");
    assert_int_equal(makers->key_count, 2);
    assert_slice(makers->columns[makers->key[0]].name, "year");
    assert_slice(makers->columns[makers->key[1]].name, "code");
    assert_int_equal(table_named(catalog, "shop.cheap_items")->key_count, 0);
    assert_int_equal(table_named(catalog, "shop.events")->key_count, 2);
    catalog_free(catalog);
}

static void a_foreign_key_joins_its_columns(void **state)
{
    struct catalog *catalog = fixture_catalog(*state, "leat");
    const struct table *items = table_named(catalog, "shop.items");
    assert_int_equal(items->foreign_key_count, 1);
    const struct foreign_key *key = items->foreign_keys[0];
    assert_slice(key->name, "made_by");
    assert_ptr_equal(key->table, items);
    assert_ptr_equal(key->target, table_named(catalog, "shop.makers"));
    assert_int_equal(key->count, 2);
    assert_slice(items->columns[key->columns[0]].name, "year");
    assert_slice(key->target->columns[key->target_columns[1]].name, "code");
    assert_true(key->on_delete_acts);
    assert_false(key->on_update_acts);
    catalog_free(catalog);
}

static const struct index *index_named(const struct table *table, const char *name)
{
    for (unsigned i = 0; i < table->index_count; i++)
        if (slice_eq(table->indexes[i].name, slice_str(name)))
            return &table->indexes[i];
    fail_msg("no index %s", name);
    return NULL;
}

static void indexes_tell_order_parts_and_expressions(void **state)
{
    struct catalog *catalog = fixture_catalog(*state, "leat");
    const struct table *items = table_named(catalog, "shop.items");
    assert_int_equal(items->index_count, 5);
    const struct index *at = index_named(items, "items_at");
    assert_int_equal(at->count, 2); /* without the included one */
    assert_slice(items->columns[at->columns[0]].name, "at");
    assert_true(at->descending[0]);
    assert_false(at->descending[1]);
    assert_false(at->partial);
    assert_true(index_named(items, "items_half")->partial);
    assert_int_equal(index_named(items, "items_lower")->columns[0], UINT_MAX);
    assert_slice(index_named(items, "items_doc")->method, "gin");
    const struct index *key = index_named(items, "items_pkey");
    assert_true(key->primary && key->unique);
    catalog_free(catalog);
}

static void a_role_sees_what_it_may_read(void **state)
{
    struct catalog *catalog = fixture_catalog(*state, "guest");
    assert_int_equal(catalog->table_count, 2);
    const struct table *halves = table_named(catalog, "shop.halves");
    assert_int_equal(halves->column_count, 1);
    assert_slice(halves->columns[0].name, "open");
    assert_int_equal(table_named(catalog, "shop.makers")->column_count, 3);
    catalog_free(catalog);
}

static void an_empty_database_has_an_empty_catalogue(void **state)
{
    (void)state;
    struct postgres *empty = postgres_start(NULL);
    struct catalog *catalog = fixture_catalog(empty, "leat");
    assert_int_equal(catalog->table_count, 0);
    catalog_free(catalog);
    postgres_stop(empty);
}

/* Why the catalogue of this URL cannot be read. */
static void read_why(struct postgres *server, const char *url, char ret_why[512])
{
    struct store_options options = fixture_options(server);
    struct offload *offload = offload_new(1, 8);
    struct store *store;
    struct catalog *catalog = NULL;
    options.url = slice_str(url);
    assert_int_equal(store_open(&options, offload, &store, ret_why), OK);
    assert_int_not_equal(store_catalog(store, &catalog, ret_why), OK);
    assert_null(catalog);
    store_close(store);
    offload_free(offload);
}

static void a_database_that_lets_nobody_in_is_told_with_what_to_do(void **state)
{
    static const struct {
        const char *whom, *where, *words, *advice;
    } cases[] = {
        {"guarded:wrong", "leat", "password authentication failed", "look at the user and the password"},
        {"guarded", "leat", "no password supplied", "look at the user and the password"},
        {"nobody", "leat", "role \"nobody\" does not exist", "look at the user in the URL"},
        {"leat", "nowhere", "database \"nowhere\" does not exist", "create that database, or name another"},
    };
    char url[200], why[512];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(url, sizeof url, "postgresql://%s@127.0.0.1:%u/%s", cases[i].whom, postgres_port(*state),
                 cases[i].where);
        read_why(*state, url, why);
        assert_non_null(strstr(why, cases[i].words));
        assert_non_null(strstr(why, cases[i].advice));
        assert_null(strstr(why, "  "));
        assert_null(strstr(why, "LOCATION"));
        assert_null(strstr(why, "wrong"));
    }
}

static void an_unreachable_database_is_told_with_what_to_do(void **state)
{
    static const char advice[] =
        "; look whether PostgreSQL runs there, and at the host and the port in the URL";
    char why[512];
    read_why(*state, "postgresql://leat@127.0.0.1:1/leat", why);
    assert_non_null(strstr(why, "cannot be reached: connection to server at \"127.0.0.1\", port 1 failed: "
                                "Connection refused; look"));
    assert_non_null(strstr(why, advice));
    read_why(*state, "postgresql://leat@no.such.host.invalid/leat", why);
    assert_non_null(strstr(why, "no.such.host.invalid"));
    assert_non_null(strstr(why, advice));
}

/* It takes connections into its queue and answers none. */
static void a_silent_server_is_given_up_in_time(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    char url[200], why[512];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, sizeof url, "postgresql://leat@127.0.0.1:%u/leat?connect_timeout=1",
             ntohs(address.sin_port));
    read_why(*state, url, why);
    assert_non_null(strstr(why, "nothing answers within `connect_timeout`; look whether PostgreSQL runs"));
    close(fd);
}

static void arrays_are_read_as_the_database_writes_them(void **state)
{
    (void)state;
    struct arena arena;
    unsigned count;
    arena_init(&arena, 1024);
    struct slice *items = pg_array_read(&arena, SLICE("{a,\"b c\",\"q\\\"\\\\\",\"\",\"x,y\"}"), &count);
    assert_int_equal(count, 5);
    assert_slice(items[0], "a");
    assert_slice(items[1], "b c");
    assert_slice(items[2], "q\"\\");
    assert_slice(items[3], "");
    assert_slice(items[4], "x,y");
    pg_array_read(&arena, SLICE("{}"), &count);
    assert_int_equal(count, 0);
    pg_array_read(&arena, SLICE(""), &count);
    assert_int_equal(count, 0);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_every_kind_are_there_in_order_and_no_others),
        cmocka_unit_test(columns_have_their_types),
        cmocka_unit_test(columns_tell_nulls_defaults_and_what_is_generated),
        cmocka_unit_test(an_enum_has_its_labels_in_order),
        cmocka_unit_test(keys_have_their_columns_in_key_order),
        cmocka_unit_test(a_foreign_key_joins_its_columns),
        cmocka_unit_test(indexes_tell_order_parts_and_expressions),
        cmocka_unit_test(a_role_sees_what_it_may_read),
        cmocka_unit_test(an_empty_database_has_an_empty_catalogue),
        cmocka_unit_test(a_database_that_lets_nobody_in_is_told_with_what_to_do),
        cmocka_unit_test(an_unreachable_database_is_told_with_what_to_do),
        cmocka_unit_test(a_silent_server_is_given_up_in_time),
        cmocka_unit_test(arrays_are_read_as_the_database_writes_them),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, start, server_stop);
}
