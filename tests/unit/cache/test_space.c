/* SPDX-License-Identifier: Apache-2.0 */
/* The application's own cache. */
#include <stdio.h>

#include "kit.h"

#include "cache/space.h"

#define ACME SLICE("acme")
#define NOBODY ((struct slice){NULL, 0})

struct world {
    struct tags *tags;
    struct space *space;
};

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->tags = tags_new();
    world->space = space_new(MIB, world->tags);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    space_free(world->space);
    tags_free(world->tags);
    free(world);
    return 0;
}

static struct space_value value_of(struct slice tenant, const char *name, const char *bytes)
{
    return (struct space_value){.tenant = tenant,
                                .name = slice_str(name),
                                .bytes = slice_str(bytes),
                                .type = SLICE("text/plain"),
                                .ttl_ms = 60000};
}

static void put(struct world *world, struct slice tenant, const char *name, const char *bytes)
{
    struct space_value value = value_of(tenant, name, bytes);
    assert_int_equal(space_put(world->space, &value), OK);
}

static void put_tagged(struct world *world, const char *name, const char *tag, const char *user)
{
    struct space_value value = value_of(ACME, name, "tagged");
    value.tags[0] = slice_str(tag);
    value.tags[1] = SLICE("another");
    value.tag_count = 2;
    value.user = slice_str(user);
    assert_int_equal(space_put(world->space, &value), OK);
}

static bool has(struct world *world, struct slice tenant, const char *name)
{
    struct entry *entry = space_get(world->space, tenant, slice_str(name), clock_mono());
    entry_unref(entry);
    return entry != NULL;
}

static void what_is_put_is_found_until_its_time_is_over(void **state)
{
    struct world *world = *state;
    put(world, ACME, "greeting", "hello");
    struct entry *entry = space_get(world->space, ACME, SLICE("greeting"), clock_mono());
    assert_slice(entry_body(entry), "hello");
    assert_slice(entry_head(entry), "text/plain");
    struct mono end = entry->fresh_until;
    entry_unref(entry);
    assert_null(space_get(world->space, ACME, SLICE("greeting"), end));
    assert_false(has(world, ACME, "greetin"));
    put(world, ACME, "greeting", "good bye");
    entry = space_get(world->space, ACME, SLICE("greeting"), clock_mono());
    assert_slice(entry_body(entry), "good bye");
    entry_unref(entry);
}

static void a_tenant_sees_its_own_names_alone(void **state)
{
    struct world *world = *state;
    put(world, ACME, "a", "acme's");
    assert_false(has(world, SLICE("other"), "a"));
    assert_false(has(world, NOBODY, "a"));
    assert_false(has(world, SLICE("acm"), "ea"));
    put(world, NOBODY, "a", "nobody's");
    assert_int_equal(space_delete_pattern(world->space, SLICE("other"), SLICE("*")), 0);
    assert_int_equal(space_delete_pattern(world->space, SLICE("acm"), SLICE("*")), 0);
    assert_int_equal(space_delete_pattern(world->space, NOBODY, SLICE("*")), 1);
    assert_true(has(world, ACME, "a"));
    assert_false(space_delete(world->space, NOBODY, SLICE("a")));
    assert_true(space_delete(world->space, ACME, SLICE("a")));
    assert_false(has(world, ACME, "a"));
}

static void a_tag_or_user_drops_all_that_have_it_and_nothing_of_other_tenants(void **state)
{
    struct world *world = *state;
    put_tagged(world, "one", "red", "7");
    put_tagged(world, "two", "red", "8");
    put_tagged(world, "three", "blue", "7");
    space_delete_tag(world->space, SLICE("other"), SLICE("red"));
    space_delete_user(world->space, ACME, SLICE("red"));
    assert_true(has(world, ACME, "one") && has(world, ACME, "two"));
    space_delete_tag(world->space, ACME, SLICE("red"));
    assert_false(has(world, ACME, "one") || has(world, ACME, "two"));
    assert_true(has(world, ACME, "three"));
    space_delete_user(world->space, ACME, SLICE("7"));
    assert_false(has(world, ACME, "three"));
    put_tagged(world, "one", "red", "7");
    assert_true(has(world, ACME, "one"));
}

static void patterns_match_as_a_shell_s_do(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"*", "anything", true},
        {"user:*", "user:1", true},
        {"user:*", "users:1", false},
        {"*:profile", "7:profile", true},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "a-c-b", false},
        {"", "x", false},
        {"x", "x", true},
        {"x*", "x", true},
        {"**", "x", true},
        {"*aab", "aaaaaaab", true},
        {"?*", "x", true},
        {"??*", "x", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        put(world, ACME, cases[i].name, "");
        uint64_t went = space_delete_pattern(world->space, ACME, slice_str(cases[i].pattern));
        if (went != cases[i].matches)
            print_error("`%s` and `%s`\n", cases[i].pattern, cases[i].name);
        assert_int_equal(went, cases[i].matches);
        space_delete(world->space, ACME, slice_str(cases[i].name));
    }
}

static void what_is_put_is_let_in_however_full_it_is(void **state)
{
    struct world *world = *state;
    char name[20], body[2000];
    memset(body, 'a', sizeof body - 1);
    body[sizeof body - 1] = 0;
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "%u", i);
        put(world, ACME, name, body);
        assert_true(has(world, ACME, name));
    }
    struct cache_stats stats;
    space_stats(world->space, &stats);
    assert_true(stats.bytes <= MIB);
    assert_int_equal(stats.fresh, 3000);
}

static void a_value_too_large_is_refused_and_the_old_one_is_gone(void **state)
{
    struct world *world = *state;
    put(world, ACME, "a", "small");
    char *large = calloc(1, MIB);
    memset(large, 'a', MIB - 1);
    struct space_value value = value_of(ACME, "a", large);
    assert_int_equal(space_put(world->space, &value), ERR_LIMIT);
    assert_false(has(world, ACME, "a"));
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_put_is_found_until_its_time_is_over, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_tenant_sees_its_own_names_alone, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_tag_or_user_drops_all_that_have_it_and_nothing_of_other_tenants,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(patterns_match_as_a_shell_s_do, open_world, close_world),
        cmocka_unit_test_setup_teardown(what_is_put_is_let_in_however_full_it_is, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_value_too_large_is_refused_and_the_old_one_is_gone, open_world,
                                        close_world),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
