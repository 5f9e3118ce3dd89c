/* SPDX-License-Identifier: Apache-2.0 */
/* See world.h. */
#include "world.h"

#include <limits.h>
#include <stdio.h>

#include "config/complaints.h"

#define CONFIG_HEAD \
    "leat: 1\nlisten: 127.0.0.1:0\nserve: {/api: plain}\ndatabase: {url: 'sqlite:unused.db'}\n" \
    "defaults: {read: anonymous, page: {size: 100, max: 1000}}\n" \
    "query: {params: 20, conditions: 10, in_values: 5, order: 4, select: 12, depth: 4, value_bytes: 256B}\nresources:\n"

/* --- the catalogue --- */

static void make_labels(struct arena *arena, const char *labels, struct type *type)
{
    struct slice rest = slice_str(labels);
    type->labels = ARENA_ARRAY(arena, struct slice, 8);
    while (rest.data)
        type->labels[type->label_count++] = slice_cut(&rest, ',');
}

static void make_column(struct arena *arena, const struct world_column *from, unsigned position,
                        struct column *column)
{
    *column = (struct column){
        .name = slice_str(from->name),
        .type = {.kind = from->kind,
                 .name = slice_str(from->type),
                 .bits = from->bits,
                 .scale = from->scale,
                 .orderable = !from->unordered},
        .position = position,
        .nullable = from->nullable,
        .deterministic = true,
    };
    column->type.is_array = slice_ends(column->type.name, SLICE("[]"));
    if (from->labels)
        make_labels(arena, from->labels, &column->type);
    column_names_make(arena, column);
}

static unsigned position_of(const struct table *table, struct slice name)
{
    const struct column *column = table_column(table, name);
    return column ? column->position : UINT_MAX;
}

static void make_key(struct arena *arena, const char *key, struct table *table)
{
    struct slice rest = slice_str(key);
    table->key = ARENA_ARRAY(arena, unsigned, 8);
    while (rest.data)
        table->key[table->key_count++] = position_of(table, slice_cut(&rest, ','));
}

static void make_index(struct arena *arena, const struct world_index *from, struct table *table,
                       struct index *index)
{
    struct slice rest = slice_str(from->columns);
    *index = (struct index){.primary = from->primary, .unique = from->primary, .method = SLICE("btree")};
    index->columns = ARENA_ARRAY(arena, unsigned, 8);
    index->descending = ARENA_ARRAY(arena, bool, 8);
    while (rest.data) {
        struct slice name = slice_trim(slice_cut(&rest, ','));
        index->descending[index->count] = slice_ends(name, SLICE(" desc"));
        index->columns[index->count++] = position_of(table, slice_cut(&name, ' '));
    }
}

static void make_table(struct catalog *catalog, const struct world_table *from, struct table *table)
{
    struct arena *arena = &catalog->arena;
    *table = (struct table){.name = slice_str(from->name), .kind = from->kind, .rows_estimate = -1};
    table->schema = catalog->dialect == DIALECT_PG ? SLICE("public") : SLICE("main");
    table->sql = arena_format(arena, "\"%.*s\".\"%s\"", SLICE_ARG(table->schema), from->name);
    table->columns = ARENA_ARRAY(arena, struct column, 16);
    for (; from->columns[table->column_count].name; table->column_count++)
        make_column(arena, &from->columns[table->column_count], table->column_count,
                    &table->columns[table->column_count]);
    if (from->key)
        make_key(arena, from->key, table);
    table->indexes = ARENA_ARRAY(arena, struct index, 6);
    for (; from->indexes[table->index_count].columns; table->index_count++)
        make_index(arena, &from->indexes[table->index_count], table, &table->indexes[table->index_count]);
}

static struct table *table_of(struct catalog *catalog, const char *name)
{
    for (unsigned i = 0; i < catalog->table_count; i++)
        if (slice_eq(catalog->tables[i].name, slice_str(name)))
            return &catalog->tables[i];
    fail_msg("no table %s", name);
    return NULL;
}

static unsigned make_positions(struct arena *arena, const struct table *table, const char *names,
                               unsigned **ret_positions)
{
    struct slice rest = slice_str(names);
    unsigned count = 0;
    *ret_positions = ARENA_ARRAY(arena, unsigned, 4);
    while (rest.data)
        (*ret_positions)[count++] = position_of(table, slice_cut(&rest, ','));
    return count;
}

