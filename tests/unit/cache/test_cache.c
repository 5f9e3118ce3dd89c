/* SPDX-License-Identifier: Apache-2.0 */
/* The cache on one thread: what each age of an entry makes of a question, and what becomes of entries. */
#include "kit.h"

#include "cache/shard.h"

struct asked {
    enum cache_verdict verdict;
    struct entry *entry;
    struct fill *fill;
};

static struct asked ask_at(struct kit *kit, uint64_t number, struct mono now)
{
    struct asked asked = {0};
    asked.verdict = cache_ask(kit->cache, key_of(number), now, NULL, &asked.entry, &asked.fill);
    return asked;
}

static struct asked ask(struct kit *kit, uint64_t number)
{
    return ask_at(kit, number, clock_mono());
}

/* Asks, expects the verdict, lets go of what came with it. */
static void expect(struct kit *kit, uint64_t number, struct mono now, enum cache_verdict verdict)
{
    struct asked asked = ask_at(kit, number, now);
    assert_int_equal(asked.verdict, verdict);
    entry_unref(asked.entry);
    if (asked.fill)
        cache_fill_end(kit->cache, asked.fill, NULL, FILL_LEAVE);
}

static void put(struct kit *kit, const struct entry_parts *parts)
{
    struct entry *entry = entry_new(parts);
    cache_put(kit->cache, entry);
    entry_unref(entry);
}

static int open_kit(void **state)
{
    *state = calloc(1, sizeof(struct kit));
    kit_open(*state, MIB, 1);
    return 0;
}

static int close_kit(void **state)
{
    kit_close(*state);
    free(*state);
    return 0;
}

static void the_first_to_ask_fills_and_the_next_is_served(void **state)
{
    struct kit *kit = *state;
    struct asked first = ask(kit, 1);
    assert_int_equal(first.verdict, CACHE_FILL);
    struct entry *made = entry_of(1, "answer");
    cache_fill_end(kit->cache, first.fill, made, FILL_KEEP);
    entry_unref(made);
    struct asked next = ask(kit, 1);
    assert_int_equal(next.verdict, CACHE_FRESH);
    assert_slice(entry_body(next.entry), "answer");
    entry_unref(next.entry);
    expect(kit, 2, clock_mono(), CACHE_FILL);
}

static void an_entry_ages_from_fresh_over_stale_to_missing(void **state)
{
    struct kit *kit = *state;
    struct entry_parts parts = parts_of(1, "answer");
    put(kit, &parts);
    expect(kit, 1, in_ms(parts.stored, 59900), CACHE_FRESH);
    struct asked refresher = ask_at(kit, 1, parts.fresh_until);
    assert_int_equal(refresher.verdict, CACHE_REFRESH);
    assert_slice(entry_body(refresher.entry), "answer");
    expect(kit, 1, in_ms(parts.fresh_until, 1), CACHE_STALE);
    expect(kit, 1, in_ms(parts.grace_until, -1), CACHE_STALE);
    cache_fill_end(kit->cache, refresher.fill, NULL, FILL_FAIL);
    expect(kit, 1, parts.grace_until, CACHE_FILL);
    entry_unref(refresher.entry);
}

static void a_write_ends_freshness_and_grace_at_once(void **state)
{
    struct kit *kit = *state;
    struct tag_seen seen = tags_now(kit->tags, 5);
    struct entry_parts parts = parts_of(1, "answer");
    parts.seen = &seen;
    parts.seen_count = 1;
    put(kit, &parts);
    expect(kit, 1, parts.stored, CACHE_FRESH);
    tags_bump(kit->tags, 5);
    expect(kit, 1, parts.stored, CACHE_FILL);
    expect(kit, 1, parts.fresh_until, CACHE_FILL);
    assert_int_equal(kit_stats(kit).invalidated, 2);
}

static void what_cannot_be_made_anew_is_stood_in_for_by_the_old(void **state)
{
    struct kit *kit = *state;
    struct tag_seen seen = tags_now(kit->tags, 5);
    struct entry_parts parts = parts_of(1, "old");
    parts.seen = &seen;
    parts.seen_count = 1;
    put(kit, &parts);
    tags_bump(kit->tags, 5);
    struct asked asked = ask(kit, 1);
    assert_int_equal(asked.verdict, CACHE_FILL);
    struct entry *old = cache_fill_old(asked.fill, parts.stored);
    assert_slice(entry_body(old), "old");
    assert_null(cache_fill_old(asked.fill, parts.error_until));
    entry_unref(old);
    cache_fill_end(kit->cache, asked.fill, NULL, FILL_FAIL);
    asked = ask_at(kit, 1, parts.error_until);
    assert_null(cache_fill_old(asked.fill, parts.stored));
    cache_fill_end(kit->cache, asked.fill, NULL, FILL_LEAVE);
}

