/* SPDX-License-Identifier: Apache-2.0 */
/* Accept-Encoding (RFC 9110 section 12.5.3): which content coding an answer is sent in. Pure, cannot fail. */
#ifndef LEAT_RESPOND_CODING_H
#define LEAT_RESPOND_CODING_H

#include "base/slice.h"
#include "http/coding.h"
#include "http/head.h"

struct coding_wish {
    enum coding coding; /* the best of what was offered; IDENTITY, too, where nothing of it is taken */
    bool insists;       /* identity is refused, and `coding` is another: small answers are coded, too */
};

/* offered: bits of CODING_BIT, beside identity. Without the header: identity. Of equal qualities brotli is chosen before gzip, that
 * before identity. head NULL: one that was never understood. */
struct coding_wish coding_choose(const struct http_head *head, unsigned offered);

/* Whether bytes of this Content-Type become smaller: text does. What is packed already (images, archives) does not. */
bool coding_is_worth(struct slice type);

#endif
