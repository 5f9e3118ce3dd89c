/* SPDX-License-Identifier: Apache-2.0 */
/* See seal.h. */
#include "redis/seal.h"

#include <sodium.h>

enum {
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    PROOF_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES
};

_Static_assert((int)REDIS_SECRET_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a key");
_Static_assert((int)REDIS_SEAL_BYTES == NONCE_BYTES + PROOF_BYTES, "what a seal takes");

void redis_secret_of(struct slice words, unsigned char ret_secret[REDIS_SECRET_BYTES])
{
    static const unsigned char purpose[] = "leat seal";
    int ready = sodium_init(); /* it chooses what this machine is quick at */
    POST(ready >= 0 && words.len > 0);
    (void)crypto_generichash(ret_secret, REDIS_SECRET_BYTES, (const unsigned char *)words.data, words.len,
                             purpose, sizeof purpose);
}

static const unsigned char *bytes_of(struct slice slice)
{
    return (const unsigned char *)slice.data;
}

void redis_seal(struct buf *out, const unsigned char secret[REDIS_SECRET_BYTES], struct slice about,
                struct slice bytes)
{
    unsigned long long len;
    unsigned char *at = (unsigned char *)buf_room(out, bytes.len + REDIS_SEAL_BYTES);
    if (!at)
        return;
    randombytes_buf(at, NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(at + NONCE_BYTES, &len, bytes_of(bytes), bytes.len,
                                                     bytes_of(about), about.len, NULL, at, secret);
    POST(len == bytes.len + PROOF_BYTES);
    out->len += bytes.len + REDIS_SEAL_BYTES;
}

bool redis_unseal(const unsigned char secret[REDIS_SECRET_BYTES], struct slice about, struct slice sealed,
                  char *ret_bytes, size_t *ret_len)
{
    unsigned long long len;
    if (sealed.len < REDIS_SEAL_BYTES)
        return false;
    struct slice rest = slice_skip(sealed, NONCE_BYTES);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)ret_bytes, &len, NULL, bytes_of(rest),
                                                   rest.len, bytes_of(about), about.len, bytes_of(sealed),
                                                   secret) != 0)
        return false;
    *ret_len = (size_t)len;
    return true;
}
