/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords against hashes of every kind: made here, by argon2-cffi, by bcrypt, by crypt(3). */
#include "lib/unit.h"

#include "auth/password.h"

#define PASSWORD "correct horse"

static const char *const old_hashes[] = {
    "$argon2id$v=19$m=65536,t=3,p=4$OUwfqZ9Na14k3lJ0a3WFfg$p33IMC3x+n/htNwz2ouH2w",
    "$argon2i$v=19$m=64,t=3,p=1$F0Uwc1QALgiziZLDSLkTtQ$acrQrK+Zls0GcwRuUPxO9A",
    "$2a$04$qVJbfXRKf4ZqdXuO7q1yzevlwbk060tMWxiOBaqTReuvZJtUn7A0e",
    "$2b$04$qVJbfXRKf4ZqdXuO7q1yzevlwbk060tMWxiOBaqTReuvZJtUn7A0e",
    "$2y$04$qVJbfXRKf4ZqdXuO7q1yzevlwbk060tMWxiOBaqTReuvZJtUn7A0e",
    "$7$8U..../....SodiumChlorideXX$j0eQqf98jHOSRZ3tduUqSZd/X3r0wlvM2rPuSxosuz3",
};

static enum password_result verified(const char *hash, const char *password)
{
    return password_verify(slice_str(hash), slice_str(password));
}

static void a_new_hash_is_right_for_its_password_alone_and_needs_no_other(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_BYTES_MAX], again[PASSWORD_HASH_BYTES_MAX];
    assert_int_equal(password_hash(SLICE(PASSWORD), hash), OK);
    assert_int_equal(password_hash(SLICE(PASSWORD), again), OK);
    assert_string_not_equal(hash, again);
    assert_true(slice_starts(slice_str(hash), SLICE("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_int_equal(verified(hash, PASSWORD), PASSWORD_RIGHT);
    assert_int_equal(verified(hash, "correct horsf"), PASSWORD_WRONG);
    assert_int_equal(verified(hash, "correct hors"), PASSWORD_WRONG);
    assert_int_equal(verified(hash, ""), PASSWORD_WRONG);
}

static void hashes_that_applications_used_before_are_right_and_old(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(old_hashes); i++) {
        assert_int_equal(verified(old_hashes[i], PASSWORD), PASSWORD_RIGHT_OLD);
        assert_int_equal(verified(old_hashes[i], "correct Horse"), PASSWORD_WRONG);
    }
}

static void a_hash_cut_anywhere_is_never_right(void **state)
{
    (void)state;
    for (size_t i = 1; i < ARRAY_LEN(old_hashes); i++)
        for (size_t len = 0; len < strlen(old_hashes[i]); len++) {
            enum password_result result = password_verify(slice_of(old_hashes[i], len), SLICE(PASSWORD));
            assert_true(result == PASSWORD_WRONG || result == PASSWORD_UNKNOWN);
        }
}

static void a_hash_of_another_kind_or_of_too_great_a_cost_is_not_verified(void **state)
{
    (void)state;
    static const char *const hashes[] = {
        "",
        PASSWORD,
        "*",
        "!",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$abcdefgh$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=1048576,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8192,t=4000000,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$2b$31$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$7$M.........../....SodiumChlorideXX$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$7$KU..../....SodiumChlorideXX$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$7$8U....z....SodiumChlorideXX$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        assert_int_equal(verified(hashes[i], PASSWORD), PASSWORD_UNKNOWN);
}

static void what_no_hash_could_tell_apart_is_no_password(void **state)
{
    (void)state;
    static char long_one[PASSWORD_BYTES_MAX + 1];
    memset(long_one, 'x', sizeof long_one);
    assert_false(password_is_possible(SLICE("")));
    assert_false(password_is_possible(SLICE("a\0b")));
    assert_false(password_is_possible(slice_of(long_one, sizeof long_one)));
    assert_true(password_is_possible(slice_of(long_one, PASSWORD_BYTES_MAX)));
    assert_int_equal(password_verify(slice_str(old_hashes[1]), SLICE(PASSWORD "\0")), PASSWORD_WRONG);
}

/* Its work is the same as for a hash of ours: it is verified, and found wrong. */
static void the_decoy_is_of_our_kind_and_no_passwords(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_BYTES_MAX];
    struct slice decoy = password_decoy();
    assert_int_equal(password_hash(SLICE(PASSWORD), hash), OK);
    assert_int_equal(decoy.len, strlen(hash));
    assert_true(slice_starts(decoy, slice_of(hash, strlen("$argon2id$v=19$m=19456,t=2,p=1$"))));
    assert_int_equal(password_verify(decoy, SLICE(PASSWORD)), PASSWORD_WRONG);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_new_hash_is_right_for_its_password_alone_and_needs_no_other),
    cmocka_unit_test(hashes_that_applications_used_before_are_right_and_old),
    cmocka_unit_test(a_hash_cut_anywhere_is_never_right),
    cmocka_unit_test(a_hash_of_another_kind_or_of_too_great_a_cost_is_not_verified),
    cmocka_unit_test(what_no_hash_could_tell_apart_is_no_password),
    cmocka_unit_test(the_decoy_is_of_our_kind_and_no_passwords),
};

UNIT_TEST_MAIN(tests)
