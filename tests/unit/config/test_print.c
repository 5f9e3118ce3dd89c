/* SPDX-License-Identifier: Apache-2.0 */
/* What config_print writes loads to the same: printing it again gives the same text. Passwords are masked. */
#include "reading.h"

static struct buf printed(const struct reading *reading)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    config_print(reading->config, &text);
    buf_byte(&text, 0);
    assert_false(text.failed);
    return text;
}

static void assert_round_trip(const char *yaml)
{
    struct reading *first = read_good(yaml);
    struct buf text = printed(first);
    struct reading *second = read_good(text.data);
    struct buf again = printed(second);
    assert_string_equal(text.data, again.data);
    buf_done(&text);
    buf_done(&again);
    reading_free(first);
    reading_free(second);
}

static void the_defaults_round_trip(void **state)
{
    (void)state;
    assert_round_trip("database: sqlite:/x\ndefaults: {read: anonymous}\nresources: {a: {}}\n");
    assert_round_trip(
        "database: sqlite:/x\nchanges: triggers\ndefaults: {read: anonymous}\nresources: {a: {}}\n");
    assert_round_trip(
        "database: sqlite:/x\ncache: {memory: auto}\ndefaults: {read: anonymous}\nresources: {a: {}}\n");
    assert_round_trip(
        "database: sqlite:/x\ncache: {memory: 0}\ndefaults: {read: anonymous}\nresources: {a: {}}\n");
}

static void every_key_round_trips(void **state)
{
    (void)state;
    assert_round_trip(
        "leat: 1\n"
        "listen: ['127.0.0.1:1', '[::1]:2']\n"
        "admin: '[::1]:3'\n"
        "serve: {/: plain, /rest: postgrest}\n"
        "proxies: [10.0.0.0/8, 'fd00::/16', 127.0.0.1]\n"
        "cors: [https://a.example, 'http://[::1]:3000']\n"
        "workers: 7\n"
        "database: {url: 'postgresql://me@h/d?x=1#y', pool: {size: 1, overflow: 0, wait: 1ms, recycle: 2h},\n"
        "  timeout: 90s, slow: [1ms, 2s, 3m, 4h], prepared: off, gather: off}\n"
        "auth: {roles: [v < a < m, x], role: a, claims: {user: id, tenant: org, role: kind}, tenant: org_id, rights: database,\n"
        "  secret: 'a text that is as long as it must be', session: 8h, sessions: stored, audit: [writes, logins],\n"
        "  login: {table: users, account: email, password: hash, seen: last_login},\n"
        "  keys: [{alg: RS256, jwks: k.json, issuer: 'https://id.example', audience: leat, claims: {tenant: org}},\n"
        "    {alg: HS256, secret: 'a text that is as long as it must be', claims: {user: u, role: r}}]}\n"
        "state: /var/lib/leat\n"
        "cache: {memory: off, warm: [a, 'b?c=d'], warm_top: 3, warm_rate: 4, api: [a, m], api_memory: 7MiB, grace: 7s, errors: 8m, absent: 9s}\n"
        "limits: [{per: [user, route], rate: 5/min, window: sliding, when: [read, m, anonymous], weight: 3, shadow: on, name: u-r},\n"
        "  {per: tenant, rate: 5000/s, burst: 10000, tiers: {x: 7/h, m: 8/d}},\n"
        "  {per: [account, address], rate: 5/min, window: fixed, on: login.failed}]\n"
        "limiter: {keys: 5000}\n"
        "shed: {target: off, interval: 2s, least: 9}\n"
        "http: {head: 1500ms, idle: 1h, head_bytes: 2KiB, heads_bytes_total: 1GiB, body_bytes: 0B,\n"
        "  connections: 5, per_address: 4, body_rate: 3B/s, read_rate: 2KiB/s}\n"
        "body: {record_bytes: 2KiB, members: 7}\n"
        "spool: {folder: /var/spool/leat, bytes: 5GiB}\n"
        "answers: {bytes_max: 1MiB, bytes_total: 3GiB, spool_bytes: 2GiB}\n"
        "drain: {delay: 3s, idle: 4s, max: 5m}\n"
        "log: {level: warn, sample: 100, slow: 2s, sql: off}\n"
        "query: {params: 1, conditions: 2, in_values: 3, order: 4, select: 5, depth: 6, value_bytes: 64B}\n"
        "defaults: {read: none, write: anonymous, tenant: owner, cache: 7m, page: {size: 5, max: 6, by: number, total: 5m, export: 7}}\n"
        "resources:\n"
        "  s.users: {as: u.sers, limits: [{per: address, rate: 9/s}], columns: '*,-pass', select: 'id,name', order: 'a.desc.nullslast,id', key: 'id',\n"
        "    read: [anonymous, x, a], any: {status: all, kind: '*'}, page: {size: 1},\n"
        "    write: none, rows: {anonymous: 'a=eq.1&b=lt.2', m: 'c=gt.3'}, put: merge, unfiltered: allowed, cache: {list: 1m, row: 2m, share: user, writes: through, client: 3s, shared: 4s, local: 'a,b', tags: [a, 'b:c']}, changes: [t, 's.u'], signals: [done], behind: {n: 90s, o: 1h}, deleted: gone,\n"
        "    set: {u: ':now', c: ':now on create', s: 'web', o: ':user on create', r: ':role', e: '', t: 'a: b on create'},\n"
        "    envelope: {'the rows': rows, page: page, size: size, total: total, pages: pages, more: more}}\n"
        "  plain: {table: other.thing, envelope: none, page: {by: cursor}, tenant: none}\n"
        "  cut: {columns: {v: 'id,name', m: '*'}, tenant: owner_id}\n"
        "signals: {done: {raise: [v, a], on: plain, when: 'or=(a.eq.1,b.lt.2)', tables: [t]}, none: {}, login: {on: auth/login},\n"
        "  told: {purge: {url: 'https://a/b', method: DELETE, add: {K: v}, body: '{\"a\": 1}', timeout: 3s}}}\n"
        "functions: {a.search: {call: anonymous, tenant: org, changes: []}, auth: {function: s.login, call: anonymous, tenant: none}}\n"
        "upstream: {/: 'http://a', /b: {url: 'https://b/c', read: x, write: [a, v], methods: [PUT], connect: 1s,\n"
        "  timeout: 2s, whole: off, rate: 3B/s, retries: 4, concurrent: 5, body_bytes: 6B, answer_bytes: 7B,\n"
        "  breaker: {failures: off, window: 8s, open: 9s}, authorization: pass, drop: [X-Y, z], add: {A: b, C: d},\n"
        "  cache: {list: 3s, errors: 4s, share: user, local: '*'}, tables: [t, 's.u'], limits: [{per: address, rate: 1/s}]}}\n");
}

