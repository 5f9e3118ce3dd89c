/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords on their own threads: equal ones are verified once, right ones remembered, a full queue refuses. */
#include "lib/unit.h"

#include "request/verifier.h"

#include "auth/password.h"
#include "base/check.h"

enum { ASKERS_MAX = 20, QUEUE_MAX = 2 };

struct world {
    struct loop *loop;
    struct verifier *verifier;
    char hash[PASSWORD_HASH_BYTES_MAX];
    struct asker askers[ASKERS_MAX];
    unsigned asked, answered, right, abandoned;
};

static struct world *world_of_asker; /* the test's: its callbacks are given an asker alone */

static void on_result(struct asker *asker)
{
    world_of_asker->answered++;
    world_of_asker->right += asker->result == PASSWORD_RIGHT && !asker->abandoned;
    world_of_asker->abandoned += asker->abandoned;
}

static enum asked ask(struct world *world, const char *account, const char *password)
{
    PRE(world->asked < ASKERS_MAX);
    struct asker *asker = &world->askers[world->asked++];
    *asker = (struct asker){.on_result = on_result, .loop = world->loop};
    return verifier_ask(world->verifier, asker, slice_str(account), slice_str(password),
                        slice_str(world->hash));
}

static void await(struct world *world, unsigned answered)
{
    while (world->answered < answered)
        loop_turn(world->loop, 1000);
    loop_turn(world->loop, 0);
}

static struct verifier_counts counted(struct world *world)
{
    struct verifier_counts counts;
    verifier_count(world->verifier, &counts);
    return counts;
}

static int open_world(void **state)
{
    struct world *world = test_calloc(1, sizeof *world);
    world->loop = loop_new();
    world->verifier = verifier_new(1, QUEUE_MAX);
    assert_int_equal(password_hash(SLICE("right"), world->hash), OK);
    world_of_asker = world;
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    verifier_free(world->verifier);
    loop_free(world->loop);
    test_free(world);
    return 0;
}

static void a_right_password_is_verified_once_and_then_remembered(void **state)
{
    struct world *world = *state;
    assert_int_equal(ask(world, "a", "right"), ASKED_PENDING);
    await(world, 1);
    assert_int_equal(world->right, 1);
    assert_int_equal(ask(world, "a", "right"), ASKED_RIGHT);
    assert_int_equal(ask(world, "b", "right"), ASKED_PENDING); /* another's */
    await(world, 2);
    world->hash[0] = '?'; /* another hash */
    assert_int_equal(ask(world, "a", "right"), ASKED_PENDING);
    await(world, 3);
    assert_int_equal(world->right, 2);
    assert_int_equal(counted(world).verified, 3);
    assert_int_equal(counted(world).remembered, 1);
}

static void a_wrong_password_is_verified_each_time(void **state)
{
    struct world *world = *state;
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(ask(world, "a", "wrong"), ASKED_PENDING);
        await(world, i);
    }
    assert_int_equal(world->right, 0);
    assert_int_equal(counted(world).verified, 3);
}

static void equal_ones_share_a_verification(void **state)
{
    struct world *world = *state;
    assert_int_equal(ask(world, "before", "x"), ASKED_PENDING); /* the thread has something to do */
    assert_int_equal(ask(world, "a", "right"), ASKED_PENDING);
    for (unsigned i = 1; i < 10; i++)
        assert_int_equal(ask(world, "a", "right"), ASKED_SHARED);
    await(world, 11);
    assert_int_equal(world->right, 10);
    assert_int_equal(counted(world).verified, 2);
    assert_int_equal(counted(world).shared, 9);
}

static void what_finds_no_room_is_refused(void **state)
{
    struct world *world = *state;
    unsigned refused = 0;
    for (unsigned i = 0; i < 8; i++) {
        char account[2] = {(char)('a' + i), 0};
        refused += ask(world, account, "x") == ASKED_FULL;
    }
    assert_in_range(refused, 8 - QUEUE_MAX - 2,
                    8 - QUEUE_MAX); /* one runs, two wait; the first may be done by now */
    assert_int_equal(counted(world).refused, refused);
    await(world, 8 - refused);
}

static void the_decoy_is_the_hash_last_seen(void **state)
{
    struct world *world = *state;
    char decoy[PASSWORD_HASH_BYTES_MAX];
    verifier_decoy(world->verifier, decoy);
    assert_string_equal(decoy, password_decoy().data);
    assert_int_equal(ask(world, "a", "x"), ASKED_PENDING);
    await(world, 1);
    verifier_decoy(world->verifier, decoy);
    assert_string_equal(decoy, world->hash);
}

static void who_waits_when_it_stops_is_told(void **state)
{
    struct world *world = *state;
    verifier_stop(world->verifier);
    assert_int_equal(ask(world, "a", "right"), ASKED_PENDING);
    await(world, 1);
    assert_int_equal(world->abandoned, 1);
    assert_int_equal(world->right, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_right_password_is_verified_once_and_then_remembered, open_world,
                                    close_world),
    cmocka_unit_test_setup_teardown(a_wrong_password_is_verified_each_time, open_world, close_world),
    cmocka_unit_test_setup_teardown(equal_ones_share_a_verification, open_world, close_world),
    cmocka_unit_test_setup_teardown(what_finds_no_room_is_refused, open_world, close_world),
    cmocka_unit_test_setup_teardown(the_decoy_is_the_hash_last_seen, open_world, close_world),
    cmocka_unit_test_setup_teardown(who_waits_when_it_stops_is_told, open_world, close_world),
};

UNIT_TEST_MAIN(tests)
