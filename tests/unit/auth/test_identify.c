/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, from where: which words about a client's address are believed, and who counts as being on this machine. */
#include "lib/unit.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "auth/identify.h"
#include "base/check.h"

enum { HEAD_BYTES_MAX = 16384 };

/* proxies: 10.0.0.0/8, 192.0.2.128/25, 2001:db8:ff::/44, 127.0.0.1 */
static const struct config *config_with_proxies(void)
{
    static struct config_proxy proxies[4] = {{.bits = 96 + 8},
                                             {.bits = 96 + 25},
                                             {.bits = 44},
                                             {.bits = 128}};
    static struct config config = {.proxies = proxies, .proxy_count = ARRAY_LEN(proxies)};
    static const char *const networks[] = {"::ffff:10.0.0.0", "::ffff:192.0.2.128",
                                           "2001:db8:ff::", "::ffff:127.0.0.1"};
    for (size_t i = 0; i < ARRAY_LEN(networks); i++)
        assert_int_equal(inet_pton(AF_INET6, networks[i], &proxies[i].network), 1);
    return &config;
}

static struct sockaddr_storage peer_at(const char *text)
{
    struct sockaddr_storage peer = {0};
    struct sockaddr_in *ipv4 = (void *)&peer;
    struct sockaddr_in6 *ipv6 = (void *)&peer;
    if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1)
        peer.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &ipv6->sin6_addr) == 1)
        peer.ss_family = AF_INET6;
    else
        peer.ss_family = AF_UNIX;
    return peer;
}

/* fields: whole header lines. */
static struct principal identified_at(const struct config *config, const char *peer, const char *host,
                                      const char *fields)
{
    static const struct http_limits limits = {.line_bytes_max = HEAD_BYTES_MAX,
                                              .head_bytes_max = HEAD_BYTES_MAX};
    static char text[HEAD_BYTES_MAX];
    struct http_field room[HTTP_FIELDS_MAX];
    struct http_head head;
    struct sockaddr_storage address = peer_at(peer);
    struct principal principal;
    int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n%s\r\n", host, fields);
    http_head_init(&head, room, HTTP_FIELDS_MAX);
    assert_int_equal(http_head_parse(&head, &limits, text, (size_t)len), HTTP_DONE);
    memset(&principal, 0xee, sizeof principal);
    identify(config, &address, &head, &principal);
    return principal;
}

static struct principal identified(const struct config *config, const char *peer, const char *fields)
{
    return identified_at(config, peer, "localhost", fields);
}

static void assert_address(const struct principal *principal, const char *expected)
{
    char text[INET6_ADDRSTRLEN];
    address_format(&principal->address, text);
    assert_string_equal(text, expected);
}

struct example {
    const char *peer, *fields, *address;
    bool via_proxy;
};

static void assert_examples(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct principal principal = identified(config_with_proxies(), examples[i].peer, examples[i].fields);
        assert_address(&principal, examples[i].address);
        assert_int_equal(principal.via_proxy, examples[i].via_proxy);
        assert_false(principal.loopback);
    }
}

static void everyone_is_anonymous_and_may_what_is_granted_to_it(void **state)
{
    (void)state;
    struct principal principal =
        identified(config_with_proxies(), "203.0.113.9", "Authorization: Bearer x\r\n");
    assert_int_equal(principal.caller.roles, ROLE_ANONYMOUS);
    assert_true(caller_may(&principal.caller, ROLE_ANONYMOUS));
    assert_false(caller_may(&principal.caller, ROLES_NONE));
}

static void without_a_proxy_the_address_is_the_peers(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"203.0.113.9", "", "203.0.113.9", false},
        {"2001:db8::1", "", "2001:db8::1", false},
        {"::ffff:203.0.113.9", "", "203.0.113.9", false},
        {"10.0.0.1", "", "10.0.0.1", false},
        {"unix", "", "::", false},
    };
    assert_examples(examples, ARRAY_LEN(examples));
}

