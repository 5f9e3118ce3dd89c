/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed and sliding windows. The state of a key:
 *
 *   63        40 39        20 19         0
 *   ┌───────────┬────────────┬────────────┐
 *   │ window    │ in it      │ in the one │      windows are counted from 1970 in units, modulo 2^24
 *   │ number    │            │ before     │
 *   └───────────┴────────────┴────────────┘
 *
 * Sliding:  used = in it + in the one before × (what of it lies within the last unit) / unit.
 * All comparisons are of products, in microseconds: 10^6 × a day of them has 57 bits. A key that was last used 2^24 windows ago (half a
 * year of seconds), less at most BEHIND_MAX, is taken for one that a clock behind asks for: less may pass then, never more. */
#include "base/check.h"
#include "limit/parts.h"

/* So many windows a clock may be behind the latest that was seen: 18 hours of seconds. */
enum { COUNT_BITS = 20, NUMBER_BITS = 24, BEHIND_MAX = 1 << 16 };
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1)
#define NUMBER_MASK ((UINT64_C(1) << NUMBER_BITS) - 1)

struct window {
    uint64_t number;
    int64_t here, before; /* counts */
    int64_t left_us;      /* of the window */
    int64_t begins_us;    /* until it begins, where the clock is behind it; else 0 */
};

static int64_t unit_us(enum limit_unit unit)
{
    return limit_unit_ns(unit) / 1000;
}

static uint64_t pack(const struct window *window)
{
    PRE(window->here >= 0 && window->here <= (int64_t)COUNT_MASK && window->before <= (int64_t)COUNT_MASK);
    return window->number << (2 * COUNT_BITS) | (uint64_t)window->here << COUNT_BITS |
           (uint64_t)window->before;
}

/* How many windows after `from` the number `to` comes: negative when before it. */
static int64_t windows_between(uint64_t from, uint64_t to)
{
    int64_t ahead = (int64_t)((to - from) & NUMBER_MASK);
    return ahead > (int64_t)NUMBER_MASK - BEHIND_MAX ? ahead - (int64_t)NUMBER_MASK - 1 : ahead;
}

/* The state as it is at `now`. A clock behind the state stands at the state's window's beginning. */
static struct window unpack(enum limit_kind kind, enum limit_unit unit, uint64_t state, int64_t now)
{
    PRE(kind != LIMIT_BUCKET && now >= 0);
    int64_t now_us = now / 1000, long_us = unit_us(unit);
    struct window window = {.number = (uint64_t)(now_us / long_us) & NUMBER_MASK,
                            .left_us = long_us - now_us % long_us};
    uint64_t number = state >> (2 * COUNT_BITS);
    int64_t here = (int64_t)(state >> COUNT_BITS & COUNT_MASK), before = (int64_t)(state & COUNT_MASK);
    int64_t age = windows_between(number, window.number);
    if (age < 0) {
        window.number = number;
        window.left_us = long_us;
        window.begins_us = -age * long_us - now_us % long_us;
    }
    window.here = age <= 0 ? here : 0;
    window.before = age <= 0 ? before : age == 1 ? here : 0;
    if (kind == LIMIT_FIXED)
        window.before = 0;
    return window;
}

/* What is used, in counts × microseconds. */
static int64_t used(const struct window *window, int64_t long_us)
{
    return window->here * long_us + window->before * window->left_us;
}

/* What may be used by a charge of that weight, likewise. */
static int64_t allowed(const struct limit_quota *quota, unsigned share, unsigned weight)
{
    int64_t long_us = unit_us(quota->unit), heavy = (int64_t)weight * long_us;
    int64_t whole = (int64_t)((__int128)quota->count * long_us * share / LIMIT_SHARE_WHOLE);
    return whole > heavy ? whole : heavy;
}

uint64_t window_fresh(const struct limit_quota *quota, int64_t now)
{
    struct window window = {.number = (uint64_t)(now / 1000 / unit_us(quota->unit)) & NUMBER_MASK};
    return pack(&window);
}

bool window_take(const struct limit_quota *quota, unsigned share, uint64_t *state, unsigned weight,
                 int64_t now)
{
    PRE(weight > 0 && weight <= LIMIT_COUNT_MAX);
    struct window window = unpack(quota->kind, quota->unit, *state, now);
    int64_t long_us = unit_us(quota->unit);
    if (used(&window, long_us) + weight * long_us > allowed(quota, share, weight))
        return false;
    window.here += weight;
    *state = pack(&window);
    return true;
}

