/* SPDX-License-Identifier: Apache-2.0 */
/* Values of other programs. See cache_api.h. */
#include "request/cache_api.h"

#include "base/nearest.h"
#include "cache/space.h"
#include "config/units.h"
#include "http/path.h"
#include "request/steps.h"
#include "request/worker.h"

enum { TTL_MS_MAX = 7 * 24 * 3600 * 1000, TTL_MS_DEFAULT = 5 * 60 * 1000 };

uint64_t cache_api_memory(const struct config *config)
{
    return config->cache.api != ROLES_NONE ? config->cache.api_memory_bytes : 0;
}

static struct space *space_of(const struct request *request)
{
    return request->worker->service->space;
}

static struct slice tenant_of(const struct request *request)
{
    return request->principal.caller.tenant;
}

/* ---- what is asked ---- */

enum wanted { ASKED_TTL, ASKED_TAGS, ASKED_USER, ASKED_TAG, ASKED_PATTERN, ASKED_COUNT };

static const struct slice asked_names[ASKED_COUNT] = {
    [ASKED_TTL] = SLICE_INIT("ttl"),         [ASKED_TAGS] = SLICE_INIT("tags"),
    [ASKED_USER] = SLICE_INIT("user"),       [ASKED_TAG] = SLICE_INIT("tag"),
    [ASKED_PATTERN] = SLICE_INIT("pattern"),
};

#define BIT(asked) (1u << (asked))

static enum step refuse(struct request *request, const char *code, struct slice place, struct slice detail)
{
    enum step next = request_fail(request, 400, slice_str(code), detail);
    request->problem.place = arena_copy(&request->arena, place);
    return next;
}

static enum step refuse_name(struct request *request, struct slice name, unsigned known)
{
    struct nearest nearest = nearest_begin(name);
    for (unsigned i = 0; i < ASKED_COUNT; i++)
        if (known & BIT(i))
            nearest_offer(&nearest, asked_names[i]);
    enum step next = refuse(request, "unknown-parameter", name, SLICE("There is no such parameter here."));
    request->problem.nearest = nearest.best;
    if (nearest.best.data)
        request->problem.hint =
            arena_format(&request->arena, "Did you mean `" SLICE_FMT "`?", SLICE_ARG(nearest.best));
    return next;
}

static unsigned find_name(struct slice name)
{
    unsigned at = 0;
    while (at < ASKED_COUNT && !slice_eq(asked_names[at], name))
        at++;
    return at;
}

/* The parameters that are known here, decoded; data NULL: not given. False: a problem. */
static bool read_asked(struct request *request, unsigned known, struct slice given[ASKED_COUNT])
{
    struct slice rest = request->query_string, name, value;
    memset(given, 0, ASKED_COUNT * sizeof *given);
    while (http_query_next(&rest, &name, &value)) {
        unsigned at = find_name(name);
        if (at == ASKED_COUNT || !(known & BIT(at))) {
            refuse_name(request, name, known);
            return false;
        }
        bool right = value.len > 0 && value.len <= SPACE_NAME_BYTES_MAX && !given[at].data &&
                     http_decode_query(value, arena_alloc(&request->arena, value.len), &given[at]);
        if (!right) {
            refuse(
                request, "bad-value", name,
                SLICE(
                    "The parameter is given twice, is empty, is longer than 512 bytes or not encoded as a URL's are."));
            return false;
        }
    }
    return true;
}

/* The name in the path, decoded. */
static bool read_name(struct request *request, struct slice *ret_name)
{
    struct slice raw = request->route.id;
    if (raw.len <= SPACE_NAME_BYTES_MAX &&
        http_decode_segment(raw, arena_alloc(&request->arena, raw.len), ret_name))
        return true;
    refuse(request, "bad-key", SLICE("path"),
           SLICE("The name of a value is up to 512 bytes of UTF-8, encoded as a path's are."));
    return false;
}

static bool read_ttl(struct request *request, struct slice text, int64_t *ret_ms)
{
    *ret_ms = TTL_MS_DEFAULT;
    if (!text.data || (units_read_duration(text, ret_ms) && *ret_ms > 0 && *ret_ms <= TTL_MS_MAX))
        return true;
    refuse(request, "bad-value", asked_names[ASKED_TTL],
           SLICE("A time to live is such as `30s`, `5m` or `2h`, up to `7d`."));
    request->problem.value = text;
    return false;
}

