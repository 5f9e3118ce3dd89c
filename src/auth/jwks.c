/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of keys. Numbers and points are checked by OpenSSL once, here, so that no token meets a key that is none. */
#include "auth/jwks.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "auth/jwt_key.h"
#include "base/json.h"
#include "base/json_walk.h"
#include "base/mem.h"

enum { P256_BYTES = 32, ED25519_BYTES = 32, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

/* A member that is bytes in base64url. */
static bool member_bytes(struct arena *arena, struct slice jwk, struct slice name, struct slice *ret_bytes)
{
    struct slice text;
    return !json_member_text(arena, jwk, name, &text) && base64url_decode(arena, text, ret_bytes) &&
           ret_bytes->len > 0;
}

static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params && context && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return key;
}

/* As it is, or freed when it is no sound key. */
static EVP_PKEY *sound(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    bool fine = context && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    if (fine)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static EVP_PKEY *read_rsa(struct arena *arena, struct slice jwk)
{
    struct slice n_bytes, e_bytes;
    EVP_PKEY *key = NULL;
    if (!member_bytes(arena, jwk, SLICE("n"), &n_bytes) || !member_bytes(arena, jwk, SLICE("e"), &e_bytes) ||
        n_bytes.len > RSA_BITS_MAX / 8 || e_bytes.len > 8)
        return NULL;
    BIGNUM *n = BN_bin2bn((const unsigned char *)n_bytes.data, (int)n_bytes.len, NULL);
    BIGNUM *e = BN_bin2bn((const unsigned char *)e_bytes.data, (int)e_bytes.len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (build && n && e && BN_num_bits(n) >= RSA_BITS_MIN &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
        key = key_from("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return sound(key);
}

static bool curve_is(struct arena *arena, struct slice jwk, struct slice curve)
{
    struct slice name;
    return !json_member_text(arena, jwk, SLICE("crv"), &name) && slice_eq(name, curve);
}

static EVP_PKEY *read_ec(struct arena *arena, struct slice jwk)
{
    struct slice x, y;
    unsigned char point[1 + 2 * P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    EVP_PKEY *key = NULL;
    if (!member_bytes(arena, jwk, SLICE("x"), &x) || !member_bytes(arena, jwk, SLICE("y"), &y) ||
        x.len != P256_BYTES || y.len != P256_BYTES)
        return NULL;
    memcpy(point + 1, x.data, P256_BYTES);
    memcpy(point + 1 + P256_BYTES, y.data, P256_BYTES);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        key = key_from("EC", build);
    OSSL_PARAM_BLD_free(build);
    return sound(key);
}

static EVP_PKEY *read_okp(struct arena *arena, struct slice jwk)
{
    struct slice x;
    if (!member_bytes(arena, jwk, SLICE("x"), &x) || x.len != ED25519_BYTES)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.data, x.len);
}

static bool read_secret(struct arena *arena, struct slice jwk, struct jwt_key *key)
{
    struct slice secret;
    if (!member_bytes(arena, jwk, SLICE("k"), &secret) || secret.len < JWT_SECRET_BYTES_MIN)
        return false;
    key->secret = slice_of(mem_dup(secret.data, secret.len), secret.len);
    return true;
}

static const struct kind {
    struct slice type, curve; /* curve data NULL: none */
    struct slice alg;
    EVP_PKEY *(*read)(struct arena *arena, struct slice jwk);
    const char *why; /* what such a key must be */
} kinds[] = {
    [JWT_HS256] =
        {SLICE_INIT("oct"), {0}, SLICE_INIT("HS256"), NULL, "an oct key has no `k` of 32 bytes or more"},
    [JWT_RS256] = {SLICE_INIT("RSA"),
                   {0},
                   SLICE_INIT("RS256"),
                   read_rsa,
                   "an RSA key has no sound `n` of 2048 to 8192 bits and `e`"},
    [JWT_ES256] = {SLICE_INIT("EC"), SLICE_INIT("P-256"), SLICE_INIT("ES256"), read_ec,
                   "an EC key has no `x` and `y` of a point on P-256"},
    [JWT_EDDSA] = {SLICE_INIT("OKP"), SLICE_INIT("Ed25519"), SLICE_INIT("EdDSA"), read_okp,
                   "an OKP key has no `x` of 32 bytes"},
};

/* Where the member is there, it must be this. */
static bool says(struct arena *arena, struct slice jwk, struct slice name, struct slice expected)
{
    struct slice text;
    enum error error = json_member_text(arena, jwk, name, &text);
    return error == ERR_ABSENT || (!error && slice_eq(text, expected));
}

static bool fits(struct arena *arena, struct slice jwk, const struct kind *kind)
{
    struct slice type;
    return !json_member_text(arena, jwk, SLICE("kty"), &type) && slice_eq(type, kind->type) &&
           (!kind->curve.data || curve_is(arena, jwk, kind->curve)) &&
           says(arena, jwk, SLICE("alg"), kind->alg) && says(arena, jwk, SLICE("use"), SLICE("sig"));
}

static enum error read_key(struct arena *arena, struct slice jwk, const struct kind *kind,
                           struct jwt_key *key, const char **ret_why)
{
    struct slice kid;
    *ret_why = kind->why;
    if (kind->read)
        key->public = kind->read(arena, jwk);
    if (kind->read ? !key->public : !read_secret(arena, jwk, key))
        return ERR_INVALID;
    enum error error = json_member_text(arena, jwk, SLICE("kid"), &kid);
    if (!error)
        key->kid = slice_of(mem_dup(kid.data, kid.len), kid.len);
    *ret_why = "a `kid` is no text";
    return error == ERR_ABSENT ? OK : error;
}

static enum error read_one(struct arena *arena, struct slice jwk, struct jwt_keys *keys, const char **ret_why)
{
    const struct kind *kind = &kinds[keys->alg];
    if (!fits(arena, jwk, kind))
        return OK;
    if (keys->count == JWT_KEYS_MAX) {
        *ret_why = "it holds more than 64 keys";
        return ERR_INVALID;
    }
    enum error error = read_key(arena, jwk, kind, &keys->keys[keys->count], ret_why);
    keys->count++; /* with what there is of a broken one, for jwt_keys_done */
    return error;
}

static enum error read_set(struct arena *arena, struct slice json, struct jwt_keys *keys,
                           const char **ret_why)
{
    struct json_walk walk;
    struct slice list, jwk;
    enum error error = json_member(arena, json, SLICE("keys"), &list);
    if (error == ERR_ABSENT)
        error = read_one(arena, json, keys, ret_why);
    else if (error || !json_walk_array(list, &walk))
        error = ERR_INVALID;
    else
        while (!error && json_walk_next(&walk, NULL, &jwk))
            error = read_one(arena, jwk, keys, ret_why);
    if (!error && keys->count == 0) {
        *ret_why = "no key of it is for this `alg`";
        error = ERR_INVALID;
    }
    return error;
}

enum error jwks_read(struct slice json, enum jwt_alg alg, struct jwt_keys *ret_keys, const char **ret_why)
{
    struct arena arena;
    struct jwt_keys keys = {.alg = alg};
    *ret_why = "it is no JSON Web Key Set: {\"keys\": […]}";
    if (json.len > JWKS_BYTES_MAX || !json_is_valid(json))
        return ERR_INVALID;
    arena_init(&arena, 4096);
    keys.keys = mem_must(JWT_KEYS_MAX * sizeof *keys.keys);
    enum error error = read_set(&arena, json, &keys, ret_why);
    if (error)
        jwt_keys_done(&keys);
    else
        *ret_keys = keys;
    arena_done(&arena);
    return error;
}