uint64_t window_give(const struct limit_quota *quota, uint64_t state, unsigned weight, int64_t now)
{
    struct window window = unpack(quota->kind, quota->unit, state, now);
    int64_t here = window.here < weight ? window.here : weight;
    window.here -= here;
    int64_t before = (int64_t)weight - here; /* its window has ended meanwhile */
    window.before = window.before > before ? window.before - before : 0;
    return pack(&window);
}

/* Until what was taken in a window has fallen to `most` (counts × us, of `count` a full unit long). */
static int64_t until_below(int64_t count, int64_t left_us, int64_t most)
{
    if (most < 0)
        return -1;
    if (count == 0 || count * left_us <= most)
        return 0;
    return left_us - most / count;
}

/* Until `used` and such a charge fit: in this window, as the one before fades; or in the next, as this one does. */
static int64_t retry_us(const struct limit_quota *quota, const struct window *window, unsigned weight,
                        int64_t most)
{
    int64_t long_us = unit_us(quota->unit), room = most - weight * long_us;
    int64_t here_us = until_below(window->before, window->left_us, room - window->here * long_us);
    if (here_us >= 0 && here_us < window->left_us)
        return window->begins_us + here_us;
    int64_t end_us = window->begins_us + window->left_us;
    if (quota->kind == LIMIT_FIXED)
        return end_us;
    int64_t next_us = until_below(window->here, long_us, room);
    POST(next_us >= 0);
    return end_us + next_us;
}

/* Rounded to the next microsecond of limit time, for that is what windows are counted in. */
static int64_t after_us(int64_t us, int64_t now)
{
    return us > 0 ? us * 1000 - now % 1000 : 0;
}

void window_look(const struct limit_quota *quota, unsigned share, uint64_t state, unsigned weight,
                 int64_t now, struct limit_standing *ret_standing)
{
    struct window window = unpack(quota->kind, quota->unit, state, now);
    int64_t long_us = unit_us(quota->unit), taken = used(&window, long_us);
    int64_t room = allowed(quota, share, 1) - taken, reset_us = 0;
    if (window.here)
        reset_us = window.begins_us + window.left_us + (quota->kind == LIMIT_SLIDING ? long_us : 0);
    else if (window.before)
        reset_us = window.begins_us + window.left_us;
    int64_t most = weight ? allowed(quota, share, weight) : 0;
    bool refused = weight && taken + weight * long_us > most;
    *ret_standing = (struct limit_standing){
        .limit = quota->count,
        .remaining = room > 0 ? (unsigned)(room / long_us) : 0,
        .reset_ns = after_us(reset_us, now),
        .retry_ns = refused ? after_us(retry_us(quota, &window, weight, most), now) : 0,
    };
}

bool window_is_full(enum limit_kind kind, enum limit_unit unit, uint64_t state, int64_t now)
{
    uint64_t number = (uint64_t)(now / 1000 / unit_us(unit)) & NUMBER_MASK;
    return windows_between(state >> (2 * COUNT_BITS), number) >= (kind == LIMIT_SLIDING ? 2 : 1);
}

int64_t window_taken(const struct limit_quota *quota, uint64_t state, int64_t now)
{
    struct window window = unpack(quota->kind, quota->unit, state, now);
    int64_t long_us = unit_us(quota->unit);
    return (int64_t)((__int128)used(&window, long_us) * LIMIT_TOKEN / long_us);
}

/* Counts of whole requests move; what is in the window before stays, and fades as it did. Those of a window that has ended since they
 * were claimed stay where they are. */
uint64_t window_deal(const struct limit_quota *quota, const struct limit_dealing *dealing, uint64_t state,
                     int64_t now)
{
    struct window window = unpack(quota->kind, quota->unit, state, now);
    int64_t long_ns = limit_unit_ns(quota->unit);
    PRE(dealing->delta % LIMIT_TOKEN == 0);
    if (dealing->claimed_at.ns / long_ns == now / long_ns)
        window.here += dealing->delta / LIMIT_TOKEN;
    if (window.here < 0)
        window.here = 0;
    if (window.here > (int64_t)COUNT_MASK)
        window.here = COUNT_MASK;
    return pack(&window);
}
