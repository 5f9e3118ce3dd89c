/* SPDX-License-Identifier: Apache-2.0 */
/* What a good configuration becomes, and what defaults are. */
#include <arpa/inet.h>
#include <fcntl.h>

#include "lib/folder.h"

#include "reading.h"

#define SERVED "defaults: {read: anonymous}\nresources: {users: {}}\n"

static void the_defaults_are_as_documented(void **state)
{
    (void)state;
    struct reading *reading = read_good("database: sqlite:x.db\n" SERVED);
    const struct config *config = reading->config;
    assert_int_equal(config->listen_count, 1);
    assert_slice(config->listen[0].text, "127.0.0.1:8080");
    assert_int_equal(config->serve_count, 1);
    assert_slice(config->serve[0].prefix, "/api");
    assert_int_equal(config->serve[0].manner, MANNER_PLAIN);
    assert_int_equal(config->database.pool_size, 20);
    assert_int_equal(config->database.pool_overflow, 10);
    assert_int_equal(config->database.pool_wait_ms, 30000);
    assert_int_equal(config->database.pool_recycle_ms, 3600000);
    assert_int_equal(config->database.timeout_ms, 30000);
    assert_int_equal(config->database.slow_ms[0], 100);
    assert_int_equal(config->database.slow_ms[3], 10000);
    assert_true(config->database.prepared);
    assert_int_equal(config->database.gather_max, 64);
    assert_int_equal(config->http.head_ms, 5000);
    assert_int_equal(config->http.idle_ms, 30000);
    assert_int_equal(config->http.head_bytes, 16 << 10);
    assert_int_equal(config->http.heads_bytes_total, 64 << 20);
    assert_int_equal(config->http.body_bytes, 1 << 30);
    assert_int_equal(config->body.record_bytes, 1 << 20);
    assert_int_equal(config->body.members, 1600);
    assert_int_equal(config->spool.bytes, UINT64_C(4) << 30);
    assert_int_equal(config->http.connections, 20000);
    assert_int_equal(config->http.per_address, 2000);
    assert_int_equal(config->http.body_rate, 500);
    assert_int_equal(config->http.read_rate, 500);
    assert_int_equal(config->answers.bytes_max, 4 << 20);
    assert_int_equal(config->answers.bytes_total, 256 << 20);
    assert_int_equal(config->drain.delay_ms, 0);
    assert_int_equal(config->drain.idle_ms, 1000);
    assert_int_equal(config->drain.max_ms, 30000);
    assert_int_equal(config->log.sample, 1);
    assert_slice(config->log.level, "info");
    assert_int_equal(config->query.params, 100);
    assert_int_equal(config->query.in_values, 1000);
    assert_int_equal(config->query.url_value_bytes, 8 << 10);
    assert_int_equal(config->workers, 0);
    assert_false(config->open);
    reading_free(reading);
}

static void nobody_may_read_what_grants_nothing(void **state)
{
    (void)state;
    struct reading *reading = read_yaml("database: sqlite:x\nresources: {users: {}}\n");
    assert_int_equal(reading->config->resources[0].read, ROLES_NONE);
    assert_complaints(&reading->complaints, "leat.yaml:1:1: warning: nobody may read anything: grant it by "
                                            "`read: anonymous`, for all under `defaults:`\n");
    reading_free(reading);
}

static void a_resource_inherits_the_defaults_and_may_change_them(void **state)
{
    (void)state;
    struct reading *reading =
        read_good("database: sqlite:x\n"
                  "defaults: {read: anonymous, page: {size: 10, max: 50, by: number, total: 5m}}\n"
                  "resources:\n"
                  "  a:\n"
                  "  b: {read: none, page: {size: 20}}\n"
                  "  c: {read: [anonymous], page: {by: cursor}}\n");
    const struct config_resource *resources = reading->config->resources;
    assert_int_equal(reading->config->resource_count, 3);
    assert_int_equal(resources[0].read, ROLE_ANONYMOUS);
    assert_int_equal(resources[0].page.size, 10);
    assert_int_equal(resources[0].page.by, PAGE_BY_NUMBER);
    assert_int_equal(resources[0].page.total_ttl_ms, 300000);
    assert_int_equal(resources[1].read, ROLES_NONE);
    assert_int_equal(resources[1].page.size, 20);
    assert_int_equal(resources[1].page.max, 50);
    assert_int_equal(resources[2].read, ROLE_ANONYMOUS);
    assert_int_equal(resources[2].page.by, PAGE_BY_CURSOR);
    assert_int_equal(resources[2].page.total_ttl_ms, 0);
    reading_free(reading);
}

