/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of writing, rows, origins and functions: how it is read, and, letter by letter, what is said of mistakes. */
#include "lib/mistakes.h"

#include "reading.h"

static const struct mistake mistakes[] = {
    {"resources: {users: yes}\n",
     "leat.yaml:1:20: `users`: found `yes`, expected a mapping with the keys @resource\n"},
    {"defaults: {write: analyst}\n",
     "leat.yaml:1:19: `write`: found `analyst`, expected `anonymous` or `none`; other roles are declared by `auth: {roles: …}`\n"},
    {"resources: {users: {write: [anonymous, analyst]}}\n",
     "leat.yaml:1:40: `write`: found `analyst`, expected `anonymous` or `none`; other roles are declared by `auth: {roles: …}`\n"},
    {"resources: {users: {put: patch}}\n",
     "leat.yaml:1:26: `put`: found `patch`, expected `replace` or `merge`\n"},
    {"resources: {users: {put: mergee}}\n",
     "leat.yaml:1:26: `put`: found `mergee`, expected `replace` or `merge`: did you mean `merge`?\n"},
    {"resources: {users: {unfiltered: yes}}\n",
     "leat.yaml:1:33: `unfiltered`: found `yes`, expected `refused` or `allowed`\n"},
    {"resources: {users: {deleted: [a]}}\n",
     "leat.yaml:1:30: `deleted`: found a list, expected a column such as `deleted_at`\n"},
    {"resources: {users: {set: now}}\n",
     "leat.yaml:1:26: `set`: found `now`, expected columns and what Leat fills in, such as `{updated_at: ':now', created_at: ':now on create'}`\n"},
    {"resources: {users: {set: {}}}\n",
     "leat.yaml:1:26: `set`: found a mapping, expected columns and what Leat fills in, such as `{updated_at: ':now', created_at: ':now on create'}`\n"},
    {"resources: {users: {set: {a: [x]}}}\n",
     "leat.yaml:1:30: `set`: found a list, expected a text for the column, or a word such as `:now` or `:user`\n"},
    {"resources: {users: {set: {a: , b: ''}}}\n",
     "leat.yaml:1:30: `set`: found nothing, expected a text for the column, or a word such as `:now` or `:user`\n"},
    {"resources: {users: {set: {a: ':nwo'}}}\n",
     "leat.yaml:1:30: `set`: found `:nwo`, expected `:now`, `:user`, `:tenant` or `:role`, or a text that begins without a colon: did you mean `:now`?\n"},
    {"resources: {users: {set: {a: ':now on craete'}}}\n",
     "leat.yaml:1:30: `set`: found `:now on craete`, expected `:now`, `:user`, `:tenant` or `:role`, or a text that begins without a colon\n"},
    {"resources: {users: {rows: status=eq.open}}\n",
     "leat.yaml:1:27: `rows`: found `status=eq.open`, expected roles and the rows they have to do with, such as `{anonymous: 'status=eq.open'}`\n"},
    {"resources: {users: {rows: {viewer: id=eq.1}}}\n",
     "leat.yaml:1:28: `rows`: found `viewer`, expected `anonymous`; other roles are declared by `auth: {roles: …}`\n"},
    {"resources: {users: {rows: {anonymos: id=eq.1}}}\n",
     "leat.yaml:1:28: `rows`: found `anonymos`, expected `anonymous`; other roles are declared by `auth: {roles: …}`: did you mean `anonymous`?\n"},
    {"resources: {users: {rows: {anonymous: ''}}}\n",
     "leat.yaml:1:39: `rows`: found nothing, expected a condition such as 'status=eq.open'\n"},
    {"defaults: {page: {export: 0}}\n",
     "leat.yaml:1:27: `export`: `0` is out of range: expected 1 to 1000000000\n"},
    {"cors: https://console.example.com/\n",
     "leat.yaml:1:7: `cors`: found `https://console.example.com/`, expected an origin as browsers send it: did you mean `https://console.example.com`?\n"},
    {"cors: [https://a.example, 'http://b.example:8080/app']\n",
     "leat.yaml:1:27: `cors`: found `http://b.example:8080/app`, expected an origin as browsers send it: did you mean `http://b.example:8080`?\n"},
    {"cors: console.example.com\n",
     "leat.yaml:1:7: `cors`: found `console.example.com`, expected an origin as browsers send it: did you mean `https://console.example.com`?\n"},
    {"cors: HTTPS://Example.com:443\n",
     "leat.yaml:1:7: `cors`: found `HTTPS://Example.com:443`, expected an origin as browsers send it: did you mean `https://example.com`?\n"},
    {"cors: http://example.com:80\n",
     "leat.yaml:1:7: `cors`: found `http://example.com:80`, expected an origin as browsers send it: did you mean `http://example.com`?\n"},
    {"cors: ['*', https://a.example]\n",
     "leat.yaml:1:8: `cors`: `*` stands for all origins: it stands alone\n"},
    {"cors: 'https://*.example.com'\n",
     "leat.yaml:1:7: `cors`: found `https://*.example.com`, expected origins such as `[https://console.example.com]`, or `'*'` for all of them\n"},
    {"cors: 'ht tp://a.example'\n",
     "leat.yaml:1:7: `cors`: found `ht tp://a.example`, expected origins such as `[https://console.example.com]`, or `'*'` for all of them\n"},
    {"cors: 'https://'\n",
     "leat.yaml:1:7: `cors`: found `https://`, expected origins such as `[https://console.example.com]`, or `'*'` for all of them\n"},
    {"cors: '://a.example'\n",
     "leat.yaml:1:7: `cors`: found `://a.example`, expected origins such as `[https://console.example.com]`, or `'*'` for all of them\n"},
    {"cors: any\n",
     "leat.yaml:1:7: `cors`: found `any`, expected origins such as `[https://console.example.com]`, or `'*'` for all of them\n"},
    {"cors: {a: b}\n",
     "leat.yaml:1:7: `cors`: found a mapping, expected origins such as `[https://console.example.com]`, or `'*'` for all of them\n"},
    {"functions: [search]\n",
     "leat.yaml:1:12: `functions`: found a list, expected a mapping from functions to what is said of them, such as `{search: {call: anonymous}}`\n"},
    {"functions: {search: anonymous}\n",
     "leat.yaml:1:21: `search`: found `anonymous`, expected a mapping with the keys function, call, tenant, changes, limits\n"},
    {"functions: {search: {call: viewer}}\n",
     "leat.yaml:1:28: `call`: found `viewer`, expected `anonymous` or `none`; other roles are declared by `auth: {roles: …}`\n"},
    {"functions: {'a b': {call: anonymous}}\n",
     "leat.yaml:1:13: `functions`: `a b` cannot stand in a path: only letters, digits, `_`, `-`, `.` and `~` can: give another name, with `function:` in it\n"},
    {"functions: {a.f: {call: anonymous}, f: {function: b.f, call: anonymous}}\n",
     "leat.yaml:1:37: `rpc/f` is served already, by leat.yaml:1: name one of them otherwise, with `function:`\n"},
};

