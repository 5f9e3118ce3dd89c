/* SPDX-License-Identifier: Apache-2.0 */
/* CACHE: asking, waiting, serving, and what is made ahead of its time. See cache_step.h. */
#include "request/cache_step.h"

#include "request/batch.h"
#include "request/keeping.h"
#include "request/kept.h"
#include "request/steps.h"
#include "request/upstream_step.h"

/* --- served from it --- */

/* For content networks, which keep what is the same for everybody. */
void keeping_tell_tags(struct request *request)
{
    const struct cache_policy *policy = request->keeping->policy;
    struct caching *caching = &request->answer.caching;
    caching->tags = policy->tags;
    caching->tag_count = caching->is_private || caching->no_store ? 0 : policy->tag_count;
}

enum step keeping_serve(struct request *request, struct entry *entry)
{
    struct mono now = keeping_now(request);
    PRE(!request->entry && entry->kind == ENTRY_ANSWER);
    request->entry = entry;
    kept_unpack(entry, &request->answer);
    keeping_tell_tags(request);
    request->answer.cache = (struct cache_told){.way = TOLD_HIT,
                                                .ttl_s = keeping_seconds(entry->fresh_until, now),
                                                .age_s = (unsigned)keeping_seconds(now, entry->stored)};
    request->fetch.lane = "cache";
    return STEP_RESPOND;
}

/* --- made anew in the background --- */

static uint64_t drop_answer(void *context, struct request *request)
{
    (void)context;
    (void)request;
    return 0;
}

/* Nobody waits; the answer is for the cache. An answer in pieces is not kept, so it is not begun (cache_gives_up). */
const struct request_sink keeping_nobody = {.deliver = drop_answer};

static void on_refresh(struct task *task)
{
    request_run(container_of(task, struct request, turn));
}

/* All that is of the asker's arena, which may end first. */
static void copy_caller(struct request *request, const struct principal *principal)
{
    struct principal *copy = &request->principal;
    *copy = *principal;
    struct slice *const parts[] = {&copy->caller.role_name, &copy->caller.user, &copy->caller.tenant,
                                   &copy->caller.scope, &copy->key_id};
    for (unsigned i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i]->data)
            *parts[i] = arena_copy(&request->arena, *parts[i]);
}

/* Who makes the answer. */
static enum step maker_of(const struct request *request)
{
    return request->route.kind == ROUTE_UPSTREAM ? STEP_UPSTREAM : STEP_PLAN;
}

/* What `asker` asks, asked again by nobody: it begins with its making, at the end of this turn. */
static void refresh(const struct request *asker, struct fill *fill)
{
    struct request *request = request_new(asker->worker, &keeping_nobody, NULL);
    request->background = true;
    if (request->snapshot !=
        asker->snapshot) { /* the configuration has changed meanwhile: not under this key */
        cache_fill_end(keeping_cache(asker), fill, NULL, FILL_LEAVE);
        request->step = STEP_END;
        request_end(request);
        return;
    }
    struct arena *arena = &request->arena;
    request->method = HTTP_GET;
    request->query_string = arena_copy(arena, asker->query_string);
    request->target = arena_copy(arena, asker->target);
    request->route = asker->route;
    if (asker->route.id.data)
        request->route.id = arena_copy(arena, asker->route.id);
    copy_caller(request, &asker->principal);
    request->prefer = asker->prefer;
    request->range = asker->range;
    request->format = asker->format;
    request->keeping = ARENA_NEW(arena, struct keeping);
    *request->keeping = (struct keeping){.request = request,
                                         .policy = asker->keeping->policy,
                                         .ttl_ms = asker->keeping->ttl_ms,
                                         .key = asker->keeping->key,
                                         .shared = asker->keeping->shared,
                                         .parts = asker->keeping->parts};
    request->keeping->fill = fill;
    request->answer.caching = asker->answer.caching;
    request->step = maker_of(request);
    if (request->step == STEP_UPSTREAM)
        upstream_ask_again(request, asker);
    request->turn.run = on_refresh;
    loop_at_turn_end(request->worker->loop, &request->turn);
}

/* --- the step --- */

