/* SPDX-License-Identifier: Apache-2.0 */
/* Fills and those who wait for them, on one thread and on several. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#include "kit.h"

enum { THREADS = 4, WAITERS = 10000, KEYS = 50, ROUNDS = 20000 };

struct asker {
    struct waiter waiter;
    unsigned woken;
    sem_t *bell; /* may be NULL */
};

static void on_wake(struct waiter *waiter)
{
    struct asker *asker = container_of(waiter, struct asker, waiter);
    asker->woken++;
    if (asker->bell)
        sem_post(asker->bell);
}

static enum cache_verdict ask(struct kit *kit, uint64_t number, struct asker *asker, struct entry **ret_entry,
                              struct fill **ret_fill)
{
    asker->waiter.on_wake = on_wake;
    return cache_ask(kit->cache, key_of(number), clock_mono(), &asker->waiter, ret_entry, ret_fill);
}

static struct fill *begin_fill(struct kit *kit, uint64_t number)
{
    struct asker filler = {0};
    struct entry *entry = NULL;
    struct fill *fill = NULL;
    assert_int_equal(ask(kit, number, &filler, &entry, &fill), CACHE_FILL);
    return fill;
}

static void begin_waiting(struct kit *kit, uint64_t number, struct asker *asker)
{
    struct entry *entry = NULL;
    struct fill *fill = NULL;
    assert_int_equal(ask(kit, number, asker, &entry, &fill), CACHE_WAIT);
    assert_int_equal(asker->woken, 0);
}

static void end_with(struct kit *kit, struct fill *fill, uint64_t number, const char *body, enum fill_end end)
{
    struct entry *entry = entry_of(number, body);
    cache_fill_end(kit->cache, fill, entry, end);
    entry_unref(entry);
}

static int open_kit(void **state)
{
    *state = calloc(1, sizeof(struct kit));
    kit_open(*state, 4 * MIB, 4);
    return 0;
}

static int close_kit(void **state)
{
    assert_int_equal(kit_stats(*state).fills_open, 0);
    assert_int_equal(kit_stats(*state).waiters, 0);
    kit_close(*state);
    free(*state);
    return 0;
}

static void all_who_wait_are_woken_with_the_answer(void **state)
{
    struct kit *kit = *state;
    struct asker askers[10] = {0};
    struct fill *fill = begin_fill(kit, 1);
    for (size_t i = 0; i < ARRAY_LEN(askers); i++)
        begin_waiting(kit, 1, &askers[i]);
    end_with(kit, fill, 1, "answer", FILL_KEEP);
    for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
        assert_int_equal(askers[i].woken, 1);
        assert_slice(entry_body(askers[i].waiter.entry), "answer");
        assert_false(askers[i].waiter.in_time);
        assert_false(askers[i].waiter.is_old);
        entry_unref(askers[i].waiter.entry);
    }
}

static void what_is_not_kept_is_still_given_to_those_who_wait(void **state)
{
    struct kit *kit = *state;
    struct asker asker = {0};
    struct fill *fill = begin_fill(kit, 1);
    begin_waiting(kit, 1, &asker);
    end_with(kit, fill, 1, "a problem", FILL_SHARE);
    assert_slice(entry_body(asker.waiter.entry), "a problem");
    entry_unref(asker.waiter.entry);
    assert_null(cache_peek(kit->cache, key_of(1)));
}

static void who_no_longer_waits_is_not_woken(void **state)
{
    struct kit *kit = *state;
    struct asker stays = {0}, leaves = {0};
    struct fill *fill = begin_fill(kit, 1);
    begin_waiting(kit, 1, &leaves);
    begin_waiting(kit, 1, &stays);
    assert_true(cache_wait_cancel(kit->cache, &leaves.waiter));
    assert_false(cache_wait_cancel(kit->cache, &leaves.waiter));
    cache_fill_end(kit->cache, fill, NULL, FILL_LEAVE);
    assert_int_equal(leaves.woken, 0);
    assert_int_equal(stays.woken, 1);
    assert_null(stays.waiter.entry);
    assert_false(cache_wait_cancel(kit->cache, &stays.waiter));
}

static void one_of_those_left_by_a_filler_fills_and_the_others_wait_again(void **state)
{
    struct kit *kit = *state;
    struct asker one = {0}, other = {0};
    struct fill *fill = begin_fill(kit, 1);
    begin_waiting(kit, 1, &one);
    begin_waiting(kit, 1, &other);
    cache_fill_end(kit->cache, fill, NULL, FILL_LEAVE);
    assert_int_equal(one.waiter.end, FILL_LEAVE);
    struct entry *entry = NULL;
    assert_int_equal(ask(kit, 1, &one, &entry, &fill), CACHE_FILL);
    other.woken = 0;
    begin_waiting(kit, 1, &other);
    end_with(kit, fill, 1, "answer", FILL_KEEP);
    assert_slice(entry_body(other.waiter.entry), "answer");
    entry_unref(other.waiter.entry);
}

