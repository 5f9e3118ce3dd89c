/* SPDX-License-Identifier: Apache-2.0 */
/* Claims to bytes and back. See claims.h. */
#include "limit/claims.h"

#include <endian.h>

#include "base/check.h"

struct written {
    uint64_t key;
    uint32_t demand, taken, count, burst;
} __attribute__((packed));

_Static_assert(sizeof(struct written) == LIMIT_CLAIM_BYTES, "as claims.h says");

void limit_claims_write(struct buf *out, const struct limit_claims *claims)
{
    PRE(claims->count <= LIMIT_CLAIMS_MAX);
    for (unsigned i = 0; i < claims->count; i++) {
        const struct limit_claim *claim = &claims->items[i];
        struct written written = {htole64(claim->key), htole32(claim->demand), htole32(claim->taken),
                                  htole32(claim->count), htole32(claim->burst)};
        buf_append(out, (const char *)&written, sizeof written);
    }
}

static struct limit_claim read_one(const char *bytes)
{
    struct written written;
    memcpy(&written, bytes, sizeof written);
    return (struct limit_claim){le64toh(written.key), le32toh(written.demand), le32toh(written.taken),
                                le32toh(written.count), le32toh(written.burst)};
}

bool limit_claims_read(struct slice bytes, struct limit_claim *room, struct limit_claims *ret_claims)
{
    unsigned count = (unsigned)(bytes.len / LIMIT_CLAIM_BYTES);
    *ret_claims = (struct limit_claims){room, 0};
    if (bytes.len % LIMIT_CLAIM_BYTES || bytes.len / LIMIT_CLAIM_BYTES > LIMIT_CLAIMS_MAX)
        return false;
    for (unsigned i = 0; i < count; i++) {
        room[i] = read_one(bytes.data + (size_t)i * LIMIT_CLAIM_BYTES);
        if (i && room[i].key <= room[i - 1].key)
            return false;
    }
    ret_claims->count = count;
    return true;
}