static void resources_inherit_defaults_that_stand_behind_them(void **state)
{
    (void)state;
    struct reading *reading =
        read_good("resources: {a: {}}\ndatabase: sqlite:x\ndefaults: {read: anonymous, page: {size: 7}}\n");
    assert_int_equal(reading->config->resources[0].read, ROLE_ANONYMOUS);
    assert_int_equal(reading->config->resources[0].page.size, 7);
    reading_free(reading);
}

static void a_resource_is_called_by_its_table_or_as_it_says(void **state)
{
    (void)state;
    struct reading *reading = read_good("database: sqlite:x\n"
                                        "defaults: {read: anonymous}\n"
                                        "resources:\n"
                                        "  users: {}\n"
                                        "  audit.logs: {}\n"
                                        "  app.users: {as: app_users}\n"
                                        "  people: {table: hr.persons}\n");
    const struct config_resource *resources = reading->config->resources;
    assert_slice(resources[0].name.text, "users");
    assert_slice(resources[0].table.text, "users");
    assert_slice(resources[1].name.text, "logs");
    assert_slice(resources[1].table.text, "audit.logs");
    assert_slice(resources[2].name.text, "app_users");
    assert_slice(resources[2].table.text, "app.users");
    assert_slice(resources[3].name.text, "people");
    assert_slice(resources[3].table.text, "hr.persons");
    reading_free(reading);
}

static void an_envelope_keeps_the_order_in_which_it_was_declared(void **state)
{
    (void)state;
    struct reading *reading = read_good(
        "database: sqlite:x\ndefaults: {read: anonymous}\n"
        "resources: {events: {page: {by: number}, envelope: {total: total, events: rows, page: page}}}\n");
    const struct envelope *envelope = &reading->config->resources[0].envelope;
    assert_true(envelope->declared);
    assert_int_equal(envelope->count, 3);
    assert_int_equal(envelope->members[0].what, ENVELOPE_TOTAL);
    assert_int_equal(envelope->members[1].what, ENVELOPE_ROWS);
    assert_slice(envelope->members[1].name, "events");
    assert_slice(envelope->rows, "events");
    assert_null(envelope->next.data);
    reading_free(reading);
}

static void an_envelope_that_is_not_declared_has_the_resources_name(void **state)
{
    (void)state;
    struct reading *reading = read_good("database: sqlite:x\ndefaults: {read: anonymous}\n"
                                        "resources: {a: {}, b: {page: {by: number}}, c: {envelope: none}}\n");
    const struct config_resource *resources = reading->config->resources;
    assert_false(resources[0].envelope.declared);
    assert_slice(resources[0].envelope.rows, "a");
    assert_slice(resources[0].envelope.next, "next_cursor");
    assert_slice(resources[0].envelope.more, "has_more");
    assert_slice(resources[1].envelope.rows, "b");
    assert_slice(resources[1].envelope.size, "page_size");
    assert_slice(resources[1].envelope.pages, "pages");
    assert_int_equal(resources[2].envelope.count, 0);
    assert_true(resources[2].envelope.declared);
    reading_free(reading);
}

static void proxies_are_networks_with_ipv4_mapped(void **state)
{
    (void)state;
    struct reading *reading =
        read_good("database: sqlite:x\nproxies: [10.0.0.0/8, 127.0.0.1, 'fd00::/16']\n" SERVED);
    const struct config *config = reading->config;
    char text[INET6_ADDRSTRLEN];
    assert_int_equal(config->proxy_count, 3);
    assert_string_equal(inet_ntop(AF_INET6, &config->proxies[0].network, text, sizeof text),
                        "::ffff:10.0.0.0");
    assert_int_equal(config->proxies[0].bits, 104);
    assert_int_equal(config->proxies[1].bits, 128);
    assert_int_equal(config->proxies[2].bits, 16);
    reading_free(reading);
}