static void a_marker_of_parts_asks_for_them_and_one_to_pass_lets_pass(void **state)
{
    struct kit *kit = *state;
    struct entry_parts varies = parts_of(1, ""), pass = parts_of(2, "");
    varies.kind = ENTRY_VARIES;
    varies.varies = 6;
    pass.kind = ENTRY_PASS;
    put(kit, &varies);
    put(kit, &pass);
    struct asked asked = ask(kit, 1);
    assert_int_equal(asked.verdict, CACHE_VARIES);
    assert_int_equal(asked.entry->varies, 6);
    entry_unref(asked.entry);
    expect(kit, 2, pass.stored, CACHE_PASS);
    expect(kit, 1, varies.fresh_until, CACHE_FILL);
    expect(kit, 2, pass.fresh_until, CACHE_FILL);
}

static void who_does_not_wait_passes_while_another_fills(void **state)
{
    struct kit *kit = *state;
    struct asked filler = ask(kit, 1);
    expect(kit, 1, clock_mono(), CACHE_PASS);
    cache_fill_end(kit->cache, filler.fill, NULL, FILL_LEAVE);
    expect(kit, 1, clock_mono(), CACHE_FILL);
}

static void what_is_shared_is_not_kept(void **state)
{
    struct kit *kit = *state;
    struct asked filler = ask(kit, 1);
    struct entry *made = entry_of(1, "a problem");
    cache_fill_end(kit->cache, filler.fill, made, FILL_SHARE);
    entry_unref(made);
    assert_null(cache_peek(kit->cache, key_of(1)));
}

static void an_answer_that_a_write_overtook_never_replaces_a_newer_one(void **state)
{
    struct kit *kit = *state;
    struct tag_seen before = tags_now(kit->tags, 5);
    struct asked filler = ask(kit, 1);
    tags_bump(kit->tags, 5);
    struct tag_seen after = tags_now(kit->tags, 5);
    struct entry_parts written = parts_of(1, "written"), read = parts_of(1, "read before");
    written.seen = &after;
    read.seen = &before;
    written.seen_count = read.seen_count = 1;
    put(kit, &written);
    struct entry *late = entry_new(&read);
    cache_fill_end(kit->cache, filler.fill, late, FILL_KEEP);
    entry_unref(late);
    struct asked asked = ask(kit, 1);
    assert_int_equal(asked.verdict, CACHE_FRESH);
    assert_slice(entry_body(asked.entry), "written");
    entry_unref(asked.entry);
}

static void an_entry_put_twice_lies_there_once(void **state)
{
    struct kit *kit = *state;
    struct entry *entry = entry_of(1, "answer"), *newer = entry_of(1, "newer");
    cache_put(kit->cache, entry);
    cache_put(kit->cache, entry);
    assert_int_equal(kit_stats(kit).entries, 1);
    cache_put(kit->cache, newer);
    assert_int_equal(kit_stats(kit).entries, 1);
    struct entry *there = cache_peek(kit->cache, key_of(1));
    assert_ptr_equal(there, newer);
    entry_unref(there);
    entry_unref(entry);
    entry_unref(newer);
}

static void what_was_dropped_stays_whole_for_whoever_holds_it(void **state)
{
    struct kit *kit = *state;
    struct entry_parts parts = parts_of(1, "answer");
    put(kit, &parts);
    struct asked held = ask(kit, 1);
    cache_drop(kit->cache, key_of(1));
    cache_drop(kit->cache, key_of(1));
    assert_null(cache_peek(kit->cache, key_of(1)));
    assert_slice(entry_body(held.entry), "answer");
    entry_unref(held.entry);
}

static void all_is_dropped_and_all_is_counted(void **state)
{
    struct kit *kit = *state;
    uint64_t empty = kit_stats(kit).bytes;
    for (uint64_t i = 0; i < 50; i++) {
        struct entry_parts parts = parts_of(i, "answer");
        put(kit, &parts);
    }
    assert_int_equal(kit_stats(kit).entries, 50);
    assert_true(kit_stats(kit).bytes > empty + 50 * sizeof(struct entry));
    cache_drop_all(kit->cache);
    assert_int_equal(kit_stats(kit).entries, 0);
    assert_int_equal(kit_stats(kit).bytes, empty);
}

