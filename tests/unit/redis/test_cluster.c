/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a Cluster of three: keys go to their nodes, moved slots are followed, a lost node costs its own keys alone. */
#include "harness.h"

#include <stdio.h>

enum { KEYS = 60 };

struct test {
    struct redis_server *server;
    struct harness harness;
    struct question questions[KEYS];
};

static int begin(void **state)
{
    struct test *test = test_calloc(1, sizeof *test);
    test->server = redis_server_start("cluster");
    harness_open(&test->harness, redis_server_url(test->server));
    *state = test;
    return 0;
}

static int end(void **state)
{
    struct test *test = *state;
    harness_end(&test->harness);
    redis_server_stop(test->server);
    test_free(test);
    return 0;
}

static bool is_whole(struct test *test)
{
    char key[16];
    for (unsigned i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "k%u", i);
        if (redis_lag_us(test->harness.redis, slice_str(key)) == INT64_MAX)
            return false;
    }
    return true;
}

/* How many were taken and answered so. */
static unsigned ask_all(struct test *test, const char *verb, const char *rest, const char *expected)
{
    char words[64];
    unsigned good = 0;
    for (unsigned i = 0; i < KEYS; i++) {
        snprintf(words, sizeof words, "%s k%u%s", verb, i, rest);
        if (harness_send(&test->harness, &test->questions[i], words, 3000) != OK)
            test->questions[i].ends = 1;
    }
    for (unsigned i = 0; i < KEYS; i++) {
        AWAIT(&test->harness, test->questions[i].ends == 1);
        good += strcmp(test->questions[i].text, expected) == 0;
    }
    return good;
}

static void keys_of_all_nodes_are_written_and_read(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, is_whole(test));
    assert_int_equal(ask_all(test, "SET", " v", "+OK"), KEYS);
    assert_int_equal(ask_all(test, "GET", "", "$v"), KEYS);
    assert_int_equal(test->harness.plan->counters.errors, 0); /* none was sent on */
}

static void a_single_host_of_a_cluster_is_enough(void **state)
{
    struct test *test = *state;
    struct harness other;
    struct question question;
    char url[64];
    snprintf(url, sizeof url, "%s", redis_server_url(test->server));
    *strchr(url, ',') = '\0';
    harness_open(&other, url);
    for (int i = 0; i < KEYS; i++) {
        char words[32];
        snprintf(words, sizeof words, "SET k%d v", i);
        AWAIT(&other, redis_lag_us(other.redis, slice_str("k0")) < INT64_MAX &&
                          harness_send(&other, &question, words, 3000) == OK);
        AWAIT(&other, question.ends == 1);
    }
    assert_string_equal(question.text, "+OK");
    harness_end(&other);
}

static void a_server_that_is_no_node_is_refused_as_one(void **state)
{
    struct test *test = *state;
    struct redis_server *plain = redis_server_start("plain");
    struct harness other;
    char url[128];
    snprintf(url, sizeof url, "%s/?cluster=on", redis_server_url(plain));
    harness_open(&other, url);
    AWAIT(&other, strcmp(redis_why(other.redis), "it is no node of a cluster") == 0);
    assert_false(redis_is_up(other.redis));
    harness_end(&other);
    redis_server_stop(plain);
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
}

/* The slot of this key goes from the node that has it to another; with ASK in between. */
static void moved_slots_are_followed(void **state)
{
    struct test *test = *state;
    struct question question;
    char slot[16], ids[3][64];
    AWAIT(&test->harness, is_whole(test));
    assert_string_equal(harness_ask(&test->harness, &question, "SET k1 old"), "+OK");
    snprintf(slot, sizeof slot, "%s", redis_server_tell(test->server, "cli CLUSTER KEYSLOT k1"));
    for (int i = 0; i < 3; i++)
        snprintf(ids[i], sizeof ids[i], "%s", redis_server_tell(test->server, "cli_at %d CLUSTER MYID", i));
    int from = (int)strtol(slot, NULL, 10) / (16384 / 3 + 1), to = (from + 1) % 3;
    redis_server_tell(test->server, "cli_at %d CLUSTER SETSLOT %s IMPORTING %s", to, slot, ids[from]);
    redis_server_tell(test->server, "cli_at %d CLUSTER SETSLOT %s MIGRATING %s", from, slot, ids[to]);
    assert_string_equal(harness_ask(&test->harness, &question, "GET k1"), "$old");
    redis_server_tell(test->server, "cli_at %d DEL k1", from);
    assert_string_equal(harness_ask(&test->harness, &question, "GET k1"), "(nil)"); /* ASK */
    assert_string_equal(harness_ask(&test->harness, &question, "SET k1 new"), "+OK");
    for (int i = 0; i < 3; i++)
        redis_server_tell(test->server, "cli_at %d CLUSTER SETSLOT %s NODE %s", (to + i) % 3, slot, ids[to]);
    assert_string_equal(harness_ask(&test->harness, &question, "GET k1"), "$new"); /* MOVED */
    unsigned long long errors;
    do { /* until the new map is there, and nothing is sent on any more */
        errors = test->harness.plan->counters.errors;
        assert_string_equal(harness_ask(&test->harness, &question, "GET k1"), "$new");
    } while (test->harness.plan->counters.errors != errors);
}

static void a_lost_node_costs_its_own_keys_alone_and_comes_back(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, is_whole(test));
    assert_int_equal(ask_all(test, "SET", " v", "+OK"), KEYS);
    redis_server_tell(test->server, "kill 1");
    AWAIT(&test->harness, !is_whole(test));
    assert_true(redis_is_up(test->harness.redis));
    unsigned left = ask_all(test, "GET", "", "$v");
    assert_in_range(left, KEYS / 3, KEYS - 5);
    redis_server_tell(test->server, "start_node 1");
    AWAIT(&test->harness, ask_all(test, "SET", " w", "+OK") == KEYS);
}

static void all_nodes_lost_are_found_again_by_the_url(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, is_whole(test));
    redis_server_tell(test->server, "kill");
    AWAIT(&test->harness, !redis_is_up(test->harness.redis));
    redis_server_tell(test->server, "start");
    AWAIT(&test->harness, is_whole(test));
    assert_int_equal(ask_all(test, "SET", " v", "+OK"), KEYS);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
static const struct CMUnitTest tests[] = {
    TEST(keys_of_all_nodes_are_written_and_read),
    TEST(a_single_host_of_a_cluster_is_enough),
    TEST(a_server_that_is_no_node_is_refused_as_one),
    TEST(moved_slots_are_followed),
    TEST(a_lost_node_costs_its_own_keys_alone_and_comes_back),
    TEST(all_nodes_lost_are_found_again_by_the_url),
};

UNIT_TEST_MAIN(tests)
