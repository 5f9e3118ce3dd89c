/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of named queries: which files become which queries. */
#include "lib/folder.h"

#include "reading.h"

static struct reading *load(const struct folder *folder)
{
    char path[400];
    snprintf(path, sizeof path, "%s/leat.yaml", folder->path);
    struct reading *reading = reading_new();
    (void)!config_load(path, NULL, 0, &reading->complaints, &reading->config);
    return reading;
}

/* Complaints, each line without the folder's path at its beginning. */
static void assert_said(const struct folder *folder, const struct reading *reading, const char *expected)
{
    char text[8192], bare[8192] = "";
    complaints_text(&reading->complaints, text, sizeof text);
    size_t prefix = strlen(folder->path) + 1;
    for (char *line = text, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        *end = 0;
        bool has = strncmp(line, folder->path, prefix - 1) == 0;
        snprintf(bare + strlen(bare), sizeof bare - strlen(bare), "%s\n", has ? line + prefix : line);
    }
    assert_string_equal(bare, expected);
}

#define HEAD "/* leat\nread: anonymous\n*/ "
#define YAML "database: sqlite:/x\nqueries: queries/\n"

static void files_become_queries_in_the_order_of_their_paths(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", YAML);
    folder_put(folder, "queries/zeta.sql", HEAD "SELECT 1");
    folder_put(folder, "queries/analytics/top.sql", HEAD "SELECT 2");
    folder_put(folder, "queries/analytics/deep/er.sql", HEAD "SELECT 3");
    folder_put(folder, "queries/.hidden.sql", "what?");
    folder_put(folder, "queries/README.md", "words");
    struct reading *reading = load(folder);
    assert_said(folder, reading, "");
    assert_int_equal(reading->config->query_count, 3);
    assert_slice(reading->config->queries[0].path, "analytics/deep/er");
    assert_slice(reading->config->queries[1].path, "analytics/top");
    assert_slice(reading->config->queries[2].path, "zeta");
    reading_free(reading);
}

static void files_for_one_store_are_variants_of_one_query(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", YAML);
    folder_put(folder, "queries/a.pg.sql", HEAD "SELECT 'pg'");
    folder_put(folder, "queries/a.sqlite.sql", "SELECT 'sqlite'");
    folder_put(folder, "queries/b.sql", HEAD "SELECT 'any'");
    folder_put(folder, "queries/b.pg.sql", HEAD "SELECT 'own'");
    struct reading *reading = load(folder);
    assert_said(folder, reading, "");
    assert_int_equal(reading->config->query_count, 2);
    const struct config_query *queries = reading->config->queries;
    assert_null(queries[0].any.pieces);
    assert_non_null(queries[0].pg.pieces);
    assert_slice(queries[0].sqlite.pieces[0], "SELECT 'sqlite'");
    assert_int_equal(queries[0].read, ROLE_ANONYMOUS);
    assert_non_null(queries[1].any.pieces);
    assert_non_null(queries[1].pg.pieces);
    assert_null(queries[1].sqlite.pieces);
    reading_free(reading);
}

static void heads_that_differ_are_refused(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", YAML);
    folder_put(folder, "queries/a.sql", HEAD "SELECT 1");
    folder_put(folder, "queries/a.pg.sql", "/* leat\nread: none\n*/ SELECT 1");
    struct reading *reading = load(folder);
    char expected[600];
    snprintf(
        expected, sizeof expected,
        "queries/a.pg.sql:1:8: this head differs from the one in %s/queries/a.sql: write it in one file alone\n",
        folder->path);
    assert_said(folder, reading, expected);
    reading_free(reading);
}

static void every_variant_must_use_every_parameter(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", YAML);
    folder_put(folder, "queries/a.sql", "/* leat\nread: anonymous\nparams: {x: int}\n*/ SELECT :x");
    folder_put(folder, "queries/a.pg.sql", "SELECT 1");
    struct reading *reading = load(folder);
    char expected[600];
    snprintf(expected, sizeof expected,
             "queries/a.sql:3:10: `x` is declared, but %s/queries/a.pg.sql does not use `:x`\n",
             folder->path);
    assert_said(folder, reading, expected);
    reading_free(reading);
}

