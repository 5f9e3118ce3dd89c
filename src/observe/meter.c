/* SPDX-License-Identifier: Apache-2.0 */
/* See meter.h. A histogram is made by the meter's own thread and published by a release store; a page that does not see it yet
 * shows it the next time. */
#include "observe/meter.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"

enum { METER_MAGIC = 0x4d657465 };

struct meter_names {
    pthread_mutex_t lock; /* guards all of it */
    struct arena arena;
    struct map numbers; /* the addresses of `texts`, by text */
    struct slice texts[METER_NAMES_MAX];
    unsigned count;
};

struct meter_kinds {
    _Atomic(struct histogram *) of[METER_METHODS][METER_CLASSES];
    _Atomic uint64_t cache[METER_CACHE_WAYS], cache_age_s;
};

/* --- names --- */

struct meter_names *meter_names_new(void)
{
    struct meter_names *names = mem_must(sizeof *names);
    (void)pthread_mutex_init(&names->lock, NULL);
    arena_init(&names->arena, 4096);
    names->texts[METER_UNMATCHED] = SLICE("unmatched");
    names->texts[METER_OTHER] = SLICE("other");
    names->count = 2;
    return names;
}

void meter_names_free(struct meter_names *names)
{
    if (!names)
        return;
    map_done(&names->numbers);
    arena_done(&names->arena);
    (void)pthread_mutex_destroy(&names->lock);
    mem_free(names);
}

static unsigned number_of(struct meter_names *names, struct slice template)
{
    struct slice *known = map_get(&names->numbers, template);
    if (known)
        return (unsigned)(known - names->texts);
    if (names->count == METER_NAMES_MAX)
        return METER_OTHER;
    struct slice *text = &names->texts[names->count];
    *text = arena_copy(&names->arena, template);
    map_put(&names->numbers, *text, text);
    return names->count++;
}

unsigned meter_names_number(struct meter_names *names, struct slice template)
{
    (void)pthread_mutex_lock(&names->lock);
    unsigned number = number_of(names, template);
    (void)pthread_mutex_unlock(&names->lock);
    POST(number < METER_NAMES_MAX);
    return number;
}

static unsigned names_copy(struct meter_names *names, struct slice ret_texts[METER_NAMES_MAX])
{
    (void)pthread_mutex_lock(&names->lock);
    unsigned count = names->count;
    memcpy(ret_texts, names->texts, count * sizeof *ret_texts);
    (void)pthread_mutex_unlock(&names->lock);
    return count;
}

/* --- a worker's counting --- */

struct meter *meter_new(void)
{
    struct meter *meter = mem_must(sizeof *meter);
    meter->magic = METER_MAGIC;
    return meter;
}

static void kinds_free(struct meter_kinds *kinds)
{
    for (unsigned i = 0; kinds && i < METER_METHODS; i++)
        for (unsigned j = 0; j < METER_CLASSES; j++)
            mem_free(atomic_load_explicit(&kinds->of[i][j], memory_order_relaxed));
    mem_free(kinds);
}

void meter_free(struct meter *meter)
{
    if (!meter)
        return;
    CHECK_MAGIC(meter, METER_MAGIC);
    for (unsigned i = 0; i < METER_NAMES_MAX; i++)
        kinds_free(atomic_load_explicit(&meter->kinds[i], memory_order_relaxed));
    meter->magic = 0;
    mem_free(meter);
}

static struct meter_kinds *kinds_of(struct meter *meter, unsigned name)
{
    struct meter_kinds *kinds = atomic_load_explicit(&meter->kinds[name], memory_order_relaxed);
    if (kinds)
        return kinds;
    kinds = mem_must(sizeof *kinds);
    atomic_store_explicit(&meter->kinds[name], kinds, memory_order_release);
    return kinds;
}

static struct histogram *histogram_of(struct meter_kinds *kinds, unsigned method, unsigned class)
{
    struct histogram *histogram = atomic_load_explicit(&kinds->of[method][class], memory_order_relaxed);
    if (histogram)
        return histogram;
    histogram = mem_must(sizeof *histogram);
    atomic_store_explicit(&kinds->of[method][class], histogram, memory_order_release);
    return histogram;
}

void meter_end(struct meter *meter, const struct meter_event *event)
{
    PRE(event->name < METER_NAMES_MAX && event->method < METER_METHODS);
    unsigned class = event->status / 100;
    PRE(class < METER_CLASSES && event->cache < METER_CACHE_WAYS);
    struct meter_kinds *kinds = kinds_of(meter, event->name);
    histogram_note(histogram_of(kinds, event->method, class), event->took_us);
    if (event->cache != METER_CACHE_NONE) {
        counter_add(&kinds->cache[event->cache], 1);
        counter_add(&kinds->cache_age_s, event->cache_age_s);
    }
    counter_add(&meter->answer_bytes, event->bytes);
    counter_add(&meter->ended, 1);
}

