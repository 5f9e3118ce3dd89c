/* SPDX-License-Identifier: Apache-2.0 */
/* Load shedding against a simulated database of a few lanes, in simulated time: what is served, how long it waits, how it recovers. */
#include "lib/unit.h"

#include "limit/shed.h"

enum { SERVERS = 10, QUEUE_MAX = 100000, STEP_US = 1000 };

static const struct shed_options options = {.target_us = 5000, .interval_us = 100000, .least = 2 * SERVERS};

/* A queue before SERVERS equal servers, each request taking run_us. */
struct world {
    struct shed_lane lane;
    struct unit_random random;
    struct mono now;
    int64_t run_us;
    int64_t began[QUEUE_MAX]; /* when those that wait came */
    unsigned first, count;
    int64_t free_at[SERVERS], waited[SERVERS];
    bool busy[SERVERS];
    unsigned served, refused;
    int64_t longest_us; /* wait */
};

static void serve(struct world *world)
{
    for (unsigned i = 0; i < SERVERS; i++) {
        if (world->busy[i] && world->free_at[i] <= world->now.us) {
            shed_note(&world->lane, world->waited[i], world->run_us);
            shed_leave(&world->lane);
            world->busy[i] = false;
            world->served++;
        }
        if (!world->busy[i] && world->count) {
            int64_t came = world->began[world->first++ % QUEUE_MAX];
            world->count--;
            world->waited[i] = world->now.us - came;
            if (world->waited[i] > world->longest_us)
                world->longest_us = world->waited[i];
            world->free_at[i] = world->now.us + world->run_us;
            world->busy[i] = true;
        }
    }
}

static void come(struct world *world, enum shed_class class)
{
    if (!shed_has_room(&world->lane, &options, class, world->now)) {
        shed_refuse(&world->lane, class);
        world->refused++;
        return;
    }
    shed_enter(&world->lane);
    world->began[(world->first + world->count++) % QUEUE_MAX] = world->now.us;
}

/* Requests come at random, so many a second. */
static void run(struct world *world, unsigned per_s, int64_t long_us)
{
    world->served = world->refused = 0;
    world->longest_us = 0;
    for (int64_t end = world->now.us + long_us; world->now.us < end; world->now.us += STEP_US) {
        serve(world);
        for (unsigned i = 0; i < 10; i++)
            if (unit_random_below(&world->random, 1000000) < per_s * (size_t)STEP_US / 10)
                come(world, SHED_USUAL);
    }
}

static struct world *world_new(int64_t run_us)
{
    static struct world world;
    world = (struct world){.random = {5}, .now = {1000000}, .run_us = run_us};
    return &world;
}

static void below_what_it_can_next_to_nothing_is_refused(void **unused)
{
    (void)unused;
    struct world *world = world_new(50000); /* 200/s */
    run(world, 160, 60000000);
    assert_true(world->refused <= world->served / 1000);
}

static void three_times_too_much_leaves_the_good_as_many_and_quick(void **unused)
{
    (void)unused;
    const int64_t runs_us[] = {2000, 50000, 500000};
    for (unsigned i = 0; i < 3; i++) {
        struct world *world = world_new(runs_us[i]);
        unsigned can = (unsigned)(SERVERS * INT64_C(1000000) / runs_us[i]);
        run(world, 3 * can, 20000000); /* it learns */
        run(world, 3 * can, 20000000);
        assert_true(world->served >= 20 * can * 9 / 10);
        assert_true(world->longest_us <= 4 * runs_us[i] + 4 * STEP_US + options.target_us);
    }
}

static void after_a_burst_nothing_more_is_refused_within_two_seconds(void **unused)
{
    (void)unused;
    struct world *world = world_new(20000); /* 500/s */
    run(world, 1500, 10000000);
    assert_true(world->refused > 0);
    run(world, 300, 2000000);
    run(world, 300, 20000000);
    assert_int_equal(world->refused, 0);
}

static void a_database_that_stands_still_takes_in_no_more_than_it_had(void **unused)
{
    (void)unused;
    struct world *world = world_new(INT64_C(3600000000));
    run(world, 1000, 10000000);
    assert_true(world->count + SERVERS <= 300);
    assert_true(world->refused > 9000);
}

static void bulk_has_half_the_room(void **unused)
{
    (void)unused;
    struct world *world = world_new(50000);
    run(world, 600, 20000000);
    unsigned before = atomic_load(&world->lane.under_way);
    while (shed_has_room(&world->lane, &options, SHED_USUAL, world->now))
        shed_enter(&world->lane);
    unsigned room = atomic_load(&world->lane.under_way);
    while (atomic_load(&world->lane.under_way) > room / 2)
        shed_leave(&world->lane);
    assert_true(before <= room);
    assert_false(shed_has_room(&world->lane, &options, SHED_BULK, world->now));
    assert_true(shed_has_room(&world->lane, &options, SHED_USUAL, world->now));
}

static void switched_off_it_refuses_nothing(void **unused)
{
    (void)unused;
    struct shed_lane lane = {0};
    const struct shed_options off = {.interval_us = 100000};
    for (unsigned i = 0; i < 100000; i++) {
        assert_true(shed_has_room(&lane, &off, SHED_BULK, (struct mono){i * INT64_C(100000)}));
        shed_enter(&lane);
    }
}

static void a_queue_that_comes_and_goes_is_none(void **unused)
{
    (void)unused;
    struct world *world = world_new(2000); /* 5000/s: a hundred at once wait 18 ms, once a second */
    for (unsigned i = 0; i < 30; i++) {
        for (unsigned j = 0; j < 100; j++)
            come(world, SHED_USUAL);
        run(world, 1000, 1000000);
        assert_int_equal(world->refused, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_what_it_can_next_to_nothing_is_refused),
        cmocka_unit_test(three_times_too_much_leaves_the_good_as_many_and_quick),
        cmocka_unit_test(after_a_burst_nothing_more_is_refused_within_two_seconds),
        cmocka_unit_test(a_database_that_stands_still_takes_in_no_more_than_it_had),
        cmocka_unit_test(bulk_has_half_the_room),
        cmocka_unit_test(switched_off_it_refuses_nothing),
        cmocka_unit_test(a_queue_that_comes_and_goes_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
