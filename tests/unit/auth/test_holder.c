/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials that are known for a while: what is found again, and when it is no longer. */
#include "lib/unit.h"

#include <stdio.h>

#include "auth/holder.h"

#define MONO(ms) ((struct mono){(ms)*1000LL})
#define WALL(s) ((struct wall){(s)*1000000LL})

static const struct holder example = {.credential = CREDENTIAL_SESSION,
                                      .user = SLICE_INIT("7"),
                                      .role = SLICE_INIT("admin"),
                                      .token_id = "0123456789abcdef0123456789abcdef",
                                      .expires_s = 1000,
                                      .fresh_until = {5000000},
                                      .generation = 3};

static void put(struct known *known, const char *credential, unsigned char hash[CREDENTIAL_HASH_BYTES])
{
    known_hash(known, slice_str(credential), hash);
    known_put(known, hash, &example);
}

static void who_was_put_is_found_by_the_credential_alone(void **state)
{
    (void)state;
    struct known *known = known_new();
    unsigned char hash[CREDENTIAL_HASH_BYTES], other[CREDENTIAL_HASH_BYTES];
    put(known, "one", hash);
    known_hash(known, SLICE("two"), other);
    const struct holder *holder = known_get(known, hash, 3, MONO(0), WALL(0));
    assert_non_null(holder);
    assert_slice(holder->user, "7");
    assert_null(holder->tenant.data);
    assert_ptr_not_equal(holder->user.data, example.user.data);
    assert_null(known_get(known, other, 3, MONO(0), WALL(0)));
    memcpy(other, hash, 2); /* the same place, another credential */
    assert_null(known_get(known, other, 3, MONO(0), WALL(0)));
    known_free(known);
}

static void nobody_is_known_beyond_his_end_or_by_another_model(void **state)
{
    (void)state;
    struct known *known = known_new();
    unsigned char hash[CREDENTIAL_HASH_BYTES];
    put(known, "one", hash);
    assert_non_null(known_get(known, hash, 3, MONO(0), WALL(999)));
    assert_null(known_get(known, hash, 3, MONO(0), WALL(1000)));
    assert_null(known_get(known, hash, 4, MONO(0), WALL(0)));
    known_drop(known, hash);
    assert_null(known_get(known, hash, 3, MONO(0), WALL(0)));
    known_free(known);
}

static void when_it_is_no_longer_fresh_one_alone_is_told_so(void **state)
{
    (void)state;
    struct known *known = known_new();
    unsigned char hash[CREDENTIAL_HASH_BYTES];
    put(known, "one", hash);
    assert_non_null(known_get(known, hash, 3, MONO(4999), WALL(0)));
    assert_null(known_get(known, hash, 3, MONO(5000), WALL(0)));
    assert_non_null(known_get(known, hash, 3, MONO(5001), WALL(0)));
    assert_null(known_get(known, hash, 3, MONO(5300), WALL(0)));
    known_free(known);
}

static void a_newcomer_takes_the_place_of_who_was_there(void **state)
{
    (void)state;
    struct known *known = known_new();
    unsigned char hash[CREDENTIAL_HASH_BYTES];
    unsigned found = 0;
    for (unsigned i = 0; i < 4 * KNOWN_SLOTS; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", i);
        put(known, text, hash);
        assert_non_null(known_get(known, hash, 3, MONO(0), WALL(0)));
    }
    for (unsigned i = 0; i < 4 * KNOWN_SLOTS; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", i);
        known_hash(known, slice_str(text), hash);
        found += known_get(known, hash, 3, MONO(0), WALL(0)) != NULL;
    }
    assert_in_range(found, 1, KNOWN_SLOTS);
    known_free(known);
}

static void a_holder_becomes_the_principal(void **state)
{
    (void)state;
    struct arena arena;
    struct principal principal = {.via_proxy = true};
    static struct config_role role = {.name = SLICE_INIT("admin"), .bit = 2, .rights = 3};
    static const struct config_auth auth = {.roles = &role, .role_count = 1, .role = ROLE_ANONYMOUS};
    arena_init(&arena, 1024);
    holder_become(&example, &auth, &arena, &principal);
    assert_int_equal(principal.caller.roles, 3);
    assert_slice(principal.caller.user, "7");
    assert_string_equal(principal.token_id, example.token_id);
    assert_true(principal.via_proxy);
    arena_done(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(who_was_put_is_found_by_the_credential_alone),
    cmocka_unit_test(nobody_is_known_beyond_his_end_or_by_another_model),
    cmocka_unit_test(when_it_is_no_longer_fresh_one_alone_is_told_so),
    cmocka_unit_test(a_newcomer_takes_the_place_of_who_was_there),
    cmocka_unit_test(a_holder_becomes_the_principal),
};

UNIT_TEST_MAIN(tests)