static bool read_tags(struct request *request, struct slice text, struct space_value *value)
{
    while (text.len > 0) {
        struct slice tag = slice_cut(&text, ',');
        if (tag.len == 0)
            continue;
        if (value->tag_count == SPACE_TAGS_MAX) {
            refuse(request, "bad-value", asked_names[ASKED_TAGS], SLICE("A value has 16 tags at the most."));
            return false;
        }
        value->tags[value->tag_count++] = tag;
    }
    return true;
}

/* ---- one value ---- */

static enum step refuse_large(struct request *request)
{
    enum step next =
        request_fail(request, 413, SLICE("value-too-large"), SLICE("The value is too large to be kept."));
    request->problem.hint = SLICE(
        "At the most 1 MiB, and a quarter of what a part of `cache.api_memory` has, are kept of one value.");
    return next;
}

/* In one piece, of memory. False: a problem, named by *ret_next. */
static bool read_body(struct request *request, struct slice *ret_bytes, enum step *ret_next)
{
    struct spool *spool = &request->body_in;
    uint64_t len = spool_bytes(spool);
    size_t got = 0;
    if (len > CACHE_VALUE_BYTES_MAX) {
        *ret_next = refuse_large(request);
        return false;
    }
    if (spool_in_memory(spool, ret_bytes))
        return true;
    char *room = arena_alloc(&request->arena, len);
    if (spool_read(spool, 0, room, len, &got) != OK || got != len) {
        *ret_next =
            request_fail(request, 503, SLICE("spool-full"), SLICE("The body could not be read back."));
        return false;
    }
    *ret_bytes = slice_of(room, len);
    return true;
}

static enum step put(struct request *request)
{
    struct slice given[ASKED_COUNT];
    struct space_value value = {.tenant = tenant_of(request)};
    enum step next = STEP_RESPOND;
    if (!read_asked(request, BIT(ASKED_TTL) | BIT(ASKED_TAGS) | BIT(ASKED_USER), given) ||
        !read_name(request, &value.name) || !read_ttl(request, given[ASKED_TTL], &value.ttl_ms) ||
        !read_tags(request, given[ASKED_TAGS], &value) || !read_body(request, &value.bytes, &next))
        return next;
    value.user = given[ASKED_USER];
    value.type = http_head_get(request->head, HTTP_CONTENT_TYPE);
    enum error error = space_put(space_of(request), &value);
    if (error == ERR_MEMORY)
        return request_fail_memory(request);
    if (error)
        return refuse_large(request);
    request->answer.status = 204;
    return STEP_RESPOND;
}

static enum step get(struct request *request)
{
    struct slice given[ASKED_COUNT], name;
    struct mono now = loop_now(request->worker->loop);
    if (!read_asked(request, 0, given) || !read_name(request, &name))
        return STEP_RESPOND;
    struct entry *entry = space_get(space_of(request), tenant_of(request), name, now);
    if (!entry)
        return request_fail(request, 404, SLICE("not-kept"), SLICE("No value of this name is kept."));
    struct slice type = entry_head(entry);
    struct answer *answer = &request->answer;
    request->entry = entry;
    answer->status = 200;
    answer->type = type.len ? type : SLICE("application/octet-stream");
    answer->page = true; /* a browser may look at it, and is told not to take it for more than it is */
    answer->cache = (struct cache_told){.way = TOLD_HIT,
                                        .ttl_s = mono_diff_us(entry->fresh_until, now) / 1000000,
                                        .age_s = (unsigned)(mono_diff_us(now, entry->stored) / 1000000)};
    return STEP_RESPOND;
}

static enum step delete_one(struct request *request)
{
    struct slice given[ASKED_COUNT], name;
    if (!read_asked(request, 0, given) || !read_name(request, &name))
        return STEP_RESPOND;
    (void)space_delete(space_of(request), tenant_of(request), name);
    request->answer.status = 204;
    return STEP_RESPOND;
}

/* ---- all of them ---- */

/* A search of all names: on the offload pool, for the loop would stand still. Of the request's arena. */
struct sweep {
    struct job job;
    struct request *request;
    struct slice tenant, pattern;
    uint64_t deleted;
};

