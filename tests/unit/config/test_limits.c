/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with `limits:`, word for word. */
#include "lib/mistakes.h"

#include "reading.h"

#define BEGIN "database: sqlite:/x\n"

static const struct mistake mistakes[] = {
    {"limits: {per: user}\n",
     "leat.yaml:1:9: `limits`: found a mapping, expected a list of rules such as `[{per: address, rate: 200/s}]`\n"},
    {"limits: [{per: adress, rate: 200/sec}]\n",
     "leat.yaml:1:16: `per`: found `adress`, expected address, user, key, tenant, role, route or account, or a list of them: did you mean `address`?\n"
     "leat.yaml:1:30: `rate`: found `200/sec`, expected a rate such as `5000/s`, `200/min`, `10/h` or `1000/d`: did you mean `200/s`?\n"},
    {"limits: [{per: [user, {}], rate: 0/s}, {per: user, rate: 1000001/d}]\n",
     "leat.yaml:1:23: `per`: found a mapping, expected address, user, key, tenant, role, route or account, or a list of them\n"
     "leat.yaml:1:34: `rate`: `0/s` is out of range: expected 1 to 1000000 for each unit of time\n"
     "leat.yaml:1:58: `rate`: `1000001/d` is out of range: expected 1 to 1000000 for each unit of time\n"},
    {"limits: [{rate: fast}, {per: user}, {}]\n",
     "leat.yaml:1:17: `rate`: found `fast`, expected a rate such as `5000/s`, `200/min`, `10/h` or `1000/d`\n"
     "leat.yaml:1:24: a rule of `limits` needs `rate`: expected a rate such as `5000/s`, `200/min`, `10/h` or `1000/d`\n"
     "leat.yaml:1:37: a rule of `limits` needs `per`: expected address, user, key, tenant, role, route or account, or a list of them\n"
     "leat.yaml:1:37: a rule of `limits` needs `rate`: expected a rate such as `5000/s`, `200/min`, `10/h` or `1000/d`\n"},
    {"limits: [{per: user, rate: 5/s, window: slide, burts: 3}]\n",
     "leat.yaml:1:41: `window`: found `slide`, expected `bucket`, `fixed` or `sliding`\n"
     "leat.yaml:1:48: a rule of `limits` has no key `burts`: did you mean `burst`?\n"},
    {"limits: [{per: user, rate: 5/s, window: fixed, burst: 9}]\n",
     "leat.yaml:1:10: `burst` is of token buckets: a window lets its rate through at once; take one of them out\n"},
    {"auth: {roles: free < pro}\nlimits: [{per: user, rate: 5/s, when: [raed, pro], tiers: {fre: 1/s, pro: 7}}]\n",
     "leat.yaml:2:40: `when`: found `raed`, expected `read`, `write`, `anonymous` or a role of `auth: {roles: …}`: did you mean `read`?\n"
     "leat.yaml:2:60: `tiers`: found `fre`, expected `free`, `pro`, `anonymous`: did you mean `free`?\n"
     "leat.yaml:2:75: `pro`: found `7`, expected a rate such as `5000/s`, `200/min`, `10/h` or `1000/d`\n"},
    {"limits: [{per: account, rate: 5/min}, {per: user, rate: 5/min, on: login.failed}, {per: address, rate: 1/s, on: login.failed, when: read}]\n",
     "leat.yaml:1:10: `per: account` needs `on: login.failed`: only logins name one\n"
     "leat.yaml:1:39: `on: login.failed` counts `per` address or account: nobody is known yet when a login fails\n"
     "leat.yaml:1:83: `on: login.failed` has no `when` and no `tiers`: take them out\n"},
    {"resources: {users: {limits: [{per: user, rate: 5/m, weight: 0, name: 'a b', shadow: maybe}]}}\n",
     "leat.yaml:1:48: `rate`: found `5/m`, expected a rate such as `5000/s`, `200/min`, `10/h` or `1000/d`: did you mean `5/min`?\n"
     "leat.yaml:1:61: `weight`: `0` is out of range: expected 1 to 1000\n"
     "leat.yaml:1:70: `name`: found `a b`, expected a name of at most 40 letters, digits, `_`, `-` and `.`, such as `tenant`\n"
     "leat.yaml:1:85: `shadow`: found `maybe`, expected `on` or `off`\n"},
    {"limits: [1, 2, 3, 4, 5, 6, 7, 8, 9]\nlimiter: {keys: 5}\n",
     "leat.yaml:1:9: `limits` has 9 rules: 8 at most\n"
     "leat.yaml:2:17: `keys`: `5` is out of range: expected 1000 to 100000000\n"},
    {BEGIN "resources: {a: {limits: [{per: address, rate: 1/s, on: login.failed}]}}\n",
     "leat.yaml:2:26: `on: login.failed` counts logins, which are no requests of this: say it under `limits` of the first level\n"},
    {BEGIN "functions: {f: {call: anonymous, limits: [{per: route, rate: 1}]}}\n",
     "leat.yaml:2:62: `rate`: found `1`, expected a rate such as `5000/s`, `200/min`, `10/h` or `1000/d`\n"},
};

static void is_told_word_for_word(void **state)
{
    const struct mistake *mistake = *state;
    struct reading *reading = read_yaml(mistake->text);
    assert_complaints(&reading->complaints, mistake->said);
    assert_null(reading->config);
    reading_free(reading);
}

static void rules_that_count_nobody_or_nothing_are_said_softly(void **state)
{
    (void)state;
    struct reading *reading = read_yaml(
        BEGIN "defaults: {read: anonymous}\nlimits: [{per: user, rate: 1/s}, {per: role, rate: 1/s}]\n"
              "resources: {a: {limits: [{per: route, rate: 1/s}]}}\n");
    assert_complaints(
        &reading->complaints,
        "leat.yaml:3:10: warning: the rule counts nobody: without `auth:` callers have no user, key or tenant\n"
        "leat.yaml:4:26: warning: `per: route` says nothing here: this is one, which has the rule for itself\n");
    assert_non_null(reading->config);
    reading_free(reading);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(mistakes) + 1];
    mistakes_add(mistakes, ARRAY_LEN(mistakes), is_told_word_for_word, tests);
    tests[ARRAY_LEN(mistakes)] =
        (struct CMUnitTest)cmocka_unit_test(rules_that_count_nobody_or_nothing_are_said_softly);
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
