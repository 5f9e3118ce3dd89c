/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker's moves: breaker.h has the picture. Why failures must be no fewer than successes: a busy service in which a few calls
 * of thousands fail is not down. It cannot fail. */
#include "upstream/breaker.h"

#include "base/check.h"

void breaker_init(struct breaker *breaker, const struct breaker_options *options)
{
    PRE(options->failures == 0 || (options->window_ms > 0 && options->open_ms > 0));
    *breaker = (struct breaker){.options = *options};
}

static bool is_past(struct mono until, struct mono now)
{
    return mono_diff_us(now, until) >= 0;
}

bool breaker_admit(struct breaker *breaker, struct mono now, bool *ret_probe)
{
    *ret_probe = false;
    if (breaker->state == BREAKER_CLOSED)
        return true;
    if (breaker->state == BREAKER_HALF_OPEN || !is_past(breaker->until, now))
        return false;
    breaker->state = BREAKER_HALF_OPEN;
    *ret_probe = true;
    return true;
}

static void close_it(struct breaker *breaker)
{
    breaker->state = BREAKER_CLOSED;
    breaker->failures = breaker->successes = 0;
    breaker->until = (struct mono){0};
}

static void open_it(struct breaker *breaker, struct mono now, uint32_t chance)
{
    int64_t span_ms = breaker->options.open_ms * 2 / 5;
    int64_t jitter_ms = span_ms ? (int64_t)chance % (span_ms + 1) - span_ms / 2 : 0;
    breaker->state = BREAKER_OPEN;
    breaker->until = mono_after_ms(now, breaker->options.open_ms + jitter_ms);
    breaker->opened++;
}

static void note_probe(struct breaker *breaker, struct mono now, enum breaker_news news, uint32_t chance)
{
    PRE(breaker->state == BREAKER_HALF_OPEN);
    if (news == BREAKER_GOOD) {
        close_it(breaker);
    } else if (news == BREAKER_BAD) {
        open_it(breaker, now, chance);
    } else {
        breaker->state = BREAKER_OPEN;
        breaker->until = now;
    }
}

void breaker_note(struct breaker *breaker, struct mono now, bool probe, enum breaker_news news,
                  uint32_t chance)
{
    if (probe) {
        note_probe(breaker, now, news, chance);
        return;
    }
    if (breaker->state != BREAKER_CLOSED || news == BREAKER_NOTHING || breaker->options.failures == 0)
        return;
    if (is_past(breaker->until, now)) {
        close_it(breaker);
        breaker->until = mono_after_ms(now, breaker->options.window_ms);
    }
    breaker->failures += news == BREAKER_BAD;
    breaker->successes += news == BREAKER_GOOD;
    if (breaker->failures >= breaker->options.failures && breaker->failures >= breaker->successes)
        open_it(breaker, now, chance);
}

int64_t breaker_wait_ms(const struct breaker *breaker, struct mono now)
{
    if (breaker->state != BREAKER_OPEN || is_past(breaker->until, now))
        return 0;
    return mono_diff_us(breaker->until, now) / 1000 + 1;
}