static void what_an_undeclared_speaker_claims_is_not_believed(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"203.0.113.9", "X-Forwarded-For: 198.51.100.1\r\n", "203.0.113.9", false},
        {"203.0.113.9", "X-Forwarded-For: 127.0.0.1\r\n", "203.0.113.9", false},
        {"192.0.2.127", "X-Forwarded-For: 198.51.100.1\r\n", "192.0.2.127",
         false}, /* one below the network */
        {"2001:db8:110::1", "X-Forwarded-For: 198.51.100.1\r\n", "2001:db8:110::1", false},
    };
    assert_examples(examples, ARRAY_LEN(examples));
}

static void the_right_most_that_is_no_proxy_is_the_client(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.1\r\n", "198.51.100.1", true},
        {"::ffff:10.0.0.1", "X-Forwarded-For: 198.51.100.1\r\n", "198.51.100.1", true},
        {"2001:db8:ff::1", "X-Forwarded-For: 2001:db8::7\r\n", "2001:db8::7", true},
        {"192.0.2.128", "X-Forwarded-For: 198.51.100.1\r\n", "198.51.100.1", true},
        {"10.0.0.1", "X-Forwarded-For: 6.6.6.6, 198.51.100.1\r\n", "198.51.100.1", true},
        {"10.0.0.1", "X-Forwarded-For: 6.6.6.6, 198.51.100.1 , 10.9.9.9\r\n", "198.51.100.1", true},
        {"10.0.0.1",
         "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 10.1.1.1\r\n",
         "198.51.100.1", true},
        {"10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3", true},
        {"10.0.0.1", "X-Forwarded-For: ,, 198.51.100.1,,\r\n", "198.51.100.1", true},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.1:4711\r\n", "198.51.100.1", true},
        {"10.0.0.1", "X-Forwarded-For: [2001:db8::7]:4711\r\n", "2001:db8::7", true},
        {"10.0.0.1", "X-Forwarded-For: [2001:db8::7]\r\n", "2001:db8::7", true},
        {"10.0.0.1", "X-Forwarded-For: ::ffff:198.51.100.1\r\n", "198.51.100.1", true},
    };
    assert_examples(examples, ARRAY_LEN(examples));
}

static void what_is_no_address_ends_the_walk(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.1, unknown\r\n", "10.0.0.1", true},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.1, unknown, 10.0.0.2\r\n", "10.0.0.2", true},
        {"10.0.0.1", "X-Forwarded-For: \r\n", "10.0.0.1", true},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.256\r\n", "10.0.0.1", true},
        {"10.0.0.1", "X-Forwarded-For: [2001:db8::7\r\n", "10.0.0.1", true},
        {"10.0.0.1", "X-Forwarded-For: fe80::1%eth0\r\n", "10.0.0.1", true},
        {"10.0.0.1", "X-Forwarded-For: 1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9\r\n", "10.0.0.1",
         true},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.1 6.6.6.6\r\n", "10.0.0.1", true},
    };
    assert_examples(examples, ARRAY_LEN(examples));
}

/* A client's unclosed quote must not swallow what the proxy appends. */
static void quotes_mean_nothing_in_x_forwarded_for(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"10.0.0.1", "X-Forwarded-For: \", 198.51.100.1\r\n", "198.51.100.1", true},
        {"10.0.0.1", "X-Forwarded-For: \"6.6.6.6, 198.51.100.1\"\r\n", "10.0.0.1", true},
        {"10.0.0.1", "X-Forwarded-For: \"6.6.6.6\", 198.51.100.1\r\n", "198.51.100.1", true},
    };
    assert_examples(examples, ARRAY_LEN(examples));
}

