/* SPDX-License-Identifier: Apache-2.0 */
/* XXH64 and XXH3 behind digest.h: the state lies in the caller's, so that nothing is allocated. It cannot fail. */
#include "base/digest.h"

#include "base/check.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(XXH64_state_t) <= sizeof(struct digest) &&
                   _Alignof(XXH64_state_t) <= _Alignof(struct digest),
               "the state has room");

void digest_begin(struct digest *digest)
{
    XXH_errorcode error = XXH64_reset((XXH64_state_t *)digest, 0);
    POST(error == XXH_OK);
}

void digest_add(struct digest *digest, struct slice bytes)
{
    XXH_errorcode error = bytes.len ? XXH64_update((XXH64_state_t *)digest, bytes.data, bytes.len) : XXH_OK;
    POST(error == XXH_OK);
}

void digest_add_field(struct digest *digest, struct slice bytes)
{
    uint64_t len = bytes.len;
    digest_add(digest, bytes);
    digest_add(digest, slice_of((const char *)&len, sizeof len));
}

uint64_t digest_end(const struct digest *digest)
{
    return XXH64_digest((const XXH64_state_t *)digest);
}

static void write_hex(char *to, uint64_t number)
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < 16; i++)
        to[i] = digits[number >> (60 - 4 * i) & 15];
}

void digest_whole(struct slice bytes, char ret_hex[33])
{
    XXH128_hash_t hash = XXH3_128bits(bytes.data, bytes.len);
    write_hex(ret_hex, hash.high64);
    write_hex(ret_hex + 16, hash.low64);
    ret_hex[32] = 0;
}