/* The clock of a fill and the clock of a question are microseconds: they must not be the same one. */
static void let_a_microsecond_pass(void)
{
    struct mono before = clock_mono();
    while (clock_mono().us <= before.us)
        ;
}

static void who_waits_a_second_time_may_take_what_a_write_overtook(void **state)
{
    struct kit *kit = *state;
    struct asker asker = {0};
    struct fill *fill = begin_fill(kit, 1);
    begin_waiting(kit, 1, &asker);
    let_a_microsecond_pass();
    end_with(kit, fill, 1, "made too early", FILL_SHARE);
    assert_false(asker.waiter.in_time);
    entry_unref(asker.waiter.entry);
    fill = begin_fill(kit, 1);
    asker.woken = 0;
    begin_waiting(kit, 1, &asker);
    end_with(kit, fill, 1, "made in time", FILL_SHARE);
    assert_true(asker.waiter.in_time);
    entry_unref(asker.waiter.entry);
}

static void a_fill_that_fails_hands_out_the_old_answer_and_says_so(void **state)
{
    struct kit *kit = *state;
    struct entry_parts parts = parts_of(1, "old");
    parts.fresh_until = parts.grace_until = parts.stored;
    struct entry *old = entry_new(&parts);
    cache_put(kit->cache, old);
    entry_unref(old);
    struct asker asker = {0};
    struct fill *fill = begin_fill(kit, 1);
    begin_waiting(kit, 1, &asker);
    end_with(kit, fill, 1, "a problem", FILL_FAIL);
    assert_slice(entry_body(asker.waiter.entry), "old");
    assert_true(asker.waiter.is_old);
    entry_unref(asker.waiter.entry);
}

static void a_fill_that_fails_without_an_old_answer_hands_out_the_problem(void **state)
{
    struct kit *kit = *state;
    struct asker asker = {0};
    struct fill *fill = begin_fill(kit, 1);
    begin_waiting(kit, 1, &asker);
    end_with(kit, fill, 1, "a problem", FILL_FAIL);
    assert_slice(entry_body(asker.waiter.entry), "a problem");
    assert_false(asker.waiter.is_old);
    entry_unref(asker.waiter.entry);
    fill = begin_fill(kit, 1);
    asker.woken = 0;
    begin_waiting(kit, 1, &asker);
    cache_fill_end(kit->cache, fill, NULL, FILL_FAIL);
    assert_null(asker.waiter.entry);
    assert_int_equal(asker.waiter.end, FILL_FAIL);
}

/* ---- several threads ---- */

struct crowd {
    struct kit *kit;
    struct asker *askers; /* its own share */
    pthread_barrier_t *start;
    sem_t *bell;
    atomic_uint *fills, *waiting;
    struct fill **fill;
};

static void *ask_for_many(void *context)
{
    struct crowd *crowd = context;
    pthread_barrier_wait(crowd->start);
    for (unsigned i = 0; i < WAITERS / THREADS; i++) {
        struct asker *asker = &crowd->askers[i];
        struct entry *entry = NULL;
        asker->bell = crowd->bell;
        enum cache_verdict verdict = ask(crowd->kit, 1, asker, &entry, crowd->fill);
        atomic_fetch_add(crowd->fills, verdict == CACHE_FILL);
        atomic_fetch_add(crowd->waiting, verdict == CACHE_WAIT);
    }
    return NULL;
}

