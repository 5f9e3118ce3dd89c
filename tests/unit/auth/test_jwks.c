/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of keys: which are taken for which algorithm, and what is refused. */
#include "lib/unit.h"

#include <stdio.h>

#include "auth/jwks.h"
#include "auth/jwt_key.h"
#include "tokens.h"

static enum error read_as(const char *json, enum jwt_alg alg, unsigned *ret_count)
{
    struct jwt_keys keys = {0};
    const char *why = NULL;
    enum error error = jwks_read(slice_str(json), alg, &keys, &why);
    *ret_count = keys.count;
    assert_true(!error || why);
    jwt_keys_done(&keys);
    return error;
}

static void of_each_algorithm_its_keys_are_taken(void **state)
{
    (void)state;
    static const char *const kids[] = {"h1", "r1", "e1", "d1"};
    for (unsigned alg = JWT_HS256; alg <= JWT_EDDSA; alg++) {
        struct jwt_keys keys;
        const char *why;
        assert_int_equal(jwks_read(SLICE(TOKENS_JWKS), alg, &keys, &why), OK);
        assert_int_equal(keys.alg, alg);
        assert_int_equal(keys.count, 1);
        assert_slice(keys.keys[0].kid, kids[alg]);
        jwt_keys_done(&keys);
    }
}

static void a_key_stands_alone_too(void **state)
{
    (void)state;
    unsigned count;
    assert_int_equal(
        read_as("{\"kty\":\"oct\",\"k\":\"YSBzZWNyZXQgdGhhdCBpcyBhcyBsb25nIGFzIGl0IG11c3QgYmU\"}", JWT_HS256,
                &count),
        OK);
    assert_int_equal(count, 1);
}

static void keys_for_something_else_are_passed_over(void **state)
{
    (void)state;
    unsigned count;
    static const char key[] =
        "{\"kty\":\"oct\",%s\"k\":\"YSBzZWNyZXQgdGhhdCBpcyBhcyBsb25nIGFzIGl0IG11c3QgYmU\"}";
    static const char *const marks[] = {"\"alg\":\"HS512\",", "\"use\":\"enc\",", "\"alg\":1,",
                                        "\"kty\":\"RSA\","};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        char text[300];
        snprintf(text, sizeof text, key, marks[i]);
        assert_int_equal(read_as(text, JWT_HS256, &count), ERR_INVALID);
    }
}

static void a_broken_key_of_the_right_kind_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum jwt_alg alg;
        const char *json;
    } broken[] = {
        {JWT_HS256, "{\"kty\":\"oct\"}"},
        {JWT_HS256, "{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}"},
        {JWT_HS256, "{\"kty\":\"oct\",\"k\":5}"},
        {JWT_HS256,
         "{\"kty\":\"oct\",\"kid\":5,\"k\":\"YSBzZWNyZXQgdGhhdCBpcyBhcyBsb25nIGFzIGl0IG11c3QgYmU\"}"},
        {JWT_RS256, "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"},
        {JWT_RS256, "{\"kty\":\"RSA\",\"e\":\"AQAB\"}"},
        {JWT_RS256, "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}"},
        {JWT_ES256, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"AQAB\"}"},
        {JWT_ES256, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"ZwSnT4ZDQQuFpGGXo8IW3G-wm1O5El8gULazAD8ZM4A\","
                    "\"y\":\"ZwSnT4ZDQQuFpGGXo8IW3G-wm1O5El8gULazAD8ZM4A\"}"}, /* no point on the curve */
        {JWT_EDDSA, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQAB\"}"},
    };
    unsigned count;
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        assert_int_equal(read_as(broken[i].json, broken[i].alg, &count), ERR_INVALID);
        assert_int_equal(count, 0);
    }
}

static void a_set_that_has_no_key_for_the_algorithm_is_refused(void **state)
{
    (void)state;
    static const char *const sets[] = {"{\"keys\":[]}",
                                       "{}",
                                       "{\"keys\":{}}",
                                       "{\"keys\":[],\"keys\":[]}",
                                       "[]",
                                       "",
                                       "{\"keys\":[1,null,\"x\"]}",
                                       "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-521\"}]}"};
    unsigned count;
    for (size_t i = 0; i < ARRAY_LEN(sets); i++)
        assert_int_equal(read_as(sets[i], JWT_ES256, &count), ERR_INVALID);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(of_each_algorithm_its_keys_are_taken),
    cmocka_unit_test(a_key_stands_alone_too),
    cmocka_unit_test(keys_for_something_else_are_passed_over),
    cmocka_unit_test(a_broken_key_of_the_right_kind_is_refused),
    cmocka_unit_test(a_set_that_has_no_key_for_the_algorithm_is_refused),
};

UNIT_TEST_MAIN(tests)
