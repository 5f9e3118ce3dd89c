/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: alignment, reset, and what happens when memory is out. */
#include "lib/memory.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

static void things_are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    unsigned char *things[COUNT];
    struct arena arena;
    arena_init(&arena, 1000);
    for (size_t i = 0; i < COUNT; i++) {
        things[i] = arena_alloc(&arena, i);
        assert_int_equal((uintptr_t)things[i] % 16, 0);
        memset(things[i], (int)i & 0xff, i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < i; k++)
            assert_int_equal(things[i][k], i & 0xff);
    }
    arena_done(&arena);
}

static void a_thing_larger_than_a_chunk_is_had(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    memset(arena_alloc(&arena, 1 << 20), 1, 1 << 20);
    assert_false(arena.failed);
    arena_done(&arena);
}

static void zeroed_things_are_zero_even_in_used_memory(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    memset(arena_alloc(&arena, 1000), 0xff, 1000);
    arena_reset(&arena);
    char *zero = arena_zero(&arena, 500);
    int *numbers = ARENA_ARRAY(&arena, int, 20);
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(zero[i], 0);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(numbers[i], 0);
    arena_done(&arena);
}

static void a_copy_is_ended_by_nul_that_is_not_counted(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    struct slice copy = arena_copy(&arena, slice_of("leather", 4));
    struct slice empty = arena_copy(&arena, (struct slice){NULL, 0});
    assert_string_equal(copy.data, "leat");
    assert_int_equal(copy.len, 4);
    assert_string_equal(empty.data, "");
    arena_done(&arena);
}

static void text_is_formatted_to_its_length(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    assert_slice(arena_format(&arena, "%s-%d", "row", 17), "row-17");
    struct slice wide = arena_format(&arena, "%5000d", 1);
    assert_int_equal(wide.len, 5000);
    assert_int_equal(wide.data[5000], '\0');
    arena_done(&arena);
}

static void a_reset_keeps_the_first_chunk_and_forgets_the_rest(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    void *first = arena_alloc(&arena, 100);
    for (int i = 0; i < 100; i++)
        arena_alloc(&arena, 1000);
    assert_true(arena.used_bytes >= 100 * 1000);
    arena_reset(&arena);
    assert_int_equal(arena.used_bytes, 0);
    assert_ptr_equal(arena_alloc(&arena, 100), first);
    arena_done(&arena);
}

static void a_reset_gives_back_a_first_chunk_of_unusual_size(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    arena_alloc(&arena, 1 << 20);
    arena_reset(&arena);
    assert_null(arena.chunk);
    arena_alloc(&arena, 100);
    arena_reset(&arena);
    assert_non_null(arena.chunk);
    arena_done(&arena);
}

static void a_zeroed_arena_and_a_done_one_may_be_done(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_done(&arena);
    arena_init(&arena, 64);
    arena_alloc(&arena, 10);
    arena_done(&arena);
    arena_done(&arena);
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 10)); /* and be used again */
    arena_done(&arena);
}

static void when_memory_is_out_the_reserve_serves_and_failed_tells(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    memory_arm("1+");
    char *memory = arena_zero(&arena, 100 * 1000);
    memset(memory, 1, 100 * 1000);
    assert_true(arena.failed);
    arena_reset(&arena);
    assert_false(arena.failed);
    arena_done(&arena);
}

static void a_failure_in_the_middle_is_told_until_the_reset(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    memory_arm("2");
    arena_alloc(&arena, 900);
    assert_false(arena.failed);
    arena_alloc(&arena, 900);
    assert_true(arena.failed);
    for (int i = 0; i < 1000; i++)
        arena_alloc(&arena, 900);
    assert_true(arena.failed);
    arena_done(&arena);
}

static void the_reserve_is_given_back_each_time(void **state)
{
    (void)state;
    memory_arm("1+");
    struct arena arena;
    arena_init(&arena, 64);
    for (int i = 0; i < 100; i++) {
        memset(arena_alloc(&arena, 200 * 1024), i, 200 * 1024);
        assert_true(arena.failed);
        if (i % 2)
            arena_done(&arena);
        else
            arena_reset(&arena);
    }
    arena_done(&arena);
}

/* In a child: takes from the reserve `count` times `size` bytes. */
static int status_of_taking(int count, size_t size)
{
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        memory_arm("1+");
        struct arena arena;
        arena_init(&arena, 64);
        for (int i = 0; i < count; i++)
            arena_alloc(&arena, size);
        arena_done(&arena);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void when_even_the_reserve_is_out_the_process_ends(void **state)
{
    (void)state;
    assert_int_equal(status_of_taking(8, 200 * 1024), 0);
    assert_int_equal(WTERMSIG(status_of_taking(9, 200 * 1024)), SIGABRT);
    assert_int_equal(WTERMSIG(status_of_taking(1, 300 * 1024)), SIGABRT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(things_are_aligned_and_do_not_overlap),
    cmocka_unit_test(a_thing_larger_than_a_chunk_is_had),
    cmocka_unit_test(zeroed_things_are_zero_even_in_used_memory),
    cmocka_unit_test(a_copy_is_ended_by_nul_that_is_not_counted),
    cmocka_unit_test(text_is_formatted_to_its_length),
    cmocka_unit_test(a_reset_keeps_the_first_chunk_and_forgets_the_rest),
    cmocka_unit_test(a_reset_gives_back_a_first_chunk_of_unusual_size),
    cmocka_unit_test(a_zeroed_arena_and_a_done_one_may_be_done),
    cmocka_unit_test_teardown(when_memory_is_out_the_reserve_serves_and_failed_tells, memory_disarm),
    cmocka_unit_test_teardown(a_failure_in_the_middle_is_told_until_the_reset, memory_disarm),
    cmocka_unit_test_teardown(the_reserve_is_given_back_each_time, memory_disarm),
    cmocka_unit_test(when_even_the_reserve_is_out_the_process_ends),
};

UNIT_TEST_MAIN(tests)
