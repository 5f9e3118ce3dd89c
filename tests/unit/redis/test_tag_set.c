/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of tags, alone and with other threads adding. */
#include "lib/unit.h"

#include <pthread.h>

#include "redis/tag_set.h"

enum { THREADS = 4, EACH = 20000 };

struct sets {
    struct tag_set from, to;
    unsigned told;
    atomic_bool go;
};

static int begin(void **state)
{
    *state = test_calloc(1, sizeof(struct sets));
    return 0;
}

static int end(void **state)
{
    test_free(*state);
    return 0;
}

static void count(void *context, uint32_t tag)
{
    struct sets *sets = context;
    assert_true(tag_set_has(&sets->to, tag));
    sets->told++;
}

static void what_is_moved_is_there_and_no_longer_here(void **state)
{
    struct sets *sets = *state;
    static const uint32_t tags[] = {0, 1, 63, 64, 4095, 4096, TAG_SET_TAGS - 1};
    for (int twice = 0; twice < 2; twice++)
        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
            tag_set_add(&sets->from, tags[i]);
    assert_false(tag_set_has(&sets->from, 2));
    assert_int_equal(tag_set_move(&sets->to, &sets->from, count, sets), 7);
    assert_int_equal(sets->told, 7);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        assert_false(tag_set_has(&sets->from, tags[i]));
        assert_true(tag_set_has(&sets->to, tags[i]));
    }
    assert_int_equal(tag_set_move(&sets->to, &sets->from, count, sets), 0);
    tag_set_clear(&sets->to);
    assert_int_equal(tag_set_move(&sets->from, &sets->to, NULL, NULL), 0);
}

static void *add_many(void *context)
{
    struct sets *sets = context;
    while (!atomic_load(&sets->go))
        ;
    for (uint32_t i = 0; i < EACH; i++)
        tag_set_add(&sets->from, i * 37 % TAG_SET_TAGS);
    return NULL;
}

static void nothing_is_lost_that_others_add_meanwhile(void **state)
{
    struct sets *sets = *state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, sets), 0);
    atomic_store(&sets->go, true);
    for (int i = 0; i < 100; i++)
        (void)tag_set_move(&sets->to, &sets->from, NULL, NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    (void)tag_set_move(&sets->to, &sets->from, NULL, NULL);
    for (uint32_t i = 0; i < EACH; i++)
        assert_true(tag_set_has(&sets->to, i * 37 % TAG_SET_TAGS));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
static const struct CMUnitTest tests[] = {
    TEST(what_is_moved_is_there_and_no_longer_here),
    TEST(nothing_is_lost_that_others_add_meanwhile),
};

UNIT_TEST_MAIN(tests)
