/* SPDX-License-Identifier: Apache-2.0 */
/* The timing wheel: wheel.h has the picture.
 *
 * A timer that is due within tick t (rounded up: never early) lies on level L, the lowest whose span holds t - tick, in
 * the slot (t >> 6L) & 63. A slot of level L is reached when the present tick is (its number) << 6L: for level 0 its
 * timers are due then, for an upper level they are sorted in again. Upper levels go first, for what they let down may
 * be due in this very tick. */
#include "loop/wheel.h"

#include <limits.h>

enum { SLOT_BITS = 6, SLOT_MASK = WHEEL_SLOTS - 1 };

#define SPAN_TICKS ((int64_t)1 << (SLOT_BITS * WHEEL_LEVELS))
#define NEVER INT64_MAX

void wheel_init(struct wheel *wheel, struct mono now)
{
    wheel->tick = now.us / WHEEL_TICK_US;
    for (int level = 0; level < WHEEL_LEVELS; level++) {
        wheel->filled[level] = 0;
        for (int slot = 0; slot < WHEEL_SLOTS; slot++)
            list_init(&wheel->slots[level][slot]);
    }
}

/* Sorts a timer in; `earliest` is the first tick it may lie in. */
static void sort_in(struct wheel *wheel, struct timer *timer, int64_t earliest)
{
    int64_t due = (timer->due.us + WHEEL_TICK_US - 1) / WHEEL_TICK_US;
    if (due < earliest)
        due = earliest;
    if (due - wheel->tick >= SPAN_TICKS)
        due = wheel->tick + SPAN_TICKS - 1;
    int level = 0;
    while ((due - wheel->tick) >> (SLOT_BITS * (level + 1)))
        level++;
    PRE(level < WHEEL_LEVELS);
    unsigned slot = (unsigned)(due >> (SLOT_BITS * level)) & SLOT_MASK;
    wheel->filled[level] |= (uint64_t)1 << slot;
    list_push(&wheel->slots[level][slot], &timer->link);
}

void wheel_set(struct wheel *wheel, struct timer *timer)
{
    PRE(timer->on_due != NULL);
    sort_in(wheel, timer, wheel->tick + 1);
}

void wheel_stop(struct timer *timer)
{
    list_remove(&timer->link);
}

/* The next tick after the present one at which a filled slot of this level is reached. */
static int64_t level_next(const struct wheel *wheel, int level)
{
    uint64_t filled = wheel->filled[level];
    if (filled == 0)
        return NEVER;
    int64_t first = (wheel->tick >> (SLOT_BITS * level)) + 1;
    unsigned turn = (unsigned)first & SLOT_MASK;
    uint64_t from_first = turn ? filled >> turn | filled << (WHEEL_SLOTS - turn) : filled;
    return (first + __builtin_ctzll(from_first)) << (SLOT_BITS * level);
}

static int64_t next_tick(const struct wheel *wheel)
{
    int64_t next = NEVER;
    for (int level = 0; level < WHEEL_LEVELS; level++) {
        int64_t of_level = level_next(wheel, level);
        next = of_level < next ? of_level : next;
    }
    return next;
}

/* Takes what lies in the slot of this level that the present tick has reached. */
static void take_slot(struct wheel *wheel, int level, struct list *ret_timers)
{
    unsigned slot = (unsigned)(wheel->tick >> (SLOT_BITS * level)) & SLOT_MASK;
    list_init(ret_timers);
    list_move_all(ret_timers, &wheel->slots[level][slot]);
    wheel->filled[level] &= ~((uint64_t)1 << slot);
}

static void cascade(struct wheel *wheel, int level)
{
    struct list timers;
    take_slot(wheel, level, &timers);
    for (struct list *link; (link = list_shift(&timers)) != NULL;)
        sort_in(wheel, container_of(link, struct timer, link), wheel->tick);
}

static void run_tick(struct wheel *wheel)
{
    for (int level = WHEEL_LEVELS - 1; level > 0; level--) {
        int64_t below = ((int64_t)1 << (SLOT_BITS * level)) - 1;
        if ((wheel->tick & below) == 0)
            cascade(wheel, level);
    }
    struct list timers;
    take_slot(wheel, 0, &timers);
    for (struct list *link; (link = list_shift(&timers)) != NULL;) {
        struct timer *timer = container_of(link, struct timer, link);
        timer->loop = NULL;
        timer->on_due(timer); /* may set and stop timers, also those still in `timers` */
    }
}

void wheel_advance(struct wheel *wheel, struct mono now)
{
    int64_t until = now.us / WHEEL_TICK_US;
    while (wheel->tick < until) {
        int64_t next = next_tick(wheel);
        if (next > until) {
            wheel->tick = until;
            return;
        }
        wheel->tick = next;
        run_tick(wheel);
    }
}

int wheel_wait_ms(const struct wheel *wheel, struct mono now)
{
    int64_t next = next_tick(wheel);
    if (next == NEVER)
        return -1;
    int64_t wait_us = next * WHEEL_TICK_US - now.us;
    if (wait_us <= 0)
        return 0;
    int64_t wait_ms = (wait_us + 999) / 1000;
    return wait_ms < INT_MAX ? (int)wait_ms : INT_MAX;
}

void wheel_clear(struct wheel *wheel)
{
    for (int level = 0; level < WHEEL_LEVELS; level++) {
        wheel->filled[level] = 0;
        for (int slot = 0; slot < WHEEL_SLOTS; slot++)
            for (struct list *link; (link = list_shift(&wheel->slots[level][slot])) != NULL;)
                container_of(link, struct timer, link)->loop = NULL;
    }
}
