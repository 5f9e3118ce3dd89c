/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one request from bytes that arrive in pieces, as a connection does: each arrival in memory of its own, exactly
 * as long as it is, so that a sanitizer sees one byte too far, and moved, so that forgotten pointers show.
 * Checks on the way what must always hold (a broken promise aborts). Used by unit tests and the fuzz target. */
#ifndef LEAT_TESTS_READING_H
#define LEAT_TESTS_READING_H

#include "base/buf.h"
#include "http/body.h"
#include "http/head.h"

struct reading {
    struct http_limits limits;
    enum http_got got; /* of head and body together */
    struct http_fault fault;
    struct http_field fields[HTTP_FIELDS_MAX];
    struct http_head head;
    struct http_body body;
    bool head_done;
    char *bytes;          /* all that has arrived */
    size_t len, used;     /* how many; how many of them were taken by head and body */
    struct buf body_text; /* what the body's pieces came to */
};

/* limits NULL: 8 KiB, 16 KiB, 1 MiB. */
void reading_begin(struct reading *reading, const struct http_limits *limits);
/* The first `len` bytes of `all` have arrived now. Does nothing after DONE or FAULT. */
void reading_arrive(struct reading *reading, struct slice all, size_t len);
void reading_end(struct reading *reading);

/* Begins and lets it arrive whole. */
void reading_whole(struct reading *reading, const struct http_limits *limits, struct slice all);
/* Begins and lets it arrive in two pieces. */
void reading_cut(struct reading *reading, const struct http_limits *limits, struct slice all, size_t cut);
/* Begins and lets it arrive byte by byte. */
void reading_bytewise(struct reading *reading, const struct http_limits *limits, struct slice all);

/* NULL, or in a word what differs. */
const char *reading_differs(const struct reading *a, const struct reading *b);

#endif
