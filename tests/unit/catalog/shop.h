/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of catalog/ share: a catalogue as a store would fill it, and a model of it.
 *
 *   public.users(id pk, email, password_hash, data json, created_at)   public.orders(user_id, n; pk user_id, n)
 *   public.totals: a view (user_id, total)   audit.logs(id pk)   app.events, audit.events: the same name twice */
#ifndef LEAT_TESTS_CATALOG_SHOP_H
#define LEAT_TESTS_CATALOG_SHOP_H

#include <stdio.h>
#include <unistd.h>

#include "lib/unit.h"

#include "base/check.h"
#include "catalog/model.h"

static inline struct table *shop_table(struct catalog *catalog, const char *schema, const char *name,
                                       enum table_kind kind, const char *const *columns, unsigned key_count)
{
    struct arena *arena = &catalog->arena;
    struct table *table = &catalog->tables[catalog->table_count++];
    *table = (struct table){.schema = slice_str(schema), .name = slice_str(name), .kind = kind};
    table->columns = ARENA_ARRAY(arena, struct column, 16);
    table->key = ARENA_ARRAY(arena, unsigned, 16);
    for (; columns[table->column_count]; table->column_count++) {
        struct column *column = &table->columns[table->column_count];
        bool json = strcmp(columns[table->column_count], "data") == 0;
        column->name = slice_str(columns[table->column_count]);
        column->position = table->column_count;
        column->type = (struct type){.kind = json ? VALUE_JSON : VALUE_INT, .bits = 64, .orderable = !json};
        column->type.name = json ? SLICE("json") : SLICE("bigint");
        column_names_make(arena, column);
    }
    for (; table->key_count < key_count; table->key_count++)
        table->key[table->key_count] = table->key_count;
    return table;
}

static inline struct catalog *shop_catalog(enum dialect dialect)
{
    static const char *const users[] = {"id", "email", "password_hash", "data", "created_at", NULL};
    static const char *const orders[] = {"user_id", "n", "amount", "a,b", NULL};
    static const char *const totals[] = {"user_id", "total", NULL};
    static const char *const logs[] = {"id", "api_key", NULL};
    const char *home = dialect == DIALECT_PG ? "public" : "main";
    struct catalog *catalog = catalog_new(dialect);
    catalog->tables = ARENA_ARRAY(&catalog->arena, struct table, 16);
    shop_table(catalog, home, "users", TABLE_TABLE, users, 1);
    shop_table(catalog, home, "orders", TABLE_TABLE, orders, 2);
    shop_table(catalog, home, "totals", TABLE_VIEW, totals, 0);
    shop_table(catalog, "audit", "logs", TABLE_TABLE, logs, 1);
    shop_table(catalog, "audit", "events", TABLE_TABLE, logs, 1);
    shop_table(catalog, "app", "events", TABLE_TABLE, logs, 1);
    return catalog;
}

/* One building: what it complained of, and the model when there was nothing to refuse. */
struct building {
    struct arena arena;
    struct complaints complaints;
    struct config *config;
    struct catalog *catalog;
    struct model *model;
};

/* Takes the catalogue over. */
static inline struct building *build_with(struct catalog *catalog, const char *yaml)
{
    struct building *building = test_calloc(1, sizeof *building);
    arena_init(&building->arena, 4096);
    building->complaints.arena = &building->arena;
    building->catalog = catalog;
    assert_int_equal(config_load_bytes("leat.yaml", slice_str(yaml), NULL, 0, &building->complaints,
                                       &building->config),
                     OK);
    enum error error =
        model_build(building->config, building->catalog, &building->complaints, &building->model);
    assert_int_equal(error == OK, building->model != NULL);
    return building;
}

static inline struct building *build(const char *resources, enum dialect dialect)
{
    char yaml[4000];
    snprintf(yaml, sizeof yaml, "database: sqlite:/x\ndefaults: {read: anonymous}\n%s", resources);
    return build_with(shop_catalog(dialect), yaml);
}

static inline void building_free(struct building *building)
{
    if (building->model) {
        model_unref(building->model);
    } else {
        config_free(building->config);
        catalog_free(building->catalog);
    }
    arena_done(&building->arena);
    test_free(building);
}

static inline void assert_said(const struct building *building, const char *expected)
{
    char text[8192];
    FILE *file = tmpfile();
    assert_non_null(file);
    complaints_print(&building->complaints, fileno(file));
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    assert_string_equal(text, expected);
}

/* "id,email": the names of columns, for comparing. */
static inline void assert_columns(const struct column *const *columns, unsigned count, const char *expected)
{
    char text[1000] = "";
    for (unsigned i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s" SLICE_FMT, i ? "|" : "",
                 SLICE_ARG(columns[i]->name));
    assert_string_equal(text, expected);
}

#endif