static void names_that_cannot_stand_in_a_path_are_refused(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", YAML);
    folder_put(folder, "queries/a b.sql", HEAD "SELECT 1");
    folder_put(folder, "queries/auth/login.sql", HEAD "SELECT 1");
    folder_put(folder, "queries/ok/v1.sql", HEAD "SELECT 1");
    struct reading *reading = load(folder);
    assert_said(
        folder, reading,
        "queries/a b.sql:1:1: `a b` cannot stand in a path: only letters, digits, `_`, `-`, `.` and `~` can\n"
        "queries/auth/login.sql:1:1: `auth` is kept for Leat itself (as are v1, auth, batch and rpc)\n");
    reading_free(reading);
}

static void a_query_and_a_resource_cannot_share_a_path(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", YAML "resources: {users: {}}\n");
    folder_put(folder, "queries/users.sql", HEAD "SELECT 1");
    folder_put(folder, "queries/users/stats.sql", HEAD "SELECT 1");
    struct reading *reading = load(folder);
    char expected[600];
    snprintf(expected, sizeof expected,
             "queries/users.sql:1:1: `users` is served already, by %s/leat.yaml:3\n", folder->path);
    assert_said(folder, reading, expected);
    reading_free(reading);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", YAML);
    struct reading *reading = load(folder);
    char expected[600];
    snprintf(expected, sizeof expected, "leat.yaml:2:10: `queries`: there is no such folder: `%s/queries`\n",
             folder->path);
    assert_said(folder, reading, expected);
    reading_free(reading);
}

static void mistakes_in_files_have_their_place_there(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", "database: sqlite:/x\nqueries: ./queries\nlisten: x\n");
    folder_put(folder, "queries/a.sql", "/* leat\nraed: anonymous\n*/\nSELECT 1,\n  :x");
    struct reading *reading = load(folder);
    assert_said(
        folder, reading,
        "leat.yaml:3:9: `listen`: found `x`, expected an address and a port such as `127.0.0.1:8080` or `[::1]:8080`, or a "
        "list of them\n"
        "queries/a.sql:2:1: the head has no key `raed`: did you mean `read`?\n"
        "queries/a.sql:5:3: `:x` is not declared: add it to `params` in the head\n");
    reading_free(reading);
}

static void bytes_that_are_not_text_are_refused(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", YAML);
    folder_put(folder, "queries/a.sql", HEAD "SELECT '\xff'");
    struct reading *reading = load(folder);
    assert_said(folder, reading, "queries/a.sql:1:1: the file is not UTF-8 text\n");
    reading_free(reading);
}

static void a_printed_configuration_finds_its_queries_from_anywhere(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", YAML);
    folder_put(folder, "queries/a.sql", HEAD "SELECT 1");
    struct reading *first = load(folder);
    struct buf text;
    buf_init(&text, 1 << 20);
    config_print(first->config, &text);
    buf_byte(&text, 0);
    folder_put(folder, "elsewhere/leat.yaml", text.data);
    struct folder elsewhere;
    snprintf(elsewhere.path, sizeof elsewhere.path, "%s/elsewhere", folder->path);
    struct reading *second = load(&elsewhere);
    assert_non_null(second->config);
    assert_int_equal(second->config->query_count, 1);
    buf_done(&text);
    reading_free(first);
    reading_free(second);
}

static void hundreds_of_files_are_read_in_order(void **state)
{
    struct folder *folder = *state;
    folder_put(folder, "leat.yaml", YAML);
    for (unsigned i = 0; i < 300; i++) {
        char name[64];
        snprintf(name, sizeof name, "queries/f%u/q%u.sql", i % 7, i);
        folder_put(folder, name, HEAD "SELECT 1");
    }
    struct reading *reading = load(folder);
    assert_said(folder, reading, "");
    assert_int_equal(reading->config->query_count, 300);
    for (unsigned i = 1; i < 300; i++)
        assert_true(slice_cmp(reading->config->queries[i - 1].path, reading->config->queries[i].path) < 0);
    reading_free(reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(files_become_queries_in_the_order_of_their_paths),
        IN_A_FOLDER(files_for_one_store_are_variants_of_one_query),
        IN_A_FOLDER(heads_that_differ_are_refused),
        IN_A_FOLDER(every_variant_must_use_every_parameter),
        IN_A_FOLDER(names_that_cannot_stand_in_a_path_are_refused),
        IN_A_FOLDER(a_query_and_a_resource_cannot_share_a_path),
        IN_A_FOLDER(a_folder_that_is_not_there_is_told),
        IN_A_FOLDER(mistakes_in_files_have_their_place_there),
        IN_A_FOLDER(bytes_that_are_not_text_are_refused),
        IN_A_FOLDER(a_printed_configuration_finds_its_queries_from_anywhere),
        IN_A_FOLDER(hundreds_of_files_are_read_in_order),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
