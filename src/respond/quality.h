/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of what a client would have (RFC 9110 section 12.4.2): `;q=0.5`. Pure. */
#ifndef LEAT_RESPOND_QUALITY_H
#define LEAT_RESPOND_QUALITY_H

#include "base/slice.h"

enum { QUALITY_ONE = 1000 };

/* "0.5" → 500, "1" → 1000: at most three digits behind the point. */
static inline bool quality_read(struct slice text, unsigned *ret_quality)
{
    unsigned quality = 0, unit = QUALITY_ONE;
    if (text.len == 0 || text.len > 5 || (text.len > 1 && text.data[1] != '.'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (i == 1)
            continue;
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        quality += (unsigned)(text.data[i] - '0') * unit;
        unit /= 10;
    }
    *ret_quality = quality;
    return quality <= QUALITY_ONE;
}

#endif
