/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors: a row's place in an order, as a word for URLs. base64url without padding of
 *
 *     version (1 byte) | flags (1) | hash of resource, filters and order (8, little-endian) | for each term of the order:
 *     length + 1 as LEB128 (0: NULL), then that many bytes: the cell as the store gave it
 *
 * A cursor grants nothing that the same filters would not, so it bears no MAC; what is malformed, of another version or of
 * another query is refused. Pure; in the given arena. */
#ifndef LEAT_QUERY_CURSOR_H
#define LEAT_QUERY_CURSOR_H

#include "base/arena.h"
#include "base/check.h"

struct cursor {
    uint64_t hash;
    bool backwards;
    const struct slice *cells; /* data NULL: NULL */
    unsigned count;
};

enum cursor_fault { CURSOR_FINE, CURSOR_MALFORMED, CURSOR_OTHER_VERSION, CURSOR_OTHER_QUERY };

/* Empty (data NULL) when it would be longer than max. */
struct slice cursor_encode(struct arena *arena, const struct cursor *cursor, size_t max);

/* Reads a cursor that must bear this hash and this many cells. */
enum cursor_fault cursor_decode(struct arena *arena, struct slice text, uint64_t hash, unsigned count,
                                struct cursor *ret_cursor) must_check;

#endif