static void make_reference(struct catalog *catalog, const struct world_reference *from, struct table *table)
{
    struct arena *arena = &catalog->arena;
    struct foreign_key *key = &catalog->foreign_keys[catalog->foreign_key_count++];
    *key = (struct foreign_key){.table = table, .target = table_of(catalog, from->target)};
    key->name = arena_format(arena, SLICE_FMT "_%s_fkey", SLICE_ARG(table->name), from->columns);
    key->count = make_positions(arena, table, from->columns, &key->columns);
    make_positions(arena, key->target, from->target_columns, &key->target_columns);
    table->foreign_keys[table->foreign_key_count++] = key;
}

static void make_references(struct catalog *catalog, const struct world_table *tables)
{
    catalog->foreign_keys = ARENA_ARRAY(&catalog->arena, struct foreign_key, 64);
    for (unsigned i = 0; i < catalog->table_count; i++) {
        struct table *table = &catalog->tables[i];
        table->foreign_keys = ARENA_ARRAY(&catalog->arena, struct foreign_key *, 4);
        for (unsigned k = 0; tables[i].references[k].columns; k++)
            make_reference(catalog, &tables[i].references[k], table);
    }
    catalog_link_references(catalog);
}

static struct catalog *make_catalog(enum dialect dialect, const struct world_table *tables)
{
    struct catalog *catalog = catalog_new(dialect);
    catalog->tables = ARENA_ARRAY(&catalog->arena, struct table, 16);
    for (; tables[catalog->table_count].name; catalog->table_count++)
        make_table(catalog, &tables[catalog->table_count], &catalog->tables[catalog->table_count]);
    make_references(catalog, tables);
    return catalog;
}

/* --- the model --- */

static void show_complaints(const struct complaints *complaints)
{
    for (unsigned i = 0; i < complaints->count; i++)
        print_error("%.*s\n", SLICE_ARG(complaints->items[i].text));
}

static void make_model(struct world *world, const char *resources)
{
    struct complaints complaints = {.arena = &world->arena};
    struct slice text = arena_format(&world->arena, "%s%s", CONFIG_HEAD, resources);
    struct config *config = NULL;
    if (config_load_bytes("test.yaml", text, NULL, 0, &complaints, &config) != OK ||
        model_build(config, world->catalog, &complaints, &world->model) != OK) {
        show_complaints(&complaints);
        fail();
    }
}

void world_open(struct world *world, enum dialect dialect, const struct world_table *tables,
                const char *resources)
{
    *world = (struct world){.dialect = dialect, .manner = MANNER_PLAIN};
    arena_init(&world->arena, 64 * 1024);
    world->catalog = make_catalog(dialect, tables);
    make_model(world, resources);
}

void world_close(struct world *world)
{
    plan_cache_free(world->cache);
    model_unref(world->model);
    arena_done(&world->arena);
}

static const struct world_table usual_pg[] = {
    {.name = "transactions",
     .columns = {COLUMN("id", VALUE_INT, "bigint", .bits = 64),
                 COLUMN("user_id", VALUE_INT, "integer", .bits = 32),
                 COLUMN("amount", VALUE_NUMERIC, "numeric(12,2)"),
                 COLUMN("currency", VALUE_TEXT, "character varying(3)"),
                 COLUMN("status", VALUE_ENUM, "public.tx_status", .labels = "pending,approved,rejected"),
                 COLUMN("created_at", VALUE_TIMESTAMPTZ, "timestamp with time zone", .nullable = true),
                 COLUMN("note", VALUE_TEXT, "text", .nullable = true),
                 COLUMN("ok", VALUE_BOOL, "boolean", .nullable = true),
                 COLUMN("meta", VALUE_JSON, "jsonb", .nullable = true, .unordered = true),
                 COLUMN("tags", VALUE_OTHER, "text[]", .nullable = true),
                 COLUMN("secret_hash", VALUE_TEXT, "text")},
     .key = "id",
     .indexes = {INDEX("id", .primary = true), INDEX("user_id,created_at desc"), INDEX("created_at")}},
    {.name = "members",
     .columns = {COLUMN("org", VALUE_INT, "integer", .bits = 32), COLUMN("name", VALUE_TEXT, "text"),
                 COLUMN("since", VALUE_DATE, "date", .nullable = true)},
     .key = "org,name",
     .indexes = {INDEX("org,name", .primary = true)}},
    {.name = "totals",
     .columns = {COLUMN("day", VALUE_DATE, "date", .nullable = true),
                 COLUMN("n", VALUE_INT, "bigint", .bits = 64)},
     .kind = TABLE_VIEW},
    {.name = "things",
     .columns = {COLUMN("id", VALUE_UUID, "uuid"), COLUMN("small", VALUE_INT, "smallint", .bits = 16),
                 COLUMN("ratio", VALUE_FLOAT, "double precision", .bits = 64),
                 COLUMN("raw", VALUE_BYTEA, "bytea"), COLUMN("code", VALUE_TEXT, "character(4)"),
                 COLUMN("point", VALUE_OTHER, "point", .unordered = true),
                 COLUMN("local", VALUE_TIMESTAMP, "timestamp(3) without time zone"),
                 COLUMN("odd \"name\", x", VALUE_TEXT, "text")},
     .key = "id",
     .indexes = {INDEX("id", .primary = true)}},
    {.name = NULL},
};

