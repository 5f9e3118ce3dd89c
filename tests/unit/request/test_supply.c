/* SPDX-License-Identifier: Apache-2.0 */
/* Supplies and taps over real SQLite files: who holds one open, and when it is let go. */
#include <stdio.h>
#include <unistd.h>

#include "lib/unit.h"

#include "request/supply.h"

enum { TURNS_MAX = 1000, TURN_MS = 10 };

/* A worker's loop and taps, an offload pool, and a database. */
struct world {
    char path[64], url[80];
    struct loop *loop;
    struct offload *offload;
    struct list taps;
    struct supply *supply;
    unsigned ended;
};

static struct store_options options_of(const struct world *world)
{
    return (struct store_options){.url = slice_str(world->url),
                                  .workers = 1,
                                  .pool_size = 2,
                                  .pool_wait_ms = 1000,
                                  .timeout_ms = 60000};
}

static int world_make(void **state)
{
    struct world *world = test_calloc(1, sizeof *world);
    snprintf(world->path, sizeof world->path, "/tmp/leat-supply-XXXXXX");
    int fd = mkstemp(world->path);
    assert_true(fd >= 0);
    close(fd);
    snprintf(world->url, sizeof world->url, "sqlite:%s", world->path);
    list_init(&world->taps);
    world->loop = loop_new();
    world->offload = offload_new(1, 16);
    struct store_options options = options_of(world);
    char why[512];
    assert_int_equal(supply_open(&options, world->offload, &world->supply, why), OK);
    *state = world;
    return 0;
}

static int world_end(void **state)
{
    struct world *world = *state;
    supply_unref(world->supply);
    offload_free(world->offload);
    loop_free(world->loop);
    unlink(world->path);
    test_free(world);
    return 0;
}

/* How many descriptors of this process lead to the database. */
static unsigned descriptors(const struct world *world)
{
    unsigned count = 0;
    for (int fd = 0; fd < 256; fd++) {
        char name[32], target[128];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t len = readlink(name, target, sizeof target - 1);
        count += len > 0 && slice_eq(slice_of(target, (size_t)len), slice_str(world->path));
    }
    return count;
}

static void turn_until_detached(struct world *world)
{
    for (unsigned i = 0; i < TURNS_MAX && !list_empty(&world->taps); i++)
        loop_turn(world->loop, TURN_MS);
    assert_true(list_empty(&world->taps));
}

static struct tap *open_tap(struct world *world)
{
    return tap_open(world->supply, world->loop, 0, &world->taps);
}

static bool on_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context, (void)cells, (void)count;
    return true;
}

/* A read of far more rows than the budget of the loop allows. */
struct read {
    struct fetch fetch;
    struct arena arena;
    struct world *world;
    struct tap *tap;
};

static void on_end(struct fetch *fetch)
{
    struct read *read = container_of(fetch, struct read, fetch);
    read->world->ended++;
    tap_unref(read->tap);
}

static void begin_read(struct world *world, struct tap *tap, struct read *read)
{
    *read = (struct read){.world = world, .tap = tap_ref(tap)};
    arena_init(&read->arena, 1024);
    read->fetch =
        (struct fetch){.statement = {.text = SLICE(
                                         "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
                                         "WHERE i < 1000000000) SELECT max(i) FROM n")},
                       .sink = {on_row, NULL},
                       .on_end = on_end,
                       .arena = &read->arena};
    assert_int_equal(store_submit(tap->port, &read->fetch), SUBMIT_PENDING);
}

static void a_supply_is_for_its_own_options_and_for_no_others(void **state)
{
    const struct world *world = *state;
    struct store_options options = options_of(world);
    assert_true(supply_is_for(world->supply, &options));
    options.timeout_ms++;
    assert_false(supply_is_for(world->supply, &options));
    options = options_of(world);
    options.prepared = true;
    assert_false(supply_is_for(world->supply, &options));
    options = options_of(world);
    options.url = SLICE("sqlite:other.db");
    assert_false(supply_is_for(world->supply, &options));
}

static void a_database_that_cannot_be_opened_is_told_and_nothing_is_given(void **state)
{
    struct world *world = *state;
    struct store_options options = options_of(world);
    options.url = SLICE("sqlite:/nowhere/absent.db");
    struct supply *supply = NULL;
    char why[512] = "";
    assert_int_not_equal(supply_open(&options, world->offload, &supply, why), OK);
    assert_null(supply);
    assert_non_null(strstr(why, "absent.db"));
}

static void a_tap_that_nobody_uses_is_detached_by_a_later_turn(void **state)
{
    struct world *world = *state;
    struct tap *tap = open_tap(world);
    assert_int_equal(descriptors(world), 1);
    tap_unref(tap);
    assert_int_equal(descriptors(world), 1);
    turn_until_detached(world);
    assert_int_equal(descriptors(world), 0);
}

static void a_tap_outlives_the_supplys_other_holders(void **state)
{
    struct world *world = *state;
    struct tap *tap = open_tap(world);
    supply_unref(world->supply);
    world->supply = NULL;
    tap_ref(tap);
    tap_unref(tap);
    assert_int_equal(descriptors(world), 1);
    tap_unref(tap);
    turn_until_detached(world);
    assert_int_equal(descriptors(world), 0);
}

static void a_tap_waits_for_the_read_that_uses_it(void **state)
{
    struct world *world = *state;
    struct tap *tap = open_tap(world);
    struct read read;
    begin_read(world, tap, &read);
    tap_unref(tap);
    for (unsigned i = 0; i < 20; i++)
        loop_turn(world->loop, TURN_MS);
    assert_int_equal(world->ended, 0);
    assert_false(list_empty(&world->taps));
    store_cancel(tap->port, &read.fetch);
    turn_until_detached(world);
    assert_int_equal(world->ended, 1);
    arena_done(&read.arena);
}

static void the_end_of_a_worker_ends_the_reads_of_every_tap(void **state)
{
    struct world *world = *state;
    struct tap *old = open_tap(world), *present = open_tap(world);
    struct read reads[2];
    begin_read(world, old, &reads[0]);
    begin_read(world, present, &reads[1]);
    tap_unref(old);
    tap_unref(present);
    while (!list_empty(&world->taps))
        tap_end(container_of(world->taps.next, struct tap, link));
    assert_int_equal(world->ended, 2);
    assert_int_equal(descriptors(world), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_slice(reads[i].fetch.problem.code, "cancelled");
        arena_done(&reads[i].arena);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, world_make, world_end)

static const struct CMUnitTest tests[] = {
    TEST(a_supply_is_for_its_own_options_and_for_no_others),
    TEST(a_database_that_cannot_be_opened_is_told_and_nothing_is_given),
    TEST(a_tap_that_nobody_uses_is_detached_by_a_later_turn),
    TEST(a_tap_outlives_the_supplys_other_holders),
    TEST(a_tap_waits_for_the_read_that_uses_it),
    TEST(the_end_of_a_worker_ends_the_reads_of_every_tap),
};

UNIT_TEST_MAIN(tests)
