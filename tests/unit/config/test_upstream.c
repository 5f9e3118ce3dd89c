/* SPDX-License-Identifier: Apache-2.0 */
/* `upstream:`: what is read of it, what is printed, and what is said of mistakes, letter by letter. */
#include "lib/mistakes.h"

#include "reading.h"

#define BEGIN "database: sqlite:/x\n"
#define KEYS \
    "url, read, write, methods, connect, timeout, whole, rate, retries, concurrent, breaker, body_bytes, " \
    "answer_bytes, authorization, drop, add, cache, tables, limits"
#define URL "expected where the service is, such as `http://127.0.0.1:9000` or `https://example.com/parse`\n"

static void a_url_is_cut_into_origin_and_path(void **state)
{
    (void)state;
    struct reading *reading = read_good(BEGIN "defaults: {read: anonymous}\n"
                                              "upstream:\n"
                                              "  /api/parse: http://127.0.0.1:9000/v1/parse\n"
                                              "  /old/: {url: 'https://[::1]:8443', write: anonymous}\n"
                                              "  /: http://app.internal/\n");
    const struct config_upstream *upstream = reading->config->upstreams;
    assert_int_equal(reading->config->upstream_count, 3);
    assert_slice(upstream[0].origin, "http://127.0.0.1:9000");
    assert_slice(upstream[0].base, "/v1/parse");
    assert_false(upstream[0].is_prefix);
    assert_int_equal(upstream[0].read, ROLE_ANONYMOUS);
    assert_int_equal(upstream[0].write, ROLES_NONE);
    assert_int_equal(upstream[0].timeout_ms, 30000);
    assert_slice(upstream[1].origin, "https://[::1]:8443");
    assert_slice(upstream[1].base, "");
    assert_true(upstream[1].is_prefix);
    assert_slice(upstream[2].base, "/");
    reading_free(reading);
}

static void every_key_is_read(void **state)
{
    (void)state;
    struct reading *reading = read_good(
        BEGIN
        "upstream: {/x: {url: 'http://a', read: anonymous, write: none, methods: [GET, POST], connect: 1s,\n"
        "  timeout: 2s, whole: off, rate: 0B/s, retries: 0, concurrent: 7, body_bytes: 1KiB, answer_bytes: 2KiB,\n"
        "  breaker: {failures: off}, authorization: pass, drop: [Cookie, X-A], add: {X-Key: 'a b'}, cache: 5m, tables: [a, b.c]}}\n");
    const struct config_upstream *upstream = reading->config->upstreams;
    assert_int_equal(upstream->methods, 1 << HTTP_GET | 1 << HTTP_HEAD | 1 << HTTP_POST);
    assert_int_equal(upstream->whole_ms, 0);
    assert_int_equal(upstream->breaker_failures, 0);
    assert_true(upstream->authorization);
    assert_int_equal(upstream->drop_count, 2);
    assert_slice(upstream->drop[1], "X-A");
    assert_slice(upstream->add[0].name, "X-Key");
    assert_slice(upstream->add[0].value, "a b");
    assert_int_equal(upstream->cache.list_ms, 300000);
    assert_int_equal(upstream->tables.count, 2);
    assert_slice(upstream->tables.names[1].text, "b.c");
    reading_free(reading);
}

static void nothing_is_kept_that_is_not_told_so_here(void **state)
{
    (void)state;
    struct reading *reading =
        read_good(BEGIN "defaults: {read: anonymous, cache: {list: 2m, grace: 7s}}\n"
                        "upstream: {/x: 'http://a', /y: {url: 'http://a', cache: {list: 1m}, tables: []}}\n");
    const struct config_upstream *upstream = reading->config->upstreams;
    assert_int_equal(upstream[0].cache.list_ms, 0);
    assert_false(upstream[0].tables.told);
    assert_int_equal(upstream[1].cache.list_ms, 60000);
    assert_int_equal(upstream[1].cache.grace_ms, 7000);
    assert_true(upstream[1].tables.told);
    reading_free(reading);
}

