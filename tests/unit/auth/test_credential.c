/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that we make: what they look like, and how they are known again. */
#include "lib/unit.h"

#include "auth/credential.h"
#include "base/check.h"

static void a_new_key_is_read_and_is_another_each_time(void **state)
{
    (void)state;
    char key[API_KEY_LEN + 1], other[API_KEY_LEN + 1];
    struct slice id;
    api_key_new(key);
    api_key_new(other);
    assert_string_not_equal(key, other);
    assert_int_equal(strlen(key), API_KEY_LEN);
    assert_true(api_key_read(slice_str(key), &id));
    assert_int_equal(id.len, API_KEY_ID_LEN);
    assert_ptr_equal(id.data, key + 5);
}

static void what_is_no_key_is_not_taken_for_one(void **state)
{
    (void)state;
    char key[API_KEY_LEN + 2];
    struct slice id;
    static const size_t places[] = {0, 4, 5, 16, 17, 18, API_KEY_LEN - 1};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        api_key_new(key);
        key[places[i]] = 'G';
        assert_false(api_key_read(slice_str(key), &id));
    }
    api_key_new(key);
    assert_false(api_key_read(slice_of(key, API_KEY_LEN - 1), &id));
    assert_false(api_key_read(slice_of(key, API_KEY_LEN + 1), &id));
    assert_false(api_key_read((struct slice){0}, &id));
}

static void a_token_of_a_session_is_no_key_and_a_key_no_token(void **state)
{
    (void)state;
    char key[API_KEY_LEN + 1], token[SESSION_TOKEN_LEN + 1];
    struct slice id;
    api_key_new(key);
    session_token_new(token);
    assert_true(session_token_is(slice_str(token)));
    assert_false(session_token_is(slice_str(key)));
    assert_false(api_key_read(slice_str(token), &id));
    token[SESSION_TOKEN_LEN - 1] = 'x';
    assert_false(session_token_is(slice_str(token)));
}

/* BLAKE2b-256 of "abc", from RFC 7693's reference code. */
static void a_hash_is_the_same_everywhere_and_another_for_another_text(void **state)
{
    (void)state;
    char text[2 * CREDENTIAL_HASH_BYTES + 1], other[sizeof text];
    credential_hash_text(SLICE("abc"), text);
    assert_string_equal(text, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    credential_hash_text(SLICE("abd"), other);
    assert_false(credential_hash_eq(slice_str(text), slice_str(other)));
    assert_true(credential_hash_eq(slice_str(text), slice_of(text, strlen(text))));
    assert_false(credential_hash_eq(slice_of(text, 63), slice_of(text, 63)));
}

static void a_salted_hash_is_of_this_process_and_of_both_texts(void **state)
{
    (void)state;
    struct credential_salt one, two;
    unsigned char a[CREDENTIAL_HASH_BYTES], b[CREDENTIAL_HASH_BYTES];
    credential_salt_new(&one);
    credential_salt_new(&two);
    credential_hash_salted(&one, SLICE("ab"), SLICE("c"), a);
    credential_hash_salted(&one, SLICE("ab"), SLICE("c"), b);
    assert_memory_equal(a, b, sizeof a);
    credential_hash_salted(&one, SLICE("a"), SLICE("bc"), b);
    assert_memory_not_equal(a, b, sizeof a);
    credential_hash_salted(&two, SLICE("ab"), SLICE("c"), b);
    assert_memory_not_equal(a, b, sizeof a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_new_key_is_read_and_is_another_each_time),
    cmocka_unit_test(what_is_no_key_is_not_taken_for_one),
    cmocka_unit_test(a_token_of_a_session_is_no_key_and_a_key_no_token),
    cmocka_unit_test(a_hash_is_the_same_everywhere_and_another_for_another_text),
    cmocka_unit_test(a_salted_hash_is_of_this_process_and_of_both_texts),
};

UNIT_TEST_MAIN(tests)