void meter_end_background(struct meter *meter)
{
    counter_add(&meter->background, 1);
    counter_add(&meter->ended, 1);
}

/* The same name may be several literals. NULL: there are more lanes than were thought of. */
static struct meter_lane *lane_of(struct meter *meter, const char *name)
{
    for (unsigned i = 0; i < METER_LANES_MAX; i++) {
        struct meter_lane *lane = &meter->lanes[i];
        const char *has = atomic_load_explicit(&lane->name, memory_order_relaxed);
        if (has == name || (has && strcmp(has, name) == 0))
            return lane;
        if (!has) {
            atomic_store_explicit(&lane->name, name, memory_order_release);
            return lane;
        }
    }
    return NULL;
}

void meter_statement(struct meter *meter, const char *name, int64_t wait_us, int64_t run_us)
{
    PRE(name != NULL);
    struct meter_lane *lane = lane_of(meter, name);
    if (!lane)
        return;
    histogram_note(&lane->waits, wait_us);
    histogram_note(&lane->runs, run_us);
}

/* --- the page --- */

/* False: no meter has met one. */
static bool sum_histograms(struct meter *const *meters, unsigned count, unsigned name, unsigned method,
                           unsigned class, struct histogram *ret_sum)
{
    bool met = false;
    memset(ret_sum, 0, sizeof *ret_sum);
    for (unsigned i = 0; i < count; i++) {
        struct meter_kinds *kinds = atomic_load_explicit(&meters[i]->kinds[name], memory_order_acquire);
        const struct histogram *one =
            kinds ? atomic_load_explicit(&kinds->of[method][class], memory_order_acquire) : NULL;
        if (one)
            histogram_add(ret_sum, one);
        met = met || one;
    }
    return met;
}

/* All that was counted under one name. */
static void write_name(struct meter *const *meters, unsigned count, unsigned name, struct slice text,
                       const struct slice *methods, struct metrics_page *page)
{
    static const struct slice classes[METER_CLASSES] = {SLICE_INIT("none"), SLICE_INIT("1xx"),
                                                        SLICE_INIT("2xx"),  SLICE_INIT("3xx"),
                                                        SLICE_INIT("4xx"),  SLICE_INIT("5xx")};
    struct histogram sum;
    for (unsigned i = 0; i < METER_METHODS * METER_CLASSES; i++) {
        unsigned method = i / METER_CLASSES, class = i % METER_CLASSES;
        if (sum_histograms(meters, count, name, method, class, &sum))
            metrics_histogram(page, &sum, METRICS_LABEL("route", text),
                              METRICS_LABEL("method", methods[method]),
                              METRICS_LABEL("class", classes[class]));
    }
}

static void write_requests(struct meter_names *names, struct meter *const *meters, unsigned count,
                           const struct slice *methods, struct metrics_page *page)
{
    struct slice texts[METER_NAMES_MAX];
    unsigned name_count = names_copy(names, texts);
    metrics_family(page, METRICS_HISTOGRAM, "leat_request_seconds",
                   "Requests, from the whole head to the answer's handing over.");
    for (unsigned i = 0; i < name_count; i++)
        write_name(meters, count, i, texts[i], methods, page);
}

/* How often each happened under one name; ret_age_s: of what was served. False: never any. */
static bool sum_cache(struct meter *const *meters, unsigned count, unsigned name,
                      uint64_t ret_ways[METER_CACHE_WAYS], uint64_t *ret_age_s)
{
    uint64_t all = 0;
    memset(ret_ways, 0, METER_CACHE_WAYS * sizeof *ret_ways);
    *ret_age_s = 0;
    for (unsigned i = 0; i < count; i++) {
        struct meter_kinds *kinds = atomic_load_explicit(&meters[i]->kinds[name], memory_order_acquire);
        for (unsigned way = 0; kinds && way < METER_CACHE_WAYS; way++)
            all += ret_ways[way] += counter_read(&kinds->cache[way]);
        *ret_age_s += kinds ? counter_read(&kinds->cache_age_s) : 0;
    }
    return all > 0;
}

