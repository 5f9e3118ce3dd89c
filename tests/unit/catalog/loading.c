/* SPDX-License-Identifier: Apache-2.0 */
/* See loading.h. */
#include "loading.h"

#include <sqlite3.h>

#include "store/store.h"

static void make_file(struct world *world, const char *sql)
{
    sqlite3 *db;
    char path[96], *why = NULL;
    snprintf(world->folder, sizeof world->folder, "/tmp/leat-test-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(path, sizeof path, "%s/world.db", world->folder);
    snprintf(world->urls[DIALECT_SQLITE], sizeof world->urls[0], "sqlite:%s", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    sqlite3_close(db);
}

struct world *world_new(const char *sql)
{
    struct world *world = test_calloc(1, sizeof *world);
    make_file(world, sql);
    world->server = postgres_start(NULL);
    postgres_psql(world->server, sql);
    snprintf(world->urls[DIALECT_PG], sizeof world->urls[0], "%s", postgres_url(world->server));
    return world;
}

void world_free(struct world *world)
{
    unlink(world->urls[DIALECT_SQLITE] + strlen("sqlite:"));
    rmdir(world->folder);
    postgres_stop(world->server);
    test_free(world);
}

static struct catalog *read_catalog(const char *url, bool functions)
{
    struct store_options options = {.url = slice_str(url),
                                    .workers = 1,
                                    .pool_size = 2,
                                    .pool_wait_ms = 10000,
                                    .pool_recycle_ms = 3600000,
                                    .timeout_ms = 10000,
                                    .answer_bytes_max = 1 << 20};
    struct offload *offload = offload_new(1, 8);
    struct store *store;
    struct catalog *catalog;
    char why[512] = "";
    if (store_open(&options, offload, &store, why) != OK || store_catalog(store, &catalog, why) != OK)
        fail_msg("%s", why);
    if (functions && store_functions(store, catalog, why) != OK)
        fail_msg("%s", why);
    store_close(store);
    offload_free(offload);
    return catalog;
}

struct building *build_from(const char *url, const char *yaml)
{
    struct building *building = test_calloc(1, sizeof *building);
    char text[4000];
    snprintf(text, sizeof text, "database: sqlite:/x\ndefaults: {read: anonymous}\n%s", yaml);
    arena_init(&building->arena, 4096);
    building->complaints.arena = &building->arena;
    assert_int_equal(config_load_bytes("leat.yaml", slice_str(text), NULL, 0, &building->complaints,
                                       &building->config),
                     OK);
    building->catalog = read_catalog(url, building->config->function_count > 0);
    enum error error =
        model_build(building->config, building->catalog, &building->complaints, &building->model);
    assert_int_equal(error == OK, building->model != NULL);
    return building;
}
