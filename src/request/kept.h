/* SPDX-License-Identifier: Apache-2.0 */
/* An answer as the cache keeps it (cache/entry.h): what its head says is packed beside its body, and unpacked for each asker.
 * Ownership: what is unpacked points into the entry, which must outlive it. Any thread. */
#ifndef LEAT_REQUEST_KEPT_H
#define LEAT_REQUEST_KEPT_H

#include "cache/entry.h"
#include "respond/respond.h"

/* Adds head, status and ETag of the answer, and the body, to the parts. NULL: no memory. */
struct entry *kept_pack(const struct answer *answer, struct slice body, struct entry_parts *parts);

/* Sets what the kept answer said: status, type, ranges, links, what caches are told. */
void kept_unpack(const struct entry *entry, struct answer *answer);

#endif
