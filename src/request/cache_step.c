/* SPDX-License-Identifier: Apache-2.0 */
/* CACHE, and what becomes of an answer that is to be kept. See cache_step.h. */
#include "request/cache_step.h"

#include "base/buf.h"
#include "cache/cache.h"
#include "catalog/local.h"
#include "request/batch.h"
#include "request/depends.h"
#include "request/forms.h"
#include "request/kept.h"
#include "request/second_level.h"
#include "request/steps.h"
#include "request/upstream_step.h"
#include "request/warm.h"
#include "request/worker.h"

/* How long it is remembered that an answer like this cannot be kept. */
enum { PASS_MS = 10000 };

/* What a request has to do with the cache; of its arena. */
struct keeping {
    struct request *request;
    const struct cache_policy *policy;
    int64_t ttl_ms;
    bool limited; /* ttl_ms is what another service said: it holds for a 404, too */
    struct cache_key key;
    unsigned parts;    /* of the caller: bits of enum caller_part that the key is made of */
    struct fill *fill; /* held: ours to end */
    struct waiter waiter;
    struct letter woken; /* from the waker's thread */
    bool waits, awake;
    bool through; /* it is a write's: the key and tags are those of the row */
    struct depends depends;
    struct shared_key shared;
    struct sharing *sharing; /* NULL: the other instances were not asked, or not yet */
    bool shared_asked;
};

static struct cache *cache_of(const struct request *request)
{
    return request->worker->service->cache;
}

static struct mono now_of(const struct request *request)
{
    return loop_now(request->worker->loop);
}

/* --- whether, and under which key --- */

/* NULL: its answer is not kept. */
static const struct cache_policy *policy_of(const struct request *request, int64_t *ret_ttl_ms)
{
    const struct route *route = &request->route;
    const struct cache_policy *policy = NULL;
    int64_t ttl_ms = 0;
    if (route->kind == ROUTE_LIST || route->kind == ROUTE_ROW) {
        policy = &route->resource->config->cache;
        ttl_ms = route->kind == ROUTE_ROW ? policy->row_ms : policy->list_ms;
    } else if (route->kind == ROUTE_QUERY && !route->query->changes) {
        policy = &route->query->config->cache;
        ttl_ms = policy->list_ms;
    } else if (route->kind == ROUTE_UPSTREAM && upstream_may_be_kept(request)) {
        policy = &route->upstream->cache;
        ttl_ms = policy->list_ms;
    }
    bool export = format_is_export(request->format) && route->kind != ROUTE_ROW;
    *ret_ttl_ms = ttl_ms;
    return ttl_ms > 0 && !export ? policy : NULL;
}

static unsigned parts_of(const struct cache_policy *policy)
{
    static const unsigned parts[] = {[SHARE_AUTO] = 0,
                                     [SHARE_ROLE] = CALLER_ROLE,
                                     [SHARE_TENANT] = CALLER_ROLE | CALLER_TENANT,
                                     [SHARE_USER] = CALLER_ROLE | CALLER_TENANT | CALLER_USER};
    return parts[policy->share];
}

static void add_number(struct buf *out, uint64_t number)
{
    buf_append(out, (const char *)&number, sizeof number);
}

/* With its length before it: no two texts run into each other. */
static void add_text(struct buf *out, struct slice text)
{
    add_number(out, text.data ? text.len : UINT64_MAX);
    buf_add(out, text);
}

static void add_route(struct buf *out, const struct request *request)
{
    const struct route *route = &request->route;
    bool query = route->kind == ROUTE_QUERY;
    add_number(out, (uint64_t)route->kind << 8 | (uint64_t)route->manner);
    add_number(out, query ? route->query->index : route->resource->index);
    add_text(out, route->kind == ROUTE_ROW ? route->id : SLICE(""));
    add_text(out, route->schema);
    add_text(out, request->query_string);
}

