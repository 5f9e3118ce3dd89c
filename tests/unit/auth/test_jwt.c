/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: which are believed, and that nothing else is. Foreign ones were made by PyJWT (tokens.h); those that PyJWT would not make
 * are signed here with the secret. */
#include "lib/unit.h"

#include <sodium.h>
#include <stdio.h>

#include "auth/jwks.h"
#include "auth/jwt_key.h"
#include "tokens.h"

#define NOW_S 1700000000

struct world {
    struct arena arena;
    struct jwt_issuer issuers[4]; /* by algorithm */
    struct jwt_claims claims;
    const char *why;
};

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    arena_init(&world->arena, 4096);
    for (unsigned alg = JWT_HS256; alg <= JWT_EDDSA; alg++) {
        struct jwt_issuer *issuer = &world->issuers[alg];
        *issuer = (struct jwt_issuer){.issuer = SLICE("https://id.example"),
                                      .audience = SLICE("leat"),
                                      .user = SLICE("sub"),
                                      .tenant = SLICE("org"),
                                      .role = SLICE("role")};
        assert_int_equal(jwks_read(SLICE(TOKENS_JWKS), alg, &issuer->keys, &world->why), OK);
    }
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    for (unsigned alg = JWT_HS256; alg <= JWT_EDDSA; alg++)
        jwt_keys_done(&world->issuers[alg].keys);
    arena_done(&world->arena);
    free(world);
    return 0;
}

static enum error verify_at(struct world *world, struct slice token, int64_t now_s)
{
    world->why = NULL;
    memset(&world->claims, 0xee, sizeof world->claims);
    return jwt_verify(world->issuers, 4, token, (struct wall){now_s * 1000000}, &world->arena, &world->claims,
                      &world->why);
}

static void assert_refused(struct world *world, struct slice token, const char *why)
{
    assert_int_equal(verify_at(world, token, NOW_S), ERR_INVALID);
    assert_string_equal(world->why, why);
}

/* A token with these very texts as header and claims, signed with the secret. */
static struct slice signed_with_secret(struct world *world, const char *header, const char *claims)
{
    struct arena *arena = &world->arena;
    struct slice head = base64url_encode(arena, slice_str(header)),
                 body = base64url_encode(arena, slice_str(claims));
    struct slice text = arena_format(arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(head), SLICE_ARG(body));
    crypto_auth_hmacsha256_state state;
    unsigned char mac[32];
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)TOKENS_SECRET, strlen(TOKENS_SECRET));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.data, text.len);
    crypto_auth_hmacsha256_final(&state, mac);
    struct slice signature = base64url_encode(arena, slice_of((char *)mac, sizeof mac));
    return arena_format(arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(text), SLICE_ARG(signature));
}

#define HEADER "{\"alg\":\"HS256\"}"
#define CLAIMS(more) \
    "{\"iss\":\"https://id.example\",\"aud\":\"leat\",\"sub\":\"7\",\"exp\":1700000100" more "}"

static const char *const foreign[] = {TOKEN_HS256, TOKEN_RS256, TOKEN_ES256, TOKEN_EDDSA};

static void a_token_of_each_algorithm_is_believed_and_its_claims_are_read(void **state)
{
    struct world *world = *state;
    for (unsigned alg = JWT_HS256; alg <= JWT_EDDSA; alg++) {
        assert_int_equal(verify_at(world, slice_str(foreign[alg]), NOW_S), OK);
        assert_slice(world->claims.user, "7");
        assert_slice(world->claims.tenant, "acme");
        assert_slice(world->claims.role, "viewer");
        assert_int_equal(world->claims.expires_s, 2000000000);
        assert_int_equal(world->claims.issuer, alg);
    }
}

static void a_token_changed_in_any_character_is_refused(void **state)
{
    struct world *world = *state;
    for (unsigned alg = JWT_HS256; alg <= JWT_EDDSA; alg++) {
        size_t len = strlen(foreign[alg]);
        char *token = strdup(foreign[alg]);
        for (size_t i = 0; i < len; i += alg == JWT_RS256 ? 7 : 1) {
            token[i] = token[i] == 'A' ? 'B' : 'A';
            assert_int_equal(verify_at(world, slice_of(token, len), NOW_S), ERR_INVALID);
            token[i] = foreign[alg][i];
        }
        free(token);
        arena_reset(&world->arena);
    }
}

