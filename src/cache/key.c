/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: libsodium's SipHash with 128 bits. See key.h. */
#include "cache/key.h"

#include <sodium.h>

#include "base/check.h"

_Static_assert(sizeof(struct cache_secret) == crypto_shorthash_siphashx24_KEYBYTES, "a SipHash key");
_Static_assert(sizeof(struct cache_key) == crypto_shorthash_siphashx24_BYTES, "a SipHash value");

void cache_secret_random(struct cache_secret *ret_secret)
{
    randombytes_buf(ret_secret->bytes, sizeof ret_secret->bytes);
}

void cache_secret_of(struct slice words, struct cache_secret *ret_secret)
{
    static const unsigned char purpose[] = "leat cache key";
    PRE(words.len > 0);
    crypto_generichash_state state;
    crypto_generichash_init(&state, purpose, sizeof purpose, sizeof ret_secret->bytes);
    crypto_generichash_update(&state, (const unsigned char *)words.data, words.len);
    crypto_generichash_final(&state, ret_secret->bytes, sizeof ret_secret->bytes);
}

struct cache_key cache_key_of(const struct cache_secret *secret, struct slice bytes)
{
    struct cache_key key;
    crypto_shorthash_siphashx24((unsigned char *)&key, (const unsigned char *)bytes.data, bytes.len,
                                secret->bytes);
    return key;
}
