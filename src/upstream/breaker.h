/* SPDX-License-Identifier: Apache-2.0 */
/* A circuit breaker: a service that fails is left alone for a while, so that those who ask it hear so at once and it can recover.
 *
 *            `failures` within `window_ms`, and no fewer than successes
 *   CLOSED ─────────────────────────────────────────────────────────────→ OPEN ◄───────────┐
 *      ▲                                                                   │ open_ms ± 20 % │ it failed, too
 *      └────────────────────── it went well ────────── HALF_OPEN ◄─────────┘                │
 *                                                      one call probes, all others are refused ─┘
 *
 * A window begins with the first call after the one before has ended. A probe that came to nothing (its asker left) makes room for
 * the next. What calls that began before the breaker opened come to, says nothing any more.
 * Pure: is handed time and chance. Cannot fail. One thread at a time: the owner locks. */
#ifndef LEAT_UPSTREAM_BREAKER_H
#define LEAT_UPSTREAM_BREAKER_H

#include <stdbool.h>

#include "base/clock.h"

struct breaker_options {
    unsigned failures; /* 0: it never opens */
    int64_t window_ms, open_ms;
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

/* What a call came to, as far as it tells of the service. */
enum breaker_news { BREAKER_GOOD, BREAKER_BAD, BREAKER_NOTHING };

struct breaker {
    struct breaker_options options;
    enum breaker_state state;
    struct mono until;            /* the window's end; of OPEN: when it may be probed */
    unsigned failures, successes; /* in this window */
    uint64_t opened;              /* how often */
};

void breaker_init(struct breaker *breaker, const struct breaker_options *options);

/* Whether a call may go. *ret_probe: it is the one that probes; given back to breaker_note. */
bool breaker_admit(struct breaker *breaker, struct mono now, bool *ret_probe);

/* What an admitted call came to. chance: any number, other each time, for the jitter. */
void breaker_note(struct breaker *breaker, struct mono now, bool probe, enum breaker_news news,
                  uint32_t chance);

/* How long until it may be probed; 0: it lets calls through, or is being probed. */
int64_t breaker_wait_ms(const struct breaker *breaker, struct mono now);

#endif
