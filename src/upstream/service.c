/* SPDX-License-Identifier: Apache-2.0 */
/* Services: who may call them now, and what calls came to. See service.h. It cannot fail. */
#include "upstream/service.h"

#include "base/mem.h"

enum { UPSTREAM_MAGIC = 0x55705374 };

struct upstream *upstream_new(const struct upstream_options *options)
{
    PRE(options->connect_ms > 0 && options->timeout_ms > 0 && options->concurrent_max > 0);
    struct upstream *service = mem_must(sizeof *service);
    service->magic = UPSTREAM_MAGIC;
    atomic_init(&service->refs, 1);
    service->options = *options;
    service->options.origin =
        slice_of(mem_dup(options->origin.data, options->origin.len), options->origin.len);
    (void)pthread_mutex_init(&service->lock, NULL);
    breaker_init(&service->breaker, &options->breaker);
    return service;
}

struct upstream *upstream_ref(struct upstream *service)
{
    CHECK_MAGIC(service, UPSTREAM_MAGIC);
    atomic_fetch_add_explicit(&service->refs, 1, memory_order_relaxed);
    return service;
}

bool upstream_is(const struct upstream *service, const struct upstream_options *options)
{
    CHECK_MAGIC(service, UPSTREAM_MAGIC);
    const struct upstream_options *own = &service->options;
    const struct breaker_options *breaker = &own->breaker, *other = &options->breaker;
    return slice_eq(own->origin, options->origin) && own->connect_ms == options->connect_ms &&
           own->timeout_ms == options->timeout_ms && own->whole_ms == options->whole_ms &&
           own->rate_min == options->rate_min && own->rate_window_ms == options->rate_window_ms &&
           own->answer_bytes_max == options->answer_bytes_max && own->retries == options->retries &&
           own->concurrent_max == options->concurrent_max && breaker->failures == other->failures &&
           breaker->window_ms == other->window_ms && breaker->open_ms == other->open_ms;
}

void upstream_unref(struct upstream *service)
{
    if (!service || atomic_fetch_sub_explicit(&service->refs, 1, memory_order_acq_rel) > 1)
        return;
    CHECK_MAGIC(service, UPSTREAM_MAGIC);
    PRE(atomic_load(&service->in_flight) == 0);
    (void)pthread_mutex_destroy(&service->lock);
    mem_free((char *)service->options.origin.data);
    service->magic = 0;
    mem_free(service);
}

static enum upstream_outcome refuse(struct upstream *service, enum upstream_outcome why)
{
    atomic_fetch_sub(&service->in_flight, 1);
    atomic_fetch_add(&service->ended[why], 1);
    return why;
}

enum upstream_outcome service_enter(struct upstream *service, bool *ret_probe)
{
    CHECK_MAGIC(service, UPSTREAM_MAGIC);
    if (atomic_fetch_add(&service->in_flight, 1) >= service->options.concurrent_max)
        return refuse(service, UPSTREAM_FULL);
    (void)pthread_mutex_lock(&service->lock);
    bool may = breaker_admit(&service->breaker, clock_mono(), ret_probe);
    (void)pthread_mutex_unlock(&service->lock);
    return may ? UPSTREAM_GOING : refuse(service, UPSTREAM_OPEN);
}

/* An answer that is only too large, and a call that never came to pass, say nothing of the service's health. */
static enum breaker_news news_of(enum upstream_outcome outcome)
{
    if (outcome == UPSTREAM_OK || outcome == UPSTREAM_TOO_LARGE)
        return BREAKER_GOOD;
    bool failed =
        outcome == UPSTREAM_UNREACHABLE || outcome == UPSTREAM_TIMED_OUT || outcome == UPSTREAM_BROKEN;
    return failed ? BREAKER_BAD : BREAKER_NOTHING;
}

void service_leave(struct upstream *service, bool probe, enum upstream_outcome outcome, uint32_t chance)
{
    CHECK_MAGIC(service, UPSTREAM_MAGIC);
    (void)pthread_mutex_lock(&service->lock);
    breaker_note(&service->breaker, clock_mono(), probe, news_of(outcome), chance);
    (void)pthread_mutex_unlock(&service->lock);
    if (outcome == UPSTREAM_GOING)
        atomic_fetch_add(&service->cancelled, 1);
    else
        atomic_fetch_add(&service->ended[outcome], 1);
    atomic_fetch_sub(&service->in_flight, 1);
}

void upstream_counts(struct upstream *service, struct upstream_counts *ret_counts)
{
    CHECK_MAGIC(service, UPSTREAM_MAGIC);
    for (unsigned i = 0; i < UPSTREAM_OUTCOMES; i++)
        ret_counts->ended[i] = atomic_load(&service->ended[i]);
    ret_counts->retries = atomic_load(&service->retries);
    ret_counts->cancelled = atomic_load(&service->cancelled);
    ret_counts->in_flight = atomic_load(&service->in_flight);
    (void)pthread_mutex_lock(&service->lock);
    ret_counts->opened = service->breaker.opened;
    ret_counts->breaker = service->breaker.state;
    (void)pthread_mutex_unlock(&service->lock);
}

int64_t upstream_wait_ms(struct upstream *service)
{
    CHECK_MAGIC(service, UPSTREAM_MAGIC);
    (void)pthread_mutex_lock(&service->lock);
    int64_t wait_ms = breaker_wait_ms(&service->breaker, clock_mono());
    (void)pthread_mutex_unlock(&service->lock);
    return wait_ms;
}
