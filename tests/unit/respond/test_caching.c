/* SPDX-License-Identifier: Apache-2.0 */
/* What heads say to caches: each policy's exact bytes, what is never said together, and which tags a client's match. */
#include "lib/unit.h"

#include "base/check.h"
#include "respond/caching.h"

static struct buf out;

static int begin(void **state)
{
    (void)state;
    buf_init(&out, 1 << 16);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_done(&out);
    return 0;
}

static struct slice written(struct caching caching)
{
    buf_clear(&out);
    caching_write(&out, &caching);
    return buf_slice(&out);
}

static struct slice told(struct cache_told cache)
{
    buf_clear(&out);
    cache_told_write(&out, &cache);
    return buf_slice(&out);
}

static void nothing_is_said_of_what_nothing_is_known(void **state)
{
    (void)state;
    assert_slice(written((struct caching){0}), "");
    assert_slice(written((struct caching){.is_private = true, .s_maxage_s = 9, .stale_s = 9}), "");
    assert_slice(told((struct cache_told){0}), "");
}

static void each_policy_has_its_fields(void **state)
{
    (void)state;
    assert_slice(written((struct caching){.etag = SLICE("\"a\"")}),
                 "ETag: \"a\"\r\nCache-Control: no-cache\r\n");
    assert_slice(written((struct caching){.etag = SLICE("\"a\""), .is_private = true}),
                 "ETag: \"a\"\r\nCache-Control: private, no-cache\r\n");
    assert_slice(
        written((struct caching){.max_age_s = 120, .s_maxage_s = 600, .stale_s = 60}),
        "Cache-Control: max-age=120, s-maxage=600, stale-while-revalidate=60, stale-if-error=60\r\n");
    assert_slice(written((struct caching){.vary_accept = true}), "Vary: Accept\r\n");
    assert_slice(written((struct caching){.vary_encoding = true}), "Vary: Accept-Encoding\r\n");
    assert_slice(written((struct caching){.vary_accept = true, .vary_encoding = true}),
                 "Vary: Accept, Accept-Encoding\r\n");
}

static void shared_caches_are_given_no_age_of_what_is_private(void **state)
{
    (void)state;
    assert_slice(written((struct caching){.max_age_s = 120, .s_maxage_s = 600, .is_private = true}),
                 "Cache-Control: private, max-age=120\r\n");
}

static void what_nobody_keeps_bears_neither_tag_nor_age(void **state)
{
    (void)state;
    static const struct slice tags[] = {SLICE_INIT("incidents")};
    assert_slice(written((struct caching){.no_store = true,
                                          .etag = SLICE("\"a\""),
                                          .max_age_s = 5,
                                          .tags = tags,
                                          .tag_count = 1,
                                          .vary_accept = true}),
                 "Cache-Control: no-store\r\nVary: Accept\r\n");
}

static void content_networks_are_told_the_tags_in_both_tongues(void **state)
{
    (void)state;
    static const struct slice tags[] = {SLICE_INIT("incidents"), SLICE_INIT("incidents/5")};
    assert_slice(written((struct caching){.tags = tags, .tag_count = 2}),
                 "Surrogate-Key: incidents incidents/5\r\nCache-Tag: incidents,incidents/5\r\n");
}

/* RFC 9211 section 2. */
static void the_caches_part_is_told(void **state)
{
    (void)state;
    assert_slice(told((struct cache_told){.way = TOLD_HIT, .ttl_s = 30, .age_s = 90}),
                 "Age: 90\r\nCache-Status: Leat; hit; ttl=30\r\n");
    assert_slice(told((struct cache_told){.way = TOLD_HIT, .ttl_s = -5}),
                 "Age: 0\r\nCache-Status: Leat; hit; ttl=-5\r\n");
    assert_slice(told((struct cache_told){.way = TOLD_MISS, .stored = true, .collapsed = true, .ttl_s = 120}),
                 "Cache-Status: Leat; fwd=miss; stored; collapsed; ttl=120\r\n");
    assert_slice(told((struct cache_told){.way = TOLD_STALE}), "Cache-Status: Leat; fwd=stale\r\n");
    assert_slice(told((struct cache_told){.way = TOLD_BYPASS}), "Cache-Status: Leat; fwd=bypass\r\n");
}

static void a_tag_is_found_among_those_a_client_has(void **state)
{
    (void)state;
    static const struct {
        const char *if_none_match;
        bool matches;
    } cases[] = {
        {"\"a\"", true},
        {"\"b\"", false},
        {"\"b\", \"a\"", true},
        {"W/\"a\"", true},
        {"\"b\",W/\"a\" ", true},
        {"*", true},
        {"", false},
        {"a", false},
        {"\"a", false},
        {"\"a\"x", false},
        {"w/\"a\"", false},
        {"\"b, \"a\"", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(caching_matches(slice_str(cases[i].if_none_match), SLICE("\"a\"")),
                         cases[i].matches);
    assert_false(caching_matches((struct slice){0}, SLICE("\"a\"")));
}

static void a_tag_tells_versions_codings_and_bytes_apart(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    const char digest[33] = "0123456789abcdef0123456789abcdef";
    const struct slice none = {0};
    assert_slice(caching_tag(&arena, none, digest), "\"0123456789abcdef0123456789abcdef\"");
    assert_slice(caching_tag_coded(&arena, caching_tag(&arena, none, digest), CODING_GZIP),
                 "\"0123456789abcdef0123456789abcdef-gzip\"");
    assert_slice(caching_tag_coded(&arena, caching_tag(&arena, SLICE("2026-01-31 09:05:07+00"), digest),
                                   CODING_BROTLI),
                 "\"2026-01-31%2009%3A05%3A07%2B00.0123456789abcdef0123456789abcdef-br\"");
    char large[1000];
    memset(large, '"', sizeof large);
    assert_int_equal(caching_tag(&arena, slice_of(large, sizeof large), digest).len, 0);
    arena_done(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
    TEST(nothing_is_said_of_what_nothing_is_known),
    TEST(each_policy_has_its_fields),
    TEST(shared_caches_are_given_no_age_of_what_is_private),
    TEST(what_nobody_keeps_bears_neither_tag_nor_age),
    TEST(content_networks_are_told_the_tags_in_both_tongues),
    TEST(the_caches_part_is_told),
    TEST(a_tag_tells_versions_codings_and_bytes_apart),
    TEST(a_tag_is_found_among_those_a_client_has),
};

UNIT_TEST_MAIN(tests)