static void only_the_last_of_very_many_entries_are_looked_at(void **state)
{
    (void)state;
    static char fields[12000] = "X-Forwarded-For: 6.6.6.6";
    char *at = fields + strlen(fields);
    for (unsigned i = 0; i < 200; i++)
        at = stpcpy(at, ",10.0.0.2");
    stpcpy(at, "\r\n");
    struct principal principal = identified(config_with_proxies(), "10.0.0.1", fields);
    assert_address(&principal, "10.0.0.2");
    stpcpy(at, ",198.51.100.1,10.0.0.3\r\n");
    principal = identified(config_with_proxies(), "10.0.0.1", fields);
    assert_address(&principal, "198.51.100.1");
}

static void loopback_is_who_speaks_itself_from_this_machine(void **state)
{
    (void)state;
    static const char *const here[] = {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"};
    static const char *const elsewhere[] = {"128.0.0.1", "126.255.255.255", "::2", "::127.0.0.1", "0.0.0.0",
                                            "unix",      "10.0.0.1"};
    for (size_t i = 0; i < ARRAY_LEN(here); i++)
        assert_true(identified(config_with_proxies(), here[i], "User-Agent: x\r\nX-Other: y\r\n").loopback);
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
        assert_false(identified(config_with_proxies(), elsewhere[i], "").loopback);
}

static void loopback_is_only_who_asks_this_machine_by_its_name(void **state)
{
    (void)state;
    static const char *const ours[] = {"localhost",       "LocalHost:8080", "leat.localhost",
                                       "a.b.LOCALHOST:1", "127.0.0.1",      "127.0.0.1:8080",
                                       "10.1.2.3",        "[::1]",          "[::1]:8080"};
    static const char *const others[] = {"evil.example", "evil.example:8080", "localhost.evil.example",
                                         "notlocalhost", ".localhost",        "127.0.0.1.evil.example",
                                         "127.0.0.1x",   "127-0-0-1.example"};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        assert_true(identified_at(config_with_proxies(), "127.0.0.1", ours[i], "").loopback);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_false(identified_at(config_with_proxies(), "127.0.0.1", others[i], "").loopback);
}

static void what_a_proxy_passed_on_is_never_loopback(void **state)
{
    (void)state;
    static const struct config no_proxies;
    static const char *const marks[] = {
        "X-Forwarded-For: 127.0.0.1\r\n",
        "X-Forwarded-For:\r\n",
        "Forwarded: for=127.0.0.1\r\n",
        "FORWARDED: for=x\r\n",
        "Via: 1.1 proxy\r\n",
        "x-real-ip: 127.0.0.1\r\n",
        "X-Forwarded-Proto: http\r\n",
        "X-Forwarded-Host: localhost\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        struct principal principal = identified(&no_proxies, "127.0.0.1", marks[i]);
        assert_false(principal.loopback);
        assert_false(principal.via_proxy);
        assert_address(&principal, "127.0.0.1");
        principal = identified(config_with_proxies(), "127.0.0.1", marks[i]);
        assert_false(principal.loopback);
        assert_true(principal.via_proxy);
    }
    struct principal principal = identified(config_with_proxies(), "10.0.0.1", "X-Forwarded-For: ::1\r\n");
    assert_address(&principal, "::1");
    assert_false(principal.loopback);
}

static void a_network_of_all_addresses_trusts_everyone(void **state)
{
    (void)state;
    static struct config_proxy all = {.bits = 0};
    static const struct config config = {.proxies = &all, .proxy_count = 1};
    struct principal principal =
        identified(&config, "203.0.113.9", "X-Forwarded-For: 6.6.6.6, 198.51.100.1\r\n");
    assert_address(&principal, "6.6.6.6");
}

static void a_role_brings_the_rights_that_it_has(void **state)
{
    (void)state;
    struct config_role roles[] = {{.name = SLICE("viewer"), .bit = 2, .rights = 3},
                                  {.name = SLICE("admin"), .bit = 4, .rights = 7}};
    struct config_auth auth = {.roles = roles, .role_count = 2, .role = ROLE_ANONYMOUS};
    struct caller caller = {0};
    identify_role(&auth, SLICE("admin"), &caller);
    assert_int_equal(caller.role, 4);
    assert_int_equal(caller.roles, 7);
    assert_true(caller_is_known(&caller));
    identify_role(&auth, SLICE("root"), &caller); /* a role that is none: known, with everybody's rights */
    assert_int_equal(caller.role, ROLE_ANONYMOUS);
    assert_int_equal(caller.roles, ROLE_ANONYMOUS);
    assert_true(caller_is_known(&caller));
    auth.role = 2;
    identify_role(&auth, (struct slice){0}, &caller);
    assert_int_equal(caller.role, 2);
    assert_int_equal(caller.roles, 3);
}

static bool is_operator(struct config *config, const char *role)
{
    struct principal principal = {.caller = {.role = ROLE_ANONYMOUS, .roles = ROLE_ANONYMOUS}};
    if (role)
        identify_role(&config->auth, slice_str(role), &principal.caller);
    return identify_operator(config, &principal, false);
}

static void operators_speak_from_this_machine_or_have_the_last_role_of_a_chain(void **state)
{
    (void)state;
    struct config_role roles[] = {{.name = SLICE("viewer"), .bit = 2, .rights = 3},
                                  {.name = SLICE("admin"), .bit = 4, .rights = 7},
                                  {.name = SLICE("auditor"), .bit = 8, .rights = 9}};
    struct config config = {.auth = {.roles = roles, .role_count = 2, .role = 2}};
    struct principal here = {.loopback = true};
    assert_true(identify_operator(&config, &here, false));
    assert_true(is_operator(&config, "admin"));
    assert_false(is_operator(&config, "viewer"));
    assert_false(is_operator(&config, NULL));
    config.auth.role_count = 3; /* the last stands alone: it is above nobody */
    assert_false(is_operator(&config, "admin"));
    assert_false(is_operator(&config, "auditor"));
    config.auth.role_count = 0;
    assert_false(is_operator(&config, NULL));
}

static void where_there_is_an_admin_address_operators_come_by_it(void **state)
{
    (void)state;
    struct config config = {.admin = {.text = SLICE("0.0.0.0:9090")}};
    struct principal principal = {.loopback = true};
    assert_true(identify_operator(&config, &principal, true));
    assert_false(identify_operator(&config, &principal, false));
    principal.loopback = false; /* a browser here that was led to us by another name, or a proxy's mark */
    memcpy(&principal.address.s6_addr[10], "\xff\xff\x7f\0\0\1", 6);
    assert_false(identify_operator(&config, &principal, true));
    principal.address.s6_addr[12] = 10;
    assert_true(identify_operator(&config, &principal, true));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(where_there_is_an_admin_address_operators_come_by_it),
    cmocka_unit_test(operators_speak_from_this_machine_or_have_the_last_role_of_a_chain),
    cmocka_unit_test(a_role_brings_the_rights_that_it_has),
    cmocka_unit_test(everyone_is_anonymous_and_may_what_is_granted_to_it),
    cmocka_unit_test(without_a_proxy_the_address_is_the_peers),
    cmocka_unit_test(what_an_undeclared_speaker_claims_is_not_believed),
    cmocka_unit_test(the_right_most_that_is_no_proxy_is_the_client),
    cmocka_unit_test(what_is_no_address_ends_the_walk),
    cmocka_unit_test(quotes_mean_nothing_in_x_forwarded_for),
    cmocka_unit_test(only_the_last_of_very_many_entries_are_looked_at),
    cmocka_unit_test(loopback_is_who_speaks_itself_from_this_machine),
    cmocka_unit_test(loopback_is_only_who_asks_this_machine_by_its_name),
    cmocka_unit_test(what_a_proxy_passed_on_is_never_loopback),
    cmocka_unit_test(a_network_of_all_addresses_trusts_everyone),
};

UNIT_TEST_MAIN(tests)
