/* SPDX-License-Identifier: Apache-2.0 */
/* What may be under way in a lane. See shed.h. */
#include "limit/shed.h"

#include "base/check.h"

#define ROOM_MAX (1u << 20)
#define INTERVAL_MAX_US INT64_C(5000000)

/* The owner alone writes. */
static void set(atomic_uint *field, unsigned value)
{
    atomic_store_explicit(field, value, memory_order_relaxed);
}

static unsigned get(const atomic_uint *field)
{
    return atomic_load_explicit(field, memory_order_relaxed);
}

static unsigned at_least(unsigned value, unsigned least)
{
    return value > least ? value : least;
}

static unsigned square_root(unsigned value)
{
    unsigned root = 1;
    while ((root + 1) * (root + 1) <= value)
        root++;
    return root;
}

/* After an interval in which even the least wait was above the target: at most half of it goes at once. */
static unsigned shrunk(const struct shed_lane *lane, const struct shed_options *options)
{
    int64_t wanted_us = lane->run_us / lane->ended + options->target_us;
    int64_t took_us = (lane->run_us + lane->wait_us) / lane->ended;
    POST(took_us >= wanted_us);
    int64_t room = lane->peak * wanted_us / took_us;
    return at_least((unsigned)room, lane->peak / 2);
}

static unsigned grown(unsigned room)
{
    unsigned more = room + square_root(room);
    return more < ROOM_MAX ? more : ROOM_MAX;
}

static void begin_interval(struct shed_lane *lane, const struct shed_options *options, struct mono now)
{
    int64_t took_us = lane->ended ? (lane->run_us + lane->wait_us) / lane->ended : lane->long_us;
    lane->long_us = took_us > options->interval_us ? took_us : options->interval_us;
    if (lane->long_us > INTERVAL_MAX_US)
        lane->long_us = INTERVAL_MAX_US;
    lane->began = now;
    lane->peak = get(&lane->under_way);
    lane->ended = 0;
    lane->wait_us = lane->run_us = 0;
    lane->least_us = INT64_MAX;
}

/* At the end of an interval: what may be under way from now on. */
static void judge(struct shed_lane *lane, const struct shed_options *options, struct mono now)
{
    unsigned room = get(&lane->room);
    if (room == 0) {
        set(&lane->room, ROOM_MAX);
        begin_interval(lane, options, now);
        return;
    }
    if (mono_diff_us(now, lane->began) < lane->long_us)
        return;
    if (lane->ended == 0)
        room = get(&lane->under_way) && lane->peak < room ? lane->peak : room;
    else
        room = lane->least_us > options->target_us ? shrunk(lane, options) : grown(room);
    set(&lane->room, at_least(room, options->least));
    begin_interval(lane, options, now);
}

bool shed_has_room(struct shed_lane *lane, const struct shed_options *options, enum shed_class class,
                   struct mono now)
{
    PRE(class < SHED_CLASSES && options->interval_us > 0);
    if (options->target_us == 0)
        return true;
    judge(lane, options, now);
    unsigned room = get(&lane->room);
    return get(&lane->under_way) < (class == SHED_BULK ? at_least(room / 2, 1) : room);
}

void shed_enter(struct shed_lane *lane)
{
    unsigned under_way = get(&lane->under_way) + 1;
    set(&lane->under_way, under_way);
    lane->peak = at_least(lane->peak, under_way);
}

void shed_refuse(struct shed_lane *lane, enum shed_class class)
{
    atomic_fetch_add_explicit(&lane->refused[class], 1, memory_order_relaxed);
}

void shed_leave(struct shed_lane *lane)
{
    PRE(get(&lane->under_way) > 0);
    set(&lane->under_way, get(&lane->under_way) - 1);
}

void shed_note(struct shed_lane *lane, int64_t wait_us, int64_t run_us)
{
    PRE(wait_us >= 0 && run_us >= 0);
    lane->ended++;
    lane->wait_us += wait_us;
    lane->run_us += run_us;
    lane->least_us = lane->least_us < wait_us ? lane->least_us : wait_us;
}