static void a_form_added_later_is_counted_while_its_entry_is_in(void **state)
{
    struct kit *kit = *state;
    struct entry *entry = entry_of(1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_true(cache_add_form(kit->cache, entry, ENTRY_BROTLI, SLICE("before")));
    uint64_t empty = kit_stats(kit).bytes;
    cache_put(kit->cache, entry);
    uint64_t without = kit_stats(kit).bytes;
    assert_int_equal(without - empty, entry_bytes(entry));
    assert_true(cache_add_form(kit->cache, entry, ENTRY_GZIP, SLICE("zip")));
    assert_true(kit_stats(kit).bytes > without);
    assert_int_equal(kit_stats(kit).bytes - empty, entry_bytes(entry));
    entry_unref(entry);
}

static bool count_first(void *context, struct entry *entry)
{
    unsigned *seen = context;
    assert_int_equal(entry->kind, ENTRY_ANSWER);
    return ++*seen < 3;
}

static void each_entry_is_shown_until_enough(void **state)
{
    struct kit *kit = *state;
    for (uint64_t i = 0; i < 10; i++) {
        struct entry_parts parts = parts_of(i, "answer");
        put(kit, &parts);
    }
    unsigned seen = 0;
    cache_each(kit->cache, count_first, &seen);
    assert_int_equal(seen, 3);
}

/* With a cost of 1 ms an asker refreshes 5 ms early with a probability of e^-5, 20 ms early never. */
static void what_ends_soon_is_refreshed_early_about_as_often_as_xfetch_says(void **state)
{
    struct kit *kit = *state;
    struct entry_parts parts = parts_of(1, "answer");
    put(kit, &parts);
    unsigned early = 0, far_early = 0, rounds = 20000;
    for (unsigned i = 0; i < rounds; i++) {
        struct asked asked = ask_at(kit, 1, in_ms(parts.fresh_until, -2));
        early += asked.verdict == CACHE_REFRESH;
        entry_unref(asked.entry);
        if (asked.fill)
            cache_fill_end(kit->cache, asked.fill, NULL, FILL_LEAVE);
        asked = ask_at(kit, 1, in_ms(parts.fresh_until, -20));
        far_early += asked.verdict == CACHE_REFRESH;
        entry_unref(asked.entry);
    }
    assert_in_range(early, rounds * 0.12, rounds * 0.15); /* e^-2 = 0.135 */
    assert_int_equal(far_early, 0);
}

static void a_cache_without_memory_still_shares_fills(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, 0, 0);
    struct asked filler = ask(&kit, 1);
    assert_int_equal(filler.verdict, CACHE_FILL);
    expect(&kit, 1, clock_mono(), CACHE_PASS);
    struct entry *made = entry_of(1, "answer");
    cache_fill_end(kit.cache, filler.fill, made, FILL_KEEP);
    entry_unref(made);
    assert_int_equal(kit_stats(&kit).entries, 0);
    kit_close(&kit);
}

static void a_cache_made_smaller_drops_and_made_larger_takes_more(void **state)
{
    struct kit *kit = *state;
    char body[1000];
    memset(body, 'a', sizeof body - 1);
    body[sizeof body - 1] = 0;
    for (uint64_t i = 0; i < 500; i++) {
        struct entry_parts parts = parts_of(i, body);
        put(kit, &parts);
    }
    assert_int_equal(kit_stats(kit).entries, 500);
    cache_resize(kit->cache, MIB / 4);
    assert_true(kit_stats(kit).bytes <= MIB / 4);
    assert_in_range(kit_stats(kit).entries, 100, 250);
    cache_resize(kit->cache, 2 * MIB);
    for (uint64_t i = 0; i < 1000; i++) {
        struct entry_parts parts = parts_of(i, body);
        put(kit, &parts);
    }
    assert_int_equal(kit_stats(kit).entries, 1000);
}

static void an_entry_larger_than_a_quarter_is_handed_on_but_not_kept(void **state)
{
    struct kit *kit = *state;
    char *body = calloc(1, MIB / 3);
    memset(body, 'a', MIB / 3 - 1);
    struct entry_parts parts = parts_of(1, body);
    put(kit, &parts);
    assert_int_equal(kit_stats(kit).entries, 0);
    assert_int_equal(kit_stats(kit).refused, 1);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_to_ask_fills_and_the_next_is_served, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(an_entry_ages_from_fresh_over_stale_to_missing, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(a_write_ends_freshness_and_grace_at_once, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(what_cannot_be_made_anew_is_stood_in_for_by_the_old, open_kit,
                                        close_kit),
        cmocka_unit_test_setup_teardown(a_marker_of_parts_asks_for_them_and_one_to_pass_lets_pass, open_kit,
                                        close_kit),
        cmocka_unit_test_setup_teardown(who_does_not_wait_passes_while_another_fills, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(what_is_shared_is_not_kept, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(an_answer_that_a_write_overtook_never_replaces_a_newer_one, open_kit,
                                        close_kit),
        cmocka_unit_test_setup_teardown(an_entry_put_twice_lies_there_once, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(what_was_dropped_stays_whole_for_whoever_holds_it, open_kit,
                                        close_kit),
        cmocka_unit_test_setup_teardown(all_is_dropped_and_all_is_counted, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(a_form_added_later_is_counted_while_its_entry_is_in, open_kit,
                                        close_kit),
        cmocka_unit_test_setup_teardown(each_entry_is_shown_until_enough, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(what_ends_soon_is_refreshed_early_about_as_often_as_xfetch_says,
                                        open_kit, close_kit),
        cmocka_unit_test(a_cache_without_memory_still_shares_fills),
        cmocka_unit_test_setup_teardown(a_cache_made_smaller_drops_and_made_larger_takes_more, open_kit,
                                        close_kit),
        cmocka_unit_test_setup_teardown(an_entry_larger_than_a_quarter_is_handed_on_but_not_kept, open_kit,
                                        close_kit),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
