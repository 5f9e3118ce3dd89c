/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures: HMAC by libsodium, which compares in constant time; RSA, ECDSA and Ed25519 by OpenSSL. */
#include "auth/jwt_key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "base/mem.h"

enum { ES256_HALF = 32, DER_BYTES_MAX = 80 };

void jwt_key_done(struct jwt_key *key)
{
    if (key->secret.data)
        sodium_memzero((char *)(uintptr_t)key->secret.data, key->secret.len);
    mem_free((char *)(uintptr_t)key->secret.data);
    mem_free((char *)(uintptr_t)key->kid.data);
    EVP_PKEY_free(key->public);
    *key = (struct jwt_key){0};
}

static bool hmac_verifies(struct slice secret, struct slice bytes, struct slice signature)
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    if (signature.len != sizeof mac)
        return false;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.data, secret.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)bytes.data, bytes.len);
    crypto_auth_hmacsha256_final(&state, mac);
    return sodium_memcmp(mac, signature.data, sizeof mac) == 0;
}

/* JOSE has the two numbers of an ECDSA signature side by side (RFC 7518, 3.4), OpenSSL wants them as DER. 0: there is no memory. */
static size_t ecdsa_der(struct slice signature, unsigned char der[DER_BYTES_MAX])
{
    const unsigned char *halves = (const unsigned char *)signature.data;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(halves, ES256_HALF, NULL), *s = BN_bin2bn(halves + ES256_HALF, ES256_HALF, NULL);
    int len = 0;
    PRE(signature.len == 2 * ES256_HALF);
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s)) {
        r = s = NULL; /* the pair's now */
        len = i2d_ECDSA_SIG(pair, NULL);
        PRE(len <= DER_BYTES_MAX);
        len = i2d_ECDSA_SIG(pair, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

static bool public_verifies(EVP_PKEY *key, const EVP_MD *digest, struct slice bytes, const void *signature,
                            size_t signature_len)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fits = context && EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, signature_len, (const unsigned char *)bytes.data,
                                 bytes.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return fits;
}

bool jwt_key_verifies(const struct jwt_key *key, enum jwt_alg alg, struct slice bytes, struct slice signature)
{
    unsigned char der[DER_BYTES_MAX];
    PRE((alg == JWT_HS256) == (key->public == NULL));
    switch (alg) {
    case JWT_HS256:
        return hmac_verifies(key->secret, bytes, signature);
    case JWT_RS256:
        return public_verifies(key->public, EVP_sha256(), bytes, signature.data, signature.len);
    case JWT_EDDSA:
        return public_verifies(key->public, NULL, bytes, signature.data, signature.len);
    case JWT_ES256:
        if (signature.len != 2 * ES256_HALF)
            return false;
        return public_verifies(key->public, EVP_sha256(), bytes, der, ecdsa_der(signature, der));
    }
    UNREACHABLE("a key is of one of these algorithms");
}

bool base64url_decode(struct arena *arena, struct slice text, struct slice *ret_bytes)
{
    size_t room = text.len / 4 * 3 + 3, len;
    unsigned char *bytes = arena_alloc(arena, room);
    if (sodium_base642bin(bytes, room, text.data ? text.data : "", text.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return false;
    *ret_bytes = slice_of((char *)bytes, len);
    return true;
}

struct slice base64url_encode(struct arena *arena, struct slice bytes)
{
    size_t room = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_alloc(arena, room);
    sodium_bin2base64(text, room, (const unsigned char *)bytes.data, bytes.len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return slice_of(text, room - 1);
}