static void add_asked(struct buf *out, const struct request *request)
{
    const struct prefer *prefer = &request->prefer;
    add_number(out, (uint64_t)request->format << 16 | (uint64_t)prefer->count << 8 | prefer->strict);
    add_number(out, request->range.given);
    if (request->range.given) {
        add_number(out, (uint64_t)request->range.first);
        add_number(out, (uint64_t)request->range.rows);
    }
}

/* Of another service's answer: what it may choose its form by, too. */
static void add_service(struct buf *out, const struct request *request)
{
    const struct http_head *head = request->head;
    const struct config *config = request->snapshot->model->config;
    add_number(out, (uint64_t)ROUTE_UPSTREAM << 8);
    add_number(out, (uint64_t)(request->route.upstream - config->upstreams));
    add_text(out, head->host); /* it is told whom it was asked as, and may write that into its answer */
    add_text(out, head->path);
    add_text(out, request->query_string);
    add_text(out, http_head_get(head, HTTP_ACCEPT));
    add_text(out, http_head_find(head, SLICE("Accept-Language")));
}

/* Rights are in every key, so that nobody is served what another role made. */
static void add_caller(struct buf *out, const struct caller *caller, unsigned parts)
{
    add_number(out, (uint64_t)caller->roles << 32 | parts);
    add_text(out, caller->scope);
    if (parts & CALLER_ROLE) {
        add_number(out, caller->role);
        add_text(out, caller->role_name);
    }
    if (parts & CALLER_TENANT)
        add_text(out, caller->tenant);
    if (parts & CALLER_USER)
        add_text(out, caller->user);
}

/* *ret_question: behind the number of the model, which is this process's alone; valid until the next key is made. */
static bool make_key(struct request *request, struct slice *ret_question)
{
    struct keeping *keeping = request->keeping;
    struct buf *out = &request->worker->key;
    buf_clear(out);
    add_number(out, request->snapshot->model->number);
    if (request->route.kind == ROUTE_UPSTREAM) {
        add_service(out, request);
    } else {
        add_route(out, request);
        add_asked(out, request);
    }
    add_caller(out, &request->principal.caller, keeping->parts);
    keeping->key = cache_key_of(&request->worker->service->cache_secret, buf_slice(out));
    *ret_question = slice_skip(buf_slice(out), sizeof(uint64_t));
    bool made = !out->failed;
    if (!made)
        buf_done(out);
    return made;
}

/* --- served from it --- */

static int64_t seconds_between(struct mono later, struct mono earlier)
{
    return mono_diff_us(later, earlier) / 1000000;
}

/* For content networks, which keep what is the same for everybody. */
static void tell_tags(struct request *request)
{
    const struct cache_policy *policy = request->keeping->policy;
    struct caching *caching = &request->answer.caching;
    caching->tags = policy->tags;
    caching->tag_count = caching->is_private || caching->no_store ? 0 : policy->tag_count;
}