static void the_root_prefix_is_empty(void **state)
{
    (void)state;
    struct reading *reading =
        read_good("database: sqlite:x\nserve: {/: plain, /rest/v1: postgrest}\n" SERVED);
    assert_slice(reading->config->serve[0].prefix, "");
    assert_slice(reading->config->serve[1].prefix, "/rest/v1");
    assert_int_equal(reading->config->serve[1].manner, MANNER_POSTGREST);
    reading_free(reading);
}

static void a_database_may_be_a_plain_url(void **state)
{
    (void)state;
    struct reading *reading = read_good("database: postgresql://me@host/db\n" SERVED);
    assert_slice(reading->config->database.url.text, "postgresql://me@host/db");
    assert_int_equal(reading->config->database.url.at.line, 1);
    assert_int_equal(reading->config->database.url.at.column, 11);
    reading_free(reading);
}

static void words_for_nothing_and_for_automatic_are_zero(void **state)
{
    (void)state;
    struct reading *reading = read_good("database: {url: sqlite:x, gather: off}\nworkers: auto\n" SERVED);
    assert_int_equal(reading->config->database.gather_max, 0);
    assert_int_equal(reading->config->workers, 0);
    reading_free(reading);
}

static void yaml_words_for_truth_are_understood(void **state)
{
    (void)state;
    static const char *const words[][2] = {{"on", "yes"}, {"off", ""},    {"true", "yes"},
                                           {"no", ""},    {"Yes", "yes"}, {"FALSE", ""}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        char yaml[200];
        snprintf(yaml, sizeof yaml, "database: {url: sqlite:x, prepared: %s}\n" SERVED, words[i][0]);
        struct reading *reading = read_good(yaml);
        assert_int_equal(reading->config->database.prepared, words[i][1][0] != 0);
        reading_free(reading);
    }
}

static void the_environment_fills_in_values(void **state)
{
    (void)state;
    setenv("LEAT_UNIT_LISTEN", "127.0.0.1:99", 1);
    setenv("LEAT_UNIT_EMPTY", "", 1);
    unsetenv("LEAT_UNIT_UNSET");
    struct reading *reading =
        read_good("listen: ${LEAT_UNIT_LISTEN}\n"
                  "database: sqlite:${LEAT_UNIT_UNSET:-a}-${LEAT_UNIT_EMPTY:-b}-$${c}\n" SERVED);
    assert_slice(reading->config->listen[0].text, "127.0.0.1:99");
    assert_slice(reading->config->database.url.text, "sqlite:a-b-${c}");
    reading_free(reading);
}

static void a_value_from_the_environment_cannot_add_keys(void **state)
{
    (void)state;
    setenv("LEAT_UNIT_EVIL", "sqlite:x\nlisten: 0.0.0.0:1", 1);
    struct reading *reading = read_good("database: ${LEAT_UNIT_EVIL}\n" SERVED);
    assert_slice(reading->config->database.url.text, "sqlite:x\nlisten: 0.0.0.0:1");
    assert_slice(reading->config->listen[0].text, "127.0.0.1:8080");
    reading_free(reading);
}

static void a_value_from_the_environment_that_is_not_text_is_refused(void **state)
{
    (void)state;
    setenv("LEAT_UNIT_BYTES", "sqlite:\xff", 1);
    struct reading *reading = read_yaml("database: ${LEAT_UNIT_BYTES}\n" SERVED);
    assert_complaints(&reading->complaints,
                      "leat.yaml:1:11: a value from the environment is not UTF-8 text\n");
    reading_free(reading);
}

static void nesting_too_deep_is_refused(void **state)
{
    (void)state;
    char yaml[200] = "listen: ";
    for (size_t i = 0; i < 40; i++)
        strncat(yaml, "[", sizeof yaml - strlen(yaml) - 1);
    struct reading *reading = read_yaml(yaml);
    assert_complaints(&reading->complaints,
                      "leat.yaml:1:40: lists and mappings are nested more than 32 deep\n");
    reading_free(reading);
}

static void too_many_values_are_refused(void **state)
{
    (void)state;
    struct buf yaml;
    buf_init(&yaml, 1 << 20);
    buf_lit(&yaml, "listen: [");
    for (unsigned i = 0; i < 100001; i++)
        buf_lit(&yaml, "a,");
    buf_lit(&yaml, "]\n");
    buf_byte(&yaml, 0);
    struct reading *reading = read_yaml(yaml.data);
    assert_int_equal(reading->complaints.count, 1);
    assert_slice(reading->complaints.items[0].text, "the file has more than 100,000 values");
    buf_done(&yaml);
    reading_free(reading);
}

