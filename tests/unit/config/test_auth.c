/* SPDX-License-Identifier: Apache-2.0 */
/* Roles: how they are declared and named, and what is said of mistakes. */
#include "reading.h"

#define BEGIN "database: sqlite:/x\n"

static void a_role_has_the_rights_of_those_before_it_in_its_chain_alone(void **state)
{
    (void)state;
    struct reading *reading = read_good(BEGIN "auth: {roles: [viewer < analyst < admin, auditor]}\n"
                                              "resources: {a: {read: [auditor, analyst], write: admin}}\n");
    const struct config_auth *auth = &reading->config->auth;
    static const unsigned rights[] = {0x3, 0x7, 0xf, 0x11};
    assert_int_equal(auth->role_count, ARRAY_LEN(rights));
    for (unsigned i = 0; i < ARRAY_LEN(rights); i++)
        assert_int_equal(auth->roles[i].rights, rights[i]);
    assert_int_equal(reading->config->resources[0].read, 0x14);
    assert_int_equal(reading->config->resources[0].write, 0x8);
    assert_slice(config_role_name(auth, 0x8), "admin");
    assert_slice(config_role_name(auth, ROLE_ANONYMOUS), "anonymous");
    assert_null(config_role_find(auth, SLICE("anonymous")));
    reading_free(reading);
}

static void the_role_of_who_has_none_is_anonymous_unless_told(void **state)
{
    (void)state;
    struct reading *reading = read_good(BEGIN "auth: {roles: a < b}\nresources: {x: {read: b}}\n");
    assert_int_equal(reading->config->auth.role, ROLE_ANONYMOUS);
    reading_free(reading);
    reading = read_good(BEGIN "auth: {role: b, roles: a < b}\nresources: {x: {read: b}}\n");
    assert_int_equal(reading->config->auth.role, 0x4);
    reading_free(reading);
}

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"auth: {roles: {}}\n",
         "leat.yaml:1:15: `roles`: found a mapping, expected roles in their order, such as `viewer < analyst < admin`, or a list of such\n"},
        {"auth: {roles: [[a]]}\n",
         "leat.yaml:1:15: `roles`: found a list, expected roles in their order, such as `viewer < analyst < admin`, or a list of such\n"},
        {"auth: {roles: a < < b}\n",
         "leat.yaml:1:15: `roles`: `` is no name of a role: expected letters, digits, `_` and `-`, as in `viewer < analyst < admin`\n"},
        {"auth: {roles: a > b}\n",
         "leat.yaml:1:15: `roles`: `a > b` is no name of a role: expected letters, digits, `_` and `-`, as in `viewer < analyst < admin`\n"},
        {"auth: {roles: anonymous < b}\n",
         "leat.yaml:1:15: `roles`: `anonymous` is there without being declared: take it out\n"},
        {"auth: {roles: [a < b, b]}\n", "leat.yaml:1:23: `roles`: `b` is declared twice\n"},
        {"auth: {roles: viewer < admin, role: vewer}\n",
         "leat.yaml:1:37: `role`: found `vewer`, expected `viewer`, `admin`, `anonymous`: did you mean `viewer`?\n"},
        {"auth: {roles: viewer < admin}\ndefaults: {read: adnim}\n",
         "leat.yaml:2:18: `read`: found `adnim`, expected `viewer`, `admin`, `anonymous` or `none`: did you mean `admin`?\n"},
        {"auth: {roles: viewer, claims: {user: [a]}}\n",
         "leat.yaml:1:38: `user`: found a list, expected a column such as `deleted_at`\n"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct reading *reading = read_yaml(cases[i][0]);
        assert_complaints(&reading->complaints, cases[i][1]);
        reading_free(reading);
    }
}

static void mistakes_of_credentials_are_told_with_their_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"auth: {secret: short}\n",
         "leat.yaml:1:16: `secret`: it has 5 bytes, expected 32 or more: `openssl rand -hex 32` makes a good one\n"},
        {"auth: {secret: 'file:s.txt'}\n",
         "leat.yaml:1:16: `secret`: the file s.txt cannot be read, or holds no secret\n"},
        {"auth: {secret: []}\n",
         "leat.yaml:1:16: `secret`: found a list, expected a secret of 32 bytes or more, or `file:PATH`\n"},
        {"auth: {login: {table: users}, claims: {user: id}}\n",
         "leat.yaml:1:23: `login`: expected a table, its account and its password: "
         "{table: users, account: email, password: password_hash}\n"},
        {"auth: {login: {table: users, account: a, password: b}}\n",
         "leat.yaml:1:23: `login` needs the column that users are called by: `claims: {user: id}`\n"},
        {"auth: {keys: [{jwks: a.json}]}\n",
         "leat.yaml:1:15: `keys`: `alg` is lacking: a key is of one algorithm, HS256, RS256, ES256 or EdDSA\n"},
        {"auth: {keys: [{alg: none, jwks: a.json}]}\n",
         "leat.yaml:1:21: `alg`: found `none`, expected `HS256`, `RS256`, `ES256` or `EdDSA`\n"},
        {"auth: {keys: [{alg: RS256}]}\n",
         "leat.yaml:1:15: `keys`: expected either `jwks: FILE` or, for HS256, `secret: TEXT`\n"},
        {"auth: {keys: [{alg: RS256, secret: 'a text that is as long as it must be'}]}\n",
         "leat.yaml:1:36: `keys`: a secret is for HS256: for RS256 name a set of public keys by `jwks: FILE`\n"},
        {"auth: {keys: []}\n",
         "leat.yaml:1:14: `keys`: found a list, expected a list of keys such as "
         "`[{alg: RS256, jwks: keys.json, issuer: https://id.example, audience: leat}]`\n"},
        {"auth: {audit: [writing]}\n",
         "leat.yaml:1:16: `audit`: found `writing`, expected what is kept in the audit log, of `[logins, writes]`\n"},
        {"auth: {rights: databse}\n",
         "leat.yaml:1:16: `rights`: found `databse`, expected `leat` or `database`: did you mean `database`?\n"},
        {"auth: {session: 0s}\n", "leat.yaml:1:17: `session`: `0s` is out of range: expected 1s to 366d\n"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct reading *reading = read_yaml(cases[i][0]);
        assert_complaints(&reading->complaints, cases[i][1]);
        reading_free(reading);
    }
}

static void a_secret_is_never_printed(void **state)
{
    (void)state;
    struct buf text;
    struct reading *reading =
        read_good(BEGIN "auth: {secret: 'the secret that nobody may ever see', roles: a, "
                        "keys: [{alg: HS256, secret: 'another secret that nobody may see'}]}\n"
                        "resources: {x: {read: a}}\n");
    buf_init(&text, 1 << 20);
    config_print(reading->config, &text);
    buf_byte(&text, 0);
    assert_null(strstr(text.data, "nobody"));
    buf_done(&text);
    reading_free(reading);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_role_has_the_rights_of_those_before_it_in_its_chain_alone),
    cmocka_unit_test(the_role_of_who_has_none_is_anonymous_unless_told),
    cmocka_unit_test(mistakes_are_told_with_their_place),
    cmocka_unit_test(mistakes_of_credentials_are_told_with_their_place),
    cmocka_unit_test(a_secret_is_never_printed),
};

UNIT_TEST_MAIN(tests)
