/* SPDX-License-Identifier: Apache-2.0 */
/* The queue, its pace, and the counts. See warm.h. */
#include "request/warm.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "cache/heat.h"
#include "request/outside.h"
#include "request/worker.h"

enum {
    WARM_MAGIC = 0x5761726d,
    TICK_MS = 20,
    REST_MS = 5 * 60 * 1000, /* between two counts */
    RUNNING_MAX = 4,         /* questions at the same time */
    FIELDS_MAX = 4,
    HEARING_TICKS_MAX = 250, /* what comes from outside is heard first: that makes all stale once */
    STATE_PATH_BYTES = 1024
};
#define AHEAD_US (INT64_C(10) * 60 * 1000000) /* an hour is made ready so long before it begins */

struct warm {
    uint32_t magic;
    struct worker *worker;
    struct timer timer;
    struct job job;
    bool job_out, again, stopped;
    bool asking;                  /* the queue, or what it asked for, is not through */
    bool loaded;                  /* the file was read */
    char state[STATE_PATH_BYTES]; /* the folder; "": there is none */
    struct heat *heat;

    struct arena arena; /* the queue's texts */
    struct slice *queue;
    unsigned count, at, running, failed;
    unsigned hour; /* of the week, of the last queue */
    unsigned ticks_waited;
    struct mono began;
};

static const struct config *config_of(const struct warm *warm)
{
    return warm->worker->snapshot->model->config;
}

/* ---- counting, on the pool ---- */

static bool note(void *context, struct entry *entry)
{
    struct warm *warm = context;
    heat_note(warm->heat, entry_asked(entry), entry->hits, clock_wall());
    entry->hits = 0;
    return true;
}

static bool heat_path(const struct warm *warm, char path[STATE_PATH_BYTES + 16])
{
    (void)snprintf(path, STATE_PATH_BYTES + 16, "%s/cache-hot", warm->state);
    return warm->state[0] != 0;
}

static void load(struct warm *warm)
{
    char path[STATE_PATH_BYTES + 16];
    warm->loaded = true;
    if (!heat_path(warm, path))
        return;
    (void)mkdir(warm->state, 0750);
    enum error error = heat_load(warm->heat, path);
    if (error != OK && error != ERR_ABSENT)
        log_event(LOG_WARN, "what was hot cannot be read", LOG_STR("path", path));
}

static void count_and_save(struct warm *warm)
{
    char path[STATE_PATH_BYTES + 16];
    if (!heat_path(warm, path))
        return;
    cache_each(warm->worker->service->cache, note, warm);
    if (heat_save(warm->heat, path) != OK)
        log_event(LOG_WARN, "what is hot cannot be saved", LOG_STR("path", path));
}

static void on_job(struct job *job)
{
    struct warm *warm = container_of(job, struct warm, job);
    if (warm->loaded)
        count_and_save(warm);
    else
        load(warm);
}

/* ---- one question ---- */

/* Who reads it; ROLES_NONE: it is none of what is kept. */
static unsigned readers_of(const struct route *route)
{
    if (route->kind == ROUTE_LIST || route->kind == ROUTE_ROW)
        return route->resource->config->read;
    if (route->kind == ROUTE_QUERY && !route->query->changes)
        return route->query->config->read;
    return ROLES_NONE;
}

static bool become(const struct config *config, struct slice role, struct caller *caller)
{
    const struct config_role *known = config_role_find(&config->auth, role);
    *caller = (struct caller){.role = ROLE_ANONYMOUS, .roles = ROLE_ANONYMOUS};
    if (known)
        *caller = (struct caller){.role = known->bit, .roles = known->rights, .role_name = known->name};
    return known || slice_eq(role, SLICE("anonymous"));
}

/* A head as a client sends it. NULL: the target is none. */
static struct http_head *make_head(struct request *request, struct slice target)
{
    static const struct http_limits limits = {.line_bytes_max = 16384, .head_bytes_max = 32768};
    struct arena *arena = &request->arena;
    struct slice text =
        arena_format(arena, "GET " SLICE_FMT " HTTP/1.1\r\nHost: localhost\r\n\r\n", SLICE_ARG(target));
    struct http_head *head = ARENA_NEW(arena, struct http_head);
    http_head_init(head, ARENA_ARRAY(arena, struct http_field, FIELDS_MAX), FIELDS_MAX);
    bool good = http_head_parse(head, &limits, text.data, text.len) == HTTP_DONE && head->bytes == text.len;
    return good ? head : NULL;
}