/* Takes over the reference. */
static enum step serve(struct request *request, struct entry *entry, enum cache_way way)
{
    struct mono now = now_of(request);
    PRE(!request->entry && entry->kind == ENTRY_ANSWER);
    request->entry = entry;
    kept_unpack(entry, &request->answer);
    tell_tags(request);
    request->answer.cache = (struct cache_told){.way = way,
                                                .ttl_s = seconds_between(entry->fresh_until, now),
                                                .age_s = (unsigned)seconds_between(now, entry->stored)};
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
static const struct request_sink nowhere = {.deliver = drop_answer};

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
    struct request *request = request_new(asker->worker, &nowhere, NULL);
    request->background = true;
    if (request->snapshot !=
        asker->snapshot) { /* the configuration has changed meanwhile: not under this key */
        cache_fill_end(cache_of(asker), fill, NULL, FILL_LEAVE);
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
    if (!make_key(request, &question))
        return maker_of(request);
    switch (cache_ask(cache_of(request), keeping->key, now_of(request), &keeping->waiter, &entry, &fill)) {
    case CACHE_FRESH:
    case CACHE_STALE:
        return serve(request, entry, TOLD_HIT);
    case CACHE_REFRESH:
        shared_key_of(request, question, &keeping->shared);
        refresh(request, fill);
        return serve(request, entry, TOLD_HIT);
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
        enum step next = serve(request, entry, TOLD_HIT);
        request->answer.cache.collapsed = true;
        return next;
    }
    entry_unref(entry);
    return ask(request);
}

/* What caches further out are told of it, whoever makes it. */
static void tell_caches(struct request *request)
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
        const struct cache_policy *policy = policy_of(request, &ttl_ms);
        if (!policy || batch_is_chained(request)) /* a transaction sees what it has written itself */
            return maker_of(request);
        keeping = request->keeping = ARENA_NEW(&request->arena, struct keeping);
        *keeping = (struct keeping){.request = request,
                                    .policy = policy,
                                    .ttl_ms = ttl_ms,
                                    .parts = parts_of(policy),
                                    .waiter = {.on_wake = on_wake},
                                    .woken = {.on_receive = on_woken}};
        tell_caches(request);
    }
    return ask(request);
}

/* --- after PLAN --- */

/* The same for the other instances. A marker that the answer cannot be kept is one that it cannot be shared. */
static void end_sharing(struct keeping *keeping, const struct entry *entry, enum fill_end end)
{
    bool answers = entry && entry->kind == ENTRY_ANSWER;
    bool tells = end == FILL_KEEP && entry && entry->kind != ENTRY_VARIES;
    if (tells)
        sharing_keep(keeping->sharing, answers ? entry : NULL,
                     mono_diff_us(entry->fresh_until, entry->stored) / 1000);
    sharing_done(keeping->sharing);
    keeping->sharing = NULL;
}

static void end_fill(struct request *request, struct entry *entry, enum fill_end end)
{
    struct keeping *keeping = request->keeping;
    end_sharing(keeping, entry, end);
    cache_fill_end(cache_of(request), keeping->fill, entry, end);
    keeping->fill = NULL;
    entry_unref(entry);
}

/* Parts of an entry under the present key, good for so long. */
static struct entry_parts parts_for(const struct request *request, enum entry_kind kind, int64_t ttl_ms)
{
    struct mono now = now_of(request);
    struct mono until = mono_after_ms(now, ttl_ms);
    return (struct entry_parts){.key = request->keeping->key,
                                .kind = kind,
                                .stored = now,
                                .fresh_until = until,
                                .grace_until = until,
                                .error_until = until};
}

static void end_with_marker(struct request *request, enum entry_kind kind, unsigned varies, int64_t ttl_ms)
{
    struct entry_parts parts = parts_for(request, kind, ttl_ms);
    parts.varies = varies;
    struct entry *marker = entry_new(&parts);
    end_fill(request, marker, marker ? FILL_KEEP : FILL_LEAVE);
}

void cache_gives_up(struct request *request)
{
    if (cache_fills(request))
        end_with_marker(request, ENTRY_PASS, 0, PASS_MS);
}

static void tell_who_shares(struct request *request)
{
    struct caching *caching = &request->answer.caching;
    if (request->keeping->parts) {
        caching->is_private = true;
        caching->s_maxage_s = 0;
    }
    tell_tags(request);
}

enum step cache_planned(struct request *request)
{
    struct keeping *keeping = request->keeping;
    if (!keeping || !keeping->fill)
        return STEP_FETCH;
    unsigned parts = keeping->parts | request->plan->uses;
    if (parts != keeping->parts) {
        end_with_marker(request, ENTRY_VARIES, parts, keeping->ttl_ms);
        keeping->parts = parts;
        return STEP_CACHE;
    }
    tell_who_shares(request);
    depends_note(request, &keeping->depends);
    return cache_asks_others(request) ? STEP_WAIT : STEP_FETCH;
}

/* --- what other instances have --- */

