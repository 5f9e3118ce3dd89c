/* SPDX-License-Identifier: Apache-2.0 */
/* Tags: every order in which a reader and a writer can meet. */
#include "kit.h"

/* A database of one number, and a reader who caches it while a writer sets it to 1. Both walk step by step. */
enum reader_step { LOOKS_AT_TAGS, SENDS, STORES, READER_STEPS };
enum writer_step { SENDS_WRITE, COMMITS, BUMPS, WRITER_STEPS };

struct model {
    struct kit kit;
    uint32_t tag;
    int database, pending; /* pending: written, not committed */
    int read;
    struct tag_seen seen;
    bool sends_first; /* a reader who looks at the tags too late */
};

static void store_read(struct model *model)
{
    struct entry_parts parts = parts_of(1, model->read ? "1" : "0");
    parts.seen = &model->seen;
    parts.seen_count = 1;
    struct entry *entry = entry_new(&parts);
    cache_put(model->kit.cache, entry);
    entry_unref(entry);
}

static void step_reader(struct model *model, unsigned step)
{
    if (model->sends_first && step < STORES)
        step = 1 - step;
    if (step == LOOKS_AT_TAGS)
        model->seen = tags_now(model->kit.tags, model->tag);
    else if (step == SENDS)
        model->read = model->database;
    else
        store_read(model);
}

static void step_writer(struct model *model, unsigned step)
{
    if (step == SENDS_WRITE)
        model->pending = 1;
    else if (step == COMMITS)
        model->database = model->pending;
    else
        tags_bump(model->kit.tags, model->tag);
}

/* Whether the cache would now serve what the write has changed. */
static bool serves_old(struct model *model)
{
    struct entry *entry = cache_peek(model->kit.cache, key_of(1));
    bool old = entry && entry_is_fresh(model->kit.tags, entry, clock_mono()) &&
               slice_eq(entry_body(entry), SLICE("0"));
    entry_unref(entry);
    return old;
}

/* Walks in the order whose bits say whose turn it is; returns whether an old answer was served after the write's own answer. */
static bool walk_serves_old(unsigned order, bool sends_first)
{
    struct model model = {.tag = 7, .sends_first = sends_first};
    kit_open(&model.kit, MIB, 1);
    unsigned reader = 0, writer = 0;
    bool wrong = false;
    for (unsigned turn = 0; turn < READER_STEPS + WRITER_STEPS; turn++) {
        if (order >> turn & 1)
            step_reader(&model, reader++);
        else
            step_writer(&model, writer++);
        wrong |= writer == WRITER_STEPS && serves_old(&model);
    }
    kit_close(&model.kit);
    return wrong;
}

static unsigned orders_that_serve_old(bool sends_first, unsigned *ret_orders)
{
    unsigned wrong = 0;
    *ret_orders = 0;
    for (unsigned order = 0; order < 1u << (READER_STEPS + WRITER_STEPS); order++) {
        if (__builtin_popcount(order) != READER_STEPS)
            continue;
        ++*ret_orders;
        wrong += walk_serves_old(order, sends_first);
    }
    return wrong;
}

static void in_every_order_nothing_old_is_served_after_the_answer_of_a_write(void **state)
{
    (void)state;
    unsigned orders;
    assert_int_equal(orders_that_serve_old(false, &orders), 0);
    assert_int_equal(orders, 20);
}

static void a_reader_that_looks_at_the_tags_after_sending_would_be_found_out(void **state)
{
    (void)state;
    unsigned orders;
    assert_true(orders_that_serve_old(true, &orders) > 0);
}

static void a_bump_makes_stale_what_has_the_tag_and_nothing_else(void **state)
{
    (void)state;
    struct tags *tags = tags_new();
    struct tag_seen one = tags_now(tags, 1), both[] = {one, tags_now(tags, 2)};
    tags_bump(tags, 2);
    assert_true(tags_same(tags, &one, 1));
    assert_false(tags_same(tags, both, 2));
    assert_true(tags_same(tags, both, 0));
    tags_free(tags);
}

static void a_bump_of_all_makes_stale_whatever_has_a_tag(void **state)
{
    (void)state;
    struct tags *tags = tags_new();
    struct tag_seen seen = tags_now(tags, TAGS_COUNT - 1);
    tags_bump_all(tags);
    assert_false(tags_same(tags, &seen, 1));
    assert_true(tags_same(tags, NULL, 0));
    seen = tags_now(tags, TAGS_COUNT - 1);
    assert_true(tags_same(tags, &seen, 1));
    tags_free(tags);
}

static void a_bump_and_a_bump_of_all_never_make_up_for_each_other(void **state)
{
    (void)state;
    struct tags *tags = tags_new();
    struct tag_seen seen = tags_now(tags, 3);
    for (unsigned i = 0; i < 100; i++) {
        if (i % 3)
            tags_bump(tags, 3);
        else
            tags_bump_all(tags);
        assert_false(tags_same(tags, &seen, 1));
    }
    tags_free(tags);
}

static void tags_are_spread_over_the_table(void **state)
{
    (void)state;
    bool *seen = calloc(TAGS_COUNT, 1);
    unsigned different = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        uint32_t tag = tag_of(hash_stable(slice_of((const char *)&i, sizeof i)));
        assert_true(tag < TAGS_COUNT);
        different += !seen[tag];
        seen[tag] = true;
    }
    assert_true(different > 990);
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_every_order_nothing_old_is_served_after_the_answer_of_a_write),
        cmocka_unit_test(a_reader_that_looks_at_the_tags_after_sending_would_be_found_out),
        cmocka_unit_test(a_bump_makes_stale_what_has_the_tag_and_nothing_else),
        cmocka_unit_test(a_bump_of_all_makes_stale_whatever_has_a_tag),
        cmocka_unit_test(a_bump_and_a_bump_of_all_never_make_up_for_each_other),
        cmocka_unit_test(tags_are_spread_over_the_table),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