static void a_token_cut_anywhere_is_refused(void **state)
{
    struct world *world = *state;
    for (unsigned alg = JWT_HS256; alg <= JWT_EDDSA; alg++)
        for (size_t len = 0; len < strlen(foreign[alg]); len++)
            assert_int_equal(verify_at(world, slice_of(foreign[alg], len), NOW_S), ERR_INVALID);
}

static void the_algorithm_is_the_keys_and_never_the_tokens(void **state)
{
    struct world *world = *state;
    static const char *const algs[] = {"none",  "None",  "NONE",  "",     "HS384",
                                       "HS512", "hs256", "RS512", "PS256"};
    assert_refused(world, SLICE(TOKEN_CONFUSED), "its signature is of no key");
    assert_int_equal(jwt_verify(&world->issuers[JWT_RS256], 1, SLICE(TOKEN_CONFUSED),
                                (struct wall){NOW_S * 1000000LL}, &world->arena, &world->claims, &world->why),
                     ERR_INVALID); /* no HMAC anywhere */
    assert_string_equal(world->why, "its algorithm is not the one of any key");
    for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
        char header[64];
        snprintf(header, sizeof header, "{\"alg\":\"%s\"}", algs[i]);
        assert_refused(world, signed_with_secret(world, header, CLAIMS("")),
                       "its algorithm is not the one of any key");
    }
}

static void a_token_without_a_signature_is_refused(void **state)
{
    struct world *world = *state;
    struct slice part = jwt_signed_part(SLICE(TOKEN_HS256));
    assert_refused(world, part, "it is no token of three parts");
    assert_refused(world, arena_format(&world->arena, SLICE_FMT ".", SLICE_ARG(part)),
                   "its signature is of no key");
    assert_refused(world, SLICE(".."), "it is not well-formed");
    assert_refused(world, SLICE(""), "it is no token of three parts");
}

static void a_huge_token_is_refused_unread(void **state)
{
    struct world *world = *state;
    static char huge[JWT_BYTES_MAX + 1];
    memset(huge, 'a', sizeof huge);
    memcpy(huge, TOKEN_HS256, strlen(TOKEN_HS256));
    assert_refused(world, slice_of(huge, sizeof huge), "it is too long");
}

static void a_token_holds_from_nbf_to_exp_with_a_minute_of_leeway(void **state)
{
    struct world *world = *state;
    assert_int_equal(verify_at(world, SLICE(TOKEN_HS256), 2000000059), OK);
    assert_int_equal(verify_at(world, SLICE(TOKEN_HS256), 2000000060), ERR_INVALID);
    assert_string_equal(world->why, "it has expired");
    assert_int_equal(verify_at(world, SLICE(TOKEN_HS256), 999999940), OK);
    assert_int_equal(verify_at(world, SLICE(TOKEN_HS256), 999999939), ERR_INVALID);
    assert_string_equal(world->why, "it is not valid yet");
}

static void times_that_are_none_are_refused(void **state)
{
    struct world *world = *state;
    static const char *const times[] = {
        "\"1700000100\"", "null", "-1",   "1e300",
        "253402300800",   "[]",   "true", "1700000100.00000000000000000000000001"};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        char claims[256];
        snprintf(claims, sizeof claims,
                 "{\"iss\":\"https://id.example\",\"aud\":\"leat\",\"sub\":\"7\",\"exp\":%s}", times[i]);
        assert_refused(world, signed_with_secret(world, HEADER, claims), "it has no exp");
        snprintf(claims, sizeof claims, CLAIMS(",\"nbf\":%s"), times[i]);
        assert_refused(world, signed_with_secret(world, HEADER, claims), "its nbf is no time");
    }
    assert_refused(world, signed_with_secret(world, HEADER, "{\"sub\":\"7\"}"), "it has no exp");
    assert_int_equal(verify_at(world, signed_with_secret(world, HEADER, CLAIMS(",\"nbf\":1.6999999995e9")),
                               NOW_S),
                     OK);
}