/* Those who wait for it here are served, too. */
static enum step take_shared(struct request *request, struct entry *entry)
{
    end_fill(request, entry_ref(entry), FILL_KEEP);
    enum step next = serve(request, entry, TOLD_HIT);
    request->answer.cache.shared = true;
    return next;
}

static void on_shared(struct request *request, struct entry *entry)
{
    CHECK_MAGIC(request, REQUEST_MAGIC);
    if (!entry) {
        request_resume(request, request->step == STEP_PLAN ? STEP_FETCH : STEP_UPSTREAM);
        return;
    }
    sharing_done(request->keeping->sharing);
    request->keeping->sharing = NULL;
    request_resume(request, take_shared(request, entry));
}

/* Whether it shows, or tells of, what is to stay in the process. */
static bool is_local(const struct request *request)
{
    const struct model *model = request->snapshot->model;
    const struct plan *plan = request->plan;
    if (request->route.kind == ROUTE_UPSTREAM)
        return request->keeping->policy->local.text.data != NULL;
    if (request->route.kind == ROUTE_QUERY)
        return model_query_is_local(model, request->route.query);
    return model_statement_is_local(model, plan->statement.text, plan->tables, plan->table_count,
                                    plan->tables_unknown);
}

bool cache_asks_others(struct request *request)
{
    struct keeping *keeping = request->keeping;
    PRE(cache_fills(request));
    if (!keeping->shared.known || keeping->shared_asked || is_local(request))
        return false;
    keeping->shared_asked = true;
    /* What is made ahead of its time is made because the one that is there soon ends, wherever it lies. */
    const struct sharing_asked asked = {.request = request,
                                        .key = &keeping->shared,
                                        .entry_key = keeping->key,
                                        .depends = &keeping->depends,
                                        .least_ms = request->background ? keeping->ttl_ms / 2 : 0,
                                        .on_end = on_shared};
    keeping->sharing = sharing_begin(&asked);
    if (keeping->sharing)
        request->target =
            arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    return keeping->sharing != NULL;
}

void cache_note_tables(struct request *request, const struct tables_told *tables)
{
    PRE(cache_fills(request));
    tell_who_shares(request);
    depends_note_tables(request, tables, &request->keeping->depends);
}

void cache_limit(struct request *request, int64_t ttl_ms)
{
    PRE(cache_fills(request) && ttl_ms > 0);
    struct keeping *keeping = request->keeping;
    keeping->limited = ttl_ms < keeping->policy->absent_ms;
    if (ttl_ms < keeping->ttl_ms)
        keeping->ttl_ms = ttl_ms;
}

/* --- the answer --- */

bool cache_fills(const struct request *request)
{
    return request->keeping && request->keeping->fill;
}

static bool is_kept_status(unsigned status)
{
    return status == 200 || status == 206 || status == 404;
}

static struct entry *make_entry(struct request *request, int64_t ttl_ms)
{
    const struct keeping *keeping = request->keeping;
    const struct cache_policy *policy = keeping->policy;
    bool absent = request->answer.status == 404;
    struct entry_parts parts = parts_for(request, ENTRY_ANSWER, entry_jitter_ms(keeping->key, ttl_ms));
    if (!absent) {
        parts.grace_until = mono_after_ms(parts.fresh_until, policy->grace_ms);
        parts.error_until = mono_after_ms(parts.grace_until, policy->errors_ms);
    }
    parts.cost_us = mono_diff_us(clock_mono(), request->began);
    parts.seen = keeping->depends.seen;
    parts.seen_count = absent ? keeping->depends.count_if_absent : keeping->depends.count;
    if (!(keeping->parts & (CALLER_TENANT | CALLER_USER)))
        parts.asked = warm_question(request);
    return kept_pack(&request->answer, buf_slice(&request->body), &parts);
}

