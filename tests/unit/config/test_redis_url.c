/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of Redis: what they say, and what is said of wrong ones. */
#include "lib/unit.h"

#include "config/redis.h"

static int begin(void **state)
{
    struct arena *arena = test_malloc(sizeof *arena);
    arena_init(arena, 1024);
    *state = arena;
    return 0;
}

static int end(void **state)
{
    arena_done(*state);
    test_free(*state);
    return 0;
}

static struct redis_url parse(struct arena *arena, const char *text)
{
    struct redis_url url = {0};
    char why[256] = "";
    if (redis_url_parse(arena, slice_str(text), &url, why) != OK)
        fail_msg("%s: %s", text, why);
    return url;
}

static void a_bare_host_has_the_usual_port_and_database_0(void **state)
{
    struct redis_url url = parse(*state, "redis://redis.example");
    assert_int_equal(url.host_count, 1);
    assert_slice(url.hosts[0].name, "redis.example");
    assert_int_equal(url.hosts[0].port, 6379);
    assert_int_equal(url.db, 0);
    assert_false(url.tls || url.cluster);
    assert_null(url.user.data);
    assert_null(url.password.data);
    assert_slice(url.prefix, "leat:");
}

static void everything_may_be_said(void **state)
{
    struct redis_url url =
        parse(*state, "rediss://me:p%40s/s?@[::1]:7000/12?cacert=/a%20b.pem&cert=c&key=k&prefix=x:");
    assert_true(url.tls);
    assert_slice(url.user, "me");
    assert_slice(url.password, "p@s/s?");
    assert_slice(url.hosts[0].name, "::1");
    assert_int_equal(url.hosts[0].port, 7000);
    assert_int_equal(url.db, 12);
    assert_slice(url.cacert, "/a b.pem");
    assert_slice(url.cert, "c");
    assert_slice(url.key, "k");
    assert_slice(url.prefix, "x:");
    url = parse(*state, "redis://:secret@h/");
    assert_null(url.user.data);
    assert_slice(url.password, "secret");
}

static void several_hosts_are_a_cluster(void **state)
{
    struct redis_url url = parse(*state, "redis://a:1,b,[::2]:3");
    assert_true(url.cluster);
    assert_int_equal(url.host_count, 3);
    assert_slice(url.hosts[1].name, "b");
    assert_int_equal(url.hosts[1].port, 6379);
    assert_int_equal(url.hosts[2].port, 3);
    assert_true(parse(*state, "redis://a/?cluster=on").cluster);
    assert_false(parse(*state, "redis://a/?cluster=off").cluster);
}

static void what_is_wrong_is_told_and_the_password_never(void **state)
{
    static const struct {
        const char *url, *why;
    } cases[] = {
        {"localhost:6379", "expected `redis://host:6379/0`, or `rediss://` for TLS"},
        {"http://localhost", "expected `redis://host:6379/0`, or `rediss://` for TLS"},
        {"redis://", "`` is no host"},
        {"redis://a b", "`a b` is no host"},
        {"redis://a,,b", "`` is no host"},
        {"redis://[::1", "`[::1` is no host"},
        {"redis://[::1]x", "`[::1]x` is no host"},
        {"redis://a:x", "the port of `a` is no number from 1 to 65535"},
        {"redis://a:0", "the port of `a` is no number from 1 to 65535"},
        {"redis://a:65536", "the port of `a` is no number from 1 to 65535"},
        {"redis://a/x", "the database behind the `/` is a number such as 0"},
        {"redis://a/-1", "the database behind the `/` is a number such as 0"},
        {"redis://a,b/1", "a cluster has no database but 0"},
        {"redis://secret@a", "a user without a password: expected `user:password@host`, or `:password@host`"},
        {"redis://me:@a", "the password is empty"},
        {"redis://me:secret%2@a", "user or password are ill encoded: a `%` is written `%25`"},
        {"redis://me:secret@a/?colour=red",
         "unknown parameter `colour`: there are `cluster`, `prefix`, `cacert`, `cert`, `key`"},
        {"redis://a/?cluster=yes", "`cluster=` is `on` or `off`"},
        {"redis://a/?prefix=", "`prefix=` has no value, or one that is ill encoded"},
        {"redis://a/?cacert=x", "`cacert`, `cert` and `key` are for `rediss://`"},
        {"rediss://a/?cert=x", "`cert` and `key` come together"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct redis_url url = {.db = 7};
        char why[256] = "";
        assert_int_equal(redis_url_parse(*state, slice_str(cases[i].url), &url, why), ERR_INVALID);
        assert_string_equal(why, cases[i].why);
        assert_int_equal(url.db, 7);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
static const struct CMUnitTest tests[] = {
    TEST(a_bare_host_has_the_usual_port_and_database_0),
    TEST(everything_may_be_said),
    TEST(several_hosts_are_a_cluster),
    TEST(what_is_wrong_is_told_and_the_password_never),
};

UNIT_TEST_MAIN(tests)