static void an_audience_must_be_ours(void **state)
{
    struct world *world = *state;
    static const char *const others[] = {"\"other\"",    "[]", "[\"other\"]", "\"\"", "null",
                                         "[[\"leat\"]]", "5"};
    char claims[256];
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        snprintf(claims, sizeof claims,
                 "{\"iss\":\"https://id.example\",\"sub\":\"7\",\"exp\":1700000100,\"aud\":%s}", others[i]);
        assert_refused(world, signed_with_secret(world, HEADER, claims), "it is for another audience");
    }
    struct slice without =
        signed_with_secret(world, HEADER,
                           "{\"iss\":\"https://id.example\",\"sub\":\"7\",\"exp\":1700000100}");
    assert_refused(world, without, "it is for another audience");
    struct slice listed = signed_with_secret(
        world, HEADER,
        "{\"iss\":\"https://id.example\",\"sub\":\"7\",\"exp\":1700000100,\"aud\":[\"other\",\"leat\"]}");
    assert_int_equal(verify_at(world, listed, NOW_S), OK);
    world->issuers[JWT_HS256].audience = (struct slice){0}; /* we are told of none: then there may be none */
    assert_int_equal(verify_at(world, without, NOW_S), OK);
    assert_refused(world, listed, "it is for another audience");
}

static void an_issuer_must_be_the_keys(void **state)
{
    struct world *world = *state;
    struct slice other = signed_with_secret(
        world, HEADER,
        "{\"iss\":\"https://id.example.evil\",\"aud\":\"leat\",\"sub\":\"7\",\"exp\":1700000100}");
    struct slice none =
        signed_with_secret(world, HEADER, "{\"aud\":\"leat\",\"sub\":\"7\",\"exp\":1700000100}");
    assert_refused(world, other, "it is of another issuer");
    assert_refused(world, none, "it is of another issuer");
    world->issuers[JWT_HS256].issuer = (struct slice){0};
    assert_int_equal(verify_at(world, other, NOW_S), OK);
    assert_int_equal(verify_at(world, none, NOW_S), OK);
}

static void claims_are_texts_or_integers_of_bounded_length(void **state)
{
    struct world *world = *state;
    static const char *const refused[] = {"1.5", "1e3", "true", "{}", "[\"a\"]", "\"\"", "\"a\\u0000b\""};
    char claims[1024], long_text[JWT_CLAIM_BYTES_MAX + 2] = {0};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        snprintf(claims, sizeof claims, CLAIMS(",\"org\":%s"), refused[i]);
        assert_refused(world, signed_with_secret(world, HEADER, claims),
                       "a claim is neither a text nor an integer, or is too long");
    }
    memset(long_text, 'x', JWT_CLAIM_BYTES_MAX + 1);
    snprintf(claims, sizeof claims, CLAIMS(",\"org\":\"%s\""), long_text);
    assert_refused(world, signed_with_secret(world, HEADER, claims),
                   "a claim is neither a text nor an integer, or is too long");
    assert_int_equal(verify_at(world, signed_with_secret(world, HEADER, CLAIMS(",\"org\":42,\"role\":null")),
                               NOW_S),
                     OK);
    assert_slice(world->claims.tenant, "42");
    assert_null(world->claims.role.data);
}

static void a_claim_that_stands_there_twice_is_refused(void **state)
{
    struct world *world = *state;
    assert_int_equal(verify_at(world, signed_with_secret(world, HEADER, CLAIMS(",\"sub\":\"8\"")), NOW_S),
                     ERR_INVALID);
    assert_int_equal(verify_at(world, signed_with_secret(world, HEADER, CLAIMS(",\"exp\":1800000000")),
                               NOW_S),
                     ERR_INVALID);
    assert_refused(world, signed_with_secret(world, "{\"alg\":\"HS256\",\"alg\":\"none\"}", CLAIMS("")),
                   "its header names no algorithm");
}

static void a_token_that_names_no_user_is_refused(void **state)
{
    struct world *world = *state;
    assert_refused(world,
                   signed_with_secret(world, HEADER,
                                      "{\"iss\":\"https://id.example\",\"aud\":\"leat\",\"exp\":1700000100}"),
                   "it names no user");
}

