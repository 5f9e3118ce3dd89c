/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of Redis (RESP 2) out of bytes that come in pieces: hiredis' reader with allocations and limits of our own.
 *
 * Ownership: redis_reader_next hands out a reply that is the reader's, valid until the next call of it.
 * Failure: ERR_INVALID: the bytes are no reply; ERR_LIMIT: a reply of more than bytes_max; ERR_MEMORY. Each is final: the
 * connection it came from is of no use any more. One thread at a time; no descriptors, no clock. */
#ifndef LEAT_REDIS_REPLY_H
#define LEAT_REDIS_REPLY_H

#include "base/error.h"
#include "base/slice.h"

enum redis_kind { REDIS_NIL, REDIS_STATUS, REDIS_ERROR, REDIS_INTEGER, REDIS_TEXT, REDIS_ARRAY };

struct redis_reply {
    enum redis_kind kind;
    int64_t integer;   /* of REDIS_INTEGER */
    struct slice text; /* of REDIS_STATUS, REDIS_ERROR ("MOVED 12 …") and REDIS_TEXT; a NUL follows */
    unsigned count;    /* of REDIS_ARRAY */
    struct redis_reply **items;
};

enum { REDIS_FEED_BYTES_MAX = 16 * 1024 };

struct redis_reader;

struct redis_reader *redis_reader_new(size_t bytes_max);
void redis_reader_free(struct redis_reader *reader); /* takes NULL */

/* At most REDIS_FEED_BYTES_MAX; then redis_reader_next until there is nothing more. */
enum error redis_reader_feed(struct redis_reader *reader, struct slice bytes) must_check;

/* *ret_reply NULL: it wants more bytes. */
enum error redis_reader_next(struct redis_reader *reader, const struct redis_reply **ret_reply) must_check;

/* What is wrong, after a failure: one sentence. */
const char *redis_reader_why(const struct redis_reader *reader);

/* Whether the reply is an error that begins with this word. */
bool redis_reply_is_error(const struct redis_reply *reply, const char *word);

#endif
