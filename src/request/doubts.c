/* SPDX-License-Identifier: Apache-2.0 */
/* See doubts.h. */
#include "request/doubts.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "request/depends.h"
#include "request/worker.h"

enum { LOOK_DEADLINE_MS = 5000, BEGAN_BYTES_MAX = 40, SESSIONS_BYTES_MAX = 1 << 20 };

/* Which sessions are there, and since when: a number may be another's meanwhile. Numbers of poolers may be larger than PostgreSQL's. */
#define SESSIONS \
    SLICE("SELECT pid, backend_start " \
          "FROM pg_catalog.pg_stat_activity WHERE pid = ANY($1::bigint[])")

/* A write, and the tables it was to. */
struct doubt {
    struct list link;
    const struct model *model; /* held */
    unsigned session;
    struct mono until;           /* as long at least */
    bool asked, there;           /* of the present look; of its answer */
    char began[BEGAN_BYTES_MAX]; /* the session, as the first look that saw it tells */
    bool told;                   /* else who knows which tables */
    unsigned count;
    const struct table *tables[];
};

struct doubts {
    struct worker *worker;
    struct list items;
    struct timer timer;
    bool stopped, out;
    struct tap *tap; /* while the look is out */
    struct fetch fetch;
    struct arena arena;
};

static void doubt_free(struct doubt *doubt)
{
    list_remove(&doubt->link);
    model_unref(doubt->model);
    mem_free(doubt);
}

static void end_what_depends(struct doubts *doubts, struct doubt *doubt)
{
    const struct tables_told tables = {.items = doubt->tables, .count = doubt->count, .told = doubt->told};
    depends_bump_tables(doubts->worker->service, doubt->model, &tables);
}

/* --- the look --- */

static bool on_row(void *context, const struct slice *cells, unsigned count)
{
    struct doubts *doubts = context;
    int64_t session = 0;
    PRE(count == 2);
    (void)slice_to_int(cells[0], &session);
    LIST_EACH (&doubts->items, link) {
        struct doubt *doubt = container_of(link, struct doubt, link);
        if (doubt->session != session)
            continue;
        if (!doubt->began[0])
            (void)snprintf(doubt->began, sizeof doubt->began, SLICE_FMT, SLICE_ARG(cells[1]));
        doubt->there = slice_eq(cells[1], slice_str(doubt->began));
    }
    return true;
}

/* What was in doubt when the look was begun, and is no more. */
static void settle(struct doubts *doubts)
{
    struct mono now = loop_now(doubts->worker->loop);
    LIST_EACH_SAFE (&doubts->items, link, after) {
        struct doubt *doubt = container_of(link, struct doubt, link);
        if (!doubt->asked || doubt->there || now.us < doubt->until.us)
            continue;
        end_what_depends(doubts, doubt);
        doubt_free(doubt);
    }
    if (list_empty(&doubts->items))
        log_event(LOG_INFO, "no outcome is in doubt any more");
}

/* Who may not ask, or asks a database of another kind, after a reload, sees no session. */
static bool is_answered(const struct doubts *doubts)
{
    unsigned status = doubts->fetch.problem.status;
    return status != 503 && status != 504;
}

static void ended(struct doubts *doubts)
{
    if (is_answered(doubts) && !doubts->stopped)
        settle(doubts);
    arena_reset(&doubts->arena);
    tap_unref(doubts->tap);
    doubts->out = false;
}

static void on_end(struct fetch *fetch)
{
    ended(container_of(fetch, struct doubts, fetch));
}

/* {17,4711}, of all that are asked for. */
static struct slice begin_look(struct doubts *doubts)
{
    struct buf sessions;
    buf_init(&sessions, SESSIONS_BYTES_MAX);
    LIST_EACH (&doubts->items, link) {
        struct doubt *doubt = container_of(link, struct doubt, link);
        buf_format(&sessions, "%s%u", sessions.len ? "," : "", doubt->session);
        doubt->asked = !sessions.failed;
        doubt->there = false;
    }
    struct slice text = arena_format(&doubts->arena, "{" SLICE_FMT "}", SLICE_ARG(buf_slice(&sessions)));
    buf_done(&sessions);
    return text;
}