static void sweep_run(struct job *job)
{
    struct sweep *sweep = container_of(job, struct sweep, job);
    sweep->deleted = space_delete_pattern(space_of(sweep->request), sweep->tenant, sweep->pattern);
}

static void sweep_done(struct job *job)
{
    struct sweep *sweep = container_of(job, struct sweep, job);
    struct request *request = sweep->request;
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->job_out = false;
    request->answer.status = 200;
    buf_init(&request->body, 64);
    buf_format(&request->body, "{\"deleted\":%llu}", (unsigned long long)sweep->deleted);
    request_resume(request, request->cancelled ? STEP_END : STEP_RESPOND);
}

static enum step delete_by_pattern(struct request *request, struct slice pattern)
{
    struct slice tenant = tenant_of(request);
    struct sweep *sweep = ARENA_NEW(&request->arena, struct sweep);
    *sweep = (struct sweep){.job = {.run = sweep_run, .on_done = sweep_done, .home = request->worker->loop},
                            .request = request,
                            .tenant = tenant.data ? arena_copy(&request->arena, tenant) : tenant,
                            .pattern = pattern};
    request->target = arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    request->job_out = offload_submit(request->worker->service->offload, &sweep->job) == OK;
    if (request->job_out)
        return STEP_WAIT;
    enum step next = request_fail(request, 503, SLICE("over-capacity"),
                                  SLICE("Too much waits for a thread: try again in a moment."));
    request->problem.retry_after_s = 1;
    return next;
}

static enum step delete_many(struct request *request)
{
    struct slice given[ASKED_COUNT], tenant = tenant_of(request);
    if (!read_asked(request, BIT(ASKED_TAG) | BIT(ASKED_USER) | BIT(ASKED_PATTERN), given))
        return STEP_RESPOND;
    bool tag = given[ASKED_TAG].data, user = given[ASKED_USER].data, pattern = given[ASKED_PATTERN].data;
    if (tag + user + pattern != 1)
        return refuse(request, "missing-parameter", SLICE(""),
                      SLICE("Which values? One of `tag`, `user` and `pattern` says it; `pattern=*` is all."));
    if (tag)
        space_delete_tag(space_of(request), tenant, given[ASKED_TAG]);
    if (user)
        space_delete_user(space_of(request), tenant, given[ASKED_USER]);
    if (pattern)
        return delete_by_pattern(request, given[ASKED_PATTERN]);
    request->answer.status = 204;
    return STEP_RESPOND;
}

static void write_figures(struct buf *out, const struct cache_stats *stats)
{
    buf_format(
        out,
        "{\"entries\":%llu,\"bytes\":%llu,\"memory_bytes\":%llu,\"hits\":%llu,\"misses\":%llu,\"evicted\":%llu}",
        (unsigned long long)stats->entries, (unsigned long long)stats->bytes,
        (unsigned long long)stats->memory_bytes,
        (unsigned long long)(stats->fresh + stats->stale + stats->refreshes),
        (unsigned long long)(stats->fills + stats->waits + stats->missed),
        (unsigned long long)stats->evicted);
}

/* Of the whole process: figures are nobody's rows. */
static enum step show_figures(struct request *request)
{
    struct slice given[ASKED_COUNT];
    struct cache_stats values, answers;
    if (!read_asked(request, 0, given))
        return STEP_RESPOND;
    space_stats(space_of(request), &values);
    cache_stats(request->worker->service->cache, &answers);
    request->answer.status = 200;
    buf_init(&request->body, 1024);
    buf_lit(&request->body, "{\"values\":");
    write_figures(&request->body, &values);
    buf_lit(&request->body, ",\"answers\":");
    write_figures(&request->body, &answers);
    buf_lit(&request->body, "}");
    return STEP_RESPOND;
}

enum step cache_api_answer(struct request *request)
{
    PRE(request->route.kind == ROUTE_CACHE);
    bool one = request->route.id.data != NULL;
    request->answer.caching.no_store = true;
    if (request->method == HTTP_PUT)
        return put(request);
    if (request->method == HTTP_DELETE)
        return one ? delete_one(request) : delete_many(request);
    return one ? get(request) : show_figures(request);
}
