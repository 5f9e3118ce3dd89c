/* SPDX-License-Identifier: Apache-2.0 */
/* An answer as the cache keeps it (cache/entry.h): what its head says is packed beside its body, and unpacked for each asker;
 * and the whole of it as bytes, for the second level.
 * Ownership: what is unpacked points into the entry, which must outlive it. Any thread. */
#ifndef LEAT_REQUEST_KEPT_H
#define LEAT_REQUEST_KEPT_H

#include "base/buf.h"
#include "cache/entry.h"
#include "respond/respond.h"

/* Adds head, status and ETag of the answer, and the body, to the parts. NULL: no memory. */
struct entry *kept_pack(const struct answer *answer, struct slice body, struct entry_parts *parts);

/* Sets what the kept answer said: status, type, ranges, links, what caches are told. */
void kept_unpack(const struct entry *entry, struct answer *answer);

/* An answer's entry as bytes, for another instance of the same layout. */
void kept_write(const struct entry *entry, struct buf *out);
/* What kept_write wrote, as parts that point into it: all but key and seen. now, left_ms: for how long it is still good. False: it is no such
 * thing. */
bool kept_read(struct slice bytes, struct mono now, int64_t left_ms,
               struct entry_parts *ret_parts) must_check;
/* A number that is the same where what was written can be read. */
uint64_t kept_layout(void);

#endif