static void on_woken(struct letter *letter)
{
    struct keeping *keeping = container_of(letter, struct keeping, woken);
    struct request *request = keeping->request;
    CHECK_MAGIC(request, REQUEST_MAGIC);
    keeping->waits = false;
    keeping->awake = true;
    request_resume(request, STEP_CACHE);
}

/* On the filler's thread. */
static void on_wake(struct waiter *waiter)
{
    struct keeping *keeping = container_of(waiter, struct keeping, waiter);
    loop_post(keeping->request->worker->loop, &keeping->woken);
}

static enum step park(struct request *request)
{
    request->keeping->waits = true;
    request->target = arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    return STEP_WAIT;
}

static enum step ask(struct request *request);

/* The answer hangs on more of the caller than is known without its plan. */
static enum step ask_further(struct request *request, struct entry *marker)
{
    struct keeping *keeping = request->keeping;
    unsigned parts = keeping->parts | marker->varies;
    entry_unref(marker);
    if (parts == keeping->parts)
        return maker_of(request);
    keeping->parts = parts;
    return ask(request);
}

static enum step ask(struct request *request)
{
    struct keeping *keeping = request->keeping;
    struct entry *entry = NULL;
    struct fill *fill = NULL;
    struct slice question;
    if (!keeping_make_key(request, &question))
        return maker_of(request);
    switch (cache_ask(keeping_cache(request), keeping->key, keeping_now(request), &keeping->waiter, &entry,
                      &fill)) {
    case CACHE_FRESH:
    case CACHE_STALE:
        return keeping_serve(request, entry);
    case CACHE_REFRESH:
        shared_key_of(request, question, &keeping->shared);
        refresh(request, fill);
        return keeping_serve(request, entry);
    case CACHE_FILL:
        keeping->fill = fill;
        shared_key_of(request, question, &keeping->shared);
        return maker_of(request);
    case CACHE_WAIT:
        return park(request);
    case CACHE_VARIES:
        return ask_further(request, entry);
    case CACHE_PASS:
        request->answer.cache.way = TOLD_BYPASS;
        return maker_of(request);
    }
    UNREACHABLE("a verdict of the cache that is none");
}

/* Another has made it, or could not. */
static enum step go_on_awake(struct request *request)
{
    struct keeping *keeping = request->keeping;
    struct waiter *waiter = &keeping->waiter;
    struct entry *entry = waiter->entry;
    waiter->entry = NULL;
    keeping->awake = false;
    bool answers = entry && entry->kind == ENTRY_ANSWER;
    if (answers && (waiter->in_time || waiter->is_old || waiter->end == FILL_FAIL ||
                    entry_is_current(request->worker->service->tags, entry))) {
        enum step next = keeping_serve(request, entry);
        request->answer.cache.collapsed = true;
        return next;
    }
    entry_unref(entry);
    return ask(request);
}

/* What caches further out are told of it, whoever makes it. */
void keeping_tell_caches(struct request *request)
{
    const struct cache_policy *policy = request->keeping->policy;
    struct caching *caching = &request->answer.caching;
    caching->max_age_s = (unsigned)(policy->client_ms / 1000);
    caching->s_maxage_s = (unsigned)(policy->shared_ms / 1000);
    caching->stale_s = policy->client_ms || policy->shared_ms ? (unsigned)(policy->grace_ms / 1000) : 0;
}

enum step step_cache(struct request *request)
{
    struct keeping *keeping = request->keeping;
    if (keeping && keeping->awake)
        return go_on_awake(request);
    if (!keeping) {
        int64_t ttl_ms;
        if (request->route.kind != ROUTE_UPSTREAM && request_asked(request) != OK)
            return STEP_RESPOND;
        const struct cache_policy *policy = keeping_policy_of(request, &ttl_ms);
        if (!policy || batch_is_chained(request)) /* a transaction sees what it has written itself */
            return maker_of(request);
        keeping = request->keeping = ARENA_NEW(&request->arena, struct keeping);
        *keeping = (struct keeping){.request = request,
                                    .policy = policy,
                                    .ttl_ms = ttl_ms,
                                    .parts = keeping_parts_of(policy),
                                    .waiter = {.on_wake = on_wake},
                                    .woken = {.on_receive = on_woken}};
        keeping_tell_caches(request);
    }
    return ask(request);
}