static void odd_texts_round_trip(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\"a: b\"",
        "\"# no comment\"",
        "\"quote \\\" and \\\\ and tab \\t and line \\n\"",
        "\"\\x01\\x7f\"",
        "\"\\u0085\\u2028\\ufeff\"",
        "\"\\U0001f600 \xc3\xa9\"",
        "\"$${NOT_SET}\"",
        "'*'",
        "'null'",
        "\"~\"",
        "\" space \"",
        "\"-\"",
        "\"a:\"",
        "\"{}\"",
        "\"[\"",
        "\"%\"",
        "\"@x\"",
        "\"`\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char yaml[400];
        snprintf(
            yaml, sizeof yaml,
            "database: sqlite:/x\ndefaults: {read: anonymous}\nresources: {a: {columns: %s, any: {%s: %s}}}\n",
            texts[i], texts[i], texts[i]);
        assert_round_trip(yaml);
    }
}

static void a_password_is_never_printed(void **state)
{
    (void)state;
    static const struct {
        const char *url, *masked;
    } cases[] = {
        {"postgresql://me:geheim@host/db", "postgresql://me:***@host/db"},
        {"postgresql://me:ge@heim@host/db", "postgresql://me:***@host/db"},
        {"postgresql://me:ge/he?im@host:5432/db?a=b", "postgresql://me:***@host:5432/db?a=b"},
        {"postgresql://me:geheim@[::1]:5432/db", "postgresql://me:***@[::1]:5432/db"},
        {"postgresql://host/db?user=me&password=geheim&x=1", "postgresql://host/db?user=me&password=***&x=1"},
        {"postgresql://host/db?password=geheim", "postgresql://host/db?password=***"},
        {"postgresql://me@host/db", "postgresql://me@host/db"},
        {"postgresql://host:5432/db", "postgresql://host:5432/db"},
        {"postgresql:///db", "postgresql:///db"},
        {"sqlite:/x@y:z.db", "sqlite:/x@y:z.db"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena arena;
        arena_init(&arena, 1024);
        assert_slice(config_url_masked(&arena, slice_str(cases[i].url)), cases[i].masked);
        arena_done(&arena);
    }
}

static void a_printed_configuration_holds_no_password(void **state)
{
    (void)state;
    struct reading *reading =
        read_good("database: postgresql://me:geheim@h/d\ndefaults: {read: anonymous}\nresources: {a: {}}\n");
    struct buf text = printed(reading);
    assert_null(strstr(text.data, "geheim"));
    assert_non_null(strstr(text.data, "me:***@h"));
    buf_done(&text);
    reading_free(reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_round_trip),
        cmocka_unit_test(every_key_round_trips),
        cmocka_unit_test(odd_texts_round_trip),
        cmocka_unit_test(a_password_is_never_printed),
        cmocka_unit_test(a_printed_configuration_holds_no_password),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