static void write_cache(struct meter_names *names, struct meter *const *meters, unsigned count,
                        struct metrics_page *page)
{
    static const struct slice words[METER_CACHE_WAYS] = {
        [METER_CACHE_HIT] = SLICE_INIT("hit"),       [METER_CACHE_STALE] = SLICE_INIT("stale"),
        [METER_CACHE_SHARED] = SLICE_INIT("shared"), [METER_CACHE_MISS] = SLICE_INIT("miss"),
        [METER_CACHE_BYPASS] = SLICE_INIT("bypass"),
    };
    struct slice texts[METER_NAMES_MAX];
    unsigned name_count = names_copy(names, texts);
    uint64_t ways[METER_CACHE_WAYS], age_s;
    metrics_family(page, METRICS_COUNTER, "leat_cache_answers_total",
                   "Answers that may be kept, by what became of the question.");
    for (unsigned i = 0; i < name_count; i++)
        if (sum_cache(meters, count, i, ways, &age_s))
            for (unsigned way = METER_CACHE_NONE + 1; way < METER_CACHE_WAYS; way++)
                metrics_uint(page, ways[way], METRICS_LABEL("route", texts[i]),
                             METRICS_LABEL("outcome", words[way]));
    metrics_family(page, METRICS_COUNTER, "leat_cache_age_seconds_total",
                   "Ages of kept answers when they were served, added up.");
    for (unsigned i = 0; i < name_count; i++)
        if (sum_cache(meters, count, i, ways, &age_s))
            metrics_uint(page, age_s, METRICS_LABEL("route", texts[i]));
}

static void write_sums(struct meter *const *meters, unsigned count, struct metrics_page *page)
{
    uint64_t begun = 0, ended = 0, background = 0, bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        ended += counter_read(&meters[i]->ended); /* before `begun`: it is never more */
        begun += counter_read(&meters[i]->begun);
        background += counter_read(&meters[i]->background);
        bytes += counter_read(&meters[i]->answer_bytes);
    }
    metrics_gauge(page, "leat_requests_running", "Requests that have begun and not ended.",
                  begun > ended ? begun - ended : 0);
    metrics_counter(
        page, "leat_background_requests_total",
        "Requests of Leat's own, for which nobody waited: they are in no other count of requests.",
        background);
    metrics_counter(page, "leat_answer_bytes_total", "Bytes of answers handed over, heads included.", bytes);
}

/* The lanes of all meters, each name once: which meter met it first, and at which place, differs. */
static void write_lane(struct meter *const *meters, unsigned count, const char *name, size_t offset,
                       struct metrics_page *page)
{
    struct histogram sum = {0};
    for (unsigned i = 0; i < count * METER_LANES_MAX; i++) {
        const struct meter_lane *lane = &meters[i / METER_LANES_MAX]->lanes[i % METER_LANES_MAX];
        const char *has = atomic_load_explicit(&lane->name, memory_order_acquire);
        if (has && strcmp(has, name) == 0)
            histogram_add(&sum, (const void *)((const char *)lane + offset));
    }
    metrics_histogram(page, &sum, METRICS_LABEL("lane", slice_str(name)));
}

/* Each name once, in the order of the meters. */
static unsigned lane_names(struct meter *const *meters, unsigned count,
                           const char *ret_names[METER_LANES_MAX])
{
    unsigned found = 0;
    for (unsigned i = 0; i < count * METER_LANES_MAX; i++) {
        const char *name = atomic_load_explicit(&meters[i / METER_LANES_MAX]->lanes[i % METER_LANES_MAX].name,
                                                memory_order_acquire);
        bool known = !name || found == METER_LANES_MAX;
        for (unsigned j = 0; j < found && !known; j++)
            known = strcmp(ret_names[j], name) == 0;
        if (!known)
            ret_names[found++] = name;
    }
    return found;
}

static void write_lanes(struct meter *const *meters, unsigned count, struct metrics_page *page)
{
    const char *names[METER_LANES_MAX];
    unsigned name_count = lane_names(meters, count, names);
    metrics_family(page, METRICS_HISTOGRAM, "leat_statement_wait_seconds",
                   "Statements, waiting for a connection.");
    for (unsigned i = 0; i < name_count; i++)
        write_lane(meters, count, names[i], offsetof(struct meter_lane, waits), page);
    metrics_family(page, METRICS_HISTOGRAM, "leat_statement_seconds", "Statements, at the database.");
    for (unsigned i = 0; i < name_count; i++)
        write_lane(meters, count, names[i], offsetof(struct meter_lane, runs), page);
}

void meters_write(struct meter_names *names, struct meter *const *meters, unsigned count,
                  const struct slice *methods, struct metrics_page *page)
{
    PRE(count > 0);
    write_requests(names, meters, count, methods, page);
    write_cache(names, meters, count, page);
    write_sums(meters, count, page);
    write_lanes(meters, count, page);
}
