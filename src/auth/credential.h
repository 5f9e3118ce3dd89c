/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that Leat itself makes and hands out once: API keys and the opaque tokens of sessions, and the hashes by which they are known.
 *
 *   leat_<id>_<secret>      an API key: 12 and 40 hexadecimal digits
 *   leats_<secret>          a session's token: 64 hexadecimal digits
 *
 * A database holds the hash (BLAKE2b-256) alone: the secrets are long and random, so that no salt and no slow hash is needed. Any
 * thread. */
#ifndef LEAT_AUTH_CREDENTIAL_H
#define LEAT_AUTH_CREDENTIAL_H

#include "base/error.h"
#include "base/slice.h"

enum {
    CREDENTIAL_HASH_BYTES = 32,
    API_KEY_ID_LEN = 12,
    API_KEY_LEN = 5 + 12 + 1 + 40,
    SESSION_TOKEN_LEN = 6 + 64
};

/* BLAKE2b-256 as bytes, or as 64 hexadecimal digits and a NUL. */
void credential_hash(struct slice credential, unsigned char ret_hash[CREDENTIAL_HASH_BYTES]);
void credential_hash_text(struct slice credential, char ret_text[2 * CREDENTIAL_HASH_BYTES + 1]);

/* The same with a key of this process, for what is kept in memory and for nobody else to compute. */
struct credential_salt {
    unsigned char key[32];
};
void credential_salt_new(struct credential_salt *ret_salt);
void credential_hash_salted(const struct credential_salt *salt, struct slice a, struct slice b,
                            unsigned char ret_hash[CREDENTIAL_HASH_BYTES]);

/* Whether these are the same bytes, in constant time. */
bool credential_bytes_eq(const void *a, const void *b, size_t len);
/* Overwrites what is not to be found in memory later. */
void credential_wipe(struct slice bytes);

/* The same 64 digits, in constant time. */
bool credential_hash_eq(struct slice a, struct slice b);

/* New ones, NUL-terminated. */
void api_key_new(char ret_key[API_KEY_LEN + 1]);
void session_token_new(char ret_token[SESSION_TOKEN_LEN + 1]);
/* So many random bytes as twice as many hexadecimal digits and a NUL; at most 64 bytes. */
void random_digits(char *ret_text, size_t bytes);

/* Whether it looks like one; the id is a slice of it. */
bool api_key_read(struct slice key, struct slice *ret_id);
bool session_token_is(struct slice token);

#endif
