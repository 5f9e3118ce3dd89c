/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: what one thread puts the loop's thread takes, news comes when it is wanted, and what fails is told. */
#include "lib/unit.h"

#include <errno.h>
#include <pthread.h>

#include "base/check.h"
#include "request/stream.h"

enum { MIB = 1 << 20, TURN_MS = 10, TURNS_MAX = 3000 };

struct world {
    struct spool_space space;
    struct loop *loop;
    struct stream *stream;
    unsigned news;
    struct unit_random taken, put; /* both sides make the same bytes */
    uint64_t taken_bytes;
    atomic_bool put_all;
};

static void on_news(void *context)
{
    struct world *world = context;
    world->news++;
}

static int begin(void **state)
{
    struct world *world = test_calloc(1, sizeof *world);
    world->space = (struct spool_space){.folder = "/tmp", .bytes_max = 64 * MIB};
    world->loop = loop_new();
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    stream_free(world->stream);
    loop_turn(world->loop, 0);
    loop_free(world->loop);
    assert_int_equal(world->space.bytes_taken, 0);
    test_free(world);
    return 0;
}

static struct stream *open_stream(struct world *world, uint64_t bytes_max)
{
    struct stream_options options = {.space = &world->space,
                                     .bytes_max = bytes_max,
                                     .loop = world->loop,
                                     .on_news = on_news,
                                     .context = world};
    world->stream = stream_new(&options);
    return world->stream;
}

static size_t take(struct stream *stream, char *to, size_t room)
{
    size_t len = 0;
    assert_int_equal(stream_take(stream, to, room, &len), OK);
    return len;
}

static void what_is_put_is_taken_in_its_order(void **state)
{
    struct stream *stream = open_stream(*state, MIB);
    char text[16];
    assert_true(stream_put(stream, SLICE("abc")));
    assert_true(stream_put(stream, SLICE("")));
    assert_true(stream_put(stream, SLICE("defg")));
    assert_int_equal(stream_bytes(stream), 7);
    assert_int_equal(take(stream, text, 5), 5);
    assert_int_equal(take(stream, text + 5, sizeof text - 5), 2);
    assert_memory_equal(text, "abcdefg", 7);
    assert_int_equal(take(stream, text, sizeof text), 0);
}

static void news_comes_for_the_first_bytes_and_then_only_to_who_found_nothing(void **state)
{
    struct world *world = *state;
    struct stream *stream = open_stream(world, MIB);
    char text[16];
    assert_true(stream_put(stream, SLICE("a")));
    assert_true(stream_put(stream, SLICE("b")));
    assert_int_equal(world->news, 0); /* never within the call */
    loop_turn(world->loop, 0);
    assert_int_equal(world->news, 1);
    assert_int_equal(take(stream, text, sizeof text), 2);
    assert_true(stream_put(stream, SLICE("c")));
    loop_turn(world->loop, 0);
    assert_int_equal(world->news, 1);
    assert_int_equal(take(stream, text, sizeof text), 1);
    assert_int_equal(take(stream, text, sizeof text), 0);
    assert_true(stream_put(stream, SLICE("d")));
    loop_turn(world->loop, 0);
    assert_int_equal(world->news, 2);
}

static void who_frees_it_hears_no_more(void **state)
{
    struct world *world = *state;
    struct stream *stream = open_stream(world, MIB);
    assert_true(stream_put(stream, SLICE("a")));
    stream_free(stream); /* its letter is on the way */
    world->stream = NULL;
    loop_turn(world->loop, 0);
    assert_int_equal(world->news, 0);
}

static void more_than_it_may_hold_is_refused_and_told(void **state)
{
    struct stream *stream = open_stream(*state, MIB);
    static const char half[MIB / 2 + 1];
    int error;
    assert_true(stream_put(stream, slice_of(half, sizeof half)));
    assert_int_equal(stream_fault(stream, &error), STREAM_SOUND);
    assert_false(stream_put(stream, slice_of(half, sizeof half)));
    assert_int_equal(stream_fault(stream, &error), STREAM_TOO_LARGE);
    assert_false(stream_put(stream, SLICE("a"))); /* for good */
}