static const struct world_table usual_sqlite[] = {
    {.name = "transactions",
     .columns = {COLUMN("id", VALUE_INT, "INTEGER", .bits = 64),
                 COLUMN("user_id", VALUE_INT, "INTEGER", .bits = 64),
                 COLUMN("amount", VALUE_DECIMAL, "DECIMAL(12,2)", .scale = 2),
                 COLUMN("currency", VALUE_TEXT, "TEXT"), COLUMN("status", VALUE_TEXT, "TEXT"),
                 COLUMN("created_at", VALUE_TIMESTAMPTZ, "TIMESTAMP", .nullable = true),
                 COLUMN("note", VALUE_TEXT, "TEXT", .nullable = true),
                 COLUMN("ok", VALUE_BOOL, "BOOLEAN", .nullable = true),
                 COLUMN("meta", VALUE_JSON, "JSON", .nullable = true, .unordered = true),
                 COLUMN("secret_hash", VALUE_TEXT, "TEXT")},
     .key = "id",
     .indexes = {INDEX("id", .primary = true), INDEX("user_id,created_at desc"), INDEX("created_at")}},
    {.name = "members",
     .columns = {COLUMN("org", VALUE_INT, "INTEGER", .bits = 64), COLUMN("name", VALUE_TEXT, "TEXT"),
                 COLUMN("since", VALUE_DATE, "DATE", .nullable = true)},
     .key = "org,name",
     .indexes = {INDEX("org,name", .primary = true)}},
    {.name = "totals",
     .columns = {COLUMN("day", VALUE_DATE, "DATE", .nullable = true),
                 COLUMN("n", VALUE_DYNAMIC, "ANY", .nullable = true, .unordered = true)},
     .kind = TABLE_VIEW},
    {.name = "things",
     .columns = {COLUMN("id", VALUE_UUID, "UUID"), COLUMN("small", VALUE_INT, "INTEGER", .bits = 64),
                 COLUMN("ratio", VALUE_FLOAT, "REAL", .bits = 64), COLUMN("raw", VALUE_BYTEA, "BLOB")},
     .key = "id",
     .indexes = {INDEX("id", .primary = true)}},
    {.name = NULL},
};

void world_open_usual(struct world *world, enum dialect dialect)
{
    world_open(world, dialect, dialect == DIALECT_PG ? usual_pg : usual_sqlite,
               "  transactions: {columns: '*,-secret_hash', order: created_at.desc, any: {status: all}}\n"
               "  members: {page: {by: number, total: 5m}}\n"
               "  totals: {}\n"
               "  things: {}\n");
}

#define TEXT_COLUMN(name_) COLUMN(name_, VALUE_TEXT, "text")
#define INT_COLUMN(name_) COLUMN(name_, VALUE_INT, "integer", .bits = 32)