static void is_told_word_for_word(void **state)
{
    const struct mistake *mistake = *state;
    struct reading *reading = read_yaml(mistake->text);
    assert_complaints(&reading->complaints, mistake->said);
    assert_null(reading->config);
    reading_free(reading);
}

#define BEGIN "database: sqlite:/x\ndefaults: {read: anonymous}\n"

static void nothing_is_written_and_nobody_is_let_in_unless_it_is_said(void **state)
{
    (void)state;
    struct reading *reading = read_good(BEGIN "resources: {a: {}}\n");
    const struct config_resource *resource = &reading->config->resources[0];
    assert_int_equal(resource->write, ROLES_NONE);
    assert_false(resource->put_merges || resource->unfiltered || resource->deleted.text.data);
    assert_int_equal(resource->set_count + resource->rows_count, 0);
    assert_int_equal(resource->page.export_max, 1000000);
    assert_int_equal(reading->config->cors_count + reading->config->function_count, 0);
    reading_free(reading);
}

static void resources_inherit_who_writes_and_how_much_is_exported(void **state)
{
    (void)state;
    struct reading *reading =
        read_good("database: sqlite:/x\ndefaults: {read: none, write: anonymous, page: {export: 5}}\n"
                  "resources: {a: {read: [anonymous]}, b: {write: none, page: {export: 6}}}\n");
    const struct config_resource *resources = reading->config->resources;
    assert_int_equal(resources[0].write, ROLE_ANONYMOUS);
    assert_int_equal(resources[0].page.export_max, 5);
    assert_int_equal(resources[1].write, ROLES_NONE);
    assert_int_equal(resources[1].read, ROLES_NONE);
    assert_int_equal(resources[1].page.export_max, 6);
    reading_free(reading);
}

static void the_manner_of_writes_is_read(void **state)
{
    (void)state;
    struct reading *reading =
        read_good(BEGIN "resources:\n  a: {put: merge, unfiltered: allowed, deleted: gone_at}\n"
                        "  b: {put: replace, unfiltered: refused}\n");
    const struct config_resource *resources = reading->config->resources;
    assert_true(resources[0].put_merges && resources[0].unfiltered);
    assert_slice(resources[0].deleted.text, "gone_at");
    assert_int_equal(resources[0].deleted.at.column, 49);
    assert_false(resources[1].put_merges || resources[1].unfiltered);
    reading_free(reading);
}

