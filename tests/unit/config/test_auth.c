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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_role_has_the_rights_of_those_before_it_in_its_chain_alone),
    cmocka_unit_test(the_role_of_who_has_none_is_anonymous_unless_told),
    cmocka_unit_test(mistakes_are_told_with_their_place),
};

UNIT_TEST_MAIN(tests)