static void what_is_added_is_not_printed(void **state)
{
    (void)state;
    struct reading *reading =
        read_good(BEGIN "upstream: {/x: {url: 'http://a', read: anonymous, add: {X-Key: geheim}}}\n");
    struct buf out;
    buf_init(&out, 1 << 20);
    config_print(reading->config, &out);
    assert_null(memmem(out.data, out.len, "geheim", 6));
    assert_non_null(memmem(out.data, out.len, "add: {X-Key: \"***\"}", 19));
    buf_done(&out);
    reading_free(reading);
}

static const struct mistake mistakes[] = {
    {"upstream: http://a\n",
     "leat.yaml:1:11: `upstream`: found `http://a`, expected paths and the services that answer them, such as `{/api/parse: 'http://127.0.0.1:9000'}`\n"},
    {"upstream: {/x: }\n", "leat.yaml:1:16: `url`: found nothing, " URL},
    {"upstream: {/x: {}}\n", "leat.yaml:1:12: `upstream`: `/x` has no `url`: " URL},
    {"upstream: {/x: [a]}\n",
     "leat.yaml:1:16: `/x`: found a list, expected a mapping with the keys " KEYS "\n"},
    {"upstream: {/x: {ulr: a}}\n", "leat.yaml:1:17: `/x` has no key `ulr`: did you mean `url`?\n"},
    {"upstream: {/x: 'ftp://a'}\n", "leat.yaml:1:16: `url`: found `ftp://a`, " URL},
    {"upstream: {/x: 'http://'}\n", "leat.yaml:1:16: `url`: found `http://`, " URL},
    {"upstream: {/x: 'http://a:0'}\n", "leat.yaml:1:16: `url`: found `http://a:0`, " URL},
    {"upstream: {/x: 'http://a:x'}\n", "leat.yaml:1:16: `url`: found `http://a:x`, " URL},
    {"upstream: {/x: 'http://[::1'}\n", "leat.yaml:1:16: `url`: found `http://[::1`, " URL},
    {"upstream: {/x: 'http://a b'}\n", "leat.yaml:1:16: `url`: found `http://a b`, " URL},
    {"upstream: {/x: 'http://a/?b'}\n", "leat.yaml:1:16: `url`: found `http://a/?b`, " URL},
    {"upstream: {/x: 'http://a/b#c'}\n", "leat.yaml:1:16: `url`: found `http://a/b#c`, " URL},
    {"upstream: {/x: 'http://a/../b'}\n", "leat.yaml:1:16: `url`: found `http://a/../b`, " URL},
    {"upstream: {/x: 'http://a//b'}\n", "leat.yaml:1:16: `url`: found `http://a//b`, " URL},
    {"upstream: {/x: 'http://me:geheim@a'}\n",
     "leat.yaml:1:16: `url`: a name or password has no place in it: send one by `add: {Authorization: …}`\n"},
    {"upstream: {x: 'http://a'}\n",
     "leat.yaml:1:12: `upstream`: found `x`, expected a path such as `/api/parse`, or a prefix such as `/legacy/`\n"},
    {"upstream: {/a/*: 'http://a'}\n",
     "leat.yaml:1:12: `upstream`: found `/a/*`, expected a path such as `/api/parse`, or a prefix such as `/legacy/`\n"},
    {"upstream: {/a//b: 'http://a'}\n",
     "leat.yaml:1:12: `upstream`: found `/a//b`, expected a path such as `/api/parse`, or a prefix such as `/legacy/`\n"},
    {"upstream: {/a/: 'http://a/b'}\n",
     "leat.yaml:1:17: `url`: `/a/` is a prefix: expected a URL that ends in a slash too, or has no path\n"},
    {"upstream: {/x: {url: 'http://a', methods: [GET, TRACE]}}\n",
     "leat.yaml:1:43: `methods`: found a list, expected a list of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS\n"},
    {"upstream: {/x: {url: 'http://a', timeout: 30}}\n",
     "leat.yaml:1:43: `timeout`: found `30`, expected a duration with its unit such as `30s` (ms, s, m, h or d)\n"},
    {"upstream: {/x: {url: 'http://a', retries: 6}}\n",
     "leat.yaml:1:43: `retries`: `6` is out of range: expected 0 to 5\n"},
    {"upstream: {/x: {url: 'http://a', breaker: {failure: 3}}}\n",
     "leat.yaml:1:44: `breaker` has no key `failure`: did you mean `failures`?\n"},
    {"upstream: {/x: {url: 'http://a', authorization: keep}}\n",
     "leat.yaml:1:49: `authorization`: found `keep`, expected `drop` or `pass`\n"},
    {"upstream: {/x: {url: 'http://a', tables: events}}\n",
     "leat.yaml:1:42: `tables`: found `events`, expected a list of tables such as `[events, audit.log]`, or `[]`\n"},
    {"upstream: {/x: {url: 'http://a', cache: 5}}\n",
     "leat.yaml:1:41: `cache`: found `5`, expected how long an answer is kept, such as `2m` (up to 7d), `off`, or `{list: 2m, row: 5m}`\n"},
    {"upstream: {/x: {url: 'http://a', drop: [Host]}}\n",
     "leat.yaml:1:40: `drop`: found a list, expected names of head fields such as `[Cookie]`\n"},
    {"upstream: {/x: {url: 'http://a', add: {X-Key: \"geheim\\r\\nX: y\"}}}\n",
     "leat.yaml:1:40: `add`: `X-Key` and its value make no head field that can be added: expected head fields such as `{X-Api-Key: secret}`\n"},
    {"upstream: {/x: {url: 'http://a', add: {Content-Length: 5}}}\n",
     "leat.yaml:1:40: `add`: `Content-Length` and its value make no head field that can be added: expected head fields such as `{X-Api-Key: secret}`\n"},
    {BEGIN "resources: {users: {}}\nupstream: {/api/users: 'http://a'}\n",
     "leat.yaml:3:12: `/api/users` is served already, by leat.yaml:2: take one of them out\n"},
    {BEGIN "functions: {f: {call: anonymous}}\nupstream: {/api/rpc/f: 'http://a'}\n",
     "leat.yaml:3:12: `/api/rpc/f` is served already, by leat.yaml:2: take one of them out\n"},
    {BEGIN "upstream: {/health: 'http://a'}\n", "leat.yaml:2:12: `/health` is Leat's own path\n"},
    {BEGIN "upstream: {/docs: 'http://a'}\n", "leat.yaml:2:12: `/docs` is Leat's own path\n"},
    {BEGIN "upstream: {/api/batch: 'http://a'}\n", "leat.yaml:2:12: `/api/batch` is Leat's own path\n"},
    {BEGIN "upstream: {/api/v1/limits/me: 'http://a'}\n",
     "leat.yaml:2:12: `/api/v1/limits/me` is Leat's own path\n"},
    {BEGIN "cache: {api: anonymous}\nupstream: {/api/v1/cache: 'http://a'}\n",
     "leat.yaml:3:12: `/api/v1/cache` is Leat's own path\n"},
    {BEGIN "auth: {roles: r, keys: [{alg: HS256, secret: 'a secret of 32 bytes, or of some more'}]}\n"
           "upstream: {/api/auth/logout: 'http://a', /api/auth/login: {url: 'http://a', read: r}}\n",
     "leat.yaml:3:12: `/api/auth/logout` is Leat's own path\n"},
};

static void is_told_word_for_word(void **state)
{
    const struct mistake *mistake = *state;
    struct reading *reading = read_yaml(mistake->text);
    assert_complaints(&reading->complaints, mistake->said);
    reading_free(reading);
}

int main(void)
{
    static struct CMUnitTest tests[4 + ARRAY_LEN(mistakes)] = {
        cmocka_unit_test(a_url_is_cut_into_origin_and_path),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(nothing_is_kept_that_is_not_told_so_here),
        cmocka_unit_test(what_is_added_is_not_printed),
    };
    mistakes_add(mistakes, ARRAY_LEN(mistakes), is_told_word_for_word, tests + 4);
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
