/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, counted: how many, how long, by the template of their route, method and class of status; what kept answers had to do with it.
 *
 * Each worker has a meter that it alone writes; a page sums them. What is named by a template has a number for the life of the
 * process (struct meter_names), so that a reload, which makes another table of routes, goes on counting where it was. Templates
 * are the configuration's, never a client's; beyond METER_NAMES_MAX of them they are counted together, as "other".
 *
 * Ownership: the caller's; a meter makes a histogram for each kind of request that it meets and keeps it.
 * Threads: meter_… on its worker's alone; meter_names_… and meters_write on any. Memory running out ends the process: what can
 * be counted is bounded by the configuration. */
#ifndef LEAT_OBSERVE_METER_H
#define LEAT_OBSERVE_METER_H

#include "observe/histogram.h"
#include "observe/metrics.h"

enum { METER_NAMES_MAX = 1024, METER_METHODS = 8, METER_CLASSES = 6, METER_LANES_MAX = 8 };

/* The first two numbers: of what matched no route, and of templates that are too many. */
enum { METER_UNMATCHED, METER_OTHER };

struct meter_names;

struct meter_names *meter_names_new(void);
void meter_names_free(struct meter_names *names); /* takes NULL */
/* The template's number: the same for the same text. */
unsigned meter_names_number(struct meter_names *names, struct slice template);

struct meter_kinds; /* of one template: a histogram for each method and class */

/* Statements of one lane: a store has few, each with a name of its own. */
struct meter_lane {
    _Atomic(const char *) name; /* NULL: not met yet */
    struct histogram waits, runs;
};

struct meter {
    uint32_t magic;
    _Atomic uint64_t begun, ended, background, answer_bytes; /* of requests; of their answers */
    struct meter_lane lanes[METER_LANES_MAX];
    _Atomic(struct meter_kinds *) kinds[METER_NAMES_MAX];
};

struct meter *meter_new(void);
void meter_free(struct meter *meter); /* takes NULL */

/* A request has begun; every one that has is noted once when it ends. */
static inline void meter_begin(struct meter *meter)
{
    counter_add(&meter->begun, 1);
}

/* What kept answers had to do with one. */
enum meter_cache {
    METER_CACHE_NONE,
    METER_CACHE_HIT,
    METER_CACHE_STALE,  /* served, and too old */
    METER_CACHE_SHARED, /* another's was waited for */
    METER_CACHE_MISS,
    METER_CACHE_BYPASS,
    METER_CACHE_WAYS
};

struct meter_event {
    unsigned name, method, status; /* method: below METER_METHODS */
    enum meter_cache cache;
    unsigned cache_age_s; /* of a kept answer that was served */
    int64_t took_us;
    uint64_t bytes; /* of the answer */
};
void meter_end(struct meter *meter, const struct meter_event *event);
/* One that nobody waited for: its time is nobody's. */
void meter_end_background(struct meter *meter);
/* A statement has ended. lane: a literal. */
void meter_statement(struct meter *meter, const char *lane, int64_t wait_us, int64_t run_us);

/* The families of all these meters together; methods: their words, METER_METHODS of them. */
void meters_write(struct meter_names *names, struct meter *const *meters, unsigned count,
                  const struct slice *methods, struct metrics_page *page);

#endif