static void a_file_too_large_is_refused(void **state)
{
    (void)state;
    struct buf yaml;
    buf_init(&yaml, 2 << 20);
    for (unsigned i = 0; i < (1 << 20) / 2 + 1; i++)
        buf_lit(&yaml, "#\n");
    buf_byte(&yaml, 0);
    struct reading *reading = read_yaml(yaml.data);
    assert_complaints(&reading->complaints, "leat.yaml:1:1: the file is larger than 1 MiB\n");
    buf_done(&yaml);
    reading_free(reading);
}

static void more_mistakes_than_fit_are_counted(void **state)
{
    (void)state;
    char yaml[1000] = "";
    for (unsigned i = 0; i < 60; i++)
        snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "zz%u: 1\n", i);
    struct reading *reading = read_yaml(yaml);
    assert_int_equal(reading->complaints.count, COMPLAINTS_MAX);
    assert_int_equal(complaints_errors(&reading->complaints), 60);
    reading_free(reading);
}

static void what_a_terminal_would_obey_is_not_printed(void **state)
{
    (void)state;
    struct reading *reading = read_yaml("listen: \"\\e[2J\"\n");
    assert_complaints(&reading->complaints,
                      "leat.yaml:1:9: `listen`: found `?[2J`, expected an address and a port such as "
                      "`127.0.0.1:8080` or `[::1]:8080`, or a list of them\n");
    reading_free(reading);
}

/* --- without a file --- */

static struct reading *read_url(const char *url, const struct config_override *overrides, unsigned count)
{
    struct reading *reading = reading_new();
    enum error error = config_without_file(url, overrides, count, &reading->complaints, &reading->config);
    assert_int_equal(error == OK, reading->config != NULL);
    return reading;
}

static void without_a_file_everything_is_readable_on_loopback(void **state)
{
    (void)state;
    struct reading *reading = read_url("sqlite:x.db", NULL, 0);
    assert_true(reading->config->open);
    assert_int_equal(reading->config->read, ROLE_ANONYMOUS);
    assert_slice(reading->config->database.url.text, "sqlite:x.db");
    assert_slice(reading->config->listen[0].text, "127.0.0.1:8080");
    assert_complaints(&reading->complaints, "");
    reading_free(reading);
}

static void without_a_file_other_addresses_are_refused(void **state)
{
    (void)state;
    struct config_override listen = {SLICE("listen"), SLICE("0.0.0.0:80"), "--listen"};
    struct reading *reading = read_url("sqlite:x.db", &listen, 1);
    assert_null(reading->config);
    assert_complaints(
        &reading->complaints,
        "--listen: found `0.0.0.0:80`: without a file Leat listens on loopback alone; `leat init` "
        "writes a file to start from\n");
    reading_free(reading);
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    struct reading *reading =
        read_yaml("\xef\xbb\xbfleat: 1\ndatabase: sqlite:x\nresources: {users: {read: anonymous}}\n");
    assert_complaints(&reading->complaints, "");
    reading_free(reading);
}

static void without_a_file_a_wrong_url_is_told(void **state)
{
    (void)state;
    struct reading *reading = read_url("mysql://x", NULL, 0);
    assert_null(reading->config);
    assert_complaints(
        &reading->complaints,
        "URL: `url`: found `mysql://x`, expected `sqlite:PATH` or `postgresql://user@host/database`\n");
    reading_free(reading);
}

/* --- files --- */

static struct reading *read_file_in(const struct folder *folder, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    struct reading *reading = reading_new();
    (void)!config_load(path, NULL, 0, &reading->complaints, &reading->config);
    return reading;
}

static void paths_start_at_the_files_folder(void **state)
{
    struct folder *folder = *state;
    char expected[300];
    folder_put(folder, "leat.yaml", "database: sqlite:data.db\n" SERVED);
    struct reading *reading = read_file_in(folder, "leat.yaml");
    snprintf(expected, sizeof expected, "sqlite:%s/data.db", folder->path);
    assert_slice(reading->config->database.url.text, expected);
    reading_free(reading);
}