/* The same on both stores: their types differ in nothing that matters to relations. */
static const struct world_table related[] = {
    {.name = "teams",
     .columns = {INT_COLUMN("id"), TEXT_COLUMN("name")},
     .key = "id",
     .indexes = {INDEX("id", .primary = true)}},
    {.name = "users",
     .columns = {INT_COLUMN("id"), TEXT_COLUMN("name"), INT_COLUMN("team_id"), INT_COLUMN("boss_id"),
                 COLUMN("gone", VALUE_TIMESTAMPTZ, "timestamptz", .nullable = true),
                 TEXT_COLUMN("secret_hash")},
     .key = "id",
     .indexes = {INDEX("id", .primary = true)},
     .references = {{"team_id", "teams", "id"}, {"boss_id", "users", "id"}}},
    {.name = "flags",
     .columns = {INT_COLUMN("id"), INT_COLUMN("user_id"), INT_COLUMN("by_id"), TEXT_COLUMN("level"),
                 COLUMN("meta", VALUE_JSON, "json", .nullable = true, .unordered = true)},
     .key = "id",
     .indexes = {INDEX("id", .primary = true)},
     .references = {{"user_id", "users", "id"}, {"by_id", "users", "id"}}},
    {.name = "words",
     .columns = {INT_COLUMN("id"), TEXT_COLUMN("word")},
     .key = "id",
     .indexes = {INDEX("id", .primary = true)}},
    {.name = "flag_words",
     .columns = {INT_COLUMN("flag_id"), INT_COLUMN("word_id")},
     .key = "flag_id,word_id",
     .indexes = {INDEX("flag_id,word_id", .primary = true)},
     .references = {{"flag_id", "flags", "id"}, {"word_id", "words", "id"}}},
    {.name = NULL},
};

void world_open_related(struct world *world, enum dialect dialect)
{
    world_open(world, dialect, related,
               "  teams: {}\n"
               "  users: {columns: '*,-secret_hash', deleted: gone, rows: {anonymous: 'name=neq.root'}}\n"
               "  flags: {order: level.desc}\n"
               "  words: {}\n"
               "  flag_words: {}\n");
}

/* --- plans --- */

const struct resource *world_resource(const struct world *world, const char *name)
{
    for (unsigned i = 0; i < world->model->resource_count; i++)
        if (slice_eq(world->model->resources[i].config->name.text, slice_str(name)))
            return &world->model->resources[i];
    fail_msg("no resource %s", name);
    return NULL;
}

/* 2026-01-31T09:05:07.123456Z */
struct plan_context world_context(struct world *world)
{
    return (struct plan_context){.model = world->model,
                                 .arena = &world->arena,
                                 .manner = world->manner,
                                 .caller = {.role = ROLE_ANONYMOUS, .roles = ROLE_ANONYMOUS},
                                 .now = {1769850307123456},
                                 .count = world->count,
                                 .range = world->range,
                                 .cache = world->cache};
}

struct plan *world_list(struct world *world, const char *resource, const char *query)
{
    struct plan_context context = world_context(world);
    struct plan *plan = NULL;
    world->problem = (struct problem){0};
    enum error error =
        plan_list(&context, world_resource(world, resource), slice_str(query), &plan, &world->problem);
    if (error != OK)
        fail_msg("%s?%s is refused: %.*s", resource, query, SLICE_ARG(world->problem.detail));
    assert_int_equal(world->problem.status, 0);
    return plan;
}

struct plan *world_row(struct world *world, const char *resource, const char *id, const char *query)
{
    struct plan_context context = world_context(world);
    struct plan *plan = NULL;
    world->problem = (struct problem){0};
    enum error error = plan_row(&context, world_resource(world, resource), slice_str(id), slice_str(query),
                                &plan, &world->problem);
    if (error != OK)
        fail_msg("%s/%s is refused: %.*s", resource, id, SLICE_ARG(world->problem.detail));
    return plan;
}

static const char *code_of(struct world *world, enum error error, const char *what)
{
    if (error == OK)
        fail_msg("%s is not refused", what);
    assert_int_equal(error, ERR_PROBLEM);
    assert_true(world->problem.status >= 400);
    assert_true(world->problem.detail.len > 0);
    assert_true(world->problem.pg_code.len > 0);
    return arena_copy(&world->arena, world->problem.code).data;
}

const char *world_refused(struct world *world, const char *resource, const char *query)
{
    struct plan_context context = world_context(world);
    struct plan *plan = NULL;
    enum error error =
        plan_list(&context, world_resource(world, resource), slice_str(query), &plan, &world->problem);
    assert_true(error == OK || plan == NULL);
    return code_of(world, error, query);
}

const char *world_row_refused(struct world *world, const char *resource, const char *id, const char *query)
{
    struct plan_context context = world_context(world);
    struct plan *plan = NULL;
    enum error error = plan_row(&context, world_resource(world, resource), slice_str(id), slice_str(query),
                                &plan, &world->problem);
    return code_of(world, error, id);
}
