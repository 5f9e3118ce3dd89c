/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords: libsodium's argon2, libxcrypt's bcrypt and scrypt. */
#include "auth/password.h"

#include <crypt.h>
#include <sodium.h>
#include <stdio.h>

#include "base/mem.h"

/* Of argon2: memory times passes. About a second, as the most of the others. */
#define WORK_MAX (UINT64_C(1) << 30)

enum { PASSES = 2, MEMORY_BYTES = 19456 * 1024, BCRYPT_COST_MAX = 14, SCRYPT_PARALLEL_MAX = 4 };

bool password_is_possible(struct slice password)
{
    return password.len > 0 && password.len <= PASSWORD_BYTES_MAX &&
           memchr(password.data, 0, password.len) == NULL;
}

static bool is_argon2(const char *hash)
{
    unsigned memory_kib, passes;
    return (sscanf(hash, "$argon2id$v=19$m=%9u,t=%9u,", &memory_kib, &passes) == 2 ||
            sscanf(hash, "$argon2i$v=19$m=%9u,t=%9u,", &memory_kib, &passes) == 2) &&
           memory_kib <= PASSWORD_MEMORY_MAX / 1024 && (uint64_t)memory_kib * passes <= WORK_MAX / 1024;
}

static bool is_bcrypt(const char *hash)
{
    unsigned cost;
    char kind, colon;
    return sscanf(hash, "$2%c$%2u%c", &kind, &cost, &colon) == 3 && strchr("aby", kind) && colon == '$' &&
           cost <= BCRYPT_COST_MAX && strlen(hash) == 60;
}

/* Little-endian digits of six bits, as libxcrypt writes them. -1: something else. */
static int64_t crypt_number(const char *digits, unsigned count)
{
    static const char alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    int64_t number = 0;
    for (unsigned i = 0; i < count; i++) {
        const char *at = digits[i] ? strchr(alphabet, digits[i]) : NULL;
        if (!at)
            return -1;
        number |= (int64_t)(at - alphabet) << 6 * i;
    }
    return number;
}

/* $7$, log2 N as one digit, r and p as five each. */
static bool is_scrypt(const char *hash)
{
    if (strncmp(hash, "$7$", 3) != 0 || strlen(hash) < 3 + 11)
        return false;
    int64_t log_n = crypt_number(hash + 3, 1), r = crypt_number(hash + 4, 5), p = crypt_number(hash + 9, 5);
    return log_n > 0 && log_n < 24 && r > 0 && p > 0 && p <= SCRYPT_PARALLEL_MAX &&
           r <= PASSWORD_MEMORY_MAX / 128 >> log_n;
}

static bool crypt_verifies(const char *hash, const char *password)
{
    struct crypt_data *data = mem_must(sizeof *data);
    /* Not crypt_r, which the address sanitizer wraps and cannot find behind its wrap. */
    const char *made = crypt_rn(password, hash, data, sizeof *data);
    size_t len = strlen(hash);
    bool right = made && strlen(made) == len && sodium_memcmp(made, hash, len) == 0;
    sodium_memzero(data, sizeof *data);
    mem_free(data);
    return right;
}

static enum password_result verify(const char *hash, const char *password)
{
    bool old = true, right;
    if (is_argon2(hash)) {
        right = crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
        old = crypto_pwhash_str_needs_rehash(hash, PASSES, MEMORY_BYTES) != 0;
    } else if (is_bcrypt(hash) || is_scrypt(hash)) {
        right = crypt_verifies(hash, password);
    } else {
        return PASSWORD_UNKNOWN;
    }
    return !right ? PASSWORD_WRONG : old ? PASSWORD_RIGHT_OLD : PASSWORD_RIGHT;
}

enum password_result password_verify(struct slice hash, struct slice password)
{
    char hash_text[PASSWORD_HASH_BYTES_MAX] = {0}, password_text[PASSWORD_BYTES_MAX + 1] = {0};
    if (!password_is_possible(password))
        return PASSWORD_WRONG;
    if (hash.len == 0 || hash.len >= sizeof hash_text || memchr(hash.data, 0, hash.len))
        return PASSWORD_UNKNOWN;
    memcpy(hash_text, hash.data, hash.len);
    memcpy(password_text, password.data, password.len);
    enum password_result result = verify(hash_text, password_text);
    sodium_memzero(password_text, sizeof password_text);
    return result;
}

enum error password_hash(struct slice password, char ret_hash[PASSWORD_HASH_BYTES_MAX])
{
    char hash[crypto_pwhash_STRBYTES];
    PRE(password_is_possible(password));
    PRE(sizeof hash <= PASSWORD_HASH_BYTES_MAX);
    if (sodium_init() < 0 || crypto_pwhash_str_alg(hash, password.data, password.len, PASSES, MEMORY_BYTES,
                                                   crypto_pwhash_ALG_ARGON2ID13) != 0)
        return ERR_MEMORY;
    memcpy(ret_hash, hash, sizeof hash);
    return OK;
}

struct slice password_decoy(void)
{
    return SLICE("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}