static void look(struct doubts *doubts)
{
    PRE(!doubts->out && !list_empty(&doubts->items));
    struct bind *bind = ARENA_NEW(&doubts->arena, struct bind);
    *bind = (struct bind){.kind = BIND_TEXT, .text = begin_look(doubts)};
    doubts->fetch =
        (struct fetch){.statement = {.text = SESSIONS, .binds = bind, .bind_count = 1},
                       .sink = {on_row, doubts},
                       .on_end = on_end,
                       .arena = &doubts->arena,
                       .deadline = mono_after_ms(loop_now(doubts->worker->loop), LOOK_DEADLINE_MS)};
    doubts->tap = tap_ref(doubts->worker->tap);
    doubts->out = true;
    if (store_submit(doubts->tap->port, &doubts->fetch) == SUBMIT_DONE)
        ended(doubts);
}

static void on_due(struct timer *timer)
{
    struct doubts *doubts = container_of(timer, struct doubts, timer);
    if (list_empty(&doubts->items))
        return;
    LIST_EACH (&doubts->items, link)
        end_what_depends(doubts, container_of(link, struct doubt, link));
    loop_timer_set(doubts->worker->loop, timer, DOUBTS_MS);
    if (!doubts->out)
        look(doubts);
}

/* --- what is in doubt --- */

static bool is_same(const struct doubt *a, const struct doubt *b)
{
    return a->session == b->session && a->model == b->model && a->told == b->told && a->count == b->count &&
           memcmp(a->tables, b->tables, a->count * sizeof *a->tables) == 0;
}

/* Parts of a batch are often to the same table. */
static bool is_known(const struct doubts *doubts, const struct doubt *doubt)
{
    LIST_EACH (&doubts->items, link)
        if (is_same(container_of(link, struct doubt, link), doubt))
            return true;
    return false;
}

static void begin(struct doubts *doubts, const struct doubt *doubt)
{
    log_event(LOG_WARN, "the outcome of a write is in doubt", LOG_INT("session", doubt->session));
    if (!doubts->timer.loop)
        loop_timer_set(doubts->worker->loop, &doubts->timer, DOUBTS_MS);
}

void doubts_add(struct doubts *doubts, const struct fetch *fetch, const struct model *model,
                const struct tables_told *tables)
{
    struct worker *worker = doubts->worker;
    bool unknown = fetch->session && slice_eq(fetch->problem.code, SLICE("outcome-unknown"));
    if (doubts->stopped || !unknown || (tables->told && tables->count == 0))
        return;
    struct doubt *doubt = mem_must(sizeof *doubt + tables->count * sizeof *tables->items);
    doubt->model = model_ref(model);
    doubt->session = fetch->session;
    doubt->until = mono_after_ms(loop_now(worker->loop), worker->tap->supply->options.timeout_ms);
    doubt->told = tables->told;
    doubt->count = tables->count;
    if (tables->count)
        memcpy(doubt->tables, tables->items, tables->count * sizeof *tables->items);
    bool known = is_known(doubts, doubt);
    list_push(&doubts->items, &doubt->link);
    if (known)
        doubt_free(doubt);
    else
        begin(doubts, doubt);
}

/* --- life --- */

struct doubts *doubts_new(struct worker *worker)
{
    struct doubts *doubts = mem_must(sizeof *doubts);
    doubts->worker = worker;
    doubts->timer.on_due = on_due;
    list_init(&doubts->items);
    arena_init(&doubts->arena, 1024);
    return doubts;
}

void doubts_stop(struct doubts *doubts)
{
    doubts->stopped = true;
    loop_timer_stop(&doubts->timer);
    if (doubts->out)
        store_cancel(doubts->tap->port, &doubts->fetch);
}

void doubts_free(struct doubts *doubts)
{
    if (!doubts)
        return;
    PRE(!doubts->out);
    while (!list_empty(&doubts->items))
        doubt_free(container_of(doubts->items.next, struct doubt, link));
    arena_done(&doubts->arena);
    mem_free(doubts);
}