static void what_a_header_asks_for_beyond_is_refused_or_not_heeded(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *header, *why; /* NULL: believed */
    } headers[] = {
        {"{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", "its header has crit"},
        {"{\"alg\":\"HS256\",\"crit\":[]}", "its header has crit"},
        {"{\"alg\":\"HS256\",\"kid\":5}", "its kid is no text"},
        {"{\"alg\":\"HS256\",\"kid\":\"other\"}", "its signature is of no key"},
        {"{\"alg\":\"HS256\",\"kid\":\"../../etc/passwd\"}", "its signature is of no key"},
        {"{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}", "it is a token of another type"},
        {"{\"alg\":\"HS256\",\"typ\":5}", "it is a token of another type"},
        {"{\"alg\":[\"HS256\"]}", "its header names no algorithm"},
        {"{}", "its header names no algorithm"},
        {"[\"HS256\"]", "it is not well-formed"},
        {"{\"alg\":\"HS256\",\"typ\":\"at+JWT\"}", NULL},
        {"{\"alg\":\"HS256\",\"kid\":\"h1\",\"jku\":\"http://127.0.0.1/keys\",\"jwk\":{}}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        struct slice token = signed_with_secret(world, headers[i].header, CLAIMS(""));
        if (headers[i].why)
            assert_refused(world, token, headers[i].why);
        else
            assert_int_equal(verify_at(world, token, NOW_S), OK);
    }
}

static void what_we_sign_we_believe_and_another_secret_does_not(void **state)
{
    struct world *world = *state;
    struct jwt_issuer own = world->issuers[JWT_HS256];
    struct jwt_keys other;
    struct jwt_claims claims = {.user = SLICE("a \"user\""),
                                .role = SLICE("admin"),
                                .expires_s = NOW_S + 3600};
    jwt_keys_of_secret(SLICE(TOKENS_SECRET), &own.keys);
    struct slice token =
        jwt_sign(&own, &claims, SLICE("id"), (struct wall){NOW_S * 1000000LL}, &world->arena);
    assert_int_equal(verify_at(world, token, NOW_S), OK);
    assert_slice(world->claims.user, "a \"user\"");
    assert_null(world->claims.tenant.data);
    assert_slice(world->claims.role, "admin");
    assert_int_equal(world->claims.expires_s, NOW_S + 3600);
    jwt_keys_of_secret(SLICE(TOKENS_SECRET "."), &other);
    own.keys.keys[0].secret.len--; /* a shorter one */
    struct slice forged =
        jwt_sign(&own, &claims, SLICE("id"), (struct wall){NOW_S * 1000000LL}, &world->arena);
    assert_refused(world, forged, "its signature is of no key");
    own.keys.keys[0].secret.len++;
    jwt_keys_done(&own.keys);
    jwt_keys_done(&other);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_token_of_each_algorithm_is_believed_and_its_claims_are_read, open_world,
                                    close_world),
    cmocka_unit_test_setup_teardown(a_token_changed_in_any_character_is_refused, open_world, close_world),
    cmocka_unit_test_setup_teardown(a_token_cut_anywhere_is_refused, open_world, close_world),
    cmocka_unit_test_setup_teardown(the_algorithm_is_the_keys_and_never_the_tokens, open_world, close_world),
    cmocka_unit_test_setup_teardown(a_token_without_a_signature_is_refused, open_world, close_world),
    cmocka_unit_test_setup_teardown(a_huge_token_is_refused_unread, open_world, close_world),
    cmocka_unit_test_setup_teardown(a_token_holds_from_nbf_to_exp_with_a_minute_of_leeway, open_world,
                                    close_world),
    cmocka_unit_test_setup_teardown(times_that_are_none_are_refused, open_world, close_world),
    cmocka_unit_test_setup_teardown(an_audience_must_be_ours, open_world, close_world),
    cmocka_unit_test_setup_teardown(an_issuer_must_be_the_keys, open_world, close_world),
    cmocka_unit_test_setup_teardown(claims_are_texts_or_integers_of_bounded_length, open_world, close_world),
    cmocka_unit_test_setup_teardown(a_claim_that_stands_there_twice_is_refused, open_world, close_world),
    cmocka_unit_test_setup_teardown(a_token_that_names_no_user_is_refused, open_world, close_world),
    cmocka_unit_test_setup_teardown(what_a_header_asks_for_beyond_is_refused_or_not_heeded, open_world,
                                    close_world),
    cmocka_unit_test_setup_teardown(what_we_sign_we_believe_and_another_secret_does_not, open_world,
                                    close_world),
};

UNIT_TEST_MAIN(tests)