static void an_absolute_path_stays(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", "database: sqlite:/srv/data.db\n" SERVED);
    struct reading *reading = read_file_in(folder, "leat.yaml");
    assert_slice(reading->config->database.url.text, "sqlite:/srv/data.db");
    reading_free(reading);
}

static void a_secret_may_be_kept_in_a_file(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "url", "  postgresql://me:secret@host/db\n");
    folder_put(folder, "leat.yaml", "database: {url: 'file:url'}\n" SERVED);
    struct reading *reading = read_file_in(folder, "leat.yaml");
    assert_slice(reading->config->database.url.text, "postgresql://me:secret@host/db");
    reading_free(reading);
}

/* Not in the folder of the configuration, where there is one of that name. */
static void a_secret_that_the_command_line_names_is_sought_where_one_is(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "url-of-this-test", "postgresql://me:secret@host/db");
    folder_put(folder, "leat.yaml", "database: sqlite:data.db\n" SERVED);
    struct config_override override = {SLICE("database.url"), SLICE("file:url-of-this-test"), "--database"};
    char path[300];
    snprintf(path, sizeof path, "%s/leat.yaml", folder->path);
    struct reading *reading = reading_new();
    assert_int_not_equal(config_load(path, &override, 1, &reading->complaints, &reading->config), OK);
    assert_complaints(&reading->complaints,
                      "--database: `url`: the file url-of-this-test cannot be read, or holds no URL\n");
    reading_free(reading);
}

static void an_absent_file_is_told_with_what_to_do(void **state)
{
    struct folder *folder = *state;
    struct reading *reading = read_file_in(folder, "leat.yaml");
    char expected[400];
    snprintf(
        expected, sizeof expected,
        "%s/leat.yaml: No such file or directory: name the configuration by `-c FILE`, or write one by `leat init URL -o "
        "leat.yaml`\n",
        folder->path);
    assert_complaints(&reading->complaints, expected);
    reading_free(reading);
}

static void a_folder_is_no_configuration(void **state)
{
    struct folder *folder = *state;
    struct reading *reading = read_file_in(folder, ".");
    assert_null(reading->config);
    assert_int_equal(complaints_errors(&reading->complaints), 1);
    reading_free(reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_as_documented),
        cmocka_unit_test(nobody_may_read_what_grants_nothing),
        cmocka_unit_test(a_resource_inherits_the_defaults_and_may_change_them),
        cmocka_unit_test(resources_inherit_defaults_that_stand_behind_them),
        cmocka_unit_test(a_resource_is_called_by_its_table_or_as_it_says),
        cmocka_unit_test(an_envelope_keeps_the_order_in_which_it_was_declared),
        cmocka_unit_test(an_envelope_that_is_not_declared_has_the_resources_name),
        cmocka_unit_test(proxies_are_networks_with_ipv4_mapped),
        cmocka_unit_test(the_root_prefix_is_empty),
        cmocka_unit_test(a_database_may_be_a_plain_url),
        cmocka_unit_test(words_for_nothing_and_for_automatic_are_zero),
        cmocka_unit_test(yaml_words_for_truth_are_understood),
        cmocka_unit_test(the_environment_fills_in_values),
        cmocka_unit_test(a_value_from_the_environment_cannot_add_keys),
        cmocka_unit_test(a_value_from_the_environment_that_is_not_text_is_refused),
        cmocka_unit_test(nesting_too_deep_is_refused),
        cmocka_unit_test(too_many_values_are_refused),
        cmocka_unit_test(a_file_too_large_is_refused),
        cmocka_unit_test(more_mistakes_than_fit_are_counted),
        cmocka_unit_test(what_a_terminal_would_obey_is_not_printed),
        cmocka_unit_test(without_a_file_everything_is_readable_on_loopback),
        cmocka_unit_test(without_a_file_other_addresses_are_refused),
        cmocka_unit_test(a_byte_order_mark_is_passed_over),
        cmocka_unit_test(without_a_file_a_wrong_url_is_told),
        IN_A_FOLDER(paths_start_at_the_files_folder),
        IN_A_FOLDER(an_absolute_path_stays),
        IN_A_FOLDER(a_secret_may_be_kept_in_a_file),
        IN_A_FOLDER(a_secret_that_the_command_line_names_is_sought_where_one_is),
        IN_A_FOLDER(an_absent_file_is_told_with_what_to_do),
        IN_A_FOLDER(a_folder_is_no_configuration),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
