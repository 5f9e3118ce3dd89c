/* SPDX-License-Identifier: Apache-2.0 */
/* A hierarchical timing wheel (Varghese and Lauck 1987, scheme 7): setting and stopping a timer costs the same however
 * many there are. Time is cut into ticks of 8 ms; each level has 64 slots, each slot of a level spans all of the level
 * below it:
 *
 *   level 0:  64 slots of 8 ms        (up to 0.5 s ahead)
 *   level 1:  64 slots of 0.5 s       (up to 33 s)
 *   level 2:  64 slots of 33 s        (up to 35 min)
 *   level 3:  64 slots of 35 min      (up to 37 h; what lies beyond waits in the farthest slot and is sorted in again)
 *
 * When the present tick reaches the beginning of a slot of an upper level, the slot's timers are sorted in again, which
 * puts them a level or more down ("cascade"). A bit per slot tells which are filled, so that empty stretches are jumped
 * over and the time of the next event is found without a walk.
 *
 * Pure: it is told the time. The loop owns one. It cannot fail. */
#ifndef LEAT_LOOP_WHEEL_H
#define LEAT_LOOP_WHEEL_H

#include "loop/loop.h"

enum { WHEEL_LEVELS = 4, WHEEL_SLOTS = 64, WHEEL_TICK_US = 8000 };

struct wheel {
    int64_t tick; /* the last one worked through */
    uint64_t
        filled[WHEEL_LEVELS]; /* a bit per slot; set though the slot may have been emptied by wheel_stop */
    struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

void wheel_init(struct wheel *wheel, struct mono now);

/* timer->due is set by the caller; it must be in no wheel. */
void wheel_set(struct wheel *wheel, struct timer *timer);

/* Takes the timer out; it stays the caller's to mark it so. */
void wheel_stop(struct timer *timer);

/* Calls on_due of every timer whose time has come, in order of ticks; marks each as not set (loop = NULL) before. */
void wheel_advance(struct wheel *wheel, struct mono now);

/* Milliseconds from `now` until wheel_advance may have something to do (rounded up), or -1: nothing is set. */
int wheel_wait_ms(const struct wheel *wheel, struct mono now);

/* Forgets all timers and marks each as not set. */
void wheel_clear(struct wheel *wheel);

#endif
