/* SPDX-License-Identifier: Apache-2.0 */
/* Claims: what an instance says of its keys in a round, and how that is written for the others.
 *
 *   (KEY DEMAND TAKEN COUNT BURST) ×     8 bytes, and 4 of each other, the least first; in the order of keys
 *
 * Pure. Failure: bytes that are no such list are refused as a whole, so that all instances refuse them alike. */
#ifndef LEAT_LIMIT_CLAIMS_H
#define LEAT_LIMIT_CLAIMS_H

#include "base/buf.h"

struct limit_claim {
    uint64_t key;
    uint32_t
        demand; /* asked for in a round, in thousandths: the mean of this round's and what was claimed before */
    uint32_t taken;        /* of its share, in thousandths; more than there is: a debt */
    uint32_t count, burst; /* of the quota */
};

struct limit_claims { /* of one instance */
    const struct limit_claim *items;
    unsigned count;
};

enum {
    LIMIT_CLAIMS_MAX = 4096, /* of a round: keys beyond them keep the share they have */
    LIMIT_CLAIM_BYTES = 24,
};

void limit_claims_write(struct buf *out, const struct limit_claims *claims);

/* How many claims there are in so many bytes; above LIMIT_CLAIMS_MAX: it is no such list. */
static inline size_t limit_claims_in(struct slice bytes)
{
    return (bytes.len + LIMIT_CLAIM_BYTES - 1) / LIMIT_CLAIM_BYTES;
}

/* room: of limit_claims_in(bytes), if that is at most LIMIT_CLAIMS_MAX; ret_claims lies in it. False: no such list, and
 * ret_claims is empty. */
bool limit_claims_read(struct slice bytes, struct limit_claim *room, struct limit_claims *ret_claims);

#endif
