/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a set of keys and as a token: `keys LF token`. What must hold: nothing crashes; a set that is taken has keys; and a
 * token is never believed, for nobody but the secret's owner can sign one: the secret is not among the bytes. Header and claims also come
 * bare, signed with the secret here, so that the fuzzer gets behind the signature. */
#include <sodium.h>
#include <stdlib.h>

#include "auth/jwks.h"
#include "auth/jwt_key.h"

#define SECRET "not among the bytes of any input, it is hoped"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct jwt_issuer issuer_of(const struct jwt_keys *keys)
{
    return (struct jwt_issuer){.keys = *keys,
                               .user = SLICE("sub"),
                               .tenant = SLICE("org"),
                               .role = SLICE("role")};
}

static enum error verify(struct arena *arena, const struct jwt_issuer *issuer, struct slice token,
                         struct jwt_claims *claims)
{
    const char *why = NULL;
    enum error error =
        jwt_verify(issuer, 1, token, (struct wall){1700000000LL * 1000000}, arena, claims, &why);
    POST(!error || why);
    return error;
}

static struct slice sign(struct arena *arena, struct slice header, struct slice claims)
{
    struct slice head = base64url_encode(arena, header), body = base64url_encode(arena, claims);
    struct slice text = arena_format(arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(head), SLICE_ARG(body));
    crypto_auth_hmacsha256_state state;
    unsigned char mac[32];
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)SECRET, strlen(SECRET));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.data, text.len);
    crypto_auth_hmacsha256_final(&state, mac);
    struct slice signature = base64url_encode(arena, slice_of((char *)mac, sizeof mac));
    return arena_format(arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(text), SLICE_ARG(signature));
}

static void as_header_and_claims(struct arena *arena, struct slice header, struct slice text)
{
    struct jwt_keys keys;
    struct jwt_claims claims;
    jwt_keys_of_secret(SLICE(SECRET), &keys);
    struct jwt_issuer issuer = issuer_of(&keys);
    if (!verify(arena, &issuer, sign(arena, header, text), &claims))
        POST(claims.user.data && claims.user.len <= JWT_CLAIM_BYTES_MAX && claims.expires_s > 1699999940);
    POST(verify(arena, &issuer, text, &claims) != OK);
    jwt_keys_done(&keys);
}

static void as_keys(struct arena *arena, struct slice json, struct slice token)
{
    for (unsigned alg = JWT_HS256; alg <= JWT_EDDSA; alg++) {
        struct jwt_keys keys;
        struct jwt_claims claims;
        const char *why = NULL;
        if (jwks_read(json, alg, &keys, &why)) {
            POST(why);
            continue;
        }
        POST(keys.count > 0 && keys.count <= JWT_KEYS_MAX);
        struct jwt_issuer issuer = issuer_of(&keys);
        if (!verify(arena, &issuer, token, &claims))
            POST(claims.user.data);
        jwt_keys_done(&keys);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct slice second = slice_of((const char *)data, size);
    struct slice first = slice_cut(&second, '\n');
    arena_init(&arena, 4096);
    as_keys(&arena, first, second.data ? second : SLICE(""));
    as_header_and_claims(&arena, first, second.data ? second : SLICE(""));
    arena_done(&arena);
    return 0;
}
