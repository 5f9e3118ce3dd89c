/* SPDX-License-Identifier: Apache-2.0 */
/* Load shedding: how much may be under way in a lane of the database, learned from how long it waits there. Pure: clock values in.
 *
 *   enter ─► under way ─► leave, with how long it waited and ran
 *     └ refused at once: as much is under way as may be
 *
 * Each interval is judged by CoDel's rule (RFC 8289): a queue stands when even the least wait of the interval was above the target;
 * one that only came and went is none. Where it stands, what may be under way shrinks by the gradient of latency, what it
 * would be with a wait of the target over what it is; where it does not, it grows by its square root. An interval is as long as a
 * request takes, where that is longer: what a change does must be seen before the next. Where nothing ended nothing more is let in than is under
 * way. So many as `least` are never refused: they are lanes at work, and a queue as short as can be.
 * Ownership: a worker's, for each lane. Threads: the worker's; the counters may be read by any. */
#ifndef LEAT_LIMIT_SHED_H
#define LEAT_LIMIT_SHED_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/clock.h"

/* What goes first when not all can: what is bulk has half of a lane's room, so that it never keeps others out. */
enum shed_class { SHED_USUAL, SHED_BULK, SHED_CLASSES };

struct shed_options {
    int64_t target_us; /* 0: nothing is refused */
    int64_t interval_us;
    unsigned least;
};

struct shed_lane {
    atomic_uint room;      /* how much may be under way; 0: not begun, as much as wants */
    atomic_uint under_way; /* what has entered and not left */
    atomic_ullong refused[SHED_CLASSES];
    struct mono began; /* of the interval */
    int64_t long_us;   /* of the interval; 0: as the options say */
    unsigned peak;     /* the most that was under way in it */
    unsigned ended;    /* how many left in it, the sums of their times, and the least wait */
    int64_t wait_us, run_us, least_us;
};

/* Whether one more would be let in. */
bool shed_has_room(struct shed_lane *lane, const struct shed_options *options, enum shed_class class,
                   struct mono now);
/* Lets one in, whether there is room or not. */
void shed_enter(struct shed_lane *lane);
/* One was refused: counts it. */
void shed_refuse(struct shed_lane *lane, enum shed_class class);
/* One that entered is done. */
void shed_leave(struct shed_lane *lane);
/* How long one waited in this lane and ran: of the lane that it came to in the end. */
void shed_note(struct shed_lane *lane, int64_t wait_us, int64_t run_us);

#endif
