/* SPDX-License-Identifier: Apache-2.0 */
/* Where rows come from, and how long it stays open: a supply is an open database, a tap is a worker's port to it. A reload
 * whose database options are other than those of the present supply brings another supply; else snapshots share one.
 *
 *   supply   opened ─► held by snapshots and taps ─► the last let go: closed
 *
 *   tap      opened ─► its worker's present one ─► another supply came ─► its last request ended ─► quiet ─► detached
 *                      (each new request pins it)   (only pinned ones       (looked at each          (nothing of it is on
 *                                                    submit to it)           TAP_LOOK_MS)             another thread)
 *
 * A request uses the tap that was its worker's when it began, as it uses its snapshot: never two databases in one answer.
 * Failure: a supply that cannot be opened; nothing is left of it. All else cannot fail.
 * Threads: a supply's references from any; a tap belongs to its worker's. */
#ifndef LEAT_REQUEST_SUPPLY_H
#define LEAT_REQUEST_SUPPLY_H

#include <stdatomic.h>

#include "request/identity.h"
#include "store/store.h"

struct supply {
    uint32_t magic;
    atomic_uint refs;
    struct store_options options; /* the URL is ours */
    struct store *store;
    struct identity *identity; /* what the database knows of it */
};

enum error supply_open(const struct store_options *options, struct offload *offload,
                       struct supply **ret_supply, char ret_why[512]) must_check;
struct supply *supply_ref(struct supply *supply);
void supply_unref(struct supply *supply); /* takes NULL */

/* Whether it was opened with these very options, so that there is no need for another. */
bool supply_is_for(const struct supply *supply, const struct store_options *options);

struct tap {
    uint32_t magic;
    unsigned refs; /* its worker's while it is the present one, and one of each user */
    struct supply *supply;
    struct port *port; /* NULL: detached by tap_end */
    struct loop *loop;
    struct timer look;
    struct list link; /* in its worker's taps, to the end */
};

/* Attaches; the tap stands in `taps` until it is detached. */
struct tap *tap_open(struct supply *supply, struct loop *loop, unsigned worker, struct list *taps);
struct tap *tap_ref(struct tap *tap);
/* Detaches, later, when it was the last. */
void tap_unref(struct tap *tap);
/* The end of its worker, outside of a turn of the loop: ends what it still runs. */
void tap_end(struct tap *tap);

#endif