static void what_leat_fills_in_is_a_moment_or_a_text_always_or_on_creation(void **state)
{
    (void)state;
    struct reading *reading = read_good(
        BEGIN "resources: {a: {set: {u: ':now', c: ':now on create', s: web, f: 'a b on create', e: ''}}}\n");
    static const struct {
        const char *column, *text;
        enum set_value value;
        bool on_create_only;
    } expected[] = {
        {"u", ":now", SET_NOW, false}, {"c", ":now", SET_NOW, true}, {"s", "web", SET_TEXT, false},
        {"f", "a b", SET_TEXT, true},  {"e", "", SET_TEXT, false},
    };
    const struct config_resource *resource = &reading->config->resources[0];
    assert_int_equal(resource->set_count, ARRAY_LEN(expected));
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
        assert_slice(resource->set[i].column, expected[i].column);
        assert_slice(resource->set[i].text, expected[i].text);
        assert_int_equal(resource->set[i].value, expected[i].value);
        assert_int_equal(resource->set[i].on_create_only, expected[i].on_create_only);
        assert_int_equal(resource->set[i].at.line, 3);
    }
    reading_free(reading);
}

static void the_rows_of_a_role_are_kept_as_they_are_written(void **state)
{
    (void)state;
    struct reading *reading = read_good(BEGIN "resources: {a: {rows: {anonymous: 'x=lt.3&or=(a,b)'}}}\n");
    const struct config_resource *resource = &reading->config->resources[0];
    assert_int_equal(resource->rows_count, 1);
    assert_int_equal(resource->rows[0].role, ROLE_ANONYMOUS);
    assert_slice(resource->rows[0].when.text, "x=lt.3&or=(a,b)");
    assert_int_equal(resource->rows[0].when.at.column, 35);
    reading_free(reading);
}

static void origins_are_kept_as_browsers_send_them(void **state)
{
    (void)state;
    struct reading *reading = read_good(
        BEGIN
        "cors: [https://a.example, 'http://localhost:3000', 'http://[::1]:8080', capacitor://x, 'https://c:80']\n"
        "resources: {a: {}}\n");
    assert_complaints(&reading->complaints, "");
    assert_int_equal(reading->config->cors_count, 5);
    assert_slice(reading->config->cors[0], "https://a.example");
    assert_slice(reading->config->cors[3], "capacitor://x");
    reading_free(reading);
    reading = read_good(BEGIN "cors: '*'\nresources: {a: {}}\n");
    assert_int_equal(reading->config->cors_count, 1);
    assert_slice(reading->config->cors[0], "*");
    reading_free(reading);
}

static void functions_have_their_name_and_what_they_are_in_the_database(void **state)
{
    (void)state;
    struct reading *reading = read_good(
        "database: sqlite:/x\n"
        "functions: {search: {call: anonymous}, audit.auth: {call: [anonymous]}, x: {function: s.y, call: anonymous}}\n");
    static const char *const expected[][2] = {{"search", "search"}, {"auth", "audit.auth"}, {"x", "s.y"}};
    assert_int_equal(reading->config->function_count, ARRAY_LEN(expected));
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
        assert_slice(reading->config->functions[i].name.text, expected[i][0]);
        assert_slice(reading->config->functions[i].function.text, expected[i][1]);
        assert_int_equal(reading->config->functions[i].call, ROLE_ANONYMOUS);
    }
    reading_free(reading);
}

static void a_function_that_nobody_may_call_is_a_warning(void **state)
{
    (void)state;
    struct reading *reading = read_yaml(BEGIN "resources: {a: {}}\nfunctions:\n  f:\n  g: {call: none}\n");
    assert_complaints(&reading->complaints,
                      "leat.yaml:5:3: warning: nobody may call `f`: grant it by `call: anonymous`\n"
                      "leat.yaml:6:3: warning: nobody may call `g`: grant it by `call: anonymous`\n");
    assert_non_null(reading->config);
    reading_free(reading);
}

int main(void)
{
    const struct CMUnitTest sentences[] = {
        cmocka_unit_test(nothing_is_written_and_nobody_is_let_in_unless_it_is_said),
        cmocka_unit_test(resources_inherit_who_writes_and_how_much_is_exported),
        cmocka_unit_test(the_manner_of_writes_is_read),
        cmocka_unit_test(what_leat_fills_in_is_a_moment_or_a_text_always_or_on_creation),
        cmocka_unit_test(the_rows_of_a_role_are_kept_as_they_are_written),
        cmocka_unit_test(origins_are_kept_as_browsers_send_them),
        cmocka_unit_test(functions_have_their_name_and_what_they_are_in_the_database),
        cmocka_unit_test(a_function_that_nobody_may_call_is_a_warning),
    };
    struct CMUnitTest tests[ARRAY_LEN(sentences) + ARRAY_LEN(mistakes)];
    memcpy(tests, sentences, sizeof sentences);
    mistakes_add(mistakes, ARRAY_LEN(mistakes), is_told_word_for_word, tests + ARRAY_LEN(sentences));
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
