/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's rules against callers: which count whom, by what, for how much. */
#include "lib/unit.h"

#include <arpa/inet.h>

#include "limit/rules.h"

#define CONFIG \
    "database: sqlite:/x\n" \
    "auth: {roles: free < pro < admin}\n" \
    "limits:\n" \
    "  - {per: [tenant, user], rate: 10/s, burst: 20, tiers: {pro: 100/s, free: 6/min}}\n" \
    "  - {per: address, rate: 5/min, window: sliding, when: [anonymous, write]}\n" \
    "  - {per: [address, account], rate: 3/min, on: login.failed, name: login}\n" \
    "resources: {users: {limits: [{per: route, rate: 7/h, window: fixed}, {per: route, rate: 8/h}]}}\n"

struct fixture {
    struct arena arena;
    struct config *config;
    struct limiter *limiter;
    struct limit_rules *rules;
    struct in6_addr address;
    struct limit_charge charges[LIMIT_CHARGES_MAX];
};

static int make(void **state)
{
    struct fixture *fixture = test_calloc(1, sizeof *fixture);
    arena_init(&fixture->arena, 4096);
    struct complaints *complaints = ARENA_NEW(&fixture->arena, struct complaints);
    complaints->arena = &fixture->arena;
    enum error error = config_load_bytes("x", SLICE(CONFIG), NULL, 0, complaints, &fixture->config);
    assert_int_equal(error, OK);
    fixture->limiter = limiter_new(&(struct limiter_options){.keys_max = 1000, .seed = 3});
    assert_non_null(fixture->limiter);
    fixture->rules = limit_rules_new(fixture->limiter, fixture->config);
    assert_non_null(fixture->rules);
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", &fixture->address), 1);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    limit_rules_free(fixture->rules);
    limiter_free(fixture->limiter);
    config_free(fixture->config);
    arena_done(&fixture->arena);
    test_free(fixture);
    return 0;
}

static unsigned role(const struct fixture *fixture, const char *name)
{
    const struct config_role *found = config_role_find(&fixture->config->auth, slice_str(name));
    return found ? found->bit : ROLE_ANONYMOUS;
}

static struct limit_caller caller(const struct fixture *fixture, const char *role_name, const char *user,
                                  const char *tenant)
{
    return (struct limit_caller){.address = &fixture->address,
                                 .role = role(fixture, role_name),
                                 .role_name = slice_str(role_name),
                                 .user = slice_str(user),
                                 .tenant = slice_str(tenant),
                                 .route = SLICE("users")};
}

static unsigned match(struct fixture *fixture, unsigned list, const struct limit_caller *caller)
{
    return limit_rules_match(fixture->rules, list, LIMIT_ON_REQUEST, caller, fixture->charges, 0);
}

static void a_tier_has_its_rate_and_a_burst_to_match(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        const char *role;
        struct limit_quota quota;
    } tiers[] = {{"admin", {.kind = LIMIT_BUCKET, .unit = LIMIT_SECOND, .count = 10, .burst = 20}},
                 {"pro", {.kind = LIMIT_BUCKET, .unit = LIMIT_SECOND, .count = 100, .burst = 200}},
                 {"free", {.kind = LIMIT_BUCKET, .unit = LIMIT_MINUTE, .count = 6, .burst = 1}}};
    uint64_t keys[3];
    for (unsigned i = 0; i < 3; i++) {
        struct limit_caller who = caller(fixture, tiers[i].role, "7", "a");
        assert_int_equal(match(fixture, fixture->config->limits.number, &who), 1);
        struct limit_quota expected = tiers[i].quota;
        limit_quota_settle(&expected);
        assert_memory_equal(fixture->charges[0].quota, &expected, sizeof expected);
        keys[i] = fixture->charges[0].key;
    }
    assert_true(keys[0] != keys[1] && keys[1] != keys[2]);
    assert_slice(limit_grant_of(&fixture->charges[0])->fields,
                 "X-RateLimit-Limit: 1\r\nRateLimit-Policy: \"user-tenant\";q=1;w=10\r\n");
}