/* An answer of before in the place of the problem; true: there is one. */
static bool stand_in(struct request *request)
{
    struct entry *old = cache_fill_old(request->keeping->fill, now_of(request));
    if (!old)
        return false;
    request->problem = (struct problem){0};
    buf_done(&request->body);
    request->answer.caching.no_store = false;
    (void)serve(request, old, TOLD_HIT);
    return true;
}

static void put_written(struct request *request);

void cache_answered(struct request *request)
{
    struct keeping *keeping = request->keeping;
    struct answer *answer = &request->answer;
    if (keeping && keeping->through)
        put_written(request);
    if (!cache_fills(request) || request->entry)
        return;
    bool keeps = is_kept_status(answer->status), fails = answer->status >= 500;
    bool absent = answer->status == 404 && !keeping->limited;
    int64_t ttl_ms = absent ? keeping->policy->absent_ms : keeps ? keeping->ttl_ms : 0;
    if (answer->status == 200)
        answer->caching.etag = forms_tag(request);
    struct entry *entry = make_entry(request, ttl_ms);
    if (fails && stand_in(request)) {
        entry_unref(entry);
        end_fill(request, NULL, FILL_FAIL);
        return;
    }
    bool stored = ttl_ms > 0 && entry;
    answer->cache =
        (struct cache_told){.way = TOLD_MISS,
                            .stored = stored,
                            .ttl_s = stored ? seconds_between(entry->fresh_until, entry->stored) : 0};
    if (stored && answer->status == 200) { /* its forms are those of all who ask */
        request->entry = entry_ref(entry);
        buf_done(&request->body);
    }
    end_fill(request, entry, !entry ? FILL_LEAVE : fails ? FILL_FAIL : ttl_ms ? FILL_KEEP : FILL_SHARE);
}

/* --- written through --- */

void cache_writes(struct request *request, const struct plan *shown, const struct bind *key)
{
    PRE(!request->keeping && request->route.kind == ROUTE_ROW);
    const struct cache_policy *policy = &request->route.resource->config->cache;
    struct keeping *keeping = ARENA_NEW(&request->arena, struct keeping);
    *keeping = (struct keeping){.request = request,
                                .policy = policy,
                                .ttl_ms = policy->row_ms,
                                .parts = parts_of(policy) | shown->uses,
                                .through = true};
    if (!depends_note_row(request, shown, key, &keeping->depends))
        return;
    struct slice question;
    request->keeping = keeping;
    if (!make_key(request, &question))
        request->keeping = NULL;
}

/* As the answer to a GET of the row would be. */
static void put_written(struct request *request)
{
    struct keeping *keeping = request->keeping;
    const struct answer told = request->answer;
    if ((told.status != 200 && told.status != 201) || !depends_settle(request, &keeping->depends))
        return;
    request->answer = (struct answer){.status = 200, .type = told.type, .caching.vary_accept = true};
    tell_caches(request);
    tell_who_shares(request);
    request->answer.caching.etag = forms_tag(request);
    struct entry *entry = make_entry(request, keeping->ttl_ms);
    request->answer = told;
    if (entry)
        (void)cache_put(cache_of(request), entry);
    entry_unref(entry);
}

/* --- the end --- */

enum cache_left cache_client_left(struct request *request)
{
    struct keeping *keeping = request->keeping;
    if (!keeping)
        return CACHE_ENDS;
    if (keeping->waits)
        return cache_wait_cancel(cache_of(request), &keeping->waiter) ? CACHE_ENDS : CACHE_WAITS;
    if (!keeping->fill)
        return CACHE_ENDS;
    request->sink = &nowhere;
    request->sink_context = NULL;
    return CACHE_STAYS;
}

void cache_done(struct request *request)
{
    struct keeping *keeping = request->keeping;
    entry_unref(request->entry);
    request->entry = NULL;
    if (!keeping)
        return;
    if (keeping->fill)
        end_fill(request, NULL, FILL_LEAVE);
    PRE(!keeping->sharing);
    entry_unref(keeping->waiter.entry);
    request->keeping = NULL;
}
