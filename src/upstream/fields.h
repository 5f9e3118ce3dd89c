/* SPDX-License-Identifier: Apache-2.0 */
/* Which head fields pass between a client and a service, in both directions.
 *
 * What belongs to one connection stays there (RFC 9110 section 7.6.1), whatever Connection names with it. Of a request's fields those
 * that say who asks, how and for what host are Leat's to write, so that a client cannot speak for a proxy. A name with an underscore
 * is dropped: many services take it for the same name with a dash (CGI's variables know no other).
 * Failure: the arena's. Pure; any thread. */
#ifndef LEAT_UPSTREAM_FIELDS_H
#define LEAT_UPSTREAM_FIELDS_H

#include "base/arena.h"
#include "http/head.h"

/* What Leat says of a request to the service. */
struct upstream_from {
    struct slice address;    /* the client's */
    struct slice proto;      /* "http" or "https": how the client spoke */
    struct slice request_id; /* 16 hexadecimal digits */
    bool authorization;      /* the client's goes with it */
    bool whole; /* neither conditions nor ranges go with it: the answer will be kept for others */
    const struct slice *drop; /* more names that stay here */
    unsigned drop_count;
    const struct http_field *add; /* and fields that are added; they replace the client's */
    unsigned add_count;
};

/* Takes out of `fields` what belongs to the connection, and what Connection names. Returns how many are left. */
unsigned upstream_fields_end_to_end(struct http_field *fields, unsigned count);

/* The fields of a client's head that go to the service, and Leat's own behind them. *ret_count of them lie in the arena; their names
 * and values point into the head, the arena and `from`. */
struct http_field *upstream_fields_of_request(const struct http_head *head, const struct upstream_from *from,
                                              struct arena *arena, unsigned *ret_count);

#endif