/* False: nobody can ask this, or that role may not. */
static bool prepare(struct request *request, struct slice question)
{
    struct slice role = slice_cut(&question, ' ');
    struct http_head *head = make_head(request, question);
    if (!head || !become(request->snapshot->model->config, role, &request->principal.caller) ||
        route_match(request->snapshot->routes, head, &request->arena, &request->route, &request->problem) !=
            OK)
        return false;
    request->head = head;
    request->method = head->method;
    request->query_string = head->query;
    request->target = head->target;
    request->background = true;
    return caller_may(&request->principal.caller, readers_of(&request->route));
}

static uint64_t on_answer(void *context, struct request *request)
{
    struct warm *warm = context;
    CHECK_MAGIC(warm, WARM_MAGIC);
    warm->running--;
    warm->failed += request->answer.status >= 400;
    return 0;
}

static const struct request_sink sink = {.deliver = on_answer};

static void ask(struct warm *warm, struct slice question)
{
    struct request *request = request_new(warm->worker, &sink, warm);
    bool good = prepare(request, question);
    warm->running += good;
    warm->failed += !good;
    request->step = good ? STEP_CACHE : STEP_END;
    request_run(request);
}

/* ---- the queue ---- */

static void add(struct warm *warm, struct slice role, struct slice prefix, struct slice path)
{
    warm->queue[warm->count++] =
        arena_format(&warm->arena, SLICE_FMT " " SLICE_FMT "%s" SLICE_FMT, SLICE_ARG(role), SLICE_ARG(prefix),
                     prefix.data ? "/" : "", SLICE_ARG(path));
}

static struct slice prefix_for(const struct config *config, struct slice path)
{
    for (unsigned i = 0; i < config->serve_count && !slice_starts(path, SLICE("/")); i++)
        if (config->serve[i].manner == MANNER_PLAIN)
            return config->serve[i].prefix.data ? config->serve[i].prefix : SLICE("");
    return (struct slice){NULL, 0};
}

/* By each role: which of them may is found when it is asked. */
static void add_listed(struct warm *warm)
{
    const struct config *config = config_of(warm);
    for (unsigned i = 0; i < config->cache.warm.count; i++) {
        struct slice path = config->cache.warm.paths[i], prefix = prefix_for(config, path);
        add(warm, SLICE("anonymous"), prefix, path);
        for (unsigned role = 0; role < config->auth.role_count; role++)
            add(warm, config->auth.roles[role].name, prefix, path);
    }
}

static void add_hot(struct warm *warm, unsigned hour)
{
    unsigned first = warm->count, most = config_of(warm)->cache.warm.top;
    warm->count += heat_top(warm->heat, hour, warm->queue + first, most);
    for (unsigned i = first; i < warm->count; i++)
        warm->queue[i] = arena_copy(&warm->arena, warm->queue[i]);
}

static void make_queue(struct warm *warm, struct wall when)
{
    const struct config *config = config_of(warm);
    arena_reset(&warm->arena);
    unsigned room = config->cache.warm.count * (config->auth.role_count + 1) + config->cache.warm.top;
    warm->queue = ARENA_ARRAY(&warm->arena, struct slice, room + 1);
    warm->count = warm->at = warm->failed = 0;
    warm->hour = heat_hour_of(when);
    add_listed(warm);
    add_hot(warm, warm->hour);
    if (warm->arena.failed)
        warm->count = 0;
    warm->began = loop_now(warm->worker->loop);
    warm->asking = warm->count > 0;
}

static void say_done(const struct warm *warm)
{
    log_event(LOG_INFO, "warmed", LOG_INT("questions", warm->count), LOG_INT("failed", warm->failed),
              LOG_INT("ms", mono_diff_us(loop_now(warm->worker->loop), warm->began) / 1000));
}

/* As many as are due by now. */
static void ask_due(struct warm *warm)
{
    int64_t since_ms = mono_diff_us(loop_now(warm->worker->loop), warm->began) / 1000;
    int64_t due = 1 + since_ms * config_of(warm)->cache.warm.rate / 1000;
    while (warm->at < warm->count && warm->at < due && warm->running < RUNNING_MAX)
        ask(warm, warm->queue[warm->at++]);
}

