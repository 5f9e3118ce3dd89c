/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of an answer that is to be kept: what it depends on, what the other instances have, the entry, the row written through. See
 * cache_step.h. */
#include "request/cache_step.h"

#include "base/buf.h"
#include "catalog/local.h"
#include "request/forms.h"
#include "request/keeping.h"
#include "request/kept.h"
#include "request/warm.h"

/* How long it is remembered that an answer like this cannot be kept. */
enum { PASS_MS = 10000 };

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
    cache_fill_end(keeping_cache(request), keeping->fill, entry, end);
    keeping->fill = NULL;
    entry_unref(entry);
}

/* Parts of an entry under the present key, good for so long. */
static struct entry_parts parts_for(const struct request *request, enum entry_kind kind, int64_t ttl_ms)
{
    struct mono now = keeping_now(request);
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
    keeping_tell_tags(request);
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
    enum step next = keeping_serve(request, entry);
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
    struct entry *old = cache_fill_old(request->keeping->fill, keeping_now(request));
    if (!old)
        return false;
    request->problem = (struct problem){0};
    buf_done(&request->body);
    request->answer.caching.no_store = false;
    (void)keeping_serve(request, old);
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
                            .ttl_s = stored ? keeping_seconds(entry->fresh_until, entry->stored) : 0};
    if (stored && answer->status == 200) { /* its forms are those of all who ask */
        request->entry = entry_ref(entry);
        buf_done(&request->body);
    }
    end_fill(request, entry, !entry ? FILL_LEAVE : fails ? FILL_FAIL : ttl_ms ? FILL_KEEP : FILL_SHARE);
}

/* --- written through --- */

void cache_writes(struct request *request, const struct plan *shown, const struct bind *key)
{
    PRE(!request->keeping);
    const struct cache_policy *policy = &request->route.resource->config->cache;
    struct keeping *keeping = ARENA_NEW(&request->arena, struct keeping);
    *keeping = (struct keeping){.request = request,
                                .policy = policy,
                                .ttl_ms = policy->row_ms,
                                .parts = keeping_parts_of(policy) | shown->uses,
                                .through = true};
    if (depends_note_row(request, shown, key, &keeping->depends))
        request->keeping = keeping;
}

/* The request as if it asked for the row that it wrote: a new one where Location says. */
static bool turn_to_row(struct request *request)
{
    struct slice rest = request->answer.location;
    if (request->route.kind == ROUTE_ROW)
        return true;
    request->route.kind = ROUTE_ROW;
    request->target = request->answer.location;
    while (rest.data)
        request->route.id = slice_cut(&rest, '/');
    return request->target.len > 0;
}

/* As the answer to a GET of the row would be. */
static struct entry *make_row_entry(struct request *request)
{
    struct slice question;
    if (!turn_to_row(request) || !keeping_make_key(request, &question))
        return NULL;
    request->answer =
        (struct answer){.status = 200, .type = request->answer.type, .caching.vary_accept = true};
    keeping_tell_caches(request);
    tell_who_shares(request);
    request->answer.caching.etag = forms_tag(request);
    return make_entry(request, request->keeping->ttl_ms);
}

static void put_written(struct request *request)
{
    const struct answer told = request->answer;
    const struct route route = request->route;
    const struct slice target = request->target;
    if ((told.status != 200 && told.status != 201) || !depends_settle(request, &request->keeping->depends))
        return;
    struct entry *entry = make_row_entry(request);
    request->answer = told;
    request->route = route;
    request->target = target;
    if (entry)
        (void)cache_put(keeping_cache(request), entry);
    entry_unref(entry);
}

/* --- the end --- */

enum cache_left cache_client_left(struct request *request)
{
    struct keeping *keeping = request->keeping;
    if (!keeping)
        return CACHE_ENDS;
    if (keeping->waits)
        return cache_wait_cancel(keeping_cache(request), &keeping->waiter) ? CACHE_ENDS : CACHE_WAITS;
    if (!keeping->fill)
        return CACHE_ENDS;
    request->sink = &keeping_nobody;
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