static void each_combination_of_parts_is_a_key(void **state)
{
    struct fixture *fixture = *state;
    const char *people[][2] = {{"7", "a"}, {"8", "a"}, {"7", "b"}, {"7a", ""}, {"", "7a"}};
    uint64_t keys[5];
    for (unsigned i = 0; i < 5; i++) {
        struct limit_caller who = caller(fixture, "admin", people[i][0], people[i][1]);
        assert_int_equal(match(fixture, fixture->config->limits.number, &who), 1);
        keys[i] = fixture->charges[0].key;
        for (unsigned j = 0; j < i; j++)
            assert_true(keys[i] != keys[j]);
    }
}

static void who_lacks_a_part_is_not_counted_by_it(void **state)
{
    struct fixture *fixture = *state;
    struct limit_caller who = caller(fixture, "admin", "7", NULL);
    assert_int_equal(match(fixture, fixture->config->limits.number, &who), 0);
    who = caller(fixture, "anonymous", NULL, NULL);
    assert_int_equal(match(fixture, fixture->config->limits.number, &who), 0);
    who.write = true;
    assert_int_equal(match(fixture, fixture->config->limits.number, &who), 1);
    assert_int_equal(fixture->charges[0].quota->kind, LIMIT_SLIDING);
}

static void an_ipv6_network_of_64_bits_is_one_address(void **state)
{
    struct fixture *fixture = *state;
    const char *addresses[] = {"2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1", "::ffff:192.0.2.1",
                               "::ffff:192.0.2.2"};
    uint64_t keys[5];
    for (unsigned i = 0; i < 5; i++) {
        struct limit_caller who = caller(fixture, "anonymous", NULL, NULL);
        assert_int_equal(inet_pton(AF_INET6, addresses[i], &fixture->address), 1);
        who.write = true;
        assert_int_equal(match(fixture, fixture->config->limits.number, &who), 1);
        keys[i] = fixture->charges[0].key;
    }
    assert_true(keys[0] == keys[1] && keys[1] != keys[2] && keys[2] != keys[3] && keys[3] != keys[4]);
}

static void events_are_counted_by_their_rules_alone(void **state)
{
    struct fixture *fixture = *state;
    struct limit_caller who = caller(fixture, "anonymous", NULL, NULL);
    who.account = SLICE("ann@example.com");
    assert_int_equal(limit_rules_match(fixture->rules, fixture->config->limits.number, LIMIT_ON_LOGIN_FAILED,
                                       &who, fixture->charges, 0),
                     1);
    assert_slice(limit_grant_of(&fixture->charges[0])->name, "login");
}

static void names_are_told_apart(void **state)
{
    struct fixture *fixture = *state;
    struct limit_caller who = caller(fixture, "admin", "7", "a");
    assert_int_equal(match(fixture, fixture->config->resources[0].limits.number, &who), 2);
    assert_slice(limit_grant_of(&fixture->charges[0])->name, "users.route");
    assert_slice(limit_grant_of(&fixture->charges[1])->name, "users.route-2");
    assert_int_equal(match(fixture, 0, &who), 0);
}

static void a_rule_that_stays_keeps_its_account(void **state)
{
    struct fixture *fixture = *state;
    struct limit_rules *again = limit_rules_new(fixture->limiter, fixture->config);
    assert_non_null(again);
    for (unsigned i = 0; i < again->list_count; i++)
        for (unsigned j = 0; j < again->lists[i].count; j++)
            assert_ptr_equal(again->lists[i].items[j].account, fixture->rules->lists[i].items[j].account);
    limit_rules_free(again);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, end)
    const struct CMUnitTest tests[] = {
        TEST(a_tier_has_its_rate_and_a_burst_to_match), TEST(each_combination_of_parts_is_a_key),
        TEST(who_lacks_a_part_is_not_counted_by_it),    TEST(an_ipv6_network_of_64_bits_is_one_address),
        TEST(events_are_counted_by_their_rules_alone),  TEST(names_are_told_apart),
        TEST(a_rule_that_stays_keeps_its_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
