/* SPDX-License-Identifier: Apache-2.0 */
/* Entries and keys. */
#include "kit.h"

static void an_entry_holds_copies_of_all_it_was_made_of(void **state)
{
    (void)state;
    struct entry_parts parts = parts_of(1, "the body");
    struct tag_seen seen[] = {{1, 2}, {3, 4}};
    char head[] = "the head";
    parts.head = slice_str(head);
    parts.etag = SLICE("\"abc\"");
    parts.asked = SLICE("GET /api/x");
    parts.seen = seen;
    parts.seen_count = 2;
    struct entry *entry = entry_new(&parts);
    head[0] = 'X';
    seen[1].generation = 9;
    assert_slice(entry_head(entry), "the head");
    assert_slice(entry_body(entry), "the body");
    assert_slice(entry_etag(entry), "\"abc\"");
    assert_slice(entry_asked(entry), "GET /api/x");
    assert_int_equal(entry->seen_count, 2);
    assert_int_equal(entry->seen[1].generation, 4);
    entry_unref(entry);
}

static void an_entry_of_nothing_has_nothing(void **state)
{
    (void)state;
    struct entry *entry = entry_new(&(struct entry_parts){.kind = ENTRY_VARIES, .varies = 5});
    assert_int_equal(entry_head(entry).len + entry_body(entry).len + entry_etag(entry).len, 0);
    assert_int_equal(entry->varies, 5);
    entry_unref(entry);
    entry_unref(NULL);
}

static void a_form_is_added_once(void **state)
{
    (void)state;
    struct entry *entry = entry_of(1, "aaaaaaaaaaaaaaaaaaaaaaaa");
    uint64_t bytes = entry_bytes(entry);
    assert_null(entry_form(entry, ENTRY_GZIP).data);
    assert_true(entry_add_form(entry, ENTRY_GZIP, SLICE("first")));
    assert_true(entry_add_form(entry, ENTRY_GZIP, SLICE("second")));
    assert_slice(entry_form(entry, ENTRY_GZIP), "first");
    assert_null(entry_form(entry, ENTRY_BROTLI).data);
    assert_true(entry_bytes(entry) > bytes);
    entry_unref(entry);
}

static void an_empty_form_says_that_it_was_tried(void **state)
{
    (void)state;
    struct entry *entry = entry_of(1, "a");
    assert_true(entry_add_form(entry, ENTRY_BROTLI, (struct slice){NULL, 0}));
    assert_non_null(entry_form(entry, ENTRY_BROTLI).data);
    assert_int_equal(entry_form(entry, ENTRY_BROTLI).len, 0);
    entry_unref(entry);
}

static void one_makes_a_form_until_he_gives_it_back(void **state)
{
    (void)state;
    struct entry *entry = entry_of(1, "a");
    assert_true(entry_claim_form(entry, ENTRY_GZIP));
    assert_false(entry_claim_form(entry, ENTRY_GZIP));
    assert_true(entry_claim_form(entry, ENTRY_BROTLI));
    entry_unclaim_form(entry, ENTRY_GZIP);
    assert_false(entry_claim_form(entry, ENTRY_BROTLI));
    assert_true(entry_claim_form(entry, ENTRY_GZIP));
    entry_unref(entry);
}

static void its_bytes_are_what_malloc_takes_and_an_eighth_for_gaps(void **state)
{
    (void)state;
    struct entry *small = entry_of(1, "");
    assert_int_equal(entry_bytes(small) % 18, 0);
    assert_in_range(entry_bytes(small), (sizeof *small + 8) * 9 / 8, (sizeof *small + 24) * 9 / 8);
    entry_unref(small);
}

static void an_entry_is_current_until_one_of_its_tags_is_bumped(void **state)
{
    (void)state;
    struct tags *tags = tags_new();
    struct tag_seen seen[] = {tags_now(tags, 1), tags_now(tags, 2)};
    struct entry_parts parts = parts_of(1, "");
    parts.seen = seen;
    parts.seen_count = 2;
    struct entry *entry = entry_new(&parts);
    assert_true(entry_is_current(tags, entry));
    assert_true(entry_is_fresh(tags, entry, parts.stored));
    assert_false(entry_is_fresh(tags, entry, parts.fresh_until));
    tags_bump(tags, 2);
    assert_false(entry_is_current(tags, entry));
    assert_false(entry_is_fresh(tags, entry, parts.stored));
    entry_unref(entry);
    tags_free(tags);
}

static void jitter_takes_up_to_a_tenth_and_spreads(void **state)
{
    (void)state;
    int64_t least = INT64_MAX, most = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        int64_t ms = entry_jitter_ms(key_of(i), 10000);
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
        assert_int_equal(ms, entry_jitter_ms(key_of(i), 10000));
    }
    assert_in_range(least, 9001, 9050);
    assert_in_range(most, 9950, 10000);
    assert_int_equal(entry_jitter_ms(key_of(1), 0), 0);
    assert_int_equal(entry_jitter_ms(key_of(1), 1), 1);
}

static void keys_differ_by_bytes_and_by_secret(void **state)
{
    (void)state;
    struct cache_secret one, other, random;
    cache_secret_of(SLICE("one secret"), &one);
    cache_secret_of(SLICE("another secret"), &other);
    cache_secret_random(&random);
    struct cache_key key = cache_key_of(&one, SLICE("a"));
    assert_true(cache_key_eq(key, cache_key_of(&one, SLICE("a"))));
    assert_false(cache_key_eq(key, cache_key_of(&one, SLICE("b"))));
    assert_false(cache_key_eq(key, cache_key_of(&other, SLICE("a"))));
    assert_false(cache_key_eq(key, cache_key_of(&random, SLICE("a"))));
    cache_secret_of(SLICE("one secret"), &other);
    assert_true(cache_key_eq(key, cache_key_of(&other, SLICE("a"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_holds_copies_of_all_it_was_made_of),
        cmocka_unit_test(an_entry_of_nothing_has_nothing),
        cmocka_unit_test(a_form_is_added_once),
        cmocka_unit_test(an_empty_form_says_that_it_was_tried),
        cmocka_unit_test(one_makes_a_form_until_he_gives_it_back),
        cmocka_unit_test(its_bytes_are_what_malloc_takes_and_an_eighth_for_gaps),
        cmocka_unit_test(an_entry_is_current_until_one_of_its_tags_is_bumped),
        cmocka_unit_test(jitter_takes_up_to_a_tenth_and_spreads),
        cmocka_unit_test(keys_differ_by_bytes_and_by_secret),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