static void more_than_all_spools_may_hold_is_told_apart(void **state)
{
    struct world *world = *state;
    static const char much[2 * MIB];
    int error;
    world->space.bytes_max = MIB;
    struct stream *stream = open_stream(world, 64 * MIB);
    assert_false(stream_put(stream, slice_of(much, sizeof much)));
    assert_int_equal(stream_fault(stream, &error), STREAM_SPOOL_FULL);
}

static void a_folder_that_is_not_there_is_told_with_its_cause(void **state)
{
    struct world *world = *state;
    static const char much[2 * MIB];
    int error;
    world->space.folder = "/nowhere/at/all";
    struct stream *stream = open_stream(world, 64 * MIB);
    assert_false(stream_put(stream, slice_of(much, sizeof much)));
    assert_int_equal(stream_fault(stream, &error), STREAM_SPOOL_FAILED);
    assert_int_equal(error, ENOENT);
}

static void a_stopped_one_takes_nothing_but_is_sound(void **state)
{
    struct stream *stream = open_stream(*state, MIB);
    int error;
    stream_stop(stream);
    assert_false(stream_put(stream, SLICE("a")));
    assert_int_equal(stream_fault(stream, &error), STREAM_SOUND);
}

/* --- two threads --- */

enum { ALL_BYTES = 24 * MIB };

static void *put_all(void *context)
{
    struct world *world = context;
    static char piece[100000];
    for (uint64_t bytes = 0; bytes < ALL_BYTES;) {
        size_t len = 1 + unit_random_below(&world->put, sizeof piece);
        for (size_t i = 0; i < len; i++)
            piece[i] = (char)((bytes + i) * 31 >> 3);
        assert_true(stream_put(world->stream, slice_of(piece, len)));
        bytes += len;
    }
    atomic_store(&world->put_all, true);
    return NULL;
}

static void take_some(struct world *world)
{
    static char piece[50000];
    size_t len = take(world->stream, piece, 1 + unit_random_below(&world->taken, sizeof piece));
    for (size_t i = 0; i < len; i++)
        assert_int_equal(piece[i], (char)((world->taken_bytes + i) * 31 >> 3));
    world->taken_bytes += len;
}

static void a_thread_and_a_loop_pass_on_every_byte(void **state)
{
    struct world *world = *state;
    world->put.state = 7;
    world->taken.state = 8;
    open_stream(world, 64 * MIB);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, put_all, world), 0);
    while (!atomic_load(&world->put_all) || stream_bytes(world->stream) > 0) {
        loop_turn(world->loop, 0);
        take_some(world);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(world->taken_bytes >= ALL_BYTES);
    assert_true(world->news > 0);
}

/* A consumer that sleeps until there is news sleeps never too long. */
static void who_waits_for_news_gets_every_byte(void **state)
{
    struct world *world = *state;
    world->put.state = 7;
    world->taken.state = 8;
    open_stream(world, 64 * MIB);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, put_all, world), 0);
    for (unsigned news = 0; world->taken_bytes < ALL_BYTES;) {
        for (unsigned i = 0; world->news == news && i < TURNS_MAX; i++)
            loop_turn(world->loop, TURN_MS);
        assert_int_not_equal(world->news, news);
        news = world->news;
        uint64_t before;
        do {
            before = world->taken_bytes;
            take_some(world);
        } while (world->taken_bytes > before);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
    TEST(what_is_put_is_taken_in_its_order),
    TEST(news_comes_for_the_first_bytes_and_then_only_to_who_found_nothing),
    TEST(who_frees_it_hears_no_more),
    TEST(more_than_it_may_hold_is_refused_and_told),
    TEST(more_than_all_spools_may_hold_is_told_apart),
    TEST(a_folder_that_is_not_there_is_told_with_its_cause),
    TEST(a_stopped_one_takes_nothing_but_is_sound),
    TEST(a_thread_and_a_loop_pass_on_every_byte),
    TEST(who_waits_for_news_gets_every_byte),
};

UNIT_TEST_MAIN(tests)
