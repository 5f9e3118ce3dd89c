/* SPDX-License-Identifier: Apache-2.0 */
/* Listening to the database that the present snapshot is of. See outside.h. */
#include "request/outside.h"

#include "base/log.h"
#include "base/mem.h"
#include "request/depends.h"
#include "request/worker.h"
#include "store/listen.h"

enum { OUTSIDE_MAGIC = 0x6f757473, QUIET_LOOK_MS = 20, CHANGE_KINDS = CHANGE_ALL + 1 };

/* A listener and the database it needs. */
struct ear {
    struct outside *outside;
    struct supply *supply;
    struct listener *listener;
    struct timer look; /* once it is left: whether it is quiet */
    struct list link;
};

struct outside {
    uint32_t magic;
    struct worker *worker;
    struct ear *ear;   /* the present one; NULL: nothing is to be heard */
    struct list ears;  /* with those that are left and not quiet yet */
    struct timer deaf; /* while it is to hear, and does not */
    bool told;         /* in the log, that it does not hear */
    atomic_bool on, hears;
    _Atomic uint64_t heard[CHANGE_KINDS], losses;
};

/* ---- what is heard ---- */

static void make_all_stale(struct outside *outside)
{
    static const struct change all = {.kind = CHANGE_ALL};
    depends_bump_outside(outside->worker, &all);
}

/* On the loop's thread; of SQLite on its writer's, but then it is of no table. */
static void on_change(void *context, const struct change *change)
{
    struct ear *ear = context;
    struct outside *outside = ear->outside;
    CHECK_MAGIC(outside, OUTSIDE_MAGIC);
    atomic_fetch_add(&outside->heard[change->kind], 1);
    depends_bump_outside(outside->worker, change);
}

static void on_deaf(struct timer *timer)
{
    struct outside *outside = container_of(timer, struct outside, deaf);
    CHECK_MAGIC(outside, OUTSIDE_MAGIC);
    make_all_stale(outside);
    loop_timer_set(outside->worker->loop, timer, OUTSIDE_DEAF_MS);
}

static void on_hearing(void *context, bool hears, const char *why)
{
    struct ear *ear = context;
    struct outside *outside = ear->outside;
    if (outside->ear != ear)
        return;
    bool heard = atomic_exchange(&outside->hears, hears);
    if (hears) {
        log_event(LOG_INFO, "changes are heard");
        outside->told = false;
        loop_timer_stop(&outside->deaf);
        make_all_stale(outside);
        return;
    }
    if (!outside->told)
        log_event(LOG_WARN, "changes are not heard", LOG_STR("why", why));
    outside->told = true;
    if (heard) {
        atomic_fetch_add(&outside->losses, 1);
        on_deaf(&outside->deaf);
    }
}

/* ---- ears ---- */

static void ear_free(struct ear *ear)
{
    loop_timer_stop(&ear->look);
    store_unlisten(ear->listener);
    supply_unref(ear->supply);
    list_remove(&ear->link);
    mem_free(ear);
}

static void on_look(struct timer *timer)
{
    struct ear *ear = container_of(timer, struct ear, look);
    if (store_listener_is_quiet(ear->listener))
        ear_free(ear);
    else
        loop_timer_set(ear->outside->worker->loop, timer, QUIET_LOOK_MS);
}

static void leave(struct outside *outside)
{
    if (!outside->ear)
        return;
    loop_timer_stop(&outside->deaf);
    atomic_store(&outside->hears, false);
    loop_timer_set(outside->worker->loop, &outside->ear->look, 1);
    outside->ear = NULL;
}

static void listen_to(struct outside *outside, struct supply *supply)
{
    struct ear *ear = mem_must(sizeof *ear);
    const struct listener_events events = {ear, on_change, on_hearing};
    ear->outside = outside;
    ear->supply = supply_ref(supply);
    ear->look.on_due = on_look;
    list_push(&outside->ears, &ear->link);
    outside->ear = ear;
    ear->listener = store_listen(supply->store, outside->worker->loop, &events);
    loop_timer_set(outside->worker->loop, &outside->deaf, OUTSIDE_DEAF_MS);
}

/* ---- life ---- */

struct outside *outside_new(void)
{
    struct outside *outside = mem_must(sizeof *outside);
    outside->magic = OUTSIDE_MAGIC;
    outside->deaf.on_due = on_deaf;
    list_init(&outside->ears);
    return outside;
}

void outside_free(struct outside *outside)
{
    if (!outside)
        return;
    CHECK_MAGIC(outside, OUTSIDE_MAGIC);
    PRE(list_empty(&outside->ears));
    outside->magic = 0;
    mem_free(outside);
}

void outside_follow(struct outside *outside)
{
    CHECK_MAGIC(outside, OUTSIDE_MAGIC);
    const struct snapshot *snapshot = outside->worker->snapshot;
    bool on = snapshot->model->config->cache.changes != CHANGES_OFF;
    atomic_store(&outside->on, on);
    if (outside->ear && on && outside->ear->supply == snapshot->supply)
        return;
    leave(outside);
    if (on)
        listen_to(outside, snapshot->supply);
}

bool outside_is_settled(const struct outside *outside)
{
    return !atomic_load(&outside->on) || atomic_load(&outside->hears);
}

void outside_start(struct outside *outside, struct worker *worker)
{
    CHECK_MAGIC(outside, OUTSIDE_MAGIC);
    outside->worker = worker;
    outside_follow(outside);
}

void outside_stop(struct outside *outside)
{
    CHECK_MAGIC(outside, OUTSIDE_MAGIC);
    leave(outside);
    while (!list_empty(&outside->ears))
        ear_free(container_of(outside->ears.next, struct ear, link));
}

void outside_metrics(struct outside *outside, struct metrics_page *page)
{
    static const struct slice words[] = {[CHANGE_ADDED] = SLICE_INIT("added"),
                                         [CHANGE_ROW] = SLICE_INIT("row"),
                                         [CHANGE_ROWS] = SLICE_INIT("rows"),
                                         [CHANGE_ALL] = SLICE_INIT("all")};
    if (!atomic_load(&outside->on))
        return;
    metrics_gauge(page, "leat_changes_hears", "Whether what others write to the database is heard.",
                  atomic_load(&outside->hears));
    metrics_counter(page, "leat_changes_losses_total", "Times that it could not be heard any more.",
                    atomic_load(&outside->losses));
    metrics_family(page, METRICS_COUNTER, "leat_changes_heard_total",
                   "Writes of others that were heard, by what is known of them.");
    for (unsigned kind = 0; kind < CHANGE_KINDS; kind++)
        metrics_uint(page, atomic_load(&outside->heard[kind]), METRICS_LABEL("kind", words[kind]));
}