static void ten_thousand_on_four_threads_ask_for_one_key_and_one_fills(void **state)
{
    struct kit *kit = *state;
    struct asker *askers = calloc(WAITERS, sizeof *askers);
    pthread_t threads[THREADS];
    struct crowd crowds[THREADS];
    struct fill *fill = NULL;
    atomic_uint fills = 0, waiting = 0;
    pthread_barrier_t start;
    sem_t bell;
    sem_init(&bell, 0, 0);
    pthread_barrier_init(&start, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        crowds[i] =
            (struct crowd){kit, askers + i * (WAITERS / THREADS), &start, &bell, &fills, &waiting, &fill};
        pthread_create(&threads[i], NULL, ask_for_many, &crowds[i]);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(fills, 1);
    assert_int_equal(waiting, WAITERS - 1);
    end_with(kit, fill, 1, "answer", FILL_KEEP);
    unsigned woken = 0;
    for (unsigned i = 0; i < WAITERS; i++) {
        woken += askers[i].woken;
        entry_unref(askers[i].waiter.entry);
    }
    assert_int_equal(woken, WAITERS - 1);
    struct cache_stats stats = kit_stats(kit);
    assert_int_equal(stats.fills, 1);
    sem_destroy(&bell);
    pthread_barrier_destroy(&start);
    free(askers);
}

/* ---- a storm: whatever can be done, by all threads, to a few keys ---- */

struct storm {
    struct kit *kit;
    uint64_t seed;
    atomic_long *served, *wrong; /* wrong: an entry with another key's body */
};

static void look_at(struct storm *storm, uint64_t number, struct entry *entry)
{
    if (!entry)
        return;
    struct slice body = entry_body(entry);
    int64_t said = -1;
    bool right = slice_to_int(body, &said) && said == (int64_t)number;
    if (entry_form(entry, ENTRY_GZIP).data)
        right = right && slice_eq(entry_form(entry, ENTRY_GZIP), body);
    atomic_fetch_add(storm->served, 1);
    atomic_fetch_add(storm->wrong, !right);
    entry_unref(entry);
}

static void end_somehow(struct storm *storm, uint64_t number, struct fill *fill, struct unit_random *random)
{
    char body[24];
    snprintf(body, sizeof body, "%llu", (unsigned long long)number);
    struct tag_seen seen = tags_now(storm->kit->tags, (uint32_t)number);
    struct entry_parts parts = parts_of(number, body);
    parts.seen = &seen;
    parts.seen_count = 1;
    parts.fresh_until = in_ms(parts.stored, (int64_t)unit_random_below(random, 3));
    struct entry *entry = entry_new(&parts);
    enum fill_end end = (enum fill_end)unit_random_below(random, 4);
    cache_fill_end(storm->kit->cache, fill, entry, end);
    if (unit_random_below(random, 4) == 0)
        cache_add_form(storm->kit->cache, entry, ENTRY_GZIP, slice_str(body));
    entry_unref(entry);
}

/* Waits, or changes its mind. */
static void wait_somehow(struct storm *storm, uint64_t number, struct asker *asker,
                         struct unit_random *random)
{
    if (unit_random_below(random, 3) == 0 && cache_wait_cancel(storm->kit->cache, &asker->waiter))
        return;
    while (sem_wait(asker->bell))
        ;
    look_at(storm, number, asker->waiter.entry);
}

static void ask_once(struct storm *storm, uint64_t number, sem_t *bell, struct unit_random *random)
{
    struct asker asker = {.bell = bell};
    struct entry *entry = NULL;
    struct fill *fill = NULL;
    enum cache_verdict verdict = ask(storm->kit, number, &asker, &entry, &fill);
    look_at(storm, number, entry);
    if (fill)
        end_somehow(storm, number, fill, random);
    if (verdict == CACHE_WAIT)
        wait_somehow(storm, number, &asker, random);
}

static void *rage(void *context)
{
    struct storm *storm = context;
    struct unit_random random = {storm->seed};
    sem_t bell;
    sem_init(&bell, 0, 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t number = unit_random_below(&random, KEYS);
        switch (unit_random_below(&random, 40)) {
        case 0:
            tags_bump(storm->kit->tags, (uint32_t)number);
            break;
        case 1:
            cache_drop(storm->kit->cache, key_of(number));
            break;
        case 2:
            look_at(storm, number, cache_peek(storm->kit->cache, key_of(number)));
            break;
        case 3:
            cache_resize(storm->kit->cache, unit_random_below(&random, 64 * 1024));
            break;
        default:
            ask_once(storm, number, &bell, &random);
        }
    }
    sem_destroy(&bell);
    return NULL;
}

static void in_a_storm_of_threads_nobody_is_given_another_keys_answer_or_forgotten(void **state)
{
    struct kit *kit = *state;
    pthread_t threads[THREADS];
    struct storm storms[THREADS];
    atomic_long served = 0, wrong = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        storms[i] = (struct storm){kit, i + 1, &served, &wrong};
        pthread_create(&threads[i], NULL, rage, &storms[i]);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
    assert_true(served > ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_who_wait_are_woken_with_the_answer, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(what_is_not_kept_is_still_given_to_those_who_wait, open_kit,
                                        close_kit),
        cmocka_unit_test_setup_teardown(who_no_longer_waits_is_not_woken, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(one_of_those_left_by_a_filler_fills_and_the_others_wait_again,
                                        open_kit, close_kit),
        cmocka_unit_test_setup_teardown(who_waits_a_second_time_may_take_what_a_write_overtook, open_kit,
                                        close_kit),
        cmocka_unit_test_setup_teardown(a_fill_that_fails_hands_out_the_old_answer_and_says_so, open_kit,
                                        close_kit),
        cmocka_unit_test_setup_teardown(a_fill_that_fails_without_an_old_answer_hands_out_the_problem,
                                        open_kit, close_kit),
        cmocka_unit_test_setup_teardown(ten_thousand_on_four_threads_ask_for_one_key_and_one_fills, open_kit,
                                        close_kit),
        cmocka_unit_test_setup_teardown(
            in_a_storm_of_threads_nobody_is_given_another_keys_answer_or_forgotten, open_kit, close_kit),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
