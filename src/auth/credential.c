/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of our own, and their hashes, by libsodium. */
#include "auth/credential.h"

#include <sodium.h>

static const struct slice key_prefix = SLICE_INIT("leat_"), session_prefix = SLICE_INIT("leats_");

void credential_hash(struct slice credential, unsigned char ret_hash[CREDENTIAL_HASH_BYTES])
{
    crypto_generichash(ret_hash, CREDENTIAL_HASH_BYTES, (const unsigned char *)credential.data,
                       credential.len, NULL, 0);
}

void credential_hash_text(struct slice credential, char ret_text[2 * CREDENTIAL_HASH_BYTES + 1])
{
    unsigned char hash[CREDENTIAL_HASH_BYTES];
    credential_hash(credential, hash);
    sodium_bin2hex(ret_text, 2 * CREDENTIAL_HASH_BYTES + 1, hash, sizeof hash);
}

void credential_salt_new(struct credential_salt *ret_salt)
{
    int ready = sodium_init();
    POST(ready >= 0);
    randombytes_buf(ret_salt->key, sizeof ret_salt->key);
}

void credential_hash_salted(const struct credential_salt *salt, struct slice a, struct slice b,
                            unsigned char ret_hash[CREDENTIAL_HASH_BYTES])
{
    crypto_generichash_state state;
    uint64_t len = a.len; /* so that where one ends and the other begins counts */
    crypto_generichash_init(&state, salt->key, sizeof salt->key, CREDENTIAL_HASH_BYTES);
    crypto_generichash_update(&state, (const unsigned char *)&len, sizeof len);
    crypto_generichash_update(&state, (const unsigned char *)a.data, a.len);
    crypto_generichash_update(&state, (const unsigned char *)b.data, b.len);
    crypto_generichash_final(&state, ret_hash, CREDENTIAL_HASH_BYTES);
}

bool credential_bytes_eq(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void credential_wipe(struct slice bytes)
{
    if (bytes.len)
        sodium_memzero((char *)(uintptr_t)bytes.data, bytes.len);
}

bool credential_hash_eq(struct slice a, struct slice b)
{
    return a.len == 2 * CREDENTIAL_HASH_BYTES && b.len == a.len && sodium_memcmp(a.data, b.data, a.len) == 0;
}

void random_digits(char *ret_text, size_t bytes)
{
    unsigned char random[64];
    int ready = sodium_init();
    PRE(bytes <= sizeof random && ready >= 0);
    randombytes_buf(random, bytes);
    sodium_bin2hex(ret_text, 2 * bytes + 1, random, bytes);
    sodium_memzero(random, sizeof random);
}

void api_key_new(char ret_key[API_KEY_LEN + 1])
{
    memcpy(ret_key, key_prefix.data, key_prefix.len);
    random_digits(ret_key + key_prefix.len, API_KEY_ID_LEN / 2);
    ret_key[key_prefix.len + API_KEY_ID_LEN] = '_';
    random_digits(ret_key + key_prefix.len + API_KEY_ID_LEN + 1, 20);
}

void session_token_new(char ret_token[SESSION_TOKEN_LEN + 1])
{
    memcpy(ret_token, session_prefix.data, session_prefix.len);
    random_digits(ret_token + session_prefix.len, 32);
}

static bool are_digits(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!((text.data[i] >= '0' && text.data[i] <= '9') || (text.data[i] >= 'a' && text.data[i] <= 'f')))
            return false;
    return true;
}

bool api_key_read(struct slice key, struct slice *ret_id)
{
    if (key.len != API_KEY_LEN || !slice_starts(key, key_prefix))
        return false;
    struct slice rest = slice_skip(key, key_prefix.len), id = slice_of(rest.data, API_KEY_ID_LEN);
    struct slice secret = slice_skip(rest, API_KEY_ID_LEN + 1);
    if (rest.data[API_KEY_ID_LEN] != '_' || !are_digits(id) || !are_digits(secret))
        return false;
    *ret_id = id;
    return true;
}

bool session_token_is(struct slice token)
{
    return token.len == SESSION_TOKEN_LEN && slice_starts(token, session_prefix) &&
           are_digits(slice_skip(token, session_prefix.len));
}