/* ---- its life ---- */

static void set_timer(struct warm *warm, int64_t ms)
{
    if (!warm->stopped)
        loop_timer_set(warm->worker->loop, &warm->timer, ms);
}

static void on_job_done(struct job *job)
{
    struct warm *warm = container_of(job, struct warm, job);
    CHECK_MAGIC(warm, WARM_MAGIC);
    struct wall soon = {clock_wall().us + AHEAD_US};
    warm->job_out = false;
    if (warm->began.us == 0)
        warm->again = true;
    else if (heat_hour_of(soon) != warm->hour)
        make_queue(warm, soon);
    set_timer(warm, warm->asking || warm->again ? TICK_MS : REST_MS);
}

static void send_job(struct warm *warm)
{
    warm->job = (struct job){.run = on_job, .on_done = on_job_done, .home = warm->worker->loop};
    warm->job_out = offload_submit(warm->worker->service->offload, &warm->job) == OK;
    if (!warm->job_out)
        set_timer(warm, REST_MS);
}

static bool may_begin(struct warm *warm)
{
    if (!outside_is_settled(warm->worker->service->outside) && ++warm->ticks_waited < HEARING_TICKS_MAX)
        return false;
    warm->ticks_waited = 0;
    return true;
}

static void on_due(struct timer *timer)
{
    struct warm *warm = container_of(timer, struct warm, timer);
    CHECK_MAGIC(warm, WARM_MAGIC);
    PRE(!warm->job_out);
    if (warm->again && warm->running == 0 && may_begin(warm)) {
        warm->again = false;
        make_queue(warm, clock_wall());
    } else if (!warm->asking && !warm->again) {
        send_job(warm);
        return;
    }
    ask_due(warm);
    if (warm->asking && warm->at == warm->count && !warm->running) {
        warm->asking = false;
        say_done(warm);
    }
    set_timer(warm, warm->asking || warm->again ? TICK_MS : REST_MS);
}

static void find_state(struct warm *warm)
{
    struct slice folder = config_of(warm)->state.text;
    if (folder.len < sizeof warm->state && folder.len > 0)
        (void)snprintf(warm->state, sizeof warm->state, SLICE_FMT, SLICE_ARG(folder));
}

struct warm *warm_start(struct worker *worker)
{
    struct warm *warm = mem_must(sizeof *warm);
    warm->magic = WARM_MAGIC;
    warm->worker = worker;
    warm->timer.on_due = on_due;
    warm->heat = heat_new();
    arena_init(&warm->arena, 1024);
    find_state(warm);
    set_timer(warm, 1);
    return warm;
}

void warm_again(struct warm *warm)
{
    if (!warm)
        return;
    CHECK_MAGIC(warm, WARM_MAGIC);
    warm->again = true;
    warm->at = warm->count; /* what is left of the old queue was for the old keys */
    if (!warm->job_out)
        set_timer(warm, TICK_MS);
}

void warm_stop(struct warm *warm)
{
    CHECK_MAGIC(warm, WARM_MAGIC);
    warm->stopped = true;
    loop_timer_stop(&warm->timer);
}

void warm_free(struct warm *warm)
{
    if (!warm)
        return;
    CHECK_MAGIC(warm, WARM_MAGIC);
    if (warm->loaded)
        count_and_save(warm);
    heat_free(warm->heat);
    arena_done(&warm->arena);
    warm->magic = 0;
    mem_free(warm);
}

/* ---- what can be asked again ---- */

struct slice warm_question(struct request *request)
{
    const struct config *config = request->snapshot->model->config;
    const struct prefer *prefer = &request->prefer;
    bool plain =
        request->format == FORMAT_JSON && prefer->count == 0 && !prefer->strict && !request->range.given;
    if (!config->state.text.data || !plain)
        return (struct slice){NULL, 0};
    struct slice role = config_role_name(&config->auth, request->principal.caller.role);
    return arena_format(&request->arena, SLICE_FMT " " SLICE_FMT, SLICE_ARG(role),
                        SLICE_ARG(request->target));
}
