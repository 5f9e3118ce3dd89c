/* SPDX-License-Identifier: Apache-2.0 */
/* Maps: single steps, and long random ones against a plain array. */
#include "lib/unit.h"

#include <stdio.h>

#include "base/map.h"

static void an_empty_map_answers_nothing(void **state)
{
    (void)state;
    struct map map = {0};
    size_t position = 0;
    assert_null(map_get(&map, SLICE("x")));
    assert_null(map_remove(&map, SLICE("x")));
    assert_null(map_next(&map, &position));
    map_done(&map);
}

static void what_was_put_is_had_until_it_is_removed(void **state)
{
    (void)state;
    struct map map = {0};
    int one = 1, two = 2;
    map_put(&map, SLICE("one"), &one);
    map_put(&map, SLICE("two"), &two);
    assert_ptr_equal(map_get(&map, SLICE("one")), &one);
    assert_ptr_equal(map_remove(&map, SLICE("one")), &one);
    assert_null(map_get(&map, SLICE("one")));
    assert_null(map_remove(&map, SLICE("one")));
    assert_ptr_equal(map_get(&map, SLICE("two")), &two);
    assert_int_equal(map.count, 1);
    map_done(&map);
}

static void putting_again_replaces(void **state)
{
    (void)state;
    struct map map = {0};
    int one = 1, two = 2;
    map_put(&map, SLICE("key"), &one);
    map_put(&map, SLICE("key"), &two);
    assert_ptr_equal(map_get(&map, SLICE("key")), &two);
    assert_int_equal(map.count, 1);
    map_done(&map);
}

static void the_empty_key_and_keys_with_nul_are_keys(void **state)
{
    (void)state;
    struct map map = {0};
    int empty = 1, nul = 2;
    map_put(&map, SLICE(""), &empty);
    map_put(&map, SLICE("\0"), &nul);
    assert_ptr_equal(map_get(&map, SLICE("")), &empty);
    assert_ptr_equal(map_get(&map, SLICE("\0")), &nul);
    assert_null(map_get(&map, SLICE("\0\0")));
    map_done(&map);
}

enum { KEYS = 300 };

/* What the map should hold: values[i] is that of key i, NULL when it is out. */
struct model {
    char names[KEYS][8];
    void *values[KEYS];
    size_t count;
};

static void assert_same(const struct map *map, const struct model *model)
{
    assert_int_equal(map->count, model->count);
    for (size_t i = 0; i < KEYS; i++)
        assert_ptr_equal(map_get(map, slice_str(model->names[i])), model->values[i]);
    size_t position = 0, seen = 0;
    for (struct map_entry *entry; (entry = map_next(map, &position)); seen++)
        assert_ptr_equal(map_get(map, entry->key), entry->value);
    assert_int_equal(seen, model->count);
}

static void random_steps_leave_what_a_plain_array_would_hold(void **state)
{
    (void)state;
    static int things[KEYS];
    struct model model = {.count = 0};
    struct map map = {0};
    struct unit_random random = {3};
    for (size_t i = 0; i < KEYS; i++)
        snprintf(model.names[i], sizeof model.names[i], "k%zu", i);
    for (int step = 0; step < 30000; step++) {
        size_t i = unit_random_below(&random, KEYS);
        struct slice key = slice_str(model.names[i]);
        bool remove = unit_random_below(&random, 10) < (step / 5000 % 2 ? 7u : 3u); /* it grows and shrinks */
        if (remove) {
            assert_ptr_equal(map_remove(&map, key), model.values[i]);
            model.count -= model.values[i] != NULL;
            model.values[i] = NULL;
        } else {
            model.count += model.values[i] == NULL;
            model.values[i] = &things[unit_random_below(&random, KEYS)];
            map_put(&map, key, model.values[i]);
        }
        if (step % 100 == 0)
            assert_same(&map, &model);
    }
    assert_same(&map, &model);
    map_done(&map);
}

static void the_stable_hash_is_the_published_one(void **state)
{
    (void)state;
    /* XXH3_64bits of the empty input, from the library's own sanity table. */
    assert_int_equal(hash_stable(SLICE("")), 0x2d06800538d394c2u);
    assert_int_not_equal(hash_stable(SLICE("a")), hash_stable(SLICE("b")));
}

static void the_seeded_hash_is_one_function_within_a_process(void **state)
{
    (void)state;
    char copy[] = "the same bytes";
    assert_int_equal(hash_bytes(slice_str(copy)), hash_bytes(SLICE("the same bytes")));
    assert_int_not_equal(hash_bytes(SLICE("the same bytes")), hash_stable(SLICE("the same bytes")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_empty_map_answers_nothing),
    cmocka_unit_test(what_was_put_is_had_until_it_is_removed),
    cmocka_unit_test(putting_again_replaces),
    cmocka_unit_test(the_empty_key_and_keys_with_nul_are_keys),
    cmocka_unit_test(random_steps_leave_what_a_plain_array_would_hold),
    cmocka_unit_test(the_stable_hash_is_the_published_one),
    cmocka_unit_test(the_seeded_hash_is_one_function_within_a_process),
};

UNIT_TEST_MAIN(tests)
