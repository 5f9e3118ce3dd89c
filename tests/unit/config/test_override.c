/* SPDX-License-Identifier: Apache-2.0 */
/* --set and the options that are short for it. */
#include "reading.h"

#define BASE "database: sqlite:/x\ndefaults: {read: anonymous}\nresources: {users: {order: id}}\n"

static struct reading *read_set(const char *yaml, const char *path, const char *value)
{
    struct config_override override = {slice_str(path), slice_str(value), NULL};
    return read_with(yaml, &override, 1);
}

static void a_key_that_the_file_has_is_replaced(void **state)
{
    (void)state;
    struct reading *reading = read_set(BASE "listen: 127.0.0.1:1\n", "listen", "127.0.0.1:2");
    assert_slice(reading->config->listen[0].text, "127.0.0.1:2");
    reading_free(reading);
}

static void a_key_that_the_file_lacks_is_made_with_its_mappings(void **state)
{
    (void)state;
    struct reading *reading = read_set(BASE, "http.body_bytes", "3MiB");
    assert_int_equal(reading->config->http.body_bytes, 3 << 20);
    reading_free(reading);
}

static void a_key_of_a_resource_can_be_set(void **state)
{
    (void)state;
    struct reading *reading = read_set(BASE, "resources.users.page.size", "5");
    assert_int_equal(reading->config->resources[0].page.size, 5);
    assert_slice(reading->config->resources[0].order.text, "id");
    reading_free(reading);
}

static void a_key_beside_a_plain_database_url_keeps_the_url(void **state)
{
    (void)state;
    struct reading *reading = read_set(BASE, "database.timeout", "5s");
    assert_int_equal(reading->config->database.timeout_ms, 5000);
    assert_slice(reading->config->database.url.text, "sqlite:/x");
    reading_free(reading);
}

static void the_whole_database_can_be_set_as_a_url(void **state)
{
    (void)state;
    struct reading *reading = read_set("database: {url: sqlite:/x, timeout: 1s}\n", "database", "sqlite:/y");
    assert_slice(reading->config->database.url.text, "sqlite:/y");
    assert_int_equal(reading->config->database.timeout_ms, 30000);
    reading_free(reading);
}

static void a_value_is_yaml(void **state)
{
    (void)state;
    struct reading *reading = read_set(BASE, "listen", "['127.0.0.1:1', '127.0.0.1:2']");
    assert_int_equal(reading->config->listen_count, 2);
    reading_free(reading);
}

static void a_key_without_a_value_becomes_a_mapping_when_set(void **state)
{
    (void)state;
    struct reading *reading = read_set(BASE "http:\n", "http.connections", "5");
    assert_int_equal(reading->config->http.connections, 5);
    reading_free(reading);
}

static void the_later_of_two_wins(void **state)
{
    (void)state;
    struct config_override overrides[] = {{SLICE("workers"), SLICE("3"), NULL},
                                          {SLICE("workers"), SLICE("4"), "--workers"}};
    struct reading *reading = read_with(BASE, overrides, 2);
    assert_int_equal(reading->config->workers, 4);
    reading_free(reading);
}

static void an_options_value_is_taken_as_it_is(void **state)
{
    (void)state;
    struct config_override url = {SLICE("database.url"), SLICE("sqlite:/a #b: ${c}"), "--database"};
    struct reading *reading = read_with(BASE, &url, 1);
    assert_slice(reading->config->database.url.text, "sqlite:/a #b: ${c}");
    reading_free(reading);
}

static void a_path_from_the_command_line_starts_where_the_user_is(void **state)
{
    (void)state;
    struct config_override url = {SLICE("database.url"), SLICE("sqlite:here.db"), "--database"};
    struct reading *reading = read_with(BASE, &url, 1);
    assert_slice(reading->config->database.url.text, "sqlite:here.db");
    reading_free(reading);
}

static const struct {
    const char *path, *value, *said;
} mistakes[] = {
    {"database.tiemout", "5s",
     "--set database.tiemout: `database` has no key `tiemout`: did you mean `timeout`?\n"},
    {"database.timeout", "5",
     "--set database.timeout: `timeout`: found `5`, expected a duration with its unit such as `30s` (ms, s, m, h or d)\n"},
    {"database.timeout", "",
     "--set database.timeout: `timeout`: found nothing, expected a duration with its unit such as `30s` (ms, s, m, h or d)\n"},
    {"listen.x", "5", "--set listen.x: `listen` is not a mapping\n"},
    {"listen", "[",
     "--set listen: this is not YAML: while parsing a flow node, did not find expected node content\n"},
    {"database.", "5", "--set database.: expected a path and a value such as `--set database.timeout=5s`\n"},
    {"resources..read", "none",
     "--set resources..read: expected a path and a value such as `--set database.timeout=5s`\n"},
    {".database.timeout", "5s",
     "--set .database.timeout: expected a path and a value such as `--set database.timeout=5s`\n"},
    {"redis", "x", "--set redis: `redis`: expected `redis://host:6379/0`, or `rediss://` for TLS\n"},
    {"listen", "${LEAT_UNIT_UNSET}",
     "--set listen: the environment has no LEAT_UNIT_UNSET: set it, or write a default: ${LEAT_UNIT_UNSET:-…}\n"},
};

static void mistakes_name_the_option_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        struct reading *reading = read_set(BASE "listen: 127.0.0.1:1\n", mistakes[i].path, mistakes[i].value);
        assert_complaints(&reading->complaints, mistakes[i].said);
        assert_null(reading->config);
        reading_free(reading);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_that_the_file_has_is_replaced),
        cmocka_unit_test(a_key_that_the_file_lacks_is_made_with_its_mappings),
        cmocka_unit_test(a_key_of_a_resource_can_be_set),
        cmocka_unit_test(a_key_beside_a_plain_database_url_keeps_the_url),
        cmocka_unit_test(the_whole_database_can_be_set_as_a_url),
        cmocka_unit_test(a_value_is_yaml),
        cmocka_unit_test(a_key_without_a_value_becomes_a_mapping_when_set),
        cmocka_unit_test(the_later_of_two_wins),
        cmocka_unit_test(an_options_value_is_taken_as_it_is),
        cmocka_unit_test(a_path_from_the_command_line_starts_where_the_user_is),
        cmocka_unit_test(mistakes_name_the_option_as_it_was_written),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
